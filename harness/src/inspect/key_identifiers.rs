//! Which key a certificate says has signed it (RFC 5280 sections 4.2.1.1 and 4.2.1.2).

use x509_parser::{
    extensions::ParsedExtension,
    oid_registry::{OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER},
    prelude::*,
};

use super::certificate::{BasicConstraints, Held};
use crate::{
    Fault,
    observation::{Field, Finding},
};

/// What a certificate that bears its issuer's name says against being its own issuer: that another key has signed it,
/// or that its issuer has another name or number (OpenSSL, `X509_check_akid`; GnuTLS compares the keys alone).
pub(super) fn against_itself(held: &Held<'_>) -> Option<Finding> {
    let Some(ParsedExtension::AuthorityKeyIdentifier(stated)) =
        held.parsed(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)
    else {
        return None;
    };
    let own_key = match held.parsed(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER) {
        Some(ParsedExtension::SubjectKeyIdentifier(own)) => Some(own),
        _ => None,
    };
    let mut names = stated.authority_cert_issuer.iter().flatten();
    let problem = if let (Some(key), Some(own)) = (&stated.key_identifier, own_key)
        && key != own
    {
        format!("it says that the key {key:x} has signed it, its own is {own:x}")
    } else if stated.authority_cert_serial.is_some_and(|number| number != held.read.raw_serial()) {
        "it says that its issuer has another serial number than its own".to_owned()
    } else if let Some(GeneralName::DirectoryName(name)) =
        names.find(|name| matches!(name, GeneralName::DirectoryName(_)))
        && name != held.read.issuer()
    {
        format!("it says that its issuer was issued by {name}")
    } else {
        return None;
    };
    Some(held.finding(Fault::KeyIdentifierMismatch, Field::AuthorityKeyIdentifier, problem))
}

/// What the two say of the key that signed the one below.
pub(super) fn between(below: &Held<'_>, above: &Held<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let stated = match below.parsed(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER) {
        Some(ParsedExtension::AuthorityKeyIdentifier(stated)) => stated.key_identifier.as_ref(),
        _ => None,
    };
    let own = match above.parsed(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER) {
        Some(ParsedExtension::SubjectKeyIdentifier(own)) => Some(own),
        _ => None,
    };
    match (stated, own) {
        (Some(stated), Some(own)) if stated != own => {
            let detail =
                format!("it says that the key {stated:x} has signed it, its issuer's is {own:x}");
            found.push(below.finding(
                Fault::KeyIdentifierMismatch,
                Field::AuthorityKeyIdentifier,
                detail,
            ));
        }
        (None, _) => {
            let detail = "it does not say which key has signed it";
            found.push(below.finding(
                Fault::MissingKeyIdentifier,
                Field::AuthorityKeyIdentifier,
                detail,
            ));
        }
        _ => {}
    }
    // RFC 5280 section 4.2.1.2: every authority must, and others need not.
    if own.is_none() && matches!(above.basic_constraints(), BasicConstraints::Ca { .. }) {
        let detail = "it does not name its key";
        found.push(above.finding(Fault::MissingKeyIdentifier, Field::SubjectKeyIdentifier, detail));
    }
    found
}
