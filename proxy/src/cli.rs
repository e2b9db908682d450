//! The command line: websockify's options, read by clap, made into [`Settings`].

mod listening;
mod log;
mod running;
mod target;
mod tls;
mod token;
mod web;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;

use crate::settings::{Endpoint, Settings, Target, Targets, target_endpoint};
use listening::ListenOptions;
use log::LogOptions;
pub(crate) use running::PlaceToRun;
use running::RunOptions;
use target::TargetOptions;
use tls::TlsOptions;
use token::TokenOptions;
use web::WebOptions;

const EXAMPLES: &str = "\
Examples:
  wssure-proxy 6080 localhost:5900
      ws:// and, if self.pem is here, wss:// on port 6080, relayed to a VNC server
  wssure-proxy --cert fullchain.pem --key privkey.pem --ssl-only 443 localhost:5900
      wss:// only, with a certificate and a key in two files
  wssure-proxy --web ./novnc 6080 localhost:5900
      and the pages of ./novnc over http:// and https:// on the same port

A certificate to try with (one file with key and certificate; every client has to be told to trust it):
  openssl req -new -x509 -days 365 -nodes -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out self.pem -keyout self.pem

Renewed certificate and key files are served from the next connection on; SIGHUP loads them at once. Files that cannot
serve leave the old certificate in use. Open sessions go on.

Exit status: 0 ended as told, 1 could not start, 2 the options were wrong.";

/// Relays WebSocket sessions (ws:// and wss:// on one port) to a TCP server, as websockify does, and says why a
/// connection was refused.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one and prints it. IPv6 addresses stand in brackets. Left out with
    /// --unix-listen and --inetd, and under systemd with a socket unit
    #[arg(value_name = "[SOURCE_ADDR:]SOURCE_PORT")]
    listen: Option<Endpoint>,

    /// Where to relay to
    #[arg(value_name = "TARGET_ADDR:TARGET_PORT", value_parser = target_endpoint)]
    target: Option<Endpoint>,

    #[command(flatten)]
    listening: ListenOptions,

    #[command(flatten)]
    targets: TargetOptions,

    #[command(flatten)]
    tls: TlsOptions,

    #[command(flatten)]
    tokens: TokenOptions,

    #[command(flatten)]
    web: WebOptions,

    #[command(flatten)]
    running: RunOptions,

    #[command(flatten)]
    log: LogOptions,
}

impl Options {
    /// Reads arguments, of which the first is the name shown in the help.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut command = <Self as clap::CommandFactory>::command();
        if let Some(name) =
            arguments.first().and_then(|name| PathBuf::from(name).file_name().map(OsString::from))
        {
            command = command.bin_name(name.to_string_lossy().into_owned());
        }
        let mut matches = command.try_get_matches_from_mut(arguments)?;
        let mut options = <Self as clap::FromArgMatches>::from_arg_matches_mut(&mut matches)?;
        options
            .place()
            .map_err(|words| command.error(ErrorKind::MissingRequiredArgument, words))?;
        Ok(options)
    }
}

impl Options {
    /// Where the program goes on.
    pub(crate) fn place_to_run(&self) -> PlaceToRun {
        self.running.place()
    }

    /// Whether `TARGET_ADDR:TARGET_PORT` has to be there.
    fn needs_target(&self) -> bool {
        self.targets.unix_target.is_none() && !self.tokens.are_given()
    }
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        let target_tls = options.targets.tls();
        let targets: Targets =
            match (options.tokens.tokens(), options.targets.unix_target, options.target) {
                (Some(tokens), _, _) => Targets::ByToken(tokens),
                (None, Some(path), _) => Target::Unix(path).into(),
                (None, None, Some(endpoint)) => Target::Tcp(endpoint).into(),
                (None, None, None) => unreachable!("place() requires one of them"),
            };
        let mut settings = Settings::new(options.listening.listen(options.listen), targets);
        settings.target_tls = target_tls;
        options.tls.put(&mut settings);
        options.web.put(&mut settings);
        options.running.put(&mut settings);
        options.log.put(&mut settings);
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ClientCertificates, PlainClients};
    use crate::token::{TokenFrom, TokenPlugin, Tokens};

    #[test]
    fn the_definition_is_sound() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn defaults_are_those_of_websockify() {
        let settings =
            Settings::from(Options::read(["wssure-proxy", "6080", "localhost:5900"]).unwrap());
        assert_eq!(settings.cert, PathBuf::from("self.pem"));
        assert_eq!(settings.listen.to_string(), ":6080");
        assert_eq!(settings.targets.to_string(), "localhost:5900");
        assert_eq!(settings.plain, PlainClients::Allowed);
    }

    #[test]
    fn a_target_is_one_of_the_two() {
        assert!(Options::read(["p", "6080"]).is_err());
        assert!(Options::read(["p", "6080", "h:1", "--unix-target", "s"]).is_err());
        assert!(Options::read(["p", "6080", "--unix-target", "s"]).is_ok());
        assert!(Options::read(["p", "6080", "5900"]).is_err());
    }

    #[test]
    fn a_token_plugin_takes_the_place_of_a_target() {
        let read = |options: &[&str]| {
            Options::read(["p", "6080"].iter().chain(options))
                .map(|options| Settings::from(options).targets)
        };
        let tokens = |plugin, from| Targets::ByToken(Tokens { plugin, source: "t".into(), from });
        let plugin =
            ["--token-plugin", "websockify.token_plugins.TokenFileName", "--token-source", "t"];
        assert_eq!(read(&plugin).unwrap(), tokens(TokenPlugin::TokenFileName, TokenFrom::Query));
        assert_eq!(
            read(&["--target-config", "t", "--host-token"]).unwrap(),
            tokens(TokenPlugin::TokenFile, TokenFrom::HostHeader)
        );
        assert!(read(&["--token-plugin", "TokenFile"]).is_err());
        assert!(read(&["--token-source", "t", "h:1"]).is_err());
        assert!(read(&["--host-token", "h:1"]).is_err());
        assert!(read(&["h:1", "--token-plugin", "TokenFile", "--token-source", "t"]).is_err());
        let error =
            read(&["--token-plugin", "Mine", "--token-source", "t"]).unwrap_err().to_string();
        assert!(error.contains("no code is loaded"), "{error}");
    }

    #[test]
    fn client_certificates_are_required_or_optional() {
        let asked = |option: Option<&str>| {
            let arguments = ["p"].into_iter().chain(option).chain(["6080", "h:1"]);
            Options::read(arguments).map(|options| Settings::from(options).client_certificates)
        };
        assert_eq!(asked(None).unwrap(), ClientCertificates::NotAsked);
        assert_eq!(asked(Some("--verify-client")).unwrap(), ClientCertificates::Required);
        assert_eq!(asked(Some("--verify-client=optional")).unwrap(), ClientCertificates::Optional);
        assert!(asked(Some("--verify-client=perhaps")).is_err());
    }

    #[test]
    fn the_help_calls_the_program_by_its_name() {
        let help = Options::read(["wssure proxy", "--help"]).unwrap_err().to_string();
        assert!(help.contains("Usage: wssure proxy [OPTIONS]"), "{help}");
    }
}
