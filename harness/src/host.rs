//! The host of a `wss://` URL: a DNS name or an address, checked and in one form.

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name that DNS can carry, in characters without the root's dot (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;
/// The longest label of a name, in characters (RFC 1035 section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// The host of a URL.
///
/// Read from and shown as text as it stands in a URL: names in lower case and in punycode,
/// IPv6 addresses in brackets (RFC 3986 section 3.2.2). An IPv6 address is read without them too.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Host {
    /// A DNS name, with the root's dot at its end only if it was written with it.
    Name(String),
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
}

impl Host {
    /// How a certificate and a TLS client hello spell the host: a name without the root's dot
    /// (RFC 6066 section 3), an address without brackets.
    pub fn bare(&self) -> Cow<'_, str> {
        match self {
            Self::Name(name) => Cow::Borrowed(name.strip_suffix('.').unwrap_or(name)),
            Self::Address(address) => Cow::Owned(address.to_string()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        parse(text).map_err(|reason| NotAHost { text: text.to_owned(), reason })
    }
}

impl TryFrom<String> for Host {
    type Error = NotAHost;

    fn try_from(text: String) -> Result<Self, NotAHost> {
        text.parse()
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

/// A text that is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no host: {reason}")]
pub struct NotAHost {
    text: String,
    reason: Reason,
}

/// Why a text is no host, and what to write in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("it is empty")]
    Empty,
    #[error("a URL was given; give its host alone, without scheme, port and path")]
    Url,
    #[error("a port or something else follows a colon; give the host alone")]
    Colon,
    #[error(
        "what stands in the brackets is no IPv6 address (a zone like %eth0 cannot be part of it)"
    )]
    Brackets,
    #[error("it ends in a number, so a browser takes it for an IPv4 address, which it is not")]
    NotAnAddress,
    #[error("write an international name in punycode (xn--...), as DNS and certificates do")]
    NotAscii,
    #[error("a wildcard is for certificates; name one host")]
    Wildcard,
    #[error("a name may have letters, digits, `-`, `_` and dots")]
    Character,
    #[error("there is nothing between two dots, or before the first")]
    EmptyLabel,
    #[error("no part of a name may start or end with `-`")]
    Hyphen,
    #[error("a part of a name may have at most {LONGEST_LABEL} characters")]
    LongLabel,
    #[error("a name may have at most {LONGEST_NAME} characters")]
    LongName,
}

fn parse(text: &str) -> Result<Host, Reason> {
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').ok_or(Reason::Brackets)?;
        let address: Ipv6Addr = address.parse().map_err(|_| Reason::Brackets)?;
        return Ok(Host::Address(address.into()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Host::Address(address));
    }
    check_name(text)?;
    Ok(Host::Name(text.to_ascii_lowercase()))
}

fn check_name(text: &str) -> Result<(), Reason> {
    if text.contains('/') {
        return Err(Reason::Url);
    }
    if text.contains(':') {
        return Err(Reason::Colon);
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    name.split('.').try_for_each(check_label)?;
    if name.rsplit('.').next().is_some_and(is_number) {
        return Err(Reason::NotAnAddress);
    }
    if name.len() > LONGEST_NAME {
        return Err(Reason::LongName);
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), Reason> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if label.is_empty() {
        Err(Reason::EmptyLabel)
    } else if !label.is_ascii() {
        Err(Reason::NotAscii)
    } else if label.contains('*') {
        Err(Reason::Wildcard)
    } else if !label.bytes().all(allowed) {
        Err(Reason::Character)
    } else if label.starts_with('-') || label.ends_with('-') {
        Err(Reason::Hyphen)
    } else if label.len() > LONGEST_LABEL {
        Err(Reason::LongLabel)
    } else {
        Ok(())
    }
}

/// Whether a browser takes a name with this last label for an IPv4 address
/// (WHATWG URL Standard, "ends in a number checker").
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => label.bytes().all(|digit| digit.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use rustls_pki_types::ServerName;

    use super::*;

    #[rstest]
    #[case("Proxy.Example.TEST", "proxy.example.test", "proxy.example.test")]
    #[case("proxy.example.test.", "proxy.example.test.", "proxy.example.test")]
    #[case("my_proxy", "my_proxy", "my_proxy")]
    #[case(
        "xn--bcher-kva.example.test",
        "xn--bcher-kva.example.test",
        "xn--bcher-kva.example.test"
    )]
    #[case("127.0.0.1", "127.0.0.1", "127.0.0.1")]
    #[case("[::1]", "[::1]", "::1")]
    #[case("2001:DB8::1", "[2001:db8::1]", "2001:db8::1")]
    fn a_host_is_brought_into_one_form(
        #[case] text: &str,
        #[case] shown: &str,
        #[case] bare: &str,
    ) {
        let host: Host = text.parse().unwrap();
        assert_eq!((host.to_string().as_str(), host.bare().as_ref()), (shown, bare));
    }

    #[rstest]
    #[case("", Reason::Empty)]
    #[case("wss://proxy.example.test", Reason::Url)]
    #[case("proxy.example.test:443", Reason::Colon)]
    #[case("[::1]:443", Reason::Brackets)]
    #[case("[fe80::1%eth0]", Reason::Brackets)]
    #[case("[127.0.0.1]", Reason::Brackets)]
    #[case("127.0.1", Reason::NotAnAddress)]
    #[case("host.0x7f", Reason::NotAnAddress)]
    #[case("bücher.example.test", Reason::NotAscii)]
    #[case("*.example.test", Reason::Wildcard)]
    #[case("a b", Reason::Character)]
    #[case("a..b", Reason::EmptyLabel)]
    #[case(".", Reason::EmptyLabel)]
    #[case("-a.test", Reason::Hyphen)]
    fn what_is_no_host_says_why(#[case] text: &str, #[case] reason: Reason) {
        assert_eq!(text.parse::<Host>(), Err(NotAHost { text: text.to_owned(), reason }));
    }

    #[test]
    fn the_limits_of_dns_hold() {
        let label = "a".repeat(63);
        assert!(label.parse::<Host>().is_ok());
        assert_eq!(parse(&format!("{label}a")), Err(Reason::LongLabel));
        let name = [label.as_str(); 4].join(".");
        assert!(name[2..].parse::<Host>().is_ok());
        assert_eq!(parse(&name[1..]), Err(Reason::LongName));
    }

    #[test]
    fn data_files_hold_a_host_as_text() {
        let host: Host = serde_json::from_str("\"[::1]\"").unwrap();
        assert_eq!(serde_json::to_string(&host).unwrap(), "\"[::1]\"");
        let error = serde_json::from_str::<Host>("\"a:1\"").unwrap_err().to_string();
        assert!(error.starts_with("`a:1` is no host: a port"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_host_reads_back(text in "\\PC{0,80}") {
            if let Ok(host) = text.parse::<Host>() {
                prop_assert_eq!(host.to_string().parse(), Ok(host));
            }
        }

        #[test]
        fn every_host_is_a_server_name_for_tls(text in "[a-zA-Z0-9_.-]{1,80}") {
            if let Ok(host) = text.parse::<Host>() {
                prop_assert!(ServerName::try_from(host.bare().into_owned()).is_ok(), "{host}");
            }
        }

        #[test]
        fn every_address_reads_back(address: IpAddr) {
            let host = Host::from(address);
            prop_assert_eq!(host.bare().parse(), Ok(host.clone()));
            prop_assert_eq!(host.to_string().parse(), Ok(host));
        }
    }
}
