//! The TLS side of the port: reading the ClientHello, the handshake, and telling why one failed.

mod accept;
mod alert;
mod ciphers;
mod client_certificates;
mod hello;
mod names;
mod outcome;
mod own;
mod problem;
mod records;
mod witness;

pub use alert::{Alert, Concern};
pub use ciphers::{Ciphers, CiphersError, IdleWord};
pub use client_certificates::ClientCertificateRefusal;
pub use hello::{Alpn, ClientHelloFacts};
pub use outcome::{HandshakeEnd, SilentEnd, SilentMoment};
pub use problem::{CertificateProblem, ShownCertificate};

pub(crate) use accept::{Greeting, TlsServer, TlsSetup, Unserved, first_request_byte, greet};
pub(crate) use client_certificates::ClientCheck;
pub(crate) use hello::read_client_hello;
pub(crate) use names::NameFit;
pub(crate) use outcome::openssl_words;
pub(crate) use own::check_dates;
pub(crate) use witness::Witness;

/// A stream after the handshake.
pub(crate) type TlsStream = tokio_rustls::server::TlsStream<Witness>;
