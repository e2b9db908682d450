//! What a run found out: the types of a report, in their order from the whole run down to one cell.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Alert, Fault,
    observation::Observation,
    subject::{Field, Said},
};

/// The version of the report's shape. It changes when a reader of the old shape would go wrong.
pub const REPORT_VERSION: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The version of this shape: 1.
    pub version: u32,
    /// The program and its version.
    pub program: String,
    /// The proxy that was tested.
    pub subject: SubjectUnderTest,
    /// The clients, in the order of the columns.
    pub clients: Vec<ClientUsed>,
    /// The cases, in the order of the rows.
    pub cases: Vec<CaseResult>,
    /// Divergences of the subject's file that did not happen, each with its place.
    pub stale_divergences: Vec<String>,
    /// How much was done, and where the time went.
    pub effort: Effort,
}

/// The proxy that was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SubjectUnderTest {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it says of its version, if it says anything.
    pub release: Option<String>,
}

/// A client of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ClientUsed {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether its rules were measured.
    pub measured: bool,
    /// What a real client says of its version; none for a simulated one.
    pub version: Option<String>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CaseResult {
    /// Its id.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The claims that it is evidence for.
    pub claims: Vec<String>,
    /// Its file.
    pub file: String,
    /// How the subject's start went.
    pub start: StartResult,
    /// What came of its dialogues, which no client has a part in.
    #[serde(default)]
    pub dialogues: Vec<StepResult>,
    /// What each client showed, in the order of the report's clients.
    pub clients: Vec<ClientResult>,
    /// How long the case took, in milliseconds.
    pub took_ms: f64,
}

/// How a subject's start went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StartResult {
    /// The verdict on it.
    pub verdict: Verdict,
    /// The line of the case's file.
    pub line: usize,
    /// What was not as expected.
    pub differences: Vec<Difference>,
    /// What the subject printed, where something was not as expected.
    pub log: Vec<String>,
}

/// What one client showed in one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ClientResult {
    /// Its name.
    pub client: String,
    /// The steps in which it did something.
    pub steps: Vec<StepResult>,
}

/// One step of one client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StepResult {
    /// The step's number, from 1.
    pub number: usize,
    /// The line of the case's file.
    pub line: usize,
    /// What was done.
    pub action: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What was not as expected.
    pub differences: Vec<Difference>,
    /// What happened; none where the client failed.
    pub observation: Option<Observation>,
    /// What the subject said of it.
    pub said: Vec<SaidFault>,
    /// What the subject printed, where something was not as expected.
    pub log: Vec<String>,
}

/// A log line that was read as a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SaidFault {
    /// Which.
    pub fault: Fault,
    /// With which alert.
    pub alert: Option<Alert>,
    /// The line.
    pub line: String,
}

impl From<Said> for SaidFault {
    fn from(said: Said) -> Self {
        Self { fault: said.fault, alert: said.alert, line: said.line }
    }
}

/// One thing that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// What.
    pub field: Field,
    /// What the case, or the client's profile, says.
    pub expected: String,
    /// What happened.
    pub observed: String,
    /// Why the subject is known to do so; none if it is not known.
    pub known: Option<String>,
}

/// The judgement of one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything is as the case says.
    AsExpected,
    /// It differs as the subject's file says that it does.
    KnownDivergence,
    /// It differs.
    Unexpected,
    /// The case says nothing of this client.
    NotJudged,
    /// It was not tried, for this reason.
    Skipped(String),
    /// The harness failed, for this reason: nothing is known of the subject.
    Trouble(String),
}

impl Verdict {
    /// The verdict on something with these differences.
    pub(super) fn of(differences: &[Difference]) -> Self {
        if differences.is_empty() {
            Self::AsExpected
        } else if differences.iter().all(|difference| difference.known.is_some()) {
            Self::KnownDivergence
        } else {
            Self::Unexpected
        }
    }

    /// Whether it makes a run fail.
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Unexpected | Self::Trouble(_))
    }

    /// How bad it is: the verdict on several things is the worst of theirs.
    const fn rank(&self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::NotJudged => 1,
            Self::Skipped(_) => 2,
            Self::KnownDivergence => 3,
            Self::Trouble(_) => 4,
            Self::Unexpected => 5,
        }
    }
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub as_expected: usize,
    /// Known to differ.
    pub known: usize,
    /// Unexpected.
    pub unexpected: usize,
    /// Without an expectation.
    pub not_judged: usize,
    /// Not tried.
    pub skipped: usize,
    /// Trouble of the harness.
    pub trouble: usize,
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::AsExpected => &mut self.as_expected,
            Verdict::KnownDivergence => &mut self.known,
            Verdict::Unexpected => &mut self.unexpected,
            Verdict::NotJudged => &mut self.not_judged,
            Verdict::Skipped(_) => &mut self.skipped,
            Verdict::Trouble(_) => &mut self.trouble,
        } += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as expected", self.as_expected)?;
        let rest = [
            (self.known, "known to differ"),
            (self.unexpected, "unexpected"),
            (self.not_judged, "without an expectation"),
            (self.skipped, "skipped"),
            (self.trouble, "trouble of the harness"),
        ];
        rest.iter()
            .filter(|(count, _)| *count > 0)
            .try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

impl CaseResult {
    /// The verdict on one client: the worst of its steps, and of the start and the dialogues where those went wrong.
    pub fn verdict_on(&self, client: &ClientResult) -> Verdict {
        let steps = client.steps.iter().chain(&self.dialogues).map(|step| &step.verdict);
        steps
            .chain([&self.start.verdict])
            .max_by_key(|verdict| verdict.rank())
            .cloned()
            .unwrap_or(Verdict::AsExpected)
    }
}

impl Report {
    /// Counts the verdicts of all steps and starts.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for case in &self.cases {
            tally.count(&case.start.verdict);
            let steps = case.clients.iter().flat_map(|client| &client.steps);
            for step in case.dialogues.iter().chain(steps) {
                tally.count(&step.verdict);
            }
        }
        tally
    }

    /// Whether everything is as expected, known divergences included.
    pub fn is_success(&self) -> bool {
        let tally = self.tally();
        tally.unexpected == 0 && tally.trouble == 0 && self.stale_divergences.is_empty()
    }
}

/// How much was done, and where the time went. Times are summed over cases that ran side by side, in
/// milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Effort {
    /// TCP connections of the clients, those of the control client included.
    pub connections: u64,
    /// From the first case's start to the last one's end.
    pub wall_ms: f64,
    /// Making certificates.
    pub certificates_ms: f64,
    /// Starting and stopping subjects.
    pub subjects_ms: f64,
    /// Connections of the clients under judgement.
    pub clients_ms: f64,
    /// Connections of the control client.
    pub control_ms: f64,
    /// Waiting for the subject to say what it must.
    pub log_ms: f64,
}

impl Effort {
    pub(super) fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.certificates_ms += other.certificates_ms;
        self.subjects_ms += other.subjects_ms;
        self.clients_ms += other.clients_ms;
        self.control_ms += other.control_ms;
        self.log_ms += other.log_ms;
    }
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    crate::observation::Timing::milliseconds(duration)
}
