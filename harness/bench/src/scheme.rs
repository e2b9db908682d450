//! `wss://` and `ws://`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// With TLS or without.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    Wss,
    Ws,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wss => "wss",
            Self::Ws => "ws",
        })
    }
}
