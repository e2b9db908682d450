//! What a case may ask a subject for, and the arguments with which that subject is asked.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::Template;

/// Something that a subject can be asked for when it is started.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SubjectOption {
    /// A certificate file other than the default.
    Cert,
    /// A private key in a file of its own.
    Key,
    /// Plain `ws://` and `http://` clients are turned away.
    SslOnly,
    /// A folder is served over HTTP on the same port.
    Web,
}

impl fmt::Display for SubjectOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cert => "cert",
            Self::Key => "key",
            Self::SslOnly => "ssl-only",
            Self::Web => "web",
        })
    }
}

/// The arguments of each option that a subject has.
#[derive(Clone, Debug, Default)]
pub(super) struct Options(pub(super) BTreeMap<SubjectOption, Template>);

impl Options {
    pub(super) fn contains(&self, option: SubjectOption) -> bool {
        self.0.contains_key(&option)
    }

    pub(super) fn get(&self, option: SubjectOption) -> Option<&Template> {
        self.0.get(&option)
    }
}
