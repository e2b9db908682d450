//! Closing a TCP connection so that what we sent last arrives.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::listen::ClientStream;

/// How long a peer has to end its side after we ended ours.
const LINGER: Duration = Duration::from_secs(2);

/// Sends FIN, then reads until the peer's FIN.
///
/// A socket closed with unread bytes sends RST, and RST makes the peer throw away what it has not read yet: an
/// alert, a Close frame, the end of a page.
pub(crate) async fn close(mut stream: ClientStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        // On the heap: everybody who may come here would hold the room for it from the beginning.
        let mut buffer = vec![0; 4096];
        while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}
