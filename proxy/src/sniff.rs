//! TLS or not, by the first byte.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

use crate::listen::ClientStream;

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// A TLS record with a handshake message (22), or an SSL 2.0 ClientHello (128), as websockify tells them.
    Tls,
    /// Anything else.
    Plain,
    /// Nothing: the client left or waited too long.
    Nothing,
}

/// Looks at one byte, which has to come within `limit`, and leaves it in the stream. One byte decides, so it does not matter how the rest is cut.
pub(crate) async fn opening(stream: &ClientStream, limit: Duration) -> io::Result<Opening> {
    let mut byte = [0];
    match timeout(limit, stream.peek(&mut byte)).await {
        Err(_) | Ok(Ok(0)) => Ok(Opening::Nothing),
        Ok(Ok(_)) => Ok(match byte[0] {
            0x16 | 0x80 => Opening::Tls,
            _ => Opening::Plain,
        }),
        Ok(Err(error)) => Err(error),
    }
}
