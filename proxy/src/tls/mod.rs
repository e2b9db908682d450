//! The TLS side of the port: reading the ClientHello, the handshake, and telling why one failed.

mod accept;
mod alert;
mod hello;
mod outcome;
mod records;
mod witness;

pub use alert::{Alert, Concern};
pub use hello::{Alpn, ClientHelloFacts};
pub use outcome::{HandshakeEnd, SilentEnd, SilentMoment};

pub(crate) use accept::{HANDSHAKE_DEADLINE, TlsServer, first_request_byte};
pub(crate) use hello::read_client_hello;
pub(crate) use witness::Witness;

/// A stream after the handshake.
pub(crate) type TlsStream = tokio_rustls::server::TlsStream<Witness>;
