//! One end of a subject: its connection, what has come over it, and how it was left.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::client::TlsStream;

use super::{
    Cut, Leaving, LeftHow,
    frame::{self, Received},
    pieces::{PAUSE, Pieces},
};
use crate::Alert;

/// How long a turn waits for what must come, and for what it sends to be taken.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long nothing may be taken until an end counts as full.
const FULL: Duration = Duration::from_millis(500);
/// What is written and read at once where there is much of it.
const CHUNK: usize = 64 << 10;
/// What of unexpected bytes is shown.
const SHOWN: usize = 40;

/// The connection, with TLS or without.
#[derive(Debug)]
pub(super) enum Transport {
    Tcp(Pieces),
    Tls(Box<TlsStream<Pieces>>),
}

/// What frames the bytes of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing: a target.
    Bytes,
    /// RFC 6455: a client after its upgrade.
    WebSocket,
}

/// One end.
#[derive(Debug)]
pub(super) struct End {
    /// None once it has left.
    transport: Option<Transport>,
    framing: Framing,
    /// What has come and was not yet asked for.
    pub received: Vec<u8>,
    /// The payload of data frames that has come and was not yet asked for.
    pub data: Vec<u8>,
    over: Option<Over>,
    /// How much was filled in.
    pub filled: u64,
    /// What of that the connection has not taken.
    untaken: Vec<u8>,
}

/// How an end was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Closed,
    CutOff,
    Reset,
    Alert(Alert),
    Failed(String),
}

/// Why what was waited for has not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// Nothing, for [`PATIENCE`].
    Silence,
    Over(Over),
    Other(String),
}

impl From<LeftHow> for Over {
    fn from(how: LeftHow) -> Self {
        match how {
            LeftHow::Closed => Self::Closed,
            LeftHow::CutOff => Self::CutOff,
            LeftHow::Reset => Self::Reset,
        }
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::CutOff => f.write_str("cut off"),
            Self::Reset => f.write_str("reset"),
            Self::Alert(alert) => write!(f, "alert {alert}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => write!(f, "nothing in {} s", PATIENCE.as_secs()),
            Self::Over(over) => over.fmt(f),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// Bytes for a line of a report: the first of them, and how many there are.
pub(super) fn shown(bytes: &[u8]) -> String {
    let first = &bytes[..bytes.len().min(SHOWN)];
    match bytes.len() {
        0 => "nothing".to_owned(),
        few if few <= SHOWN => format!("\"{}\"", first.escape_ascii()),
        many => format!("\"{}...\" ({many} bytes)", first.escape_ascii()),
    }
}

impl End {
    pub(super) fn new(transport: Transport, framing: Framing) -> Self {
        Self {
            transport: Some(transport),
            framing,
            received: Vec::new(),
            data: Vec::new(),
            over: None,
            filled: 0,
            untaken: Vec::new(),
        }
    }

    /// An end that was left before it was more than a TCP connection.
    pub(super) fn refused(tcp: Pieces, over: Over) -> Self {
        Self { over: Some(over), ..Self::new(Transport::Tcp(tcp), Framing::Bytes) }
    }

    pub(super) fn tls(&self) -> Option<&TlsStream<Pieces>> {
        match &self.transport {
            Some(Transport::Tls(tls)) => Some(tls),
            _ => None,
        }
    }

    pub(super) fn be_upgraded(&mut self) {
        self.framing = Framing::WebSocket;
    }

    /// Sends it, cut like that. That nobody takes it shows in what comes, or does not come, then.
    pub(super) async fn send(&mut self, bytes: &[u8], cut: Cut) -> Result<(), Instead> {
        let deadline = Instant::now() + PATIENCE;
        let all = async {
            match cut {
                Cut::Whole => self.write(bytes).await,
                Cut::Pieces(size) => {
                    for piece in bytes.chunks(size.max(1)) {
                        self.write(piece).await?;
                        sleep(PAUSE).await;
                    }
                    Ok(())
                }
                Cut::AtEachByte => {
                    for at in 1..bytes.len() {
                        let (first, second) = bytes.split_at(at);
                        for part in [first, second] {
                            self.write(part).await?;
                            sleep(PAUSE).await;
                        }
                    }
                    Ok(())
                }
            }
        };
        match timeout_at(deadline, all).await {
            // Whoever has left takes nothing; how it left is for another turn to see.
            Ok(Ok(()) | Err(_)) => Ok(()),
            Err(_) => Err(Instead::Other(format!("not taken in {} s", PATIENCE.as_secs()))),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(transport) = &mut self.transport else { return Ok(()) };
        transport.write_all(bytes).await?;
        transport.flush().await
    }

    /// Waits for more bytes.
    async fn more(&mut self, deadline: Instant) -> Result<(), Instead> {
        if let Some(over) = &self.over {
            return Err(Instead::Over(over.clone()));
        }
        let Some(transport) = &mut self.transport else {
            return Err(Instead::Other("it has left by itself before".to_owned()));
        };
        let mut chunk = vec![0; CHUNK];
        let over = match timeout_at(deadline, transport.read(&mut chunk)).await {
            Err(_) => return Err(Instead::Silence),
            Ok(Ok(0)) => Over::Closed,
            Ok(Ok(length)) => {
                self.received.extend(&chunk[..length]);
                return Ok(());
            }
            Ok(Err(error)) => over(&error),
        };
        self.over = Some(over.clone());
        Err(Instead::Over(over))
    }

    /// Waits for exactly these bytes.
    pub(super) async fn receive(&mut self, wanted: &[u8]) -> Result<(), Instead> {
        let deadline = Instant::now() + PATIENCE;
        while self.received.len() < wanted.len() && wanted.starts_with(&self.received) {
            if let Err(instead) = self.more(deadline).await {
                return Err(behind(&self.received, wanted.len(), instead));
            }
        }
        take(&mut self.received, wanted)
    }

    /// Waits for an alert: in TLS its own, and before it a record that holds one.
    pub(super) async fn receive_alert(&mut self) -> Result<Alert, Instead> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // RFC 8446 sections 5.1 and 6: an alert (21), its version, its length, its level and its description.
            if let [21, _, _, 0, 2, _, alert, ..] = self.received[..] {
                self.received.drain(..7);
                return Ok(Alert(alert));
            }
            if self.received.len() >= 7 || self.received.first().is_some_and(|first| *first != 21) {
                return Err(Instead::Other(shown(&self.received)));
            }
            match self.more(deadline).await {
                Ok(()) => {}
                Err(Instead::Over(Over::Alert(alert))) => return Ok(alert),
                Err(instead) => return Err(instead),
            }
        }
    }

    /// Waits for a record that begins with a ServerHello, and takes it.
    pub(super) async fn receive_server_hello(&mut self) -> Result<(), Instead> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // RFC 8446 sections 4, 5.1: a handshake (22), its version, its length, and the message's type (2).
            if let [22, _, _, high, low, 2, ..] = self.received[..] {
                return self.skip(5 + usize::from(u16::from_be_bytes([high, low]))).await;
            }
            let is_another = self.received.first().is_some_and(|first| *first != 22);
            if is_another || self.received.len() > 5 {
                return Err(Instead::Other(shown(&self.received)));
            }
            self.more(deadline).await?;
        }
    }

    /// Waits for a whole frame.
    pub(super) async fn receive_frame(&mut self) -> Result<Received, Instead> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(frame) = frame::take(&mut self.received) {
                return match frame.violation {
                    None => Ok(frame),
                    Some(what) => {
                        Err(Instead::Other(format!("a {} frame {what}", frame.opcode.name())))
                    }
                };
            }
            self.more(deadline).await?;
        }
    }

    /// Waits for the head of an HTTP answer, and takes it.
    pub(super) async fn receive_head(&mut self) -> Result<Vec<u8>, Instead> {
        const END: &[u8] = b"\r\n\r\n";
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.received.windows(END.len()).position(|four| four == END) {
                return Ok(self.received.drain(..at + END.len()).collect());
            }
            if let Err(instead) = self.more(deadline).await {
                return Err(behind(&self.received, usize::MAX, instead));
            }
        }
    }

    /// Takes so many bytes, whatever they are.
    pub(super) async fn skip(&mut self, length: usize) -> Result<(), Instead> {
        let deadline = Instant::now() + PATIENCE;
        while self.received.len() < length {
            self.more(deadline).await?;
        }
        self.received.drain(..length);
        Ok(())
    }

    /// Waits to be left like that.
    pub(super) async fn be_left(
        &mut self,
        how: Option<Over>,
        within: Duration,
    ) -> Result<(), Instead> {
        let deadline = Instant::now() + within;
        loop {
            if !self.received.is_empty() || !self.data.is_empty() {
                let more = [self.data.as_slice(), &self.received].concat();
                return Err(Instead::Other(format!("more bytes came: {}", shown(&more))));
            }
            match self.more(deadline).await {
                Ok(()) => {}
                Err(Instead::Over(over)) if how.as_ref().is_none_or(|how| *how == over) => {
                    return Ok(());
                }
                Err(Instead::Silence) => {
                    let waited = within.as_secs();
                    return Err(Instead::Other(format!("still open after {waited} s")));
                }
                Err(instead) => return Err(instead),
            }
        }
    }

    /// Leaves.
    pub(super) async fn leave(&mut self, leaving: Leaving) {
        // What cannot be said to one who has left need not be said.
        match leaving {
            Leaving::Ends => {
                if let Some(transport) = &mut self.transport {
                    timeout(PATIENCE, transport.shutdown()).await.ok();
                }
            }
            Leaving::Closes => {
                if let Some(mut transport) = self.transport.take() {
                    timeout(PATIENCE, transport.shutdown()).await.ok();
                }
            }
            Leaving::Drops => drop(self.transport.take()),
            Leaving::Resets => {
                if let Some(transport) = self.transport.take() {
                    transport.tcp().set_zero_linger().ok();
                }
            }
        }
    }

    /// Sends a pattern until nothing is taken for a while, or it is too much.
    pub(super) async fn fill(&mut self, below: u64) -> Result<(), Instead> {
        while self.filled + (self.untaken.len() as u64) < below {
            if self.untaken.is_empty() {
                let payload = super::play::pattern_from(self.filled, CHUNK);
                self.filled += payload.len() as u64;
                self.untaken = match self.framing {
                    Framing::Bytes => payload,
                    Framing::WebSocket => {
                        frame::bytes(frame::Opcode::Binary, &payload, frame::Flaws::default())
                    }
                };
            }
            match timeout(FULL, self.take_some()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(Instead::Over(over(&error))),
                Err(_) => return Ok(()),
            }
        }
        Err(Instead::Other(format!("{} MiB and more were taken", below >> 20)))
    }

    async fn take_some(&mut self) -> io::Result<()> {
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let taken = transport.write(&self.untaken).await?;
        self.untaken.drain(..taken);
        transport.flush().await
    }

    /// Receives all that the other end has filled in, while that one gives the rest of it.
    pub(super) async fn drain(&mut self, other: &mut Self) -> Result<(), Instead> {
        let wanted = other.filled;
        let mut rest = std::mem::take(&mut other.untaken);
        let giving = async {
            other.write(&rest).await.ok();
            rest.clear();
            // What came of it is seen at this end.
            std::future::pending::<()>().await;
        };
        let taking = async {
            let mut come = 0;
            while come < wanted {
                let bytes = self.next_data().await?;
                let right = super::play::pattern_from(come, bytes.len());
                if bytes != right {
                    let at = bytes.iter().zip(&right).take_while(|(a, b)| a == b).count();
                    let at = come + at as u64;
                    return Err(Instead::Other(format!("other bytes from byte {at} on")));
                }
                come += bytes.len() as u64;
            }
            match come {
                all if all == wanted => Ok(()),
                more => Err(Instead::Other(format!("{} bytes too many", more - wanted))),
            }
        };
        tokio::select! {
            taken = taking => taken,
            () = giving => Ok(()),
        }
    }

    /// The next bytes of the stream that goes through the subject, however they are framed.
    async fn next_data(&mut self) -> Result<Vec<u8>, Instead> {
        match self.framing {
            Framing::Bytes => {
                if self.received.is_empty() {
                    self.more(Instant::now() + PATIENCE).await?;
                }
                Ok(std::mem::take(&mut self.received))
            }
            Framing::WebSocket => {
                let frame = self.receive_frame().await?;
                match frame.opcode {
                    frame::Opcode::Binary | frame::Opcode::Continuation => Ok(frame.payload),
                    other => Err(Instead::Other(format!("a {} frame", other.name()))),
                }
            }
        }
    }
}

/// Takes what was wanted from the front of what has come.
pub(super) fn take(come: &mut Vec<u8>, wanted: &[u8]) -> Result<(), Instead> {
    if come.starts_with(wanted) {
        come.drain(..wanted.len());
        return Ok(());
    }
    Err(Instead::Other(shown(come)))
}

/// What came instead where some of it had come before.
pub(super) fn behind(come: &[u8], wanted: usize, instead: Instead) -> Instead {
    if come.is_empty() {
        return instead;
    }
    let of = match wanted {
        usize::MAX => String::new(),
        wanted => format!(", {} of {wanted} bytes", come.len()),
    };
    Instead::Other(format!("{}{of}, then {instead}", shown(come)))
}

/// How an end was left, from the error of a read or write.
pub(super) fn over(error: &io::Error) -> Over {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::AlertReceived(alert)), _) => Over::Alert(Alert(u8::from(*alert))),
        (_, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Over::Reset,
        (_, io::ErrorKind::UnexpectedEof) => Over::CutOff,
        _ => Over::Failed(error.to_string()),
    }
}

impl Transport {
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(pieces) => &pieces.tcp,
            Self::Tls(tls) => &tls.get_ref().0.tcp,
        }
    }
}

macro_rules! delegate {
    ($self:ident, $method:ident($($argument:ident),*)) => {
        match $self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            Self::Tls(stream) => Pin::new(&mut **stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, poll_read(context, buffer))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_shutdown(context))
    }
}
