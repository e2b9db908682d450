//! The options that give each session the target of its token.

use std::path::PathBuf;

use clap::Args;

use crate::token::{TokenFrom, TokenPlugin, Tokens};

#[derive(Debug, Args)]
#[command(next_help_heading = "Tokens")]
pub(super) struct TokenOptions {
    /// Relay each session to the target of its token: token= in the query of its URL. CLASS is ReadOnlyTokenFile,
    /// TokenFile (lines of `TOKEN: HOST:PORT` or `TOKEN: unix_socket:PATH` in a file, or in the files of a folder; read
    /// once, or for each session), TokenFileName (a folder with a file for each token) or UnixDomainSocketDirectory (a
    /// folder with a socket for each token)
    #[arg(long, value_name = "CLASS", group = "tokens", conflicts_with_all = ["target", "unix_target"], requires = "token_source")]
    token_plugin: Option<TokenPlugin>,

    /// The file or folder of --token-plugin
    #[arg(long, value_name = "PATH", requires = "token_plugin", conflicts_with_all = ["target", "unix_target"])]
    token_source: Option<PathBuf>,

    /// Take the name in the Host header for the token
    #[arg(long, requires = "tokens")]
    host_token: bool,

    /// The same as --token-plugin TokenFile --token-source PATH
    #[arg(long, value_name = "PATH", group = "tokens", conflicts_with_all = ["token_plugin", "target", "unix_target"])]
    target_config: Option<PathBuf>,
}

impl TokenOptions {
    /// Whether they take the place of a target.
    pub(super) fn are_given(&self) -> bool {
        self.token_plugin.is_some() || self.target_config.is_some()
    }

    pub(super) fn tokens(self) -> Option<Tokens> {
        let from = if self.host_token { TokenFrom::HostHeader } else { TokenFrom::Query };
        let plugin = self.token_plugin.zip(self.token_source);
        let plugin = plugin.or(self.target_config.map(|path| (TokenPlugin::TokenFile, path)));
        plugin.map(|(plugin, source)| Tokens { plugin, source, from })
    }
}
