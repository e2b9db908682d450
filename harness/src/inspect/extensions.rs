//! What can be wrong with the fields and extensions of any certificate, a server's or an authority's.

use x509_parser::{
    extensions::{ParsedExtension, X509Extension},
    oid_registry::{
        OID_PKIX_AUTHORITY_INFO_ACCESS, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
        OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
        OID_X509_EXT_NAME_CONSTRAINTS, OID_X509_EXT_POLICY_CONSTRAINTS,
        OID_X509_EXT_SUBJECT_ALT_NAME, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
    },
    prelude::*,
};

use super::{
    certificate::{BasicConstraints, Held},
    constraints, signature,
};
use crate::{
    Fault,
    observation::{Field, Finding},
};

/// The longest serial number, in octets (RFC 5280 section 4.1.2.2).
const LONGEST_SERIAL: usize = 20;

/// The most octets that a certificate has for clients whose lengths have 16 bits.
const LARGEST: usize = 65_535;

/// Which faults a certificate has, where the same thing is another fault in a server's than above it.
pub(super) struct Role {
    pub malformed_extension: Fault,
    pub unknown_critical_extension: Fault,
    pub version_1: Fault,
}

/// The server's own certificate.
pub(super) const SERVER: Role = Role {
    malformed_extension: Fault::MalformedExtension,
    unknown_critical_extension: Fault::UnknownCriticalExtension,
    version_1: Fault::Version1,
};

/// A certificate above it.
pub(super) const ISSUER: Role = Role {
    malformed_extension: Fault::IssuerMalformedExtension,
    unknown_critical_extension: Fault::IssuerUnknownCriticalExtension,
    version_1: Fault::IssuerVersion1,
};

/// Checks the fields that every certificate has.
pub(super) fn check(held: &Held<'_>, role: &Role, found: &mut Vec<Finding>) {
    if held.der().len() > LARGEST {
        let detail = format!("{} octets", held.der().len());
        found.push(held.finding(Fault::LargeCertificate, Field::Encoding, detail));
    }
    version(held, role, found);
    serial_number(held, found);
    for (index, extension) in held.read.extensions().iter().enumerate() {
        each(held, extension, role, found);
        if held.read.extensions()[..index].iter().any(|other| other.oid == extension.oid) {
            let detail = format!("{} is there twice", name(extension));
            found.push(held.finding(Fault::DuplicateExtension, Field::Extensions, detail));
        }
    }
    criticality(held, found);
    if signature::stated_algorithms_differ(&held.read) {
        let detail = "the algorithm inside what is signed is not the one outside".to_owned();
        found.push(held.finding(
            Fault::SignatureAlgorithmMismatch,
            Field::SignatureAlgorithm,
            detail,
        ));
    }
}

fn version(held: &Held<'_>, role: &Role, found: &mut Vec<Finding>) {
    if held.read.version() == X509Version::V1 {
        found.push(held.finding(role.version_1, Field::Version, "version 1, without extensions"));
    }
}

fn serial_number(held: &Held<'_>, found: &mut Vec<Finding>) {
    let serial = held.read.raw_serial();
    let problem = if serial.iter().all(|byte| *byte == 0) {
        "it is zero".to_owned()
    } else if serial.first().is_some_and(|first| first & 0x80 != 0) {
        "it is negative".to_owned()
    } else if serial.iter().skip_while(|byte| **byte == 0).count() > LONGEST_SERIAL {
        format!("it has {} octets, {LONGEST_SERIAL} are allowed", serial.len())
    } else {
        return;
    };
    found.push(held.finding(Fault::BadSerialNumber, Field::SerialNumber, problem));
}

fn each(held: &Held<'_>, extension: &X509Extension<'_>, role: &Role, found: &mut Vec<Finding>) {
    match extension.parsed_extension() {
        ParsedExtension::ParseError { .. } => {
            let detail = format!("{} cannot be read", name(extension));
            found.push(held.finding(role.malformed_extension, field(extension), detail));
        }
        ParsedExtension::AuthorityKeyIdentifier(stated)
            if stated.authority_cert_issuer.is_some() != stated.authority_cert_serial.is_some() =>
        {
            let detail = "authorityKeyIdentifier has an issuer without its number, or the reverse";
            found.push(held.finding(
                role.malformed_extension,
                Field::AuthorityKeyIdentifier,
                detail,
            ));
        }
        ParsedExtension::KeyUsage(usage) if usage.flags == 0 => {
            let detail = "keyUsage allows nothing at all";
            found.push(held.finding(role.malformed_extension, Field::KeyUsage, detail));
        }
        ParsedExtension::NameConstraints(stated) if !constraints::is_sound(stated) => {
            let detail = "nameConstraints has a subtree that is no name";
            found.push(held.finding(role.malformed_extension, Field::NameConstraints, detail));
        }
        ParsedExtension::UnsupportedExtension { .. } if extension.critical => {
            let detail = format!("{} is critical and not known", name(extension));
            found.push(held.finding(role.unknown_critical_extension, Field::Extensions, detail));
        }
        _ => {}
    }
}

/// RFC 5280 sections 4.2.1.1 to 4.2.2.1: what must be critical, and what must not.
fn criticality(held: &Held<'_>, found: &mut Vec<Finding>) {
    let is_ca = matches!(held.basic_constraints(), BasicConstraints::Ca { .. });
    let must = [
        (OID_X509_EXT_BASIC_CONSTRAINTS, is_ca),
        (OID_X509_EXT_NAME_CONSTRAINTS, true),
        (OID_X509_EXT_POLICY_CONSTRAINTS, true),
    ];
    let must_not = [
        OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
        OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
        OID_PKIX_AUTHORITY_INFO_ACCESS,
    ];
    for extension in held.read.extensions() {
        let is_wanted = must.iter().any(|(oid, applies)| *applies && *oid == extension.oid);
        let (fault, problem) = if !extension.critical && is_wanted {
            (Fault::UncriticalExtension, "is not critical, and must be")
        } else if extension.critical && must_not.contains(&extension.oid) {
            (Fault::CriticalExtension, "is critical, and must not be")
        } else {
            continue;
        };
        let detail = format!("{} {problem}", name(extension));
        found.push(held.finding(fault, field(extension), detail));
    }
}

/// The extension as a field.
fn field(extension: &X509Extension<'_>) -> Field {
    [
        (OID_X509_EXT_SUBJECT_ALT_NAME, Field::SubjectAltName),
        (OID_X509_EXT_BASIC_CONSTRAINTS, Field::BasicConstraints),
        (OID_X509_EXT_KEY_USAGE, Field::KeyUsage),
        (OID_X509_EXT_EXTENDED_KEY_USAGE, Field::ExtendedKeyUsage),
        (OID_X509_EXT_NAME_CONSTRAINTS, Field::NameConstraints),
        (OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, Field::AuthorityKeyIdentifier),
        (OID_X509_EXT_SUBJECT_KEY_IDENTIFIER, Field::SubjectKeyIdentifier),
        (OID_PKIX_AUTHORITY_INFO_ACCESS, Field::AuthorityInfoAccess),
    ]
    .into_iter()
    .find_map(|(oid, field)| (oid == extension.oid).then_some(field))
    .unwrap_or(Field::Extensions)
}

/// The extension's name in RFC 5280, or its object identifier.
fn name(extension: &X509Extension<'_>) -> String {
    let registry = x509_parser::oid_registry::OidRegistry::default().with_x509();
    let known = registry.get(&extension.oid).map(|entry| entry.sn().to_owned());
    known.unwrap_or_else(|| format!("the extension {}", extension.oid))
}
