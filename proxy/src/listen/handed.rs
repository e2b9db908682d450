//! Sockets that another program opened for us: systemd (socket activation) or inetd (standard input).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use listenfd::ListenFd;
use socket2::{Domain, SockRef, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::{ClientStream, ListenAddress, Peer, Socket};

/// Who handed the sockets over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Giver {
    /// systemd, or who speaks as it does: `LISTEN_FDS` and `LISTEN_PID`, sd_listen_fds(3).
    Systemd,
    /// inetd, as standard input.
    Inetd,
}

/// Sockets that another program opened for us.
#[derive(Clone, Debug)]
pub struct HandedSockets {
    sockets: Vec<Arc<OwnedFd>>,
    giver: Giver,
}

impl HandedSockets {
    /// The sockets that systemd handed over; `None` if there are none. They are handed over once, and the environment
    /// that tells so is cleared: call this before there are threads.
    ///
    /// # Errors
    ///
    /// One of them is no stream socket of TCP or of the Unix kind.
    pub fn from_systemd() -> io::Result<Option<Self>> {
        let mut handed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..handed.len() {
            let socket = match handed.take_tcp_listener(index) {
                Ok(socket) => socket.map(OwnedFd::from),
                Err(_) => handed.take_unix_listener(index)?.map(OwnedFd::from),
            };
            sockets.extend(socket.map(Arc::new));
        }
        Ok((!sockets.is_empty()).then_some(Self { sockets, giver: Giver::Systemd }))
    }

    /// Standard input: a listening socket, as websockify wants it (inetd's `wait`), or one client (inetd's `nowait`).
    ///
    /// # Errors
    ///
    /// There is no standard input. What it is shows when the proxy is bound.
    pub fn standard_input() -> io::Result<Self> {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self { sockets: vec![Arc::new(socket)], giver: Giver::Inetd })
    }

    /// Who handed them over.
    pub fn giver(&self) -> Giver {
        self.giver
    }

    pub(super) fn open(&self) -> io::Result<Vec<(Socket, ListenAddress)>> {
        self.sockets.iter().map(|socket| self.open_one(socket)).collect()
    }

    fn open_one(&self, socket: &OwnedFd) -> io::Result<(Socket, ListenAddress)> {
        let socket = socket.try_clone()?;
        let view = SockRef::from(&socket);
        let no_stream = || io::Error::other("what was handed over is no TCP or Unix stream socket");
        let domain = view.domain().map_err(|_| no_stream())?;
        if view.r#type()? != Type::STREAM {
            return Err(no_stream());
        }
        let listens = view.is_listener()?;
        view.set_nonblocking(true)?;
        if domain != Domain::UNIX {
            // A socket that is gone already shows that in its first read.
            let _ = super::tune(&socket);
        }
        let (socket, address) = match domain {
            Domain::IPV4 | Domain::IPV6 if listens => {
                let listener = TcpListener::from_std(socket.into())?;
                let address = ListenAddress::Tcp(listener.local_addr()?);
                (Socket::Tcp(listener), address)
            }
            Domain::UNIX if listens => {
                let listener = UnixListener::from_std(socket.into())?;
                let address = listener.local_addr()?;
                let path = address.as_pathname().map(PathBuf::from);
                (Socket::Unix(listener), ListenAddress::Unix(path))
            }
            Domain::IPV4 | Domain::IPV6 => {
                let stream = TcpStream::from_std(socket.into())?;
                let peer = Peer::Tcp(stream.peer_addr()?);
                (Socket::Connected(Some((ClientStream::Tcp(stream), peer))), ListenAddress::Inetd)
            }
            Domain::UNIX => {
                let stream = UnixStream::from_std(socket.into())?;
                let client = (ClientStream::Unix(stream), Peer::Unix);
                (Socket::Connected(Some(client)), ListenAddress::Inetd)
            }
            _ => return Err(no_stream()),
        };
        match self.giver {
            Giver::Systemd => Ok((socket, address)),
            Giver::Inetd => Ok((socket, ListenAddress::Inetd)),
        }
    }
}
