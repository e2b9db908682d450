//! How a subject is seen to be ready.

use std::fmt;

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::definition::regex;
use crate::data::{DataError, Source};

/// The `[ready]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReady {
    connect: Option<bool>,
    log: Option<Spanned<String>>,
}

/// What has to be seen. If both are given, the line comes first.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    /// A line of its log.
    pub(super) log: Option<Regex>,
    /// Whether it takes a TCP connection, which sends nothing and is closed.
    pub(super) connect: Connect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connect {
    Tried,
    NotTried,
}

impl Ready {
    pub(super) fn new(source: &Source, raw: &Spanned<RawReady>) -> Result<Self, DataError> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let log = raw.log.as_ref().map(|log| regex(source, log)).transpose()?;
        let connect = if raw.connect == Some(true) { Connect::Tried } else { Connect::NotTried };
        if log.is_none() && connect == Connect::NotTried {
            return Err(source
                .error(span, "nothing says when the subject is ready")
                .hint("connect = true, or log = \"regex\""));
        }
        Ok(Self { log, connect })
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.log, self.connect) {
            (Some(log), Connect::NotTried) => write!(f, "a log line that matches `{log}`"),
            (Some(log), Connect::Tried) => {
                write!(f, "a log line that matches `{log}`, then an accepted connection")
            }
            (None, _) => f.write_str("an accepted connection"),
        }
    }
}
