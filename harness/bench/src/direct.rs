//! No proxy at all: the load and a server in one program, which is all that the load itself can do.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::forward::acceptor;
use crate::frame::{Side, Unframer, frames};
use crate::pattern::{LONGEST, Pattern, Verifier};
use crate::target::{Books, Role};

const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: binary\r\n\r\n";

/// Starts the server on a thread of its own; it ends with the program.
pub fn start(
    cert: Option<&Path>,
    pattern: &Arc<Pattern>,
    books: &Arc<Books>,
) -> io::Result<SocketAddr> {
    let acceptor = cert.map(acceptor).transpose()?;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    socket2::SockRef::from(&listener).listen(4096)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (pattern, books) = (Arc::clone(pattern), Arc::clone(books));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("direct".into()).spawn(move || {
        let blocks = Arc::new(frames(Side::Server, pattern.period(), 32 * 1024));
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("within the runtime");
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let stream = BufReader::with_capacity(64 * 1024, stream);
                let (pattern, books) = (Arc::clone(&pattern), Arc::clone(&books));
                let (acceptor, blocks) = (acceptor.clone(), Arc::clone(&blocks));
                tokio::spawn(serve(stream, acceptor, pattern, books, blocks));
            }
        });
    })?;
    Ok(address)
}

async fn serve(
    stream: BufReader<tokio::net::TcpStream>,
    acceptor: Option<TlsAcceptor>,
    pattern: Arc<Pattern>,
    books: Arc<Books>,
    blocks: Arc<Vec<u8>>,
) -> io::Result<()> {
    match acceptor {
        Some(acceptor) => session(acceptor.accept(stream).await?, &pattern, &books, &blocks).await,
        None => session(stream, &pattern, &books, &blocks).await,
    }
}

async fn session(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    pattern: &Pattern,
    books: &Books,
    blocks: &[u8],
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut have = 0;
    while !buffer[..have].ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer[have..]).await? {
            0 => return Ok(()),
            count => have += count,
        }
    }
    stream.write_all(ANSWER).await?;
    stream.flush().await?;
    let role = books.role();
    if role == Role::Source {
        loop {
            stream.write_all(blocks).await?;
            books.count_sent(blocks.len());
        }
    }
    let mut unframer = Unframer::new();
    let mut verifier = Verifier::new(pattern);
    buffer.resize(LONGEST, 0);
    while !unframer.closed() {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let mut back = Vec::new();
        let taken = unframer.take(&mut buffer[..count], |bytes| match role {
            Role::Echo => {
                back.extend_from_slice(bytes);
                Ok(())
            }
            _ => verifier.take(bytes),
        });
        if let Err(wrong) = taken {
            books.complain(&wrong);
            return Err(wrong);
        }
        if role == Role::Sink {
            books.count_taken(&verifier);
        } else if !back.is_empty() {
            stream.write_all(&frames(Side::Server, &back, 32 * 1024)).await?;
            stream.flush().await?;
        }
    }
    stream.write_all(&[0x88, 0]).await?;
    stream.shutdown().await
}
