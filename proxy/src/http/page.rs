//! Pages that the proxy writes itself.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};

use super::Body;
use crate::auth::Shown;

const NOTHING_BUT_WEBSOCKETS: &str = "\
<h1>This is a WebSocket port</h1>
<p>A WebSocket proxy (wssure) listens here. It has no pages to show.</p>
";

/// Who sees this has accepted the certificate: there is no page before the handshake.
const ACCEPTED: &str = "\
<p>Your browser has accepted the certificate of this port. Go back to the page that wanted to connect, and connect
again.</p>
";

const PLAIN: &str = "\
<p>You came over <code>http://</code>, where no certificate is needed. If a page cannot connect over <code>wss://</code>,
open this address with <code>https://</code> instead: the browser then shows what it has against the certificate.</p>
";

/// The page for everybody who looks at the port with a browser, where no web folder is served. 405, as websockify
/// answers; browsers show the page all the same. It tells nothing about the target.
pub(super) fn nothing_but_websockets(shown: &Shown) -> Response<Body> {
    let advice = match shown {
        Shown::Plain => PLAIN,
        Shown::NoCertificate | Shown::Certificate(_) => ACCEPTED,
    };
    let body = format!("{NOTHING_BUT_WEBSOCKETS}{advice}");
    let mut response = html(StatusCode::METHOD_NOT_ALLOWED, "WebSocket port", &body);
    // RFC 9110 section 15.5.6 demands the header; no method is allowed.
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(""));
    response
}

/// A page that says what went wrong.
pub(super) fn error(status: StatusCode, text: &str) -> Response<Body> {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    html(status, &title, &format!("<h1>{title}</h1>\n<p>{}</p>\n", escape(text)))
}

/// A page of ours. `body` is HTML.
pub(super) fn html(status: StatusCode, title: &str, body: &str) -> Response<Body> {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    );
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}

/// Text for HTML, attributes included.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

pub(super) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}
