//! The suite: limbo's own JSON (`limbo/models.py`, `limbo-schema.json`), as far as clients are judged by it.

use std::fmt;

use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::Value;

/// The version of the format that is read here.
const VERSION: u64 = 1;

/// The cases, in their order.
#[derive(Clone, Debug)]
pub struct Suite {
    /// They have each an id of their own.
    pub cases: Vec<Case>,
}

/// A chain, and what limbo expects of whoever judges it.
#[derive(Clone, Debug)]
pub struct Case {
    /// `namespace::...::name`
    pub id: String,
    /// Who judges whom.
    pub validation_kind: ValidationKind,
    /// What limbo expects.
    pub expected: Expected,
    /// The certificates that are trusted, each as an anchor.
    pub trusted: Vec<CertificateDer<'static>>,
    /// What the server sends: its own certificate, and the intermediates in the order in which they are given.
    pub sent: Vec<CertificateDer<'static>>,
    /// The key of the first of them, as PEM.
    pub key: Option<String>,
    /// The time of the judgement; now if absent. Fractions of a second are cut off, for no certificate has any.
    pub time: Option<UnixTime>,
    /// Whose certificate it must be.
    pub peers: Vec<Peer>,
    /// Whether it comes with revocation lists.
    pub has_crls: bool,
}

/// Who judges whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ValidationKind {
    /// A client judges a server.
    Server,
    /// A server judges a client.
    Client,
}

/// What limbo expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Expected {
    /// It is accepted.
    Success,
    /// It is refused.
    Failure,
}

/// A name that the certificate must have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Peer {
    /// Of which kind it is.
    pub kind: PeerKind,
    /// As text.
    pub value: String,
}

/// The kinds of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum PeerKind {
    /// An e-mail address.
    #[serde(rename = "RFC822")]
    Email,
    /// A DNS name.
    #[serde(rename = "DNS")]
    Name,
    /// An IP address.
    #[serde(rename = "IP")]
    Address,
}

/// A suite that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuiteError {
    /// It is no JSON, or not of a suite's shape.
    #[error(
        "the suite is no x509-limbo suite: {0}; limbo.json of https://github.com/C2SP/x509-limbo is one"
    )]
    Shape(String),
    /// It is of another version.
    #[error("the suite is of version {found}, and version {VERSION} is read here")]
    Version {
        /// Which.
        found: Value,
    },
    /// One of its cases is wrong.
    #[error("the suite's case {place}: {reason}")]
    Case {
        /// Its id, or its number where it has none.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A suite whose cases are not read yet. What we do not know is no error: the format grows.
#[derive(Deserialize)]
struct Envelope {
    version: Value,
    testcases: Vec<Value>,
}

#[derive(Deserialize)]
struct Raw {
    id: String,
    validation_kind: ValidationKind,
    expected_result: Expected,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    peer_certificate_key: Option<String>,
    validation_time: Option<String>,
    expected_peer_name: Option<Peer>,
    #[serde(default)]
    expected_peer_names: Vec<Peer>,
    #[serde(default)]
    crls: Vec<Value>,
}

impl Suite {
    /// Reads one.
    ///
    /// # Errors
    /// The first thing in it that is not as it must be, with its case.
    pub fn read(json: &[u8]) -> Result<Self, SuiteError> {
        let envelope: Envelope =
            serde_json::from_slice(json).map_err(|error| SuiteError::Shape(error.to_string()))?;
        if envelope.version.as_u64() != Some(VERSION) {
            return Err(SuiteError::Version { found: envelope.version });
        }
        let cases = envelope.testcases.into_iter().enumerate();
        let cases = cases.map(|(index, value)| Case::read(index, value));
        Ok(Self { cases: cases.collect::<Result<_, _>>()? })
    }
}

impl Case {
    fn read(index: usize, value: Value) -> Result<Self, SuiteError> {
        let place = match value.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("number {}", index + 1),
        };
        let wrong = |reason: String| SuiteError::Case { place: place.clone(), reason };
        let raw: Raw = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        let certificates = |field: &str, texts: &[String]| {
            let read = texts.iter().enumerate().map(|(index, text)| {
                certificate(text).map_err(|why| wrong(format!("`{field}[{index}]`: {why}")))
            });
            read.collect::<Result<Vec<_>, _>>()
        };
        let trusted = certificates("trusted_certs", &raw.trusted_certs)?;
        let mut sent = certificates("peer_certificate", &[raw.peer_certificate])?;
        sent.extend(certificates("untrusted_intermediates", &raw.untrusted_intermediates)?);
        let time = raw.validation_time.map(|text| {
            time(&text).ok_or_else(|| {
                wrong(format!("`validation_time`: `{text}` is no time after 1970 (RFC 3339)"))
            })
        });
        let mut peers = raw.expected_peer_names;
        peers.extend(raw.expected_peer_name);
        Ok(Self {
            id: raw.id,
            validation_kind: raw.validation_kind,
            expected: raw.expected_result,
            trusted,
            sent,
            key: raw.peer_certificate_key,
            time: time.transpose()?,
            peers,
            has_crls: !raw.crls.is_empty(),
        })
    }
}

/// The bytes in PEM, whatever they say.
fn certificate(text: &str) -> Result<CertificateDer<'static>, String> {
    let block = pem::parse(text).map_err(|error| format!("no PEM: {error}"))?;
    Ok(block.into_contents().into())
}

fn time(text: &str) -> Option<UnixTime> {
    let seconds = text.parse::<jiff::Timestamp>().ok()?.as_second();
    let seconds = u64::try_from(seconds).ok()?;
    Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
}

impl fmt::Display for PeerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email => "e-mail address",
            Self::Name => "DNS name",
            Self::Address => "IP address",
        })
    }
}
