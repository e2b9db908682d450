//! From the leaf to a trust anchor (RFC 5280 section 6): is there a path, and may its issuers issue?

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::*;

use super::{
    BasicConstraints, Period, Question, basic_constraints, finding, may_sign, names, parse, period,
    signature::{self, SignatureError},
};
use crate::{Fault, observation::Finding};

/// How many signatures are checked before a server's certificates are given up as hostile.
const SIGNATURE_BUDGET: usize = 64;

/// Finds a path from the leaf through the `others` that were sent to an anchor, and what is wrong on it.
pub(super) fn check(
    leaf: &X509Certificate<'_>,
    others: &[CertificateDer<'_>],
    question: &Question<'_>,
    found: &mut Vec<Finding>,
) {
    if question.anchors.iter().any(|anchor| anchor.as_ref() == leaf.as_raw()) {
        trusted_itself(leaf, found);
        return;
    }
    let anchors: Vec<_> = question.anchors.iter().filter_map(|der| parse(der).ok()).collect();
    let others: Vec<_> = others.iter().filter_map(|der| parse(der).ok()).collect();
    let mut search = Search {
        anchors: &anchors,
        others: &others,
        budget: SIGNATURE_BUDGET,
        bad_signature: None,
    };
    match search.path_from(leaf, &mut Vec::new()) {
        Some(issuers) => issuers.iter().for_each(|issuer| check_issuer(issuer, question, found)),
        None => no_path(leaf, &others, search.bad_signature, found),
    }
}

/// The leaf was imported as trusted: it is its own anchor, and some clients want an anchor to be an authority.
fn trusted_itself(leaf: &X509Certificate<'_>, found: &mut Vec<Finding>) {
    if basic_constraints(leaf) == BasicConstraints::NotCa {
        found.push(finding(Fault::AnchorNotCa, "imported, but says CA:FALSE"));
    }
    if basic_constraints(leaf) == BasicConstraints::Ca && !may_sign(leaf) {
        found.push(finding(Fault::AnchorMayNotSign, "imported, but keyUsage lacks keyCertSign"));
    }
}

fn no_path(
    leaf: &X509Certificate<'_>,
    others: &[X509Certificate<'_>],
    bad_signature: Option<String>,
    found: &mut Vec<Finding>,
) {
    let issuer = leaf.issuer();
    if let Some(detail) = bad_signature {
        found.push(finding(Fault::BadSignature, detail));
    }
    if is_self_signed(leaf) {
        found.push(finding(Fault::SelfSigned, format!("signed by itself: {issuer}")));
    } else if others.is_empty() {
        // Roots seldom issue for servers themselves, so a leaf alone is most likely one that lost its intermediate.
        found.push(finding(
            Fault::MissingIntermediate,
            format!("only the leaf was sent, and its issuer is not trusted: {issuer}"),
        ));
    }
    found.push(finding(Fault::UnknownIssuer, format!("no trusted certificate above {issuer}")));
}

fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.issuer() == certificate.subject()
        && signature::verify_certificate(certificate, certificate).is_ok()
}

struct Search<'s, 'd> {
    anchors: &'s [X509Certificate<'d>],
    others: &'s [X509Certificate<'d>],
    budget: usize,
    bad_signature: Option<String>,
}

impl<'s, 'd> Search<'s, 'd> {
    /// The issuers above `certificate`, the anchor last. Anchors are tried before what was sent, so
    /// that the shortest path is found first; a certificate is used once, so that no loop is followed.
    fn path_from(
        &mut self,
        certificate: &X509Certificate<'_>,
        used: &mut Vec<usize>,
    ) -> Option<Vec<&'s X509Certificate<'d>>> {
        let anchors = self.anchors;
        for anchor in anchors {
            if self.issued(anchor, certificate) {
                return Some(vec![anchor]);
            }
        }
        let others = self.others;
        for (position, other) in others.iter().enumerate() {
            if !used.contains(&position) && self.issued(other, certificate) {
                used.push(position);
                if let Some(mut above) = self.path_from(other, used) {
                    above.insert(0, other);
                    return Some(above);
                }
                used.pop();
            }
        }
        None
    }

    fn issued(&mut self, issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
        if issuer.subject() != certificate.issuer() || self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        match signature::verify_certificate(certificate, issuer) {
            Ok(()) => true,
            Err(SignatureError::Unsupported) => false,
            Err(SignatureError::Wrong) => {
                self.bad_signature = Some(format!(
                    "{} is not signed with the key of {}",
                    certificate.subject(),
                    issuer.subject()
                ));
                false
            }
        }
    }
}

fn check_issuer(issuer: &X509Certificate<'_>, question: &Question<'_>, found: &mut Vec<Finding>) {
    let subject = issuer.subject();
    match basic_constraints(issuer) {
        BasicConstraints::Ca => {}
        BasicConstraints::NotCa => {
            found.push(finding(Fault::IssuerNotCa, format!("{subject} says CA:FALSE")));
        }
        BasicConstraints::Absent => found.push(finding(
            Fault::IssuerWithoutConstraints,
            format!("{subject} has no basicConstraints"),
        )),
    }
    if !may_sign(issuer) {
        found.push(finding(Fault::IssuerMayNotSign, format!("{subject} lacks keyCertSign")));
    }
    if !matches!(period(issuer, question.now), Period::Within) {
        let validity = issuer.validity();
        found.push(finding(
            Fault::IssuerExpired,
            format!("{subject} is valid from {} until {}", validity.not_before, validity.not_after),
        ));
    }
    if violates_constraint(issuer, question) {
        let host = question.host;
        found.push(finding(Fault::NameConstraint, format!("{subject} may not issue for {host}")));
    }
}

fn violates_constraint(issuer: &X509Certificate<'_>, question: &Question<'_>) -> bool {
    let Some(constraints) = issuer.name_constraints().ok().flatten() else { return false };
    let holds = |subtrees: &Option<Vec<GeneralSubtree<'_>>>| -> Vec<bool> {
        let subtrees = subtrees.as_deref().unwrap_or_default();
        subtrees
            .iter()
            .filter_map(|subtree| names::subtree_holds(&subtree.base, question.host))
            .collect()
    };
    let permitted = holds(&constraints.value.permitted_subtrees);
    let excluded = holds(&constraints.value.excluded_subtrees);
    (!permitted.is_empty() && !permitted.contains(&true)) || excluded.contains(&true)
}
