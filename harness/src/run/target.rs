//! What stands behind the proxy in a run: a server that sends back what it gets, or nobody.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::TcpSocket;

use crate::echo::Echo;

/// The targets of a run. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Targets {
    echo: Echo,
    pub nobody: SocketAddr,
    /// Bound and never listening, so that nobody else can take the port in between.
    _reserved: TcpSocket,
}

impl Targets {
    pub(super) async fn start() -> io::Result<Self> {
        let reserved = TcpSocket::new_v4()?;
        reserved.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let nobody = reserved.local_addr()?;
        Ok(Self { echo: Echo::start().await?, nobody, _reserved: reserved })
    }

    pub(super) fn echo(&self) -> SocketAddr {
        self.echo.address()
    }
}
