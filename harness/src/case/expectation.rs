//! What a step expects of each client, and of what the subject says.

use std::{collections::BTreeMap, fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;

use super::{Action, Step, Vocabulary};
use crate::{
    Alert, Fault,
    client::{Profile, Scheme, profile::Applied},
    data::{DataError, Source},
    fault::Area,
    observation::{ExceptionOutcome, Finding, Moment, Observation, Party, Sight, TlsVersion},
};

/// The key for every client that a table does not name.
const OTHERS: &str = "others";

/// One outcome for all clients, or a table.
#[derive(Clone)]
pub(super) enum RawExpect {
    All(String),
    ByClient(Vec<(Spanned<String>, Spanned<RawWanted>)>),
}

/// A word, or a word with more words.
#[derive(Clone)]
pub(super) enum RawWanted {
    Word(String),
    Words(RawWords),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawWords {
    is: String,
    code: Option<String>,
    alert: Option<Alert>,
    close_code: Option<u16>,
    status: Option<u16>,
    media_type: Option<String>,
    says: Option<String>,
}

/// A fault or `nothing`, or a fault with words.
#[derive(Clone)]
pub(super) enum RawLog {
    Word(String),
    Words(RawLogWords),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLogWords {
    fault: Spanned<String>,
    says: Option<String>,
}

/// A string or a table. serde's own untagged enums lose the places of what is in them, and tell a
/// wrong key only as "did not match any variant".
macro_rules! string_or_table {
    ($type:ident, $string:ident, $expecting:literal, |$map:ident| $table:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ThisVisitor;

                impl<'de> Visitor<'de> for ThisVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: de::Error>(self, word: &str) -> Result<$type, E> {
                        Ok($type::$string(word.to_owned()))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$type, A::Error> {
                        $table
                    }
                }

                deserializer.deserialize_any(ThisVisitor)
            }
        }
    };
}

string_or_table!(RawExpect, All, "an outcome, or a table of clients", |map| {
    let mut table = Vec::new();
    while let Some(entry) = map.next_entry()? {
        table.push(entry);
    }
    Ok(RawExpect::ByClient(table))
});
string_or_table!(RawWanted, Word, "an outcome, or a table with `is`", |map| {
    RawWords::deserialize(MapAccessDeserializer::new(&mut map)).map(RawWanted::Words)
});
string_or_table!(RawLog, Word, "a fault, `nothing`, or a table with `fault`", |map| {
    RawLogWords::deserialize(MapAccessDeserializer::new(&mut map)).map(RawLog::Words)
});

/// What the subject must have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedLog {
    /// No fault at all.
    Nothing,
    /// Exactly this fault.
    Says {
        /// Which.
        fault: Fault,
        /// With which alert, where one is known.
        alert: Option<Alert>,
        /// And with these words in the line, where the words are the point.
        words: Option<String>,
    },
    /// That the client refused, in whatever way: for a step with several connections.
    AnyRefusal,
}

impl ExpectedLog {
    /// Exactly this fault, in whatever words.
    pub const fn of(fault: Fault) -> Self {
        Self::Says { fault, alert: None, words: None }
    }
}

/// What a step expects of one client, before the client's own words are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    outcome: WantedOutcome,
    code: Option<String>,
    alert: Option<Alert>,
    close_code: Option<u16>,
    status: Option<u16>,
    media_type: Option<String>,
    /// Words in the subject's log line, where the words are the point.
    says: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WantedOutcome {
    Connected,
    Refused(Fault),
    Exception(ExceptionOutcome),
}

/// What exactly a client must show: the case's expectation in the client's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The refusal; [`None`] where it must connect.
    pub refusal: Option<ExpectedRefusal>,
    /// What becomes of the wish for an exception.
    pub exception: Option<ExceptionOutcome>,
    /// The HTTP status, where the case asks for one.
    pub status: Option<u16>,
    /// The media type, where the case asks for one.
    pub media_type: Option<String>,
    /// What the subject must have said.
    pub log: ExpectedLog,
}

/// A refusal as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedRefusal {
    /// Which fault the client names; [`None`] if any will do.
    pub fault: Option<Fault>,
    /// Its error code.
    pub code: Option<String>,
    /// The alert that it sends and when; [`None`] if it sends none.
    pub alert: Option<(Alert, Moment)>,
    /// The code of the page's close event, for a WebSocket.
    pub close_code: Option<u16>,
}

/// What a step expects, by client.
#[derive(Clone, Debug)]
pub(super) struct Expectations {
    by_client: BTreeMap<String, Wanted>,
    others: Option<Wanted>,
    log: Option<ExpectedLog>,
}

impl Expectations {
    pub(super) fn read(
        raw: Spanned<RawExpect>,
        log: Option<Spanned<RawLog>>,
        with_exception: bool,
        source: &Source,
        words: &Vocabulary,
    ) -> Result<Self, DataError> {
        let span = raw.span();
        let log = log.map(|log| RawLog::read(log, source)).transpose()?;
        let mut expectations = Self { by_client: BTreeMap::new(), others: None, log };
        match raw.into_inner() {
            RawExpect::All(word) => {
                let wanted = RawWanted::Word(word);
                expectations.others =
                    Some(expectations.wanted(&wanted, span, with_exception, source)?);
            }
            RawExpect::ByClient(table) => {
                for (clients, wanted) in table {
                    let span = wanted.span();
                    let wanted =
                        expectations.wanted(wanted.get_ref(), span, with_exception, source)?;
                    expectations.add(&clients, &wanted, source, words)?;
                }
            }
        }
        Ok(expectations)
    }

    fn add(
        &mut self,
        clients: &Spanned<String>,
        wanted: &Wanted,
        source: &Source,
        words: &Vocabulary,
    ) -> Result<(), DataError> {
        for client in clients.get_ref().split(',').map(str::trim) {
            let before = if client == OTHERS {
                self.others.replace(wanted.clone())
            } else if words.clients.contains(client) {
                self.by_client.insert(client.to_owned(), wanted.clone())
            } else {
                return Err(source
                    .error(clients.span(), format!("there is no client `{client}`"))
                    .did_you_mean(
                        client,
                        words.clients.iter().map(String::as_str).chain([OTHERS]),
                    ));
            };
            if before.is_some() {
                return Err(source.error(clients.span(), format!("`{client}` is named twice")));
            }
        }
        Ok(())
    }

    fn wanted(
        &self,
        raw: &RawWanted,
        span: Range<usize>,
        with_exception: bool,
        source: &Source,
    ) -> Result<Wanted, DataError> {
        let (word, words) = match raw {
            RawWanted::Word(word) => (word, None),
            RawWanted::Words(words) => (&words.is, Some(words)),
        };
        let outcome = match (word.as_str(), with_exception) {
            ("connected", false) => WantedOutcome::Connected,
            ("accepted", true) => WantedOutcome::Exception(ExceptionOutcome::Accepted),
            ("not-needed", true) => WantedOutcome::Exception(ExceptionOutcome::NotNeeded),
            ("not-offered", true) => WantedOutcome::Exception(ExceptionOutcome::NotOffered),
            (_, true) => {
                return Err(source
                    .error(span, format!("`{word}` is no outcome of `accept-exception`"))
                    .hint("one of: accepted, not-needed, not-offered"));
            }
            (name, false) => match name.parse::<Fault>() {
                Ok(fault) => WantedOutcome::Refused(fault),
                Err(_) => {
                    let faults = Fault::ALL.iter().map(|fault| fault.name());
                    return Err(source
                        .error(span, format!("`{word}` is neither `connected` nor a fault"))
                        .did_you_mean(word, faults.chain(["connected"])));
                }
            },
        };
        if let WantedOutcome::Refused(fault) = outcome
            && fault.area() == Area::Connection
            && fault != Fault::TargetUnreachable
            && self.log.is_none()
        {
            return Err(source
                .error(
                    span,
                    format!(
                        "`{fault}` is the server's doing, and the step does not say what it logs"
                    ),
                )
                .hint("log = \"key-mismatch\", say, or log = \"nothing\""));
        }
        Ok(Wanted {
            outcome,
            code: words.and_then(|words| words.code.clone()),
            alert: words.and_then(|words| words.alert),
            close_code: words.and_then(|words| words.close_code),
            status: words.and_then(|words| words.status),
            media_type: words.and_then(|words| words.media_type.clone()),
            says: words.and_then(|words| words.says.clone()),
        })
    }
}

impl RawLog {
    pub(super) fn read(log: Spanned<Self>, source: &Source) -> Result<ExpectedLog, DataError> {
        let span = log.span();
        let (word, span, words) = match log.into_inner() {
            Self::Word(word) => (word, span, None),
            Self::Words(words) => {
                let span = words.fault.span();
                (words.fault.into_inner(), span, words.says)
            }
        };
        if word == "nothing" {
            return Ok(ExpectedLog::Nothing);
        }
        match word.parse() {
            Ok(fault) => Ok(ExpectedLog::Says { fault, alert: None, words }),
            Err(_) => {
                let faults = Fault::ALL.iter().map(|fault| fault.name());
                Err(source
                    .error(span, format!("`{word}` is neither `nothing` nor a fault"))
                    .did_you_mean(&word, faults.chain(["nothing"])))
            }
        }
    }
}

impl Step {
    /// What this step expects of a client, in its own words; [`None`] if the case says nothing of it.
    pub fn expected(&self, client: &Profile, tls: TlsVersion) -> Option<Expected> {
        self.expected_of(client, tls, &[])
    }

    /// The same for certificates in which that was found: a client may have other words for a fault in another
    /// place.
    pub fn expected_of(
        &self,
        client: &Profile,
        tls: TlsVersion,
        found: &[Finding],
    ) -> Option<Expected> {
        let expectations = self.expectations.as_ref()?;
        let wanted = client
            .known_as()
            .find_map(|name| expectations.by_client.get(name))
            .or(expectations.others.as_ref())?;
        let (Action::Open(visit, _) | Action::Browse(visit, _)) = &self.action else { return None };
        let refusal = wanted.refusal(client, tls, visit.scheme, found);
        let log = expectations.log.clone();
        let log = log.unwrap_or_else(|| said_of(wanted, refusal.as_ref()));
        let log = match (log, &wanted.says) {
            (ExpectedLog::Says { fault, alert, words: None }, Some(says)) => {
                ExpectedLog::Says { fault, alert, words: Some(says.clone()) }
            }
            (log, _) => log,
        };
        Some(Expected {
            refusal,
            exception: match wanted.outcome {
                WantedOutcome::Exception(outcome) => Some(outcome),
                _ => None,
            },
            status: wanted.status,
            media_type: wanted.media_type.clone(),
            log,
        })
    }
}

impl Expected {
    /// The same for an attempt that connected after a refusal, as Chromium does with an accepted certificate:
    /// the subject has then said so.
    #[must_use]
    pub fn after_refusals(mut self, observation: &Observation, client: &Profile) -> Self {
        if observation.sight == Sight::Outside {
            return self.after_unseen_refusals(observation, client);
        }
        let alert = observation.alerts.iter().find(|seen| seen.sent_by == Party::Client);
        let applied =
            client.exceptions.is_some_and(|rules| rules.applied == Applied::AfterARefusal);
        if let (true, true, ExpectedLog::Nothing, Some(seen)) =
            (observation.is_connected(), applied, &self.log, alert)
        {
            let fault = Fault::ClientRefusedCertificate;
            self.log = ExpectedLog::Says { fault, alert: Some(seen.alert), words: None };
        }
        self
    }

    /// The same where alerts are not seen: only who has refused before connects again.
    fn after_unseen_refusals(mut self, observation: &Observation, client: &Profile) -> Self {
        let applied =
            client.exceptions.is_some_and(|rules| rules.applied == Applied::AfterARefusal);
        let came_again = observation.is_connected() && observation.connections > 1;
        if applied && came_again && self.log == ExpectedLog::Nothing {
            self.log = ExpectedLog::AnyRefusal;
        }
        self
    }
}

impl Wanted {
    fn refusal(
        &self,
        client: &Profile,
        tls: TlsVersion,
        scheme: Scheme,
        found: &[Finding],
    ) -> Option<ExpectedRefusal> {
        let fault = match self.outcome {
            WantedOutcome::Refused(fault) => fault,
            WantedOutcome::Exception(ExceptionOutcome::NotOffered) => {
                return Some(ExpectedRefusal {
                    fault: None,
                    code: None,
                    alert: None,
                    close_code: None,
                });
            }
            WantedOutcome::Connected | WantedOutcome::Exception(_) => return None,
        };
        let rule = client.refuses_in_place(fault, found);
        let own = rule.and_then(|rule| rule.moment);
        let (code, alert, close_code) = match (rule, client.reports_under(fault, scheme, Some(tls)))
        {
            (Some(rule), _) => (
                client.tells(rule.code.clone(), scheme),
                rule.alert.as_ref().map(|alert| *alert.get_ref()),
                client.refusal.close_code,
            ),
            (None, Some(rule)) => (rule.code.clone(), None, rule.close_code),
            (None, None) => (None, None, 1006),
        };
        Some(ExpectedRefusal {
            fault: Some(fault),
            code: self.code.clone().or(code),
            alert: self.alert.or(alert).map(|alert| (alert, client.moment(own, tls))),
            // A page waits for longer than we do, and is told nothing meanwhile.
            close_code: (scheme.is_websocket() && fault != Fault::TimedOut)
                .then(|| self.close_code.unwrap_or(close_code)),
        })
    }
}

/// What a subject says by itself, where the case does not say it: an alert that tells of a certificate is logged as
/// such, and a client that just goes, or goes with another alert, is logged as gone.
fn said_of(wanted: &Wanted, refusal: Option<&ExpectedRefusal>) -> ExpectedLog {
    let says = |fault, alert| ExpectedLog::Says { fault, alert, words: None };
    match (wanted.outcome, refusal) {
        (WantedOutcome::Connected | WantedOutcome::Exception(ExceptionOutcome::NotNeeded), _) => {
            ExpectedLog::Nothing
        }
        (WantedOutcome::Exception(_), _) => ExpectedLog::AnyRefusal,
        (WantedOutcome::Refused(Fault::TargetUnreachable), _) => {
            says(Fault::TargetUnreachable, None)
        }
        (_, Some(ExpectedRefusal { alert: Some((alert, _)), .. })) if alert.is_of_certificate() => {
            says(Fault::ClientRefusedCertificate, Some(*alert))
        }
        _ => says(Fault::ClientHungUp, None),
    }
}
