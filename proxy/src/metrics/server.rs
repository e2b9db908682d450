//! What answers `/metrics` and `/healthz`, on an address of its own: not where clients come.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Metrics;
use crate::settings::Endpoint;

/// For the head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// Most connections at once: there are few who ask.
const MOST: usize = 64;

/// OpenMetrics 1.0, section "Overall Structure".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// It listens.
pub(crate) struct Server {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Listens; without an address, on 127.0.0.1.
    pub(crate) async fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let host = endpoint.host.as_deref().unwrap_or("127.0.0.1");
        let listener = TcpListener::bind((host, endpoint.port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(self, metrics: Arc<Metrics>) {
        let mut connections = JoinSet::new();
        loop {
            while connections.len() >= MOST {
                connections.join_next().await;
            }
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let metrics = Arc::clone(&metrics);
                        connections.spawn(async move {
                            let service = service_fn(|request| {
                                let answer = answer(&metrics, &request);
                                async { Ok::<_, Infallible>(answer) }
                            });
                            // Who leaves while asking wants no answer.
                            let _ = http1::Builder::new()
                                .timer(TokioTimer::new())
                                .header_read_timeout(HEAD_DEADLINE)
                                .serve_connection(TokioIo::new(stream), service)
                                .await;
                        });
                    }
                    // Others have to end first.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn answer(metrics: &Metrics, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            (StatusCode::OK, OPEN_METRICS, metrics.text())
        }
        (&Method::GET | &Method::HEAD, "/healthz") if metrics.is_draining() => {
            (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "draining\n".to_owned())
        }
        (&Method::GET | &Method::HEAD, "/healthz") => {
            (StatusCode::OK, "text/plain", "serving\n".to_owned())
        }
        (&Method::GET | &Method::HEAD, _) => {
            (StatusCode::NOT_FOUND, "text/plain", "There are /metrics and /healthz.\n".to_owned())
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET and HEAD only.\n".to_owned()),
    };
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
