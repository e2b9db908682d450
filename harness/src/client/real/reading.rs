//! From what a browser told and what its witness saw to an observation.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;

use crate::{
    Fault,
    client::{
        Clock, Destination, Echo, Payload, Profile, Verdict,
        exchange::Spoken,
        failure,
        profile::{Asked, Naming},
    },
    fault::Area,
    inspect::inspect,
    observation::{
        Answer, Close, Ending, ExceptionOutcome, Finding, Observation, Outcome, Page, PageEvent,
        Party, Refusal, Sight, Step, Timing,
    },
    witness::{Foreign, UnreadReason, Witnessed},
};

/// What the page told of its WebSocket.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    events: Vec<PageEvent>,
    close: Option<Close>,
    /// What came back, in base64.
    came: Option<String>,
    /// The exception that the constructor threw.
    threw: Option<String>,
    /// Nothing happened in time.
    late: bool,
}

impl Told {
    /// Whether the upgrade was done.
    pub(super) fn is_open(&self) -> bool {
        self.events.contains(&PageEvent::Open)
    }

    fn echo(&self, payload: &Payload) -> Option<Echo> {
        let (Payload::MustReturn(sent) | Payload::MayReturn(sent)) = payload else { return None };
        if !self.is_open() {
            return None;
        }
        let came = self.came.as_ref().and_then(|text| STANDARD.decode(text).ok());
        Some(match came {
            None => Echo::Nothing,
            Some(came) if came == *sent => Echo::Same,
            Some(_) => Echo::Different,
        })
    }
}

/// What has come of going to a page, as the browser tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    ThePage,
    Nothing,
}

/// What there is to read an attempt from.
pub(super) struct Evidence<'a> {
    pub profile: &'a Profile,
    pub to: &'a Destination,
    pub anchors: &'a [CertificateDer<'static>],
    pub clock: Clock,
    /// What can be seen of this client, if the wire can be read.
    pub sees: Sight,
    /// The connections of the attempt, in their order.
    pub connections: Vec<Witnessed>,
    /// The client's own error code.
    pub code: Option<String>,
    pub took: Duration,
}

impl Evidence<'_> {
    /// A WebSocket.
    pub(super) fn of_socket(self, told: Told, payload: &Payload) -> Observation {
        let echo = told.echo(payload);
        let page = Page { events: told.events.clone(), close: told.close.clone() };
        let refusal = self.socket_refusal(&told, echo.as_ref());
        let echo = if refusal.is_some() { None } else { echo };
        self.observation(refusal, Some(page), echo, None)
    }

    /// A WebSocket that we spoke ourselves, through a tool's TLS.
    pub(super) fn of_spoken(self, spoken: Spoken) -> Observation {
        let Spoken { mut events, mut close, end } = spoken;
        let (refusal, echo) = match end {
            Ok(echo) => (None, echo),
            Err(error) => {
                let was_open = events.contains(&PageEvent::Open);
                let step = if was_open { Step::WebSocket } else { Step::Http };
                let failure = failure::speech(step, error);
                let refusal = match failure.fault {
                    // We have read these, and the tool has no word for them.
                    Fault::UpgradeRefused | Fault::TimedOut => after_its_tls(failure),
                    _ if was_open => after_its_tls(failure),
                    _ => self.refusal(),
                };
                (Some(refusal), None)
            }
        };
        let unclosed = [Fault::PayloadDamaged, Fault::TimedOut];
        let ended = refusal.as_ref().is_some_and(|one| !unclosed.contains(&one.fault));
        if ended && close.is_none() {
            // What a page would see: RFC 6455 section 7.1.5, no close frame was received.
            if !events.contains(&PageEvent::Open) {
                events.push(PageEvent::Error);
            }
            events.push(PageEvent::Close);
            close = Some(Close { code: 1006, reason: String::new(), clean: false });
        }
        self.observation(refusal, Some(Page { events, close }), echo, None)
    }

    /// A page.
    pub(super) fn of_page(self, came: Came, exception: Option<ExceptionOutcome>) -> Observation {
        let refusal = match (self.answer(), self.sight(), came) {
            // Whatever its status, an answer is an answer.
            (Some(_), ..) | (None, Sight::Outside, Came::ThePage) => None,
            (None, ..) => Some(self.refusal()),
        };
        self.observation(refusal, None, None, exception)
    }

    fn observation(
        self,
        refusal: Option<Refusal>,
        page: Option<Page>,
        echo: Option<Echo>,
        exception: Option<ExceptionOutcome>,
    ) -> Observation {
        let decisive = self.decisive();
        Observation {
            sight: self.sight(),
            outcome: refusal.map_or(Outcome::Connected, Outcome::Refused),
            page,
            answer: self.answer().cloned(),
            echo,
            exception,
            alerts: self.connections.iter().flat_map(|one| one.alerts.clone()).collect(),
            tls: decisive.and_then(|connection| connection.handshake.clone()),
            offered: decisive.and_then(|connection| connection.offered.clone()),
            found: self.found(),
            connections: u32::try_from(self.connections.len()).unwrap_or(u32::MAX),
            timing: Timing { total_ms: Timing::milliseconds(self.took), ..Timing::default() },
        }
    }

    /// What could be seen. A client of this machine gives its secrets away, so that what is not read of its
    /// connections is an exception; of another nothing is read that is encrypted.
    fn sight(&self) -> Sight {
        let is_sealed = |one: &Witnessed| {
            one.unread.iter().any(|unread| unread.reason == UnreadReason::NoSecrets)
        };
        match self.sees {
            Sight::NoCode if self.connections.iter().any(is_sealed) => Sight::Outside,
            sees => sees,
        }
    }

    /// The connection that tells most: the first that was answered, else the last.
    fn decisive(&self) -> Option<&Witnessed> {
        let answered = self.connections.iter().find(|one| !one.answers.is_empty());
        answered.or(self.connections.last())
    }

    fn answer(&self) -> Option<&Answer> {
        self.decisive().and_then(|connection| connection.answers.first())
    }

    fn found(&self) -> Vec<Finding> {
        self.expected().map_or_else(Vec::new, |verdict| verdict.found)
    }

    /// What its profile makes of the chain that it was sent.
    fn expected(&self) -> Option<Verdict> {
        let connection = self.connections.iter().rev().find(|one| !one.chain.is_empty())?;
        let question = self.profile.question(&self.to.host, self.anchors, self.clock.now());
        Some(self.profile.judge(&inspect(&connection.chain, &question)))
    }

    fn socket_refusal(&self, told: &Told, echo: Option<&Echo>) -> Option<Refusal> {
        let mut refusal = self.refusal();
        if let Some(threw) = &told.threw {
            refusal.by = Party::Client;
            refusal.step = Step::Tcp;
            refusal.detail.clone_from(threw);
            return Some(refusal);
        }
        if !told.is_open() {
            if told.late {
                refusal.by = Party::Server;
                refusal.fault = Fault::TimedOut;
                refusal.ending = Ending::Abandoned;
            }
            return Some(refusal);
        }
        refusal.step = Step::WebSocket;
        refusal.by = Party::Server;
        refusal.code = None;
        let close = told.close.as_ref();
        match (close, echo) {
            (Some(close), _) if close.code == 1011 => {
                refusal.fault = Fault::TargetUnreachable;
                refusal.detail =
                    format!("the server closed with {} {:?}", close.code, close.reason);
            }
            (_, Some(Echo::Different)) => {
                refusal.fault = Fault::PayloadDamaged;
                refusal.detail = "other bytes came back than were sent".to_owned();
            }
            (_, Some(Echo::Nothing)) if told.late => {
                refusal.fault = Fault::TimedOut;
                refusal.ending = Ending::Abandoned;
                refusal.detail = "the payload did not come back in time".to_owned();
            }
            (Some(close), Some(Echo::Nothing)) => {
                refusal.fault = Fault::ConnectionClosed;
                refusal.detail =
                    format!("the server closed with {} {:?}", close.code, close.reason);
            }
            _ => return None,
        }
        Some(refusal)
    }

    /// How the connection was refused, whoever did it.
    fn refusal(&self) -> Refusal {
        let last = self.decisive();
        let wire = last.map_or_else(Wire::nothing, Wire::of);
        let fault = self.fault(&wire);
        let (by, step) = match fault.area() {
            Area::Certificate => (Party::Client, Step::Tls),
            // It has waited for more of what was no TLS.
            _ if fault == Fault::ConnectionClosed => (Party::Server, wire.step),
            _ => (wire.by, wire.step),
        };
        let said = self.code.as_deref().unwrap_or("no code");
        let found: Vec<&str> = self.found().iter().map(|finding| finding.fault.name()).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
        Refusal {
            by,
            step,
            fault,
            code: self.code.clone(),
            alert: wire.alert,
            ending: wire.ending,
            detail: match self.sight() {
                Sight::Outside => format!(
                    "the client says {said}; what is encrypted is not read, for it gives its secrets to nobody"
                ),
                _ => format!("the client says {said}; in the chain there is {found}"),
            },
        }
    }

    /// Which fault it named: what its code stands for, and among several of those the one that its profile would name
    /// here, or else one that is there.
    fn fault(&self, wire: &Wire) -> Fault {
        let found = self.found();
        let is_there = |fault: &Fault| found.iter().any(|finding| finding.fault == *fault);
        let candidates = |named: Vec<Fault>| {
            named.iter().copied().find(|fault| is_there(fault)).or(named.first().copied())
        };
        if let Some(code) = &self.code {
            let mut reported = self.profile.all_reports(wire.fault, self.to.scheme);
            if reported.any(|rule| rule.code.as_ref() == Some(code)) {
                return wire.fault;
            }
            let expected = self.expected().and_then(|verdict| verdict.refused);
            if let Some(judgement) = expected.filter(|judgement| judgement.code == self.code) {
                return judgement.fault;
            }
            let refuses = self.profile.refuses.iter().filter(|rule| match &rule.code {
                Some(own) if self.profile.refusal.names == Naming::AllFromTheTop => {
                    code.split('+').any(|one| one == own)
                }
                own => own.as_ref() == Some(code),
            });
            let named = refuses.flat_map(|rule| &rule.faults).map(|fault| *fault.get_ref());
            if let Some(fault) = candidates(named.collect()) {
                return fault;
            }
            let reports =
                self.profile.reports.iter().filter(|rule| rule.code.as_ref() == Some(code));
            let named: Vec<Fault> =
                reports.flat_map(|rule| &rule.faults).map(|fault| *fault.get_ref()).collect();
            if !named.is_empty() {
                return if named.contains(&wire.fault) { wire.fault } else { named[0] };
            }
        }
        if wire.fault == Fault::ClientRefusedCertificate {
            // It tells nobody why: what its profile would mind first.
            let found: Vec<&Finding> = found.iter().collect();
            // Where it minds nothing, it leaves because it was asked for a certificate of its own, if it ever does so.
            let leaves_when_asked =
                self.to.scheme.is_websocket() && self.profile.refusal.asked == Asked::Closes;
            return match self.profile.refusal_of(&found) {
                Some(judgement) => judgement.fault,
                None if leaves_when_asked => Fault::ClientCertificateRequired,
                None => wire.fault,
            };
        }
        wire.fault
    }
}

/// What we have read ourselves, through a tool whose part was over then: there is no code of its own.
fn after_its_tls(failure: failure::Failure) -> Refusal {
    let failure::Failure { by, step, fault, alert, ending, detail, .. } = failure;
    Refusal { by, step, fault, code: None, alert, ending, detail }
}

/// What the wire alone shows of a refusal.
struct Wire {
    by: Party,
    step: Step,
    fault: Fault,
    alert: Option<crate::observation::AlertSeen>,
    ending: Ending,
}

impl Wire {
    fn nothing() -> Self {
        Self {
            by: Party::Server,
            step: Step::Tcp,
            fault: Fault::ConnectionRefused,
            alert: None,
            ending: Ending::NotConnected,
        }
    }

    fn of(connection: &Witnessed) -> Self {
        let first = connection.ends.first();
        let (ended_by, ending) =
            first.map_or((Party::Client, Ending::Abandoned), |end| (end.by, end.how));
        let sent_by = |party| connection.alerts.iter().find(|seen| seen.sent_by == party).copied();
        let step = match (&connection.answers.first(), &connection.offered) {
            (None, Some(_)) => Step::Tls,
            _ => Step::Http,
        };
        let of_server = |fault, alert| Self { by: Party::Server, step, fault, alert, ending };
        if let Some(foreign) = connection.foreign {
            let alert = sent_by(Party::Client);
            return match foreign {
                Foreign::NotTls => Self { by: Party::Client, ..of_server(Fault::NotTls, alert) },
                Foreign::NotHttp => of_server(Fault::NotHttp, alert),
            };
        }
        if let Some(alert) = sent_by(Party::Client) {
            let answered = connection.handshake.as_ref().is_some_and(|one| one.version.is_some());
            if ended_by == Party::Server && !answered {
                // It complains of the end, and not of a certificate that never came.
                return of_server(Fault::ConnectionClosed, Some(alert));
            }
            let fault = Fault::ClientRefusedCertificate;
            // A server that has read the alert may be the first to close.
            let ending = connection.ended_by(Party::Client).unwrap_or(ending);
            return Self { by: Party::Client, step, fault, alert: Some(alert), ending };
        }
        if let Some(alert) = sent_by(Party::Server) {
            let agreed = connection.handshake.as_ref().and_then(|handshake| handshake.version);
            return of_server(failure::fault_of_alert(alert.alert, agreed), Some(alert));
        }
        match (connection.answers.first(), ended_by, ending) {
            (Some(_), _, _) => of_server(Fault::UpgradeRefused, None),
            (None, Party::Server, Ending::Reset) => of_server(Fault::ConnectionReset, None),
            (None, Party::Server, _) => of_server(Fault::ConnectionClosed, None),
            (None, Party::Client, _) => Self {
                by: Party::Client,
                step,
                fault: Fault::ClientRefusedCertificate,
                alert: None,
                ending,
            },
        }
    }
}
