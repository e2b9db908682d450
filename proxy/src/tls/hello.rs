//! Reading a ClientHello, however it is cut into segments, and what is worth knowing of it.

use std::io;

use rustls::server::{Accepted, Acceptor};
use rustls::{AlertDescription, PeerIncompatible};
use tokio::io::AsyncReadExt;

use super::{SilentEnd, Witness};

/// What a client told in its ClientHello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHelloFacts {
    /// The name it asked for (SNI); clients send none for an IP address.
    pub server_name: Option<String>,
    /// Whether it offered ALPN protocols, and `http/1.1` among them.
    pub alpn: Alpn,
}

/// What a client offered as application protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alpn {
    /// `http/1.1` is among them.
    Http1,
    /// None, or others only.
    #[default]
    Other,
}

impl ClientHelloFacts {
    fn of(accepted: &Accepted) -> Self {
        let hello = accepted.client_hello();
        let http1 =
            hello.alpn().is_some_and(|mut offered| offered.any(|protocol| protocol == b"http/1.1"));
        Self {
            server_name: hello.server_name().map(str::to_owned),
            alpn: if http1 { Alpn::Http1 } else { Alpn::Other },
        }
    }
}

/// Why no ClientHello could be read.
#[derive(Debug)]
pub(crate) enum HelloFailure {
    /// The client left before.
    Silent(SilentEnd),
    /// It is not a ClientHello that we can use; `alert` is what to send, as a record.
    Bad { error: rustls::Error, alert: Vec<u8> },
    /// The connection failed.
    Failed(io::Error),
}

/// Where the version stands in a ClientHello: after the record's header and the message's type and length.
const VERSION: std::ops::Range<usize> = 9..11;

/// The first byte of a ClientHello of SSL 2.0 that is shorter than 256 bytes (RFC 5246 appendix E.2).
const SSL2: u8 = 0x80;

/// Bytes read at a time; the stream gives them record by record, so none is taken from behind the ClientHello.
const READ: usize = 4096;

/// Reads up to the end of the ClientHello. Sends nothing: the caller decides whether an alert goes out.
pub(crate) async fn read_client_hello(
    stream: &mut Witness,
) -> Result<(Accepted, ClientHelloFacts), HelloFailure> {
    let mut acceptor = Acceptor::default();
    let mut start = Vec::new();
    let mut buffer = [0; READ];
    loop {
        let count = match stream.read(&mut buffer).await {
            Ok(0) => return Err(HelloFailure::Silent(SilentEnd::Closed)),
            Ok(count) => count,
            Err(_) if stream.record.reset => return Err(HelloFailure::Silent(SilentEnd::Reset)),
            Err(error) => return Err(HelloFailure::Failed(error)),
        };
        start.extend(buffer[..count].iter().take(VERSION.end - start.len()));
        if start.first() == Some(&SSL2) {
            return Err(HelloFailure::Bad {
                error: rustls::Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered),
                alert: record(AlertDescription::ProtocolVersion),
            });
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            acceptor.read_tls(&mut rest).map_err(HelloFailure::Failed)?;
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => {
                let facts = ClientHelloFacts::of(&accepted);
                return Ok((accepted, facts));
            }
            Err((error, mut alert)) => {
                let mut answer = Vec::new();
                alert.write_all(&mut answer).map_err(HelloFailure::Failed)?;
                return Err(bad(error, answer, start.get(VERSION)));
            }
        }
    }
}

/// Clients from before TLS 1.2 send no signature algorithms, and that is what rustls stumbles over. It is their
/// version that is the matter, and OpenSSL says so.
fn bad(error: rustls::Error, alert: Vec<u8>, version: Option<&[u8]>) -> HelloFailure {
    let old = matches!(version, Some([3, 0..=2]));
    match error {
        rustls::Error::PeerIncompatible(PeerIncompatible::SignatureAlgorithmsExtensionRequired)
            if old =>
        {
            HelloFailure::Bad {
                error: rustls::Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered),
                alert: record(AlertDescription::ProtocolVersion),
            }
        }
        // For a message that is too long rustls has no alert.
        error if alert.is_empty() => {
            HelloFailure::Bad { error, alert: record(AlertDescription::DecodeError) }
        }
        error => HelloFailure::Bad { error, alert },
    }
}

/// A fatal alert in the clear.
fn record(description: AlertDescription) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description.into()]
}
