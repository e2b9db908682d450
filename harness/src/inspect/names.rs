//! Does the certificate name the host? RFC 9525, and the common name of older days beside it.

use std::net::IpAddr;

use x509_parser::prelude::*;

use super::finding;
use crate::{Fault, host::Host, observation::Finding};

/// Compares the certificate's names with the host in the URL.
pub(super) fn check(leaf: &X509Certificate<'_>, host: &Host, found: &mut Vec<Finding>) {
    let names = alternative_names(leaf);
    let common_name = common_name(leaf);
    let common_name_matches = common_name.is_some_and(|name| text_matches(name, host));
    if !common_name_matches {
        let detail = match common_name {
            Some(name) => format!("the common name is {name}, the host is {host}"),
            None => "there is no common name".to_owned(),
        };
        found.push(finding(Fault::CommonNameMismatch, detail));
    }
    let stated = leaf.subject_alternative_name().ok().flatten();
    let matches = match &stated {
        Some(stated) => {
            stated.value.general_names.iter().any(|name| general_name_matches(name, host))
        }
        None => common_name_matches,
    };
    if stated.is_none() {
        found.push(finding(Fault::NoSubjectAltName, "no subjectAltName"));
    }
    if !matches {
        let names = match (&stated, common_name) {
            (None, Some(name)) => format!("the common name {name}"),
            (None, None) => "no host at all".to_owned(),
            (Some(_), _) => names.join(", "),
        };
        found.push(finding(Fault::WrongName, format!("it names {names}, the host is {host}")));
    }
}

/// The subjectAltNames as text, such as `proxy.example.test` and `127.0.0.1`.
pub(super) fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Some(stated) = certificate.subject_alternative_name().ok().flatten() else {
        return Vec::new();
    };
    stated
        .value
        .general_names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress(bytes) => address(bytes)
                .map_or_else(|| format!("{bytes:02x?}"), |address| address.to_string()),
            other => other.to_string(),
        })
        .collect()
}

fn common_name<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a str> {
    certificate.subject().iter_common_name().last().and_then(|name| name.as_str().ok())
}

fn general_name_matches(name: &GeneralName<'_>, host: &Host) -> bool {
    match (name, host) {
        (GeneralName::DNSName(pattern), Host::Name(host)) => pattern_matches(pattern, host),
        (GeneralName::IPAddress(bytes), Host::Address(host)) => address(bytes) == Some(*host),
        _ => false,
    }
}

fn text_matches(name: &str, host: &Host) -> bool {
    match host {
        Host::Name(host) => pattern_matches(name, host),
        Host::Address(host) => name.parse() == Ok(*host),
    }
}

/// RFC 9525 section 6.3: without regard to case, and `*` stands for exactly one whole leftmost label.
/// A last dot in the URL's host is no part of the name (RFC 9525 section 6.2 leaves it out of the
/// reference identifier).
fn pattern_matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(rest) = pattern.strip_prefix("*.") else {
        return pattern.eq_ignore_ascii_case(host);
    };
    host.split_once('.').is_some_and(|(label, parent)| {
        !label.is_empty() && parent.contains('.') && rest.eq_ignore_ascii_case(parent)
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

/// Whether a constraint's subtree holds the host (RFC 5280 section 4.2.1.10).
pub(super) fn subtree_holds(subtree: &GeneralName<'_>, host: &Host) -> Option<bool> {
    match (subtree, host) {
        (GeneralName::DNSName(base), Host::Name(host)) => {
            let base = base.trim_start_matches('.').to_ascii_lowercase();
            Some(base.is_empty() || *host == base || host.ends_with(&format!(".{base}")))
        }
        (GeneralName::IPAddress(bytes), Host::Address(host)) => {
            let (base, mask) = bytes.split_at_checked(bytes.len() / 2)?;
            let octets = match host {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let masked = |bytes: &[u8]| -> Vec<u8> {
                bytes.iter().zip(mask).map(|(byte, mask)| byte & mask).collect()
            };
            Some(octets.len() == base.len() && masked(&octets) == masked(base))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::pattern_matches;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        assert!(pattern_matches("*.example.test", "proxy.example.test"));
        assert!(!pattern_matches("*.example.test", "a.b.example.test"));
        assert!(!pattern_matches("*.example.test", "example.test"));
        assert!(!pattern_matches("*.test", "proxy.test"));
        assert!(!pattern_matches("p*.example.test", "proxy.example.test"));
    }

    #[test]
    fn case_and_a_last_dot_do_not_matter() {
        assert!(pattern_matches("PROXY.example.test", "proxy.example.test"));
        assert!(pattern_matches("proxy.example.test", "proxy.example.test."));
    }
}
