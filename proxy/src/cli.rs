//! The command line: websockify's options, read by clap, made into [`Settings`].

mod listening;
mod times;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};

use crate::event::OptionWarning;
use crate::log::{LogSink, Verbosity};
use crate::settings::{
    ClientCertificates, DirectoryListing, Endpoint, Lifetime, Password, PlainClients, Settings,
    Target, TargetTls, TargetTrust, Targets, TlsVersion, TlsVersions, target_endpoint,
};
use crate::token::{TokenFrom, TokenPlugin, Tokens};

use crate::traffic::Traffic;
use listening::ListenOptions;
use times::TimeOptions;

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

    /// PEM file with the certificate, its chain and, unless --key is given, the private key, in any order
    #[arg(long, value_name = "FILE", default_value = "self.pem")]
    cert: PathBuf,

    /// PEM file with the private key, if it is not in the certificate file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Password of the private key (other users of this machine can read it in the list of processes)
    #[arg(long, value_name = "PASS")]
    key_password: Option<String>,

    /// Refuse ws:// and http://; a certificate that cannot serve ends the start
    #[arg(long)]
    ssl_only: bool,

    /// Oldest TLS version to speak; TLS 1.1 is never spoken, and asking for it means 1.2
    #[arg(long, value_name = "VERSION", default_value = "default")]
    ssl_version: OldestVersion,

    /// Newest TLS version to speak [default: tlsv1_3]
    #[arg(long, value_name = "VERSION")]
    ssl_max_version: Option<NewestVersion>,

    /// Ask TLS clients for a certificate and refuse those without a good one; with =optional, serve those without one.
    /// Chromium shows no choice of certificates for a WebSocket: there, open the https:// address first
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true, default_missing_value = "required")]
    verify_client: Option<VerifyClient>,

    /// PEM file with the authorities whose client certificates --verify-client accepts [default: the system's]
    #[arg(long, value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Serve the files of DIR over http:// and https:// on the same port. Files with a private key are never served
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,

    /// Do not list folders without index.html
    #[arg(long)]
    file_only: bool,

    /// Speak TLS to the target, and verify its certificate by the system's authorities
    #[arg(long, conflicts_with = "unix_target")]
    ssl_target: bool,

    /// PEM file with the authorities that may have issued the target's certificate, or with that certificate itself
    #[arg(long, value_name = "FILE", requires = "ssl_target")]
    target_cafile: Option<PathBuf>,

    /// Name that the target's certificate must have, and that is asked for (SNI) [default: TARGET_ADDR]
    #[arg(long, value_name = "NAME", requires = "ssl_target")]
    target_name: Option<String>,

    /// Do not verify the target's certificate: who stands between can read and change everything
    #[arg(long, requires = "ssl_target", conflicts_with = "target_cafile")]
    target_insecure: bool,

    /// Relay to a Unix socket instead of TARGET_ADDR:TARGET_PORT
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    unix_target: Option<PathBuf>,

    #[command(flatten)]
    listening: ListenOptions,

    #[command(flatten)]
    times: TimeOptions,

    /// Go on in the background once the port is open, with log lines to --log-file only. The working directory stays
    #[arg(short = 'D', long, conflicts_with = "inetd")]
    daemon: bool,

    /// Show each piece of a session that passes by a mark on standard output; the log has the legend
    #[arg(long)]
    traffic: bool,

    /// Accepted and ignored: websockify's choice of another engine
    #[arg(long)]
    libserver: bool,

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

    /// End after one WebSocket session
    #[arg(long)]
    run_once: bool,

    /// Append log lines to FILE instead of writing them to stderr
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    /// Log more: empty connections, requests, ends of sessions; with times
    #[arg(short, long)]
    verbose: bool,
}

/// The values of `--ssl-version`: websockify's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OldestVersion {
    Default,
    #[value(name = "tlsv1_1")]
    Tls11,
    #[value(name = "tlsv1_2")]
    Tls12,
    #[value(name = "tlsv1_3")]
    Tls13,
}

/// The values of `--ssl-max-version`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum NewestVersion {
    #[value(name = "tlsv1_2")]
    Tls12,
    #[value(name = "tlsv1_3")]
    Tls13,
}

/// The values of `--verify-client`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum VerifyClient {
    /// Refuse clients without a certificate
    Required,
    /// Serve them
    Optional,
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
        if self.daemon { PlaceToRun::Background } else { PlaceToRun::Foreground }
    }
}

/// Where the program goes on once it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceToRun {
    /// Where it was called.
    Foreground,
    /// In a process of its own (`--daemon`).
    Background,
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        let from = if options.host_token { TokenFrom::HostHeader } else { TokenFrom::Query };
        let plugin = options.token_plugin.zip(options.token_source);
        let plugin = plugin.or(options.target_config.map(|path| (TokenPlugin::TokenFile, path)));
        let targets = match (plugin, options.unix_target, options.target) {
            (Some((plugin, source)), _, _) => Targets::ByToken(Tokens { plugin, source, from }),
            (None, Some(path), _) => Target::Unix(path).into(),
            (None, None, Some(endpoint)) => Target::Tcp(endpoint).into(),
            (None, None, None) => unreachable!("place() requires one of them"),
        };
        let listen = options.listening.listen(options.listen);
        let trust = match (options.target_insecure, options.target_cafile) {
            (true, _) => TargetTrust::Anything,
            (false, Some(file)) => TargetTrust::File(file),
            (false, None) => TargetTrust::System,
        };
        Settings {
            target_tls: options
                .ssl_target
                .then_some(TargetTls { trust, name: options.target_name }),
            cert: options.cert,
            key: options.key,
            key_password: options.key_password.map(Password::new),
            plain: if options.ssl_only { PlainClients::Refused } else { PlainClients::Allowed },
            tls_versions: TlsVersions {
                oldest: match options.ssl_version {
                    OldestVersion::Tls13 => TlsVersion::Tls13,
                    OldestVersion::Default | OldestVersion::Tls11 | OldestVersion::Tls12 => {
                        TlsVersion::Tls12
                    }
                },
                newest: match options.ssl_max_version {
                    Some(NewestVersion::Tls12) => TlsVersion::Tls12,
                    Some(NewestVersion::Tls13) | None => TlsVersion::Tls13,
                },
            },
            client_certificates: match options.verify_client {
                None => ClientCertificates::NotAsked,
                Some(VerifyClient::Required) => ClientCertificates::Required,
                Some(VerifyClient::Optional) => ClientCertificates::Optional,
            },
            client_authorities: options.cafile,
            web: options.web,
            listing: if options.file_only {
                DirectoryListing::Hidden
            } else {
                DirectoryListing::Shown
            },
            lifetime: if options.run_once { Lifetime::OneSession } else { Lifetime::UntilStopped },
            times: options.times.into(),
            traffic: if options.traffic { Traffic::Shown } else { Traffic::Hidden },
            command_line_warnings: options
                .libserver
                .then_some(OptionWarning::Libserver)
                .into_iter()
                .collect(),
            log: options.log_file.map_or(LogSink::Stderr, LogSink::File),
            verbosity: if options.verbose { Verbosity::Verbose } else { Verbosity::Normal },
            ..Settings::new(listen, targets)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
