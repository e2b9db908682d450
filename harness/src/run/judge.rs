//! Holds what happened against what was expected.

use super::verdict::{Difference, SaidFault};
use crate::{
    Fault,
    case::{Expected, ExpectedLog, ExpectedRefusal},
    client::Profile,
    fault::Area,
    observation::{Observation, Party, Refusal},
    subject::{Divergence, Field},
};

/// One thing that was compared, whether or not it was as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The names that its client goes by; none at a subject's start.
    client: Vec<String>,
    pub field: Field,
    pub expected: String,
    pub observed: String,
}

impl Comparison {
    pub(super) fn new(field: Field, expected: impl ToString, observed: impl ToString) -> Self {
        let (expected, observed) = (expected.to_string(), observed.to_string());
        Self { client: Vec::new(), field, expected, observed }
    }

    /// The same, seen with that client.
    pub(super) fn with(mut self, client: &Profile) -> Self {
        self.client = client.known_as().map(str::to_owned).collect();
        self
    }

    /// The same, seen at a subject's start.
    pub(super) fn at_start(mut self) -> Self {
        if self.field == Field::Log {
            self.field = Field::StartLog;
        }
        self
    }

    /// The difference, if there is one and, where the subject is known to make it, why.
    pub(super) fn difference(&self, case: &str, divergences: &[Divergence]) -> Option<Difference> {
        if self.expected == self.observed {
            return None;
        }
        let known = divergences.iter().find(|known| self.is_due(known, case) && self.shows(known));
        Some(Difference {
            field: self.field,
            expected: self.expected.clone(),
            observed: self.observed.clone(),
            known: known.map(|known| known.reason().to_owned()),
        })
    }

    /// Whether a divergence speaks of what was compared here.
    pub(super) fn is_due(&self, divergence: &Divergence, case: &str) -> bool {
        divergence.field() == self.field
            && divergence.expected() == self.expected
            && divergence.covers(case)
            && divergence.concerns(&self.client)
    }

    /// Whether it happened as a divergence says.
    pub(super) fn shows(&self, divergence: &Divergence) -> bool {
        divergence.observed() == self.observed
    }
}

/// Holds an observation against what was expected of the client.
pub(super) fn observation(expected: &Expected, observed: &Observation) -> Vec<Comparison> {
    let mut found = Vec::new();
    match (&expected.refusal, observed.refusal()) {
        (None, None) => compare(&mut found, Field::Fault, "connected", "connected"),
        (Some(expected), Some(observed_refusal)) => {
            refusal(expected, observed_refusal, observed, &mut found);
        }
        (expected, observed) => compare(
            &mut found,
            Field::Fault,
            expected
                .as_ref()
                .map_or("connected", |refusal| refusal.fault.map_or("refused", Fault::name)),
            observed.map_or("connected", |refusal| refusal.fault.name()),
        ),
    }
    if let Some(expected) = expected.exception {
        let observed = observed.exception.map_or("none".to_owned(), |outcome| outcome.to_string());
        compare(&mut found, Field::Exception, expected, observed);
    }
    let answer = observed.answer.as_ref();
    if let Some(status) = expected.status {
        compare(&mut found, Field::Status, status, answer.map_or(0, |answer| answer.status));
    }
    if let Some(media_type) = &expected.media_type {
        let observed = answer.and_then(|answer| answer.media_type.as_deref());
        compare(&mut found, Field::MediaType, media_type, observed.unwrap_or("none"));
    }
    if let Some(answer) = answer {
        let served = answer.holds_private_key;
        compare(&mut found, Field::PrivateKey, "kept", if served { "served" } else { "kept" });
    }
    found
}

fn refusal(
    expected: &ExpectedRefusal,
    observed: &Refusal,
    all: &Observation,
    found: &mut Vec<Comparison>,
) {
    let Some(fault) = expected.fault else { return };
    compare(found, Field::Fault, fault, observed.fault);
    if fault != observed.fault {
        // The words of another fault are other words: one difference is enough.
        return;
    }
    let code = |code: &Option<String>| code.clone().unwrap_or_else(|| "none".to_owned());
    if fault.area() == Area::Certificate && observed.by == Party::Client {
        // Where several faults are reported as a set, the expected one must be in it.
        let (expected_code, observed_code) = (code(&expected.code), code(&observed.code));
        let named = observed_code.split('+').any(|one| one == expected_code);
        let observed_code = if named { expected_code.clone() } else { observed_code };
        compare(found, Field::Code, expected_code, observed_code);
        let sent = observed.alert.filter(|alert| alert.sent_by == Party::Client);
        let word = |alert: Option<String>| alert.unwrap_or_else(|| "none".to_owned());
        compare(
            found,
            Field::Alert,
            word(expected.alert.map(|(alert, _)| alert.to_string())),
            word(sent.map(|sent| sent.alert.to_string())),
        );
        if let (Some((_, moment)), Some(sent)) = (expected.alert, sent) {
            compare(found, Field::Moment, moment, sent.moment);
        }
    } else {
        compare(found, Field::Code, code(&expected.code), code(&observed.code));
    }
    if let Some(close_code) = expected.close_code {
        let observed = all.page.as_ref().and_then(|page| page.close.as_ref());
        compare(found, Field::CloseCode, close_code, observed.map_or(0, |close| close.code));
    }
}

/// Holds what the subject said against what it must have said.
pub(super) fn log(expected: &ExpectedLog, said: &[SaidFault], lines: &[String]) -> Vec<Comparison> {
    let mut found = Vec::new();
    let mut faults: Vec<Fault> = said.iter().map(|said| said.fault).collect();
    faults.dedup();
    let names = match faults.as_slice() {
        [] => "nothing".to_owned(),
        faults => faults.iter().map(|fault| fault.name()).collect::<Vec<_>>().join("+"),
    };
    match expected {
        ExpectedLog::Nothing => compare(&mut found, Field::Log, "nothing", names),
        ExpectedLog::AnyRefusal => {
            let refusals = [Fault::ClientRefusedCertificate, Fault::ClientHungUp];
            let only = !faults.is_empty() && faults.iter().all(|fault| refusals.contains(fault));
            compare(&mut found, Field::Log, "a refusal", if only { "a refusal" } else { &names });
        }
        ExpectedLog::Says { fault, alert, words } => {
            compare(&mut found, Field::Log, fault.name(), names);
            let logged = said.iter().find_map(|said| said.alert);
            if let (Some(alert), Some(logged)) = (alert, logged) {
                compare(&mut found, Field::LoggedAlert, alert, logged);
            }
            if let Some(words) = words {
                let said = lines.iter().any(|line| line.contains(words.as_str()));
                compare(
                    &mut found,
                    Field::LogWords,
                    words,
                    if said { words } else { "other words" },
                );
            }
        }
    }
    found
}

fn compare(
    found: &mut Vec<Comparison>,
    field: Field,
    expected: impl ToString,
    observed: impl ToString,
) {
    found.push(Comparison::new(field, expected, observed));
}
