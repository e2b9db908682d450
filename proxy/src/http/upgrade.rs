//! The WebSocket opening handshake, server side (RFC 6455 section 4.2).

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};

use super::{Body, page};

/// From RFC 6455 section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The subprotocol that websockify selects; the others that its clients used to offer are gone.
const BINARY: &str = "binary";

/// What an opening handshake is answered with.
pub(super) enum Answer {
    /// 101.
    Upgrade(Response<Body>),
    /// It was asked for, but not in a way that can be granted.
    Refuse(UpgradeRefusal),
    /// A plain request.
    NotAsked,
}

/// Why an upgrade is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpgradeRefusal {
    /// `Upgrade: websocket` is missing although other headers of the handshake are there.
    NoUpgrade,
    /// `Connection: Upgrade` is missing.
    NoConnection,
    /// Another method than GET.
    Method(String),
    /// HTTP/1.0.
    OldHttp,
    /// It has a body: what reads it as such, and what reads it as frames, would see different sessions.
    Body,
    /// No `Sec-WebSocket-Key`.
    NoKey,
    /// One that is not the base64 of 16 bytes.
    BadKey,
    /// No `Sec-WebSocket-Version`: drafts from before 2010, or a header that was removed.
    NoVersion,
    /// Another than 13.
    Version(String),
    /// Subprotocols were offered, and none that is spoken here.
    Subprotocol(String),
}

/// What a reverse proxy needs to pass these headers on; nginx is the one that people forget it in.
const NGINX: &str = "a reverse proxy on the way may have removed it; nginx passes it on with proxy_http_version 1.1; \
                     proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

impl UpgradeRefusal {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoUpgrade | Self::NoVersion | Self::Version(_) => 426,
            Self::Method(_) => 405,
            _ => 400,
        }
    }

    /// The answer: a page with the reason, and the headers that the status demands.
    pub(super) fn response(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let text = format!("WebSocket upgrade refused: {self}");
        let mut response = page::error(status, &text);
        let headers = response.headers_mut();
        match self.status() {
            // RFC 9110 section 15.5.22, RFC 6455 section 4.4.
            426 => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade, close"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            405 => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        }
        response
    }
}

impl fmt::Display for UpgradeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUpgrade => write!(f, "the header Upgrade: websocket is missing; {NGINX}"),
            Self::NoConnection => write!(f, "the header Connection: Upgrade is missing; {NGINX}"),
            Self::Method(method) => {
                write!(f, "the method is {method}, and a WebSocket begins with GET")
            }
            Self::OldHttp => f.write_str(
                "the request is HTTP/1.0, and a WebSocket begins with HTTP/1.1; in nginx: proxy_http_version 1.1;",
            ),
            Self::Body => f.write_str(
                "the request has a body (Content-Length or Transfer-Encoding), and that of a WebSocket has none",
            ),
            Self::NoKey => f.write_str("the header Sec-WebSocket-Key is missing"),
            Self::BadKey => f.write_str("Sec-WebSocket-Key is not the base64 of 16 bytes"),
            Self::NoVersion => f.write_str(
                "the header Sec-WebSocket-Version is missing, and only version 13 is spoken here; clients from before 2011 \
                 (Hixie) do not send it",
            ),
            Self::Version(version) => {
                write!(f, "Sec-WebSocket-Version is {version}, and only version 13 is spoken here")
            }
            Self::Subprotocol(offered) => write!(
                f,
                "Invalid protocol selected: of the subprotocols only 'binary' is spoken here, and the client offers \
                 {offered}"
            ),
        }
    }
}

/// Judges a request. Any path will do.
pub(super) fn answer<B>(request: &Request<B>) -> Answer {
    match judge(request) {
        Some(Ok(response)) => Answer::Upgrade(response),
        Some(Err(refusal)) => Answer::Refuse(refusal),
        None => Answer::NotAsked,
    }
}

/// `None` if no upgrade is asked for.
fn judge<B>(request: &Request<B>) -> Option<Result<Response<Body>, UpgradeRefusal>> {
    let headers = request.headers();
    if lists(headers, header::UPGRADE, "websocket") {
        return Some(handshake(request));
    }
    // Nobody else sends these.
    let meant = headers.contains_key(header::SEC_WEBSOCKET_KEY)
        || headers.contains_key(header::SEC_WEBSOCKET_VERSION);
    meant.then_some(Err(UpgradeRefusal::NoUpgrade))
}

fn handshake<B>(request: &Request<B>) -> Result<Response<Body>, UpgradeRefusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(UpgradeRefusal::Method(request.method().to_string()));
    }
    if request.version() != Version::HTTP_11 {
        return Err(UpgradeRefusal::OldHttp);
    }
    if !lists(headers, header::CONNECTION, "upgrade") {
        return Err(UpgradeRefusal::NoConnection);
    }
    let length = headers.get(header::CONTENT_LENGTH);
    if headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
    {
        return Err(UpgradeRefusal::Body);
    }
    match headers.get(header::SEC_WEBSOCKET_VERSION) {
        None => return Err(UpgradeRefusal::NoVersion),
        Some(version) if version != "13" => return Err(UpgradeRefusal::Version(shown(version))),
        Some(_) => {}
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(UpgradeRefusal::NoKey)?;
    if !matches!(STANDARD.decode(key.as_bytes()), Ok(bytes) if bytes.len() == 16) {
        return Err(UpgradeRefusal::BadKey);
    }
    let binary = lists(headers, header::SEC_WEBSOCKET_PROTOCOL, BINARY);
    if let Some(offered) = headers.get(header::SEC_WEBSOCKET_PROTOCOL).filter(|_| !binary) {
        return Err(UpgradeRefusal::Subprotocol(shown(offered)));
    }
    let mut response = Response::new(page::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept(key.as_bytes()));
    if binary {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(BINARY));
    }
    Ok(response)
}

/// Most of a header that is shown.
const SHOWN: usize = 80;

/// A header's value as log lines show it.
fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(SHOWN).collect()
}

/// Whether a comma-separated header lists a token, in any case.
fn lists(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

fn accept(key: &[u8]) -> HeaderValue {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat());
    // base64 is made of visible ASCII characters, which is all that a header asks for.
    HeaderValue::from_str(&STANDARD.encode(digest)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> http::request::Builder {
        Request::get("/any/path?and=query")
            .header("Upgrade", "WebSocket")
            .header("Connection", "keep-alive, Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    fn refusal(request: http::request::Builder) -> UpgradeRefusal {
        match answer(&request.body(()).unwrap()) {
            Answer::Refuse(refusal) => refusal,
            _ => panic!("not refused"),
        }
    }

    /// The request of the example without one of its headers.
    fn without(name: &str) -> http::request::Builder {
        let mut request = request();
        request.headers_mut().unwrap().remove(name);
        request
    }

    #[test]
    fn the_example_of_the_rfc() {
        let Answer::Upgrade(response) = answer(&request().body(()).unwrap()) else {
            panic!("refused")
        };
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!response.headers().contains_key("sec-websocket-protocol"));
    }

    #[test]
    fn binary_is_selected_where_it_is_offered() {
        let offered = request().header("Sec-WebSocket-Protocol", "chat, binary");
        let Answer::Upgrade(response) = answer(&offered.body(()).unwrap()) else {
            panic!("refused")
        };
        assert_eq!(response.headers()["sec-websocket-protocol"], "binary");
        assert_eq!(
            refusal(request().header("Sec-WebSocket-Protocol", "base64")),
            UpgradeRefusal::Subprotocol("base64".to_owned())
        );
    }

    /// hyper would take the body out of the frames, and whoever stands in front might not.
    #[test]
    fn a_request_with_a_body_is_refused() {
        for (name, value) in [("Content-Length", "3"), ("Transfer-Encoding", "chunked")] {
            assert_eq!(refusal(request().header(name, value)), UpgradeRefusal::Body);
        }
        let empty = request().header("Content-Length", "0");
        assert!(matches!(answer(&empty.body(()).unwrap()), Answer::Upgrade(_)));
    }

    #[test]
    fn what_is_missing_is_told() {
        for plain in [Request::get("/"), Request::get("/").header("Upgrade", "h2c")] {
            assert!(matches!(answer(&plain.body(()).unwrap()), Answer::NotAsked));
        }
        for (name, expected, status) in [
            ("Upgrade", UpgradeRefusal::NoUpgrade, 426),
            ("Connection", UpgradeRefusal::NoConnection, 400),
            ("Sec-WebSocket-Version", UpgradeRefusal::NoVersion, 426),
            ("Sec-WebSocket-Key", UpgradeRefusal::NoKey, 400),
        ] {
            let refusal = refusal(without(name));
            assert_eq!((refusal.clone(), refusal.status()), (expected, status));
        }
        assert_eq!(refusal(request().version(Version::HTTP_10)), UpgradeRefusal::OldHttp);
        assert_eq!(refusal(request().method("POST")), UpgradeRefusal::Method("POST".to_owned()));
        assert_eq!(
            refusal(without("Sec-WebSocket-Version").header("Sec-WebSocket-Version", "8")),
            UpgradeRefusal::Version("8".to_owned())
        );
        assert_eq!(
            refusal(without("Sec-WebSocket-Key").header("Sec-WebSocket-Key", "c2hvcnQ=")),
            UpgradeRefusal::BadKey
        );
    }
}
