//! Whose PROXY headers are believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::listen::Peer;

/// Where a balancer connects from.
///
/// ```
/// # use wssure_proxy::TrustedSource;
/// for text in ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "unix"] {
///     assert_eq!(text.parse::<TrustedSource>().unwrap().to_string(), text);
/// }
/// assert!("balancer.example".parse::<TrustedSource>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedSource {
    /// These addresses.
    Addresses(IpNet),
    /// Programs on this machine, over a Unix socket.
    Unix,
}

/// Why a text is no [`TrustedSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give an address such as 192.0.2.1, addresses such as 10.0.0.0/8, or unix")]
pub struct SourceError;

impl FromStr for TrustedSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse()).map(Self::Addresses).map_err(|_| SourceError)
    }
}

impl fmt::Display for TrustedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix => f.write_str("unix"),
            Self::Addresses(net) if net.prefix_len() == net.max_prefix_len() => net.addr().fmt(f),
            Self::Addresses(net) => net.fmt(f),
        }
    }
}

impl TrustedSource {
    /// Whether a connection comes from there.
    pub(crate) fn has(&self, peer: Peer) -> bool {
        match (self, peer.address()) {
            (Self::Addresses(net), Some(address)) => net.contains(&address),
            (Self::Unix, None) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_believed() {
        let has = |source: &str, peer: &str| {
            source.parse::<TrustedSource>().unwrap().has(Peer::Tcp(peer.parse().unwrap()))
        };
        assert!(has("127.0.0.1", "127.0.0.1:1"));
        assert!(has("127.0.0.1", "[::ffff:127.0.0.1]:1"));
        assert!(has("10.0.0.0/8", "10.255.0.1:1"));
        assert!(has("::/0", "[2001:db8::1]:1"));
        assert!(!has("127.0.0.1", "127.0.0.2:1"));
        assert!(!has("10.0.0.0/8", "11.0.0.1:1"));
        assert!(!has("::/0", "127.0.0.1:1"));
        assert!(!has("unix", "127.0.0.1:1"));
        assert!(TrustedSource::Unix.has(Peer::Unix));
        assert!(!"0.0.0.0/0".parse::<TrustedSource>().unwrap().has(Peer::Unix));
        for bad in ["", "h", "10.0.0.0/33", "10.0.0.0/", "127.0.0.1:80", "Unix"] {
            assert_eq!(bad.parse::<TrustedSource>(), Err(SourceError), "{bad}");
        }
    }
}
