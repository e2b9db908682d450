//! Results, in limbo's own form (`harness/README.md` there, "Output").

use serde::{Deserialize, Serialize};

/// What one harness found in all cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// Of the format: 1.
    pub version: u32,
    /// Whose they are: a name, `-`, and a version.
    pub harness: String,
    /// One a case.
    pub results: Vec<Outcome>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Of the case.
    pub id: String,
    /// In limbo's words.
    pub actual_result: ActualResult,
    /// Why, for a person.
    pub context: Option<String>,
}

/// What a harness can make of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ActualResult {
    /// The chain was accepted.
    Success,
    /// The chain was refused.
    Failure,
    /// It was not judged.
    Skipped,
    /// The judgement did not end in time.
    Hang,
}
