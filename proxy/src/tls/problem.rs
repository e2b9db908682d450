//! What is wrong with a certificate that somebody showed us (a client, or the target), in OpenSSL's words and in ours.

use std::fmt;

use rustls::CertificateError;
use rustls_pki_types::{CertificateDer, ServerName};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::identity::{names, time};

/// Why we do not accept a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is its own issuer, and not among the authorities.
    SelfSigned,
    /// No chain leads to an authority.
    UnknownIssuer,
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
    /// It is for something else.
    WrongPurpose,
    /// It has no extensions: X.509 version 1.
    Version1,
    /// It is an authority's (CA:TRUE).
    IsAuthority,
    /// It does not name the host that was meant.
    WrongName {
        /// What was meant: a host's name or an address.
        expected: String,
        /// Whether that is an address.
        address: bool,
        /// What it names; `None` if it has no subjectAltName.
        presented: Option<Vec<String>>,
    },
    /// A signature does not fit.
    BadSignature,
    /// Anything else, in the verifier's words.
    Other(String),
}

/// A certificate as log lines show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCertificate {
    /// Distinguished name of its subject.
    pub subject: String,
    /// Distinguished name of its issuer.
    pub issuer: String,
}

impl fmt::Display for ShownCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named =
            |name: &str| if name.is_empty() { "(empty)".to_owned() } else { name.to_owned() };
        write!(f, "subject {}, issuer {}", named(&self.subject), named(&self.issuer))
    }
}

impl ShownCertificate {
    /// Subject and issuer of a certificate in DER.
    pub(crate) fn of(der: &[u8]) -> Self {
        match X509Certificate::from_der(der) {
            Ok((_, parsed)) => {
                Self { subject: parsed.subject().to_string(), issuer: parsed.issuer().to_string() }
            }
            Err(_) => Self { subject: "unreadable".to_owned(), issuer: "unreadable".to_owned() },
        }
    }
}

impl CertificateProblem {
    /// What `error` means for `chain`, whose first certificate was judged.
    pub(crate) fn of(error: &CertificateError, chain: &[CertificateDer<'_>]) -> Self {
        let leaf = chain.first().and_then(|der| X509Certificate::from_der(der).ok());
        let Some((_, leaf)) = leaf else {
            return Self::Other(error.to_string());
        };
        match error {
            // webpki looks whether it is an authority's before it looks who issued it; that it is its own issuer is
            // the nearer reason.
            CertificateError::UnknownIssuer | CertificateError::Other(_)
                if leaf.subject().as_raw() == leaf.issuer().as_raw()
                    && leaf.version() == X509Version::V3 =>
            {
                Self::SelfSigned
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Self::Expired { not_after: time(leaf.validity().not_after) }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid { not_before: time(leaf.validity().not_before) }
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::NotValidForNameContext { expected, .. } => Self::WrongName {
                expected: expected.to_str().into_owned(),
                address: matches!(expected, ServerName::IpAddress(_)),
                presented: names(&leaf),
            },
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::Other(_) if leaf.version() != X509Version::V3 => Self::Version1,
            CertificateError::Other(_) if leaf.is_ca() => Self::IsAuthority,
            other => Self::Other(other.to_string()),
        }
    }

    /// What OpenSSL says of the same certificate, behind `certificate verify failed: ` (`crypto/x509/x509_txt.c`; the
    /// names as Python words them). `None` where OpenSSL accepts it.
    pub fn openssl_words(&self) -> Option<String> {
        Some(match self {
            Self::SelfSigned => "self-signed certificate".to_owned(),
            Self::UnknownIssuer => "unable to get local issuer certificate".to_owned(),
            Self::Expired { .. } => "certificate has expired".to_owned(),
            Self::NotYetValid { .. } => "certificate is not yet valid".to_owned(),
            Self::WrongPurpose => "unsuitable certificate purpose".to_owned(),
            Self::WrongName { expected, address: false, .. } => {
                format!("Hostname mismatch, certificate is not valid for '{expected}'.")
            }
            Self::WrongName { expected, .. } => {
                format!("IP address mismatch, certificate is not valid for '{expected}'.")
            }
            Self::BadSignature => "certificate signature failure".to_owned(),
            Self::Version1 | Self::IsAuthority => return None,
            Self::Other(_) => "certificate rejected".to_owned(),
        })
    }

    /// What a log line says in the place of OpenSSL's words.
    pub(crate) fn openssl(&self) -> String {
        match self.openssl_words() {
            Some(words) => format!("OpenSSL: certificate verify failed: {words}"),
            None => "OpenSSL would accept it".to_owned(),
        }
    }
}
