//! Where clients are known to disagree with limbo, as data with reasons and sources.
//!
//! One that is no longer so is an error at its own file and line, so that the list stays true.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use toml::Spanned;

use super::verdict::{Judged, Verdict};
use crate::{
    case::Pattern,
    data::{DataError, Source},
};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/limbo");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    disagreement: Vec<RawEntry>,
}

/// One `[[disagreement]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    cases: Vec<Spanned<String>>,
    verdict: Does,
    reason: Spanned<String>,
    source: Spanned<String>,
}

/// What a client does where limbo expects something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Does {
    Connects,
    Refuses,
    Hangs,
}

/// The disagreements of a client that are known; none by default.
#[derive(Clone, Debug, Default)]
pub struct Disagreements {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    cases: Vec<Pattern>,
    does: Does,
    source: Source,
}

/// What there is to say of a client's judgements beside what is listed.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Disagreements that are listed, and are so.
    pub known: usize,
    /// Disagreements that no entry lists.
    pub unlisted: Vec<Judged>,
    /// What is listed and is not so, each at its place.
    pub stale: Vec<DataError>,
}

impl Check {
    /// Whether there is nothing to do.
    pub fn is_clean(&self) -> bool {
        self.unlisted.is_empty() && self.stale.is_empty()
    }
}

impl Disagreements {
    /// Reads a file of `[[disagreement]]` tables: `cases` (patterns over ids), `verdict` (`connects`, `refuses` or
    /// `hangs`), `reason` and `source`.
    ///
    /// # Errors
    /// The first place where it is wrong.
    pub fn read(source: &Source) -> Result<Self, DataError> {
        let raw: RawFile = source.parse()?;
        let entries = raw.disagreement.into_iter().map(|raw| Entry::new(source, raw));
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Those that are built in of that client.
    ///
    /// # Errors
    /// The file is wrong; a test sees to it that none is.
    pub fn of(client: &str) -> Result<Self, DataError> {
        let Some(file) = FILES.get_file(format!("{client}.toml")) else {
            return Ok(Self::default());
        };
        let path = Path::new("harness/limbo").join(file.path());
        Self::read(&Source::new(path, file.contents_utf8().unwrap_or_default()))
    }

    /// Holds judgements against the list. Only of what was judged is anything said.
    ///
    /// An entry must hold for every case that its patterns match, and each pattern must match one.
    pub fn check(&self, judged: &[Judged]) -> Check {
        let mut check = Check::default();
        for one in judged.iter().filter(|one| one.agrees() == Some(false)) {
            if self.entries.iter().any(|entry| entry.tells_of(one)) {
                check.known += 1;
            } else {
                check.unlisted.push(one.clone());
            }
        }
        check.stale = self.entries.iter().flat_map(|entry| entry.stale(judged)).collect();
        check
    }

    /// Checks that each pattern matches one of these cases.
    ///
    /// # Errors
    /// The first pattern that matches none, at its place.
    pub fn check_patterns<'a>(
        &self,
        all_cases: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), DataError> {
        self.entries.iter().try_for_each(|entry| {
            entry.cases.iter().try_for_each(|one| one.check(&entry.source, all_cases.clone()))
        })
    }
}

impl Entry {
    fn new(source: &Source, raw: RawEntry) -> Result<Self, DataError> {
        for (text, what) in [(&raw.reason, "reason"), (&raw.source, "source")] {
            if text.get_ref().trim().is_empty() {
                let message = format!("a disagreement needs its {what}");
                return Err(source.error(text.span(), message));
            }
        }
        let cases = raw.cases.iter().map(|glob| Pattern::new(source, glob));
        Ok(Self {
            cases: cases.collect::<Result<_, _>>()?,
            does: raw.verdict,
            source: source.clone(),
        })
    }

    fn tells_of(&self, judged: &Judged) -> bool {
        self.cases.iter().any(|cases| cases.matches(&judged.id))
            && judged.verdict.as_ref().is_ok_and(|verdict| self.does == Does::from(verdict))
    }

    /// Where it is not as the entry says.
    fn stale(&self, judged: &[Judged]) -> Vec<DataError> {
        let wrong = |cases: &Pattern| {
            let matched = judged.iter().filter(|one| cases.matches(&one.id));
            let not_so = matched.filter(|one| {
                one.verdict.is_ok() && !(self.tells_of(one) && one.agrees() == Some(false))
            });
            let ids: Vec<&str> = not_so.map(|one| one.id.as_str()).collect();
            (!ids.is_empty()).then(|| {
                let message = format!("this disagreement is no longer one: {}", ids.join(", "));
                cases.error(&self.source, message).hint("remove the case, or mend the entry")
            })
        };
        self.cases.iter().filter_map(wrong).collect()
    }
}

impl From<&Verdict> for Does {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Connected => Self::Connects,
            Verdict::Refused { .. } => Self::Refuses,
            Verdict::Hang => Self::Hangs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limbo::{Expected, NotJudged};

    fn judged(id: &str, expected: Expected, verdict: Result<Verdict, NotJudged>) -> Judged {
        Judged { id: id.to_owned(), expected, verdict, note: None }
    }

    fn list(cases: &str) -> Disagreements {
        let text = format!(
            "[[disagreement]]\ncases = {cases}\nverdict = \"connects\"\nreason = \"r\"\nsource = \"s\"\n"
        );
        Disagreements::read(&Source::new("a.toml", text)).unwrap()
    }

    #[test]
    fn what_is_listed_is_known_and_what_is_not_is_told() {
        let all = [
            judged("a::one", Expected::Failure, Ok(Verdict::Connected)),
            judged("a::two", Expected::Failure, Ok(Verdict::Connected)),
            judged("a::three", Expected::Failure, Ok(Verdict::Hang)),
            judged("b::agrees", Expected::Success, Ok(Verdict::Connected)),
            judged("b::skipped", Expected::Success, Err(NotJudged::NoKey)),
        ];
        let check = list("['a::one', 'b::skipped']").check(&all);
        let unlisted: Vec<&str> = check.unlisted.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((check.known, unlisted), (1, vec!["a::two", "a::three"]));
        assert!(check.stale.is_empty(), "{:?}", check.stale);
    }

    #[test]
    fn what_is_listed_and_no_longer_so_is_an_error_at_its_line() {
        let all = [
            judged("a::one", Expected::Failure, Ok(Verdict::Connected)),
            judged("a::two", Expected::Success, Ok(Verdict::Connected)),
        ];
        let check = list("['a::*']").check(&all);
        let stale: Vec<String> = check.stale.iter().map(ToString::to_string).collect();
        assert_eq!(stale.len(), 1);
        assert!(stale[0].starts_with("a.toml:2:10: this disagreement is no longer one: a::two"));
    }

    #[test]
    fn a_pattern_without_a_case_and_a_reason_without_words_are_errors() {
        let error = list("['c::*']").check_patterns(["a::one"]).unwrap_err().to_string();
        assert!(error.contains("no case matches `c::*`"), "{error}");
        let text =
            "[[disagreement]]\ncases = []\nverdict = \"hangs\"\nreason = \" \"\nsource = \"s\"\n";
        let error = Disagreements::read(&Source::new("a.toml", text)).unwrap_err().to_string();
        assert!(error.starts_with("a.toml:4:10: a disagreement needs its reason"), "{error}");
    }

    #[test]
    fn the_lists_that_are_built_in_are_right_and_each_of_a_client() {
        for file in FILES.files() {
            let client = file.path().file_stem().and_then(|stem| stem.to_str()).unwrap();
            crate::client::find(client).unwrap_or_else(|error| panic!("{error}"));
            Disagreements::of(client).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
