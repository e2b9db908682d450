//! Our proxy inside the caller's own process, with a certificate of a kind and an echo behind it: for
//! somebody else's `cargo test`.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{sync::oneshot, task::JoinHandle};
use wssure_proxy::{Ended, Endpoint, LogSink, Proxy, Settings, StartError, Target};

use crate::{
    certificate::{Delivery, MintError, Minted},
    client::{Destination, Route, Scheme},
    echo::Echo,
    host::Host,
};

/// A proxy that serves a certificate on 127.0.0.1, with a server behind it that sends back what it gets.
///
/// It ends when it is dropped.
#[derive(Debug)]
pub struct InProcess {
    address: SocketAddr,
    host: Host,
    log: Arc<Mutex<Vec<String>>>,
    _echo: Echo,
    _end: oneshot::Sender<()>,
    _serving: JoinHandle<Ended>,
}

/// A proxy that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InProcessError {
    /// The certificate cannot be written for it.
    #[error(transparent)]
    Certificate(#[from] MintError),
    /// No folder or socket can be had.
    #[error("no folder or socket for the proxy: {0}")]
    Io(#[from] std::io::Error),
    /// The proxy itself says why.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl InProcess {
    /// Starts the proxy with that certificate, on a free port.
    ///
    /// # Errors
    /// The certificate cannot be written, or no port can be had. A certificate file that cannot serve is
    /// no error: plain `ws` is then served, and TLS is not.
    pub async fn start(certificate: &Minted) -> Result<Self, InProcessError> {
        let folder = tempfile::Builder::new().prefix("wssure-").tempdir()?;
        let paths =
            certificate.write(folder.path(), Delivery::OneFile, &Delivery::OneFile.names())?;
        // It has read the file once it has started.
        Self::serving(&paths.certificate, certificate.host().clone()).await
    }

    /// Starts the proxy with a file of yours (`--cert`: certificates and key), which is for that host.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn serving(file: &Path, host: Host) -> Result<Self, InProcessError> {
        let echo = Echo::start().await?;
        let behind = echo.address();
        let target = Target::Tcp(Endpoint::new(behind.ip().to_string(), behind.port()));
        let mut settings = Settings::new(Endpoint::new("127.0.0.1", 0), target);
        settings.cert = file.to_owned();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        settings.log = LogSink::callback(move |event| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(event.to_string());
        });
        let proxy = Proxy::bind(settings).await?;
        let address = proxy.local_addr();
        let (end, ended) = oneshot::channel::<()>();
        let serving = tokio::spawn(proxy.serve(async {
            ended.await.ok();
        }));
        Ok(Self { address, host, log, _echo: echo, _end: end, _serving: serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to it under the certificate's host, which need not be known to any name server.
    pub fn destination(&self, scheme: Scheme) -> Destination {
        Destination {
            scheme,
            host: self.host.clone(),
            port: self.address.port(),
            path: "/".to_owned(),
            route: Route::To(self.address),
        }
    }

    /// What it has said so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
