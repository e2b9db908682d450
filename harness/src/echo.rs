//! A TCP server that sends back what it gets: the target behind a proxy under test.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::accepting::accept;

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener));
        Ok(Self { address, _serving: serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => { connections.spawn(echo(stream)); }
            Some(_) = connections.join_next() => {}
        }
    }
}

pub(crate) async fn echo(mut stream: TcpStream) {
    let (mut from, mut to) = stream.split();
    // A proxy that goes away is what this ends with; there is nobody to tell.
    tokio::io::copy(&mut from, &mut to).await.ok();
}
