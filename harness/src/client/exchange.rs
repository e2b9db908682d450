//! What is said over a connection once it stands: a payload over a WebSocket, a request for a page.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        error::ProtocolError,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    Destination,
    connection::{Progress, Stream},
};
use crate::observation::{Answer, Close, PageEvent, Step};

/// How long an answer to an offered payload is waited for, and then a close frame.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a frame is read into, cleared for each connection: by default 128 KiB, and a payload here is a few octets.
const READ_BUFFER: usize = 4096;
/// How much of a page is read.
const PAGE_LIMIT: usize = 1 << 20;

/// What to send over a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the upgrade is enough.
    Nothing,
    /// Bytes that must come back as they are, or it is no connection.
    MustReturn(Vec<u8>),
    /// Bytes that may come back.
    MayReturn(Vec<u8>),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Echo {
    /// The same bytes.
    Same,
    /// Other bytes.
    Different,
    /// Nothing in time.
    Nothing,
}

/// How a WebSocket went after its upgrade was asked for.
pub(super) struct Spoken {
    pub events: Vec<PageEvent>,
    pub close: Option<Close>,
    pub end: Result<Option<Echo>, SpeechError>,
}

/// Why a WebSocket did not do what it should.
#[derive(Debug)]
pub(super) enum SpeechError {
    /// The upgrade was answered with something else than 101.
    Upgrade(Answer),
    /// The server closed it before the payload was back.
    ClosedBy(Close),
    /// What came back is not what was sent.
    Damaged(String),
    /// The connection or the protocol failed.
    Broken(tungstenite::Error),
}

impl SpeechError {
    /// What the request for the upgrade was answered with, where that is what is wrong.
    pub(super) fn answer(&self) -> Option<Answer> {
        match self {
            Self::Upgrade(answer) => Some(answer.clone()),
            Self::Broken(tungstenite::Error::Protocol(
                ProtocolError::MissingUpgradeWebSocketHeader
                | ProtocolError::MissingConnectionUpgradeHeader
                | ProtocolError::SecWebSocketAcceptKeyMismatch,
            )) => Some(Answer::switching_protocols()),
            _ => None,
        }
    }
}

/// Asks for the upgrade, sends the payload, reads it back and closes.
///
/// `progress` is told when the upgrade is done, so that a deadline after it is not laid to HTTP.
pub(super) async fn speak(
    stream: Stream,
    to: &Destination,
    payload: &Payload,
    progress: &mut Progress,
) -> Spoken {
    match upgrade_request(to) {
        Ok(request) => speak_after(request, stream, payload, progress).await,
        Err(error) => {
            let end = Err(SpeechError::Broken(error));
            Spoken { events: Vec::new(), close: None, end }
        }
    }
}

/// The same, with that request for the upgrade.
pub(super) async fn speak_after(
    request: UpgradeRequest,
    stream: Stream,
    payload: &Payload,
    progress: &mut Progress,
) -> Spoken {
    let mut spoken = Spoken { events: Vec::new(), close: None, end: Ok(None) };
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let (mut socket, _) = match client_async_with_config(request, stream, Some(config)).await {
        Ok(done) => done,
        Err(tungstenite::Error::Http(response)) => {
            let (parts, body) = response.into_parts();
            let answer = answer(&parts, body.as_deref().unwrap_or_default());
            spoken.end = Err(SpeechError::Upgrade(answer));
            return spoken;
        }
        Err(error) => {
            spoken.end = Err(SpeechError::Broken(error));
            return spoken;
        }
    };
    progress.step = Some(Step::WebSocket);
    spoken.events.push(PageEvent::Open);
    spoken.end = exchange(&mut socket, payload, &mut spoken.events).await;
    if spoken.end.is_ok() {
        spoken.close = close(&mut socket).await;
        // A server that ends the connection for a reason of its own has said no, if late: a proxy that
        // cannot reach its target, for one.
        if let Some(close) = spoken.close.as_ref().filter(|close| !is_farewell(close)) {
            spoken.end = Err(SpeechError::ClosedBy(close.clone()));
        }
    }
    if let Err(SpeechError::ClosedBy(close)) = &spoken.end {
        spoken.close = Some(close.clone());
    }
    if spoken.close.is_some() {
        spoken.events.push(PageEvent::Close);
    }
    spoken
}

/// A request for an upgrade, with its key.
pub(super) type UpgradeRequest = tungstenite::handshake::client::Request;

/// What a page asks for.
pub(super) fn upgrade_request(to: &Destination) -> Result<UpgradeRequest, tungstenite::Error> {
    let mut request = to.to_string().into_client_request()?;
    let page = if to.scheme.is_secure() { "https" } else { "http" };
    if let Ok(origin) = HeaderValue::from_str(&format!("{page}://{}", to.authority())) {
        request.headers_mut().insert(header::ORIGIN, origin);
    }
    Ok(request)
}

async fn exchange(
    socket: &mut WebSocketStream<Stream>,
    payload: &Payload,
    events: &mut Vec<PageEvent>,
) -> Result<Option<Echo>, SpeechError> {
    match payload {
        Payload::Nothing => Ok(None),
        Payload::MustReturn(bytes) => {
            send(socket, bytes).await?;
            let came = receive(socket, bytes.len(), events).await?;
            if came == *bytes {
                Ok(Some(Echo::Same))
            } else {
                Err(SpeechError::Damaged(difference(bytes, &came)))
            }
        }
        Payload::MayReturn(bytes) => {
            send(socket, bytes).await?;
            match tokio::time::timeout(PATIENCE, receive(socket, bytes.len(), events)).await {
                Ok(came) => Ok(Some(if came? == *bytes { Echo::Same } else { Echo::Different })),
                Err(_) => Ok(Some(Echo::Nothing)),
            }
        }
    }
}

async fn send(socket: &mut WebSocketStream<Stream>, bytes: &[u8]) -> Result<(), SpeechError> {
    socket.send(Message::binary(bytes.to_vec())).await.map_err(SpeechError::Broken)
}

/// Reads messages until so many bytes have come; a proxy may cut them as it likes.
async fn receive(
    socket: &mut WebSocketStream<Stream>,
    length: usize,
    events: &mut Vec<PageEvent>,
) -> Result<Vec<u8>, SpeechError> {
    let mut came = Vec::with_capacity(length);
    while came.len() < length {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => return Err(SpeechError::ClosedBy(clean(frame))),
            Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => {
                if events.last() != Some(&PageEvent::Message) {
                    events.push(PageEvent::Message);
                }
                came.extend(message.into_data());
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(SpeechError::Broken(error)),
            None => return Err(SpeechError::Broken(tungstenite::Error::ConnectionClosed)),
        }
    }
    Ok(came)
}

async fn close(socket: &mut WebSocketStream<Stream>) -> Option<Close> {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    socket.close(Some(frame)).await.ok()?;
    let answer = async {
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Close(frame)) => return Some(clean(frame)),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    };
    // Without an answer a page sees its socket close uncleanly (RFC 6455 section 7.1.5).
    let unclean = Close { code: 1006, reason: String::new(), clean: false };
    Some(tokio::time::timeout(PATIENCE, answer).await.ok().flatten().unwrap_or(unclean))
}

/// Whether a socket was closed because it is over: RFC 6455 section 7.4.1, normal closure, going away,
/// and no code at all.
fn is_farewell(close: &Close) -> bool {
    matches!(close.code, 1000 | 1001 | 1005 | 1006)
}

/// RFC 6455 section 7.1.5: a close frame without a code is 1005.
fn clean(frame: Option<CloseFrame>) -> Close {
    match frame {
        Some(frame) => {
            Close { code: frame.code.into(), reason: frame.reason.to_string(), clean: true }
        }
        None => Close { code: 1005, reason: String::new(), clean: true },
    }
}

fn difference(sent: &[u8], came: &[u8]) -> String {
    let at = sent.iter().zip(came).position(|(a, b)| a != b).unwrap_or(sent.len().min(came.len()));
    format!(
        "{} bytes were sent, {} came back, the first difference is at byte {at}",
        sent.len(),
        came.len()
    )
}

/// Asks for a page, in the HTTP version that the server chose.
pub(super) async fn get(stream: Stream, to: &Destination) -> Result<Answer, GetError> {
    let request = Request::get(to.path.as_str())
        .header(header::HOST, to.authority())
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .header(header::CONNECTION, "close")
        .body(Empty::<bytes::Bytes>::new())
        .map_err(|error| GetError(error.into()))?;
    let http2 = stream.protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    let response = if http2 {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        let (mut parts, body) = request.into_parts();
        parts.headers.remove(header::CONNECTION);
        parts.headers.remove(header::HOST);
        parts.uri = to
            .to_string()
            .parse()
            .map_err(|error: http::uri::InvalidUri| GetError(error.into()))?;
        sender.send_request(Request::from_parts(parts, body)).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let (parts, body) = response.into_parts();
    let body = match Limited::new(body, PAGE_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        // A page that is too long, or ends too early, has been answered all the same.
        Err(_) => bytes::Bytes::new(),
    };
    Ok(answer(&parts, &body))
}

/// A page that could not be had.
#[derive(Debug)]
pub(super) struct GetError(pub Box<dyn std::error::Error + Send + Sync>);

impl From<hyper::Error> for GetError {
    fn from(error: hyper::Error) -> Self {
        Self(error.into())
    }
}

fn answer(parts: &http::response::Parts, body: &[u8]) -> Answer {
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Answer::new(parts.status.as_u16(), content_type, body)
}
