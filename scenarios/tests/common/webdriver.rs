//! A WebDriver endpoint of the test's own (W3C WebDriver): no browser is behind it, and its pages see every
//! WebSocket refused.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Bytes, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// How it behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As WebDriver says.
    Proper,
    /// It answers, and no WebDriver.
    Nonsense,
    /// Its first session dies in the middle of the first case.
    FirstSessionDies,
    /// Its browser finds no name.
    FindsNoName,
}

/// It ends when this is dropped.
pub struct WebDriver {
    pub address: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

struct State {
    manner: Manner,
    sessions: AtomicUsize,
    ended: AtomicUsize,
    authorized: Mutex<Vec<String>>,
}

impl WebDriver {
    pub fn start(manner: Manner) -> Self {
        let state = Arc::new(State {
            manner,
            sessions: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            authorized: Mutex::default(),
        });
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { address, state, _runtime: runtime }
    }

    /// How many sessions it was asked for.
    pub fn sessions(&self) -> usize {
        self.state.sessions.load(Ordering::SeqCst)
    }

    /// How many of them were ended by who had asked.
    pub fn ended(&self) -> usize {
        self.state.ended.load(Ordering::SeqCst)
    }

    /// The credentials that came with each new session.
    pub fn authorized(&self) -> Vec<String> {
        self.state.authorized.lock().unwrap().clone()
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, text) = match state.manner {
        Manner::Nonsense => (200, "<h1>It works!</h1>".to_owned()),
        _ => {
            if let Some(credentials) = head.headers.get("authorization") {
                let credentials = credentials.to_str().unwrap().to_owned();
                state.authorized.lock().unwrap().push(credentials);
            }
            let path: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
            match command(&state, &head.method, &path, &body).await {
                Ok(value) => (200, json!({ "value": value }).to_string()),
                Err(error) => {
                    let value =
                        json!({ "error": error, "message": "says the test", "stacktrace": "" });
                    (404, json!({ "value": value }).to_string())
                }
            }
        }
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::new(Bytes::from(text))).unwrap())
}

async fn command(
    state: &State,
    method: &Method,
    path: &[&str],
    body: &Value,
) -> Result<Value, &'static str> {
    match (method, path) {
        (&Method::POST, ["session"]) => {
            let number = state.sessions.fetch_add(1, Ordering::SeqCst) + 1;
            let capabilities = json!({
                "browserName": "safari", "browserVersion": "99.9", "platformName": "test",
            });
            Ok(json!({ "sessionId": number.to_string(), "capabilities": capabilities }))
        }
        (&Method::DELETE, ["session", _]) => {
            state.ended.fetch_add(1, Ordering::SeqCst);
            Ok(Value::Null)
        }
        (_, ["session", session, "execute", "async"]) => {
            let url = body["args"][0].as_str().unwrap_or_default();
            let is_of_a_case = !url.contains("wssure.test");
            if state.manner == Manner::FirstSessionDies && *session == "1" && is_of_a_case {
                return Err("invalid session id");
            }
            // It comes, and leaves without a word.
            let port = url.rsplit(':').next().and_then(|rest| rest.trim_matches('/').parse().ok());
            drop(TcpStream::connect(("127.0.0.1", port.unwrap_or(0))).await);
            Ok(json!({
                "events": ["error", "close"],
                "close": { "code": 1006, "reason": "", "clean": false },
                "came": null, "threw": null, "late": false,
            }))
        }
        (_, ["session", _, "url"]) => {
            let url = body["url"].as_str().unwrap_or_default();
            let by_name = !url.starts_with("http://127.0.0.1:");
            if state.manner == Manner::FindsNoName && by_name {
                return Err("unknown error");
            }
            Ok(Value::Null)
        }
        (_, ["session", _, "execute", "sync"]) => Ok(Value::from(true)),
        _ => Ok(Value::Null),
    }
}
