//! Where tokens and their targets are, as it is given.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::api::{ApiAnswer, TokenApi, UrlProblem};
use super::jwt::JwtKeyFile;
use super::plugin::TokenPlugin;
use super::redis::{RedisProblem, RedisStore};
use crate::http::OwnFile;

/// Where tokens and their targets are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSource {
    /// A file with a line for each, or a folder with such files.
    List {
        /// The file or folder.
        path: PathBuf,
        /// When it is read.
        read: ListRead,
    },
    /// A folder with a file for each.
    FilePerToken(PathBuf),
    /// A folder with a Unix socket for each.
    SocketPerToken(PathBuf),
    /// A server that is asked over HTTP.
    Api(TokenApi),
    /// The tokens themselves, whose signature is verified with a key.
    Jwt(JwtKeyFile),
    /// A Redis.
    Redis(RedisStore),
}

/// When a list of tokens is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRead {
    /// At the start.
    Once,
    /// For each session.
    EachTime,
}

/// Why what was given is no source of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenSourceProblem {
    /// It is not UTF-8, and no path.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It is not the URL of an API.
    #[error("{0}")]
    Url(#[from] UrlProblem),
    /// It does not name a Redis.
    #[error("{0}")]
    Redis(#[from] RedisProblem),
}

impl TokenSource {
    /// Reads websockify's `--token-source` for a plugin.
    pub fn parse(plugin: TokenPlugin, argument: &OsStr) -> Result<Self, TokenSourceProblem> {
        let path = || PathBuf::from(argument);
        let text = || argument.to_str().ok_or(TokenSourceProblem::NotUtf8);
        Ok(match plugin {
            TokenPlugin::ReadOnlyTokenFile => Self::List { path: path(), read: ListRead::Once },
            TokenPlugin::TokenFile => Self::List { path: path(), read: ListRead::EachTime },
            TokenPlugin::TokenFileName => Self::FilePerToken(path()),
            TokenPlugin::UnixDomainSocketDirectory => Self::SocketPerToken(path()),
            TokenPlugin::BaseTokenApi => Self::Api(TokenApi::new(text()?, ApiAnswer::Text)?),
            TokenPlugin::JsonTokenApi => Self::Api(TokenApi::new(text()?, ApiAnswer::Json)?),
            TokenPlugin::JwtTokenApi => Self::Jwt(JwtKeyFile { path: path(), audience: None }),
            TokenPlugin::TokenRedis => Self::Redis(text()?.parse()?),
        })
    }

    /// How it is looked into.
    pub fn plugin(&self) -> TokenPlugin {
        match self {
            Self::List { read: ListRead::Once, .. } => TokenPlugin::ReadOnlyTokenFile,
            Self::List { read: ListRead::EachTime, .. } => TokenPlugin::TokenFile,
            Self::FilePerToken(_) => TokenPlugin::TokenFileName,
            Self::SocketPerToken(_) => TokenPlugin::UnixDomainSocketDirectory,
            Self::Api(api) => match api.answer() {
                ApiAnswer::Text => TokenPlugin::BaseTokenApi,
                ApiAnswer::Json => TokenPlugin::JsonTokenApi,
            },
            Self::Jwt(_) => TokenPlugin::JwtTokenApi,
            Self::Redis(_) => TokenPlugin::TokenRedis,
        }
    }

    /// The file or folder that nobody should get, and what it is.
    pub(crate) fn own_file(&self) -> Option<(&Path, OwnFile)> {
        match self {
            Self::List { path, .. } | Self::FilePerToken(path) | Self::SocketPerToken(path) => {
                Some((path, OwnFile::Tokens))
            }
            Self::Jwt(key) => Some((&key.path, OwnFile::TokenKey)),
            Self::Redis(store) => {
                store.password_file.as_deref().map(|path| (path, OwnFile::TokenPassword))
            }
            Self::Api(_) => None,
        }
    }
}

/// Without passwords.
impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { path, .. } | Self::FilePerToken(path) | Self::SocketPerToken(path) => {
                path.display().fmt(f)
            }
            Self::Api(api) => api.fmt(f),
            Self::Jwt(key) => key.path.display().fmt(f),
            Self::Redis(store) => store.fmt(f),
        }
    }
}
