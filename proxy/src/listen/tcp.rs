//! Listening on a TCP port, and what every TCP connection of the proxy has in common.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream, lookup_host};

use crate::settings::{AddressFamily, Endpoint};

/// Connections the system holds for us before they are accepted.
const BACKLOG: i32 = 1024;

/// After this much silence the system asks whether the peer is still there; a session may be idle for days, but one
/// whose peer is gone must end.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Binds the first address that can be bound: one socket, as websockify does.
pub(super) async fn listen(endpoint: &Endpoint, family: AddressFamily) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses(endpoint, family).await? {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn addresses(endpoint: &Endpoint, family: AddressFamily) -> io::Result<Vec<SocketAddr>> {
    let port = endpoint.port;
    let mut addresses: Vec<SocketAddr> = match (&endpoint.host, family) {
        (None, AddressFamily::Any) => vec![(Ipv4Addr::UNSPECIFIED, port).into()],
        (None, AddressFamily::Ipv6First) => {
            vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()]
        }
        (Some(host), _) => lookup_host((host.as_str(), port)).await?.collect(),
    };
    if family == AddressFamily::Ipv6First {
        addresses.sort_by_key(SocketAddr::is_ipv4);
    }
    Ok(addresses)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // Every address of the machine, those of IPv4 too, whatever the system's default is.
        socket.set_only_v6(false)?;
    }
    // A restarted proxy gets its port back while old connections are still in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Small messages leave at once, and dead peers are noticed.
pub(crate) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream)
        .set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
}
