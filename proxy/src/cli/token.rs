//! The options that give each session the target of its token.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::settings::Password;
use crate::token::{ListRead, TokenFrom, TokenPlugin, TokenSource, Tokens};

/// Where the password of a Redis may be, too.
const PASSWORD: &str = "WSSURE_REDIS_PASSWORD";

#[derive(Debug, Args)]
#[command(next_help_heading = "Tokens")]
pub(super) struct TokenOptions {
    /// Relay each session to the target of its token: token= in the query of its URL. CLASS is ReadOnlyTokenFile,
    /// TokenFile (lines of `TOKEN: HOST:PORT` or `TOKEN: unix_socket:PATH` in a file, or in the files of a folder; read
    /// once, or for each session), TokenFileName (a folder with a file for each token), UnixDomainSocketDirectory (a
    /// folder with a socket for each token), BaseTokenAPI, JSONTokenApi (a server that is asked over HTTP and answers
    /// HOST:PORT, or {"host": "HOST", "port": PORT}), JWTTokenApi (signed tokens that hold host and port) or TokenRedis
    #[arg(long, value_name = "CLASS", group = "tokens", conflicts_with_all = ["target", "unix_target"], requires = "token_source")]
    token_plugin: Option<TokenPlugin>,

    /// The file or folder of --token-plugin; for an API its URL, with %s for the token; for JWTTokenApi a file with a
    /// public key or certificate (PEM), or a shared secret in base64url; for TokenRedis
    /// HOST[:PORT[:DATABASE[:PASSWORD[:NAMESPACE]]]]
    #[arg(long, value_name = "ARG", requires = "token_plugin", conflicts_with_all = ["target", "unix_target"])]
    token_source: Option<OsString>,

    /// File whose first line is the password of TokenRedis; it can be in the environment, too, as WSSURE_REDIS_PASSWORD.
    /// Other users of this machine can read one in --token-source in the list of processes
    #[arg(long, value_name = "FILE", requires = "token_plugin")]
    token_password_file: Option<PathBuf>,

    /// PEM file with the authorities that may have issued the certificate of an API [default: the system's]
    #[arg(long, value_name = "FILE", requires = "token_plugin")]
    token_cafile: Option<PathBuf>,

    /// Who this is: JWTTokenApi takes tokens for this audience (aud) only [default: those without one]
    #[arg(long, value_name = "NAME", requires = "token_plugin")]
    token_audience: Option<String>,

    /// Take the name in the Host header for the token
    #[arg(long, requires = "tokens")]
    host_token: bool,

    /// The same as --token-plugin TokenFile --token-source PATH
    #[arg(long, value_name = "PATH", group = "tokens", conflicts_with_all = ["token_plugin", "target", "unix_target"])]
    target_config: Option<PathBuf>,

    /// What `read` made of them.
    #[arg(skip)]
    source: Option<TokenSource>,
}

impl TokenOptions {
    /// Whether they take the place of a target.
    pub(super) fn are_given(&self) -> bool {
        self.token_plugin.is_some() || self.target_config.is_some()
    }

    /// Whether there is a password in `--token-source`.
    pub(super) fn show_a_password(&self) -> bool {
        matches!(&self.source, Some(TokenSource::Redis(store)) if store.password.is_some())
            && self.token_source.is_some()
    }

    /// Puts them together, or says what is wrong with them.
    pub(super) fn read(&mut self) -> Result<(), String> {
        if let Some(path) = &self.target_config {
            self.source = Some(TokenSource::List { path: path.clone(), read: ListRead::EachTime });
        }
        let (Some(plugin), Some(argument)) = (self.token_plugin, &self.token_source) else {
            return Ok(());
        };
        let mut source = TokenSource::parse(plugin, argument)
            .map_err(|problem| format!("bad --token-source for {plugin}: {problem}"))?;
        let only = |option: &str, others: &str| {
            Err(format!("{option} is for {others}, and --token-plugin is {plugin}"))
        };
        match (&mut source, self.token_cafile.clone()) {
            (TokenSource::Api(api), cafile) => api.authorities = cafile,
            (_, Some(_)) => return only("--token-cafile", "BaseTokenAPI and JSONTokenApi"),
            (_, None) => {}
        }
        match (&mut source, self.token_audience.clone()) {
            (TokenSource::Jwt(key), audience) => key.audience = audience,
            (_, Some(_)) => return only("--token-audience", "JWTTokenApi"),
            (_, None) => {}
        }
        match (&mut source, self.token_password_file.clone()) {
            (TokenSource::Redis(store), Some(_)) if store.password.is_some() => {
                return Err("the password of Redis is given twice: in --token-source and with --token-password-file"
                    .to_owned());
            }
            (TokenSource::Redis(store), file) => store.password_file = file,
            (_, Some(_)) => return only("--token-password-file", "TokenRedis"),
            (_, None) => {}
        }
        self.source = Some(source);
        Ok(())
    }

    pub(super) fn tokens(self) -> Option<Tokens> {
        let from = if self.host_token { TokenFrom::HostHeader } else { TokenFrom::Query };
        let mut source = self.source?;
        if let TokenSource::Redis(store) = &mut source
            && store.password.is_none()
            && store.password_file.is_none()
        {
            let password = std::env::var(PASSWORD).ok().filter(|text| !text.is_empty());
            store.password = password.map(Password::new);
        }
        Some(Tokens { source, from })
    }
}
