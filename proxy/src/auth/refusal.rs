//! Why a request is not let in, and what it is answered.

use std::fmt;

use super::rules::AuthenticationError;

/// Why a request is not let in. What was sent as a user or a password is not told: people type one into the place of
/// the other.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotLetIn {
    /// It has no `Authorization` header. Browsers ask for a page so at first, and ask the user then.
    NoCredentials,
    /// Its `Authorization` is of another scheme than Basic, or not to be read.
    BadCredentials,
    /// There is no such user and password.
    WrongCredentials,
    /// It has no `Origin` header.
    NoOrigin,
    /// Its origin is not one of the expected.
    WrongOrigin {
        /// What came, at most 200 characters of it.
        origin: String,
        /// Those that are expected.
        expected: Vec<String>,
        /// Whether it is the origin of the proxy's own pages.
        from: PageFrom,
    },
    /// It came over `ws://` or `http://`, where there are no certificates.
    NoTls,
    /// The client showed no certificate.
    NoCertificate,
    /// The certificate has no common name, or several.
    UnclearName,
    /// The certificate's common name is not one of those that are let in.
    WrongName {
        /// What it is.
        name: String,
    },
    /// Who is let in cannot be read.
    Source(AuthenticationError),
}

/// Where the page comes from that opens a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFrom {
    /// From the host and port to which the request goes.
    SameHost,
    /// From elsewhere.
    Elsewhere,
}

impl NotLetIn {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoCredentials | Self::BadCredentials | Self::WrongCredentials => 401,
            Self::Source(_) => 503,
            _ => 403,
        }
    }

    /// What the client is told: less than the log, which is not for strangers.
    pub(crate) fn answer(&self) -> &'static str {
        match self {
            Self::NoCredentials | Self::BadCredentials | Self::WrongCredentials => {
                "This needs a user and a password."
            }
            Self::NoOrigin | Self::WrongOrigin { .. } => {
                "Invalid Origin: pages of this site may not connect here."
            }
            Self::NoTls | Self::NoCertificate => "This needs a client certificate, over TLS.",
            Self::UnclearName | Self::WrongName { .. } => {
                "Who has this client certificate is not let in here."
            }
            Self::Source(_) => {
                "Nobody can be let in at the moment: the list of who may come in cannot be read."
            }
        }
    }
}

impl fmt::Display for NotLetIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str(
                "no user and password (Authorization header); a browser sends them with a WebSocket only if they were given \
                 for a page of the same host and port (--web-auth), or stand in the URL: wss://USER:PASSWORD@HOST",
            ),
            Self::BadCredentials => f.write_str(
                "the Authorization header is not that of a user and a password (Basic)",
            ),
            Self::WrongCredentials => f.write_str("wrong user or password"),
            // websockify's words.
            Self::NoOrigin => f.write_str(
                "Invalid Origin Header: there is none; browsers send it with each WebSocket, and with the request for a \
                 page they do not",
            ),
            Self::WrongOrigin { origin, expected, from } => {
                write!(
                    f,
                    "Invalid Origin Header: Expected one of {}, got '{origin}'",
                    expected.join(" ")
                )?;
                match from {
                    PageFrom::SameHost => {
                        f.write_str("; that is a page of this very port: add it to --auth-source to let it in")
                    }
                    PageFrom::Elsewhere => Ok(()),
                }
            }
            Self::NoTls => f.write_str(
                "a client certificate is needed, and there is none over ws:// and http://; connect over wss:// and \
                 https://",
            ),
            Self::NoCertificate => f.write_str("a client certificate is needed, and it showed none"),
            Self::UnclearName => f.write_str(
                "the subject of its certificate has no common name (CN), or several, so that it is unclear who it is",
            ),
            Self::WrongName { name } => {
                write!(f, "CN={name} is not one of the names that are let in")
            }
            Self::Source(error) => error.fmt(f),
        }
    }
}
