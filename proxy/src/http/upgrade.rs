//! The WebSocket opening handshake, server side (RFC 6455 section 4.2).

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
    Refuse(Response<Body>),
    /// A plain request.
    NotAsked,
}

/// Judges a request. Any path will do.
pub(super) fn answer<B>(request: &Request<B>) -> Answer {
    let headers = request.headers();
    if !lists(headers, header::UPGRADE, "websocket") {
        return Answer::NotAsked;
    }
    let refuse = |text: &str| Answer::Refuse(page::error(StatusCode::BAD_REQUEST, text));
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return refuse("A WebSocket begins with GET in HTTP/1.1.");
    }
    if !lists(headers, header::CONNECTION, "upgrade") {
        return refuse(
            "The header Connection: Upgrade is missing; a proxy on the way may have removed it.",
        );
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return refuse("The header Sec-WebSocket-Key is missing.");
    };
    if !matches!(STANDARD.decode(key.as_bytes()), Ok(bytes) if bytes.len() == 16) {
        return refuse("Sec-WebSocket-Key is not the base64 of 16 bytes.");
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut response =
            page::error(StatusCode::UPGRADE_REQUIRED, "Only WebSocket version 13 is spoken here.");
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Answer::Refuse(response);
    }
    let offers = headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let binary = lists(headers, header::SEC_WEBSOCKET_PROTOCOL, BINARY);
    if offers && !binary {
        return refuse(
            "Invalid protocol selected: of the subprotocols only 'binary' is spoken here.",
        );
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
    Answer::Upgrade(response)
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

    fn status(request: http::request::Builder) -> StatusCode {
        match answer(&request.body(()).unwrap()) {
            Answer::Upgrade(response) | Answer::Refuse(response) => response.status(),
            Answer::NotAsked => StatusCode::OK,
        }
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
            status(request().header("Sec-WebSocket-Protocol", "base64")),
            StatusCode::BAD_REQUEST
        );
    }

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(status(Request::get("/")), StatusCode::OK);
        assert_eq!(status(Request::get("/").header("Upgrade", "h2c")), StatusCode::OK);
        assert_eq!(
            status(Request::get("/").header("Upgrade", "websocket")),
            StatusCode::BAD_REQUEST
        );
        assert_eq!(status(request().version(Version::HTTP_10)), StatusCode::BAD_REQUEST);
        let old = Request::get("/")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Version", "8");
        assert_eq!(status(old), StatusCode::UPGRADE_REQUIRED);
    }
}
