//! What a client minds, and its words for it.

use serde::Deserialize;
use toml::Spanned;

use super::Leaving;
use crate::{
    Alert, Fault,
    client::Scheme,
    observation::{Field, Finding, Moment, Position, TlsVersion},
};

/// Certificate faults that a client refuses, and its words for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Refuses {
    /// Which.
    pub faults: Vec<Spanned<Fault>>,
    /// In which fields of a certificate; in any if absent.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// In which certificates; in any if absent.
    #[serde(default)]
    pub certificates: Vec<Holder>,
    /// Only where one of these is found too; always if absent.
    #[serde(default)]
    pub beside: Vec<Fault>,
    /// Not where one of these is found too.
    #[serde(default)]
    pub unless: Vec<Fault>,
    /// Whether it looks at nothing else then, so that its error names nothing else.
    #[serde(default)]
    pub alone: bool,
    /// The client's own error code.
    pub code: Option<String>,
    /// The alert that it sends; none if it just leaves.
    pub alert: Option<Spanned<Alert>>,
    /// The versions of TLS under which it leaves without that alert.
    #[serde(default)]
    pub silent_under: Vec<TlsVersion>,
    /// Whether its warning page offers to go on; absent where the client has no such page.
    pub exception: Option<Offer>,
    /// When it says so, where that is another moment than for its other refusals.
    pub moment: Option<Moment>,
    /// How it then leaves, where that is another way than after its other refusals.
    pub leaves: Option<Leaving>,
    /// How many connections it makes before it gives up.
    #[serde(default = "once")]
    pub tries: u32,
}

/// Whose certificate a fault is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The server's own.
    Server,
    /// An authority's that the server sent.
    Sent,
    /// One that the client trusts.
    Trusted,
}

impl From<Position> for Holder {
    fn from(position: Position) -> Self {
        match position {
            Position::Server => Self::Server,
            Position::Sent(_) => Self::Sent,
            Position::Trusted => Self::Trusted,
        }
    }
}

impl Refuses {
    /// Whether it is about every certificate, field and company in which its faults are found.
    pub(super) fn is_general(&self) -> bool {
        self.fields.is_empty()
            && self.certificates.is_empty()
            && self.beside.is_empty()
            && self.unless.is_empty()
    }

    /// Whether it is about this finding, beside the others. One whose place nobody knows it is always about.
    pub(in crate::client) fn is_about(&self, finding: &Finding, all: &[&Finding]) -> bool {
        let is_here = finding.place.is_none_or(|place| {
            (self.fields.is_empty() || self.fields.contains(&place.field))
                && (self.certificates.is_empty()
                    || self.certificates.contains(&place.certificate.into()))
        });
        let is_beside =
            self.beside.is_empty() || all.iter().any(|other| self.beside.contains(&other.fault));
        let is_alone = !all.iter().any(|other| self.unless.contains(&other.fault));
        is_here && is_beside && is_alone
    }
}

/// Whether a warning page offers to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offer {
    /// There is a way on.
    Offered,
    /// There is none.
    Never,
}

/// A client's words for failures of the connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reports {
    /// Which.
    pub faults: Vec<Spanned<Fault>>,
    /// The client's own error code.
    pub code: Option<String>,
    /// The alert with which it answers a server that has closed the connection after its ClientHello, or that does not
    /// speak TLS; mostly none.
    pub alert: Option<Alert>,
    /// The code of the page's close event.
    pub close_code: u16,
    /// Where it has these words; everywhere if absent. The first rule that fits counts.
    #[serde(default = "everywhere")]
    pub schemes: Vec<Scheme>,
    /// Under which versions of TLS; under all if absent.
    pub tls: Option<Vec<TlsVersion>>,
    /// How many connections it makes before it gives up.
    #[serde(default = "once")]
    pub tries: u32,
}

pub(super) fn everywhere() -> Vec<Scheme> {
    vec![Scheme::Ws, Scheme::Wss, Scheme::Http, Scheme::Https]
}

impl Reports {
    /// Whether it is about that version of TLS; of no version, where none was agreed on, if it is about all.
    pub(super) fn is_under(&self, version: Option<TlsVersion>) -> bool {
        let Some(versions) = &self.tls else { return true };
        version.is_some_and(|version| versions.contains(&version))
    }
}

fn once() -> u32 {
    1
}
