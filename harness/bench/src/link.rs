//! A client's connection: TCP, TLS if it is `wss://`, and the upgrade if the other side speaks WebSocket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::frame::{self, Side, Unframer};

/// The name in the certificate.
pub const HOST: &str = "bench.example.test";

/// What is said on a connection after TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// An upgrade, and frames.
    WebSocket,
    /// The bytes themselves: the limit of a proxy that has nothing to do.
    Bytes,
}

/// Whether a handshake may begin where an earlier one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sessions {
    New,
    Resumed,
}

/// How much is read at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For messages.
    Small,
    /// For as many bytes as there are.
    Bulk,
}

impl Size {
    fn bytes(self) -> usize {
        match self {
            Self::Small => 4 * 1024,
            Self::Bulk => 256 * 1024,
        }
    }
}

/// Makes connections to one proxy.
#[derive(Clone)]
pub struct Dialer {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    speaks: Speaks,
    path: String,
}

impl Dialer {
    /// A dialer of `ws://`, or of `wss://` if there is an authority to trust.
    pub fn new(
        address: SocketAddr,
        authority: Option<&CertificateDer<'static>>,
        speaks: Speaks,
        sessions: Sessions,
    ) -> Self {
        let tls = authority.map(|authority| TlsConnector::from(tls(authority, sessions)));
        Self { address, tls, speaks, path: "/".to_owned() }
    }

    /// Asks for another path than `/`.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Where it connects to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects, up to the answer to the upgrade.
    pub async fn dial(&self, size: Size) -> io::Result<Link> {
        let mut link = self.greet(size).await?;
        if self.speaks == Speaks::WebSocket {
            link.upgrade(&self.path).await?;
        }
        Ok(link)
    }

    /// Connects over TCP.
    pub async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Connects, up to the end of the TLS handshake.
    pub async fn greet(&self, size: Size) -> io::Result<Link> {
        let stream = self.connect().await?;
        let local = stream.local_addr()?;
        // rustls reads no more than 4 KiB at a time; the client's system calls are not what is measured.
        let stream = BufReader::with_capacity(size.bytes(), stream);
        let mut resumed = false;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let stream = tls.connect(server_name()?, stream).await?;
                resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                Box::new(stream)
            }
        };
        Ok(Link {
            stream,
            local,
            speaks: self.speaks,
            unframer: Unframer::new(),
            buffer: vec![0; size.bytes()],
            early: 0..0,
            resumed,
        })
    }
}

/// X25519 for all: it is what every peer has, so that all do the same work.
fn tls(authority: &CertificateDer<'static>, sessions: Sessions) -> Arc<ClientConfig> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).expect("an authority that was just made");
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has suites of TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    if sessions == Sessions::New {
        config.resumption = Resumption::disabled();
    }
    Arc::new(config)
}

/// The name as TLS has it.
pub fn server_name() -> io::Result<ServerName<'static>> {
    ServerName::try_from(HOST).map_err(io::Error::other)
}

/// A client that trusts nobody.
pub fn distrusting() -> TlsConnector {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("the provider has suites of both")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Whatever bytes go over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that was made.
pub struct Link {
    stream: Box<dyn Stream>,
    pub local: SocketAddr,
    speaks: Speaks,
    unframer: Unframer,
    buffer: Vec<u8>,
    /// What came right behind the answer to the upgrade.
    early: std::ops::Range<usize>,
    /// Whether its TLS session began where another had ended.
    pub resumed: bool,
}

/// The key is the one of RFC 6455 section 1.3.
pub const REQUEST: &str = "GET / HTTP/1.1\r\nHost: bench.example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n\r\n";

impl Link {
    async fn upgrade(&mut self, path: &str) -> io::Result<()> {
        self.send(REQUEST.replacen('/', path, 1).as_bytes()).await?;
        let mut have = 0;
        let head = loop {
            let count = self.stream.read(&mut self.buffer[have..]).await?;
            have += count;
            let end = self.buffer[..have].windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                None => {}
            }
        };
        if !self.buffer.starts_with(b"HTTP/1.1 101 ") {
            let answer = String::from_utf8_lossy(&self.buffer[..head]);
            let line = answer.lines().next().unwrap_or_default();
            return Err(io::Error::other(format!("the upgrade was answered with {line:?}")));
        }
        self.early = head..have;
        Ok(())
    }

    /// A message as it is sent on this connection, or many.
    pub fn wrap(&self, payload: &[u8], frame: usize) -> Vec<u8> {
        match self.speaks {
            Speaks::WebSocket => frame::frames(Side::Client, payload, frame),
            Speaks::Bytes => payload.to_vec(),
        }
    }

    /// Sends what was [wrapped](Self::wrap).
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads once, and hands on the payload in it. The end of the session is an error.
    pub async fn receive(
        &mut self,
        mut payload: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let bytes = match std::mem::replace(&mut self.early, 0..0) {
            early if !early.is_empty() => &mut self.buffer[early],
            _ => {
                let count = self.stream.read(&mut self.buffer).await?;
                if count == 0 {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the proxy ended it"));
                }
                &mut self.buffer[..count]
            }
        };
        match self.speaks {
            Speaks::Bytes => payload(bytes),
            Speaks::WebSocket => {
                self.unframer.take(bytes, payload)?;
                match self.unframer.closed() {
                    true => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "it was closed")),
                    false => Ok(()),
                }
            }
        }
    }

    /// Reads once, whatever it is; says how many bytes came.
    pub async fn read_anything(&mut self) -> io::Result<usize> {
        self.stream.read(&mut self.buffer).await
    }

    /// Sends a message and waits until it has come back, byte for byte.
    pub async fn echo(&mut self, wrapped: &[u8], message: &[u8]) -> io::Result<()> {
        self.send(wrapped).await?;
        let mut left = message;
        while !left.is_empty() {
            let rest = &mut left;
            self.receive(|bytes| match rest.strip_prefix(bytes) {
                Some(after) => {
                    *rest = after;
                    Ok(())
                }
                None => Err(io::Error::other("the echo is not what was sent")),
            })
            .await?;
        }
        Ok(())
    }

    /// Ends it as a browser does: a Close frame, the answer to it, and then the end of the connection.
    pub async fn close(mut self) -> io::Result<()> {
        if self.speaks == Speaks::WebSocket {
            let close = frame::close();
            self.send(&close).await?;
            while !self.unframer.closed() {
                // Some proxies end the connection in place of an answer.
                match tokio::time::timeout(ANSWER, self.receive(|_| Ok(()))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => break,
                }
            }
        }
        // One that has ended it already cannot be told so.
        let _ = self.stream.shutdown().await;
        Ok(())
    }
}

/// How long a proxy may take to answer a Close frame.
const ANSWER: Duration = Duration::from_secs(1);
