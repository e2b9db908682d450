//! May a certificate above the server's issue at all (RFC 5280 section 6.1.4)?

use x509_parser::prelude::X509Version;

use super::{
    Question,
    certificate::{BasicConstraints, Held, Purpose},
    extensions,
    key::weakness,
    server::{Period, period},
    signature,
};
use crate::{
    Fault,
    observation::{Field, Finding, Position},
};

/// What is wrong with an authority, whatever it has issued.
pub(super) fn check(issuer: &Held<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    let subject = issuer.read.subject();
    match issuer.basic_constraints() {
        BasicConstraints::Ca { .. } => {}
        BasicConstraints::NotCa => found.push(issuer.finding(
            Fault::IssuerNotCa,
            Field::BasicConstraints,
            format!("{subject} says CA:FALSE"),
        )),
        BasicConstraints::Absent => found.push(without_constraints(issuer)),
    }
    if !issuer.may_sign() {
        let detail = format!("{subject} lacks keyCertSign");
        found.push(issuer.finding(Fault::IssuerMayNotSign, Field::KeyUsage, detail));
    }
    let fault = match issuer.purpose() {
        Purpose::Unstated | Purpose::Server => None,
        Purpose::Any => {
            Some((Fault::IssuerAnyPurpose, "for any purpose, and does not say servers"))
        }
        Purpose::Other => Some((Fault::IssuerWrongPurpose, "for other purposes than servers")),
    };
    if let Some((fault, purpose)) = fault {
        let detail = format!("{subject} may issue {purpose}");
        found.push(issuer.finding(fault, Field::ExtendedKeyUsage, detail));
    }
    if issuer.position == Position::Trusted && subject.iter().next().is_none() {
        let detail = "the trusted certificate has no name to find it by";
        found.push(issuer.finding(Fault::EmptyIssuer, Field::Subject, detail));
    }
    dates(issuer, question, found);
    strength(issuer, found);
    extensions::check(issuer, &extensions::ISSUER, found);
}

/// One that has no basicConstraints may still say by its keyUsage that it is an authority, and one of version 1 has no
/// way to say so: the place tells which it is, as some clients take the one or the other for an authority (OpenSSL,
/// `check_ca`).
fn without_constraints(issuer: &Held<'_>) -> Finding {
    let subject = issuer.read.subject();
    let (field, problem) = if issuer.read.version() == X509Version::V1 {
        (Field::Version, "is of version 1, which has no basicConstraints")
    } else if issuer.key_usage().is_some() {
        (Field::BasicConstraints, "has no basicConstraints")
    } else {
        (Field::Extensions, "has neither basicConstraints nor keyUsage")
    };
    issuer.finding(Fault::IssuerWithoutConstraints, field, format!("{subject} {problem}"))
}

/// How many authorities may follow below it, where it says so, its own successors under its own name not counted
/// (RFC 5280 section 4.2.1.9).
pub(super) fn check_length(issuer: &Held<'_>, below: &[&Held<'_>], found: &mut Vec<Finding>) {
    let BasicConstraints::Ca { path_length: Some(allowed) } = issuer.basic_constraints() else {
        return;
    };
    let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
    let counted = below.iter().filter(|held| !held.is_self_issued()).count();
    let fault = if counted > allowed {
        Fault::PathTooLong
    } else if below.len() > allowed {
        Fault::PathTooLongIfAllCount
    } else {
        return;
    };
    let (subject, number) = (issuer.read.subject(), below.len());
    let detail = format!("{subject} allows {allowed} authorities below it, there are {number}");
    found.push(issuer.finding(fault, Field::BasicConstraints, detail));
}

/// Whether one below it has its name and its key.
pub(super) fn check_repetition(
    issuer: &Held<'_>,
    leaf: &Held<'_>,
    below: &[&Held<'_>],
    found: &mut Vec<Finding>,
) {
    let is_same = |other: &Held<'_>| {
        other.read.subject() == issuer.read.subject()
            && other.read.public_key().raw == issuer.read.public_key().raw
    };
    if is_same(leaf) || below.iter().any(|held| is_same(held)) {
        let detail = format!("{} stands above one of the same name and key", issuer.read.subject());
        found.push(issuer.finding(Fault::RepeatedAuthority, Field::SubjectPublicKey, detail));
    }
}

fn dates(issuer: &Held<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    let fault = match period(&issuer.read, question) {
        Period::Within => return,
        Period::Before(_) => Fault::IssuerNotYetValid,
        Period::After(_) => Fault::IssuerExpired,
    };
    let (subject, validity) = (issuer.read.subject(), issuer.read.validity());
    let detail =
        format!("{subject} is valid from {} until {}", validity.not_before, validity.not_after);
    found.push(issuer.finding(fault, Field::Validity, detail));
}

fn strength(issuer: &Held<'_>, found: &mut Vec<Finding>) {
    let subject = issuer.read.subject();
    if let Some(weakness) = weakness(issuer.read.public_key()) {
        let detail = format!("{subject} has {weakness}");
        found.push(issuer.finding(Fault::IssuerWeakKey, Field::SubjectPublicKey, detail));
    }
    // Nobody relies on the signature of a certificate that is trusted by itself.
    if issuer.position == Position::Trusted {
        return;
    }
    if let Some(hash) = signature::weak_hash(&issuer.read) {
        let detail = format!("{subject} is signed with {hash}");
        found.push(issuer.finding(Fault::IssuerWeakSignature, Field::SignatureAlgorithm, detail));
    }
}
