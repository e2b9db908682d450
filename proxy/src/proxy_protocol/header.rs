//! The header itself: what is in the bytes so far, and which come next. Sections are those of haproxy's
//! `proxy-protocol.txt`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, with its line end (section 2.1).
pub(super) const LONGEST_LINE: usize = 107;

/// The longest header of version 2 that is read, in bytes: addresses and some hundred bytes of additions (TLS, names of
/// virtual hosts) are usual, and the protocol allows 64 KiB.
const LONGEST: usize = 4096;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The bytes of version 2 before the addresses.
const FIXED: usize = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// So many bytes belong to the header, whatever they are.
    Bytes(usize),
    /// Bytes up to a line feed do.
    LineEnd,
    /// The header is whole, and names this client, or none.
    Client(Option<SocketAddr>),
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderProblem {
    /// It does not begin like one, but with this byte.
    Missing(u8),
    /// Version 1, and not of its form.
    Line,
    /// Version 1, and longer than any.
    LongLine,
    /// A version or command that there is not; the byte that says it.
    Version(u8),
    /// Version 2 with so many bytes.
    TooLong(usize),
    /// Version 2, and too short for the addresses that it announces.
    Short,
}

impl fmt::Display for HeaderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(0x16) => f.write_str("a TLS handshake came instead"),
            Self::Missing(byte) if byte.is_ascii_graphic() => {
                write!(f, "the first byte is {:?}", char::from(*byte))
            }
            Self::Missing(byte) => write!(f, "the first byte is 0x{byte:02x}"),
            Self::Line => f.write_str(
                "its line is not PROXY TCP4 or TCP6 with two addresses and two ports, or PROXY UNKNOWN",
            ),
            Self::LongLine => write!(f, "its line has more than {LONGEST_LINE} bytes"),
            Self::Version(byte) => write!(f, "version and command are 0x{byte:02x}, not 0x20 or 0x21"),
            Self::TooLong(bytes) => write!(f, "it announces {bytes} bytes; {LONGEST} are read"),
            Self::Short => f.write_str("it is too short for the addresses that it announces"),
        }
    }
}

/// Reads the bytes so far.
pub(super) fn next(header: &[u8]) -> Result<Next, HeaderProblem> {
    match header.first() {
        // Signature and line begin differently; the shortest line, PROXY UNKNOWN, has 15 bytes.
        None => Ok(Next::Bytes(1)),
        Some(b'P') => line(header),
        Some(b'\r') => binary(header),
        Some(other) => Err(HeaderProblem::Missing(*other)),
    }
}

fn line(header: &[u8]) -> Result<Next, HeaderProblem> {
    const BEGIN: &[u8] = b"PROXY ";
    let common = header.len().min(BEGIN.len());
    if header[..common] != BEGIN[..common] {
        return Err(HeaderProblem::Missing(b'P'));
    }
    match header.strip_suffix(b"\n") {
        Some(line) => {
            let line = line.strip_suffix(b"\r").ok_or(HeaderProblem::Line)?;
            let line = std::str::from_utf8(line).map_err(|_| HeaderProblem::Line)?;
            client_of_line(line).map(Next::Client).ok_or(HeaderProblem::Line)
        }
        None if header.len() >= LONGEST_LINE => Err(HeaderProblem::LongLine),
        None => Ok(Next::LineEnd),
    }
}

/// Section 2.1. The outer `None` is a line that is none.
fn client_of_line(line: &str) -> Option<Option<SocketAddr>> {
    let words: Vec<&str> = line.split(' ').collect();
    let [_, family, rest @ ..] = &words[..] else { return None };
    let address = |text: &str| -> Option<IpAddr> {
        match *family {
            "TCP4" => text.parse().ok().map(IpAddr::V4),
            "TCP6" => text.parse().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let port = |text: &str| -> Option<u16> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    match rest {
        // What follows is to be ignored.
        _ if *family == "UNKNOWN" => Some(None),
        [from, to, from_port, to_port] => {
            address(to)?;
            port(to_port)?;
            Some(Some(SocketAddr::new(address(from)?, port(from_port)?)))
        }
        _ => None,
    }
}

/// Section 2.2.
fn binary(header: &[u8]) -> Result<Next, HeaderProblem> {
    let common = header.len().min(SIGNATURE.len());
    if header[..common] != SIGNATURE[..common] {
        return Err(HeaderProblem::Missing(b'\r'));
    }
    let Some((fixed, rest)) = header.split_first_chunk::<FIXED>() else {
        return Ok(Next::Bytes(FIXED - header.len()));
    };
    let [.., command, family, high, low] = *fixed;
    if !matches!(command, 0x20 | 0x21) {
        return Err(HeaderProblem::Version(command));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + length > LONGEST {
        return Err(HeaderProblem::TooLong(FIXED + length));
    }
    if rest.len() < length {
        return Ok(Next::Bytes(length - rest.len()));
    }
    // LOCAL: the balancer itself, for a look at our health.
    if command == 0x20 {
        return Ok(Next::Client(None));
    }
    let port = |bytes: &[u8; 2]| u16::from_be_bytes(*bytes);
    let client = match family {
        // AF_INET and STREAM: two addresses, two ports.
        0x11 => {
            let bytes: &[u8; 12] = rest.first_chunk().ok_or(HeaderProblem::Short)?;
            let [a, b, c, d, _, _, _, _, high, low, ..] = *bytes;
            Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), port(&[high, low])))
        }
        // AF_INET6 and STREAM.
        0x21 => {
            let bytes: &[u8; 36] = rest.first_chunk().ok_or(HeaderProblem::Short)?;
            let address: &[u8; 16] = bytes.first_chunk().ok_or(HeaderProblem::Short)?;
            Some(SocketAddr::new(Ipv6Addr::from(*address).into(), port(&[bytes[32], bytes[33]])))
        }
        // Unspecified, a Unix socket, datagrams: nothing that a client of TCP has.
        _ => None,
    };
    Ok(Next::Client(client))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What becomes of bytes that come as they are asked for, and how many are taken.
    fn read(bytes: &[u8]) -> (Result<Next, HeaderProblem>, usize) {
        let mut taken = 0;
        loop {
            let more = match next(&bytes[..taken]) {
                Ok(Next::Bytes(count)) => count,
                Ok(Next::LineEnd) => {
                    let rest = &bytes[taken..bytes.len().min(LONGEST_LINE)];
                    rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1)
                }
                other => return (other, taken),
            };
            let more = more.min(bytes.len() - taken);
            if more == 0 {
                return (next(&bytes[..taken]), taken);
            }
            taken += more;
        }
    }

    fn line_of(client: SocketAddr) -> Vec<u8> {
        let (family, to) =
            if client.is_ipv4() { ("TCP4", "192.0.2.1") } else { ("TCP6", "2001:db8::1") };
        format!("PROXY {family} {} {to} {} 443\r\n", client.ip(), client.port()).into_bytes()
    }

    fn binary_of(client: SocketAddr, additions: &[u8]) -> Vec<u8> {
        let (family, mut addresses) = match client.ip() {
            IpAddr::V4(ip) => (0x11, [&ip.octets()[..], &[192, 0, 2, 1]].concat()),
            IpAddr::V6(ip) => (0x21, [&ip.octets()[..], &[0; 16]].concat()),
        };
        addresses.extend(client.port().to_be_bytes());
        addresses.extend(443_u16.to_be_bytes());
        addresses.extend(additions);
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[0x21, family], &length, &addresses].concat()
    }

    fn client(header: &[u8]) -> Result<Option<SocketAddr>, HeaderProblem> {
        match read(header).0? {
            Next::Client(client) => Ok(client),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_balancer_speaks_for_itself_too() {
        assert_eq!(client(b"PROXY UNKNOWN\r\n"), Ok(None));
        assert_eq!(client(b"PROXY UNKNOWN ffff:f ::1 1 2\r\n"), Ok(None));
        assert_eq!(client(&[&SIGNATURE[..], &[0x20, 0, 0, 0]].concat()), Ok(None));
        assert_eq!(client(&[&SIGNATURE[..], &[0x21, 0, 0, 3], b"abc"].concat()), Ok(None));
    }

    #[test]
    fn what_is_no_header_is_told() {
        assert_eq!(client(b"GET / HTTP/1.1\r\n"), Err(HeaderProblem::Missing(b'G')));
        assert_eq!(client(b"\x16\x03\x01"), Err(HeaderProblem::Missing(0x16)));
        assert_eq!(client(b"POST / HTTP/1.1\r\n"), Err(HeaderProblem::Missing(b'P')));
        assert_eq!(client(b"\r\nGET /"), Err(HeaderProblem::Missing(b'\r')));
        for line in [
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY \r\n",
        ] {
            assert_eq!(client(line.as_bytes()), Err(HeaderProblem::Line), "{line:?}");
        }
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        assert_eq!(client(long.as_bytes()), Err(HeaderProblem::LongLine));
        let with = |bytes: &[u8]| client(&[&SIGNATURE[..], bytes].concat());
        assert_eq!(with(&[0x11, 0x11, 0, 0]), Err(HeaderProblem::Version(0x11)));
        assert_eq!(with(&[0x22, 0x11, 0, 0]), Err(HeaderProblem::Version(0x22)));
        assert_eq!(with(&[0x21, 0x11, 0, 4, 1, 2, 3, 4]), Err(HeaderProblem::Short));
        assert_eq!(with(&[0x21, 0x21, 0, 0]), Err(HeaderProblem::Short));
        assert_eq!(with(&[0x21, 0x11, 255, 255]), Err(HeaderProblem::TooLong(65551)));
    }

    proptest! {
        #[test]
        fn the_client_is_found_and_nothing_behind_the_header_is_taken(
            ip: IpAddr, port: u16, additions in prop::collection::vec(any::<u8>(), 0..600), behind in any::<Vec<u8>>()
        ) {
            let expected = SocketAddr::new(ip, port);
            for header in [line_of(expected), binary_of(expected, &additions)] {
                let (found, taken) = read(&[&header[..], &behind].concat());
                prop_assert_eq!(found, Ok(Next::Client(Some(expected))));
                prop_assert_eq!(taken, header.len());
                for cut in 0..header.len() {
                    prop_assert!(!matches!(next(&header[..cut]), Ok(Next::Client(_)) | Err(_)));
                }
            }
        }

        #[test]
        fn any_bytes_are_a_header_or_none(bytes in any::<Vec<u8>>()) {
            for begin in [&b""[..], b"PROXY ", b"PROXY TCP4 ", &SIGNATURE[..]] {
                let (_, taken) = read(&[begin, &bytes].concat());
                prop_assert!(taken <= LONGEST);
            }
        }
    }
}
