//! The names in a subjectAltName, as they are given: also those that no client should take.

use std::{fmt, net::IpAddr, str::FromStr};

use der::{Any, Encode, Tag, TagNumber};

use super::{MintError, error::Making};
use crate::host::Host;

/// One name of a subjectAltName (RFC 5280 section 4.2.1.6).
///
/// Read from and shown as text in openssl's words: `DNS:proxy.example.test`, `IP:192.0.2.1`. A text
/// without such a beginning is a DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectName {
    /// A dNSName with this text, whether or not it is a proper name.
    Dns(String),
    /// An iPAddress.
    Address(IpAddr),
}

/// A text after `IP:` that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no address; write IP:192.0.2.1 or IP:2001:db8::1, or DNS:{text} for a dNSName with that text"
)]
pub struct NotAnAddress {
    /// What was given, without `IP:`.
    pub text: String,
}

impl SubjectName {
    /// The name that a certificate for a host has.
    pub(super) fn of(host: &Host) -> Self {
        match host {
            Host::Name(_) => Self::Dns(host.bare().into_owned()),
            Host::Address(address) => Self::Address(*address),
        }
    }

    fn encode(&self) -> Result<Any, MintError> {
        match self {
            Self::Dns(name) => entry(DNS_NAME, name.as_bytes()),
            Self::Address(IpAddr::V4(address)) => entry(IP_ADDRESS, &address.octets()),
            Self::Address(IpAddr::V6(address)) => entry(IP_ADDRESS, &address.octets()),
        }
    }
}

/// The tags of a GeneralName (RFC 5280 section 4.2.1.6).
const DNS_NAME: u32 = 2;
const IP_ADDRESS: u32 = 7;

fn entry(number: u32, value: &[u8]) -> Result<Any, MintError> {
    let tag = Tag::ContextSpecific { constructed: false, number: TagNumber(number) };
    Any::new(tag, value).making("a subjectAltName")
}

/// The value of a subjectAltName (GeneralNames).
pub(super) fn encode(names: &[SubjectName]) -> Result<Vec<u8>, MintError> {
    let entries: Vec<Any> = names.iter().map(SubjectName::encode).collect::<Result<_, _>>()?;
    entries.to_der().making("a subjectAltName")
}

/// A name alone, without the list around it: what a hand-written encoder might write.
pub(super) fn encode_bare(name: &SubjectName) -> Result<Vec<u8>, MintError> {
    name.encode()?.to_der().making("a subjectAltName")
}

/// The value of a subjectAltName with that name, and with an address of five octets, as no version of IP has.
pub(super) fn encode_beside_a_broken_address(name: &SubjectName) -> Result<Vec<u8>, MintError> {
    let entries = vec![name.encode()?, entry(IP_ADDRESS, &[192, 0, 2, 1, 0])?];
    entries.to_der().making("a subjectAltName")
}

impl FromStr for SubjectName {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if let Some(address) = text.strip_prefix("IP:") {
            let address = address.parse();
            return address
                .map(Self::Address)
                .map_err(|_| NotAnAddress { text: text.trim_start_matches("IP:").to_owned() });
        }
        Ok(Self::Dns(text.strip_prefix("DNS:").unwrap_or(text).to_owned()))
    }
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Address(address) => write!(f, "IP:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("DNS:proxy.example.test", "DNS:proxy.example.test")]
    #[case("*.example.test", "DNS:*.example.test")]
    #[case("DNS:127.0.0.1", "DNS:127.0.0.1")]
    #[case("IP:127.0.0.1", "IP:127.0.0.1")]
    #[case("IP:::1", "IP:::1")]
    #[case("", "DNS:")]
    fn a_name_is_read_as_it_is_shown(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(text.parse::<SubjectName>().unwrap().to_string(), shown);
    }

    #[test]
    fn a_name_is_no_address() {
        let error = "IP:localhost".parse::<SubjectName>().unwrap_err().to_string();
        assert!(error.starts_with("`localhost` is no address; write IP:192.0.2.1"), "{error}");
    }

    #[test]
    fn names_are_encoded_as_they_are() {
        let names = ["a", "IP:127.0.0.1"].map(|name| name.parse().unwrap());
        assert_eq!(encode(&names).unwrap(), b"\x30\x09\x82\x01a\x87\x04\x7f\x00\x00\x01");
        assert_eq!(encode_bare(&names[0]).unwrap(), b"\x82\x01a");
        assert_eq!(encode(&[]).unwrap(), b"\x30\x00");
    }
}
