//! A client as data: what it offers, what it refuses, and in which words.
//!
//! One TOML file a client, in `harness/clients/`. Adding a browser is adding a file.

mod check;
mod exceptions;
mod manner;
mod words;

use std::path::Path;

use rustls::SupportedProtocolVersion;
use serde::Deserialize;

pub use exceptions::{
    Applied, Exceptions, HoldFor, Keeps, Lasts, PrivateWindows, Scope, TrailingDot,
};
pub use manner::{Asked, FirstRecord, Leaving, Manner, Naming, Search, Tells, WithSession};
pub use words::{Holder, Offer, Refuses, Reports};

use super::{OnWarning, Opener, Scheme, Trouble};
use crate::{
    Fault,
    data::{DataError, Source},
    inspect::{KeyAlgorithm, LastSecond, Limits},
    observation::{Finding, Moment, TlsVersion},
};

/// A client's rules and words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The name in cases and on the command line.
    pub name: String,
    /// The name for people, with the version.
    pub title: String,
    /// Whose expectations in the cases hold for this client where they do not name it.
    pub family: Option<String>,
    /// Of which time it is.
    pub era: Era,
    /// What sort of client it is.
    #[serde(default)]
    pub kind: Sort,
    /// Which URLs it opens; all if absent.
    #[serde(default = "words::everywhere")]
    pub speaks: Vec<Scheme>,
    /// Where its rules come from.
    pub provenance: Provenance,
    /// What it offers.
    pub hello: Hello,
    /// How it refuses.
    pub refusal: Manner,
    /// How it keeps exceptions; [`None`] for a client without a warning page on which one could be made.
    pub exceptions: Option<Exceptions>,
    /// What it can and allows, where that decides what it minds.
    #[serde(default)]
    pub limits: Abilities,
    /// The certificate faults that it refuses. Where there are several, it reports the first of this list.
    pub refuses: Vec<Refuses>,
    /// Its words for failures of the connection.
    #[serde(default)]
    pub reports: Vec<Reports>,
}

/// What a client can and allows.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Abilities {
    /// How many days a certificate may be valid; no limit if absent.
    pub validity_days: u32,
    /// The most certificates that it takes in one message; no limit if absent.
    pub most_certificates: usize,
    /// The keys that it takes from a server, in the signature algorithms of its ClientHello.
    pub server_keys: Vec<KeyAlgorithm>,
    /// The keys whose signatures on certificates it can check.
    pub issuer_keys: Vec<KeyAlgorithm>,
    /// What the last second of a certificate's validity is for it.
    pub last_second: LastSecond,
}

impl Default for Abilities {
    fn default() -> Self {
        Self {
            validity_days: u32::MAX,
            most_certificates: usize::MAX,
            server_keys: KeyAlgorithm::CURRENT.to_vec(),
            issuer_keys: KeyAlgorithm::CURRENT.to_vec(),
            last_second: LastSecond::default(),
        }
    }
}

impl Abilities {
    /// What decides what is a fault at all for this client.
    pub fn limits(&self) -> Limits<'_> {
        Limits {
            longest_validity_days: self.validity_days,
            most_certificates: self.most_certificates,
            server_keys: &self.server_keys,
            issuer_keys: &self.issuer_keys,
            last_second: self.last_second,
        }
    }
}

/// What sort of client it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// What a user sees a page in. The wiki page speaks of browsers.
    #[default]
    Browser,
    /// What an operator or a program connects with.
    Tool,
}

/// Of which time a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Era {
    /// In use now.
    Today,
    /// Of 2012, when the wiki page was written.
    Wiki,
}

/// Where a profile's rules come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// Measured with the real client: its version, and how.
    Measured(String),
    /// Read in the named sources; no such client was at hand.
    Documented(String),
}

/// What a client offers in its ClientHello.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hello {
    /// TLS versions.
    pub tls: Vec<TlsVersion>,
    /// Application protocols (ALPN) on `wss`.
    #[serde(default)]
    pub alpn_wss: Vec<String>,
    /// Application protocols (ALPN) on `https`.
    #[serde(default)]
    pub alpn_https: Vec<String>,
}

impl Profile {
    /// Reads a client's file.
    ///
    /// # Errors
    /// The first thing in the file that is not as it must be, with its place.
    pub fn read(source: &Source) -> Result<Self, DataError> {
        let profile: Self = source.parse()?;
        profile.check(source)?;
        Ok(profile)
    }

    /// Reads a client's file from a path.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        Self::read(&Source::read(path)?)
    }

    /// The words for a certificate fault, as if it were the only one: those that it has wherever the fault is, and
    /// else the first for some places.
    pub fn refuses(&self, fault: Fault) -> Option<&Refuses> {
        let mut of_it = self
            .refuses
            .iter()
            .filter(|rule| rule.faults.iter().any(|listed| *listed.get_ref() == fault));
        of_it.clone().find(|rule| rule.is_general()).or_else(|| of_it.next())
    }

    /// The words for a certificate fault, as it was found among these; as if it were the only one where it was not.
    pub fn refuses_in_place(&self, fault: Fault, found: &[Finding]) -> Option<&Refuses> {
        let all: Vec<&Finding> = found.iter().collect();
        let mut of_it = all.iter().filter(|finding| finding.fault == fault).peekable();
        if of_it.peek().is_none() {
            return self.refuses(fault);
        }
        self.refuses.iter().find(|rule| {
            rule.faults.iter().any(|listed| *listed.get_ref() == fault)
                && of_it.clone().any(|finding| rule.is_about(finding, &all))
        })
    }

    /// The words for a failure of a connection to such a URL.
    pub fn reports(&self, fault: Fault, scheme: Scheme) -> Option<&Reports> {
        self.reports_under(fault, scheme, None)
    }

    /// The same, where that version of TLS was agreed on.
    pub fn reports_under(
        &self,
        fault: Fault,
        scheme: Scheme,
        version: Option<TlsVersion>,
    ) -> Option<&Reports> {
        self.all_reports(fault, scheme).find(|rule| rule.is_under(version))
    }

    /// All rules for it, whatever version of TLS was agreed on.
    pub(super) fn all_reports(
        &self,
        fault: Fault,
        scheme: Scheme,
    ) -> impl Iterator<Item = &Reports> {
        self.reports.iter().filter(move |rule| {
            rule.schemes.contains(&scheme)
                && rule.faults.iter().any(|listed| *listed.get_ref() == fault)
        })
    }

    /// The code that it tells of a refused certificate at such a URL.
    pub fn tells(&self, code: Option<String>, scheme: Scheme) -> Option<String> {
        self.refusal.tells.tell(code, scheme)
    }

    /// When it refuses under that version of TLS, `own` being what the rule itself says of it.
    pub fn moment(&self, own: Option<Moment>, version: TlsVersion) -> Moment {
        own.or(self.refusal.moment.get(&version).copied()).unwrap_or(Moment::DuringHandshake)
    }

    /// What keeps it from opening such a URL, or from accepting a certificate; [`None`] if nothing does.
    pub(super) fn cannot(&self, scheme: Scheme, warning: OnWarning) -> Option<Trouble> {
        let title = &self.title;
        if !self.speaks.contains(&scheme) {
            return Some(Trouble::Cannot(format!("{title} does not speak {scheme}://")));
        }
        match (warning, &self.exceptions) {
            (OnWarning::Accept(_), None) => Some(Trouble::Cannot(format!(
                "{title} has no warning page on which a certificate could be accepted"
            ))),
            _ => None,
        }
    }

    /// Why it opens no WebSocket there, if so.
    pub(super) fn cannot_open_in(&self, opener: Opener) -> Option<Trouble> {
        let title = &self.title;
        let knows = self.exceptions.is_some_and(|rules| rules.private_windows.is_some());
        match (opener, self.kind) {
            (Opener::Page, _) | (Opener::Worker, Sort::Browser) => None,
            (Opener::PrivateWindow, Sort::Browser) if knows => None,
            (Opener::PrivateWindow, Sort::Browser) => Some(Trouble::Cannot(format!(
                "what {title} does in a private window is not known here"
            ))),
            (Opener::Worker | Opener::PrivateWindow, Sort::Tool) => {
                Some(Trouble::Cannot(format!("{title} has no workers and no windows")))
            }
        }
    }

    /// The highest version of TLS that it offers.
    pub fn highest_tls(&self) -> TlsVersion {
        self.hello.tls.iter().copied().max().unwrap_or(TlsVersion::Tls13)
    }

    /// The client names under which a case may speak of this client, the most exact first.
    pub fn known_as(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.family.as_deref())
    }
}

/// The version in rustls' own terms.
pub(super) fn supported(version: TlsVersion) -> &'static SupportedProtocolVersion {
    match version {
        TlsVersion::Tls12 => &rustls::version::TLS12,
        TlsVersion::Tls13 => &rustls::version::TLS13,
    }
}
