//! What waits in the system's socket buffers, as it tells in /proc/net/tcp (proc_net(5)).

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// Bytes that the other side has not acknowledged, and bytes that the program has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    pub to_send: u64,
    pub to_read: u64,
}

/// The queues of the socket at `local` whose other end is `remote`; nothing waits if there is none.
///
/// # Errors
/// The system does not tell.
pub fn of(local: SocketAddr, remote: SocketAddr) -> io::Result<Queues> {
    let table = fs::read_to_string("/proc/net/tcp")?;
    let found =
        table.lines().filter_map(line).find(|(from, to, _)| (*from, *to) == (local, remote));
    Ok(found.map(|(_, _, queues)| queues).unwrap_or_default())
}

/// `sl local_address rem_address st tx_queue:rx_queue ...`
fn line(line: &str) -> Option<(SocketAddr, SocketAddr, Queues)> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote) = (address(fields.next()?)?, address(fields.next()?)?);
    let (send, read) = fields.nth(1)?.split_once(':')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((local, remote, Queues { to_send: number(send)?, to_read: number(read)? }))
}

/// `0100007F:1F90`: the address as a number in the machine's order.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some(SocketAddrV4::new(ip, u16::from_str_radix(port, 16).ok()?).into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn bytes_that_nobody_has_read_are_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(&[7; 1000]).unwrap();
        let (local, remote) = (server.local_addr().unwrap(), server.peer_addr().unwrap());
        assert_eq!(of(local, remote).unwrap(), Queues { to_send: 0, to_read: 1000 });
        server.read_exact(&mut [0; 400]).unwrap();
        assert_eq!(of(local, remote).unwrap().to_read, 600);
        assert_eq!(of(remote, remote).unwrap(), Queues::default());
    }
}
