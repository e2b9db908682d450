//! What one client showed in all its cases: one column of a report, or one measured file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Words;
use crate::run::{CaseResult, ClientUsed, Report, StepResult, Verdict};

/// What the names of real clients begin with; what follows is the name of the simulated one.
pub const REAL: &str = "real:";

/// The number under which the subject's start stands beside the steps, which count from 1.
const START: usize = 0;

/// A client's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose, and from where.
    pub origin: Origin,
    /// What it showed, by case id; nothing in a case that ends with the proxy's start.
    pub cases: BTreeMap<String, Story>,
}

/// Whose record it is, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Origin {
    /// The client's name.
    pub client: String,
    /// Its name for people.
    pub title: String,
    /// What a real client says of its version.
    pub version: Option<String>,
    /// The day, as 2026-11-23, if it is known.
    pub date: Option<String>,
    /// The proxy that it was held against.
    pub subject: String,
    /// The file that it was read from; none for a run that was just made.
    pub file: Option<String>,
}

impl Origin {
    /// Whether it is a real client's.
    pub fn is_real(&self) -> bool {
        self.client.starts_with(REAL)
    }

    /// The name that the simulated and the real client have in common.
    pub fn base(&self) -> &str {
        self.client.strip_prefix(REAL).unwrap_or(&self.client)
    }

    /// Where it comes from, in words.
    pub(super) fn place(&self) -> &str {
        self.file.as_deref().unwrap_or("this run")
    }
}

/// What a client showed in one case, by the steps' numbers.
pub type Story = BTreeMap<usize, Shown>;

/// What a client showed in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What was done.
    pub action: String,
    /// What came of it.
    pub result: Outcome,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done and observed.
    Seen(Words),
    /// It was not tried, for this reason.
    Skipped(String),
    /// The client or the harness failed, for this reason.
    Trouble(String),
}

impl Record {
    /// The records of every client in a report; `date` is the day of the run.
    pub fn of_report(report: &Report, date: Option<&str>, file: Option<&str>) -> Vec<Self> {
        let record = |client: &ClientUsed| Self {
            origin: Origin {
                client: client.name.clone(),
                title: client.title.clone(),
                version: client.version.clone(),
                date: date.map(str::to_owned),
                subject: report.subject.name.clone(),
                file: file.map(str::to_owned),
            },
            cases: report
                .cases
                .iter()
                .filter_map(|case| Some((case.id.clone(), story(case, &client.name)?)))
                .collect(),
        };
        report.clients.iter().map(record).collect()
    }
}

impl Record {
    /// The same with what an `earlier` record has of other cases, if that is of the same client and version, on the same
    /// subject.
    #[must_use]
    pub fn beside(mut self, earlier: Self) -> Self {
        let (new, old) = (&self.origin, &earlier.origin);
        if (&new.client, &new.version, &new.subject) == (&old.client, &old.version, &old.subject) {
            for (case, story) in earlier.cases {
                self.cases.entry(case).or_insert(story);
            }
        }
        self
    }
}

fn story(case: &CaseResult, client: &str) -> Option<Story> {
    let client = case.clients.iter().find(|result| result.client == client)?;
    let mut story: Story = client.steps.iter().map(|step| (step.number, Shown::of(step))).collect();
    // A start that failed explains why there are no steps.
    let failed = match &case.start.verdict {
        Verdict::Skipped(reason) => Some(Outcome::Skipped(reason.clone())),
        Verdict::Trouble(reason) => Some(Outcome::Trouble(reason.clone())),
        _ => None,
    };
    if let Some(result) = failed {
        story.insert(START, Shown { action: "the proxy's start".to_owned(), result });
    }
    Some(story)
}

impl Shown {
    fn of(step: &StepResult) -> Self {
        let result = match (&step.observation, &step.verdict) {
            (Some(seen), _) => Outcome::Seen(Words::of(seen)),
            (None, Verdict::Skipped(reason)) => Outcome::Skipped(reason.clone()),
            (None, Verdict::Trouble(reason)) => Outcome::Trouble(reason.clone()),
            (None, Verdict::NotJudged) => {
                Outcome::Skipped("it cannot do this, and the case expects nothing of it".to_owned())
            }
            (None, _) => Outcome::Trouble("the report has no observation here".to_owned()),
        };
        Self { action: step.action.clone(), result }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::Aspect, report::samples::report};

    fn firefox() -> Record {
        let records = Record::of_report(&report(), Some("2026-11-23"), Some("a.json"));
        records.into_iter().find(|record| record.origin.client == "firefox").unwrap()
    }

    #[test]
    fn a_report_has_a_record_for_each_client_with_every_step_it_took() {
        let record = firefox();
        assert_eq!(record.origin.place(), "a.json");
        let result = |case: &str, step| record.cases[case][&step].result.clone();
        let Outcome::Seen(words) = result("wiki/is-refused-and-then-connects", 2) else { panic!() };
        assert_eq!(words.get(Aspect::Verdict).unwrap().to_string(), "connected");
        assert!(matches!(result("wiki/cannot-be-tried", 1), Outcome::Skipped(_)));
        assert!(matches!(result("wiki/breaks", 1), Outcome::Trouble(_)));
        assert!(record.cases["files/ends-at-once"].is_empty(), "a case without a step");
    }

    #[test]
    fn what_was_seen_earlier_of_other_cases_stays_if_it_is_of_the_same_version() {
        let (mut now, mut earlier) = (firefox(), firefox());
        let kept = now.cases.pop_last().unwrap();
        earlier.cases.first_entry().unwrap().insert(Story::new());
        assert_eq!(now.clone().beside(earlier.clone()), firefox(), "{}", kept.0);
        earlier.origin.version = Some("another".to_owned());
        assert_eq!(now.clone().beside(earlier), now);
    }

    #[test]
    fn a_start_that_was_skipped_explains_a_story_without_steps() {
        let mut report = report();
        for case in &mut report.cases {
            case.start.verdict = Verdict::Skipped("no openssl".to_owned());
        }
        let records = Record::of_report(&report, None, None);
        assert_eq!(
            records[0].cases["files/ends-at-once"][&START].result,
            Outcome::Skipped("no openssl".to_owned())
        );
    }
}
