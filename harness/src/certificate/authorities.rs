//! What is above the server's certificate of each kind whose chain is the point.

use rcgen::{
    BasicConstraints::{Constrained, Unconstrained},
    DistinguishedName, ExtendedKeyUsagePurpose as Purpose, GeneralSubtree, IsCa,
    KeyUsagePurpose as Usage, NameConstraints,
};

use super::{
    KeyType, Kind, MintError,
    blueprint::{self, ENDED, LATER, Now},
    chain::{By, Chain, ISSUING, Link, Names, Sent},
    content::NO_BIT_STRING,
    draft::Draft,
    forge::{self, Alteration, Mark},
    signature::Scheme,
};
use crate::host::Host;

/// The number of the authority above the issuing one.
const UPPER: usize = 1;

/// The authorities of [`Kind::HostileChain`].
const CROWD: usize = 100;

/// Those of [`Kind::HostileMesh`]: there are 986410 ways from one to others without coming back.
const MESH: usize = 10;

/// An intermediate of that key below the trusted root.
pub(super) fn plain(key: KeyType, now: Now) -> Result<Chain, MintError> {
    let names = Names::new(now)?;
    Ok(Chain::of([issuing(&names, By::Trusted)?.keyed(key)]))
}

/// The chain of a kind; the plain one where the kind says nothing of it.
pub(super) fn above(kind: Kind, host: &Host, now: Now) -> Result<Chain, MintError> {
    let names = Names::new(now)?;
    if kind.brings_its_own_root() {
        let root = names.link(UPPER, "root", By::Itself, Unconstrained)?;
        let root = odd_root(kind, root, host, now)?;
        return Ok(Chain::of([issuing(&names, By::Authority(UPPER))?, root]));
    }
    if let Some(chain) = tangled(kind, &names, now)? {
        return Ok(chain);
    }
    let one = odd_intermediate(kind, issuing(&names, By::Trusted)?, host, now)?;
    let chain = match kind {
        Kind::PathTooLong
        | Kind::IntermediateSha1
        | Kind::TwoIntermediates
        | Kind::SwappedIntermediates
        | Kind::MissingUpperIntermediate => two(kind, &names)?,
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
        Kind::IntermediateNotCa => link.with(|it| {
            it.content.is_ca = IsCa::ExplicitNoCa;
            it.content.key_usages.clear();
        }),
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
        Kind::NameConstraintViolated => {
            link.with(|it| constrain(it, blueprint::only(&blueprint::another_like(host))))
        }
        Kind::NameConstraintExcluded => {
            link.with(|it| constrain(it, excluding(vec![blueprint::subtree(host)])))
        }
        Kind::NameConstraintOtherForm => {
            link.with(|it| constrain(it, excluding(blueprint::other_forms(host))))
        }
        Kind::NameConstraintMet => link.with(|it| constrain(it, blueprint::only(host))),
        Kind::MalformedIntermediate => link.altered(Alteration::CutShort),
        _ => link,
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
        Kind::RootNameConstraint => {
            link.with(|it| constrain(it, blueprint::only(&blueprint::another_like(host))))
        }
        Kind::RootNoBasicConstraints => link.altered(Alteration::Without(forge::BASIC_CONSTRAINTS)),
        Kind::RootVersion1 => link.altered(Alteration::Version1),
        _ => link,
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

/// Authorities with several certificates, or in each other's.
fn tangled(kind: Kind, names: &Names, now: Now) -> Result<Option<Chain>, MintError> {
    let one = |by| names.link(ISSUING, "one", by, Unconstrained);
    let other = |by| names.link(UPPER, "other", by, Unconstrained);
    Ok(Some(match kind {
        Kind::CrossSigned => Chain::of([one(By::Unknown)?, one(By::Trusted)?])
            .on_the_way(&[1])
            .sending([Sent::Leaf, Sent::Link(0), Sent::Link(1)]),
        Kind::CrossSignedExpired => {
            Chain::of([one(By::Trusted)?.dated(ENDED, now)?, one(By::Trusted)?])
                .on_the_way(&[1])
                .sending([Sent::Leaf, Sent::Link(0), Sent::Link(1)])
        }
        Kind::Loop => Chain::of([one(By::Authority(UPPER))?, other(By::Authority(ISSUING))?])
            .sending([Sent::Leaf, Sent::Link(0), Sent::Link(1)]),
        Kind::LoopWithAWayOut => Chain::of([
            one(By::Authority(UPPER))?,
            other(By::Authority(ISSUING))?,
            other(By::Trusted)?,
        ])
        .on_the_way(&[0, 2])
        .sending([Sent::Leaf, Sent::Link(0), Sent::Link(1), Sent::Link(2)]),
        Kind::HostileChain => crowd(names)?,
        Kind::HostileMesh => mesh(names)?,
        _ => return Ok(None),
    }))
}

/// Authorities in a row that share two names in turn, so that half of them might be each one's issuer.
fn crowd(names: &Names) -> Result<Chain, MintError> {
    let last = CROWD - 1;
    let link = |number| {
        let name = if number % 2 == 0 { "hostile even" } else { "hostile odd" };
        let by = if number == last { By::Unknown } else { By::Authority(number + 1) };
        let link = names.link(number, name, by, Unconstrained)?;
        // Key identifiers would tell whose is whose.
        Ok(link
            .altered(Alteration::Without(forge::SUBJECT_KEY_IDENTIFIER))
            .altered(Alteration::Without(forge::AUTHORITY_KEY_IDENTIFIER)))
    };
    let links: Vec<Link> = (0..CROWD).map(link).collect::<Result<_, MintError>>()?;
    Ok(Chain::of(links))
}

/// Authorities each of which certifies every other one.
fn mesh(names: &Names) -> Result<Chain, MintError> {
    let pairs = (0..MESH).flat_map(|one| (0..MESH).map(move |other| (one, other)));
    let links: Vec<Link> = pairs
        .filter(|(one, other)| one != other)
        .map(|(one, other)| {
            names.link(one, &format!("hostile {one}"), By::Authority(other), Unconstrained)
        })
        .collect::<Result<_, MintError>>()?;
    let sent = [Sent::Leaf].into_iter().chain((0..links.len()).map(Sent::Link));
    // One of the ways: from the first to the second, and from there to the first's other certificate.
    Ok(Chain::of(links).on_the_way(&[0, MESH - 1]).sending(sent.collect::<Vec<_>>()))
}

fn purpose(draft: &mut Draft, purpose: Purpose) {
    draft.content.extended_key_usages = vec![purpose];
}

fn constrain(draft: &mut Draft, constraints: NameConstraints) {
    draft.content.name_constraints = Some(constraints);
}

fn excluding(excluded_subtrees: Vec<GeneralSubtree>) -> NameConstraints {
    NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees }
}
