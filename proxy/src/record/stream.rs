//! A target whose session is recorded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::line::{Direction, put_line};
use super::{Finish, Recording};

/// A stream, and the recording of what passes through it, if there is one.
pub(crate) struct Recorded<S> {
    stream: S,
    tape: Option<Tape>,
}

/// Lines on their way to the writer.
struct Tape {
    pipe: DuplexStream,
    begin: Instant,
    /// `lines[taken..]` the pipe has not taken yet.
    lines: Vec<u8>,
    taken: usize,
    /// Takes what the pipe has not taken in the end.
    rest: Option<oneshot::Sender<Vec<u8>>>,
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.lines.drain(..self.taken);
        if let Some(rest) = self.rest.take() {
            // A writer that is gone has told why.
            let _ = rest.send(std::mem::take(&mut self.lines));
        }
    }
}

impl<S> Recorded<S> {
    pub(crate) fn new(stream: S, recording: Option<Recording>) -> (Self, Option<Finish>) {
        let Some(Recording { pipe, rest, writer }) = recording else {
            return (Self { stream, tape: None }, None);
        };
        let (begin, rest) = (Instant::now(), Some(rest));
        let tape = Tape { pipe, begin, lines: Vec::new(), taken: 0, rest };
        (Self { stream, tape: Some(tape) }, Some(Finish(writer)))
    }

    /// Ready when nothing waits for the writer.
    fn poll_tape(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(tape) = &mut self.tape
            && let rest @ [_, ..] = &tape.lines[tape.taken..]
        {
            match ready!(Pin::new(&mut tape.pipe).poll_write(cx, rest)) {
                Ok(count) if count > 0 => tape.taken += count,
                // The writer has told why.
                _ => self.tape = None,
            }
        }
        Poll::Ready(())
    }

    fn record(&mut self, direction: Direction, bytes: &[u8], cx: &mut Context<'_>) {
        let Some(tape) = &mut self.tape else { return };
        if bytes.is_empty() {
            return;
        }
        if tape.taken == tape.lines.len() {
            tape.lines.clear();
            tape.taken = 0;
        }
        put_line(&mut tape.lines, direction, tape.begin.elapsed(), bytes);
        // If the writer is slow, whoever comes next waits.
        let _ = self.poll_tape(cx);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_tape(cx));
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.record(Direction::ToClient, &buffer.filled()[before..], cx);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_tape(cx));
        let count = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        this.record(Direction::ToTarget, &bytes[..count], cx);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_tape(cx));
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
