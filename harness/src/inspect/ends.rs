//! What a way ends with: an anchor, which some clients want to be a root, or nothing that is trusted.

use rustls_pki_types::CertificateDer;

use super::{
    Question,
    certificate::{BasicConstraints, Held},
    key_identifiers, signature,
};
use crate::{
    Fault,
    observation::{Field, Finding, Position},
};

/// The leaf was imported as trusted: it is its own anchor, and some clients want an anchor to be an authority.
pub(super) fn trusted_itself(leaf: &Held<'_>, question: &Question<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    match leaf.basic_constraints() {
        BasicConstraints::NotCa => found.push(leaf.finding(
            Fault::AnchorNotCa,
            Field::BasicConstraints,
            "imported, but says CA:FALSE",
        )),
        BasicConstraints::Ca { .. } if !leaf.may_sign() => found.push(leaf.finding(
            Fault::AnchorMayNotSign,
            Field::KeyUsage,
            "imported, but keyUsage lacks keyCertSign",
        )),
        _ => {}
    }
    found.extend(above_anchor(leaf, question));
    found
}

/// What there is to say where an anchor is not its own issuer, and its issuer is not trusted.
pub(super) fn above_anchor(anchor: &Held<'_>, question: &Question<'_>) -> Option<Finding> {
    if anchor.is_self_issued() {
        return key_identifiers::against_itself(anchor);
    }
    let is_its_issuer = |der: &CertificateDer<'_>| {
        Held::read(der, Position::Trusted)
            .is_ok_and(|one| one.read.subject() == anchor.read.issuer())
    };
    if question.anchors.iter().any(is_its_issuer) {
        return None;
    }
    let detail = format!("it was issued by {}, which is not trusted", anchor.read.issuer());
    Some(anchor.finding(Fault::AnchorNotRoot, Field::Issuer, detail))
}

/// What there is to say where no way leads to an anchor.
pub(super) fn dead_end(
    leaf: &Held<'_>,
    issuers: &[&Held<'_>],
    others: &[CertificateDer<'_>],
) -> Vec<Finding> {
    let mut found = Vec::new();
    let issuer = leaf.read.issuer();
    if is_self_signed(leaf) {
        let detail = format!("signed by itself: {issuer}");
        found.push(leaf.finding(Fault::SelfSigned, Field::SignatureValue, detail));
    } else if others.is_empty() {
        // Roots seldom issue for servers themselves, so a leaf alone is most likely one that lost its intermediate.
        let detail = format!("only the leaf was sent, and its issuer is not trusted: {issuer}");
        found.push(leaf.finding(Fault::MissingIntermediate, Field::Issuer, detail));
    }
    let top = issuers.last().copied().unwrap_or(leaf);
    found.push(match is_its_own_issuer(top) && top.position != Position::Server {
        true => {
            let detail = format!("{} is signed by itself, and not trusted", top.read.subject());
            top.finding(Fault::UnknownIssuer, Field::SignatureValue, detail)
        }
        false => {
            let detail = format!("no trusted certificate above {}", top.read.issuer());
            top.finding(Fault::UnknownIssuer, Field::Issuer, detail)
        }
    });
    found
}

/// Whether it says of itself that nobody else has issued it, whoever has signed it.
pub(super) fn is_its_own_issuer(held: &Held<'_>) -> bool {
    held.is_self_issued() && key_identifiers::against_itself(held).is_none()
}

fn is_self_signed(held: &Held<'_>) -> bool {
    held.is_self_issued() && signature::verify_certificate(&held.read, &held.read).is_ok()
}
