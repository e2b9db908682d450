//! The target that a dialogue plays: its connections are the dialogue's while that goes on, and an echo's otherwise.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::{accepting::accept, echo};

/// The target. It ends, with the connections of its echo, when this is dropped.
#[derive(Debug)]
pub(crate) struct PlayedTarget {
    address: SocketAddr,
    is_played: Arc<AtomicBool>,
    connections: UnboundedReceiver<TcpStream>,
    _serving: JoinSet<()>,
}

impl PlayedTarget {
    /// Starts it on a free port of 127.0.0.1, as an echo.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let is_played = Arc::new(AtomicBool::new(false));
        let (sender, connections) = unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&is_played), sender));
        Ok(Self { address, is_played, connections, _serving: serving })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections are a dialogue's.
    pub(super) fn begin(&self) {
        self.is_played.store(true, Ordering::SeqCst);
    }

    /// From now on they are an echo's; those that no turn has asked for are closed.
    pub(super) fn end(&mut self) {
        self.is_played.store(false, Ordering::SeqCst);
        while self.connections.try_recv().is_ok() {}
    }

    /// The next connection of the subject.
    pub(super) async fn next(&mut self) -> Option<TcpStream> {
        self.connections.recv().await
    }
}

async fn serve(
    listener: TcpListener,
    is_played: Arc<AtomicBool>,
    played: UnboundedSender<TcpStream>,
) {
    let mut echoes = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => {
                if is_played.load(Ordering::SeqCst) {
                    // Nobody waits for it once the target is dropped, and this task with it.
                    played.send(stream).ok();
                } else {
                    echoes.spawn(echo::echo(stream));
                }
            }
            Some(_) = echoes.join_next() => {}
        }
    }
}
