//! The stream through a tool.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::process::Through;

/// What a tool says by itself over its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Nothing: it passes on what it is given.
    Nothing,
    /// The request: ours is already on its command line, so that it is not to be said again.
    Requests,
}

/// A connection through a tool.
#[derive(Debug)]
pub(crate) struct Pipe {
    through: Through,
    /// How much of the end of our request's head has been held back; [`None`] where nothing is, or not any more.
    held_back: Option<usize>,
}

/// What ends a request's head (RFC 9112 section 2.1).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Pipe {
    pub(super) fn new(through: Through, speaks: Speaks) -> Self {
        Self { through, held_back: (speaks == Speaks::Requests).then_some(0) }
    }

    /// How many of these bytes still belong to the head that is held back.
    fn hold_back(&mut self, bytes: &[u8]) -> usize {
        let Some(mut matched) = self.held_back else { return 0 };
        for (index, byte) in bytes.iter().enumerate() {
            matched = match END_OF_HEAD.get(matched) {
                Some(expected) if expected == byte => matched + 1,
                _ => usize::from(*byte == b'\r'),
            };
            if matched == END_OF_HEAD.len() {
                self.held_back = None;
                return index + 1;
            }
        }
        self.held_back = Some(matched);
        bytes.len()
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.through).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.hold_back(bytes) {
            0 => Pin::new(&mut self.through).poll_write(context, bytes),
            held_back => Poll::Ready(Ok(held_back)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.through).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.through).poll_shutdown(context)
    }
}
