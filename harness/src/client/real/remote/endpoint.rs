//! What is given for a remote browser: `NAME=URL[,KEY=VALUE...]`.

use std::{fmt, num::NonZero, str::FromStr};

use serde_json::{Map, Value};
use url::Url;

use super::words::{Word, split};

/// The key that is no capability: whose rules the browser is held against.
const PROFILE: &str = "profile";
/// The other such key: how many sessions the endpoint has place for at once.
const PLACES: &str = "places";
/// These capabilities are strings, whatever they look like (W3C WebDriver section 7.2).
const STRINGS: [&str; 3] = ["browserName", "browserVersion", "platformName"];

/// A WebDriver endpoint, and the browser that is wanted of it.
///
/// Its URL may hold a user and a password (HTTP Basic, RFC 7617): these are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(in crate::client::real) name: String,
    pub(super) url: Url,
    pub(super) capabilities: Map<String, Value>,
    pub(in crate::client::real) profile: String,
    pub(in crate::client::real) places: Option<NonZero<usize>>,
}

/// What was given is no endpoint: where, and why. It quotes nothing that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {problem}")]
pub struct EndpointError {
    /// The character's number, from 1.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It does not begin with a name.
    #[error(
        "a name of letters, digits, `-`, `_` and `.` begins it, then `=` and the endpoint's URL: NAME=URL[,KEY=VALUE...]"
    )]
    Name,
    /// The URL is none.
    #[error("that is no URL of a WebDriver endpoint, such as http://grid.example:4444: {0}")]
    Url(String),
    /// A capability is none.
    #[error("KEY=VALUE is expected after a comma")]
    Pair,
    /// A capability is there already.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// A value begins as JSON does, and is none.
    #[error("the value of `{key}` begins as JSON does and is none: {reason}")]
    Json {
        /// Whose value.
        key: String,
        /// What a JSON reader says.
        reason: String,
    },
    /// `places` is no number.
    #[error("`places` is how many sessions the endpoint has place for at once: 1 or more")]
    Places,
    /// A bracket or quote is open at the end.
    #[error("the `{0}` is not closed")]
    NotClosed(char),
    /// A bracket closes what is not open.
    #[error("the `{0}` closes nothing")]
    Closes(char),
    /// Nobody says which rules it goes by.
    #[error(
        "no browserName tells whose rules it is held against: add profile=NAME; `wssure list clients` shows the names"
    )]
    Profile,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let words = split(text)?;
        let (head, rest) = match words.split_first() {
            Some((head, rest)) => (*head, rest),
            None => return Err(EndpointError { at: 1, problem: Problem::Name }),
        };
        let (name, url) = pair(head).ok_or(EndpointError { at: 1, problem: Problem::Name })?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.text.is_empty() || !name.text.chars().all(fits) {
            return Err(EndpointError { at: 1, problem: Problem::Name });
        }
        let mut capabilities = Map::new();
        let mut profile = None;
        let mut places = None;
        for word in rest {
            let (key, value) = pair(*word)
                .filter(|(key, _)| !key.text.is_empty())
                .ok_or(EndpointError { at: word.at, problem: Problem::Pair })?;
            let twice = match key.text {
                PLACES => {
                    let number = value.text.parse::<NonZero<usize>>();
                    let wrong = |_| EndpointError { at: value.at, problem: Problem::Places };
                    places.replace(number.map_err(wrong)?).is_some()
                }
                PROFILE => profile.replace(value.text.to_owned()).is_some(),
                _ => capabilities.insert(key.text.to_owned(), read(key, value)?).is_some(),
            };
            if twice {
                let problem = Problem::Twice(key.text.to_owned());
                return Err(EndpointError { at: key.at, problem });
            }
        }
        let profile = profile.or_else(|| profile_of(&capabilities).map(str::to_owned));
        let end = text.chars().count() + 1;
        Ok(Self {
            name: name.text.to_owned(),
            url: read_url(url)?,
            capabilities,
            places,
            profile: profile.ok_or(EndpointError { at: end, problem: Problem::Profile })?,
        })
    }
}

/// What stands on both sides of the first `=`.
fn pair(word: Word<'_>) -> Option<(Word<'_>, Word<'_>)> {
    let (key, value) = word.text.split_once('=')?;
    let at = word.at + key.chars().count() + 1;
    Some((Word { at: word.at, text: key }, Word { at, text: value }))
}

fn read(key: Word<'_>, value: Word<'_>) -> Result<Value, EndpointError> {
    match serde_json::from_str(value.text) {
        Ok(Value::Number(_) | Value::Bool(_) | Value::Null) if STRINGS.contains(&key.text) => {
            Ok(Value::from(value.text))
        }
        Ok(json) => Ok(json),
        Err(error) if value.text.starts_with(['{', '[', '"']) => Err(EndpointError {
            at: value.at,
            problem: Problem::Json { key: key.text.to_owned(), reason: error.to_string() },
        }),
        Err(_) => Ok(Value::from(value.text)),
    }
}

fn read_url(word: Word<'_>) -> Result<Url, EndpointError> {
    let wrong = |why: &str| EndpointError { at: word.at, problem: Problem::Url(why.to_owned()) };
    let mut url: Url =
        word.text.parse().map_err(|error: url::ParseError| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has no `?` and no `#`"));
    }
    // Commands are joined to it, which would else replace its last part: http://grid/wd/hub is a folder.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Whose rules a browser of that name goes by. On iOS every browser is WebKit's.
fn profile_of(capabilities: &Map<String, Value>) -> Option<&'static str> {
    let is = |key: &str, names: &[&str]| {
        let value = capabilities.get(key).and_then(Value::as_str).unwrap_or_default();
        names.iter().any(|name| value.eq_ignore_ascii_case(name))
    };
    if is("platformName", &["ios"]) {
        return Some("ios");
    }
    let known: [(&str, &[&str]); 3] = [
        ("chromium", &["chrome", "chromium", "MicrosoftEdge", "msedge"]),
        ("firefox", &["firefox"]),
        ("safari", &["safari"]),
    ];
    known.iter().find(|(_, names)| is("browserName", names)).map(|(profile, _)| *profile)
}

/// A URL as it may be shown: without its password.
pub(in crate::client::real) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // It has a host, so it can have a password.
        let _ = url.set_password(Some("***"));
    }
    url.to_string()
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Capabilities hold keys of device farms.
        let keys: Vec<&String> = self.capabilities.keys().collect();
        f.debug_struct("Endpoint")
            .field("name", &self.name)
            .field("url", &shown(&self.url))
            .field("capabilities", &keys)
            .field("profile", &self.profile)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn error(text: &str) -> String {
        text.parse::<Endpoint>().unwrap_err().to_string()
    }

    #[test]
    fn a_value_is_json_where_it_can_be_and_a_string_where_it_cannot() {
        let endpoint = endpoint(
            r#"edge=https://u:p@farm.example/wd/hub,browserName=MicrosoftEdge,browserVersion=131,a:b=true,goog:chromeOptions={"args":["--x","--y=1,2"]},name=a=b"#,
        );
        assert_eq!(endpoint.name, "edge");
        assert_eq!(endpoint.url.as_str(), "https://u:p@farm.example/wd/hub/");
        assert_eq!(endpoint.profile, "chromium");
        assert_eq!(
            Value::from(endpoint.capabilities),
            json!({
                "browserName": "MicrosoftEdge", "browserVersion": "131", "a:b": true,
                "goog:chromeOptions": { "args": ["--x", "--y=1,2"] }, "name": "a=b",
            })
        );
    }

    #[test]
    fn the_profile_is_the_browsers_unless_it_is_named() {
        let profile = |rest: &str| endpoint(&format!("a=http://h:1{rest}")).profile;
        assert_eq!(profile(",browserName=chrome"), "chromium");
        assert_eq!(profile(",browserName=firefox"), "firefox");
        assert_eq!(profile(",browserName=Safari"), "safari");
        assert_eq!(profile(",browserName=chrome,platformName=iOS"), "ios");
        assert_eq!(profile(",browserName=chrome,profile=chrome-19"), "chrome-19");
        assert!(error("a=http://h:1,browserName=opera").contains("add profile=NAME"));
        let endpoint = endpoint("a=http://h,profile=ios,places=2");
        assert!(endpoint.capabilities.is_empty());
        assert_eq!(endpoint.places.map(NonZero::get), Some(2));
    }

    #[test]
    fn an_error_has_its_place() {
        assert!(error("").starts_with("at character 1: a name of letters"));
        assert!(error("http://h,profile=ios").starts_with("at character 1: a name of letters"));
        assert!(error("a=ftp://h,profile=ios").starts_with("at character 3: that is no URL"));
        assert!(error("a=http://h,,b=1").starts_with("at character 12: KEY=VALUE is expected"));
        assert!(error("a=http://h,places=0").starts_with("at character 19: `places` is how many"));
        assert!(error("a=http://h,b=1,b=2").starts_with("at character 16: `b` is there twice"));
        assert!(
            error("a=http://h,b={x}")
                .starts_with("at character 14: the value of `b` begins as JSON")
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        let endpoint = endpoint(r#"a=https://user:hidden@h/,farm:key=hidden,profile=ios"#);
        let printed = format!("{endpoint:?} {}", shown(&endpoint.url));
        assert!(!printed.contains("hidden"), "{printed}");
        assert!(printed.contains("https://user:***@h/"), "{printed}");
        assert!(!error("a=https://user:hidden@h:port/,profile=ios").contains("hidden"));
        assert!(!error("a=ftp://user:hidden@h/,profile=ios").contains("hidden"));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_a_place_is_in_the_text(text in r#"[a=:/,{}"\[\]h1é@]{0,40}"#) {
            if let Err(error) = text.parse::<Endpoint>() {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.at), "{}", error);
            }
        }
    }
}
