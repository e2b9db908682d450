//! A server of whatever certificates it is given, sound or not, with a WebSocket echo behind.
//!
//! Our proxy would not start with most of these: it looks at what it serves. So TLS ends before it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use wssure_proxy::{Endpoint, LogSink, Proxy, Settings, StartError, Target};

use crate::{accepting::accept, echo::Echo};

/// A server, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    _behind: Behind,
    _serving: JoinSet<()>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("no socket for the server: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Proxy(#[from] StartError),
    #[error("no TLS for the server: {0}")]
    Tls(#[from] rustls::Error),
}

/// The same for whoever asks.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Server {
    /// Starts it on a free port of 127.0.0.1.
    pub(super) async fn start(identity: CertifiedKey) -> Result<Self, ServerError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(identity))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let behind = Behind::start().await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), behind.address));
        Ok(Self { address, _behind: behind, _serving: serving })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    // Who refuses is seen by the witness on the way here.
                    let Ok(mut secure) = acceptor.accept(stream).await else { return };
                    let Ok(mut plain) = TcpStream::connect(behind).await else { return };
                    tokio::io::copy_bidirectional(&mut secure, &mut plain).await.ok();
                });
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Our proxy without TLS, and an echo behind it.
#[derive(Debug)]
struct Behind {
    address: SocketAddr,
    _echo: Echo,
    _end: oneshot::Sender<()>,
}

impl Behind {
    async fn start() -> Result<Self, ServerError> {
        let echo = Echo::start().await?;
        let target = echo.address();
        let target = Target::Tcp(Endpoint::new(target.ip().to_string(), target.port()));
        let mut settings = Settings::new(Endpoint::new("127.0.0.1", 0), target);
        // A file that cannot be there: plain connections need none.
        settings.cert = "/dev/null/none".into();
        settings.log = LogSink::callback(|_| {});
        let proxy = Proxy::bind(settings).await?;
        let address = proxy.local_addr();
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(proxy.serve(async {
            ended.await.ok();
        }));
        Ok(Self { address, _echo: echo, _end: end })
    }
}
