//! Reading a subject's log lines as faults.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::definition::regex;
use crate::{
    Alert, Fault,
    data::{DataError, Source},
};

/// The group of a rule's regex that holds the alert's number.
const ALERT: &str = "alert";

/// What a subject said in one line of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it means.
    pub fault: Fault,
    /// The TLS alert that the line names.
    pub alert: Option<Alert>,
    /// The line itself.
    pub line: String,
}

/// One `[[log]]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    line: Spanned<String>,
    fault: Spanned<String>,
    alert: Option<Spanned<Alert>>,
}

#[derive(Clone, Debug)]
struct Rule {
    line: Regex,
    fault: Fault,
    alert: Option<Alert>,
}

/// The `[[log]]` tables of a subject, in their order: the first that matches a line wins.
#[derive(Clone, Debug)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    pub(super) fn new(source: &Source, raw: &[RawRule]) -> Result<Self, DataError> {
        raw.iter().map(|raw| Rule::new(source, raw)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn read(&self, line: &str) -> Option<Said> {
        self.0.iter().find_map(|rule| rule.read(line))
    }
}

impl Rule {
    fn new(source: &Source, raw: &RawRule) -> Result<Self, DataError> {
        let line = regex(source, &raw.line)?;
        let captures = line.capture_names().flatten().any(|name| name == ALERT);
        if let (true, Some(alert)) = (captures, &raw.alert) {
            return Err(source.error(
                alert.span(),
                "the rule takes the alert from the line already: `(?<alert>...)`",
            ));
        }
        let fault =
            raw.fault.get_ref().parse().map_err(|unknown: crate::fault::UnknownFault| {
                let names = Fault::ALL.iter().map(|fault| fault.name());
                source.error(raw.fault.span(), unknown.to_string()).did_you_mean(&unknown.0, names)
            })?;
        Ok(Self { line, fault, alert: raw.alert.as_ref().map(|alert| *alert.get_ref()) })
    }

    fn read(&self, line: &str) -> Option<Said> {
        let found = self.line.captures(line)?;
        let number = found.name(ALERT).and_then(|number| number.as_str().parse().ok()).map(Alert);
        Some(Said { fault: self.fault, alert: self.alert.or(number), line: line.to_owned() })
    }
}
