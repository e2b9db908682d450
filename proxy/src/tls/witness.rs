//! A client's stream that remembers what rustls does not tell: whether we sent our certificate, which alert we sent,
//! and whether the peer reset the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Alert;
use super::records::{Next, Records};
use crate::lent::Lent;
use crate::listen::ClientStream;

/// Bytes read at a time during the handshake; a client's part of it seldom has more.
const READ: usize = 4096;

/// A client's stream under TLS.
#[derive(Debug)]
pub(crate) struct Witness {
    stream: ClientStream,
    phase: Phase,
    incoming: Records,
    /// What was read and rustls has not taken yet: it asks for 4 KiB at a time, which would be a system call for each
    /// quarter of a record.
    ahead: Lent,
    pub(super) record: Record,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client may still refuse our certificate. Bytes are handed out record by record, and a failing write counts
    /// as done: a client that refuses sends its alert and closes, and when we are still writing then, the system
    /// reports a broken pipe although the alert waits to be read. Reading on until the end finds it.
    Judged,
    /// The client has sent a request. Bytes pass as they are.
    Accepted,
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
}

impl Witness {
    pub(crate) fn new(stream: ClientStream) -> Self {
        let (incoming, record, ahead) = (Records::new(), Record::default(), Lent::default());
        Self { stream, phase: Phase::Judged, incoming, ahead, record }
    }

    /// The client has sent a request: from now on bytes pass as they are, and a failing write is an error.
    pub(crate) fn accepted(&mut self) {
        self.phase = Phase::Accepted;
    }

    /// Whether the peer's last record was a `close_notify` in the clear.
    pub(super) fn received_close_notify(&self) -> bool {
        self.incoming.close_notify
    }

    pub(crate) fn into_inner(self) -> ClientStream {
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
                match self.phase {
                    Phase::Judged => Ok(offered),
                    Phase::Accepted => Err(error),
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

/// The number in an unencrypted alert record that ends `bytes` (RFC 8446 sections 5.1 and 6).
fn plain_alert(bytes: &[u8]) -> Option<Alert> {
    match bytes.last_chunk::<7>()? {
        [21, 3, 0..=4, 0, 2, 1..=2, number] => Some(Alert(*number)),
        _ => None,
    }
}

/// The record to send in the place of `bytes` where these are `certificate_required` in the clear, which rustls sends
/// in TLS 1.2, too. The alert is of TLS 1.3, where it is encrypted; a TLS 1.2 server says `handshake_failure`.
fn in_tls12(bytes: &[u8]) -> Option<[u8; 7]> {
    let mut record: [u8; 7] = bytes.try_into().ok()?;
    if plain_alert(&record)? != Alert::CERTIFICATE_REQUIRED {
        return None;
    }
    record[6] = Alert::HANDSHAKE_FAILURE.0;
    Some(record)
}

impl Witness {
    fn poll_network(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        match &result {
            Ok(()) => self.record.ended |= buffer.filled().len() == before,
            Err(error) => self.record.reset |= is_reset(error),
        }
        Poll::Ready(result)
    }
}

impl Witness {
    fn poll_ahead(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            let mut ahead = std::mem::take(&mut self.ahead);
            let mut read = ReadBuf::new(ahead.room());
            ready!(self.poll_network(cx, &mut read))?;
            let length = read.filled().len();
            ahead.hold(0..length);
            self.ahead = ahead;
        }
        let waiting = self.ahead.waiting();
        let count = buffer.remaining().min(waiting.len());
        buffer.put_slice(&waiting[..count]);
        self.ahead.consume(count);
        if self.ahead.is_empty() {
            self.ahead.give_back();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Witness {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.phase == Phase::Accepted {
            let rest = this.incoming.rest(buffer.remaining());
            if rest.is_empty() {
                return this.poll_ahead(cx, buffer);
            }
            buffer.put_slice(rest);
            return Poll::Ready(Ok(()));
        }
        loop {
            match this.incoming.next(buffer.remaining()) {
                Next::Give(bytes) => {
                    buffer.put_slice(bytes);
                    return Poll::Ready(Ok(()));
                }
                Next::Breathe => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Next::Read => {
                    let mut bytes = [0; READ];
                    let mut read = ReadBuf::new(&mut bytes);
                    ready!(this.poll_network(cx, &mut read))?;
                    if read.filled().is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    this.incoming.put(read.filled());
                }
            }
        }
    }
}

impl AsyncWrite for Witness {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let replaced = in_tls12(bytes);
        let bytes = replaced.as_ref().map_or(bytes, |record| record);
        if let Some(alert) = plain_alert(bytes) {
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
        if let [bytes] = slices
            && in_tls12(bytes).is_some()
        {
            return self.poll_write(cx, bytes);
        }
        let this = self.get_mut();
        if let Some(alert) = slices.last().and_then(|last| plain_alert(last)) {
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
