//! Listening on a TCP port, and what every TCP connection of the proxy has in common.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, lookup_host};

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
    tune(&socket)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Small messages leave at once, and dead peers are noticed.
///
/// Clients have it from the socket that they are accepted from (Linux: `tcp_create_openreq_child` copies it), which
/// saves four system calls for each.
pub(crate) fn tune(socket: &impl AsFd) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn who_is_accepted_is_tuned_like_the_listener() {
        let endpoint = Endpoint::new("127.0.0.1", 0);
        let listener = listen(&endpoint, AddressFamily::Any).await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let socket = SockRef::from(&accepted);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE);
    }
}
