//! What an authority says of the names that those below it may have (RFC 5280 section 4.2.1.10).

use std::{fmt, mem::discriminant};

use x509_parser::prelude::*;

use super::{certificate::Held, names};
use crate::{
    Fault,
    observation::{Field, Finding, Position},
};

/// How many comparisons of a name with a subtree are made for one authority, as in Chromium
/// (pki/name_constraints.cc, `kMaxChecks`).
const MOST_CHECKS: usize = 1 << 20;

/// What is wrong with the name constraints of an authority, and with the names below it.
pub(super) fn check(
    issuer: &Held<'_>,
    leaf: &Held<'_>,
    below: &[&Held<'_>],
    found: &mut Vec<Finding>,
) {
    let Some(stated) = issuer.name_constraints().filter(|stated| is_sound(stated)) else { return };
    let constraints = Constraints {
        permitted: stated.permitted_subtrees.as_deref().unwrap_or_default(),
        excluded: stated.excluded_subtrees.as_deref().unwrap_or_default(),
    };
    let subject = issuer.read.subject();
    for (fault, field, problem) in constraints.own_faults() {
        found.push(issuer.finding(fault, field, format!("{subject}: {problem}")));
    }
    for held in std::iter::once(leaf).chain(below.iter().copied()) {
        found.extend(constraints.too_many_in_subject(held));
        if let Some((fault, field, problem)) = constraints.violation(held) {
            // A successor of an authority under its own name is free of them, the last certificate never (section 6.1.4).
            let is_free = held.is_self_issued() && held.position != Position::Server;
            let fault = if is_free { Fault::ConstrainedSuccessor } else { fault };
            let detail = format!("{problem}: the name constraints of {subject}");
            found.push(held.finding(fault, field, detail));
        }
    }
}

struct Constraints<'c> {
    permitted: &'c [GeneralSubtree<'c>],
    excluded: &'c [GeneralSubtree<'c>],
}

impl Constraints<'_> {
    fn own_faults(&self) -> Vec<(Fault, Field, &'static str)> {
        let mut faults = Vec::new();
        if self.permitted.is_empty() && self.excluded.is_empty() {
            let problem = "its name constraints are empty";
            faults.push((Fault::EmptyConstraint, Field::NameConstraints, problem));
        }
        let mut all = self.permitted.iter().chain(self.excluded);
        if all
            .any(|subtree| matches!(subtree.base, GeneralName::DNSName(name) if name.contains('*')))
        {
            let problem = "a name constraint has a wildcard";
            faults.push((Fault::WildcardConstraint, Field::NameConstraints, problem));
        }
        faults.extend(self.unusual_exclusion());
        faults
    }

    /// Names of directories are told by their place: everybody's subject is one, and some clients take all for excluded.
    fn unusual_exclusion(&self) -> Option<(Fault, Field, &'static str)> {
        let excludes = |is_of_a_form: fn(&GeneralName<'_>) -> bool| {
            self.excluded.iter().any(|subtree| is_of_a_form(&subtree.base))
        };
        let (field, problem) = if excludes(|name| matches!(name, GeneralName::DirectoryName(_))) {
            (Field::NameConstraints, "it excludes names of directories")
        } else if excludes(|name| {
            !matches!(
                name,
                GeneralName::DNSName(_) | GeneralName::IPAddress(_) | GeneralName::RFC822Name(_)
            )
        }) {
            (Field::OtherName, "it excludes names that are neither hosts, addresses nor mailboxes")
        } else {
            return None;
        };
        Some((Fault::UnsupportedConstraint, field, problem))
    }

    /// Some clients compare each part of the subject too, as a mailbox may stand there (OpenSSL,
    /// crypto/x509/v3_ncons.c, `NAME_CONSTRAINTS_check`).
    fn too_many_in_subject(&self, held: &Held<'_>) -> Option<Finding> {
        let parts = held.read.subject().iter_attributes().count();
        (parts.saturating_mul(self.permitted.len() + self.excluded.len()) > MOST_CHECKS).then(
            || {
                let detail = format!("the {parts} parts of its subject are too many to compare");
                held.finding(Fault::TooManyConstraints, Field::Subject, detail)
            },
        )
    }

    fn violation(&self, held: &Held<'_>) -> Option<(Fault, Field, String)> {
        let names = names_of(held);
        if names.len().saturating_mul(self.permitted.len() + self.excluded.len()) > MOST_CHECKS {
            let problem = format!("{} names are too many to compare", names.len());
            return Some((Fault::TooManyConstraints, Field::SubjectAltName, problem));
        }
        names.iter().find_map(|name| {
            let (fault, problem) = self.judge(name)?;
            Some((fault, name.field(held), problem))
        })
    }

    fn judge(&self, name: &Name<'_>) -> Option<(Fault, String)> {
        let mut all = self.permitted.iter().chain(self.excluded);
        if !name.is_proper() && all.any(|subtree| name.is_in(&subtree.base).is_some()) {
            return Some((Fault::UncomparableName, format!("{name} is no name to compare")));
        }
        let permitted = self.permitted.iter();
        let mut of_its_form = permitted.filter_map(|subtree| name.is_in(&subtree.base)).peekable();
        if of_its_form.peek().is_some() && !of_its_form.any(|is_in| is_in) {
            return Some((Fault::NameConstraint, format!("{name} is not permitted")));
        }
        if self.excluded.iter().any(|subtree| name.is_excluded_by(&subtree.base)) {
            return Some((Fault::NameExcluded, format!("{name} is excluded")));
        }
        let stands_for_one = self.excluded.iter().any(|subtree| name.stands_for(&subtree.base));
        stands_for_one
            .then(|| (Fault::WildcardOverConstraint, format!("{name} stands for what is excluded")))
    }
}

/// RFC 5280 section 4.2.1.10: a subtree of addresses is an address and a mask.
pub(super) fn is_sound(constraints: &NameConstraints<'_>) -> bool {
    let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
    permitted.iter().chain(excluded).all(|subtree| match subtree.base {
        GeneralName::IPAddress(network) => is_network(network),
        GeneralName::Invalid(..) => false,
        _ => true,
    })
}

/// An IPv4 or IPv6 address and a mask, whose ones come first (RFC 4632 section 5.1).
fn is_network(network: &[u8]) -> bool {
    let (_, mask) = network.split_at(network.len() / 2);
    let zeros = mask.iter().skip_while(|byte| **byte == u8::MAX);
    let mut rest = zeros.copied();
    matches!(network.len(), 8 | 32)
        && rest.next().is_none_or(|byte| byte.leading_ones() + byte.trailing_zeros() >= 8)
        && rest.all(|byte| byte == 0)
}

/// A name that constraints are about.
enum Name<'h> {
    Dns(&'h str),
    /// What stands in for the names of a server that has none.
    OfServer(&'h str),
    Address(&'h [u8]),
    Mail(&'h str),
    Directory(&'h X509Name<'h>),
    /// Of a form that nobody compares here.
    Other(&'h GeneralName<'h>),
}

/// The subject, the subjectAltNames, and the common name of a server's where it stands in for these.
fn names_of<'h>(held: &'h Held<'_>) -> Vec<Name<'h>> {
    let subject = held.read.subject();
    let mut names = Vec::new();
    if subject.iter().next().is_some() {
        names.push(Name::Directory(subject));
    }
    match held.alternative_names() {
        Some(stated) => names.extend(stated.iter().map(|name| match name {
            GeneralName::DNSName(name) => Name::Dns(name),
            GeneralName::IPAddress(bytes) => Name::Address(bytes),
            GeneralName::RFC822Name(name) => Name::Mail(name),
            GeneralName::DirectoryName(name) => Name::Directory(name),
            other => Name::Other(other),
        })),
        None if held.position == Position::Server => {
            // Only what could be a host: an authority's common name mostly is none.
            let host = held.common_name().filter(|name| name.contains('.') && !name.contains(' '));
            names.extend(host.map(Name::OfServer));
        }
        None => {}
    }
    names
}

impl Name<'_> {
    /// Where it stands in that certificate.
    fn field(&self, held: &Held<'_>) -> Field {
        match self {
            Self::OfServer(_) => Field::CommonName,
            Self::Directory(_) => Field::Subject,
            Self::Other(_) => Field::OtherName,
            _ if held.alternative_names().is_some() => Field::SubjectAltName,
            _ => Field::Subject,
        }
    }

    /// Whether it is a name of its form at all.
    fn is_proper(&self) -> bool {
        match self {
            Self::Dns(name) => names::is_host_name(name),
            Self::Address(bytes) => names::address(bytes).is_some(),
            Self::OfServer(_) | Self::Mail(_) | Self::Directory(_) | Self::Other(_) => true,
        }
    }

    /// Whether a subtree holds it; [`None`] if it is about names of another form.
    fn is_in(&self, subtree: &GeneralName<'_>) -> Option<bool> {
        match (self, subtree) {
            (Self::Dns(name) | Self::OfServer(name), GeneralName::DNSName(base)) => {
                Some(is_below(name, base))
            }
            (Self::Address(bytes), GeneralName::IPAddress(base)) => {
                Some(is_in_network(bytes, base))
            }
            (Self::Mail(name), GeneralName::RFC822Name(base)) => Some(is_mail_of(name, base)),
            (Self::Directory(name), GeneralName::DirectoryName(base)) => {
                let same = base.iter().zip(name.iter()).filter(|(a, b)| a == b).count();
                Some(same == base.iter().count())
            }
            (Self::Other(name), _) if discriminant(*name) == discriminant(subtree) => Some(false),
            _ => None,
        }
    }

    /// Whether an excluded subtree holds it. What cannot be compared is taken for excluded (RFC 5280 section
    /// 4.2.1.10: process it or reject).
    fn is_excluded_by(&self, subtree: &GeneralName<'_>) -> bool {
        let is_in = self.is_in(subtree);
        is_in == Some(true) || (is_in.is_some() && matches!(self, Self::Other(_)))
    }

    /// Whether it is a wildcard for a name that the subtree holds.
    fn stands_for(&self, subtree: &GeneralName<'_>) -> bool {
        let (Self::Dns(name), GeneralName::DNSName(base)) = (self, subtree) else { return false };
        name.strip_prefix("*.").is_some_and(|parent| is_below(base, parent))
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::OfServer(name) | Self::Mail(name) => f.write_str(name),
            Self::Address(bytes) => match names::address(bytes) {
                Some(address) => address.fmt(f),
                None => write!(f, "an address of {} octets", bytes.len()),
            },
            Self::Directory(name) => name.fmt(f),
            Self::Other(name) => name.fmt(f),
        }
    }
}

/// A name is in the subtree of a domain if it is that domain or one below it; in that of one with a leading dot, if
/// it is below it; all are in that of none.
fn is_below(name: &str, base: &str) -> bool {
    let (name, base) = (name.as_bytes(), base.as_bytes());
    let Some(above) = name.len().checked_sub(base.len()) else { return false };
    name[above..].eq_ignore_ascii_case(base)
        && (above == 0 || base.is_empty() || base[0] == b'.' || name[above - 1] == b'.')
}

/// An address and its mask, both as long as the address.
fn is_in_network(address: &[u8], network: &[u8]) -> bool {
    let (base, mask) = network.split_at(network.len() / 2);
    address.len() == base.len()
        && base.len() == mask.len()
        && address.iter().zip(base).zip(mask).all(|((one, base), mask)| one & mask == base & mask)
}

/// RFC 5280 section 4.2.1.10: a mailbox, all mailboxes of a host, or with a leading dot those of all hosts below it.
fn is_mail_of(name: &str, base: &str) -> bool {
    let host = name.rsplit_once('@').map_or(name, |(_, host)| host);
    if base.contains('@') {
        name == base
    } else if base.starts_with('.') {
        is_below(host, base)
    } else {
        host.eq_ignore_ascii_case(base)
    }
}
