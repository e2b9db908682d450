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
    /// The password of that key.
    KeyPassword,
    /// Plain `ws://` and `http://` clients are turned away.
    SslOnly,
    /// A folder is served over HTTP on the same port.
    Web,
    /// TLS clients must show a certificate: websockify's `--verify-client`.
    VerifyClient,
    /// TLS clients are asked for a certificate, and served without one, too.
    AskClient,
    /// The authorities whose client certificates are good: websockify's `--cafile`.
    Cafile,
    /// TLS is spoken to the target: websockify's `--ssl-target`.
    SslTarget,
    /// The authorities whose certificates are good for the target.
    TargetCafile,
    /// The name that the target's certificate must have.
    TargetName,
    /// The target's certificate is not verified.
    TargetInsecure,
    /// No version of TLS below 1.3.
    #[serde(rename = "tls13-only")]
    Tls13Only,
    /// No version of TLS above 1.2.
    #[serde(rename = "tls12-only")]
    Tls12Only,
}

impl fmt::Display for SubjectOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cert => "cert",
            Self::Key => "key",
            Self::KeyPassword => "key-password",
            Self::SslOnly => "ssl-only",
            Self::Web => "web",
            Self::VerifyClient => "verify-client",
            Self::AskClient => "ask-client",
            Self::Cafile => "cafile",
            Self::SslTarget => "ssl-target",
            Self::TargetCafile => "target-cafile",
            Self::TargetName => "target-name",
            Self::TargetInsecure => "target-insecure",
            Self::Tls13Only => "tls13-only",
            Self::Tls12Only => "tls12-only",
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
