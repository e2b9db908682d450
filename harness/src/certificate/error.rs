//! What can go wrong while a certificate is made or written, for the person who asked for it.

use std::{io, path::PathBuf, time::Duration};

use super::{Kind, Parameter, ShapeError};
use crate::host::Host;

/// A certificate could not be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// A library could not do its part.
    #[error("cannot make {what}: {reason}")]
    Make {
        /// What was being made.
        what: &'static str,
        /// The library's own words.
        reason: String,
    },
    /// The kind names its host in the common name, which is too short for it.
    #[error(
        "a `{kind}` certificate names its host in the common name, which holds at most 64 characters (RFC 5280, ub-common-name), and `{host}` has more; take a shorter host"
    )]
    HostTooLong {
        /// What was to be made.
        kind: Kind,
        /// For whom.
        host: Host,
    },
    /// The kind is about another form of host.
    #[error("a `{kind}` certificate cannot be made for `{host}`; take {wants}")]
    HostDoesNotFit {
        /// What was to be made.
        kind: Kind,
        /// For whom.
        host: Host,
        /// What it can be made for.
        wants: &'static str,
    },
    /// The kind is just that which the parameter would change.
    #[error(
        "a `{kind}` certificate has no `{parameter}` to choose: that is what makes it one, or nothing that we decide; leave it out, or take another kind"
    )]
    ParameterNotTaken {
        /// What was to be made.
        kind: Kind,
        /// What was to be changed.
        parameter: Parameter,
    },
    /// Certificate and key cannot be written in that shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// `issued-by` was asked for, and not by whom.
    #[error(
        "an `issued-by` certificate is signed with another certificate's key: name that one as its signer"
    )]
    SignerMissing,
    /// A signer was given for a kind that does not ask for one.
    #[error(
        "a `{kind}` certificate has an issuer of its own: leave the signer out, or make it `issued-by`"
    )]
    SignerNotUsed {
        /// What was to be made.
        kind: Kind,
    },
    /// The present moment does not fit into a certificate.
    #[error(
        "the clock stands {seconds} seconds after 1970-01-01, and certificates around that time cannot be dated; set the clock"
    )]
    Clock {
        /// The clock, in seconds of Unix time.
        seconds: u64,
    },
    /// `openssl-command` was asked for, or a shape of files that openssl makes, and there is no openssl.
    #[error(
        "`openssl` is not installed, or not in PATH, and makes this certificate, or the shape of its files"
    )]
    OpensslMissing,
    /// openssl could not be started, or ended with an error.
    #[error("`{command}` failed: {reason}")]
    OpensslFailed {
        /// The command as it was run.
        command: String,
        /// What it or the system said.
        reason: String,
    },
    /// openssl did not end by itself, and was ended.
    #[error(
        "`{command}` was still running after {} seconds and was ended; run it by hand to see what it waits for",
        after.as_secs()
    )]
    OpensslHung {
        /// The command as it was run.
        command: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// A file or folder could not be made.
    #[error("cannot write {}: {source}; name a folder that you may write to", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An authority that is kept cannot be used.
    #[error("the authority in {}: {reason}; name another folder, or remove its two files to have a new one made", folder.display())]
    Kept {
        /// Where it is kept.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file of that name is there, and is not ours to replace.
    #[error("{} exists and is left as it is; name another folder, or move it away", path.display())]
    Exists {
        /// Which one.
        path: PathBuf,
    },
}

/// Says what was being made when a library failed.
pub(super) trait Making<T> {
    fn making(self, what: &'static str) -> Result<T, MintError>;
}

impl<T, E: std::fmt::Display> Making<T> for Result<T, E> {
    fn making(self, what: &'static str) -> Result<T, MintError> {
        self.map_err(|error| MintError::Make { what, reason: error.to_string() })
    }
}
