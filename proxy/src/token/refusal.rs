//! Why a request has no target, for the log and for the client.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::TokenFrom;
use super::jwt::{JwtRefusal, KeyProblem};
use super::list::BadLine;
use crate::authorities::AuthoritiesError;
use crate::event::cause;

/// A token source that cannot be read. What it says holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenSourceError {
    /// A file or a folder.
    #[error("the token source {} cannot be read: {}", path.display(), cause(error))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file with the key of signed tokens holds no such key.
    #[error("the token source {} cannot verify tokens: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: KeyProblem,
    },
    /// The authorities of a server's certificate cannot be loaded.
    #[error("no authorities for the certificate of the token source (--token-cafile): {0}")]
    Authorities(AuthoritiesError),
    /// TLS cannot be set up.
    #[error("TLS to the token source cannot be set up: {0}")]
    Tls(rustls::Error),
    /// The password of a Redis cannot be read.
    #[error("no password of the token source in {} (--token-password-file): {}", path.display(), cause(error))]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A server was asked and did not say a target.
    #[error("the token source {service} {problem}")]
    Service {
        /// The server, without passwords.
        service: String,
        /// What went wrong.
        problem: ServiceProblem,
    },
}

/// What went wrong with a server that knows tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceProblem {
    /// It could not be connected to, or the connection ended; in the system's or the library's words.
    NotReached(String),
    /// It did not answer in time.
    TimedOut,
    /// It answered that it cannot, by this HTTP status.
    Status(u16),
    /// It answered with this HTTP status, which leads elsewhere.
    Redirect(u16),
    /// It answered with an error, in its own words.
    Refused(String),
    /// Its answer is longer than any target.
    TooLong,
    /// Its answer names no target.
    NoTarget(String),
}

impl fmt::Display for ServiceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(words) => write!(f, "cannot be reached: {words}"),
            Self::TimedOut => f.write_str("does not answer in time"),
            Self::Status(status) => write!(f, "failed: it answered {status}"),
            Self::Redirect(status) => write!(
                f,
                "leads elsewhere: it answered {status}; give the address that it leads to, redirects are not followed"
            ),
            Self::Refused(words) => write!(f, "answered with an error: {words}"),
            Self::TooLong => f.write_str("answered with more than any target has"),
            Self::NoTarget(why) => write!(f, "answered with what is no target: {why}"),
        }
    }
}

/// Why a request has no target. The token itself is not told: whoever knows it is let in.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoTarget {
    /// There is no token in it.
    NoToken(TokenFrom),
    /// The token is not listed.
    NotFound {
        /// Where it was looked for.
        source: String,
        /// What could not be read there.
        bad: Option<BadLine>,
    },
    /// A server does not know it.
    NotKnown {
        /// The server, without passwords.
        service: String,
        /// The HTTP status of its answer.
        status: u16,
    },
    /// It is a signed token that does not hold.
    Signed(JwtRefusal),
    /// The source cannot be read.
    Source(TokenSourceError),
}

impl NoTarget {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoToken(_) => 400,
            Self::NotFound { .. } | Self::NotKnown { .. } | Self::Signed(_) => 403,
            Self::Source(_) => 503,
        }
    }

    /// What the client is told: less than the log, which is not for strangers.
    pub(crate) fn answer(&self) -> &'static str {
        match self {
            Self::NoToken(_) => "This request needs a token that says where to go.",
            Self::NotFound { .. } | Self::NotKnown { .. } => {
                "The token of this request is not known here."
            }
            Self::Signed(JwtRefusal::Expired) => "The token of this request has expired.",
            Self::Signed(_) => "The token of this request is not valid here.",
            Self::Source(_) => {
                "Nobody can be let in at the moment: the list of tokens cannot be read."
            }
        }
    }
}

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken(TokenFrom::Query) => f.write_str(
                "Token not present: the URL should be like wss://HOST/websockify?token=TOKEN",
            ),
            Self::NoToken(TokenFrom::HostHeader) => {
                f.write_str("Token not present: the request has no Host header")
            }
            Self::NotFound { source, bad: None } => write!(f, "Token not found in {source}"),
            Self::NotFound { source, bad: Some(bad) } => {
                write!(f, "Token not found in {source}, of which one line cannot be read: {bad}")
            }
            Self::NotKnown { service, status } => {
                write!(f, "Token not found in {service}, which answered {status}")
            }
            Self::Signed(refusal) => write!(f, "Token not valid: {refusal}"),
            Self::Source(error) => error.fmt(f),
        }
    }
}
