//! What stands behind the proxy: a server that sends back what it gets, or nobody.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};

/// The targets of a run. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Targets {
    pub echo: SocketAddr,
    pub nobody: SocketAddr,
    /// Bound and never listening, so that nobody else can take the port in between.
    _reserved: TcpSocket,
    _tasks: JoinSet<()>,
}

impl Targets {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let echo = listener.local_addr()?;
        let reserved = TcpSocket::new_v4()?;
        reserved.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let nobody = reserved.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener));
        Ok(Self { echo, nobody, _reserved: reserved, _tasks: tasks })
    }
}

async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(echo(stream)); }
                // Out of descriptors, say: those that end will free some.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn echo(mut stream: TcpStream) {
    let (mut from, mut to) = stream.split();
    // A proxy that goes away is what this ends with; there is nobody to tell.
    tokio::io::copy(&mut from, &mut to).await.ok();
}
