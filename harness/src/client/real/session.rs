//! A WebDriver session (W3C WebDriver), with a time limit on each command.

use std::{future::Future, time::Duration};

use fantoccini::{Client, ClientBuilder, error::CmdError, wd::WebDriverCompatibleCommand};
use http::Method;
use serde_json::{Value, json};

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
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        match tokio::time::timeout(START_LIMIT, builder.connect(endpoint)).await {
            Ok(Ok(client)) => Ok(Self { client }),
            Ok(Err(error)) => {
                Err(Trouble::Broke(format!("no session with the browser at {endpoint}: {error}")))
            }
            Err(_) => Err(Trouble::Broke(format!(
                "the browser at {endpoint} was not there within {} s",
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

    /// Closes the browser, and says whether it did close.
    pub(super) async fn end(self) -> Result<(), CommandError> {
        limited(async { self.client.close().await.map(|()| Value::Null) }).await.map(drop)
    }
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
        Ok(Err(error)) => {
            Err(CommandError::Broke(Trouble::Broke(format!("the browser's driver: {error}"))))
        }
        Err(_) => Err(CommandError::Broke(Trouble::Broke(format!(
            "the browser did not answer within {} s",
            LIMIT.as_secs()
        )))),
    }
}
