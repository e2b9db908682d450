//! Connecting to the target of a session, over TLS where that is wanted.

mod failure;
mod tls;
mod wire;

pub use failure::{NotTls, TargetCertificateRefusal, TargetError, TargetLoss};
pub(crate) use tls::TargetTlsSetup;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::settings::Target;

/// How long name resolution, connecting and the TLS handshake may take together. Browsers give up on a silent session
/// by themselves much later.
const CONNECT_DEADLINE: Duration = Duration::from_secs(20);

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

/// Where sessions go, and how.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) target: Target,
    pub(crate) tls: Option<TargetTlsSetup>,
}

impl Destination {
    /// Connects. A name with several addresses is tried address by address.
    pub(crate) async fn connect(&self) -> Result<Reached, TargetError> {
        let deadline = Instant::now() + CONNECT_DEADLINE;
        let connect = async {
            match &self.target {
                Target::Tcp(endpoint) => {
                    let host = endpoint.host.as_deref().unwrap_or("localhost");
                    let stream = TcpStream::connect((host, endpoint.port)).await?;
                    crate::listen::tune(&stream)?;
                    Ok(Socket::Tcp(stream))
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
            (Socket::Tcp(stream), Some(tls)) => tls.handshake(stream, deadline).await,
            (Socket::Tcp(stream), None) => Ok(Reached { stream: Box::new(stream), tls: None }),
            (Socket::Unix(stream), _) => Ok(Reached { stream: Box::new(stream), tls: None }),
        }
    }

    /// Whether sessions would come back to the proxy itself, which listens on `own`.
    pub(crate) async fn is_own_listener(&self, own: SocketAddr) -> bool {
        let Target::Tcp(endpoint) = &self.target else {
            return false;
        };
        if endpoint.port != own.port() {
            return false;
        }
        let host = endpoint.host.as_deref().unwrap_or("localhost");
        match timeout(LOOKUP_DEADLINE, lookup_host((host, endpoint.port))).await {
            Ok(Ok(mut addresses)) => addresses.any(|address| {
                let ip = address.ip();
                ip == own.ip()
                    || own.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified())
            }),
            _ => false,
        }
    }
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}
