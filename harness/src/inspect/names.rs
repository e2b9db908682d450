//! Does the certificate name the host? RFC 9525, what clients make of it, and the common name of older days.

use std::net::IpAddr;

use wssure_public_suffix::is_public_suffix;
use x509_parser::prelude::*;

use super::certificate::Held;
use crate::{
    Fault,
    host::Host,
    observation::{Field, Finding},
};

/// How well a certificate's name names the host; a better one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Not,
    /// By a wildcard within a label.
    PartialWildcard,
    /// By a wildcard behind a part of a label.
    TrailingWildcard,
    /// By a wildcard in front of a part of a label.
    LeadingWildcard,
    /// By a wildcard right below a top-level domain, or below nothing.
    BroadWildcard,
    /// By a wildcard right below a suffix under which the public registers names.
    PublicSuffixWildcard,
    /// By a wildcard, where it stands for a label with an underscore.
    WildcardOverUnderscore,
    /// An address that stands there as text.
    AddressAsName,
    Whole,
}

impl Fit {
    fn fault(self) -> Option<Fault> {
        match self {
            Self::Not => Some(Fault::WrongName),
            Self::PartialWildcard => Some(Fault::PartialWildcard),
            Self::TrailingWildcard => Some(Fault::TrailingWildcard),
            Self::LeadingWildcard => Some(Fault::LeadingWildcard),
            Self::BroadWildcard => Some(Fault::BroadWildcard),
            Self::PublicSuffixWildcard => Some(Fault::PublicSuffixWildcard),
            Self::WildcardOverUnderscore => Some(Fault::WildcardOverUnderscore),
            Self::AddressAsName => Some(Fault::AddressAsName),
            Self::Whole => None,
        }
    }
}

/// Compares the certificate's names with the host in the URL.
pub(super) fn check(leaf: &Held<'_>, host: &Host, found: &mut Vec<Finding>) {
    let common_name = leaf.common_name();
    let by_common_name = common_name.map_or(Fit::Not, |name| common_name_fit(name, host));
    if !matches!(by_common_name, Fit::Whole | Fit::AddressAsName) {
        let detail = match common_name {
            Some(name) => format!("the common name is {name}, the host is {host}"),
            None => "there is no common name".to_owned(),
        };
        found.push(leaf.finding(Fault::CommonNameMismatch, Field::Subject, detail));
    }
    // Those who find nothing in it look at the common name, as where there is none.
    let stated = leaf.alternative_names().filter(|_| !leaf.has_no_name_in_it());
    let (fit, field) = match stated {
        Some(names) => {
            let best = names.iter().map(|name| general_name_fit(name, host)).max();
            (best.unwrap_or(Fit::Not), Field::SubjectAltName)
        }
        None => {
            found.push(leaf.finding(
                Fault::NoSubjectAltName,
                Field::SubjectAltName,
                "no subjectAltName",
            ));
            (by_common_name, Field::Subject)
        }
    };
    let is_in_common_name_only = stated.is_some_and(has_other_names_only)
        && matches!(host, Host::Name(_))
        && by_common_name == Fit::Whole;
    let fault = match fit {
        Fit::Not if is_in_common_name_only => Some(Fault::NoDnsName),
        _ => fit.fault(),
    };
    if let Some(fault) = fault {
        // An address is looked for among addresses, whatever else is there.
        let field = if matches!(host, Host::Address(_)) { Field::IpAddress } else { field };
        let names = match (stated, common_name) {
            (None, Some(name)) => format!("the common name {name}"),
            (None, None) => "no host at all".to_owned(),
            (Some(_), _) => listed(&alternative_names(leaf)),
        };
        let detail = format!("it names {names}, the host is {host}");
        found.push(leaf.finding(fault, field, detail));
    }
    form(leaf, host, fit, found);
}

/// Whether there are addresses and the like among them, and no names of hosts.
fn has_other_names_only(names: &[GeneralName<'_>]) -> bool {
    !names.is_empty() && !names.iter().any(|name| matches!(name, GeneralName::DNSName(_)))
}

/// What is unusual about the name itself.
fn form(leaf: &Held<'_>, host: &Host, fit: Fit, found: &mut Vec<Finding>) {
    if let Some(names) = leaf.alternative_names() {
        let broken = names.iter().find_map(malformed);
        let detail = match broken {
            _ if leaf.has_no_name_in_it() => Some("subjectAltName has no name in it".to_owned()),
            Some(name) => Some(format!("{name} cannot be a name")),
            None => None,
        };
        if let Some(detail) = detail {
            found.push(leaf.finding(Fault::MalformedName, Field::SubjectAltName, detail));
        }
        let dns_names = || {
            names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(*name),
                _ => None,
            })
        };
        if dns_names().any(str::is_empty) {
            let detail = "a name in it is empty";
            found.push(leaf.finding(Fault::EmptyName, Field::SubjectAltName, detail));
        }
        if let Some(name) = dns_names().find(|name| name.contains('_')) {
            let detail = format!("{name} has an underscore");
            found.push(leaf.finding(Fault::UnderscoreName, Field::SubjectAltName, detail));
        }
        if let Some(name) = dns_names().find(|name| !name.is_empty() && !is_host_name(name)) {
            let detail = format!("{name:?} is not as names of hosts are");
            found.push(leaf.finding(Fault::ImproperName, Field::SubjectAltName, detail));
        }
    }
    let Host::Name(name) = host else { return };
    if fit == Fit::Not {
        return;
    }
    let is_dotted = leaf.alternative_names().is_some_and(|names| {
        let mut fitting = names.iter().filter(|name| general_name_fit(name, host) == fit).peekable();
        let is_dotted =
            |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(name) if name.ends_with('.'));
        fitting.peek().is_some() && fitting.all(is_dotted)
    });
    if is_dotted {
        let detail = "the name that it has for the host ends with a dot";
        found.push(leaf.finding(Fault::DottedName, Field::SubjectAltName, detail));
    }
    if name.ends_with('.') != is_dotted {
        let detail = format!("the host is {host}");
        found.push(leaf.finding(Fault::TrailingDot, Field::SubjectAltName, detail));
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let more = names.len().saturating_sub(MOST);
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match (shown.is_empty(), more) {
        (true, _) => "no host at all".to_owned(),
        (false, 0) => shown,
        (false, more) => format!("{shown} and {more} more"),
    }
}

/// The subjectAltNames as text, such as `proxy.example.test` and `127.0.0.1`.
pub(super) fn alternative_names(certificate: &Held<'_>) -> Vec<String> {
    let names = certificate.alternative_names().unwrap_or_default().iter();
    names
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress(bytes) => address(bytes)
                .map_or_else(|| format!("{bytes:02x?}"), |address| address.to_string()),
            other => other.to_string(),
        })
        .collect()
}

/// An entry that is no name of its kind, in words.
fn malformed(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::IPAddress(bytes) if address(bytes).is_none() => {
            Some(format!("an iPAddress of {} octets", bytes.len()))
        }
        // IA5String is ASCII (RFC 5280 section 4.2.1.6); an international name stands there in punycode.
        GeneralName::DNSName(name) if !name.is_ascii() => Some(format!("the dNSName {name:?}")),
        GeneralName::Invalid(..) => Some("an entry that cannot be read".to_owned()),
        _ => None,
    }
}

/// RFC 5280 section 4.2.1.6 with RFC 1123 section 2.1: letters, digits and hyphens, or a wildcard as the first label.
/// An underscore is told apart.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| {
        let is_of_characters = label.bytes().all(is_character);
        !label.is_empty() && label.len() <= 63 && is_of_characters
    };
    let (name, rest) = (name.strip_prefix("*.").unwrap_or(name), name.len());
    rest <= 253 && name.split('.').all(is_label)
}

fn general_name_fit(name: &GeneralName<'_>, host: &Host) -> Fit {
    match (name, host) {
        (GeneralName::DNSName(pattern), Host::Name(host)) => pattern_fit(pattern, host),
        (GeneralName::IPAddress(bytes), Host::Address(host)) if address(bytes) == Some(*host) => {
            Fit::Whole
        }
        (GeneralName::DNSName(text), Host::Address(host)) if text.parse() == Ok(*host) => {
            Fit::AddressAsName
        }
        _ => Fit::Not,
    }
}

fn common_name_fit(name: &str, host: &Host) -> Fit {
    match host {
        Host::Name(host) => pattern_fit(name, host),
        Host::Address(host) if name.parse() == Ok(*host) => Fit::AddressAsName,
        Host::Address(_) => Fit::Not,
    }
}

/// RFC 9525 section 6.3: without regard to case, and `*` stands for exactly one whole leftmost label.
/// A last dot in the URL's host is no part of the name (RFC 9525 section 6.2 leaves it out of the
/// reference identifier); that it is there is told apart.
fn pattern_fit(pattern: &str, host: &str) -> Fit {
    let host = host.strip_suffix('.').unwrap_or(host);
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    if pattern.eq_ignore_ascii_case(host) {
        return Fit::Whole;
    }
    let (first, rest) = pattern.split_once('.').unwrap_or((pattern, ""));
    let (label, parent) = host.split_once('.').unwrap_or((host, ""));
    if !rest.eq_ignore_ascii_case(parent) {
        return Fit::Not;
    }
    let Some((before, after)) = first.split_once('*') else { return Fit::Not };
    if !(before.is_empty() && after.is_empty()) {
        return match (before.is_empty(), after.is_empty()) {
            _ if !label_fits(before, after, label) => Fit::Not,
            (true, _) => Fit::LeadingWildcard,
            (_, true) => Fit::TrailingWildcard,
            _ => Fit::PartialWildcard,
        };
    }
    if !parent.contains('.') {
        Fit::BroadWildcard
    } else if is_public_suffix(parent) {
        Fit::PublicSuffixWildcard
    } else if label.contains('_') {
        Fit::WildcardOverUnderscore
    } else {
        Fit::Whole
    }
}

/// RFC 6125 section 6.4.3 let a wildcard be a part of a label, but not of one in punycode.
fn label_fits(before: &str, after: &str, label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
    !label.starts_with("xn--")
        && !after.contains('*')
        && label.len() > before.len() + after.len()
        && label.starts_with(&before)
        && label.ends_with(&after)
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Fit, pattern_fit};

    #[rstest]
    #[case("proxy.example.test", "proxy.example.test", Fit::Whole)]
    #[case("PROXY.example.test", "proxy.example.test", Fit::Whole)]
    #[case("proxy.example.test", "proxy.example.test.", Fit::Whole)]
    #[case("*.example.test", "proxy.example.test", Fit::Whole)]
    #[case("*.example.test", "a.b.example.test", Fit::Not)]
    #[case("*.example.test", "example.test", Fit::Not)]
    #[case("a.*.example.test", "a.b.example.test", Fit::Not)]
    #[case("*.*.example.test", "a.b.example.test", Fit::Not)]
    #[case("*.test", "proxy.test", Fit::BroadWildcard)]
    #[case("*", "localhost", Fit::BroadWildcard)]
    #[case("*", "proxy.test", Fit::Not)]
    #[case("*.co.uk", "example.co.uk", Fit::PublicSuffixWildcard)]
    #[case("*.s3.amazonaws.com", "example.s3.amazonaws.com", Fit::Whole)]
    #[case("*.example.test", "my_proxy.example.test", Fit::WildcardOverUnderscore)]
    #[case("p*.example.test", "proxy.example.test", Fit::TrailingWildcard)]
    #[case("*y.example.test", "proxy.example.test", Fit::LeadingWildcard)]
    #[case("p*y.example.test", "proxy.example.test", Fit::PartialWildcard)]
    #[case("p**y.example.test", "proxy.example.test", Fit::Not)]
    #[case("q*.example.test", "proxy.example.test", Fit::Not)]
    #[case("xn--*.example.test", "xn--bcher-kva.example.test", Fit::Not)]
    fn a_pattern_fits_as_it_should(#[case] pattern: &str, #[case] host: &str, #[case] fit: Fit) {
        assert_eq!(pattern_fit(pattern, host), fit);
    }
}
