//! What stands beside the proxy in a run: the servers that a client meets which comes to another port by mistake, or
//! whose way to the right one leads through something else.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_async;

use super::target::{Admits, BANNER, server};
use crate::{accepting::accept, case::Port, certificate::Minted, client::Route};

/// How long one of them bears with a client.
const LIMIT: Duration = Duration::from_secs(60);
/// The longest that a client's first words are here: a ClientHello, or a request.
const FIRST_WORDS: usize = 16 << 10;
/// The content type of a TLS handshake record (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 22;

/// One of them. It ends, with its connections, when it is dropped.
#[derive(Debug)]
pub(super) struct Beside {
    route: Route,
    _serving: JoinSet<()>,
}

impl Beside {
    /// Nobody, at that address.
    pub(super) fn nobody(address: SocketAddr) -> Self {
        Self { route: Route::ToNobody(address), _serving: JoinSet::new() }
    }

    /// What listens at that port, with that certificate where it speaks TLS.
    pub(super) async fn start(port: Port, certificate: Option<&Minted>) -> io::Result<Self> {
        let acceptor = match certificate {
            Some(certificate) if certificate.is_servable() => {
                let config = server(certificate, Admits::Everybody).map_err(io::Error::other)?;
                Some(TlsAcceptor::from(Arc::new(config)))
            }
            _ => None,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let route = Route::To(listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, port, acceptor));
        Ok(Self { route, _serving: serving })
    }

    /// The way to it.
    pub(super) fn route(&self) -> Route {
        self.route
    }
}

async fn serve(listener: TcpListener, port: Port, acceptor: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    // A client that goes away is what any of this ends with; there is nobody to tell.
                    let _ = timeout(LIMIT, meet(stream, port, acceptor)).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn meet(mut stream: TcpStream, port: Port, acceptor: Option<TlsAcceptor>) -> io::Result<()> {
    match port {
        Port::Vnc => {
            stream.write_all(BANNER).await?;
            // No VNC client begins so.
            first_words(&mut stream).await?;
            leave(stream).await
        }
        Port::Closes => {
            first_words(&mut stream).await?;
            leave(stream).await
        }
        Port::Resets => {
            first_words(&mut stream).await?;
            stream.set_zero_linger()
        }
        Port::Silent => until_the_end(stream).await,
        Port::PlainWeb => {
            let words = first_words(&mut stream).await?;
            let status =
                if words.starts_with(b"GET ") { "404 Not Found" } else { "400 Bad Request" };
            stream.write_all(page(status).as_bytes()).await?;
            leave(stream).await
        }
        _ => {
            let mut first = [0];
            stream.peek(&mut first).await?;
            match acceptor {
                Some(acceptor) if first == [HANDSHAKE] => {
                    answer(acceptor.accept(stream).await?, port).await
                }
                _ => answer(stream, port).await,
            }
        }
    }
}

/// What a web server says, over TLS or without.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, port: Port) -> io::Result<()> {
    let says = match port {
        Port::Leaves => return upgrade_and_leave(stream).await,
        Port::Forbids => page("403 Forbidden"),
        Port::NotFound => page("404 Not Found"),
        Port::WrongAccept => {
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: c29tZWJvZHkgZWxzZSdzIGtleQ==\r\n\r\n"
                .to_owned()
        }
        _ => page("200 OK"),
    };
    first_words(&mut stream).await?;
    stream.write_all(says.as_bytes()).await?;
    leave(stream).await
}

async fn upgrade_and_leave(stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut socket = accept_async(stream).await.map_err(io::Error::other)?;
    socket.next().await;
    leave(socket.into_inner()).await
}

fn page(status: &str) -> String {
    let body = format!("<!doctype html><title>{status}</title>\n");
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What a client says first, or a part of it that is enough to be one's own mind about it.
async fn first_words(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut words = vec![0; FIRST_WORDS];
    let length = stream.read(&mut words).await?;
    words.truncate(length);
    Ok(words)
}

/// Closes the connection, and not with a reset, which is what becomes of words that nobody reads (RFC 1122 section
/// 4.2.2.13).
async fn leave(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.shutdown().await?;
    until_the_end(stream).await
}

async fn until_the_end(mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}
