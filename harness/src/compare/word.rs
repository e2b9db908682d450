//! One compared value, as reports and measured files write it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value of an [`Aspect`](super::Aspect): a number where the protocol has one, else a text.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(untagged, expecting = "a text or a number is wanted here")]
pub enum Word {
    /// A close code, an HTTP status, a count.
    Number(u32),
    /// Anything else.
    Text(String),
}

impl Word {
    /// What stands for a value that one side has and the other has not.
    pub fn none() -> Self {
        Self::Text("none".to_owned())
    }

    /// A text.
    pub(super) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A number.
    pub(super) fn number(number: impl Into<u32>) -> Self {
        Self::Number(number.into())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
