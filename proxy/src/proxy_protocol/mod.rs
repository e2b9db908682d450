//! The PROXY protocol, versions 1 and 2: a balancer that relays connections says before their first byte whose they are
//! (haproxy's `proxy-protocol.txt`). Only those sources are believed that the settings name: anybody can say so.

mod header;
mod sources;

pub use header::HeaderProblem;
pub use sources::{SourceError, TrustedSource};

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::event::cause;
use crate::listen::ClientStream;
use header::{LONGEST_LINE, Next, next};

/// For the whole header, which a balancer sends as it connects.
const DEADLINE: Duration = Duration::from_secs(5);

/// Most bytes that are looked at together.
const ROOM: usize = 512;

/// Why a connection has no header that can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoHeader {
    /// It ended, or was silent, before its first byte: balancers look so whether the port is there.
    Nothing,
    /// It ended within the header.
    Cut,
    /// The header was not whole in time.
    Late,
    /// It is none, or a bad one.
    Bad(HeaderProblem),
    /// The connection broke, in the system's words.
    Broken(String),
}

impl std::fmt::Display for NoHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing came"),
            Self::Cut => f.write_str("the connection ended within it"),
            Self::Late => write!(f, "it was not whole within {} s", DEADLINE.as_secs()),
            Self::Bad(problem) => problem.fmt(f),
            Self::Broken(words) => write!(f, "the connection broke: {words}"),
        }
    }
}

impl From<io::Error> for NoHeader {
    fn from(error: io::Error) -> Self {
        Self::Broken(cause(&error))
    }
}

/// Takes the header out of the stream, and nothing that follows it. Returned is the client that it names, if it does:
/// balancers also connect for themselves.
pub(crate) async fn read(stream: &mut ClientStream) -> Result<Option<SocketAddr>, NoHeader> {
    let mut header = Vec::with_capacity(LONGEST_LINE);
    match timeout(DEADLINE, read_into(&mut header, stream)).await {
        Ok(result) => result,
        Err(_) if header.is_empty() => Err(NoHeader::Nothing),
        Err(_) => Err(NoHeader::Late),
    }
}

/// Takes a header out of bytes that come in such pieces, as [`read`] takes it out of a stream: the client, and how many
/// bytes it has. `None` if there are too few.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn taken_from(
    bytes: &[u8],
    piece: usize,
) -> Result<Option<(Option<SocketAddr>, usize)>, HeaderProblem> {
    let mut taken = 0;
    loop {
        let here = &bytes[taken..];
        let count = match next(&bytes[..taken])? {
            Next::Client(client) => return Ok(Some((client, taken))),
            Next::Bytes(count) => {
                assert!((1..=ROOM_OF_ALL).contains(&count), "{count} bytes are wanted");
                count.min(piece).min(here.len())
            }
            Next::LineEnd => {
                let seen = &here[..here.len().min(piece).min(LONGEST_LINE - taken)];
                seen.iter().position(|byte| *byte == b'\n').map_or(seen.len(), |end| end + 1)
            }
        };
        if count == 0 {
            return Ok(None);
        }
        taken += count;
    }
}

/// No header asks for more.
#[cfg(any(test, feature = "fuzzing"))]
const ROOM_OF_ALL: usize = 8 * 1024;

async fn read_into(
    header: &mut Vec<u8>,
    stream: &mut ClientStream,
) -> Result<Option<SocketAddr>, NoHeader> {
    let mut buffer = [0; ROOM];
    loop {
        let next = next(header).map_err(NoHeader::Bad)?;
        let room = match next {
            Next::Client(client) => return Ok(client),
            Next::Bytes(count) => count,
            Next::LineEnd => LONGEST_LINE - header.len(),
        };
        let seen = stream.peek(&mut buffer[..room.min(ROOM)]).await?;
        let taken = match next {
            Next::LineEnd => {
                let end = buffer[..seen].iter().position(|byte| *byte == b'\n');
                end.map_or(seen, |end| end + 1)
            }
            _ => seen,
        };
        match (taken, header.is_empty()) {
            (0, true) => return Err(NoHeader::Nothing),
            (0, false) => return Err(NoHeader::Cut),
            _ => {}
        }
        // They are there: this does not wait.
        stream.read_exact(&mut buffer[..taken]).await?;
        header.extend_from_slice(&buffer[..taken]);
    }
}
