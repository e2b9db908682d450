//! Cases: small stories with the exact behaviour that is expected of every client.
//!
//! A case is one TOML file and its id is its path (`wiki/self-signed`); a file with a table of like
//! cases gives each of them a name after a dot (`names/wildcards.leftmost`). A case names faults; how
//! a client words a fault is in the client's profile, and nowhere else.

mod catalogue;
mod claim;
mod expectation;
mod format;
mod pattern;
mod suite;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;

pub use catalogue::{Incident, Shown};
pub use claim::{Claim, Holding, Judged, Says, Statement};
pub use expectation::{Expected, ExpectedLog, ExpectedRefusal, Wanted};
pub(crate) use pattern::Pattern;
pub use suite::{Suite, Vocabulary};

use crate::{
    certificate::{Delivery, Kind, Parameters, Shape},
    client::{Opener, PATIENCE, Scheme, Wish},
    data::Source,
    dialogue::{Dialogue, Renewal},
    host::Host,
    observation::TlsVersion,
    subject::SubjectOption,
};
use expectation::Expectations;

/// The name of the certificate that the subject begins with.
pub const MAIN: &str = "main";

/// How long a silent server is waited for.
const FOR_NOTHING: Duration = Duration::from_millis(500);

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path without `.toml`, and its name behind a dot where it is one of a table.
    pub id: String,
    /// What it shows, in a sentence.
    pub title: String,
    /// The rule, report or measurement behind it.
    pub why: Option<String>,
    /// The certificates of the story, by name.
    pub certificates: BTreeMap<String, CertificateNeed>,
    /// How the subject is started.
    pub subject: SubjectNeed,
    /// What its start must show.
    pub start: Start,
    /// The highest version of TLS that the clients offer here.
    pub tls_up_to: Option<TlsVersion>,
    /// What happens, in this order.
    pub steps: Vec<Step>,
    pub(crate) source: Source,
}

/// A certificate that a case needs.
#[derive(Clone, Debug)]
pub struct CertificateNeed {
    /// What is wrong with it.
    pub kind: Kind,
    /// The host it is for.
    pub host: Host,
    /// The certificate of this case whose key signs it, for [`Kind::IssuedBy`].
    pub signer: Option<String>,
    /// What is otherwise than the kind has it.
    pub parameters: Parameters,
    /// How its files are written.
    pub shape: Shape,
}

/// How a case wants its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectNeed {
    /// How it is told of its certificate.
    pub identity: Identity,
    /// What else it is asked for.
    pub options: Vec<SubjectOption>,
    /// What is behind it.
    pub target: Target,
    /// The certificate of the case that its `cafile` holds; the run's authority without.
    pub cafile: Option<String>,
    /// The certificate of the case that its `target-cafile` holds; the run's authority without.
    pub target_cafile: Option<String>,
    /// What its `target-name` says.
    pub target_name: Option<String>,
}

/// How a subject is told of its certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// `--cert FILE`, key and certificate in one file.
    #[default]
    Cert,
    /// `--cert FILE --key FILE`
    CertAndKey,
    /// Not at all: `self.pem` in its working directory.
    DefaultFile,
}

impl Identity {
    /// How the files are written for it.
    pub const fn delivery(self) -> Delivery {
        match self {
            Self::Cert | Self::DefaultFile => Delivery::OneFile,
            Self::CertAndKey => Delivery::TwoFiles,
        }
    }
}

/// What is behind the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A server that sends back what it gets.
    #[default]
    Echo,
    /// An address where nothing listens.
    Nobody,
    /// An echo over TLS, with the certificate `target` of the case.
    Tls,
    /// The same, which wants a certificate from its client.
    TlsAsking,
    /// A server that greets first, without TLS, as VNC servers do, and is then an echo.
    Vnc,
}

/// The name of the certificate that a target with TLS has.
pub const TARGET: &str = "target";

/// What a subject's start must show.
#[derive(Clone, Debug)]
pub struct Start {
    /// Whether it then serves.
    pub expect: StartOutcome,
    /// What it must have said; [`None`] where the case does not ask.
    pub log: Option<ExpectedLog>,
    /// What the wiki page says of it.
    pub claims: Vec<Statement>,
    pub(crate) line: usize,
}

/// How a start ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartOutcome {
    /// The subject listens.
    #[default]
    Serves,
    /// It ends by itself, saying why.
    Exits,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number, counted from 1.
    pub number: usize,
    /// What happens.
    pub action: Action,
    /// What the wiki page says of it.
    pub claims: Vec<Statement>,
    expectations: Option<Expectations>,
    /// What the subject must have said of a dialogue.
    pub(crate) said: Option<ExpectedLog>,
    pub(crate) line: usize,
}

/// What happens in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A page or its like opens a WebSocket, sends a payload and wants it back.
    Open(Visit, Opener),
    /// The user goes to a page, and does this on a warning.
    Browse(Visit, Option<Wish>),
    /// The user imports this certificate of the case as trusted.
    Import(String),
    /// The user removes it.
    Remove(String),
    /// The client is ended and started again.
    RestartClient,
    /// The subject is stopped and started on the same port with this certificate of the case.
    Serve(String),
    /// No client does anything: both ends of the subject are played, byte by byte.
    Play(Dialogue),
}

/// Where a client goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The scheme of the URL.
    pub scheme: Scheme,
    /// Its host.
    pub host: Host,
    /// Its port.
    pub port: Port,
    /// Its path.
    pub path: String,
}

/// What listens where a client comes: one of the case's subjects, or what else may be at a port that is dialled by
/// mistake, or in front of the right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Port {
    /// The first subject.
    #[default]
    Same,
    /// A second one with the same certificate and arguments.
    Other,
    /// Nothing.
    Closed,
    /// A VNC server (RFC 6143), which speaks first and goes when it is not answered by a VNC client.
    Vnc,
    /// A web server without TLS, which answers with 400 what is no HTTP, and with 404 what is.
    PlainWeb,
    /// What closes the connection after the client's first words.
    Closes,
    /// What resets it after them.
    Resets,
    /// What accepts a connection and never says anything.
    Silent,
    /// A web server, with the case's certificate for those who come over TLS, that has a page for every request.
    Page,
    /// The same, which forbids every request: 403.
    Forbids,
    /// The same, which knows no such path: 404.
    NotFound,
    /// The same, which answers an upgrade with 101 and not with what proves that it has read the request (RFC 6455
    /// section 4.1).
    WrongAccept,
    /// The same, which upgrades, and leaves at the first message without a close frame.
    Leaves,
}

impl Port {
    /// Whether one of the case's subjects listens there.
    pub const fn is_of_subject(self) -> bool {
        matches!(self, Self::Same | Self::Other)
    }
}

impl Case {
    /// The certificate that the subject begins with.
    pub fn main_certificate(&self) -> &CertificateNeed {
        // `format` puts it there.
        &self.certificates[MAIN]
    }

    /// The ports to which its clients go, each once.
    pub fn ports(&self) -> BTreeSet<Port> {
        let ports = self.steps.iter().filter_map(|step| match &step.action {
            Action::Open(visit, _) | Action::Browse(visit, _) => Some(visit.port),
            _ => None,
        });
        ports.collect()
    }

    /// How long a simulated client waits in it: where nothing will ever come, a moment is as good as ten seconds.
    pub(crate) fn patience(&self) -> Duration {
        if self.ports().contains(&Port::Silent) { FOR_NOTHING } else { PATIENCE }
    }

    /// Whether a client does something in it.
    pub fn has_clients(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Open(..) | Action::Browse(..)))
    }

    /// How the certificate is replaced while it is served, the first time.
    pub(crate) fn first_renewal(&self) -> Option<Renewal> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Play(dialogue) => dialogue.renewals().next(),
            _ => None,
        })
    }

    /// Whether some step is a dialogue.
    pub fn has_dialogue(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Play(_)))
    }

    /// The ids of the claims that it is evidence for.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().flat_map(|step| &step.claims);
        self.start.claims.iter().chain(steps).map(|statement| statement.claim.as_str())
    }

    /// Where it stands: the path of its file and a line in it.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.source.path().display())
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(visit, Opener::Page) => write!(f, "open {visit}"),
            Self::Open(visit, Opener::Worker) => write!(f, "open {visit} in a worker"),
            Self::Open(visit, Opener::PrivateWindow) => {
                write!(f, "open {visit} in a private window")
            }
            Self::Browse(visit, None) => write!(f, "browse {visit}"),
            Self::Browse(visit, Some(_)) => write!(f, "browse {visit} and accept the warning"),
            Self::Import(name) => write!(f, "import the certificate {name}"),
            Self::Remove(name) => write!(f, "remove the certificate {name}"),
            Self::RestartClient => f.write_str("restart the client"),
            Self::Serve(name) => write!(f, "serve the certificate {name}"),
            Self::Play(dialogue) => write!(f, "a dialogue of {} turns", dialogue.len()),
        }
    }
}

impl std::fmt::Display for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let port = match self.port {
            Port::Same => "",
            Port::Other => ":OTHER-PORT",
            Port::Closed => ":CLOSED-PORT",
            Port::Vnc => ":VNC-SERVER",
            Port::PlainWeb => ":PLAIN-WEB-SERVER",
            Port::Closes => ":CLOSING-SERVER",
            Port::Resets => ":RESETTING-SERVER",
            Port::Silent => ":SILENT-SERVER",
            Port::Page => ":WEB-SERVER",
            Port::Forbids => ":FORBIDDING-WEB-SERVER",
            Port::NotFound => ":OTHER-WEB-SERVER",
            Port::WrongAccept => ":CONFUSED-WEB-SERVER",
            Port::Leaves => ":LEAVING-WEBSOCKET-SERVER",
        };
        write!(f, "{}://{}{port}{}", self.scheme, self.host, self.path)
    }
}
