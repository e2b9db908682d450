//! A TCP server that sends back what it gets: the target behind a proxy under test.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::accepting::accept;

/// What a target does before it is an echo.
#[derive(Clone)]
pub enum Opening {
    /// Nothing.
    Nothing,
    /// It speaks first, as VNC servers do.
    Greeting(&'static [u8]),
    /// A TLS handshake.
    Tls(TlsAcceptor),
}

/// An echo server on 127.0.0.1. It ends, with its connections, when it is dropped.
#[derive(Debug)]
pub struct Echo {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Echo {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::behind(Opening::Nothing).await
    }

    /// Starts one that does that first.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn behind(opening: Opening) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, opening));
        Ok(Self { address, _serving: serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, opening: Opening) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => { connections.spawn(open(stream, opening.clone())); }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A proxy that goes away is what any of this ends with; there is nobody to tell.
async fn open(mut stream: TcpStream, opening: Opening) {
    match opening {
        Opening::Nothing => echo(stream).await,
        Opening::Greeting(words) => {
            if stream.write_all(words).await.is_ok() {
                echo(stream).await;
            }
        }
        Opening::Tls(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                echo(stream).await;
            }
        }
    }
}

pub(crate) async fn echo(stream: impl AsyncRead + AsyncWrite) {
    let (mut from, mut to) = tokio::io::split(stream);
    if tokio::io::copy(&mut from, &mut to).await.is_ok() {
        to.shutdown().await.ok();
    }
}
