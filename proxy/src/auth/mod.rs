//! Who may come in (`--auth-plugin`), by the names of websockify's plugins. Asked before a request's target is looked
//! up: a stranger does not learn which tokens there are.

mod announce;
mod basic;
mod certificate_name;
mod gate;
mod origin;
mod refusal;
mod rules;

use std::fmt;
use std::path::PathBuf;

use rustls_pki_types::CertificateDer;

use crate::settings::{ClientCertificates, Password};
pub(crate) use announce::announce;
pub(crate) use basic::CHALLENGE;
pub(crate) use gate::Gate;
pub use refusal::{NotLetIn, PageFrom};
pub use rules::{AuthenticationError, RuleProblem};

/// What is asked of clients before they are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// How they are told apart.
    pub plugin: AuthPlugin,
    /// Who is let in.
    pub source: AuthSource,
    /// For which requests.
    pub scope: AuthScope,
}

impl Authentication {
    /// Whether it fits what else is asked of clients.
    fn fits(&self, certificates: ClientCertificates) -> Result<(), AuthenticationError> {
        match (self.plugin, certificates) {
            (AuthPlugin::ClientCertCnAuth, ClientCertificates::NotAsked) => {
                Err(AuthenticationError::CertificatesNotAsked)
            }
            _ => Ok(()),
        }
    }

    /// Judges what stands on the command line: all but the file.
    pub(crate) fn check(
        &self,
        certificates: ClientCertificates,
    ) -> Result<(), AuthenticationError> {
        self.fits(certificates)?;
        match &self.source {
            AuthSource::Given(_) => rules::Rules::read(self.plugin, &self.source).map(drop),
            AuthSource::File(_) => Ok(()),
        }
    }
}

/// How clients are told apart: by websockify's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthPlugin {
    /// By user and password (RFC 7617).
    BasicHttpAuth,
    /// By the site whose page opens the WebSocket: its origin (RFC 6454), which browsers send.
    ExpectOrigin,
    /// By the common name in the certificate that the client showed; those of
    /// [`ClientCertificates`](crate::ClientCertificates).
    ClientCertCnAuth,
}

impl AuthPlugin {
    /// Those that there are.
    pub const ALL: [Self; 3] = [Self::BasicHttpAuth, Self::ExpectOrigin, Self::ClientCertCnAuth];

    /// websockify's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BasicHttpAuth => "BasicHTTPAuth",
            Self::ExpectOrigin => "ExpectOrigin",
            Self::ClientCertCnAuth => "ClientCertCNAuth",
        }
    }
}

impl fmt::Display for AuthPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// With or without the module in which websockify has them.
impl std::str::FromStr for AuthPlugin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("websockify.auth_plugins.").unwrap_or(text);
        Self::ALL.into_iter().find(|plugin| plugin.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|plugin| plugin.name()).collect();
            format!(
                "there is no such plugin here, and no code is loaded; there are {}",
                names.join(", ")
            )
        })
    }
}

/// Who is let in: `USER:PASSWORD`, or origins, or common names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthSource {
    /// One user and password, or several origins or names with blanks between them.
    Given(Password),
    /// A file with one of them in each line, read anew for each request.
    File(PathBuf),
}

/// Which requests are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScope {
    /// Those for a WebSocket.
    Sessions,
    /// Those for a page, too (`--web-auth`).
    SessionsAndPages,
}

/// What a client showed of itself before its request.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// It came without TLS.
    Plain,
    /// It came over TLS, without a certificate.
    NoCertificate,
    /// A certificate that was verified.
    Certificate(CertificateDer<'static>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_have_websockifys_names() {
        for plugin in AuthPlugin::ALL {
            assert_eq!(plugin.name().parse(), Ok(plugin));
            assert_eq!(format!("websockify.auth_plugins.{plugin}").parse(), Ok(plugin));
        }
        let error = "my.Plugin".parse::<AuthPlugin>().unwrap_err();
        assert!(error.contains("no code is loaded; there are BasicHTTPAuth, "), "{error}");
    }
}
