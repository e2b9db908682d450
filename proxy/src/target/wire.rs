//! The TCP stream under a target's TLS: it remembers how the target began, and lets its last word be read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// First bytes that are remembered: enough for `RFB 003.008`, `HTTP/1.1 400` and `SSH-2.0-`.
const REMEMBERED: usize = 16;

/// A target's TCP stream.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    first: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, first: Vec::new() }
    }

    /// What the target sent first.
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }
}

/// A target that refuses us sends an alert and closes. What we write then fails, although the alert waits to be read;
/// so a write to a connection that is gone counts as done, and reading tells what happened.
fn read_on(result: io::Result<usize>, offered: usize) -> io::Result<usize> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
            ) =>
        {
            Ok(offered)
        }
        result => result,
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        let room = REMEMBERED - this.first.len();
        if room > 0 {
            let read = &buffer.filled()[before..];
            this.first.extend_from_slice(&read[..read.len().min(room)]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes));
        Poll::Ready(read_on(result, bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices));
        Poll::Ready(read_on(result, slices.iter().map(|slice| slice.len()).sum()))
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
