//! The catalogue: what people met around `wss://` and reported, each with the cases that show it, or why none can.

use serde::Deserialize;
use toml::Spanned;

use super::{Case, Pattern};
use crate::data::{DataError, Source};

/// Something that people met.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// What happened, in a sentence.
    pub text: String,
    /// Where it is told: issues as `owner/repository#number`, or pages.
    pub sources: Vec<String>,
    /// Where it is shown.
    pub shown: Shown,
}

/// Where an [`Incident`] is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// By these cases, by id; at least one.
    By(Vec<String>),
    /// Not at all, for this reason.
    Not(String),
}

/// The file of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    incident: Vec<Spanned<RawIncident>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawIncident {
    id: Spanned<String>,
    text: String,
    sources: Spanned<Vec<String>>,
    cases: Option<Vec<Spanned<String>>>,
    not_shown: Option<String>,
}

impl Catalogue {
    /// Checks it against all the cases there are.
    pub(super) fn read(self, source: &Source, cases: &[Case]) -> Result<Vec<Incident>, DataError> {
        let mut read: Vec<Incident> = Vec::new();
        for raw in self.incident {
            let incident = raw.get_ref();
            if read.iter().any(|other| other.id == *incident.id.get_ref()) {
                let message = format!("the incident `{}` is there twice", incident.id.get_ref());
                return Err(source.error(incident.id.span(), message));
            }
            read.push(one(source, raw, cases)?);
        }
        Ok(read)
    }
}

fn one(source: &Source, raw: Spanned<RawIncident>, cases: &[Case]) -> Result<Incident, DataError> {
    let span = raw.span();
    let raw = raw.into_inner();
    if raw.sources.get_ref().is_empty() {
        return Err(source
            .error(raw.sources.span(), "an incident has been made somewhere")
            .hint("sources = [\"owner/repository#number\"]"));
    }
    let shown = match (raw.cases, raw.not_shown) {
        (Some(patterns), None) => Shown::By(matching(source, &patterns, cases)?),
        (None, Some(reason)) => Shown::Not(reason),
        _ => {
            return Err(source
                .error(span, "an incident has exactly one of: cases, not-shown")
                .hint("cases = [\"files/formats.pkcs12\"], or not-shown = \"the reason\""));
        }
    };
    let sources = raw.sources.into_inner();
    Ok(Incident { id: raw.id.into_inner(), text: raw.text, sources, shown })
}

fn matching(
    source: &Source,
    patterns: &[Spanned<String>],
    cases: &[Case],
) -> Result<Vec<String>, DataError> {
    let mut all: Vec<String> = Vec::new();
    for raw in patterns {
        let pattern = Pattern::new(source, raw)?;
        let found = cases.iter().filter(|case| pattern.matches(&case.id)).map(|case| &case.id);
        let before = all.len();
        all.extend(found.cloned());
        if all.len() == before {
            let message = format!("no case matches `{}`", raw.get_ref());
            let ids = cases.iter().map(|case| case.id.as_str());
            return Err(source.error(raw.span(), message).did_you_mean(raw.get_ref(), ids));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rstest::rstest;

    use super::*;
    use crate::case::Suite;

    const CASE: &str = "title = \"a\"\n[[step]]\nopen = \"wss\"\nexpect = \"connected\"\n";

    fn read(catalogue: &str) -> Result<Suite, DataError> {
        let files = [("files/a.toml", CASE), ("catalogue.toml", catalogue)];
        let files = files.map(|(path, text)| (PathBuf::from(path), Source::new(path, text)));
        Suite::read(files, [])
    }

    fn incident(id: &str, shown: &str) -> String {
        format!("[[incident]]\nid = \"{id}\"\ntext = \"b\"\nsources = [\"a/b#1\"]\n{shown}\n")
    }

    #[test]
    fn an_incident_names_the_cases_that_its_patterns_match() {
        let suite = read(&incident("x", "cases = [\"files/*\"]")).unwrap();
        assert_eq!(suite.incidents[0].shown, Shown::By(vec!["files/a".to_owned()]));
    }

    #[rstest]
    #[case::of_no_case(incident("x", "cases = [\"files/b\"]"), "no case matches `files/b`")]
    #[case::of_nothing(incident("x", ""), "exactly one of")]
    #[case::of_two(incident("x", "cases = [\"files/a\"]\nnot-shown = \"b\""), "exactly one of")]
    #[case::twice(
        incident("x", "not-shown = \"a\"") + &incident("x", "not-shown = \"a\""),
        "the incident `x` is there twice"
    )]
    #[case::from_nowhere(
        incident("x", "not-shown = \"a\"").replace("\"a/b#1\"", ""),
        "an incident has been made somewhere"
    )]
    fn a_wrong_one_is_an_error(#[case] catalogue: String, #[case] expected: &str) {
        let error = read(&catalogue).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
