//! Authorities with several certificates, of one name, or in each other's: where the way up is the point.

use rcgen::BasicConstraints::{Constrained, Unconstrained};

use super::{
    Kind, MintError,
    authorities::UPPER,
    blueprint::{self, ENDED, Now},
    chain::{By, Chain, ISSUING, Link, Names, Sent},
    constraints::constrained,
    forge::{self, Alteration},
};
use crate::host::Host;

/// The authorities of [`Kind::HostileChain`].
const CROWD: usize = 100;

/// Those of [`Kind::HostileMesh`]: there are 986410 ways from one to others without coming back.
const MESH: usize = 10;

/// The chain of such a kind.
pub(super) fn tangled(
    kind: Kind,
    names: &Names,
    host: &Host,
    now: Now,
) -> Result<Option<Chain>, MintError> {
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
        Kind::PathTooLongIfAllCount => {
            let allows_none = |authority, by| names.link(authority, "one", by, Constrained(0));
            Chain::of([
                allows_none(ISSUING, By::Authority(UPPER))?,
                allows_none(UPPER, By::Trusted)?,
            ])
        }
        Kind::ConstrainedSuccessor => {
            let other = blueprint::alternative_name(&blueprint::another_like(host))?;
            let successor =
                one(By::Authority(UPPER))?.with(|it| it.content.subject_alt_names.push(other));
            let before = names.link(UPPER, "one", By::Trusted, Unconstrained)?;
            Chain::of([successor, constrained(kind, before, host)?])
        }
        Kind::HostileChain => crowd(names)?,
        Kind::RepeatedAuthority => mesh(3, names)?,
        Kind::HostileMesh => mesh(MESH, names)?,
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

/// That many authorities, each of which certifies every other one.
fn mesh(number: usize, names: &Names) -> Result<Chain, MintError> {
    let pairs = (0..number).flat_map(|one| (0..number).map(move |other| (one, other)));
    let links: Vec<Link> = pairs
        .filter(|(one, other)| one != other)
        .map(|(one, other)| {
            names.link(one, &format!("hostile {one}"), By::Authority(other), Unconstrained)
        })
        .collect::<Result<_, MintError>>()?;
    let sent = [Sent::Leaf].into_iter().chain((0..links.len()).map(Sent::Link));
    // One of the ways: from the first to the second, and from there to the first's other certificate.
    Ok(Chain::of(links).on_the_way(&[0, number - 1]).sending(sent.collect::<Vec<_>>()))
}
