//! Why a proxy cannot start.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::auth::AuthenticationError;
use crate::authorities::AuthoritiesError;
use crate::event::cause;
use crate::identity::IdentityError;
use crate::settings::{Endpoint, Listen, TlsVersion};
use crate::token::TokenSourceError;
use crate::wrap::WrapError;

/// Why a proxy cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The log file cannot be opened.
    #[error("cannot write the log file {}: {}", path.display(), cause(error))]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {}{}", cause(error), listen_hint(listen, error))]
    Listen {
        /// The address.
        listen: Listen,
        /// Why.
        error: io::Error,
    },
    /// The web folder cannot be opened.
    #[error("cannot serve the web folder {}: {}", path.display(), cause(error))]
    Web {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no folder to record sessions in.
    #[error("cannot record in {}: {}", path.display(), cause(error))]
    Record {
        /// The path of the recordings.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The password of the private key cannot be read.
    #[error("no password of the private key in {} (--key-password-file): {}", path.display(), cause(error))]
    KeyPassword {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The address for metrics cannot be listened on.
    #[error("cannot listen on {endpoint} for --metrics: {}{}", cause(error), hint(error))]
    Metrics {
        /// The address.
        endpoint: Endpoint,
        /// Why.
        error: io::Error,
    },
    /// TLS only, and no certificate file.
    #[error("SSL only and {} not found", path.display())]
    SslOnlyWithoutFile {
        /// The file.
        path: PathBuf,
    },
    /// TLS only, and a broken certificate or key file.
    #[error("SSL only and no usable certificate: {0}")]
    SslOnlyWithBrokenFile(Arc<IdentityError>),
    /// The authorities of client certificates cannot be loaded.
    #[error("no authorities for client certificates (--cafile): {0}")]
    ClientAuthorities(AuthoritiesError),
    /// The authorities of the target's certificate cannot be loaded.
    #[error("no authorities for the target's certificate (--ssl-target-cafile): {0}")]
    TargetAuthorities(AuthoritiesError),
    /// What the target's certificate should name is neither a name nor an address.
    #[error(
        "{name:?} cannot be the name of a certificate: give one with --ssl-target-name, host.example or 192.0.2.1"
    )]
    TargetName {
        /// What was given.
        name: String,
    },
    /// The tokens cannot be read.
    #[error(transparent)]
    Tokens(#[from] TokenSourceError),
    /// It cannot be known who may come in.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// The wrapped program cannot be started.
    #[error(transparent)]
    Program(#[from] WrapError),
    /// The oldest TLS version is newer than the newest.
    #[error(
        "no TLS version to speak: {oldest} at least (--ssl-version) and {newest} at most (--ssl-max-version)"
    )]
    NoTlsVersion {
        /// The least.
        oldest: TlsVersion,
        /// The most.
        newest: TlsVersion,
    },
    /// Several of them, in the order in which they were found.
    #[error("{}", lines(.0))]
    Several(Vec<Self>),
    /// rustls does not start.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

impl StartError {
    /// All that were found at once, as one.
    pub(crate) fn all(mut errors: Vec<Self>) -> Self {
        match errors.pop() {
            Some(only) if errors.is_empty() => only,
            last => {
                errors.extend(last);
                Self::Several(errors)
            }
        }
    }
}

fn lines(errors: &[StartError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn listen_hint(listen: &Listen, error: &io::Error) -> &'static str {
    match listen {
        Listen::Tcp(..) => hint(error),
        Listen::Unix { .. } | Listen::Handed(_) => "",
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program listens there: choose another port, or end that program"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 are for privileged users",
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        _ => "",
    }
}
