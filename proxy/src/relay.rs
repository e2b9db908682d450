//! The two-way copy between a WebSocket client and its target, in bounded memory and with back-pressure.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use crate::heartbeat::{Beat, Heard, Heartbeat};
use crate::lent::Lent;
use crate::limits::Silence;
use crate::traffic::{Piece, Traffic, Way};
use crate::websocket::{
    Close, CloseCode, Decoder, HEADER_ROOM, Signal, Violation, data_header, put_control, put_ping,
};

/// No more is read from the client into a buffer with less room than a TLS record may fill.
const RECORD: usize = 16 * 1024;

/// Bytes read at a time of what nobody wants any more.
const AFTERMATH: usize = 4 * 1024;

/// How long a side may take for its part once the session is over. Long: a slow client may still be reading what
/// the target sent last.
const FAREWELL: Duration = Duration::from_secs(30);

/// How long the client may take to end the connection after both Close frames.
const LINGER: Duration = Duration::from_secs(2);

/// How a session ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The client sent a Close frame with this payload.
    ClientClosed(Vec<u8>),
    /// The client's connection ended without a Close frame.
    ClientGone,
    /// Nothing passed for so long.
    Idle(Duration),
    /// The client answered no ping for long.
    ClientSilent,
    /// The target ended its connection.
    TargetClosed,
    /// The target's connection broke.
    TargetLost(io::Error),
    /// The client broke the protocol.
    Violation(Violation),
    /// The proxy ends.
    Stopped,
}

/// Ends a session that has no target: the upgrade was answered, and the reason can be told only now.
pub(crate) async fn refuse(client: impl AsyncRead + AsyncWrite + Unpin, close: Close) {
    let mut up = Up::new();
    let mut bytes = Vec::new();
    put_control(&mut bytes, Signal::Close(&close.payload()));
    say_goodbye(client, &mut up, &bytes, Await::Close).await;
}

/// What a farewell waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Await {
    /// The client's Close frame: ours comes first.
    Close,
    /// Nothing: the client's came first, or no sense can be made of what it sends.
    Nothing,
}

/// Sends the last bytes, waits for the client's answer, and ends the connection so that all of it arrives.
///
/// RFC 6455 section 7.1.1 lets the server end the TCP connection first, after both Close frames. A client that sees
/// the end of TLS in the place of its own Close frame reports an unclean end.
async fn say_goodbye(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    up: &mut Up,
    last: &[u8],
    wait: Await,
) {
    let send = async {
        client.write_all(last).await?;
        client.flush().await
    };
    if !matches!(timeout(FAREWELL, send).await, Ok(Ok(()))) {
        return;
    }
    if wait == Await::Close {
        let _ = timeout(FAREWELL, up.discard_until_close(&mut client)).await;
    }
    let end = async {
        client.shutdown().await?;
        let mut buffer = vec![0; AFTERMATH];
        while client.read(&mut buffer).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(LINGER, end).await;
}

/// A session: [`run`](Relay::run), then [`farewell`](Relay::farewell).
pub(crate) struct Relay<C, T> {
    client: C,
    target: T,
    up: Up,
    down: Down,
    answers: Answers,
    heartbeat: Option<Heartbeat>,
    silence: Option<(Duration, Silence)>,
}

/// From client to target.
struct Up {
    decoder: Decoder,
    /// Payload that the target has not taken.
    buffer: Lent,
    /// Of the target, which over TLS may hold back what it took.
    flush: Flush,
    moved: u64,
    /// Whether the client sent anything since the last ping.
    heard: Heard,
    traffic: Traffic,
}

/// From target to client.
struct Down {
    /// The frame that the client has not taken.
    buffer: Lent,
    flush: Flush,
    moved: u64,
    traffic: Traffic,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Needed,
    Done,
}

/// Answers to control frames, which wait for the end of the frame under way. Bounded: a read of one buffer
/// causes fewer bytes of answers, and nothing is read while answers wait.
#[derive(Default)]
struct Answers {
    bytes: Vec<u8>,
    close: Option<Vec<u8>>,
}

impl Up {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            buffer: Lent::default(),
            flush: Flush::Done,
            moved: 0,
            heard: Heard::Nothing,
            traffic: Traffic::Hidden,
        }
    }

    /// Decodes bytes that hyper read along with the request.
    fn take_early(&mut self, early: &[u8], answers: &mut Answers) -> Option<Ending> {
        self.buffer.room_for(early.len())[..early.len()].copy_from_slice(early);
        self.decode(early.len(), answers)
    }

    fn decode(&mut self, length: usize, answers: &mut Answers) -> Option<Ending> {
        let Answers { bytes, close } = answers;
        let result =
            self.decoder.decode(&mut self.buffer.room()[..length], |signal| match signal {
                Signal::Ping(_) => put_control(bytes, signal),
                Signal::Close(payload) => *close = Some(payload.to_vec()),
            });
        match result {
            Ok(payload) => {
                self.buffer.hold(payload);
                if !self.buffer.is_empty() {
                    let whole = self.decoder.is_between_frames();
                    let piece = if whole { Piece::Whole } else { Piece::Part };
                    self.traffic.mark(Way::FromClient, piece);
                }
                close.take().map(Ending::ClientClosed)
            }
            Err(violation) => Some(Ending::Violation(violation)),
        }
    }

    /// One write to the target, or one read from the client.
    fn step(
        &mut self,
        client: &mut (impl AsyncRead + Unpin),
        target: &mut (impl AsyncWrite + Unpin),
        answers: &mut Answers,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ending>> {
        let waiting = self.buffer.waiting();
        if !waiting.is_empty() {
            match ready!(Pin::new(target).poll_write(cx, waiting)) {
                Ok(0) => {
                    return Poll::Ready(Some(Ending::TargetLost(io::ErrorKind::WriteZero.into())));
                }
                Ok(count) => {
                    self.flush = Flush::Needed;
                    self.buffer.consume(count);
                    self.moved += count as u64;
                    let left = self.buffer.waiting().len();
                    self.traffic.mark(Way::ToTarget, Piece::with_left(left));
                }
                Err(error) => return Poll::Ready(Some(Ending::TargetLost(error))),
            }
            return Poll::Ready(None);
        }
        if !answers.bytes.is_empty() {
            // The step that empties them is followed by a step of ours.
            return self.flush(target, cx);
        }
        match fill(client, self.buffer.room(), cx) {
            Poll::Pending => {
                self.buffer.give_back();
                self.flush(target, cx)
            }
            Poll::Ready(Ok(0) | Err(_)) => Poll::Ready(Some(Ending::ClientGone)),
            Poll::Ready(Ok(length)) => {
                self.heard = Heard::Something;
                Poll::Ready(self.decode(length, answers))
            }
        }
    }

    /// Lets the target have all that it took, when there is nothing to do but wait.
    fn flush(
        &mut self,
        target: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ending>> {
        if self.flush == Flush::Needed {
            if let Err(error) = ready!(Pin::new(target).poll_flush(cx)) {
                return Poll::Ready(Some(Ending::TargetLost(error)));
            }
            self.flush = Flush::Done;
        }
        Poll::Pending
    }

    async fn discard_until_close(
        &mut self,
        client: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<()> {
        let mut buffer = vec![0; AFTERMATH];
        loop {
            let length = client.read(&mut buffer).await?;
            let mut closed = length == 0;
            let note = |signal: Signal<'_>| closed |= matches!(signal, Signal::Close(_));
            if self.decoder.decode(&mut buffer[..length], note).is_err() || closed {
                return Ok(());
            }
        }
    }
}

/// Reads what is there, record by record where it is TLS, so that the target gets it in one write.
///
/// An end, or an error, behind bytes comes again in the next read.
fn fill(
    client: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    loop {
        let before = buffer.filled().len();
        match Pin::new(&mut *client).poll_read(cx, &mut buffer) {
            Poll::Pending if before == 0 => return Poll::Pending,
            Poll::Ready(Err(error)) if before == 0 => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(()))
                if buffer.filled().len() > before && buffer.remaining() >= RECORD => {}
            _ => return Poll::Ready(Ok(buffer.filled().len())),
        }
    }
}

impl Down {
    fn new() -> Self {
        let (buffer, traffic) = (Lent::default(), Traffic::Hidden);
        Self { buffer, flush: Flush::Done, moved: 0, traffic }
    }

    /// One write to the client, or one read from the target.
    fn step(
        &mut self,
        client: &mut (impl AsyncWrite + Unpin),
        target: &mut (impl AsyncRead + Unpin),
        answers: &mut Answers,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Ending>> {
        let mut client = Pin::new(client);
        let waiting = match self.buffer.waiting() {
            [] => &answers.bytes,
            frame => frame,
        };
        if !waiting.is_empty() {
            let count = match ready!(client.as_mut().poll_write(cx, waiting)) {
                Ok(0) | Err(_) => return Poll::Ready(Some(Ending::ClientGone)),
                Ok(count) => count,
            };
            self.flush = Flush::Needed;
            if self.buffer.is_empty() {
                answers.bytes.drain(..count);
            } else {
                self.buffer.consume(count);
                let left = self.buffer.waiting().len();
                self.traffic.mark(Way::ToClient, Piece::with_left(left));
            }
            return Poll::Ready(None);
        }
        let bytes = self.buffer.room();
        let mut buffer = ReadBuf::new(&mut bytes[HEADER_ROOM..]);
        match Pin::new(target).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) => {
                let length = buffer.filled().len();
                if length == 0 {
                    return Poll::Ready(Some(Ending::TargetClosed));
                }
                // The buffer is shorter than 64 KiB.
                let start = data_header(bytes, length as u16);
                self.buffer.hold(start..HEADER_ROOM + length);
                self.moved += length as u64;
                self.traffic.mark(Way::FromTarget, Piece::Whole);
                Poll::Ready(None)
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Ending::TargetLost(error))),
            Poll::Pending => {
                self.buffer.give_back();
                if self.flush == Flush::Needed {
                    if ready!(client.poll_flush(cx)).is_err() {
                        return Poll::Ready(Some(Ending::ClientGone));
                    }
                    self.flush = Flush::Done;
                }
                Poll::Pending
            }
        }
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin, T: AsyncRead + AsyncWrite + Unpin> Relay<C, T> {
    pub(crate) fn new(client: C, target: T) -> Self {
        Self {
            client,
            target,
            up: Up::new(),
            down: Down::new(),
            answers: Answers::default(),
            heartbeat: None,
            silence: None,
        }
    }

    /// Marks what passes.
    pub(crate) fn with_traffic(mut self, traffic: Traffic) -> Self {
        self.up.traffic = traffic;
        self.down.traffic = traffic;
        self
    }

    /// Pings the client each so often.
    pub(crate) fn with_heartbeat(mut self, interval: Option<Duration>) -> Self {
        self.heartbeat = interval.map(Heartbeat::every);
        self
    }

    /// Ends it when nothing passes for so long.
    pub(crate) fn with_silence(mut self, limit: Option<Duration>) -> Self {
        self.silence = limit.map(|limit| (limit, Silence::of(limit)));
        self
    }

    /// Relays until one side ends. `early` is what the client sent right behind its request, and `stop` ends the
    /// session from outside.
    pub(crate) async fn run(&mut self, early: Bytes, stop: impl Future<Output = ()>) -> Ending {
        if let Some(ending) = self.up.take_early(&early, &mut self.answers) {
            return ending;
        }
        drop(early);
        tokio::select! {
            ending = poll_fn(|cx| self.poll(cx)) => ending,
            () = stop => Ending::Stopped,
        }
    }

    /// Bytes moved to the target and back.
    pub(crate) fn moved(&self) -> (u64, u64) {
        (self.up.moved, self.down.moved)
    }

    /// Steps in both directions by turns, so that neither starves the other, until both wait.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        if self.poll_heartbeat(cx) == Beat::GiveUp {
            return Poll::Ready(Ending::ClientSilent);
        }
        if let Some((limit, silence)) = &mut self.silence
            && silence.poll(cx, self.up.moved + self.down.moved).is_ready()
        {
            return Poll::Ready(Ending::Idle(*limit));
        }
        let Self { client, target, up, down, answers, .. } = self;
        loop {
            let upward = up.step(client, target, answers, cx);
            if let Poll::Ready(Some(ending)) = upward {
                return Poll::Ready(ending);
            }
            let downward = down.step(client, target, answers, cx);
            if let Poll::Ready(Some(ending)) = downward {
                return Poll::Ready(ending);
            }
            if upward.is_pending() && downward.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Puts a ping among the answers when one is due. While data waits for the client none is: what keeps the line
    /// busy is there, and nothing is read while answers wait.
    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Beat {
        let Self { up, down, answers, heartbeat: Some(heartbeat), .. } = self else {
            return Beat::Ping;
        };
        let free = down.buffer.is_empty() && answers.bytes.is_empty();
        let listens = free && up.buffer.is_empty();
        let heard = &mut up.heard;
        while let Poll::Ready(beat) = heartbeat.poll(cx, || match heard {
            Heard::Nothing if !listens => Heard::NotListened,
            _ => std::mem::replace(heard, Heard::Nothing),
        }) {
            if beat == Beat::GiveUp {
                return beat;
            }
            if free && answers.bytes.is_empty() {
                put_ping(&mut answers.bytes);
            }
        }
        Beat::Ping
    }

    /// Sends what is still to be sent, and ends both sides.
    pub(crate) async fn farewell(&mut self, ending: &Ending) {
        let Self { client, target, up, down, answers, .. } = self;
        let payload = up.buffer.waiting().to_vec();
        up.buffer.give_back();
        let to_target = async {
            target.write_all(&payload).await?;
            target.shutdown().await
        };
        let (close, wait) = match ending {
            Ending::ClientClosed(payload) => (Some(payload.clone()), Await::Nothing),
            Ending::ClientGone => (None, Await::Nothing),
            Ending::ClientSilent => (
                Some(Close { code: CloseCode::GoingAway, reason: "No answer to pings" }.payload()),
                Await::Nothing,
            ),
            Ending::Idle(_) => (
                Some(
                    Close { code: CloseCode::GoingAway, reason: "Nothing passed for long" }
                        .payload(),
                ),
                Await::Close,
            ),
            Ending::TargetClosed => (
                Some(Close { code: CloseCode::Normal, reason: "Target closed" }.payload()),
                Await::Close,
            ),
            Ending::TargetLost(_) => {
                let close = Close {
                    code: CloseCode::InternalError,
                    reason: "Connection to downstream server lost",
                };
                (Some(close.payload()), Await::Close)
            }
            Ending::Violation(violation) => (Some(violation.close().payload()), Await::Nothing),
            Ending::Stopped => (
                Some(Close { code: CloseCode::GoingAway, reason: "Proxy stopped" }.payload()),
                Await::Close,
            ),
        };
        let mut last = down.buffer.waiting().to_vec();
        down.buffer.give_back();
        last.append(&mut answers.bytes);
        if let Some(payload) = close {
            put_control(&mut last, Signal::Close(&payload));
        }
        let to_client = say_goodbye(client, up, &last, wait);
        let (delivered, ()) = tokio::join!(timeout(FAREWELL, to_target), to_client);
        if matches!(delivered, Ok(Ok(()))) {
            up.moved += payload.len() as u64;
        }
    }
}
