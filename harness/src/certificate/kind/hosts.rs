//! The hosts that a kind can be made for: some kinds are about names of one form.

use std::net::IpAddr;

use super::Kind;
use crate::{certificate::MintError, host::Host};

/// A few of the suffixes under which the public registers names (publicsuffix.org, ICANN's part).
const PUBLIC_SUFFIXES: [&str; 4] = ["co.uk", "com.au", "co.jp", "com.br"];

impl Kind {
    /// A host that it can be made for, as an example: of names that nobody has, where there are such.
    pub const fn example_host(self) -> &'static str {
        match self {
            Self::AddressAsName => "192.0.2.1",
            Self::WildcardOverUnderscore => "my_proxy.example.test",
            Self::BroadWildcard => "proxy.test",
            Self::PublicSuffixWildcard => "proxy.co.uk",
            _ => "proxy.example.test",
        }
    }

    /// Checks that it can be made for this host.
    ///
    /// # Errors
    /// [`MintError::HostDoesNotFit`], with the form of host that it is made for.
    pub fn check_host(self, host: &Host) -> Result<(), MintError> {
        let name = host.bare();
        let labels = match host {
            Host::Name(_) => name.split('.').count(),
            Host::Address(_) => 0,
        };
        let below_suffix = PUBLIC_SUFFIXES.contains(&parent(&name));
        // One that stands for a label with an underscore is another fault.
        let has_underscore = name.split('.').next().is_some_and(|label| label.contains('_'));
        let (fits, wants) = match self {
            // One of IPv6 has colons, which would be wrong with the name as well.
            Self::AddressAsName => {
                (matches!(host, Host::Address(IpAddr::V4(_))), "an address such as 192.0.2.1")
            }
            Self::LeadingWildcard | Self::TrailingWildcard | Self::PartialWildcard => (
                labels > 1 && has_room(&name),
                "a name of two labels or more, the first of three letters or more",
            ),
            Self::DottedName => {
                let is_dotted = host.to_string().ends_with('.');
                (labels > 0 && !is_dotted, "a name without a dot at its end")
            }
            Self::NoDnsName | Self::UncomparableName => (labels > 0, "a name"),
            Self::Wildcard | Self::WildcardOverConstraint => (
                labels > 2 && !below_suffix && !has_underscore,
                "a name two labels or more below a public suffix, the first without an underscore",
            ),
            Self::WildcardOverUnderscore => (
                labels > 2 && !below_suffix && has_underscore,
                "a name two labels or more below a public suffix, the first with an underscore",
            ),
            Self::BroadWildcard => (labels == 2, "a name of two labels, such as proxy.test"),
            Self::PublicSuffixWildcard => {
                (below_suffix, "a name right below co.uk, com.au, co.jp or com.br")
            }
            _ => return Ok(()),
        };
        if fits {
            return Ok(());
        }
        Err(MintError::HostDoesNotFit { kind: self, host: host.clone(), wants })
    }

    /// The wildcard that names a host in its certificate.
    ///
    /// # Errors
    /// As [`check_host`](Self::check_host).
    pub(in crate::certificate) fn wildcard(self, host: &Host) -> Result<String, MintError> {
        self.check_host(host)?;
        let name = host.bare();
        let (label, parent) = name.split_once('.').unwrap_or((&name, ""));
        let first = label.get(..1).unwrap_or_default();
        let last = label.get(label.len().saturating_sub(1)..).unwrap_or_default();
        Ok(match self {
            Self::LeadingWildcard => format!("*{last}.{parent}"),
            Self::TrailingWildcard => format!("{first}*.{parent}"),
            Self::PartialWildcard => format!("{first}*{last}.{parent}"),
            _ => format!("*.{parent}"),
        })
    }
}

/// Whether a wildcard can stand within the first label, which it cannot in an international one (RFC 9525 section 6.3).
fn has_room(name: &str) -> bool {
    let label = name.split('.').next().unwrap_or_default();
    label.len() > 2 && !label.starts_with("xn--")
}

/// What is after the first label.
fn parent(name: &str) -> &str {
    name.split_once('.').map_or("", |(_, parent)| parent)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_kind_fits_its_example() {
        for &kind in Kind::ALL {
            kind.check_host(&kind.example_host().parse().unwrap()).unwrap();
        }
    }

    #[rstest]
    #[case(Kind::Wildcard, "proxy.example.test", "*.example.test")]
    #[case(Kind::LeadingWildcard, "proxy.example.test", "*y.example.test")]
    #[case(Kind::TrailingWildcard, "proxy.example.test", "p*.example.test")]
    #[case(Kind::PartialWildcard, "proxy.example.test", "p*y.example.test")]
    #[case(Kind::BroadWildcard, "proxy.test", "*.test")]
    #[case(Kind::PublicSuffixWildcard, "proxy.co.uk", "*.co.uk")]
    fn the_wildcard_covers_the_host(#[case] kind: Kind, #[case] host: Host, #[case] name: &str) {
        assert_eq!(kind.wildcard(&host).unwrap(), name);
    }

    #[rstest]
    #[case(Kind::Wildcard, "proxy.test")]
    #[case(Kind::Wildcard, "proxy.co.uk")]
    #[case(Kind::AddressAsName, "[2001:db8::1]")]
    #[case(Kind::BroadWildcard, "proxy.example.test")]
    #[case(Kind::PublicSuffixWildcard, "proxy.example.test")]
    #[case(Kind::PartialWildcard, "localhost")]
    #[case(Kind::TrailingWildcard, "192.0.2.1")]
    #[case(Kind::LeadingWildcard, "xn--bcher-kva.example.test")]
    #[case(Kind::PartialWildcard, "no.example.test")]
    #[case(Kind::DottedName, "proxy.example.test.")]
    #[case(Kind::DottedName, "192.0.2.1")]
    #[case(Kind::NoDnsName, "192.0.2.1")]
    #[case(Kind::Wildcard, "my_proxy.example.test")]
    #[case(Kind::WildcardOverUnderscore, "proxy.example.test")]
    #[case(Kind::AddressAsName, "localhost")]
    fn another_form_of_host_is_refused_with_the_one_that_fits(
        #[case] kind: Kind,
        #[case] host: Host,
    ) {
        let error = kind.check_host(&host).unwrap_err().to_string();
        let expected = format!("a `{kind}` certificate cannot be made for `{host}`; take a");
        assert!(error.starts_with(&expected), "{error}");
    }
}
