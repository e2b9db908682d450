//! How a client refuses a certificate, whatever is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    client::Scheme,
    observation::{Moment, TlsVersion},
};

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
    /// By what it knows that a server does not speak TLS.
    #[serde(default)]
    pub first_record: FirstRecord,
    /// What it does with a page whose certificate it refuses where it had a session to resume.
    #[serde(default)]
    pub with_session: WithSession,
    /// What it does with a WebSocket whose server asks it for a certificate of its own, of which it has none.
    #[serde(default)]
    pub asked: Asked,
}

/// What a client does with a WebSocket whose server asks it for a certificate, of which it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// It goes on without: whether that will do is for the server to say.
    #[default]
    GoesOn,
    /// It closes the connection, without an alert, whether the server would require one or not: there is no window to
    /// ask its user in.
    Closes,
}

/// By what a client knows that a server's first words are no record of TLS (RFC 8446 section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstRecord {
    /// By its type or its version.
    #[default]
    ByType,
    /// By its length, if that is too great; else it waits for all of the record.
    ByLength,
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
    pub(super) fn tell(self, code: Option<String>, scheme: Scheme) -> Option<String> {
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
