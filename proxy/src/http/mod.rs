//! HTTP/1.1 on the port: WebSocket upgrades, pages and files.

mod conditions;
mod file_answer;
mod files;
mod media_type;
mod page;
mod secret;
mod upgrade;

pub(crate) use files::WebFolder;
pub use secret::OwnFile;
pub(crate) use secret::ProtectedFiles;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::auth::{AuthScope, CHALLENGE, Gate, NotLetIn, Shown};
use crate::event::{Asked, ClientEvent, Event};
use crate::limits::{LEAST_REQUEST_SIZE, Limits};
use crate::listen::Peer;
use crate::log::Log;
use crate::settings::Target;
use crate::target::Destination;
use upgrade::Answer;
pub use upgrade::UpgradeRefusal;

/// The body of a response.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// What answers requests: the same for all connections.
pub(crate) struct Site {
    /// Whom it asks first.
    pub(crate) gate: Option<Gate>,
    pub(crate) limits: Limits,
    pub(crate) web: Option<WebFolder>,
    pub(crate) log: Arc<Log>,
    pub(crate) destination: Arc<Destination>,
}

/// An upgrade that was granted.
struct Granted {
    upgrade: OnUpgrade,
    target: Target,
}

/// A stream that was upgraded to WebSocket.
pub(crate) struct Upgraded<S> {
    pub(crate) stream: S,
    /// What the client sent right behind its request.
    pub(crate) early: Bytes,
    /// Where the session goes.
    pub(crate) target: Target,
}

/// Answers requests until one is an upgrade (and then returns the stream) or the connection ends.
pub(crate) async fn serve<S>(
    site: &Arc<Site>,
    stream: S,
    peer: Peer,
    shown: &Shown,
) -> Option<Upgraded<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgrade: Arc<Mutex<Option<Granted>>> = Arc::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (site, upgrade) = (Arc::clone(site), Arc::clone(&upgrade));
        async move { Ok::<_, Infallible>(answer(&site, request, peer, shown, &upgrade).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(site.limits.request)
        .max_buf_size(site.limits.request_size.max(LEAST_REQUEST_SIZE))
        .max_headers(site.limits.request_headers)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        report(site, peer, &error);
        return None;
    }
    let Granted { upgrade, target } =
        upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    let Parts { io, read_buf, .. } = upgrade.await.ok()?.downcast::<TokioIo<S>>().ok()?;
    Some(Upgraded { stream: io.into_inner(), early: read_buf, target })
}

fn report(site: &Site, peer: Peer, error: &hyper::Error) {
    let event = if error.is_timeout() {
        ClientEvent::RequestTimeout
    } else if error.is_parse() {
        ClientEvent::BadRequest(error.to_string())
    } else {
        // The client left: nothing was asked that could be answered.
        return;
    };
    site.log.tell(&Event::Client(peer, event));
}

async fn answer(
    site: &Site,
    mut request: Request<Incoming>,
    peer: Peer,
    shown: &Shown,
    upgrade: &Mutex<Option<Granted>>,
) -> Response<Body> {
    let verdict = upgrade::answer(&request);
    if let Some(asked) = asked_of(site, &verdict, request.uri())
        && let Some(gate) = &site.gate
        && let Err(refusal) = gate.ask(request.headers(), shown).await
    {
        let response = not_let_in(&refusal);
        site.log.tell(&Event::Client(peer, ClientEvent::NotLetIn(refusal, asked)));
        return response;
    }
    let response = match verdict {
        Answer::Upgrade(response) => match site.destination.of(&request).await {
            Ok(target) => {
                let granted = Granted { upgrade: hyper::upgrade::on(&mut request), target };
                *upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(granted);
                return response;
            }
            Err(refusal) => {
                let status = StatusCode::from_u16(refusal.status());
                let mut response =
                    page::error(status.unwrap_or(StatusCode::FORBIDDEN), refusal.answer());
                close(&mut response);
                site.log.tell(&Event::Client(peer, ClientEvent::NoTarget(refusal)));
                return response;
            }
        },
        Answer::Refuse(refusal) => {
            let response = refusal.response();
            site.log.tell(&Event::Client(peer, ClientEvent::UpgradeRefused(refusal)));
            return response;
        }
        Answer::NotAsked => plain(site, &request, peer, shown).await,
    };
    site.log.tell(&Event::Client(
        peer,
        ClientEvent::Request {
            method: request.method().to_string(),
            path: shown_path(request.uri()),
            status: response.status().as_u16(),
        },
    ));
    response
}

/// What the gate is asked about, if it is.
fn asked_of(site: &Site, verdict: &Answer, uri: &Uri) -> Option<Asked> {
    match (verdict, site.gate.as_ref()?.scope()) {
        (Answer::Upgrade(_), _) => Some(Asked::Session),
        (Answer::NotAsked, AuthScope::SessionsAndPages) => Some(Asked::Page(shown_path(uri))),
        (Answer::NotAsked, AuthScope::Sessions) | (Answer::Refuse(_), _) => None,
    }
}

fn not_let_in(refusal: &NotLetIn) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = page::error(status, refusal.answer());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    close(&mut response);
    response
}

/// A path for the log, without the query: tokens and passwords stand there.
fn shown_path(uri: &Uri) -> String {
    let query = if uri.query().is_some() { "?..." } else { "" };
    format!("{}{query}", uri.path())
}

/// Says that the connection ends behind this.
fn close(response: &mut Response<Body>) {
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
}

async fn plain(
    site: &Site,
    request: &Request<Incoming>,
    peer: Peer,
    shown: &Shown,
) -> Response<Body> {
    let mut response = match (request.method(), &site.web) {
        (&Method::GET | &Method::HEAD, Some(folder)) => {
            folder.answer(request, &site.log, peer).await
        }
        (&Method::GET | &Method::HEAD, None) => page::nothing_but_websockets(shown),
        _ => page::error(StatusCode::NOT_IMPLEMENTED, "This port answers GET and HEAD only."),
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        close(&mut response);
    }
    if request.method() == Method::HEAD {
        // hyper sends no body for HEAD, and computes Content-Length from it all the same.
        let (parts, body) = response.into_parts();
        return Response::from_parts(parts, body.boxed_unsync());
    }
    response
}
