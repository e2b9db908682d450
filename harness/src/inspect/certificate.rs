//! One certificate as it was read, and its place in the chain.

use rustls_pki_types::CertificateDer;
use x509_parser::{
    extensions::{GeneralName, ParsedExtension, X509Extension},
    oid_registry::{
        OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
        OID_X509_EXT_NAME_CONSTRAINTS, OID_X509_EXT_SUBJECT_ALT_NAME, Oid,
    },
    prelude::*,
};

use crate::{
    Fault,
    observation::{Field, Finding, Place, Position},
};

/// A certificate that could be read.
pub(super) struct Held<'a> {
    pub position: Position,
    pub read: X509Certificate<'a>,
}

/// What a certificate says of itself as an authority (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BasicConstraints {
    Ca { path_length: Option<u32> },
    NotCa,
    Absent,
}

/// What an extendedKeyUsage allows of what matters here (RFC 5280 section 4.2.1.12).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There is no such extension.
    Unstated,
    Server,
    Any,
    Other,
}

impl<'a> Held<'a> {
    /// Reads a certificate, which must be one from its first byte to its last.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(der: &'a CertificateDer<'_>, position: Position) -> Result<Self, String> {
        match X509Certificate::from_der(der) {
            Ok(([], read)) => Ok(Self { position, read }),
            Ok((rest, _)) => Err(format!("{} bytes follow the certificate", rest.len())),
            Err(error) => Err(format!("the certificate cannot be read: {error}")),
        }
    }

    pub(super) fn der(&self) -> &'a [u8] {
        self.read.as_raw()
    }

    /// The first extension of that type. Of one that is there twice, clients that do not refuse it read the first.
    pub(super) fn extension(&self, oid: &Oid<'_>) -> Option<&X509Extension<'a>> {
        self.read.extensions().iter().find(|extension| extension.oid == *oid)
    }

    pub(super) fn basic_constraints(&self) -> BasicConstraints {
        match self.parsed(&OID_X509_EXT_BASIC_CONSTRAINTS) {
            Some(ParsedExtension::BasicConstraints(stated)) if stated.ca => {
                BasicConstraints::Ca { path_length: stated.path_len_constraint }
            }
            Some(_) => BasicConstraints::NotCa,
            None => BasicConstraints::Absent,
        }
    }

    pub(super) fn key_usage(&self) -> Option<&KeyUsage> {
        match self.parsed(&OID_X509_EXT_KEY_USAGE)? {
            ParsedExtension::KeyUsage(usage) => Some(usage),
            _ => None,
        }
    }

    /// Whether keyUsage, where it is stated, includes keyCertSign (RFC 5280 section 4.2.1.3).
    pub(super) fn may_sign(&self) -> bool {
        self.key_usage().is_none_or(KeyUsage::key_cert_sign)
    }

    pub(super) fn purpose(&self) -> Purpose {
        match self.parsed(&OID_X509_EXT_EXTENDED_KEY_USAGE) {
            None => Purpose::Unstated,
            Some(ParsedExtension::ExtendedKeyUsage(usage)) if usage.server_auth => Purpose::Server,
            Some(ParsedExtension::ExtendedKeyUsage(usage)) if usage.any => Purpose::Any,
            Some(_) => Purpose::Other,
        }
    }

    /// Whether its extendedKeyUsage is there and names no purpose.
    pub(super) fn has_empty_purpose(&self) -> bool {
        const EMPTY_SEQUENCE: &[u8] = &[0x30, 0x00];
        self.extension(&OID_X509_EXT_EXTENDED_KEY_USAGE)
            .is_some_and(|extension| extension.value == EMPTY_SEQUENCE)
    }

    pub(super) fn name_constraints(&self) -> Option<&NameConstraints<'a>> {
        match self.parsed(&OID_X509_EXT_NAME_CONSTRAINTS)? {
            ParsedExtension::NameConstraints(constraints) => Some(constraints),
            _ => None,
        }
    }

    /// The entries of subjectAltName; [`None`] where there is none, and none of one that cannot be read.
    pub(super) fn alternative_names(&self) -> Option<&[GeneralName<'a>]> {
        match self.parsed(&OID_X509_EXT_SUBJECT_ALT_NAME)? {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => Some(&[]),
        }
    }

    /// Whether it has a subjectAltName with nothing in it.
    pub(super) fn has_no_name_in_it(&self) -> bool {
        let parsed = self.parsed(&OID_X509_EXT_SUBJECT_ALT_NAME);
        matches!(parsed, Some(ParsedExtension::SubjectAlternativeName(names)) if names.general_names.is_empty())
    }

    /// The common name; the last one where there are several (RFC 6125 section 2.3: the most specific).
    pub(super) fn common_name(&self) -> Option<&str> {
        self.read.subject().iter_common_name().last().and_then(|name| name.as_str().ok())
    }

    /// Whether its issuer bears its own name (RFC 5280 section 6.1: self-issued).
    pub(super) fn is_self_issued(&self) -> bool {
        self.read.issuer() == self.read.subject()
    }

    pub(super) fn parsed(&self, oid: &Oid<'_>) -> Option<&ParsedExtension<'a>> {
        self.extension(oid).map(X509Extension::parsed_extension)
    }

    /// A finding in one of its fields.
    pub(super) fn finding(&self, fault: Fault, field: Field, detail: impl Into<String>) -> Finding {
        Finding {
            fault,
            place: Some(Place { certificate: self.position, field }),
            detail: detail.into(),
        }
    }
}
