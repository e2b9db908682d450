//! What can be said about a certificate that loads: its summary, and why clients may refuse it all the same.

use std::fmt;
use std::path::PathBuf;

use x509_parser::prelude::*;

use super::public_key::sha256;

/// Days before the end of a certificate at which a warning begins.
const EXPIRY_NOTICE_DAYS: i64 = 14;

/// What is worth a line about the certificate in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Distinguished name of its subject.
    pub subject: String,
    /// The names in subjectAltName.
    pub names: Vec<String>,
    /// End of its validity, `2027-11-23 02:24:06 UTC`.
    pub not_after: String,
    /// The same, in seconds since 1970.
    pub expires: i64,
    /// SHA-256 of the certificate, in hexadecimal.
    pub sha256: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = if self.subject.is_empty() { "no subject" } else { &self.subject };
        let names =
            if self.names.is_empty() { "no names".to_owned() } else { self.names.join(", ") };
        write!(f, "{subject}; {names}; until {}; SHA-256 {}", self.not_after, self.sha256)
    }
}

/// Why clients may refuse a certificate that we can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Its time is over.
    Expired {
        /// Since when.
        not_after: String,
    },
    /// Its time is not yet come.
    NotYetValid {
        /// From when on.
        not_before: String,
    },
    /// Its time is over soon.
    ExpiresSoon {
        /// When.
        not_after: String,
        /// In how many days.
        days: i64,
    },
    /// It names no host where today's clients look.
    NoSubjectAltName,
    /// It is an authority's.
    IsAuthority,
    /// Another certificate stands before it in the file.
    LeafNotFirst {
        /// The file.
        file: PathBuf,
        /// Its block, from 1 among the certificates.
        position: usize,
    },
    /// It comes without the certificates that go with it, which stand in a file beside it.
    WithoutChain {
        /// Its file.
        file: PathBuf,
        /// The file that has both.
        with_chain: PathBuf,
    },
    /// The certificates that go with it cannot be read and are sent as they are.
    ChainUnreadable {
        /// Position among the certificates, from 1.
        position: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { not_after } => {
                write!(f, "the certificate expired at {not_after}: every client refuses it; renew it")
            }
            Self::NotYetValid { not_before } => write!(
                f,
                "the certificate is not valid before {not_before}: every client refuses it; compare this machine's clock"
            ),
            Self::ExpiresSoon { not_after, days } => {
                write!(f, "the certificate expires in {days} days, at {not_after}; renew it")
            }
            Self::NoSubjectAltName => f.write_str(
                "the certificate has no subjectAltName: Chromium, Safari, Go and Rust clients look for the host's name \
                 nowhere else; make it with -addext subjectAltName=DNS:your.host,IP:192.0.2.1",
            ),
            Self::IsAuthority => f.write_str(
                "the certificate is that of an authority (CA:TRUE): Firefox and Rust clients refuse it for a server even \
                 when it is trusted, and who imports it trusts its key for every site; make one with \
                 -addext basicConstraints=critical,CA:FALSE",
            ),
            Self::LeafNotFirst { file, position } => write!(
                f,
                "in {} the certificate of the private key is number {position}; it is sent first all the same, but other \
                 servers say key values mismatch: put it first",
                file.display()
            ),
            Self::WithoutChain { file, with_chain } => write!(
                f,
                "{} has the certificate without the intermediate ones that go with it, and clients may not find its \
                 issuer; serve {} instead",
                file.display(),
                with_chain.display()
            ),
            Self::ChainUnreadable { position } => {
                write!(f, "certificate number {position} cannot be read; it is sent as it is, and clients may stumble over it")
            }
        }
    }
}

/// Summary and warnings for a leaf, at `now` (seconds since 1970).
pub(super) fn leaf(
    certificate: &X509Certificate<'_>,
    der: &[u8],
    now: i64,
) -> (Summary, Vec<Warning>) {
    let names = names(certificate);
    let not_after = time(certificate.validity().not_after);
    let mut warnings = Vec::new();
    let left = certificate.validity().not_after.timestamp() - now;
    if left < 0 {
        warnings.push(Warning::Expired { not_after: not_after.clone() });
    } else if certificate.validity().not_before.timestamp() > now {
        warnings.push(Warning::NotYetValid { not_before: time(certificate.validity().not_before) });
    } else if left < EXPIRY_NOTICE_DAYS * 86_400 {
        warnings.push(Warning::ExpiresSoon { not_after: not_after.clone(), days: left / 86_400 });
    }
    if names.is_none() {
        warnings.push(Warning::NoSubjectAltName);
    }
    if certificate.is_ca() {
        warnings.push(Warning::IsAuthority);
    }
    let summary = Summary {
        subject: certificate.subject().to_string(),
        names: names.unwrap_or_default(),
        not_after,
        expires: certificate.validity().not_after.timestamp(),
        sha256: sha256(der),
    };
    (summary, warnings)
}

/// The names in subjectAltName; `None` if the certificate has no such extension.
pub(crate) fn names(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let extension = certificate.subject_alternative_name().ok().flatten()?;
    Some(extension.value.general_names.iter().map(name).collect())
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(host) => (*host).to_owned(),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string(),
            bytes => match <[u8; 16]>::try_from(bytes) {
                Ok(octets) => std::net::Ipv6Addr::from(octets).to_string(),
                Err(_) => format!("an IP address of {} bytes", bytes.len()),
            },
        },
        other => other.to_string(),
    }
}

/// A time as all lines show it.
pub(crate) fn time(time: ASN1Time) -> String {
    match jiff::Timestamp::from_second(time.timestamp()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => time.to_string(),
    }
}
