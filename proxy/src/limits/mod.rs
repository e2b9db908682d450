//! How much of everything a proxy gives to its clients, so that none takes what the others need.

mod descriptors;
mod places;
mod silence;

pub(crate) use descriptors::{allow_all, allow_no_more_than_first, connections_within};
pub(crate) use places::Places;
pub(crate) use silence::Silence;

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

/// The least that a request's head may be limited to, in bytes: what is read at a time.
pub const LEAST_REQUEST_SIZE: usize = 8 * 1024;

/// What a client may take, and how long. The defaults serve browsers on slow lines and people who think.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; `None` for half of the descriptors that the process may have, as a session takes two.
    pub connections: Option<NonZeroUsize>,
    /// Connections of one address at a time; `None` for all. Behind a reverse proxy without
    /// [`proxy_protocol`](crate::Settings::proxy_protocol) everybody comes from one address.
    pub connections_per_client: Option<NonZeroUsize>,
    /// From the connection to its first byte.
    pub first_byte: Duration,
    /// For the whole TLS handshake. A client may ask a person or fetch revocation lists meanwhile.
    pub handshake: Duration,
    /// For the head of a request, from the end of the handshake or of the request before.
    pub request: Duration,
    /// For resolving a target's name, connecting to it and its TLS handshake together.
    pub target: Duration,
    /// How long nothing may pass in a session, either way; pings do not count. `None` for ever.
    pub silence: Option<Duration>,
    /// Bytes of a request's head; at least [`LEAST_REQUEST_SIZE`].
    pub request_size: usize,
    /// Header lines of a request.
    pub request_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            connections_per_client: None,
            // As websockify.
            first_byte: Duration::from_secs(3),
            handshake: Duration::from_secs(10),
            request: Duration::from_secs(10),
            // Browsers give up on a silent session by themselves much later.
            target: Duration::from_secs(20),
            silence: None,
            request_size: 64 * 1024,
            request_headers: 100,
        }
    }
}

/// Why there is no place for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crowded {
    /// So many are open ([`Limits::connections`]).
    Everywhere(usize),
    /// So many of its address are ([`Limits::connections_per_client`]).
    AtItsAddress(usize),
}

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere(most) => write!(
                f,
                "closed, there is no place: {most} connections are open (--max-connections; without it, half of the \
                 descriptors that the process may have, LimitNOFILE of systemd)"
            ),
            Self::AtItsAddress(most) => write!(
                f,
                "closed: {most} connections of its address are open (--max-connections-per-client); where all come over \
                 a reverse proxy, --proxy-protocol tells them apart"
            ),
        }
    }
}
