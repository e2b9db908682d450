//! The command line: websockify's options, read by clap, made into [`Settings`].

mod auth;
mod config;
mod generate;
mod limits;
mod listening;
mod log;
mod running;
mod target;
mod tls;
mod token;
mod web;
mod wrap;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Command, Parser};

use crate::event::OptionWarning;
use crate::settings::{Endpoint, Settings, Target, Targets, target_endpoint};
use auth::AuthOptions;
use config::Config;
pub(crate) use generate::Generated;
use limits::LimitOptions;
use listening::ListenOptions;
use log::LogOptions;
pub(crate) use running::PlaceToRun;
use running::RunOptions;
use target::TargetOptions;
use tls::TlsOptions;
use token::TokenOptions;
use web::WebOptions;
use wrap::WrapOptions;

const EXAMPLES: &str = "\
Examples:
  wssure-proxy 6080 localhost:5900
      ws:// and, if self.pem is here, wss:// on port 6080, relayed to a VNC server
  wssure-proxy --cert fullchain.pem --key privkey.pem --ssl-only 443 localhost:5900
      wss:// only, with a certificate and a key in two files
  wssure-proxy --web ./novnc 6080 localhost:5900
      and the pages of ./novnc over http:// and https:// on the same port
  wssure-proxy 5901 -- vncserver -fg :1
      a VNC server that listens on port 5901 by itself, and over ws:// for others there

A certificate to try with (one file with key and certificate; every client has to be told to trust it):
  openssl req -new -x509 -days 365 -nodes -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out self.pem -keyout self.pem

Renewed certificate and key files are served from the next connection on; SIGHUP loads them at once. Files that cannot
serve leave the old certificate in use. Open sessions go on.

Exit status: 0 ended as told, 1 could not start, 2 the options were wrong; that of a wrapped program with which it ends.";

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

    /// Read options from a TOML file: their names without the dashes, and `source` and `target`; true for those without a
    /// value, and an array for what may be given several times. What is given here as well counts
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Read the certificate, the tokens and whatever else a start reads, say what is wrong, and end: with status 0 if all
    /// is well. Nothing is listened on
    #[arg(long, conflicts_with = "daemon")]
    check: bool,

    /// Write the manual page or the completions of a shell to standard output, and end
    #[arg(long, value_name = "WHAT", exclusive = true)]
    generate: Option<Generated>,

    /// The file of `config`, if it holds a secret and others can read it.
    #[arg(skip)]
    open_secret: Option<PathBuf>,

    /// The options of the command line whose values are secrets.
    #[arg(skip)]
    shown_secrets: Vec<&'static str>,

    #[command(flatten)]
    listening: ListenOptions,

    #[command(flatten)]
    targets: TargetOptions,

    #[command(flatten)]
    tls: TlsOptions,

    #[command(flatten)]
    tokens: TokenOptions,

    #[command(flatten)]
    auth: AuthOptions,

    #[command(flatten)]
    web: WebOptions,

    #[command(flatten)]
    wrap: WrapOptions,

    #[command(flatten)]
    running: RunOptions,

    #[command(flatten)]
    limits: LimitOptions,

    #[command(flatten)]
    log: LogOptions,
}

impl Options {
    /// Reads arguments, of which the first is the name shown in the help.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let given = arguments.clone();
        let mut command = Self::command(&arguments);
        let config = config::named_in(&arguments).map(|path| Config::read(&path, &command));
        let config = config.transpose()?;
        let arguments = match &config {
            None => arguments,
            Some(config) => config.with(arguments, &command),
        };
        let matches = command.try_get_matches_from_mut(arguments);
        let mut matches = matches.map_err(|error| match &config {
            None => error,
            Some(config) => config.placed(error, &mut command),
        })?;
        let mut options = <Self as clap::FromArgMatches>::from_arg_matches_mut(&mut matches)?;
        if options.generate.is_some() {
            return Ok(options);
        }
        options.tokens.read().map_err(|words| command.error(ErrorKind::InvalidValue, words))?;
        options.shown_secrets = options.secrets_on(&given);
        let secret = config.as_ref().filter(|config| {
            config.gives_a_secret()
                || config.gives("token-source") && options.tokens.show_a_password()
        });
        options.open_secret =
            secret.and_then(|config| config.readable_by_others().map(Path::to_owned));
        options
            .tls
            .check()
            .map_err(|words| command.error(ErrorKind::WrongNumberOfValues, words))?;
        options
            .tls
            .read_environment()
            .map_err(|words| command.error(ErrorKind::InvalidValue, words))?;
        options
            .place()
            .map_err(|words| command.error(ErrorKind::MissingRequiredArgument, words))?;
        options
            .auth
            .check(options.tls.client_certificates())
            .map_err(|words| command.error(ErrorKind::ValueValidation, words))?;
        Ok(options)
    }
}

impl Options {
    /// The definition, for a program of the name that stands first in the arguments.
    fn command(arguments: &[OsString]) -> Command {
        // As with websockify, of two values of an option the later counts.
        let command = <Self as clap::CommandFactory>::command().args_override_self(true);
        let name = arguments.first().and_then(|name| Path::new(name).file_name());
        match name {
            None => command,
            Some(name) => command.bin_name(name.to_string_lossy().into_owned()),
        }
    }

    /// Reads what a file of `--config` may hold, as a call with that file does up to the values of its options.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn read_config(text: &str) -> Result<(), clap::Error> {
        let mut command = Self::command(&["wssure-proxy".into()]);
        let config = Config::parse(Path::new("config.toml"), text, &command)
            .map_err(|error| command.error(ErrorKind::InvalidValue, error))?;
        let arguments = config.with(vec!["wssure-proxy".into()], &command);
        match command.try_get_matches_from_mut(arguments) {
            Ok(_) => Ok(()),
            Err(error) => Err(config.placed(error, &mut command)),
        }
    }

    /// What the program is called for.
    pub(crate) fn task(&self) -> Task {
        match self.generate {
            Some(what) => Task::Generate(what),
            None if self.check => Task::Check,
            None => Task::Serve(self.running.place()),
        }
    }

    /// Writes what is made from the options. The arguments are those that were read; errors are those of writing.
    pub(crate) fn generate(
        what: Generated,
        arguments: &[OsString],
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        generate::write(what, Self::command(arguments), out)
    }

    /// The options among these arguments whose values are secrets, and which every user of the machine can see. Those
    /// of a file cannot be seen.
    fn secrets_on(&self, given: &[OsString]) -> Vec<&'static str> {
        let own = given.iter().take_while(|argument| *argument != "--");
        let own: Vec<&str> = own.filter_map(|argument| argument.to_str()).collect();
        let is_given =
            |option: &str| own.iter().any(|argument| argument.split('=').next() == Some(option));
        let secrets = [
            ("--key-password", true),
            ("--auth-source", self.auth.source_is_a_password()),
            ("--token-source", self.tokens.show_a_password()),
        ];
        let shown = secrets.into_iter().filter(|(option, secret)| *secret && is_given(option));
        shown.map(|(option, _)| option).collect()
    }

    /// Whether `TARGET_ADDR:TARGET_PORT` has to be there.
    fn needs_target(&self) -> bool {
        self.targets.unix_target.is_none() && !self.tokens.are_given() && !self.wrap.is_given()
    }
}

impl From<Options> for Settings {
    fn from(mut options: Options) -> Self {
        let target_tls = options.targets.tls();
        let place = options.running.place();
        let wrap = options.wrap.wrap(place);
        let tokens = options.tokens.tokens();
        let targets: Targets = match (wrap, tokens, options.targets.unix_target, options.target) {
            (Some(wrap), _, _, _) => Targets::Program(wrap),
            (None, Some(tokens), _, _) => Targets::ByToken(tokens),
            (None, None, Some(path), _) => Target::Unix(path).into(),
            (None, None, None, Some(endpoint)) => Target::Tcp(endpoint).into(),
            (None, None, None, None) => unreachable!("place() requires one of them"),
        };
        let proxy_protocol = options.listening.trusted_sources();
        let mut settings = Settings::new(options.listening.listen(options.listen), targets);
        settings.proxy_protocol = proxy_protocol;
        settings.options_file = options.config;
        settings.target_tls = target_tls;
        options.tls.put(&mut settings);
        options.auth.put(&mut settings);
        options.web.put(&mut settings);
        settings.limits = options.limits.limits();
        options.running.put(&mut settings);
        options.log.put(place, &mut settings);
        settings
            .command_line_warnings
            .extend(options.open_secret.map(OptionWarning::SecretReadableByOthers));
        let shown = options.shown_secrets.into_iter().map(OptionWarning::SecretOnCommandLine);
        settings.command_line_warnings.extend(shown);
        settings
    }
}

/// What the program is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// To serve.
    Serve(PlaceToRun),
    /// To see whether it could.
    Check,
    /// To write what is made from its options.
    Generate(Generated),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{CertificateFiles, ClientCertificates, PlainClients};
    use crate::token::{ListRead, TokenFrom, TokenSource, Tokens};

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
        let tokens = |source, from| Targets::ByToken(Tokens { source, from });
        let plugin =
            ["--token-plugin", "websockify.token_plugins.TokenFileName", "--token-source", "t"];
        assert_eq!(
            read(&plugin).unwrap(),
            tokens(TokenSource::FilePerToken("t".into()), TokenFrom::Query)
        );
        assert_eq!(
            read(&["--target-config", "t", "--host-token"]).unwrap(),
            tokens(
                TokenSource::List { path: "t".into(), read: ListRead::EachTime },
                TokenFrom::HostHeader
            )
        );
        assert!(read(&["--token-plugin", "TokenFile"]).is_err());
        assert!(read(&["--token-source", "t", "h:1"]).is_err());
        assert!(read(&["--host-token", "h:1"]).is_err());
        assert!(read(&["h:1", "--token-plugin", "TokenFile", "--token-source", "t"]).is_err());
        let error =
            read(&["--token-plugin", "Mine", "--token-source", "t"]).unwrap_err().to_string();
        assert!(error.contains("no code is loaded"), "{error}");
    }

    #[rstest::rstest]
    #[case(&["BaseTokenAPI", "--token-source", "http://h/"], "bad --token-source for BaseTokenAPI: it should be a URL with one %s")]
    #[case(&["JSONTokenApi", "--token-source", "https://%s/"], "%s should stand in the path or the query")]
    #[case(&["TokenRedis", "--token-source", "h:x::secret"], "its second field is not a port")]
    #[case(&["TokenRedis", "--token-source", "h:::secret", "--token-password-file", "f"], "is given twice")]
    #[case(&["TokenFile", "--token-source", "t", "--token-audience", "a"], "--token-audience is for JWTTokenApi")]
    #[case(&["TokenFile", "--token-source", "t", "--token-cafile", "a"], "--token-cafile is for BaseTokenAPI and")]
    #[case(&["JWTTokenApi", "--token-source", "t", "--token-password-file", "a"], "is for TokenRedis")]
    #[case(&["TokenRedis"], "--token-source <ARG>")]
    fn a_bad_token_source_is_told_without_its_secret(#[case] given: &[&str], #[case] words: &str) {
        let arguments = ["p", "6080", "--token-plugin"].iter().chain(given);
        let error = Options::read(arguments).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn secrets_that_everybody_sees_are_told() {
        let shown = |given: &[&str]| {
            let options = Options::read(["p", "6080"].iter().chain(given)).unwrap();
            Settings::from(options).command_line_warnings
        };
        let warning = |option| vec![OptionWarning::SecretOnCommandLine(option)];
        assert_eq!(shown(&["h:1", "--key-password=x"]), warning("--key-password"));
        let user = ["h:1", "--auth-plugin", "BasicHTTPAuth", "--auth-source", "me:secret"];
        assert_eq!(shown(&user), warning("--auth-source"));
        let origin = ["h:1", "--auth-plugin", "ExpectOrigin", "--auth-source", "https://h"];
        assert_eq!(shown(&origin), vec![]);
        let redis = ["--token-plugin", "TokenRedis", "--token-source"];
        let with = |source| shown(&[&redis[..], &[source]].concat());
        assert_eq!(with("h:::secret"), warning("--token-source"));
        assert_eq!(with("h"), vec![]);
        assert_eq!(shown(&["h:1", "--key-password-file", "f"]), vec![]);
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
    fn several_certificates_are_in_order() {
        let read = |given: &[&str]| {
            let options = Options::read(["p", "6080", "h:1"].iter().chain(given));
            options.map(Settings::from).map_err(|error| error.to_string())
        };
        let files = |cert: &str, key: Option<&str>| CertificateFiles {
            cert: cert.into(),
            key: key.map(Into::into),
        };
        let two = read(&["--cert", "a", "--key", "x", "--cert", "b", "--key", "y"]).unwrap();
        assert_eq!((two.cert, two.key), ("a".into(), Some("x".into())));
        assert_eq!(two.further_certificates, [files("b", Some("y"))]);
        let two = read(&["--cert", "a", "--cert=b"]).unwrap();
        assert_eq!(two.further_certificates, [files("b", None)]);
        let default = read(&["--key", "x"]).unwrap();
        assert_eq!((default.cert, default.key), ("self.pem".into(), Some("x".into())));
        let error = read(&["--cert", "a", "--cert", "b", "--key", "x"]).unwrap_err();
        assert!(error.contains("--cert is given 2 times and --key 1 times"), "{error}");

        let config = "cert = ['a', 'b']\n";
        let of_file = Settings::from(read_with(config, &["6080", "h:1"]).unwrap());
        assert_eq!(of_file.further_certificates, [files("b", None)]);
        let given = Settings::from(read_with(config, &["6080", "h:1", "--cert", "c"]).unwrap());
        assert_eq!((given.cert, given.further_certificates), ("c".into(), vec![]));
    }

    fn read_with(config: &str, arguments: &[&str]) -> Result<Options, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("proxy.toml");
        std::fs::write(&file, config).unwrap();
        let option = format!("--config={}", file.display());
        let read = Options::read(["p", &option].iter().chain(arguments));
        read.map_err(|error| error.to_string().replace(&format!("{}", file.display()), "FILE"))
    }

    #[test]
    fn a_file_has_the_options_of_the_command_line() {
        let config = "source = '0.0.0.0:6080'\ntarget = 'localhost:5900'\nssl-only = true\nrun-once = false\n\
                      heartbeat = 30\nverify-client = 'optional'\ncert = 'one.pem'\n";
        let settings = Settings::from(read_with(config, &[]).unwrap());
        assert_eq!(settings.listen.to_string(), "0.0.0.0:6080");
        assert_eq!(settings.targets.to_string(), "localhost:5900");
        assert_eq!(settings.plain, PlainClients::Refused);
        assert_eq!(settings.times.heartbeat, Some(std::time::Duration::from_secs(30)));
        assert_eq!(settings.client_certificates, ClientCertificates::Optional);

        let settings = Settings::from(read_with(config, &["6081", "--heartbeat", "5"]).unwrap());
        assert_eq!(settings.listen.to_string(), ":6081");
        assert_eq!(settings.targets.to_string(), "localhost:5900");
        assert_eq!(settings.times.heartbeat, Some(std::time::Duration::from_secs(5)));
        let settings = Settings::from(read_with(config, &["6081", "other:1"]).unwrap());
        assert_eq!(settings.targets.to_string(), "other:1");
    }

    #[rstest::rstest]
    #[case("ssl-only = yes", "FILE line 1, column 12: ")]
    #[case(
        "\n  sll-only = true",
        "FILE line 2, column 3: there is no option `sll-only`; did you mean `ssl-only`?"
    )]
    #[case("ssl-only = 1", "FILE line 1, column 12: `ssl-only`: give true or false")]
    #[case(
        "cafile = true",
        "FILE line 1, column 10: `cafile`: it takes a value, and not true or false"
    )]
    #[case("cafile = ['a']", "FILE line 1, column 10: `cafile`: it takes one value, and no array")]
    #[case("tls.cert = 'a'", "FILE line 1, column 1: there is no option `tls`")]
    #[case("config = 'a'", "FILE line 1, column 1: `config` is for the command line only")]
    #[case(
        "\nssl-version = 'tlsv2'",
        "FILE line 2, column 1: invalid value 'tlsv2' for '--ssl-version <VERSION>'"
    )]
    #[case(
        "heartbeat = -1",
        "FILE line 1, column 1: invalid value '-1' for '--heartbeat <SECONDS>'"
    )]
    #[case(
        "unix-target = 's'",
        "FILE line 1, column 1: the argument '--unix-target <PATH>' cannot be used with"
    )]
    fn what_is_wrong_in_a_file_has_its_place(#[case] config: &str, #[case] begin: &str) {
        let error = read_with(config, &["6080", "h:1"]).unwrap_err();
        assert!(error.starts_with(&format!("error: {begin}")), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error =
            Options::read(["p", "--config", "/nonexistent/p.toml"]).unwrap_err().to_string();
        assert!(
            error.contains("--config /nonexistent/p.toml: No such file or directory"),
            "{error}"
        );
    }

    #[test]
    fn the_help_calls_the_program_by_its_name() {
        let help = Options::read(["wssure proxy", "--help"]).unwrap_err().to_string();
        assert!(help.contains("Usage: wssure proxy [OPTIONS]"), "{help}");
    }
}
