//! What is above the server's certificate of each kind whose chain is the point.

use rcgen::{
    BasicConstraints::{Constrained, Unconstrained},
    DistinguishedName, ExtendedKeyUsagePurpose as Purpose, IsCa, KeyUsagePurpose as Usage,
};

use super::{
    KeyType, Kind, MintError,
    blueprint::{ENDED, LATER, Now},
    chain::{By, Chain, ISSUING, Link, Names, Sent},
    constraints::constrained,
    content::NO_BIT_STRING,
    draft::Draft,
    forge::{self, Alteration, Mark},
    signature::Scheme,
    tangled::tangled,
};
use crate::host::Host;

/// The number of the authority above the issuing one.
pub(super) const UPPER: usize = 1;

/// The number of the authority above that.
const TOP: usize = 2;

/// The authorities that have nothing to do with a certificate of [`Kind::TooManyCertificates`]: with itself and its
/// intermediate one more than [`Limits::default`](crate::inspect::Limits::default) takes.
const BYSTANDERS: usize = 15;

/// An intermediate of that key below the trusted root.
pub(super) fn plain(key: KeyType, now: Now) -> Result<Chain, MintError> {
    let names = Names::new(now)?;
    Ok(Chain::of([issuing(&names, By::Trusted)?.keyed(key)]))
}

/// The chain of a kind; the plain one where the kind says nothing of it.
pub(super) fn above(kind: Kind, host: &Host, now: Now) -> Result<Chain, MintError> {
    let names = Names::new(now)?;
    if kind == Kind::AnchorNotRoot {
        let upper = names.link(UPPER, "upper", By::Authority(TOP), Unconstrained)?;
        let top = names.link(TOP, "root", By::Itself, Unconstrained)?;
        let lower = issuing(&names, By::Authority(UPPER))?;
        return Ok(Chain::of([lower, upper, top]).on_the_way(&[0, 1]));
    }
    if kind.brings_its_own_root() {
        let root = names.link(UPPER, "root", By::Itself, Unconstrained)?;
        let root = odd_root(kind, root, host, now)?;
        return Ok(Chain::of([issuing(&names, By::Authority(UPPER))?, root]));
    }
    if let Some(chain) = tangled(kind, &names, host, now)? {
        return Ok(chain);
    }
    let one = odd_intermediate(kind, issuing(&names, By::Trusted)?, host, now)?;
    let chain = match kind {
        Kind::PathTooLong
        | Kind::IntermediateSha1
        | Kind::TwoIntermediates
        | Kind::SwappedIntermediates
        | Kind::MissingUpperIntermediate => two(kind, &names)?,
        Kind::TooManyCertificates => with_bystanders(one, &names)?,
        _ => Chain::of([one]),
    };
    Ok(match kind {
        Kind::RootSent => chain.sending([Sent::Leaf, Sent::Link(0), Sent::Root]),
        Kind::RootBeforeIntermediate => chain.sending([Sent::Leaf, Sent::Root, Sent::Link(0)]),
        Kind::SwappedIntermediates => chain.sending([Sent::Leaf, Sent::Link(1), Sent::Link(0)]),
        Kind::MissingUpperIntermediate => chain.sending([Sent::Leaf, Sent::Link(0)]),
        Kind::UnrelatedSent => chain.sending([Sent::Leaf, Sent::Unrelated, Sent::Link(0)]),
        Kind::DuplicateLeaf => chain.sending([Sent::Leaf, Sent::Leaf, Sent::Link(0)]),
        Kind::DuplicateIntermediate => chain.sending([Sent::Leaf, Sent::Link(0), Sent::Link(0)]),
        _ => chain,
    })
}

fn issuing(names: &Names, by: By) -> Result<Link, MintError> {
    names.link(ISSUING, "issuing", by, Constrained(0))
}

/// One intermediate, and its one difference.
fn odd_intermediate(kind: Kind, link: Link, host: &Host, now: Now) -> Result<Link, MintError> {
    Ok(match kind {
        Kind::Sha1Signature | Kind::Sha1SignatureExpired | Kind::Md5Signature => {
            link.keyed(KeyType::Rsa2048)
        }
        Kind::EmptyIssuer => {
            link.with(|it| it.content.distinguished_name = DistinguishedName::new())
        }
        Kind::ExpiredIntermediate | Kind::ExpiredIntermediateWrongName => link.dated(ENDED, now)?,
        Kind::NotYetValidIntermediate => link.dated(LATER, now)?,
        // Without a keyUsage, which would be a second reason why it may not sign.
        Kind::IntermediateNotCa => link.with(no_authority),
        Kind::IntermediateNoBasicConstraints => {
            link.altered(Alteration::Without(forge::BASIC_CONSTRAINTS))
        }
        Kind::IntermediateNoCertSign => {
            link.with(|it| it.content.key_usages = vec![Usage::CrlSign])
        }
        Kind::IntermediateVersion1 => link.altered(Alteration::Version1),
        Kind::IntermediateWrongPurpose => link.with(|it| purpose(it, Purpose::ClientAuth)),
        Kind::IntermediateAnyPurpose => link.with(|it| purpose(it, Purpose::Any)),
        Kind::IntermediateUnknownCriticalExtension => {
            link.altered(Alteration::unknown_extension(Mark::Critical)?)
        }
        Kind::IntermediateMalformedExtension => {
            link.altered(Alteration::Value(forge::KEY_USAGE, NO_BIT_STRING.to_vec()))
        }
        Kind::IntermediateWeakKey => link.keyed(KeyType::Rsa1024),
        Kind::IntermediateUncriticalExtension => {
            link.altered(Alteration::Mark(forge::BASIC_CONSTRAINTS, Mark::NotCritical))
        }
        Kind::UnsupportedCurve => link.keyed(KeyType::Secp256k1),
        Kind::MalformedIntermediate => link.altered(Alteration::CutShort),
        _ => constrained(kind, link, host)?,
    })
}

/// An own root, and its one difference.
fn odd_root(kind: Kind, link: Link, host: &Host, now: Now) -> Result<Link, MintError> {
    Ok(match kind {
        Kind::ExpiredRoot => link.dated(ENDED, now)?,
        Kind::RootUnknownCriticalExtension => {
            link.altered(Alteration::unknown_extension(Mark::Critical)?)
        }
        Kind::RootWeakKey => link.keyed(KeyType::Rsa1024),
        Kind::RootSha1 => link.keyed(KeyType::Rsa2048).with(|it| it.scheme = Some(Scheme::RsaSha1)),
        Kind::RootNoBasicConstraints => link.altered(Alteration::Without(forge::BASIC_CONSTRAINTS)),
        Kind::RootVersion1 => link.altered(Alteration::Version1),
        // Without a keyUsage, which would be a second reason why it may not sign.
        Kind::RootNotCa => link.with(no_authority),
        Kind::RootNoCertSign => link.with(|it| it.content.key_usages = vec![Usage::CrlSign]),
        _ => constrained(kind, link, host)?,
    })
}

/// Two intermediates, one above the other.
fn two(kind: Kind, names: &Names) -> Result<Chain, MintError> {
    let lower = issuing(names, By::Authority(UPPER))?;
    let upper = |constraints| names.link(UPPER, "upper", By::Trusted, constraints);
    Ok(match kind {
        Kind::PathTooLong => Chain::of([lower, upper(Constrained(0))?]),
        Kind::IntermediateSha1 => Chain::of([
            lower.with(|it| it.scheme = Some(Scheme::RsaSha1)),
            upper(Unconstrained)?.keyed(KeyType::Rsa2048),
        ]),
        _ => Chain::of([lower, upper(Unconstrained)?]),
    })
}

/// An intermediate, and authorities that have nothing to do with it, all sent.
fn with_bystanders(one: Link, names: &Names) -> Result<Chain, MintError> {
    let mut links = vec![one];
    for number in 1..=BYSTANDERS {
        let name = format!("bystander {number}");
        links.push(names.link(number, &name, By::Unknown, Unconstrained)?);
    }
    let sent = (0..links.len()).map(Sent::Link);
    Ok(Chain::of(links)
        .on_the_way(&[0])
        .sending([Sent::Leaf].into_iter().chain(sent).collect::<Vec<_>>()))
}

fn no_authority(draft: &mut Draft) {
    draft.content.is_ca = IsCa::ExplicitNoCa;
    draft.content.key_usages.clear();
}

fn purpose(draft: &mut Draft, purpose: Purpose) {
    draft.content.extended_key_usages = vec![purpose];
}
