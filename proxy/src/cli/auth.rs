//! The options that say who may come in.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::Args;

use crate::auth::{AuthPlugin, AuthScope, AuthSource, Authentication};
use crate::settings::{ClientCertificates, Password, Settings};

/// What stands in the place of `--auth-source` and is in no list of processes.
const VARIABLE: &str = "WSSURE_AUTH_SOURCE";

#[derive(Debug, Args)]
#[command(next_help_heading = "Who may come in")]
pub(super) struct AuthOptions {
    /// Open WebSockets only for whom --auth-source names. CLASS is BasicHTTPAuth (by user and password), ExpectOrigin
    /// (by the site whose page opens it) or ClientCertCNAuth (by the common name in the client certificate, with
    /// --verify-client). A browser shows no dialog for a WebSocket that is answered 401, only close code 1006: with
    /// BasicHTTPAuth let it open a page of the same host and port first, with --web and --web-auth, or the page say
    /// wss://USER:PASSWORD@HOST
    #[arg(long, value_name = "CLASS")]
    auth_plugin: Option<AuthPlugin>,

    /// Who is let in: USER:PASSWORD, or with blanks between them origins (https://desk.example, with :PORT unless it is
    /// the scheme's) or common names. Other users of this machine can read a password here in the list of processes;
    /// they cannot in --auth-source-file and in the environment variable WSSURE_AUTH_SOURCE, which is read if neither
    /// option is given
    #[arg(long, value_name = "ARG", value_parser = password, requires = "auth_plugin")]
    auth_source: Option<Password>,

    /// File with a line for each that is let in, read anew for each request: USER:PASSWORD, an origin or a common name.
    /// Empty lines and those that begin with # are none
    #[arg(long, value_name = "FILE", requires = "auth_plugin", conflicts_with = "auth_source")]
    auth_source_file: Option<PathBuf>,

    /// Ask for each page, listing and file of --web as well
    #[arg(long, requires = "auth_plugin", requires = "web")]
    web_auth: bool,
}

/// Any text: what is wrong with it is told later, without it.
pub(super) fn password(text: &str) -> Result<Password, Infallible> {
    Ok(Password::new(text))
}

impl AuthOptions {
    /// Says what is wrong with them, apart from what is in the file.
    pub(super) fn check(&self, certificates: ClientCertificates) -> Result<(), String> {
        match (self.authentication(), self.auth_plugin) {
            (Some(authentication), _) => {
                authentication.check(certificates).map_err(|error| error.to_string())
            }
            (None, Some(plugin)) => Err(format!(
                "whom {plugin} lets in is not told: give --auth-source, --auth-source-file or the environment variable \
                 {VARIABLE}"
            )),
            (None, None) => Ok(()),
        }
    }

    /// Whether `--auth-source` is one.
    pub(super) fn source_is_a_password(&self) -> bool {
        self.auth_plugin == Some(AuthPlugin::BasicHttpAuth) && self.auth_source.is_some()
    }

    fn authentication(&self) -> Option<Authentication> {
        let plugin = self.auth_plugin?;
        let source = match (&self.auth_source, &self.auth_source_file) {
            (Some(given), _) => AuthSource::Given(given.clone()),
            (None, Some(file)) => AuthSource::File(file.clone()),
            (None, None) => AuthSource::Given(Password::new(std::env::var(VARIABLE).ok()?)),
        };
        let scope = if self.web_auth { AuthScope::SessionsAndPages } else { AuthScope::Sessions };
        Some(Authentication { plugin, source, scope })
    }

    pub(super) fn put(self, settings: &mut Settings) {
        settings.authentication = self.authentication();
    }
}
