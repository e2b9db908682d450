//! The listening socket, and what every TCP connection of the proxy has in common.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use crate::settings::Endpoint;

/// Connections the system holds for us before they are accepted.
const BACKLOG: u32 = 1024;

/// After this much silence the system asks whether the peer is still there; a session may be idle for days, but one
/// whose peer is gone must end.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Binds the first address that can be bound.
pub(crate) async fn listen(endpoint: &Endpoint) -> io::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = match &endpoint.host {
        None => vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, endpoint.port))],
        Some(host) => lookup_host((host.as_str(), endpoint.port)).await?.collect(),
    };
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted proxy gets its port back while old connections are still in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Small messages leave at once, and dead peers are noticed.
pub(crate) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream)
        .set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
}
