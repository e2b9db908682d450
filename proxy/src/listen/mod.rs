//! Where clients come from: a TCP port, a Unix socket, or sockets that systemd or inetd hands over.

mod handed;
mod stream;
mod tcp;
mod unix;

pub use handed::{Giver, HandedSockets};
pub(crate) use stream::ClientStream;
pub use stream::Peer;
pub(crate) use tcp::tune;
pub use unix::StaleSocketError;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, UnixListener};

use crate::event::Event;
use crate::settings::Listen;
use unix::SocketFile;

/// An address that a proxy listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenAddress {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket at a path; one that was handed over may have none.
    Unix(Option<PathBuf>),
    /// The socket on standard input, whatever it is.
    Inetd,
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix socket {}", path.display()),
            Self::Unix(None) => f.write_str("a unix socket"),
            Self::Inetd => f.write_str("inetd"),
        }
    }
}

/// What clients are accepted from.
pub(crate) struct Listener {
    sockets: Vec<Socket>,
    pub(crate) addresses: Vec<ListenAddress>,
    /// Who opened the sockets, if not we.
    giver: Option<Giver>,
    /// Removed with the listener.
    _file: Option<SocketFile>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
    /// A client that was handed over connected; `None` once it is accepted.
    Connected(Option<(ClientStream, Peer)>),
}

impl Listener {
    pub(crate) async fn open(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(endpoint, family) => {
                let listener = tcp::listen(endpoint, *family).await?;
                let address = ListenAddress::Tcp(listener.local_addr()?);
                Ok(Self {
                    sockets: vec![Socket::Tcp(listener)],
                    addresses: vec![address],
                    giver: None,
                    _file: None,
                })
            }
            Listen::Unix { path, mode } => {
                let (listener, file) = unix::listen(path, *mode)?;
                let address = ListenAddress::Unix(Some(path.clone()));
                Ok(Self {
                    sockets: vec![Socket::Unix(listener)],
                    addresses: vec![address],
                    giver: None,
                    _file: Some(file),
                })
            }
            Listen::Handed(handed) => {
                let (sockets, addresses) = handed.open()?.into_iter().unzip();
                Ok(Self { sockets, addresses, giver: Some(handed.giver()), _file: None })
            }
        }
    }

    /// The first address that is a TCP port.
    pub(crate) fn tcp_address(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(|address| match address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) | ListenAddress::Inetd => None,
        })
    }

    /// What the start says about it.
    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |address: &ListenAddress| Event::Listening(address.clone(), self.giver);
        self.addresses.iter().map(event).collect()
    }

    /// The next client; `None` if there will be none any more.
    pub(crate) async fn accept(&mut self) -> io::Result<Option<(ClientStream, Peer)>> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<(ClientStream, Peer)>>> {
        let mut open = false;
        for socket in &mut self.sockets {
            match socket.poll_accept(cx) {
                Poll::Ready(Ok(None)) => {}
                Poll::Ready(accepted) => return Poll::Ready(accepted),
                Poll::Pending => open = true,
            }
        }
        if open { Poll::Pending } else { Poll::Ready(Ok(None)) }
    }
}

impl Socket {
    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<(ClientStream, Peer)>>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, peer)| Some((ClientStream::Tcp(stream), Peer::Tcp(peer)))),
            Self::Unix(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Some((ClientStream::Unix(stream), Peer::Unix))),
            Self::Connected(client) => Poll::Ready(Ok(client.take())),
        }
    }
}
