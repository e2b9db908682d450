//! A witness stands between a real client and a proxy, and tells what happened on each connection.
//!
//! It passes every byte and every end on as it comes, so that the two speak to each other unchanged, and
//! reads TLS afterwards with the client's own secrets, which browsers and tools write to a file when they
//! are asked to (`SSLKEYLOGFILE`).

mod answers;
mod connection;
mod key_log;
mod messages;
mod reading;
mod reception;
mod recording;
mod records;
mod relay;
mod side;
pub(crate) mod traffic_keys;
mod witnessed;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinSet, time::Instant};

use connection::Connection;
pub use key_log::Secrets;
pub(crate) use messages::offered;
pub use reception::Mark;
use reception::Reception;
pub use recording::End;
pub use witnessed::{ClientFinished, Foreign, Unread, UnreadReason, Witnessed};

/// How often the key log is looked into for secrets that are not there yet: Chromium writes them some
/// milliseconds after their use.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A relay to one address that keeps what passes. It ends, with its connections, when it is dropped.
#[derive(Debug)]
pub struct Witness {
    address: SocketAddr,
    secrets: Secrets,
    reception: Arc<Reception>,
    _serving: JoinSet<()>,
}

impl Witness {
    /// Starts it on a free port of 127.0.0.1.
    ///
    /// A client is always accepted; where there is no server at that address, it is then reset.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(to: SocketAddr, secrets: Secrets) -> io::Result<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), to, secrets).await
    }

    /// The same on a free port of that address of this machine, for a client that comes from elsewhere.
    ///
    /// # Errors
    /// This machine has no such address, or no port can be had.
    pub async fn start_at(at: IpAddr, to: SocketAddr, secrets: Secrets) -> io::Result<Self> {
        let listener = TcpListener::bind((at, 0)).await?;
        let address = listener.local_addr()?;
        let reception = Arc::new(Reception::default());
        let mut serving = JoinSet::new();
        serving.spawn(Arc::clone(&reception).receive(listener, to));
        Ok(Self { address, secrets, reception, _serving: serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A point between the connections that were accepted so far and those to come.
    pub fn mark(&self) -> Mark {
        self.reception.mark()
    }

    /// The connections since then, in the order in which they came; those before are forgotten.
    ///
    /// It waits, until the deadline, for these to end on both sides, and for their secrets where something
    /// cannot be read without.
    pub async fn since(&self, mark: Mark, deadline: Instant) -> Vec<Witnessed> {
        let connections = self.ended_since(mark, deadline).await;
        loop {
            let log = self.secrets.read().await;
            let mut lacking = false;
            let witnessed = connections
                .iter()
                .map(|connection| {
                    let (witnessed, reading) = Witnessed::read(&connection.recording(), &log);
                    lacking |= reading.lacks_secrets();
                    witnessed
                })
                .collect();
            if !lacking || !self.secrets.may_come() || Instant::now() >= deadline {
                return witnessed;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Ends the connections since then that are kept open for later use, as a server may at any time; what
    /// comes next then begins with a connection of its own.
    pub fn hang_up(&self, mark: Mark) {
        for connection in self.reception.since(mark) {
            connection.hang_up();
        }
    }

    async fn ended_since(&self, mark: Mark, deadline: Instant) -> Vec<Arc<Connection>> {
        let mut known = 0;
        loop {
            // Without a port of our own to tell by, those that have been accepted are all that are known.
            self.reception.catch_up(self.address, deadline).await.ok();
            let connections = self.reception.since(mark);
            if connections.len() == known {
                return connections;
            }
            for connection in connections.iter().skip(known) {
                connection.wait_until_over(deadline).await;
            }
            // A client may have come again while others were waited for.
            known = connections.len();
        }
    }
}

#[cfg(test)]
mod tests;
