//! A free port for a program that is about to be started.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

/// The first of those that are tried, and how many there are: below those that the system gives to whoever asks for
/// any, connecting or listening (ip(7), `ip_local_port_range`). One of these would be somebody else's by the time that
/// the program binds it, and that one's connections the program's.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A free port of that address, for a program that is about to be started: no other call gives it again soon, and the
/// system gives it to nobody who asks for any port.
///
/// # Errors
/// None is, for this reason.
pub fn free_port(ip: IpAddr) -> io::Result<SocketAddr> {
    // Everybody in this process tries their own, and another process begins elsewhere.
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(97);
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..COUNT {
        let number = begin.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let address = SocketAddr::new(ip, u16::try_from(FIRST + number).unwrap_or(u16::MAX));
        match TcpListener::bind(address) {
            Ok(_) => return Ok(address),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            // Another port of this address is no better.
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use super::*;

    #[test]
    fn nobody_is_told_of_one_that_another_was_told_of() {
        let told: BTreeSet<_> =
            (0..100).map(|_| free_port(Ipv4Addr::LOCALHOST.into()).unwrap()).collect();
        assert_eq!(told.len(), 100);
        assert!(told.iter().all(|address| (20_000..32_000).contains(&address.port())));
    }

    #[test]
    fn an_address_that_is_not_here_is_told_at_once() {
        let elsewhere = Ipv4Addr::new(192, 0, 2, 1).into();
        assert_eq!(free_port(elsewhere).unwrap_err().kind(), io::ErrorKind::AddrNotAvailable);
    }
}
