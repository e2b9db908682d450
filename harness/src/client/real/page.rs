//! The page from which a real browser opens its WebSockets: served by the harness, on plain HTTP and under
//! a name of its own, so that nothing but the WebSocket is judged.

use std::{convert::Infallible, io, net::SocketAddr};

use bytes::Bytes;
use http::{Response, header};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::accepting::accept;

/// The page's host. Another site than any in the cases, as most pages with a WebSocket are.
pub(super) const HOST: &str = "page.wssure.test";

/// The script that opens a WebSocket and tells what it saw; a function body for WebDriver's Execute Async
/// Script, with the URL, the payload in base64 or null, whether it must return, and the patience in milliseconds.
pub(super) const SOCKET: &str = include_str!("socket.js");

/// The same in a dedicated worker: a function body with [`SOCKET`] and then its arguments.
pub(super) const SOCKET_IN_WORKER: &str = include_str!("worker.js");

/// Tells whether this page is where the browser is.
pub(super) const IS_OURS: &str = "return document.title === 'wssure';";

const PAGE: &str = "<!doctype html><title>wssure</title><link rel=icon href=data:,>\n";

/// A server of that page, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct PageServer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl PageServer {
    /// Serves it at that address; port 0 is a free one.
    pub(super) async fn start(at: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            // A browser that breaks its connection breaks no other's.
            loop {
                let (stream, _) = accept(&listener).await;
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                tokio::spawn(connection);
            }
        });
        Ok(Self { address, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL under that host.
    pub(super) fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.address.port())
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer<B>(_: http::Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    Ok(response)
}
