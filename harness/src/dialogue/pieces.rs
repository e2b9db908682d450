//! A TCP connection whose writes are cut, so that the other side gets them in pieces.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// Between two pieces, so that they are packets of their own and, most often, reads of their own.
pub(super) const PAUSE: Duration = Duration::from_millis(1);
/// So many pieces have a pause before them; of a ClientHello in 1,700 pieces, that is where a reader is lost if ever.
const PAUSES: usize = 200;

/// What the system is asked to hold at this end, in bytes, in each direction. By itself it holds as much as it likes,
/// 32 MiB on some machines (`tcp_rmem` in tcp(7)): where nothing is read, what is taken would be a measure of our own
/// sockets as much as of the subject.
const BUFFER: usize = 256 << 10;

/// The connection; whole until it is told otherwise.
#[derive(Debug)]
pub(super) struct Pieces {
    pub tcp: TcpStream,
    size: Option<usize>,
    written: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    pub(super) fn new(tcp: TcpStream, size: Option<usize>) -> Self {
        // A system that does not do so makes no dialogue wrong: pieces may come together, and more may be taken.
        let _ = tcp.set_nodelay(true);
        let socket = SockRef::from(&tcp);
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        Self { tcp, size, written: 0, pause: None }
    }

    /// From now on nothing is cut.
    pub(super) fn be_whole(&mut self) {
        self.size = None;
        self.pause = None;
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(context));
            this.pause = None;
        }
        let Some(size) = this.size else {
            return Pin::new(&mut this.tcp).poll_write(context, bytes);
        };
        let piece = &bytes[..bytes.len().min(size)];
        let written = ready!(Pin::new(&mut this.tcp).poll_write(context, piece))?;
        this.written += 1;
        if this.written <= PAUSES {
            this.pause = Some(Box::pin(sleep(PAUSE)));
        }
        Poll::Ready(Ok(written))
    }

    /// A flight of several records is one write, as of any client: to a server that refuses the first of them and
    /// closes, the next write would fail before its alert is read.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.size.is_none() && self.pause.is_none() {
            return Pin::new(&mut self.tcp).poll_write_vectored(context, parts);
        }
        let first = parts.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| &**part);
        self.poll_write(context, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.size.is_none() && self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
