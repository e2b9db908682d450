//! A WebDriver session (W3C WebDriver), with a time limit on each command.

use std::{future::Future, time::Duration};

use fantoccini::{
    Client, ClientBuilder,
    error::{CmdError, NewSessionError},
    wd::WebDriverCompatibleCommand,
};
use http::Method;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use serde_json::{Map, Value, json};
use url::Url;

use super::remote::shown;
use crate::client::Trouble;

/// How long a command may take. A page that hangs is cut short by the browser before.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a browser may take to be there.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A session with a browser.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
}

/// A command that was not done.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The browser said so: the error's name (WebDriver section 6.6), and its words.
    Said { error: String, message: String },
    /// The browser or its driver is gone, hangs or talks nonsense.
    Broke(Trouble),
}

impl From<CommandError> for Trouble {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Said { error, message } => Self::Broke(format!("{error}: {message}")),
            CommandError::Broke(trouble) => trouble,
        }
    }
}

#[derive(Debug)]
struct Command {
    method: Method,
    path: String,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = (self.method == Method::POST).then(|| self.body.to_string());
        (self.method.clone(), body)
    }
}

impl Session {
    /// Asks for a browser with these capabilities.
    pub(super) async fn begin(endpoint: &str, capabilities: Value) -> Result<Self, Trouble> {
        let Value::Object(capabilities) = capabilities else {
            return Err(Trouble::Broke("capabilities are an object".to_owned()));
        };
        let endpoint = &endpoint
            .parse::<Url>()
            .map_err(|error| Trouble::Broke(format!("the driver's URL: {error}")))?;
        let place = shown(endpoint);
        let connected = async {
            match endpoint.scheme() {
                "https" => connect(tls_connector()?, endpoint, capabilities).await,
                _ => connect(HttpConnector::new(), endpoint, capabilities).await,
            }
        };
        match tokio::time::timeout(START_LIMIT, connected).await {
            Ok(Ok(client)) => Ok(Self { client }),
            Ok(Err(why)) => {
                Err(Trouble::Broke(format!("no session with the browser at {place}: {why}")))
            }
            Err(_) => Err(Trouble::Broke(format!(
                "the browser at {place} was not there within {} s",
                START_LIMIT.as_secs()
            ))),
        }
    }

    /// A command of the session, `path` being what comes after its id.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, CommandError> {
        let command = Command { method: Method::POST, path: path.to_owned(), body };
        limited(self.client.issue_cmd(command)).await
    }

    /// Goes to a page, and waits until it is there.
    pub(super) async fn go(&self, url: &str) -> Result<(), CommandError> {
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    /// Runs a script in the page; it returns its result.
    pub(super) async fn run(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, CommandError> {
        self.post("execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// Runs a script in the page; it calls its last argument with its result.
    pub(super) async fn run_async(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, CommandError> {
        self.post("execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// What the browser says of itself.
    pub(super) fn capabilities(&self) -> Map<String, Value> {
        self.client.capabilities().cloned().unwrap_or_default()
    }

    /// Its name and version, where it tells them (section 7.2).
    pub(super) fn version(&self) -> Option<String> {
        let capabilities = self.capabilities();
        let word = |key: &str| capabilities.get(key)?.as_str().map(str::to_owned);
        let (name, version) = (word("browserName")?, word("browserVersion")?);
        Some(match word("platformName") {
            Some(platform) => format!("{name} {version} ({platform})"),
            None => format!("{name} {version}"),
        })
    }

    /// Closes the browser, and says whether it did close.
    pub(super) async fn end(self) -> Result<(), CommandError> {
        limited(async { self.client.close().await.map(|()| Value::Null) }).await.map(drop)
    }
}

/// Begins the session over that connector; where there is none, why, with all its causes.
async fn connect<C>(
    connector: C,
    endpoint: &Url,
    capabilities: Map<String, Value>,
) -> Result<Client, String>
where
    C: Connect + Clone + Send + Sync + Unpin + 'static,
{
    let mut builder = ClientBuilder::new(connector);
    builder.capabilities(capabilities);
    builder.connect(endpoint.as_str()).await.map_err(|error| match &error {
        // Which tells its cause by none of the usual ways.
        NewSessionError::FailedC(cause) => format!("it does not answer: {}", with_causes(cause)),
        _ => error.to_string(),
    })
}

/// A connector for endpoints behind TLS, which must be trusted as this machine trusts.
fn tls_connector() -> Result<HttpsConnector<HttpConnector>, String> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
    let builder =
        builder.map_err(|error| format!("this machine's trusted certificates: {error}"))?;
    Ok(builder.https_or_http().enable_http1().build())
}

/// An error and what is behind it: "client error (Connect)" alone helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let more = one.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = one.source();
    }
    words
}

async fn limited(
    command: impl Future<Output = Result<Value, CmdError>>,
) -> Result<Value, CommandError> {
    match tokio::time::timeout(LIMIT, command).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(CmdError::Standard(error))) => Err(CommandError::Said {
            error: error.error.to_string(),
            message: error.message.into_owned(),
        }),
        Ok(Err(CmdError::FailedC(error))) => Err(CommandError::Broke(Trouble::Broke(format!(
            "the browser's driver does not answer: {}",
            with_causes(&error)
        )))),
        Ok(Err(error)) => {
            Err(CommandError::Broke(Trouble::Broke(format!("the browser's driver: {error}"))))
        }
        Err(_) => Err(CommandError::Broke(Trouble::Broke(format!(
            "the browser did not answer within {} s",
            LIMIT.as_secs()
        )))),
    }
}
