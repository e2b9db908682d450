//! Who is let in, as it is read from the command line or a file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use http::HeaderMap;

use super::basic::{self, User};
use super::origin::{self, Origin};
use super::{AuthPlugin, AuthSource, NotLetIn, Shown, certificate_name};
use crate::event::cause;
use crate::text_file;

/// Who is let in.
pub(super) enum Rules {
    Users(Vec<User>),
    Origins(Vec<Origin>),
    Names(Vec<String>),
}

/// Who is let in cannot be known. What it says holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// The file cannot be read.
    #[error("the authentication source {} cannot be read: {}", path.display(), cause(error))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line of the file cannot be understood.
    #[error("the authentication source {} has a bad line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        problem: RuleProblem,
    },
    /// What was given cannot be understood.
    #[error("bad --auth-source (or WSSURE_AUTH_SOURCE): {0}")]
    Given(RuleProblem),
    /// Clients are told apart by certificates that they are not asked for.
    #[error(
        "ClientCertCNAuth lets in by client certificates, and nobody is asked for one: give --verify-client"
    )]
    CertificatesNotAsked,
}

/// What is wrong with a rule. Of users and passwords nothing is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleProblem {
    /// There is nothing, so that nobody could come in.
    Empty,
    /// It is not `USER:PASSWORD`.
    NoColon,
    /// User or password have a control character.
    ControlCharacter,
    /// The password is a hash.
    Hashed,
    /// It is not an origin.
    NoOrigin(String),
    /// It is the address of a WebSocket.
    WebSocketOrigin(String),
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty, so that nobody could come in"),
            Self::NoColon => f.write_str("it should be USER:PASSWORD"),
            Self::ControlCharacter => {
                f.write_str("a control character in user or password, which no client can send")
            }
            Self::Hashed => f.write_str(
                "a password as htpasswd hashes it; it should be USER:PASSWORD with the password as it is typed",
            ),
            Self::NoOrigin(text) => write!(
                f,
                "{text:?} is not an origin as browsers send it, which is SCHEME://HOST or SCHEME://HOST:PORT without a \
                 path or a slash at the end, such as https://desk.example"
            ),
            Self::WebSocketOrigin(text) => write!(
                f,
                "{text:?} is the address of a WebSocket; the origin is that of the page that opens it, which begins with \
                 http:// or https://"
            ),
        }
    }
}

impl Rules {
    /// Reads them from wherever they are.
    pub(super) fn read(
        plugin: AuthPlugin,
        source: &AuthSource,
    ) -> Result<Self, AuthenticationError> {
        match source {
            AuthSource::Given(text) => {
                Self::given(plugin, text.as_str()).map_err(AuthenticationError::Given)
            }
            AuthSource::File(path) => Self::file(plugin, path),
        }
    }

    /// Reads what was given: one user, or origins or names with blanks between them.
    fn given(plugin: AuthPlugin, text: &str) -> Result<Self, RuleProblem> {
        let words = text.split_whitespace();
        if text.is_empty() || words.clone().next().is_none() {
            return Err(RuleProblem::Empty);
        }
        Ok(match plugin {
            AuthPlugin::BasicHttpAuth => Self::Users(vec![User::parse(text)?]),
            AuthPlugin::ExpectOrigin => {
                Self::Origins(words.map(Origin::parse).collect::<Result<_, _>>()?)
            }
            AuthPlugin::ClientCertCnAuth => Self::Names(words.map(str::to_owned).collect()),
        })
    }

    /// Reads a file with one rule in each line; empty lines and those that begin with `#` are none.
    pub(super) fn file(plugin: AuthPlugin, path: &Path) -> Result<Self, AuthenticationError> {
        let text = text_file::read(path)
            .map_err(|error| AuthenticationError::File { path: path.to_owned(), error })?;
        let problem =
            |line, problem| AuthenticationError::Line { path: path.to_owned(), line, problem };
        let lines: Vec<(usize, &str)> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            .collect();
        if lines.is_empty() {
            return Err(problem(1, RuleProblem::Empty));
        }
        fn each<T>(
            lines: Vec<(usize, &str)>,
            read: impl Fn(&str) -> Result<T, RuleProblem>,
            problem: impl Fn(usize, RuleProblem) -> AuthenticationError,
        ) -> Result<Vec<T>, AuthenticationError> {
            let read = |(number, line)| read(line).map_err(|why| problem(number, why));
            lines.into_iter().map(read).collect()
        }
        Ok(match plugin {
            AuthPlugin::BasicHttpAuth => Self::Users(each(
                lines,
                |line| {
                    if User::is_hashed(line) { Err(RuleProblem::Hashed) } else { User::parse(line) }
                },
                problem,
            )?),
            AuthPlugin::ExpectOrigin => {
                Self::Origins(each(lines, |line| Origin::parse(line.trim()), problem)?)
            }
            AuthPlugin::ClientCertCnAuth => {
                Self::Names(lines.iter().map(|(_, line)| line.trim().to_owned()).collect())
            }
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Users(users) => users.len(),
            Self::Origins(origins) => origins.len(),
            Self::Names(names) => names.len(),
        }
    }

    /// Whether a request is let in.
    pub(super) fn ask(&self, headers: &HeaderMap, shown: &Shown) -> Result<(), NotLetIn> {
        match self {
            Self::Users(users) => basic::ask(headers, users),
            Self::Origins(expected) => origin::ask(headers, expected),
            Self::Names(names) => certificate_name::ask(shown, names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(plugin: AuthPlugin, text: &str) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, text).unwrap();
        Rules::file(plugin, &path).map(|rules| rules.count()).map_err(|error| {
            error.to_string().split_once("/f ").map(|(_, words)| words.to_owned()).unwrap()
        })
    }

    #[test]
    fn a_file_has_a_rule_in_each_line() {
        let users = "# who\nanna:one two\r\n\n:nobody\n";
        assert_eq!(of_file(AuthPlugin::BasicHttpAuth, users), Ok(2));
        assert_eq!(of_file(AuthPlugin::ExpectOrigin, " http://a \nhttps://b:1"), Ok(2));
        assert_eq!(of_file(AuthPlugin::ClientCertCnAuth, "alice\nBob Example\n"), Ok(2));
    }

    #[test]
    fn a_bad_line_is_told_without_what_is_in_it() {
        let error = of_file(AuthPlugin::BasicHttpAuth, "a:b\nsecret\n").unwrap_err();
        assert_eq!(error, "has a bad line 2: it should be USER:PASSWORD");
        let error = of_file(AuthPlugin::BasicHttpAuth, "a:$2y$05$secret\n").unwrap_err();
        assert!(error.contains("bad line 1: a password as htpasswd hashes it"), "{error}");
        assert!(!error.contains("secret"), "{error}");
        let error = of_file(AuthPlugin::ExpectOrigin, "# none\n").unwrap_err();
        assert_eq!(error, "has a bad line 1: it is empty, so that nobody could come in");
    }

    #[test]
    fn what_is_given_is_one_user_or_words() {
        let count = |plugin, text| Rules::given(plugin, text).map(|rules| rules.count());
        assert_eq!(count(AuthPlugin::BasicHttpAuth, "a: b "), Ok(1));
        assert_eq!(count(AuthPlugin::ExpectOrigin, "http://a  https://b"), Ok(2));
        assert_eq!(count(AuthPlugin::ClientCertCnAuth, "a b\tc"), Ok(3));
        for plugin in AuthPlugin::ALL {
            assert_eq!(count(plugin, " "), Err(RuleProblem::Empty));
        }
    }
}
