//! The stream through a tool.

use std::{
    io::{self, Cursor, Read},
    pin::Pin,
    task::{Context, Poll, ready},
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
    answer: Answer,
}

/// How far the head of the answer has come.
///
/// gnutls-cli passes bytes on one by one, and tungstenite takes an answer in that many pieces for an attack.
#[derive(Debug)]
enum Answer {
    /// What has come of it.
    Gathering(Vec<u8>),
    /// It is whole, and has been read so far.
    Whole(Cursor<Vec<u8>>),
}

/// What ends a head (RFC 9112 section 2.1).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// How much is read at once, and how long a head may be that is gathered.
const PIECE: usize = 4_096;
const HEAD_LIMIT: usize = 64 * 1_024;

impl Pipe {
    pub(super) fn new(through: Through, speaks: Speaks) -> Self {
        Self {
            through,
            held_back: (speaks == Speaks::Requests).then_some(0),
            answer: Answer::Gathering(Vec::new()),
        }
    }

    /// Waits until the head of the answer is there, or all that comes of it.
    fn poll_gather(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Answer::Gathering(came) = &mut self.answer {
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.through).poll_read(context, &mut piece))?;
            came.extend_from_slice(piece.filled());
            let is_there = came.windows(END_OF_HEAD.len()).any(|window| window == END_OF_HEAD);
            if is_there || piece.filled().is_empty() || came.len() > HEAD_LIMIT {
                self.answer = Answer::Whole(Cursor::new(std::mem::take(came)));
            }
        }
        Poll::Ready(Ok(()))
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
        ready!(self.poll_gather(context))?;
        if let Answer::Whole(answer) = &mut self.answer {
            let length = answer.read(buffer.initialize_unfilled())?;
            if length > 0 {
                buffer.advance(length);
                return Poll::Ready(Ok(()));
            }
        }
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::process::{Invocation, Piped};

    /// A pipe through `cat`, which sends back what it is given.
    fn through_cat(speaks: Speaks) -> (Piped, Pipe) {
        let (cat, through) = Piped::spawn(Invocation::new("cat", "/")).unwrap();
        (cat, Pipe::new(through, speaks))
    }

    async fn read(pipe: &mut Pipe, length: usize) -> String {
        let mut came = vec![0; length];
        pipe.read_exact(&mut came).await.unwrap();
        String::from_utf8(came).unwrap()
    }

    #[tokio::test]
    async fn a_request_that_the_tool_makes_is_not_said_again() {
        let (_cat, mut pipe) = through_cat(Speaks::Requests);
        pipe.write_all(b"GET / HTTP/1.1\r\nHost: a\r").await.unwrap();
        pipe.write_all(b"\n\r\nHTTP/1.1 101\r\n\r\nframes").await.unwrap();
        assert_eq!(read(&mut pipe, 22).await, "HTTP/1.1 101\r\n\r\nframes");
    }

    #[tokio::test]
    async fn an_answer_in_small_pieces_is_read_as_one() {
        let (_cat, mut pipe) = through_cat(Speaks::Nothing);
        for byte in b"HTTP/1.1 101\r\n\r\n" {
            pipe.write_all(&[*byte]).await.unwrap();
            pipe.flush().await.unwrap();
        }
        let mut came = [0; 100];
        let length = pipe.read(&mut came).await.unwrap();
        assert_eq!(&came[..length], b"HTTP/1.1 101\r\n\r\n");
    }
}
