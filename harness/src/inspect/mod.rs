//! Finds every fault in the certificates that a server sent.
//!
//! It says what *is*, not what a client makes of it: that is for the client's
//! [`Profile`](crate::client::Profile).
//!
//! ```text
//! certificates as sent  ->  what is wrong with the server's own  \
//! anchors               ->  the ways up from it, each with what   >  Inspection
//! host, time, use       ->  is wrong on it                       /
//! ```
//!
//! All work is bounded: in signatures, in steps, in the number and the length of the ways, and in comparisons of names.

mod certificate;
mod constraints;
mod ends;
mod extensions;
mod issuer;
mod key;
mod key_identifiers;
mod names;
mod path;
mod reading;
mod server;
mod signature;
#[cfg(test)]
mod tests;

use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;

use self::certificate::Held;
pub use key::KeyAlgorithm;
pub use reading::{ReadError, certificates_in, certificates_of};
pub use signature::{SignatureError, verify_handshake_signature};

use crate::{
    Fault,
    host::Host,
    observation::{Certificate, Field, Finding, Place, Position},
};

/// What the certificates are held against.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The host in the URL.
    pub host: &'a Host,
    /// The certificates that the client trusts.
    pub anchors: &'a [CertificateDer<'static>],
    /// The client's clock.
    pub now: UnixTime,
    /// What the client can and allows.
    pub limits: Limits<'a>,
    /// What else the handshake showed.
    pub handshake: Handshake,
    /// Certificates that the client has met before.
    pub met: &'a [CertificateDer<'static>],
}

impl<'a> Question<'a> {
    /// Whether they are good for that host, now and for everybody who trusts these.
    pub fn new(host: &'a Host, anchors: &'a [CertificateDer<'static>], now: UnixTime) -> Self {
        Self {
            host,
            anchors,
            now,
            limits: Limits::default(),
            handshake: Handshake::default(),
            met: &[],
        }
    }
}

/// What a client can and allows, where that decides what is a fault at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits<'a> {
    /// The most days of validity that it allows.
    pub longest_validity_days: u32,
    /// The most certificates that it takes in one message.
    pub most_certificates: usize,
    /// The keys that it takes from a server.
    pub server_keys: &'a [KeyAlgorithm],
    /// The keys whose signatures on certificates it can check.
    pub issuer_keys: &'a [KeyAlgorithm],
    /// What the last second of a certificate's validity is for it.
    pub last_second: LastSecond,
}

/// What the last second of a certificate's validity, its notAfter, is for a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastSecond {
    /// A part of it, as RFC 5280 section 4.1.2.5 has it.
    #[default]
    Valid,
    /// The first one after it (OpenSSL, `X509_cmp_time`: a time that is not later counts as earlier).
    Expired,
}

/// How many certificates every current client takes in one message: those on GnuTLS no more (its
/// `DEFAULT_MAX_VERIFY_DEPTH`).
const MOST_CERTIFICATES: usize = 16;

/// The CA/Browser Forum's limit of validity and what every current client can.
impl Default for Limits<'_> {
    fn default() -> Self {
        Self {
            longest_validity_days: 398,
            most_certificates: MOST_CERTIFICATES,
            server_keys: KeyAlgorithm::EVERYWHERE,
            issuer_keys: KeyAlgorithm::CURRENT,
            last_second: LastSecond::default(),
        }
    }
}

/// What a handshake shows beside the certificates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handshake {
    /// What the server's key has to do.
    pub key_use: KeyUse,
    /// Whether an OCSP answer came with the certificates.
    pub staple: Staple,
}

/// What the server's key has to do in a handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyUse {
    /// Sign it: TLS 1.3, and TLS 1.2 with (EC)DHE.
    #[default]
    Signs,
    /// Decrypt the client's secret: TLS 1.2 with RSA key exchange.
    Decrypts,
}

/// Whether an OCSP answer came with the certificates (RFC 6066 section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Staple {
    /// None came.
    #[default]
    Absent,
    /// One came.
    Sent,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What is wrong with the server's own certificate, whatever is above it.
    pub server: Vec<Finding>,
    /// The ways up from it, those first that a client would try first; there is always one, if only a dead end.
    pub paths: Vec<Path>,
    /// The way that one goes who takes the first certificate that may have issued the one below, and never turns back.
    pub straight: Path,
    /// The same, of who prefers certificates that are valid today.
    pub current: Path,
    /// Ways that lead back to where they have been, where others lead to an anchor: they come to nothing, and some
    /// clients count them.
    pub loops: Vec<Path>,
}

/// One way from the server's certificate upwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The certificates above the server's, its issuer first.
    pub issuers: Vec<Position>,
    /// What is wrong on this way.
    pub found: Vec<Finding>,
}

impl Inspection {
    fn of_nothing(finding: Finding) -> Self {
        Self {
            server: vec![finding],
            paths: vec![Path::default()],
            straight: Path::default(),
            current: Path::default(),
            loops: Vec::new(),
        }
    }

    /// What is wrong if that way is gone: with the server's own certificate, and on it.
    pub fn along<'i>(&'i self, path: &'i Path) -> impl Iterator<Item = &'i Finding> + Clone {
        self.server.iter().chain(&path.found)
    }

    /// The way on which least is wrong; the first of them.
    pub fn best(&self) -> Option<&Path> {
        self.paths.iter().min_by_key(|path| path.found.len())
    }

    /// What is wrong on the way on which least is. Their order means nothing: which one a client reports is
    /// in its profile.
    pub fn findings(&self) -> Vec<Finding> {
        match self.best() {
            Some(path) => self.along(path).cloned().collect(),
            None => self.server.clone(),
        }
    }
}

/// Every fault in `sent`, the certificates in the order in which the server sent them.
pub fn inspect(sent: &[CertificateDer<'_>], question: &Question<'_>) -> Inspection {
    let Some((first, others)) = sent.split_first() else {
        return Inspection::of_nothing(unread(
            Fault::Malformed,
            Position::Server,
            "the server sent no certificate",
        ));
    };
    let leaf = match Held::read(first, Position::Server) {
        Ok(leaf) => leaf,
        Err(problem) => {
            return Inspection::of_nothing(unread(Fault::Malformed, Position::Server, problem));
        }
    };
    let server = server::check(&leaf, others, question);
    let path::Ways { paths, straight, current, loops } = path::find(&leaf, others, question);
    Inspection { server, paths, straight, current, loops }
}

fn unread(fault: Fault, certificate: Position, problem: impl Into<String>) -> Finding {
    Finding {
        fault,
        place: Some(Place { certificate, field: Field::Encoding }),
        detail: problem.into(),
    }
}

/// A certificate in words that a person compares; [`None`] if it cannot be read.
pub fn describe(der: &CertificateDer<'_>) -> Option<Certificate> {
    let held = Held::read(der, Position::Server).ok()?;
    let validity = held.read.validity();
    Some(Certificate {
        subject: held.read.subject().to_string(),
        issuer: held.read.issuer().to_string(),
        names: names::alternative_names(&held),
        not_before: validity.not_before.to_string(),
        not_after: validity.not_after.to_string(),
        sha256: fingerprint(der),
    })
}

pub(crate) fn fingerprint(der: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
