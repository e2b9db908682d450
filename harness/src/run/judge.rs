//! Holds what happened against what was expected.

use super::verdict::{Difference, SaidFault};
use crate::{
    Fault,
    case::{Expected, ExpectedLog, ExpectedRefusal, Port},
    client::Profile,
    fault::Area,
    observation::{Observation, Party, Refusal, Sight, Step},
    subject::{Divergence, Field},
};

/// One thing that was compared, whether or not it was as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The names that its client goes by; none at a subject's start.
    client: Vec<String>,
    /// What the client met.
    at: Port,
    pub field: Field,
    pub expected: String,
    pub observed: String,
}

impl Comparison {
    pub(super) fn new(field: Field, expected: impl ToString, observed: impl ToString) -> Self {
        let (expected, observed) = (expected.to_string(), observed.to_string());
        Self { client: Vec::new(), at: Port::Same, field, expected, observed }
    }

    /// The same, seen with that client.
    pub(super) fn with(mut self, client: &Profile) -> Self {
        self.client = client.known_as().map(str::to_owned).collect();
        self
    }

    /// The same, of what listens at that port.
    pub(super) fn at(mut self, port: Port) -> Self {
        self.at = port;
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

    /// Whether a divergence speaks of what was compared here. What another server did is no doing of the subject's.
    pub(super) fn is_due(&self, divergence: &Divergence, case: &str) -> bool {
        self.at.is_of_subject()
            && divergence.field() == self.field
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
    if observed.sight == Sight::Outside && answer.is_none() {
        // There may have been one.
        return found;
    }
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
    if all.sight == Sight::Outside {
        // That it was refused is as expected; why, the subject's log tells, which is judged too.
        return close_code(expected, all, found);
    }
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
        if all.sight == Sight::Whole {
            compare(found, Field::Code, expected_code, observed_code);
        }
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
    } else if all.sight == Sight::Whole && observed.step != Step::WebSocket {
        // For the end of a WebSocket that was open nobody has a code.
        compare(found, Field::Code, code(&expected.code), code(&observed.code));
    }
    close_code(expected, all, found);
}

fn close_code(expected: &ExpectedRefusal, all: &Observation, found: &mut Vec<Comparison>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Alert,
        observation::{AlertSeen, Close, Ending, Moment, Outcome, Page, Timing},
    };

    fn expected() -> Expected {
        Expected {
            refusal: Some(ExpectedRefusal {
                fault: Some(Fault::SelfSigned),
                code: Some("SELF_SIGNED".to_owned()),
                alert: Some((Alert(42), Moment::DuringHandshake)),
                close_code: Some(1015),
            }),
            exception: None,
            status: None,
            media_type: None,
            log: ExpectedLog::of(Fault::ClientRefusedCertificate),
        }
    }

    fn refused() -> Refusal {
        Refusal {
            by: Party::Client,
            step: Step::Tls,
            fault: Fault::SelfSigned,
            code: Some("SELF_SIGNED".to_owned()),
            alert: Some(AlertSeen {
                alert: Alert(42),
                sent_by: Party::Client,
                moment: Moment::DuringHandshake,
            }),
            ending: Ending::Closed,
            detail: String::new(),
        }
    }

    fn observed(outcome: Outcome) -> Observation {
        let close = Close { code: 1015, reason: String::new(), clean: false };
        Observation {
            outcome,
            page: Some(Page { events: Vec::new(), close: Some(close) }),
            answer: None,
            echo: None,
            exception: None,
            offered: None,
            tls: None,
            found: Vec::new(),
            alerts: Vec::new(),
            connections: 1,
            timing: Timing::default(),
            sight: Sight::Whole,
        }
    }

    fn differences(observed: &Observation) -> Vec<(Field, String, String)> {
        observation(&expected(), observed)
            .into_iter()
            .filter(|compared| compared.expected != compared.observed)
            .map(|compared| (compared.field, compared.expected, compared.observed))
            .collect()
    }

    fn difference(field: Field, expected: &str, observed: &str) -> (Field, String, String) {
        (field, expected.to_owned(), observed.to_owned())
    }

    #[test]
    fn what_is_as_expected_has_no_difference() {
        assert_eq!(differences(&observed(Outcome::Refused(refused()))), []);
    }

    #[test]
    fn a_connection_in_place_of_a_refusal_is_one_difference() {
        let found = differences(&observed(Outcome::Connected));
        assert_eq!(found, [difference(Field::Fault, "self-signed", "connected")]);
    }

    #[test]
    fn another_fault_is_one_difference_whatever_its_words() {
        let other = Refusal { fault: Fault::Expired, code: None, alert: None, ..refused() };
        let found = differences(&observed(Outcome::Refused(other)));
        assert_eq!(found, [difference(Field::Fault, "self-signed", "expired")]);
    }

    #[test]
    fn every_word_of_a_refusal_is_compared() {
        let late = AlertSeen { moment: Moment::AfterHandshake, ..refused().alert.unwrap() };
        let silent = Refusal { alert: None, ..refused() };
        let late = Refusal { alert: Some(late), ..refused() };
        let coded = Refusal { code: Some("OTHER".to_owned()), ..refused() };
        let mut closed = observed(Outcome::Refused(refused()));
        closed.page = None;
        let of = |refusal| differences(&observed(Outcome::Refused(refusal)));
        assert_eq!(of(silent), [difference(Field::Alert, "bad_certificate", "none")]);
        let moments = ("during the handshake", "after the handshake");
        assert_eq!(of(late), [difference(Field::Moment, moments.0, moments.1)]);
        assert_eq!(of(coded), [difference(Field::Code, "SELF_SIGNED", "OTHER")]);
        assert_eq!(differences(&closed), [difference(Field::CloseCode, "1015", "0")]);
    }

    #[test]
    fn what_could_not_be_seen_is_no_difference() {
        let silent = Refusal { code: None, ..refused() };
        let mut seen = observed(Outcome::Refused(silent));
        seen.sight = Sight::NoCode;
        assert_eq!(differences(&seen), []);
        let unread =
            Refusal { fault: Fault::ConnectionClosed, code: None, alert: None, ..refused() };
        let mut seen = observed(Outcome::Refused(unread));
        seen.sight = Sight::Outside;
        assert_eq!(differences(&seen), []);
        // What a page sees, it sees from everywhere.
        seen.page = None;
        assert_eq!(differences(&seen), [difference(Field::CloseCode, "1015", "0")]);
        let mut connected = observed(Outcome::Connected);
        connected.sight = Sight::Outside;
        assert_eq!(differences(&connected), [difference(Field::Fault, "self-signed", "connected")]);
    }

    #[test]
    fn the_log_must_say_exactly_what_is_expected() {
        let said = |fault, alert| SaidFault { fault, alert, line: String::new() };
        let refusal = said(Fault::ClientRefusedCertificate, Some(Alert(42)));
        let wanted = ExpectedLog::Says {
            fault: Fault::ClientRefusedCertificate,
            alert: Some(Alert(48)),
            words: Some("unknown ca".to_owned()),
        };
        let fields = |expected: &ExpectedLog, said: &[SaidFault]| -> Vec<Field> {
            let compared = log(expected, said, &["alert bad certificate".to_owned()]);
            compared
                .iter()
                .filter(|one| one.expected != one.observed)
                .map(|one| one.field)
                .collect()
        };
        assert_eq!(fields(&ExpectedLog::Nothing, &[]), []);
        assert_eq!(fields(&ExpectedLog::Nothing, std::slice::from_ref(&refusal)), [Field::Log]);
        assert_eq!(fields(&ExpectedLog::AnyRefusal, std::slice::from_ref(&refusal)), []);
        assert_eq!(fields(&ExpectedLog::AnyRefusal, &[]), [Field::Log]);
        assert_eq!(fields(&wanted, &[refusal]), [Field::LoggedAlert, Field::LogWords]);
        assert_eq!(fields(&wanted, &[]), [Field::Log, Field::LogWords]);
    }
}
