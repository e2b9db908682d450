//! What an authority of each kind says of the names below it (RFC 5280 section 4.2.1.10).

use rcgen::{DistinguishedName, DnType, GeneralSubtree, NameConstraints};

use super::{
    Kind, MintError, blueprint,
    chain::Link,
    content::TOO_MANY,
    forge::{self, Alteration, Extension, Mark},
};
use crate::host::Host;

const EMPTY_SEQUENCE: [u8; 2] = [0x30, 0x00];

/// An authority with the name constraints of that kind, if it has any.
pub(super) fn constrained(kind: Kind, link: Link, host: &Host) -> Result<Link, MintError> {
    if kind == Kind::EmptyConstraint {
        // rcgen leaves an empty one out.
        let empty = Extension::new(forge::NAME_CONSTRAINTS, Mark::Critical, &EMPTY_SEQUENCE)?;
        return Ok(link.altered(Alteration::With(empty)));
    }
    let constraints = match kind {
        Kind::NameConstraintViolated | Kind::RootNameConstraint => {
            blueprint::only(&blueprint::another_like(host))
        }
        Kind::NameConstraintExcluded => excluding([blueprint::subtree(host)]),
        Kind::NameConstraintOtherForm => excluding(blueprint::other_forms(host)),
        Kind::NameConstraintMet | Kind::ConstrainedSuccessor | Kind::UncomparableName => {
            blueprint::only(host)
        }
        Kind::WildcardOverConstraint => {
            let name = host.bare();
            let domain = name.split_once('.').map_or("", |(_, domain)| domain);
            excluding([GeneralSubtree::DnsName(format!("excluded.{domain}"))])
        }
        Kind::WildcardConstraint => {
            excluding([GeneralSubtree::DnsName("*.example.org".to_owned())])
        }
        Kind::UnsupportedConstraint => {
            let mut organization = DistinguishedName::new();
            organization.push(DnType::OrganizationName, "excluded");
            excluding([GeneralSubtree::DirectoryName(organization)])
        }
        Kind::TooManyConstraints => excluding(
            (0..TOO_MANY)
                .map(|number| GeneralSubtree::DnsName(format!("excluded-{number}.example.org"))),
        ),
        _ => return Ok(link),
    };
    Ok(link.with(|draft| draft.content.name_constraints = Some(constraints)))
}

fn excluding(subtrees: impl IntoIterator<Item = GeneralSubtree>) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: subtrees.into_iter().collect(),
    }
}
