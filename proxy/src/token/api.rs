//! Targets from a server that is asked over HTTP (`BaseTokenAPI`, `JSONTokenApi`).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use url::Url;

use super::lookup::{Asked, is_here};
use super::refusal::{ServiceProblem, TokenSourceError};
use super::target_text::{target, target_of};
use crate::authorities::Authorities;

/// More than any answer with a target has, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;

/// What of a token stands in a URL as it is (RFC 3986, section 2.3): it can be no path, query or host of its own.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server that knows where tokens lead.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenApi {
    /// What stands before and behind the token, without user and password.
    before: String,
    behind: String,
    /// `Basic` and what follows it, for a URL with user or password.
    authorization: Option<String>,
    /// Scheme, host and path, which may be shown.
    shown: String,
    /// Whether tokens pass other machines in the clear.
    in_the_clear: bool,
    is_https: bool,
    answer: ApiAnswer,
    /// File with the authorities that may have issued its certificate (`--token-cafile`); `None` takes the system's.
    pub authorities: Option<PathBuf>,
}

/// What a server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiAnswer {
    /// `HOST:PORT`.
    Text,
    /// `{"host": "HOST", "port": PORT}`.
    Json,
}

/// Why a text is not the URL of a [`TokenApi`]. It does not show the text: a password may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlProblem {
    /// There is no place for the token, or more than one.
    #[error(
        "it should be a URL with one %s where the token goes, such as https://desks.example/tokens/%s"
    )]
    Place,
    /// It is no URL.
    #[error("it is not a URL: {0}")]
    NotAUrl(url::ParseError),
    /// It is neither `http` nor `https`.
    #[error("it should begin with http:// or https://")]
    Scheme,
    /// A client could choose the server.
    #[error(
        "%s should stand in the path or the query: whoever has a token would choose the server"
    )]
    PlaceInHost,
}

impl TokenApi {
    /// The server at a URL in which `%s` stands for the token, and `%%` for `%`, as websockify has it.
    ///
    /// ```
    /// # use wssure_proxy::{ApiAnswer, TokenApi};
    /// let api = TokenApi::new("https://me:secret@desks.example/tokens/%s", ApiAnswer::Json).unwrap();
    /// assert_eq!(api.to_string(), "https://desks.example/tokens/%s");
    /// assert!(TokenApi::new("https://desks.example/", ApiAnswer::Json).is_err());
    /// ```
    pub fn new(template: &str, answer: ApiAnswer) -> Result<Self, UrlProblem> {
        let parts: Vec<String> = template.split("%s").map(|part| part.replace("%%", "%")).collect();
        let [before, behind] = &parts[..] else { return Err(UrlProblem::Place) };
        let with = |token| Url::parse(&format!("{before}{token}{behind}"));
        let url = with("a").map_err(UrlProblem::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlProblem::Scheme);
        }
        let server = |url: &Url| {
            (url.origin(), url.username().to_owned(), url.password().map(str::to_owned))
        };
        let is_same = with("b").is_ok_and(|other| server(&other) == server(&url) && other != url);
        if !is_same {
            return Err(UrlProblem::PlaceInHost);
        }
        let host = url.host_str().unwrap_or_default();
        let bare = |part: &str| match before.split_once('@') {
            Some((user, _)) if !url.username().is_empty() || url.password().is_some() => {
                let user = user.split("//").last().unwrap_or_default();
                part.replacen(&format!("{user}@"), "", 1)
            }
            _ => part.to_owned(),
        };
        let before = bare(before);
        let shown = format!("{before}%s{behind}");
        let end = shown.find(['?', '#']).unwrap_or(shown.len());
        Ok(Self {
            shown: shown[..end].to_owned(),
            authorization: authorization(&url),
            in_the_clear: url.scheme() == "http" && !is_here(host.trim_matches(['[', ']'])),
            is_https: url.scheme() == "https",
            before,
            behind: behind.clone(),
            answer,
            authorities: None,
        })
    }

    /// What it answers with.
    pub fn answer(&self) -> ApiAnswer {
        self.answer
    }

    pub(super) fn is_in_the_clear(&self) -> bool {
        self.in_the_clear
    }

    fn url(&self, token: &str) -> String {
        format!("{}{}{}", self.before, utf8_percent_encode(token, RESERVED), self.behind)
    }
}

/// What a client sends for user and password of a URL (RFC 7617).
fn authorization(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut both: Vec<u8> = percent_decode_str(url.username()).collect();
    both.push(b':');
    both.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(both)))
}

/// Without user, password and query, which may hold a key.
impl fmt::Display for TokenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for TokenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenApi")
            .field("url", &self.shown)
            .field("answer", &self.answer)
            .field("authorities", &self.authorities)
            .finish_non_exhaustive()
    }
}

/// Asks it.
#[derive(Debug)]
pub(super) struct Api {
    api: TokenApi,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Api {
    /// Loads the authorities of its certificate.
    pub(super) fn open(api: &TokenApi) -> Result<Self, TokenSourceError> {
        let roots = if api.is_https {
            let loaded = Authorities::load(api.authorities.as_deref());
            loaded.map_err(TokenSourceError::Authorities)?.roots
        } else {
            Arc::new(RootCertStore::empty())
        };
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TokenSourceError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        // A connection that was kept may be gone when it is needed, and sessions are rare.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { api: api.clone(), client })
    }

    /// Asks for a token's target.
    pub(super) async fn ask(&self, token: &str) -> Result<Asked, ServiceProblem> {
        // Servers and what stands before them resolve these away, and would be asked for something else.
        if matches!(token, "." | "..") {
            return Ok(Asked::NotFound);
        }
        let mut request = Request::get(self.api.url(token))
            .header(header::ACCEPT, "*/*")
            .header(header::USER_AGENT, concat!("wssure-proxy/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &self.api.authorization
            && let Ok(mut value) = HeaderValue::from_str(authorization)
        {
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        // Of an endless token: a URI has at most 64 KiB.
        let Ok(request) = request.body(Empty::new()) else { return Ok(Asked::NotFound) };
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| ServiceProblem::NotReached(root_cause(&error)))?;
        match answer.status() {
            status if status.is_success() => {}
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                return Ok(Asked::NotKnown(status.as_u16()));
            }
            status if status.is_redirection() => {
                return Err(ServiceProblem::Redirect(status.as_u16()));
            }
            status => return Err(ServiceProblem::Status(status.as_u16())),
        }
        let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                ServiceProblem::TooLong
            } else {
                ServiceProblem::NotReached(root_cause(error.as_ref()))
            }
        })?;
        read(&body.to_bytes(), self.api.answer).map(Asked::Target)
    }
}

fn read(body: &[u8], answer: ApiAnswer) -> Result<crate::settings::Target, ServiceProblem> {
    let target = match answer {
        ApiAnswer::Text => match std::str::from_utf8(body) {
            Ok(text) => target(text.trim()),
            Err(_) => Err("it is not UTF-8".to_owned()),
        },
        ApiAnswer::Json => match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => target_of(&object),
            Ok(_) => Err("it is no JSON object".to_owned()),
            Err(error) => Err(format!("it is no JSON: {error}")),
        },
    };
    target.map_err(ServiceProblem::NoTarget)
}

/// The innermost error, which says most.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => crate::event::cause(error),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_put_into_the_url_and_stays_a_part_of_it() {
        let api = TokenApi::new("http://h/a%%20b/%s?x=1", ApiAnswer::Text).unwrap();
        assert_eq!(api.url("t/1?&#é %"), "http://h/a%20b/t%2F1%3F%26%23%C3%A9%20%25?x=1");
        assert_eq!(api.to_string(), "http://h/a%20b/%s");
        assert!(api.in_the_clear);
        assert!(!TokenApi::new("http://127.0.0.1:8/%s", ApiAnswer::Text).unwrap().in_the_clear);
        assert!(!TokenApi::new("http://[::1]:8/%s", ApiAnswer::Text).unwrap().in_the_clear);
        assert!(!TokenApi::new("https://h/?t=%s", ApiAnswer::Text).unwrap().in_the_clear);
    }

    #[test]
    fn user_and_password_become_a_header_and_are_not_shown() {
        let api = TokenApi::new("https://me:se%%3Acret@h/%s?key=hidden", ApiAnswer::Json).unwrap();
        assert_eq!(api.url("t"), "https://h/t?key=hidden");
        let expected = format!("Basic {}", BASE64_STANDARD.encode("me:se:cret"));
        assert_eq!(api.authorization, Some(expected));
        for shown in [api.to_string(), format!("{api:?}")] {
            assert!(!shown.contains("cret") && !shown.contains("hidden"), "{shown}");
        }
    }

    #[test]
    fn a_client_does_not_choose_the_server() {
        let new = |url| TokenApi::new(url, ApiAnswer::Text).map(drop);
        for url in ["http://%s/", "http://h:8%s/", "http://%s.h/", "%s://h/", "http://%s@h/x"] {
            assert!(new(url).is_err(), "{url}");
        }
        assert_eq!(new("http://%s.h/"), Err(UrlProblem::PlaceInHost));
        assert_eq!(new("http://h/#%s"), Ok(()));
        assert_eq!(new("http://h/"), Err(UrlProblem::Place));
        assert_eq!(new("http://h/%s/%s"), Err(UrlProblem::Place));
        assert_eq!(new("ftp://h/%s"), Err(UrlProblem::Scheme));
        assert_eq!(
            new("tokens/%s"),
            Err(UrlProblem::NotAUrl(url::ParseError::RelativeUrlWithoutBase))
        );
    }

    #[test]
    fn an_answer_names_a_target() {
        let read =
            |body: &str, answer| read(body.as_bytes(), answer).map(|target| target.to_string());
        assert_eq!(read("h:1\n", ApiAnswer::Text).unwrap(), "h:1");
        assert_eq!(read(r#"{"host": "h", "port": 1}"#, ApiAnswer::Json).unwrap(), "h:1");
        for bad in ["", "[]", "{", "h:1"] {
            let error = read(bad, ApiAnswer::Json).unwrap_err();
            assert!(matches!(error, ServiceProblem::NoTarget(_)), "{bad}");
        }
        assert!(read("<html>", ApiAnswer::Text).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_url_or_none(text in any::<String>(), token in any::<String>()) {
            for text in [text.clone(), format!("http://h/{text}%s")] {
                if let Ok(api) = TokenApi::new(&text, ApiAnswer::Text) {
                    api.url(&token);
                }
            }
        }

        #[test]
        fn no_token_leads_to_another_server(token in any::<String>()) {
            let api = TokenApi::new("https://h.example/t/%s?a=b", ApiAnswer::Text).unwrap();
            let url = Url::parse(&api.url(&token)).unwrap();
            prop_assert_eq!(url.host_str(), Some("h.example"));
            prop_assert_eq!(url.query(), Some("a=b"));
        }
    }
}
