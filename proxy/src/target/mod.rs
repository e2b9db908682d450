//! Connecting to the target of a session, over TLS where that is wanted.

mod failure;
mod pin;
mod tls;
mod wire;

pub use failure::{NotTls, TargetCertificateRefusal, TargetError, TargetKeyRefusal, TargetLoss};
pub(crate) use pin::listed;
pub use pin::{KeyPin, PinError};
pub(crate) use tls::TargetTlsSetup;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::settings::{Endpoint, Target, Targets};
use crate::token::{NoTarget, TokenTargets};
use crate::wrap::Door;

/// How long the start may wait for the target's name.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(2);

/// A connected target.
pub(crate) trait TargetStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl TargetStream for TcpStream {}
impl TargetStream for UnixStream {}
impl TargetStream for tokio_rustls::client::TlsStream<wire::Wire> {}

/// A target that was reached.
pub(crate) struct Reached {
    pub(crate) stream: Box<dyn TargetStream>,
    /// How it lost us, if it does; `None` without TLS.
    pub(crate) tls: Option<AskedUs>,
}

/// Whether the target asked us for a certificate, which we do not have. In TLS 1.3 it refuses us for that only after
/// the handshake is done on our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedUs {
    /// It did.
    ForCertificate,
    /// It did not.
    ForNothing,
}

/// Whether a target showed who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// By its certificate, or it was not asked: it is spoken to without TLS.
    AsWanted,
    /// It is spoken to over TLS, and could be anybody (`--ssl-target-insecure`).
    No,
}

/// Where sessions go, and how.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) listed: Listed,
    pub(crate) tls: Option<TargetTlsSetup>,
    /// For resolving the name, connecting and TLS together.
    pub(crate) limit: Duration,
}

/// How the target of a session is found.
#[derive(Debug)]
pub(crate) enum Listed {
    One(Target),
    ByToken(Box<TokenTargets>),
    Program(Door),
}

impl Destination {
    /// The target of the session that this request asks for.
    pub(crate) async fn of<B>(&self, request: &Request<B>) -> Result<Target, NoTarget> {
        match &self.listed {
            Listed::One(target) => Ok(target.clone()),
            Listed::ByToken(tokens) => tokens.of(request).await,
            Listed::Program(door) => Ok(door.target()),
        }
    }

    /// As the settings have it.
    pub(crate) fn targets(&self) -> Targets {
        match &self.listed {
            Listed::One(target) => Targets::One(target.clone()),
            Listed::ByToken(tokens) => Targets::ByToken(tokens.tokens().clone()),
            Listed::Program(door) => Targets::Program(door.wrap.clone()),
        }
    }

    /// Whether a target has to show who it is.
    pub(crate) fn verified(&self, target: &Target) -> Verified {
        match (&self.tls, target) {
            (Some(tls), Target::Tcp(_)) => tls.verified(),
            _ => Verified::AsWanted,
        }
    }

    /// Connects. A name with several addresses is tried address by address.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Reached, TargetError> {
        let deadline = Instant::now() + self.limit;
        let connect = async {
            match target {
                Target::Tcp(endpoint) => {
                    let stream = match &self.listed {
                        Listed::Program(door) => door.connect().await?,
                        _ => TcpStream::connect((host(endpoint), endpoint.port)).await?,
                    };
                    crate::listen::tune(&stream)?;
                    Ok(Socket::Tcp(stream, host(endpoint)))
                }
                Target::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
            }
        };
        let timed_out = || io::Error::new(io::ErrorKind::TimedOut, "timed out");
        let socket = timeout_at(deadline, connect)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
            .map_err(TargetError::Connect)?;
        match (socket, &self.tls) {
            (Socket::Tcp(stream, host), Some(tls)) => tls.handshake(stream, host, deadline).await,
            (Socket::Tcp(stream, _), None) => Ok(Reached { stream: Box::new(stream), tls: None }),
            (Socket::Unix(stream), _) => Ok(Reached { stream: Box::new(stream), tls: None }),
        }
    }

    /// The one target, if sessions come back to the proxy itself with it, which listens on `own`.
    pub(crate) async fn own_listener(&self, own: SocketAddr) -> Option<&Target> {
        let Listed::One(target @ Target::Tcp(endpoint)) = &self.listed else {
            return None;
        };
        if endpoint.port != own.port() {
            return None;
        }
        let found = timeout(LOOKUP_DEADLINE, lookup_host((host(endpoint), endpoint.port))).await;
        let is_own = match found {
            Ok(Ok(mut addresses)) => addresses.any(|address| {
                let ip = address.ip();
                ip == own.ip()
                    || own.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified())
            }),
            _ => false,
        };
        is_own.then_some(target)
    }
}

fn host(endpoint: &Endpoint) -> &str {
    endpoint.host.as_deref().unwrap_or("localhost")
}

enum Socket<'a> {
    /// With the host that it was asked for.
    Tcp(TcpStream, &'a str),
    Unix(UnixStream),
}
