//! Targets in a Redis (`TokenRedis`).

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::lookup::Asked;
use super::refusal::{ServiceProblem, TokenSourceError};
use super::target_text::{target, target_of};
use crate::event::cause;
use crate::settings::{Endpoint, Password, Target};

/// Redis' own.
const PORT: u16 = 6379;

/// More than greeting and answer have, in bytes. A server that says more is none, and is not heard to its end.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// A Redis in which tokens are keys, and targets values: `HOST:PORT` or `{"host": "HOST:PORT"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisStore {
    /// Where it is.
    pub server: Endpoint,
    /// Which of its databases.
    pub database: u16,
    /// What it wants to hear before it answers.
    pub password: Option<Password>,
    /// File whose first line is that password, which [`password`](Self::password) wins over.
    pub password_file: Option<PathBuf>,
    /// What stands before each token, and a colon, in its key.
    pub namespace: Option<String>,
}

/// Why a text does not name a [`RedisStore`]. It does not show the text: a password may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisProblem {
    /// There are too many fields, or no host.
    #[error(
        "it should be HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]]; a field with colons stands in \"quotes\", an IPv6 \
             address in [brackets]"
    )]
    Form,
    /// The second field is no port.
    #[error("its second field is not a port: HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]]")]
    Port,
    /// The third field is no number.
    #[error(
        "its third field is not the number of a database: HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]]"
    )]
    Database,
}

/// websockify's `HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]]`, of which all but the first may be empty.
///
/// ```
/// # use wssure_proxy::RedisStore;
/// let store: RedisStore = "redis.example::1::\"desks:all\"".parse().unwrap();
/// assert_eq!(store.server.port, 6379);
/// assert_eq!(store.database, 1);
/// assert_eq!(store.namespace.as_deref(), Some("desks:all"));
/// ```
impl FromStr for RedisStore {
    type Err = RedisProblem;

    fn from_str(text: &str) -> Result<Self, RedisProblem> {
        let fields = fields(text).ok_or(RedisProblem::Form)?;
        if fields.len() > 5 || fields[0].is_empty() {
            return Err(RedisProblem::Form);
        }
        let field = |index: usize| fields.get(index).copied().filter(|field| !field.is_empty());
        Ok(Self {
            server: Endpoint::new(
                fields[0],
                match field(1).map(str::parse) {
                    None => PORT,
                    Some(Ok(port)) if port != 0 => port,
                    Some(_) => return Err(RedisProblem::Port),
                },
            ),
            database: field(2).map_or(Ok(0), str::parse).map_err(|_| RedisProblem::Database)?,
            password: field(3).map(Password::new),
            password_file: None,
            namespace: field(4).map(str::to_owned),
        })
    }
}

/// What stands between the colons; those in quotes and brackets are none.
fn fields(text: &str) -> Option<Vec<&str>> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let closing = match rest.chars().next() {
            Some('"') => Some('"'),
            Some('[') if fields.is_empty() => Some(']'),
            _ => None,
        };
        let closed = closing.and_then(|closing| rest[1..].split_once(closing));
        let (field, behind) = match closed {
            Some((field, behind)) if behind.is_empty() || behind.starts_with(':') => {
                (field, behind)
            }
            _ => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        fields.push(field);
        match behind.strip_prefix(':') {
            Some(more) => rest = more,
            None => return Some(fields).filter(|fields| fields.len() < 16),
        }
        if fields.len() >= 16 {
            return None;
        }
    }
}

/// Without the password.
impl fmt::Display for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis {}", self.server)
    }
}

/// Asks it.
#[derive(Debug)]
pub(super) struct Redis {
    store: RedisStore,
    login: RedisConnectionInfo,
}

impl Redis {
    /// Reads the password's file. The server is not asked.
    pub(super) fn open(store: &RedisStore) -> Result<Self, TokenSourceError> {
        let password = match (&store.password, &store.password_file) {
            (Some(password), _) => Some(password.clone()),
            (None, Some(path)) => Some(
                Password::from_file(path)
                    .map_err(|error| TokenSourceError::Password { path: path.clone(), error })?,
            ),
            (None, None) => None,
        };
        let mut login = RedisConnectionInfo::default().set_db(i64::from(store.database));
        if let Some(password) = password {
            login = login.set_password(password.as_str());
        }
        Ok(Self { store: store.clone(), login })
    }

    /// Asks for a token's target, over a connection of its own: sessions are rare.
    pub(super) async fn ask(&self, token: &str) -> Result<Asked, ServiceProblem> {
        let server = &self.store.server;
        let host = server.host.as_deref().unwrap_or("localhost");
        let stream = TcpStream::connect((host, server.port)).await;
        let stream = stream.map_err(|error| ServiceProblem::NotReached(cause(&error)))?;
        let (reading, writing) = stream.into_split();
        let bounded = tokio::io::join(reading.take(LARGEST_ANSWER), writing);
        // There is a limit of time for all of it.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let config = config.set_connection_timeout(None);
        let opened = MultiplexedConnection::new_with_config(&self.login, bounded, config).await;
        let (mut connection, driver) = opened.map_err(|error| problem(&error))?;
        let key = match &self.store.namespace {
            Some(namespace) => format!("{namespace}:{token}"),
            None => token.to_owned(),
        };
        let asked = async move {
            let value: Result<Option<Vec<u8>>, _> =
                redis::cmd("GET").arg(key).query_async(&mut connection).await;
            value.map_err(|error| problem(&error))
        };
        let value = tokio::select! {
            biased;
            value = asked => value?,
            () = driver => return Err(ServiceProblem::NotReached("it closed the connection".to_owned())),
        };
        match value {
            None => Ok(Asked::NotFound),
            Some(value) => read(&value).map(Asked::Target).map_err(ServiceProblem::NoTarget),
        }
    }
}

/// An error of the server is in its own words; others are in the library's.
fn problem(error: &redis::RedisError) -> ServiceProblem {
    let plain = |words: &str| words.escape_debug().to_string();
    match error.code() {
        Some(code) => ServiceProblem::Refused(plain(&format!(
            "{code} {}",
            error.detail().unwrap_or_default()
        ))),
        None => ServiceProblem::NotReached(plain(&error.to_string())),
    }
}

fn read(value: &[u8]) -> Result<Target, String> {
    let text = std::str::from_utf8(value).map_err(|_| "it is not UTF-8".to_owned())?.trim();
    if !text.starts_with('{') {
        return target(text);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => target_of(&object),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn websockifys_forms_are_read() {
        let store = |text: &str| text.parse::<RedisStore>().unwrap();
        let simple = store("desks.example");
        assert_eq!(simple.server, Endpoint::new("desks.example", 6379));
        assert_eq!((simple.database, simple.password, simple.namespace), (0, None, None));
        let full = store("h:6380:1:verysecret:app");
        assert_eq!(full.server, Endpoint::new("h", 6380));
        assert_eq!(full.password, Some(Password::new("verysecret")));
        assert_eq!((full.database, full.namespace.as_deref()), (1, Some("app")));
        assert_eq!(store("h::::app").namespace.as_deref(), Some("app"));
        assert_eq!(store("h::::\"a:b\"").namespace.as_deref(), Some("a:b"));
        assert_eq!(store("h:::\"p:w\":n").password, Some(Password::new("p:w")));
        assert_eq!(store("[::1]:6380").server, Endpoint::new("::1", 6380));
        assert!(!format!("{full} {full:?}").contains("verysecret"));
    }

    #[test]
    fn others_are_told() {
        let problem = |text: &str| text.parse::<RedisStore>().unwrap_err();
        assert_eq!(problem(""), RedisProblem::Form);
        assert_eq!(problem(":6379"), RedisProblem::Form);
        assert_eq!(problem("h:1:2:3:4:5"), RedisProblem::Form);
        assert_eq!(problem("h:vnc"), RedisProblem::Port);
        assert_eq!(problem("h:0"), RedisProblem::Port);
        assert_eq!(problem("h::x"), RedisProblem::Database);
        assert_eq!(problem("h::-1"), RedisProblem::Database);
    }

    #[test]
    fn a_value_is_a_target() {
        let read = |value: &str| read(value.as_bytes()).map(|target| target.to_string());
        assert_eq!(read(" h:1\n").unwrap(), "h:1");
        assert_eq!(read(r#"{"host": "h:1"}"#).unwrap(), "h:1");
        for bad in ["", "h", "{", "{}", r#"{"host": 1}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_names_a_server_or_none(text in any::<String>()) {
            let _ = text.parse::<RedisStore>();
        }
    }
}
