//! A TLS connection that we drive ourselves, so that a refusal goes on the wire exactly as the
//! client's profile says: an alert during or after the handshake, a reset, or nothing at all.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{ClientConnection, ProtocolVersion};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use super::{
    asked::AskedFor,
    profile::{FirstRecord, Leaving},
    sealed_alert::{self, HandshakeSecret},
    verifier,
};
use crate::{
    Alert,
    observation::{Ending, Handshake, Offered, TlsVersion},
    witness,
};

/// One TLS record with its header is at most this long (RFC 8446 section 5.2); so is each read.
const RECORD: usize = 16_384 + 256 + HEADER;
/// The header of a record: type, version and length.
const HEADER: usize = 5;
/// The longest that a record may say it is (RFC 5246 section 6.2.3).
const LONGEST_CLAIM: usize = 16_384 + 2_048;

/// A connection on which the handshake is under way or done.
#[derive(Debug)]
pub(super) struct TlsStream {
    tcp: TcpStream,
    tls: ClientConnection,
    secret: Arc<HandshakeSecret>,
    /// Bytes from rustls that TCP has not taken yet.
    outgoing: Vec<u8>,
    sent: usize,
    incoming: Box<[u8]>,
    borders: Borders,
    /// When rustls refused a record, another had come behind it.
    left_unread: bool,
    offered: Option<Offered>,
    asked: Option<Arc<AskedFor>>,
    first_record: FirstRecord,
}

/// Where records end in what comes, however it is cut (RFC 8446 section 5.1).
#[derive(Debug, Default)]
struct Borders {
    header: Vec<u8>,
    /// How many bytes of the record are still to come.
    left: usize,
}

impl Borders {
    /// How many of these bytes belong to the record that has begun.
    fn next(&mut self, bytes: &[u8]) -> usize {
        let mut count = 0;
        if self.left == 0 {
            count = bytes.len().min(HEADER - self.header.len());
            self.header.extend_from_slice(&bytes[..count]);
            if let [_, _, _, high, low] = self.header[..] {
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.header.clear();
            }
        }
        let body = self.left.min(bytes.len() - count);
        self.left -= body;
        count + body
    }
}

/// Why a handshake did not come to its end.
#[derive(Debug)]
pub(super) enum HandshakeFailure {
    /// The server closed the connection.
    Closed,
    /// The server reset it, or TCP failed otherwise.
    Io(io::Error),
    /// What came is not TLS at all.
    NotTls,
    /// The server asks for a certificate, and the client does not go on then.
    AskedForCertificate,
    /// TLS failed: the server alerted, the verifier refused, or the protocol was broken.
    Tls(rustls::Error),
}

impl TlsStream {
    /// `secret` is what the connection tells its secrets to.
    pub(super) fn new(
        tcp: TcpStream,
        mut tls: ClientConnection,
        secret: Arc<HandshakeSecret>,
    ) -> Self {
        // The first thing that rustls has to say is its ClientHello.
        let mut outgoing = Vec::new();
        while tls.wants_write() && tls.write_tls(&mut outgoing).is_ok() {}
        Self {
            tcp,
            tls,
            secret,
            offered: witness::offered(&outgoing),
            outgoing,
            sent: 0,
            incoming: vec![0; RECORD].into_boxed_slice(),
            borders: Borders::default(),
            left_unread: false,
            asked: None,
            first_record: FirstRecord::default(),
        }
    }

    /// The same, whose handshake ends once the server has asked for a certificate.
    pub(super) fn ending_when(mut self, asked: Arc<AskedFor>) -> Self {
        self.asked = Some(asked);
        self
    }

    /// The same, which knows by that whether a server speaks TLS.
    pub(super) fn knowing_tls(mut self, first_record: FirstRecord) -> Self {
        self.first_record = first_record;
        self
    }

    /// What its ClientHello offers.
    pub(super) fn offered(&self) -> Option<&Offered> {
        self.offered.as_ref()
    }

    /// Drives the handshake until the client's last message is on the wire.
    ///
    /// On a failure nothing more is sent: what rustls would say is still held back, for
    /// [`refuse`](Self::refuse).
    pub(super) async fn handshake(&mut self) -> Result<(), HandshakeFailure> {
        let mut first = true;
        loop {
            self.send().await.map_err(HandshakeFailure::Io)?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            let length = self.tcp.read(&mut self.incoming).await.map_err(HandshakeFailure::Io)?;
            if length == 0 {
                return Err(HandshakeFailure::Closed);
            }
            // RFC 8446 section 5.1: a server begins with a handshake or an alert record.
            if std::mem::take(&mut first) && !matches!(self.incoming[0], 21 | 22) {
                return Err(self.not_tls(length).await);
            }
            self.take(length).map_err(HandshakeFailure::Tls)?;
            if self.asked.as_ref().is_some_and(|asked| asked.has_happened()) {
                return Err(HandshakeFailure::AskedForCertificate);
            }
        }
    }

    /// What becomes of a handshake whose answer begins with so many bytes that are no TLS.
    async fn not_tls(&mut self, length: usize) -> HandshakeFailure {
        if self.first_record == FirstRecord::ByType {
            return HandshakeFailure::NotTls;
        }
        let claimed = match self.incoming[..length] {
            [_, _, _, high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        };
        let mut missing = (HEADER + claimed).saturating_sub(length);
        while claimed <= LONGEST_CLAIM && missing > 0 {
            match self.tcp.read(&mut self.incoming).await {
                Ok(0) => return HandshakeFailure::Closed,
                Ok(more) => missing = missing.saturating_sub(more),
                Err(error) => return HandshakeFailure::Io(error),
            }
        }
        HandshakeFailure::NotTls
    }

    /// Ends a connection as a client that refuses it: with the alert that the failed verification has left in rustls, if
    /// that is to be said, or one that rustls has not, and then by closing or resetting.
    pub(super) async fn refuse(mut self, says: Option<Alert>, ending: Ending) -> io::Result<()> {
        match says {
            Some(alert) if verifier::error_for(alert).is_none() => {
                let record = sealed_alert::seal_during_handshake(&self.tls, &self.secret, alert);
                self.tcp.write_all(&record.map_err(io::Error::other)?).await?;
            }
            Some(_) => self.send().await?,
            None => {}
        }
        leave(self.tcp, ending).await
    }

    /// Ends a connection on which the handshake is done, as a client that judges late: with a fatal
    /// alert of its own choosing, with a close_notify, or silently.
    pub(super) async fn refuse_late(
        mut self,
        says: Option<Alert>,
        leaves: Leaving,
    ) -> io::Result<()> {
        let ending = self.ending(leaves);
        if let Some(alert) = says {
            let Self { mut tcp, tls, .. } = self;
            let record = sealed_alert::seal(tls, alert).map_err(io::Error::other)?;
            tcp.write_all(&record).await?;
            return leave(tcp, ending).await;
        }
        if leaves == Leaving::Notifies {
            self.tls.send_close_notify();
        }
        self.send().await?;
        leave(self.tcp, ending).await
    }

    /// How a client that leaves so ends this connection.
    pub(super) fn ending(&self, leaves: Leaving) -> Ending {
        match leaves {
            Leaving::Closes | Leaving::Notifies => Ending::Closed,
            Leaving::Resets => Ending::Reset,
            Leaving::ClosesUnread if self.left_unread => Ending::Reset,
            Leaving::ClosesUnread => Ending::Closed,
        }
    }

    /// Ends a connection that the server has closed before it answered, with an alert in a record that needs no
    /// keys (RFC 8446 section 5.1).
    pub(super) async fn complain(mut self, alert: Alert) {
        // Nobody may be there to hear it.
        let _ = self.tcp.write_all(&sealed_alert::plain(alert)).await;
        let _ = self.tcp.shutdown().await;
    }

    /// What the handshake showed, without the certificates.
    pub(super) fn summary(&self) -> Handshake {
        Handshake {
            version: self.tls.protocol_version().and_then(version),
            cipher_suite: self.tls.negotiated_cipher_suite().map(|suite| {
                let name = format!("{:?}", suite.suite());
                // rustls writes TLS13_AES_128_GCM_SHA256 for IANA's TLS_AES_128_GCM_SHA256.
                name.replace("TLS13_", "TLS_")
            }),
            protocol: self.protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            chain: Vec::new(),
        }
    }

    /// The application protocol that the server chose.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    async fn send(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| self.poll_send(context)).await
    }

    /// Moves everything that rustls has to say to TCP.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.sent < self.outgoing.len() {
                let rest = &self.outgoing[self.sent..];
                self.sent += ready!(Pin::new(&mut self.tcp).poll_write(context, rest))?;
            }
            self.outgoing.clear();
            self.sent = 0;
            if !self.tls.wants_write() {
                return Poll::Ready(Ok(()));
            }
            self.tls.write_tls(&mut self.outgoing)?;
        }
    }

    /// Gives rustls the bytes that were read, record by record.
    fn take(&mut self, length: usize) -> Result<(), rustls::Error> {
        let mut rest = &self.incoming[..length];
        while !rest.is_empty() {
            let (mut record, behind) = rest.split_at(self.borders.next(rest));
            rest = behind;
            while !record.is_empty() {
                if self.tls.read_tls(&mut record).is_err() {
                    return Err(rustls::Error::General(
                        "the server sent too much at once".to_owned(),
                    ));
                }
                if let Err(error) = self.tls.process_new_packets() {
                    self.left_unread = !behind.is_empty();
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

async fn leave(mut tcp: TcpStream, ending: Ending) -> io::Result<()> {
    match ending {
        Ending::Reset => tcp.set_zero_linger(),
        _ => tcp.shutdown().await,
    }
}

pub(super) fn version(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match io::Read::read(&mut self.tls.reader(), buffer.initialize_unfilled()) {
                Ok(length) => {
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            let this = &mut *self;
            let mut space = ReadBuf::new(&mut this.incoming);
            ready!(Pin::new(&mut this.tcp).poll_read(context, &mut space))?;
            let length = space.filled().len();
            if length == 0 {
                // Tells rustls of the end; without a close_notify before it this is an UnexpectedEof.
                this.tls.read_tls(&mut io::empty())?;
                continue;
            }
            this.take(length).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(context))?;
        let length = io::Write::write(&mut self.tls.writer(), bytes)?;
        // What TCP does not take now goes with the next write or flush.
        match self.poll_send(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(length)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tls.send_close_notify();
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
