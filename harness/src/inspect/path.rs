//! The ways from the server's certificate up to an anchor (RFC 5280 section 6; RFC 4158), and what is wrong on each.
//!
//! Candidates are looked for by name, in what the client trusts and in what was sent, in whatever order that
//! came. Certificates of no use, duplicates and loops cost nothing: each is used once on a way. What a hostile
//! server can make us do is bounded by [`MOST_SIGNATURES`], [`MOST_STEPS`] and [`MOST_PATHS`].

mod straight;

use std::collections::HashMap;

use rustls_pki_types::CertificateDer;

use self::straight::Preference;
use super::{
    Path, Question,
    certificate::Held,
    constraints, ends, issuer,
    key::{self, KeyAlgorithm},
    key_identifiers,
    server::{Period, period},
    signature::{self, SignatureError},
    unread,
};
use crate::{
    Fault,
    observation::{Field, Finding, Position},
};

/// How many signatures are checked before the rest counts as not made: as many as 16 paths of 8 need.
const MOST_SIGNATURES: usize = 128;
/// How many times a candidate is looked at.
const MOST_STEPS: usize = 4096;
/// How many ways to an anchor are told. Chromium looks at 20 (net/cert/cert_verify_proc_builtin.cc, `kPathBuilderIterationLimit`).
const MOST_PATHS: usize = 20;
/// How many certificates may be above the server's. Chromium and OpenSSL allow more, mozilla::pkix 7 (pkixbuild.cpp, `MAX_SUBCA_COUNT`).
const LONGEST_PATH: usize = 20;

/// The ways up from a certificate.
pub(super) struct Ways {
    /// All of them.
    pub paths: Vec<Path>,
    /// The one without turning back.
    pub straight: Path,
    /// The same, valid certificates first.
    pub current: Path,
    /// Those that lead back to where they have been.
    pub loops: Vec<Path>,
}

/// The ways up from `leaf`, through the `others` that were sent: those to an anchor, or a dead end where there is none.
pub(super) fn find(
    leaf: &Held<'_>,
    others: &[CertificateDer<'_>],
    question: &Question<'_>,
) -> Ways {
    if question.anchors.iter().any(|anchor| anchor.as_ref() == leaf.der()) {
        let path = Path { issuers: Vec::new(), found: ends::trusted_itself(leaf, question) };
        return Ways {
            paths: vec![path.clone()],
            straight: path.clone(),
            current: path,
            loops: Vec::new(),
        };
    }
    let mut broken = Vec::new();
    let mut read = |der, position| match Held::read(der, position) {
        Ok(held) => Some(held),
        Err(problem) => {
            broken.push(unread(Fault::MalformedIssuer, position, problem));
            None
        }
    };
    let anchors: Vec<Held<'_>> =
        question.anchors.iter().filter_map(|der| read(der, Position::Trusted)).collect();
    let numbered = others.iter().zip(1..).filter(|(der, _)| !question.anchors.contains(der));
    let sent: Vec<Held<'_>> =
        numbered.filter_map(|(der, number)| read(der, Position::Sent(number))).collect();
    let mut search = Search {
        candidates: anchors.iter().chain(&sent).collect(),
        verified: HashMap::new(),
        steps: MOST_STEPS,
        signatures: MOST_SIGNATURES,
        question,
        paths: Vec::new(),
        loops: Vec::new(),
        dead_end: None,
    };
    search.climb(leaf, &mut Vec::new(), &mut Vec::new());
    let straight = search.go_straight(leaf, Preference::AsTheyCame);
    let current = search.go_straight(leaf, Preference::CurrentFirst);
    let Search { mut paths, mut loops, dead_end, .. } = search;
    let lost = |end: DeadEnd<'_, '_>| {
        let mut found = along(leaf, &end.issuers, question);
        found.extend(ends::dead_end(leaf, &end.issuers, others));
        found.extend_from_slice(&broken);
        found.extend(end.edges);
        Path { issuers: end.issuers.iter().map(|held| held.position).collect(), found }
    };
    let straight = straight.unwrap_or_else(lost);
    let current = current.unwrap_or_else(lost);
    if paths.is_empty() {
        paths.push(lost(dead_end.unwrap_or_default()));
        loops.clear();
    }
    Ways { paths, straight, current, loops }
}

/// A way that came to nothing.
#[derive(Clone, Default)]
struct DeadEnd<'s, 'd> {
    issuers: Vec<&'s Held<'d>>,
    /// What is wrong between one certificate and the next.
    edges: Vec<Finding>,
}

struct Search<'s, 'd> {
    /// Anchors first.
    candidates: Vec<&'s Held<'d>>,
    /// What became of each signature, by the addresses of the two certificates: each is checked once.
    verified: HashMap<(*const u8, *const u8), Option<SignatureError>>,
    /// How many candidates may still be looked at.
    steps: usize,
    /// How many signatures may still be checked.
    signatures: usize,
    question: &'s Question<'s>,
    paths: Vec<Path>,
    /// Ways that lead back to where they have been: they come to nothing, and some clients count them.
    loops: Vec<Path>,
    /// The way that came to nothing first.
    dead_end: Option<DeadEnd<'s, 'd>>,
}

impl<'s, 'd> Search<'s, 'd> {
    /// Follows every way up from the last of `issuers`, or from the leaf, and keeps what was found on the edges.
    fn climb(
        &mut self,
        leaf: &Held<'_>,
        issuers: &mut Vec<&'s Held<'d>>,
        edges: &mut Vec<Finding>,
    ) {
        let below = issuers.last().copied().unwrap_or(leaf);
        if below.is_self_issued() && self.loops.is_empty() {
            let detail = format!("{} has its issuer's name", below.read.subject());
            let itself = below.finding(Fault::RepeatedAuthority, Field::Issuer, detail);
            let issuers = issuers.iter().map(|held| held.position).collect();
            self.loops.push(Path { issuers, found: vec![itself] });
        }
        let mut is_stuck = true;
        for (next, edge) in self.above(below, issuers) {
            is_stuck = false;
            issuers.push(next);
            let before = edges.len();
            edges.extend(edge);
            if next.position == Position::Trusted {
                let path = self.path(leaf, issuers, edges);
                self.paths.push(path);
            } else if issuers.len() < LONGEST_PATH {
                self.climb(leaf, issuers, edges);
            }
            edges.truncate(before);
            issuers.pop();
            if self.paths.len() >= MOST_PATHS || self.steps == 0 {
                break;
            }
        }
        if is_stuck && self.dead_end.is_none() {
            self.dead_end = Some(DeadEnd { issuers: issuers.clone(), edges: edges.clone() });
        }
    }

    fn path(&self, leaf: &Held<'_>, issuers: &[&Held<'_>], edges: &[Finding]) -> Path {
        let mut found = along(leaf, issuers, self.question);
        found.extend_from_slice(edges);
        found.extend(issuers.last().and_then(|anchor| ends::above_anchor(anchor, self.question)));
        Path { issuers: issuers.iter().map(|held| held.position).collect(), found }
    }

    /// The certificates that may have issued this one, with what is wrong between the two: those whose key has
    /// signed it and that are valid today first, and of these the trusted.
    fn above(
        &mut self,
        below: &Held<'_>,
        used: &[&'s Held<'d>],
    ) -> Vec<(&'s Held<'d>, Vec<Finding>)> {
        let mut usable = Vec::new();
        for candidate in self.candidates.clone() {
            if self.steps == 0 {
                break;
            }
            self.steps -= 1;
            if !may_be_above(candidate, below, used) {
                continue;
            }
            let Some(edge) = self.edge(below, candidate) else { continue };
            let is_signed = edge.iter().all(|finding| finding.fault != Fault::BadSignature);
            let is_current = matches!(period(&candidate.read, self.question), Period::Within);
            usable.push((!is_signed, !is_current, candidate, edge));
        }
        usable.sort_by_key(|(unsigned, outdated, ..)| (*unsigned, *outdated));
        usable.into_iter().map(|(_, _, candidate, edge)| (candidate, edge)).collect()
    }

    /// What is wrong between a certificate and the one that may have issued it; [`None`] once too much has been asked.
    fn edge(&mut self, below: &Held<'_>, above: &Held<'_>) -> Option<Vec<Finding>> {
        let mut found = Vec::new();
        let algorithm = KeyAlgorithm::of(above.read.public_key());
        if !self.question.limits.issuer_keys.contains(&algorithm) {
            let detail = format!("signed with a key of the type {algorithm}");
            let fault = match algorithm.is_elliptic_curve() {
                true => Fault::UnsupportedCurve,
                false => Fault::UnsupportedSignature,
            };
            found.push(below.finding(fault, Field::SignatureAlgorithm, detail));
        } else if !key::is_readable(above.read.public_key()) {
            let detail = format!("the key of {} cannot be read", above.read.subject());
            found.push(above.finding(Fault::MalformedIssuer, Field::SubjectPublicKey, detail));
        } else {
            let error = self.signature(below, above)?;
            found.extend(error.and_then(|error| bad_signature(error, below, above)));
        }
        found.extend(key_identifiers::between(below, above));
        Some(found)
    }

    /// Why the signature does not hold, [`None`] inside if it does.
    fn signature(&mut self, below: &Held<'_>, above: &Held<'_>) -> Option<Option<SignatureError>> {
        let pair = (below.der().as_ptr(), above.der().as_ptr());
        if let Some(known) = self.verified.get(&pair) {
            return Some(*known);
        }
        self.signatures = self.signatures.checked_sub(1)?;
        let error = signature::verify_certificate(&below.read, &above.read).err();
        self.verified.insert(pair, error);
        Some(error)
    }
}

/// What a signature that does not hold is a sign of: nothing where it is we who cannot check it.
fn bad_signature(error: SignatureError, below: &Held<'_>, above: &Held<'_>) -> Option<Finding> {
    let (subject, issuer) = (below.read.subject(), above.read.subject());
    let (fault, detail) = match error {
        SignatureError::Wrong => {
            (Fault::BadSignature, format!("{subject} is not signed with the key of {issuer}"))
        }
        SignatureError::Unknown => {
            let algorithm = below.read.signature_algorithm.oid();
            (
                Fault::UnsupportedSignature,
                format!("{subject} is signed with the algorithm {algorithm}"),
            )
        }
        SignatureError::Unsupported => return None,
    };
    Some(below.finding(fault, Field::SignatureValue, detail))
}

/// Whether it could be above that certificate by its name, and is not on the way already.
fn may_be_above(candidate: &Held<'_>, below: &Held<'_>, used: &[&Held<'_>]) -> bool {
    candidate.read.subject() == below.read.issuer()
        && candidate.der() != below.der()
        && used.iter().all(|held| held.der() != candidate.der())
}

/// What is wrong with the authorities of a way, each by itself and as one below the other.
fn along(leaf: &Held<'_>, issuers: &[&Held<'_>], question: &Question<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (depth, held) in issuers.iter().enumerate() {
        let below = &issuers[..depth];
        issuer::check(held, question, &mut found);
        issuer::check_length(held, below, &mut found);
        issuer::check_repetition(held, leaf, below, &mut found);
        constraints::check(held, leaf, below, &mut found);
    }
    found
}
