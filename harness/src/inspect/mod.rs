//! Finds every fault in the certificates that a server sent.
//!
//! It says what *is*, not what a client makes of it: that is for the client's
//! [`Profile`](crate::client::Profile).

mod chain;
mod names;
mod signature;

use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::*;

pub use signature::{SignatureError, verify_handshake_signature};

use crate::{
    Fault,
    host::Host,
    observation::{Certificate, Finding},
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
    /// The most days of validity that the client allows.
    pub longest_validity_days: u32,
}

/// Every fault in `sent`, the certificates in the order in which the server sent them.
///
/// The order of the findings means nothing: which one a client reports is in its profile.
pub fn inspect(sent: &[CertificateDer<'_>], question: &Question<'_>) -> Vec<Finding> {
    let Some((first, others)) = sent.split_first() else {
        return vec![finding(Fault::Malformed, "the server sent no certificate")];
    };
    let leaf = match parse(first) {
        Ok(leaf) => leaf,
        Err(problem) => return vec![finding(Fault::Malformed, problem)],
    };
    let mut found = Vec::new();
    names::check(&leaf, question.host, &mut found);
    dates(&leaf, question, &mut found);
    purpose(&leaf, &mut found);
    chain::check(&leaf, others, question, &mut found);
    found
}

/// A certificate in words that a person compares; [`None`] if it cannot be read.
pub fn describe(der: &CertificateDer<'_>) -> Option<Certificate> {
    let certificate = parse(der).ok()?;
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names::alternative_names(&certificate),
        not_before: certificate.validity().not_before.to_string(),
        not_after: certificate.validity().not_after.to_string(),
        sha256: fingerprint(der),
    })
}

pub(crate) fn fingerprint(der: &[u8]) -> String {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let hash = provider
        .cipher_suites
        .iter()
        .filter_map(|suite| suite.tls13())
        .map(|suite| suite.common.hash_provider)
        .find(|hash| hash.output_len() == 32);
    hash.map_or_else(String::new, |hash| {
        hash.hash(der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    })
}

fn finding(fault: Fault, detail: impl Into<String>) -> Finding {
    Finding { fault, detail: detail.into() }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, String> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(format!("{} bytes follow the certificate", rest.len())),
        Err(error) => Err(format!("the certificate cannot be read: {error}")),
    }
}

/// RFC 5280 section 4.1.2.5: both ends of the period belong to it.
fn dates(leaf: &X509Certificate<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    match period(leaf, question.now) {
        Period::Within => {}
        Period::Before(start) => {
            found.push(finding(Fault::NotYetValid, format!("valid from {start}")));
        }
        Period::After(end) => found.push(finding(Fault::Expired, format!("valid until {end}"))),
    }
    let validity = leaf.validity();
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
    let days = (seconds + 1).div_euclid(86_400);
    if days > i64::from(question.longest_validity_days) {
        found.push(finding(
            Fault::ValidityTooLong,
            format!("valid for {days} days, {} are allowed", question.longest_validity_days),
        ));
    }
}

enum Period {
    Within,
    Before(ASN1Time),
    After(ASN1Time),
}

fn period(certificate: &X509Certificate<'_>, now: UnixTime) -> Period {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if now < validity.not_before.timestamp() {
        Period::Before(validity.not_before)
    } else if now > validity.not_after.timestamp() {
        Period::After(validity.not_after)
    } else {
        Period::Within
    }
}

fn purpose(leaf: &X509Certificate<'_>, found: &mut Vec<Finding>) {
    if basic_constraints(leaf) == BasicConstraints::Ca {
        found.push(finding(Fault::CaAsServer, "basicConstraints says CA:TRUE"));
    }
    let usage = leaf.extended_key_usage().ok().flatten();
    if !usage.is_some_and(|usage| usage.value.server_auth) {
        found.push(finding(Fault::MissingServerAuth, "no extendedKeyUsage with serverAuth"));
    }
}

/// What a certificate says of itself as an authority (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, PartialEq, Eq)]
enum BasicConstraints {
    Ca,
    NotCa,
    Absent,
}

fn basic_constraints(certificate: &X509Certificate<'_>) -> BasicConstraints {
    match certificate.basic_constraints().ok().flatten() {
        Some(constraints) if constraints.value.ca => BasicConstraints::Ca,
        Some(_) => BasicConstraints::NotCa,
        None => BasicConstraints::Absent,
    }
}

/// Whether keyUsage, where it is stated, includes keyCertSign (RFC 5280 section 4.2.1.3).
fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    certificate.key_usage().ok().flatten().is_none_or(|usage| usage.value.key_cert_sign())
}

#[cfg(test)]
mod tests;
