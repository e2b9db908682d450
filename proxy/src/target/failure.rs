//! Why a target could not be reached, or was lost: who refused whom, in which words.

use std::fmt;
use std::io;

use rustls::{CertificateError, Error};
use rustls_pki_types::CertificateDer;

use super::AskedUs;
use super::pin::{KeyPin, OtherKey};
use crate::authorities::AuthoritiesOrigin;
use crate::event::cause;
use crate::tls::{Alert, CertificateProblem, ShownCertificate, SilentEnd};

/// Why a target could not be reached.
#[derive(Debug)]
#[non_exhaustive]
pub enum TargetError {
    /// No TCP connection, or none to the Unix socket.
    Connect(io::Error),
    /// We refused its certificate.
    Certificate(Box<TargetCertificateRefusal>),
    /// Its certificate may be good, and we refused its key.
    Key(Box<TargetKeyRefusal>),
    /// It does not speak TLS.
    NotTls(NotTls),
    /// It sent an alert.
    Alert(Alert, AskedUs),
    /// It left during the handshake and told no reason.
    Silent(SilentEnd),
    /// The handshake was not done in time.
    HandshakeTimeout,
    /// Its host is neither a name nor an address that a certificate could have.
    NotAName(String),
    /// We could not go on with what it sent.
    Protocol(Error),
    /// The connection failed during the handshake.
    Failed(io::Error),
}

/// A target whose certificate we do not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetCertificateRefusal {
    /// What is wrong with it.
    pub problem: CertificateProblem,
    /// Whose it is.
    pub shown: ShownCertificate,
    /// By which authorities it has to be issued.
    pub authorities: Option<AuthoritiesOrigin>,
}

/// A target whose key is not pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetKeyRefusal {
    /// The key that it has; `None` if its certificate cannot be read.
    pub key: Option<KeyPin>,
    /// Whose certificate it is.
    pub shown: ShownCertificate,
}

impl fmt::Display for TargetKeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "we refused the target's key ({}): ", self.shown)?;
        match self.key {
            Some(key) => write!(
                f,
                "it is {key}, which no --ssl-target-pin names; if the target was given a new key, pin that one, and if not, \
                 somebody else answers in its place"
            ),
            None => f.write_str("its certificate cannot be read"),
        }
    }
}

/// How a target begins that does not speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotTls {
    /// With the banner of a VNC server (RFC 6143 section 7.1.1).
    Rfb(String),
    /// With an HTTP response.
    Http(String),
    /// With something else.
    Other(String),
}

impl NotTls {
    /// Reads first bytes; `None` if they are a TLS record's.
    fn of(first: &[u8]) -> Option<Self> {
        if matches!(first, [] | [20..=23, 3, ..] | [20..=23]) {
            return None;
        }
        let text = String::from_utf8_lossy(first).trim_end().escape_debug().to_string();
        Some(match first {
            [b'R', b'F', b'B', b' ', b'0', b'0', b'3', b'.', ..] => Self::Rfb(text),
            [b'H', b'T', b'T', b'P', b'/', ..] => Self::Http(text),
            _ => Self::Other(text),
        })
    }
}

/// The rustls error in an I/O error.
fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

impl TargetError {
    /// What an error of the handshake means, with the target's first bytes and its certificates.
    pub(super) fn of_handshake(
        error: io::Error,
        first: &[u8],
        chain: &[CertificateDer<'_>],
        authorities: Option<&AuthoritiesOrigin>,
        asked: AskedUs,
    ) -> Self {
        if let Some(other) = NotTls::of(first) {
            return Self::NotTls(other);
        }
        match (tls_error(&error), chain.first()) {
            (Some(Error::InvalidCertificate(CertificateError::Other(other))), Some(leaf))
                if other.0.is::<OtherKey>() =>
            {
                Self::Key(Box::new(TargetKeyRefusal {
                    key: KeyPin::of(leaf),
                    shown: ShownCertificate::of(leaf),
                }))
            }
            (Some(Error::InvalidCertificate(error)), Some(leaf)) => {
                Self::Certificate(Box::new(TargetCertificateRefusal {
                    problem: CertificateProblem::of(error, chain),
                    shown: ShownCertificate::of(leaf),
                    authorities: authorities.cloned(),
                }))
            }
            (Some(Error::AlertReceived(alert)), _) => Self::Alert(Alert::from(*alert), asked),
            (Some(error), _) => Self::Protocol(error.clone()),
            (None, _) => match error.kind() {
                io::ErrorKind::UnexpectedEof => Self::Silent(SilentEnd::Closed),
                io::ErrorKind::ConnectionReset => Self::Silent(SilentEnd::Reset),
                _ => Self::Failed(error),
            },
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => f.write_str(&cause(error)),
            Self::Certificate(refusal) => refusal.fmt(f),
            Self::Key(refusal) => refusal.fmt(f),
            Self::NotTls(other) => other.fmt(f),
            Self::Alert(alert, asked) => write!(
                f,
                "the target refused us: TLS alert {alert} during the handshake (OpenSSL: {}): {}",
                alert.openssl_words(),
                meaning(*alert, *asked)
            ),
            Self::Silent(SilentEnd::Reset) => f.write_str(
                "the target reset the connection during the TLS handshake (OpenSSL: Connection reset by peer): it may not \
                 speak TLS there",
            ),
            Self::Silent(_) => f.write_str(
                "the target closed the connection during the TLS handshake, without an alert (OpenSSL: EOF occurred in \
                 violation of protocol): it may not speak TLS there",
            ),
            Self::HandshakeTimeout => f.write_str(
                "timed out during the TLS handshake: the target accepted the connection and is silent; it may not speak TLS \
                 there",
            ),
            Self::NotAName(host) => write!(
                f,
                "{host:?} cannot be the name of a certificate: give one with --ssl-target-name, host.example or 192.0.2.1"
            ),
            Self::Protocol(error) => write!(
                f,
                "the TLS handshake with the target failed (OpenSSL: {}): {error}",
                crate::tls::openssl_words(error)
            ),
            Self::Failed(error) => {
                write!(f, "the connection failed during the TLS handshake: {}", cause(error))
            }
        }
    }
}

impl std::error::Error for TargetError {}

impl fmt::Display for NotTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the target does not speak TLS (OpenSSL: wrong version number): ")?;
        match self {
            Self::Rfb(text) => write!(
                f,
                "its first bytes are \"{text}\", which is a VNC server that begins in the clear (one with VeNCrypt, too, \
                 starts TLS later, inside of RFB); leave out --ssl-target"
            ),
            Self::Http(text) => write!(
                f,
                "its first bytes are \"{text}\", which is plain HTTP; leave out --ssl-target, or give the port that speaks \
                 TLS"
            ),
            Self::Other(text) => write!(
                f,
                "its first bytes are \"{text}\"; leave out --ssl-target, or give the port that speaks TLS"
            ),
        }
    }
}

/// What an alert of the target means.
fn meaning(alert: Alert, asked: AskedUs) -> &'static str {
    match (alert.0, asked) {
        (116, _) | (40..=43 | 46 | 48 | 49, AskedUs::ForCertificate) => {
            "it wants a client certificate, which this proxy does not have; let it ask for none"
        }
        (40 | 71, _) => {
            "it found no acceptable set of parameters; it may offer none of today's ciphers"
        }
        (70, _) => "it speaks neither TLS 1.2 nor 1.3",
        (112, _) => {
            "it does not know the name it was asked for; give another one with --ssl-target-name"
        }
        (80, _) => "it failed for a reason of its own; look into its log",
        _ => "look into its log",
    }
}

impl fmt::Display for TargetCertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, shown, authorities } = self;
        write!(f, "we refused the target's certificate ({}) ({shown}): ", problem.openssl())?;
        let known = authorities.as_ref().map(ToString::to_string).unwrap_or_default();
        match problem {
            CertificateProblem::SelfSigned => write!(
                f,
                "it is self-signed and not one of {known}; if it is the right one, give it with --ssl-target-cafile"
            ),
            CertificateProblem::UnknownIssuer => write!(
                f,
                "its issuer is not one of {known}; give the issuer's certificate with --ssl-target-cafile, or let the target \
                 send its intermediate certificates along"
            ),
            CertificateProblem::Expired { not_after } => {
                write!(f, "it expired at {not_after}; renew it there")
            }
            CertificateProblem::NotYetValid { not_before } => {
                write!(f, "it is not valid before {not_before}; compare this machine's clock")
            }
            CertificateProblem::WrongPurpose => {
                f.write_str("its extendedKeyUsage does not allow server authentication; use another one there")
            }
            CertificateProblem::Version1 => f.write_str(
                "it is of X.509 version 1, without extensions; re-issue it as version 3",
            ),
            CertificateProblem::IsAuthority => f.write_str(
                "it is that of an authority (CA:TRUE); if it is the right one, give it itself with --ssl-target-cafile",
            ),
            CertificateProblem::WrongName { expected, presented: Some(names), .. } => write!(
                f,
                "it is for {}, and {expected} was expected; give the right one with --ssl-target-name",
                if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
            ),
            CertificateProblem::WrongName { expected, .. } => write!(
                f,
                "it has no subjectAltName, and {expected} was expected; re-issue it with -addext \
                 subjectAltName={}:{expected}",
                if expected.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" }
            ),
            CertificateProblem::BadSignature => f.write_str(
                "a signature is wrong: that of the certificate, of its chain, or the target has not its key",
            ),
            CertificateProblem::Other(reason) => f.write_str(reason),
        }
    }
}

/// How a TLS target was lost in the middle of a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum TargetLoss {
    /// It sent an alert.
    Alert(Alert, AskedUs),
    /// It ended TCP without ending TLS.
    Truncated,
    /// The connection broke, in the system's words.
    Broken(String),
}

impl TargetLoss {
    /// What an error of the session means.
    pub(crate) fn of(error: &io::Error, asked: AskedUs) -> Self {
        match tls_error(error) {
            Some(Error::AlertReceived(alert)) => Self::Alert(Alert::from(*alert), asked),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Broken(cause(error)),
        }
    }
}

impl fmt::Display for TargetLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(alert, asked) => write!(
                f,
                "the target ended the session: TLS alert {alert} after the handshake (OpenSSL: {}): {}",
                alert.openssl_words(),
                meaning(*alert, *asked)
            ),
            Self::Truncated => f.write_str(
                "the target ended the connection without close_notify (OpenSSL: EOF occurred in violation of protocol): \
                 what it sent last may be missing",
            ),
            Self::Broken(error) => write!(f, "the target broke the connection: {error}"),
        }
    }
}
