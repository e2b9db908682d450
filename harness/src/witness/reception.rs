//! Accepts connections, in their order, and knows which there have been.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{connection::Connection, relay::relay};
use crate::accepting::accept;

/// A point between two connections; by default the one before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// Who has come so far.
#[derive(Debug, Default)]
pub(super) struct Reception {
    guests: Mutex<Guests>,
}

#[derive(Debug, Default)]
struct Guests {
    /// How many are not remembered any more.
    forgotten: u64,
    remembered: VecDeque<Arc<Connection>>,
    /// Connections of our own, by where they come from.
    bells: HashMap<SocketAddr, oneshot::Sender<()>>,
}

impl Reception {
    /// Accepts, and relays to that address, for ever.
    pub(super) async fn receive(self: Arc<Self>, listener: TcpListener, to: SocketAddr) {
        let mut relayed = JoinSet::new();
        loop {
            tokio::select! {
                (client, from) = accept(&listener) => if let Some(connection) = self.admit(from) {
                    relayed.spawn(relay_whole(client, to, connection));
                },
                Some(_) = relayed.join_next() => {}
            }
        }
    }

    /// A connection that has come, unless it is one of our own.
    fn admit(&self, from: SocketAddr) -> Option<Arc<Connection>> {
        let mut guests = self.lock();
        if let Some(bell) = guests.bells.remove(&from) {
            bell.send(()).ok();
            return None;
        }
        let connection = Arc::new(Connection::new());
        guests.remembered.push_back(Arc::clone(&connection));
        Some(connection)
    }

    /// Waits, until the deadline, for everybody who has connected by now to be accepted.
    ///
    /// A client may connect and be gone again before anything was accepted. Connections are accepted in
    /// their order, so one of our own tells when those before it have been.
    pub(super) async fn catch_up(&self, listener: SocketAddr, deadline: Instant) -> io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let from = socket.local_addr()?;
        let (bell, rung) = oneshot::channel();
        self.lock().bells.insert(from, bell);
        match timeout_at(deadline, socket.connect(listener)).await {
            Ok(Ok(_open)) => timeout_at(deadline, rung).await?.map_err(io::Error::other),
            // It will not come, and somebody else may come from there.
            failed => {
                self.lock().bells.remove(&from);
                failed?.map(drop)
            }
        }
    }

    /// The point after everybody who was accepted so far.
    pub(super) fn mark(&self) -> Mark {
        let guests = self.lock();
        Mark(guests.forgotten + guests.remembered.len() as u64)
    }

    /// Those who came since then; those before are forgotten.
    pub(super) fn since(&self, Mark(mark): Mark) -> Vec<Arc<Connection>> {
        let mut guests = self.lock();
        while guests.forgotten < mark && guests.remembered.pop_front().is_some() {
            guests.forgotten += 1;
        }
        guests.remembered.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn relay_whole(client: TcpStream, to: SocketAddr, connection: Arc<Connection>) {
    tokio::select! {
        () = relay(client, to, &connection) => {}
        () = connection.until_hung_up() => {}
    }
    connection.over();
}
