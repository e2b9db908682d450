//! Clients that are no good: they stall at some moment, send what must not be sent, or leave where nobody should.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::link::{Dialer, Link, REQUEST, Size};

/// What a client does that is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misdeed {
    /// It connects and sends nothing.
    Silent,
    /// It sends a part of a ClientHello.
    HalfHello,
    /// It does the handshake and asks for nothing.
    NoRequest,
    /// It sends a part of a request.
    HalfRequest,
    /// It opens a session and sends a part of a frame.
    HalfFrame,
    /// It opens a session with a target that sends, and reads nothing.
    NoReading,
    /// What it sends is no TLS, HTTP or anything else.
    Noise,
    /// It asks for a page.
    Page,
    /// It asks for a WebSocket without a key.
    BadUpgrade,
    /// It sends frames that are not masked.
    BadFrame,
    /// It does not trust the certificate.
    Distrust,
}

impl Misdeed {
    /// Those that stall, and wait until somebody ends it.
    pub const STALLS: [Self; 6] = [
        Self::Silent,
        Self::HalfHello,
        Self::NoRequest,
        Self::HalfRequest,
        Self::HalfFrame,
        Self::NoReading,
    ];

    /// All.
    pub const ALL: [Self; 11] = [
        Self::Silent,
        Self::HalfHello,
        Self::NoRequest,
        Self::HalfRequest,
        Self::HalfFrame,
        Self::NoReading,
        Self::Noise,
        Self::Page,
        Self::BadUpgrade,
        Self::BadFrame,
        Self::Distrust,
    ];

    /// The name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::HalfHello => "half-hello",
            Self::NoRequest => "no-request",
            Self::HalfRequest => "half-request",
            Self::HalfFrame => "half-frame",
            Self::NoReading => "no-reading",
            Self::Noise => "noise",
            Self::Page => "page",
            Self::BadUpgrade => "bad-upgrade",
            Self::BadFrame => "bad-frame",
            Self::Distrust => "distrust",
        }
    }

    /// Does it, up to where it stalls or waits for the answer.
    ///
    /// # Errors
    /// There is no connection. What the proxy does to it is no error.
    pub async fn begin(self, dialer: &Dialer, distrusting: &TlsConnector) -> io::Result<Held> {
        Ok(match self {
            Self::Silent => Held::Raw(dialer.connect().await?),
            Self::HalfHello => raw(dialer, &[22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).await?,
            Self::Noise => raw(dialer, &[0, 1, 2, 3, 13, 10, 13, 10]).await?,
            Self::NoRequest => Held::Linked(Box::new(dialer.greet(Size::Small).await?)),
            Self::HalfRequest => said(dialer, &REQUEST.as_bytes()[..REQUEST.len() / 2]).await?,
            Self::Page => said(dialer, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await?,
            Self::BadUpgrade => {
                said(dialer, REQUEST.replace("Sec-WebSocket-Key", "X-Key").as_bytes()).await?
            }
            Self::HalfFrame => framed(dialer, &[0x82, 0xfe, 1, 0, 1, 2, 3, 4, 5]).await?,
            Self::BadFrame => framed(dialer, &[0x82, 1, b'a']).await?,
            Self::NoReading => framed(dialer, &[]).await?,
            Self::Distrust => {
                let stream = dialer.connect().await?;
                // That is how it is meant.
                let _ = distrusting.connect(crate::link::server_name()?, stream).await;
                Held::Over
            }
        })
    }
}

/// The connection of a client that is no good; closed when it is dropped.
pub enum Held {
    Raw(TcpStream),
    Linked(Box<Link>),
    Over,
}

impl Held {
    /// Waits for the proxy to end it, for so long at most; reads what comes.
    pub async fn wait(&mut self, limit: Duration) {
        let mut buffer = [0; 4096];
        let end = async {
            match self {
                Self::Raw(stream) => while matches!(stream.read(&mut buffer).await, Ok(1..)) {},
                Self::Linked(link) => {
                    while link.read_anything().await.is_ok_and(|some| some > 0) {}
                }
                Self::Over => {}
            }
        };
        let _ = tokio::time::timeout(limit, end).await;
    }
}

async fn raw(dialer: &Dialer, bytes: &[u8]) -> io::Result<Held> {
    let mut stream = dialer.connect().await?;
    stream.write_all(bytes).await?;
    Ok(Held::Raw(stream))
}

/// Says something where a request should come.
async fn said(dialer: &Dialer, bytes: &[u8]) -> io::Result<Held> {
    let mut link = dialer.greet(Size::Small).await?;
    link.send(bytes).await?;
    Ok(Held::Linked(Box::new(link)))
}

/// Says something where frames should come.
async fn framed(dialer: &Dialer, bytes: &[u8]) -> io::Result<Held> {
    let mut link = dialer.dial(Size::Small).await?;
    link.send(bytes).await?;
    Ok(Held::Linked(Box::new(link)))
}
