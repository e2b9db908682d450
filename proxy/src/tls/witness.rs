//! A TCP stream that remembers what rustls does not tell: whether we sent our certificate, which alert we sent,
//! and whether the peer reset the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Alert;

/// A TCP stream under TLS.
///
/// Until [`Witness::believe_errors`] is called a failing write counts as done: a client that refuses our
/// certificate sends its alert and closes, and when we are still writing then, the system reports a broken pipe
/// although the alert waits to be read. Reading on until the end finds it.
#[derive(Debug)]
pub(crate) struct Witness {
    stream: TcpStream,
    write_errors: WriteErrors,
    pub(super) record: Record,
}

#[derive(Debug)]
enum WriteErrors {
    Kept,
    Reported,
}

/// What happened on the wire.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Bytes the system took from us.
    pub(super) written: u64,
    /// The peer reset the connection.
    pub(super) reset: bool,
    /// The peer's bytes ended.
    pub(super) ended: bool,
    /// The last alert we sent in the clear.
    pub(super) sent_alert: Option<Alert>,
    /// The last thing the peer sent was a `close_notify` in the clear.
    pub(super) received_close_notify: bool,
}

impl Witness {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, write_errors: WriteErrors::Kept, record: Record::default() }
    }

    /// From now on a failing write is an error.
    pub(crate) fn believe_errors(&mut self) {
        self.write_errors = WriteErrors::Reported;
    }

    pub(crate) fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn judge(&mut self, result: io::Result<usize>, offered: usize) -> io::Result<usize> {
        match result {
            Ok(count) => {
                self.record.written += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.record.reset |= is_reset(&error);
                match self.write_errors {
                    WriteErrors::Kept => Ok(offered),
                    WriteErrors::Reported => Err(error),
                }
            }
        }
    }
}

/// A write after the peer's reset gives a broken pipe when the reset was already reported.
fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
    )
}

/// The level and number in an unencrypted alert record that ends `bytes` (RFC 8446 sections 5.1 and 6).
fn plain_alert(bytes: &[u8]) -> Option<(u8, Alert)> {
    match bytes.last_chunk::<7>()? {
        [21, 3, 0..=4, 0, 2, level @ 1..=2, number] => Some((*level, Alert(*number))),
        _ => None,
    }
}

impl AsyncRead for Witness {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer));
        match &result {
            Ok(()) if buffer.filled().len() == before => this.record.ended = buffer.remaining() > 0,
            Ok(()) => {
                let alert = plain_alert(&buffer.filled()[before..]);
                this.record.received_close_notify = alert == Some((1, Alert(0)));
            }
            Err(error) => this.record.reset |= is_reset(error),
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Witness {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some((_, alert)) = plain_alert(bytes) {
            this.record.sent_alert = Some(alert);
        }
        let result = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes));
        Poll::Ready(this.judge(result, bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some((_, alert)) = slices.last().and_then(|last| plain_alert(last)) {
            this.record.sent_alert = Some(alert);
        }
        let result = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, slices));
        Poll::Ready(this.judge(result, slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
