//! A client as data: what it offers, what it refuses, and in which words.
//!
//! One TOML file a client, in `harness/clients/`. Adding a browser is adding a file.

use std::{collections::BTreeMap, path::Path};

use rustls::SupportedProtocolVersion;
use serde::Deserialize;
use toml::Spanned;

use super::{OnWarning, Opener, Scheme, Trouble};
use crate::{
    Alert, Fault,
    data::{DataError, Source},
    fault::Area,
    inspect::{KeyAlgorithm, LastSecond, Limits},
    observation::{Field, Finding, Moment, Position, TlsVersion},
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
    #[serde(default = "everywhere")]
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

/// How a client refuses a certificate, whatever is wrong with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manner {
    /// When it says so, by TLS version. A client that judges late lets the server finish the handshake.
    pub moment: BTreeMap<TlsVersion, Moment>,
    /// How it then leaves.
    pub leaves: Leaving,
    /// The code of the page's close event.
    pub close_code: u16,
    /// Whether its error names the first fault only, or all of them.
    pub names: Naming,
    /// Which ways to an anchor it tries.
    #[serde(default)]
    pub paths: Search,
    /// For which connections it tells an error code at all.
    #[serde(default)]
    pub tells: Tells,
    /// What it does with a page whose certificate it refuses where it had a session to resume.
    #[serde(default)]
    pub with_session: WithSession,
}

/// What a client does with a page whose certificate it refuses where it had a session to resume, from a
/// certificate of before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithSession {
    /// As without.
    #[default]
    RefusesOnce,
    /// It drops the session, connects again without, and refuses again.
    RefusesTwice,
}

/// For which connections a client tells an error code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tells {
    /// All of them.
    #[default]
    Everywhere,
    /// Pages only: a WebSocket just fails.
    PagesOnly,
}

impl Tells {
    /// The code, where it is told.
    fn tell(self, code: Option<String>, scheme: Scheme) -> Option<String> {
        match self {
            Self::PagesOnly if scheme.is_websocket() => None,
            _ => code,
        }
    }
}

/// How a client ends a connection that it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// FIN
    Closes,
    /// close_notify (RFC 8446 section 6.1), and then FIN: only after the handshake, and without another alert.
    Notifies,
    /// RST
    Resets,
    /// It closes without having read what came behind the certificate. Where something came, in a record of
    /// its own, the system resets the connection (RFC 1122 section 4.2.2.13), and else it is closed.
    ClosesUnread,
}

/// Which ways to an anchor a client tries, where there are several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Search {
    /// All, until one is good. Where none is, it tells what is wrong on the first.
    #[default]
    All,
    /// All, until one is good. Where none is, it tells what is wrong on each, if that is the same, and else that
    /// it knows no issuer (mozilla::pkix, pkixbuild.cpp, `PathBuildingStep::RecordResult`).
    AllAndAgreed,
    /// The first that it can put together.
    First,
    /// The same, of certificates that are valid today where there are such (OpenSSL, `get0_best_issuer_sk`).
    FirstCurrent,
}

/// How many faults a client's error names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// Only the first of its list.
    First,
    /// The codes of all that it looks at, joined by `+`. It looks from the top down: below an issuer that is not
    /// trusted it looks at nothing but the name (GnuTLS, `_gnutls_verify_crt_status`; measured).
    AllFromTheTop,
}

/// How a client keeps exceptions.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exceptions {
    /// For which server an exception holds.
    pub scope: Scope,
    /// What it keeps when a second one is made for the same scope.
    pub keeps: Keeps,
    /// Whether an exception made while browsing opens `wss` too.
    pub hold_for: HoldFor,
    /// How long a permanent one lasts.
    pub permanent: Lasts,
    /// How long a temporary one lasts.
    pub temporary: Lasts,
    /// How a connection to an accepted certificate begins.
    #[serde(default)]
    pub applied: Applied,
    /// Whether private windows know of it; absent where that is not known.
    pub private_windows: Option<PrivateWindows>,
}

/// What a private window makes of exceptions that were made in normal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivateWindows {
    /// They hold there too.
    Know,
    /// They do not hold there.
    DoNotKnow,
}

/// How a connection to an accepted certificate begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// As any other.
    #[default]
    AtOnce,
    /// With a connection that is refused as if there were no exception; a second one then goes through.
    AfterARefusal,
}

/// For which server an exception holds; it is always for one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The host, on any port.
    Host,
    /// The host and port.
    HostAndPort,
}

/// What happens to an exception when another certificate is accepted for the same server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// All stand side by side.
    All,
    /// The new one takes the old one's place.
    Latest,
}

/// For which connections an exception holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldFor {
    /// Pages and WebSockets.
    HttpsAndWss,
    /// Pages only: a WebSocket is refused all the same.
    HttpsOnly,
}

/// How long an exception lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lasts {
    /// Until the client is restarted.
    UntilRestart,
    /// Over a restart.
    ForGood,
}

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
    fn is_general(&self) -> bool {
        self.fields.is_empty()
            && self.certificates.is_empty()
            && self.beside.is_empty()
            && self.unless.is_empty()
    }

    /// Whether it is about this finding, beside the others. One whose place nobody knows it is always about.
    pub(super) fn is_about(&self, finding: &Finding, all: &[&Finding]) -> bool {
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
    /// The alert with which it answers a server that has closed the connection after its ClientHello; mostly none.
    pub alert: Option<Alert>,
    /// The code of the page's close event.
    pub close_code: u16,
    /// Where it has these words; everywhere if absent. The first rule that fits counts.
    #[serde(default = "everywhere")]
    pub schemes: Vec<Scheme>,
    /// How many connections it makes before it gives up.
    #[serde(default = "once")]
    pub tries: u32,
}

fn everywhere() -> Vec<Scheme> {
    vec![Scheme::Ws, Scheme::Wss, Scheme::Http, Scheme::Https]
}

fn once() -> u32 {
    1
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

    fn check(&self, source: &Source) -> Result<(), DataError> {
        if self.hello.tls.is_empty() {
            return Err(source.error(0..0, "`hello.tls` offers no version of TLS"));
        }
        if let Some(version) = self.hello.tls.iter().find(|v| !self.refusal.moment.contains_key(v))
        {
            return Err(source.error(
                0..0,
                format!(
                    "`refusal.moment` does not say when this client refuses under TLS {version}"
                ),
            ));
        }
        // A particular rule stands before the general one; where it is written is its precedence.
        let general = self.refuses.iter().filter(|rule| rule.is_general());
        for fault in
            self.refuses.iter().filter(|rule| !rule.is_general()).flat_map(|rule| &rule.faults)
        {
            if fault.get_ref().area() != Area::Certificate {
                let message = format!("`{}` is no certificate fault", fault.get_ref());
                return Err(source.error(fault.span(), message));
            }
        }
        let refused = general.flat_map(|rule| &rule.faults);
        let reported = self.reports.iter().flat_map(|rule| {
            rule.schemes.iter().flat_map(|scheme| rule.faults.iter().map(|fault| (fault, *scheme)))
        });
        let listed = refused
            .map(|fault| (fault, Area::Certificate, None))
            .chain(reported.map(|(fault, scheme)| (fault, Area::Connection, Some(scheme))));
        let mut seen = Vec::new();
        for (fault, area, scheme) in listed {
            let (span, fault) = (fault.span(), *fault.get_ref());
            if fault.area() != area {
                let message = format!(
                    "`{fault}` is a {} fault, and this list is for {area} faults",
                    fault.area()
                );
                return Err(source.error(span, message));
            }
            if seen.contains(&(fault, scheme)) {
                return Err(source.error(span, format!("`{fault}` is listed twice")));
            }
            seen.push((fault, scheme));
        }
        self.refuses.iter().try_for_each(|rule| self.check_rule(rule, source))
    }

    fn check_rule(&self, rule: &Refuses, source: &Source) -> Result<(), DataError> {
        let place = rule.faults.first().map_or(0..0, Spanned::span);
        match (&self.exceptions, rule.exception) {
            (Some(_), None) => {
                let message = "`exception` does not say whether the warning page offers to go on";
                return Err(source.error(place, message));
            }
            (None, Some(_)) => {
                let message = "this client has no `[exceptions]`, so no warning page to go on from";
                return Err(source.error(place, message));
            }
            _ => {}
        }
        let during = self
            .hello
            .tls
            .iter()
            .any(|version| self.moment(rule.moment, *version) == Moment::DuringHandshake);
        if rule.leaves.unwrap_or(self.refusal.leaves) == Leaving::Notifies
            && (during || rule.alert.is_some())
        {
            let message = "close_notify is for a refusal after the handshake and without an alert";
            return Err(source.error(place, message));
        }
        match &rule.alert {
            Some(alert) if during && super::verifier::error_for(*alert.get_ref()).is_none() => {
                Err(source
                    .error(alert.span(), format!("a simulated client cannot send {}", alert.get_ref()))
                    .hint("during the handshake: handshake_failure, bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, illegal_parameter, unknown_ca, access_denied, decrypt_error"))
            }
            _ => Ok(()),
        }
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
        self.reports.iter().find(|rule| {
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
