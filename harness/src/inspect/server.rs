//! What can be wrong with the server's own certificate, whatever is above it.

use rustls_pki_types::CertificateDer;
use x509_parser::{
    asn1_rs::{Integer, SequenceOf, oid},
    oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME,
    prelude::*,
};

use super::{
    KeyAlgorithm, KeyUse, LastSecond, Question, Staple,
    certificate::{BasicConstraints, Held, Purpose},
    extensions,
    key::weakness,
    names, signature,
};
use crate::{
    Fault,
    observation::{Field, Finding},
};

/// The TLS feature that asks for a stapled answer: status_request (RFC 7633 section 4.2.3.1, RFC 6066 section 8).
const STATUS_REQUEST: u8 = 5;

/// Checks the server's certificate, `others` being what was sent behind it.
pub(super) fn check(
    leaf: &Held<'_>,
    others: &[CertificateDer<'_>],
    question: &Question<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    names::check(leaf, question.host, &mut found);
    number(leaf, others, question.limits.most_certificates, &mut found);
    dates(leaf, question, &mut found);
    purpose(leaf, question.handshake.key_use, &mut found);
    strength(leaf, question, &mut found);
    staple(leaf, question.handshake.staple, &mut found);
    serial_number(leaf, others, question.met, &mut found);
    if leaf.read.issuer().iter().next().is_none() {
        found.push(leaf.finding(Fault::EmptyIssuer, Field::Issuer, "the issuer's name is empty"));
    }
    empty_subject(leaf, &mut found);
    extensions::check(leaf, &extensions::SERVER, &mut found);
    found
}

fn number(leaf: &Held<'_>, others: &[CertificateDer<'_>], most: usize, found: &mut Vec<Finding>) {
    let sent = others.len() + 1;
    if sent > most {
        let detail = format!("{sent} certificates were sent, {most} are allowed");
        found.push(leaf.finding(Fault::TooManyCertificates, Field::Encoding, detail));
    }
}

fn dates(leaf: &Held<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    match period(&leaf.read, question) {
        Period::Within => {}
        Period::Before(start) => {
            let detail = format!("valid from {start}");
            found.push(leaf.finding(Fault::NotYetValid, Field::Validity, detail));
        }
        Period::After(end) => {
            let detail = format!("valid until {end}");
            found.push(leaf.finding(Fault::Expired, Field::Validity, detail));
        }
    }
    let validity = leaf.read.validity();
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
    let days = (seconds + 1).div_euclid(86_400);
    let allowed = question.limits.longest_validity_days;
    if days > i64::from(allowed) {
        let detail = format!("valid for {days} days, {allowed} are allowed");
        found.push(leaf.finding(Fault::ValidityTooLong, Field::Validity, detail));
    }
}

/// Where a moment is, seen from a certificate's period of validity. RFC 5280 section 4.1.2.5: both ends belong to it.
pub(super) enum Period {
    Within,
    Before(ASN1Time),
    After(ASN1Time),
}

pub(super) fn period(certificate: &X509Certificate<'_>, question: &Question<'_>) -> Period {
    let now = i64::try_from(question.now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    let end = validity.not_after.timestamp();
    let is_over = match question.limits.last_second {
        LastSecond::Valid => now > end,
        LastSecond::Expired => now >= end,
    };
    if now < validity.not_before.timestamp() {
        Period::Before(validity.not_before)
    } else if is_over {
        Period::After(validity.not_after)
    } else {
        Period::Within
    }
}

fn purpose(leaf: &Held<'_>, key_use: KeyUse, found: &mut Vec<Finding>) {
    let is_ca = matches!(leaf.basic_constraints(), BasicConstraints::Ca { .. });
    if is_ca {
        found.push(leaf.finding(
            Fault::CaAsServer,
            Field::BasicConstraints,
            "basicConstraints says CA:TRUE",
        ));
    }
    let fault = match leaf.purpose() {
        Purpose::Server => None,
        Purpose::Unstated => Some((Fault::MissingServerAuth, "no extendedKeyUsage")),
        Purpose::Any => Some((Fault::AnyPurpose, "anyExtendedKeyUsage, and no serverAuth")),
        Purpose::Other => Some((Fault::WrongPurpose, "extendedKeyUsage without serverAuth")),
    };
    if let Some((fault, detail)) = fault {
        // RFC 5280 section 4.2.1.12 has one or more: an empty one is told by its place, as GnuTLS takes it for none.
        let (field, detail) = match leaf.has_empty_purpose() {
            true => (Field::Encoding, "extendedKeyUsage is empty, and allows nothing"),
            false => (Field::ExtendedKeyUsage, detail),
        };
        found.push(leaf.finding(fault, field, detail));
    }
    let Some(usage) = leaf.key_usage() else { return };
    let allowed = match key_use {
        KeyUse::Signs => usage.digital_signature(),
        KeyUse::Decrypts => usage.key_encipherment(),
    };
    if !allowed {
        let needed = match key_use {
            KeyUse::Signs => "digitalSignature",
            KeyUse::Decrypts => "keyEncipherment",
        };
        let detail = format!("keyUsage is {usage}, this handshake needs {needed}");
        found.push(leaf.finding(Fault::KeyUsageMismatch, Field::KeyUsage, detail));
    }
    if !(usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()) {
        let detail = format!("keyUsage is {usage}, and nothing that a TLS server does");
        found.push(leaf.finding(Fault::KeyUsageWithoutTls, Field::KeyUsage, detail));
    }
    if usage.key_cert_sign() && !is_ca {
        let detail = "keyUsage has keyCertSign, and basicConstraints does not say CA:TRUE";
        found.push(leaf.finding(Fault::ServerMaySign, Field::KeyUsage, detail));
    }
}

fn strength(leaf: &Held<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    let key = leaf.read.public_key();
    if let Some(weakness) = weakness(key) {
        found.push(leaf.finding(Fault::WeakKey, Field::SubjectPublicKey, weakness));
    }
    let algorithm = KeyAlgorithm::of(key);
    if !question.limits.server_keys.contains(&algorithm) {
        let detail = format!("a key of the type {algorithm}");
        found.push(leaf.finding(Fault::UnusableKey, Field::SubjectPublicKey, detail));
    }
    if let Some(hash) = signature::weak_hash(&leaf.read) {
        let detail = format!("signed with {hash}");
        found.push(leaf.finding(Fault::WeakSignature, Field::SignatureAlgorithm, detail));
    }
}

/// RFC 5280 section 4.1.2.6: without a subject, the subjectAltName stands in for it and must be critical.
fn empty_subject(leaf: &Held<'_>, found: &mut Vec<Finding>) {
    let stands_in =
        leaf.extension(&OID_X509_EXT_SUBJECT_ALT_NAME).is_some_and(|names| names.critical);
    if leaf.read.subject().iter().next().is_none() && !stands_in {
        let detail = "the subject is empty, and no critical subjectAltName stands in for it";
        found.push(leaf.finding(Fault::EmptySubject, Field::Subject, detail));
    }
}

/// RFC 7633 section 4.2: the server must have the features that its certificate names.
fn staple(leaf: &Held<'_>, staple: Staple, found: &mut Vec<Finding>) {
    if staple == Staple::Sent {
        return;
    }
    let Some(extension) = leaf.extension(&oid!(1.3.6.1.5.5.7.1.24)) else { return };
    let Ok((_, features)) = SequenceOf::<Integer<'_>>::from_der(extension.value) else { return };
    if features.iter().any(|feature| feature.as_u8() == Ok(STATUS_REQUEST)) {
        let detail = "it demands an OCSP answer, and none came";
        found.push(leaf.finding(Fault::MissingStaple, Field::TlsFeature, detail));
    }
}

/// RFC 5280 section 4.1.2.2: an issuer gives each certificate a number of its own.
fn serial_number(
    leaf: &Held<'_>,
    others: &[CertificateDer<'_>],
    met: &[CertificateDer<'static>],
    found: &mut Vec<Finding>,
) {
    let is_same = |other: &CertificateDer<'_>| {
        let Ok((_, other)) = X509Certificate::from_der(other) else { return false };
        other.issuer() == leaf.read.issuer()
            && other.raw_serial() == leaf.read.raw_serial()
            && other.as_raw() != leaf.der()
    };
    if others.iter().any(is_same) || met.iter().any(is_same) {
        let detail = format!(
            "another certificate of {} has the number {}",
            leaf.read.issuer(),
            leaf.read.raw_serial_as_string()
        );
        found.push(leaf.finding(Fault::ReusedSerialNumber, Field::SerialNumber, detail));
    }
}
