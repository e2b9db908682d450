//! What a proxy is told to do: the typed form of websockify's options.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::auth::Authentication;
use crate::event::OptionWarning;
use crate::limits::Limits;
use crate::listen::{Giver, HandedSockets};
use crate::log::{LogFormat, LogSink, Refusals, Syslog, Verbosity};
use crate::proxy_protocol::TrustedSource;
use crate::target::KeyPin;
use crate::tls::Ciphers;
use crate::token::Tokens;
use crate::traffic::Traffic;
use crate::wrap::Wrap;

/// Everything a [`Proxy`](crate::Proxy) needs to know.
///
/// [`Settings::new`] gives websockify's defaults; fields are changed by hand. The command line builds the same
/// value (see [`main`](crate::main)).
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: Listen,
    /// Whose connections begin with a PROXY header, which says whose they are; those of others must not.
    pub proxy_protocol: Vec<TrustedSource>,
    /// Where the bytes of each WebSocket session go.
    pub targets: Targets,
    /// Whether targets are spoken to over TLS, and how; only those that are [`Target::Tcp`].
    pub target_tls: Option<TargetTls>,
    /// File with the certificate, its chain, and the key unless [`key`](Self::key) names another file. It is allowed
    /// not to exist: then only `ws://` is served.
    pub cert: PathBuf,
    /// File with the private key, if it is not in [`cert`](Self::cert).
    pub key: Option<PathBuf>,
    /// Further certificates, for clients that ask for one of their names (SNI); [`cert`](Self::cert) is for all others.
    pub further_certificates: Vec<CertificateFiles>,
    /// Password of the private key, and of those of further certificates. Never logged.
    pub key_password: Option<Password>,
    /// File whose first line is that password, without the end of the line. Not together with
    /// [`key_password`](Self::key_password), which wins.
    pub key_password_file: Option<PathBuf>,
    /// Whether clients may come without TLS.
    pub plain: PlainClients,
    /// Which TLS versions are spoken with clients.
    pub tls_versions: TlsVersions,
    /// Which ciphers of TLS 1.2 are spoken, best first; `None` speaks all, as the client likes them.
    pub ciphers: Option<Ciphers>,
    /// Whether TLS clients have to show a certificate of their own.
    pub client_certificates: ClientCertificates,
    /// File with the certificates of the authorities that issue [`client_certificates`](Self::client_certificates);
    /// `None` takes the system's.
    pub client_authorities: Option<PathBuf>,
    /// Who may come in; `None` lets everybody in.
    pub authentication: Option<Authentication>,
    /// Folder to serve over `http://` and `https://` on the same port.
    pub web: Option<PathBuf>,
    /// Whether folders without an `index.html` are listed.
    pub listing: DirectoryListing,
    /// How long the proxy lives.
    pub lifetime: Lifetime,
    /// After how long it ends by itself, and how often clients are pinged.
    pub times: Times,
    /// How much a client may take, and how long.
    pub limits: Limits,
    /// Whether what passes is shown on standard output.
    pub traffic: Traffic,
    /// Where sessions are recorded, if they are: in this path with `.1`, `.2` and so on behind it. What was typed is in
    /// them, passwords too; nobody else may read them.
    pub record: Option<PathBuf>,
    /// The file from which these settings were read, if there is one: it is kept from the web folder.
    pub options_file: Option<PathBuf>,
    /// What the command line had to say that changes nothing else here.
    pub command_line_warnings: Vec<OptionWarning>,
    /// Where counters can be read (`/metrics`, for Prometheus) and whether the proxy serves (`/healthz`). Without a host,
    /// on 127.0.0.1 only.
    pub metrics: Option<Endpoint>,
    /// Where log lines go.
    pub log: LogSink,
    /// Where they go besides.
    pub syslog: Option<Syslog>,
    /// How many of them.
    pub verbosity: Verbosity,
    /// How they are written.
    pub log_format: LogFormat,
    /// Whether each refusal has one.
    pub refusals: Refusals,
}

impl Settings {
    /// websockify's defaults: `self.pem` in the working directory, both `ws://` and `wss://`, no web folder.
    pub fn new(listen: impl Into<Listen>, targets: impl Into<Targets>) -> Self {
        Self {
            listen: listen.into(),
            proxy_protocol: Vec::new(),
            targets: targets.into(),
            target_tls: None,
            cert: PathBuf::from("self.pem"),
            key: None,
            further_certificates: Vec::new(),
            key_password: None,
            key_password_file: None,
            plain: PlainClients::Allowed,
            tls_versions: TlsVersions::default(),
            ciphers: None,
            client_certificates: ClientCertificates::NotAsked,
            client_authorities: None,
            authentication: None,
            web: None,
            listing: DirectoryListing::Shown,
            lifetime: Lifetime::UntilStopped,
            times: Times::default(),
            limits: Limits::default(),
            traffic: Traffic::Hidden,
            record: None,
            options_file: None,
            command_line_warnings: Vec::new(),
            metrics: None,
            log: LogSink::Stderr,
            syslog: None,
            verbosity: Verbosity::Normal,
            log_format: LogFormat::Text,
            refusals: Refusals::Counted,
        }
    }
}

/// The files of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// File with the certificate, its chain, and the key unless [`key`](Self::key) names another file.
    pub cert: PathBuf,
    /// File with the private key, if it is not in [`cert`](Self::cert).
    pub key: Option<PathBuf>,
}

/// A host (name or address) and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address, without brackets. `None` listens on every IPv4 address, as websockify does.
    pub host: Option<String>,
    /// TCP port. 0 lets the system choose one when listening.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint on the given host.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: Some(host.into()), port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            None => write!(f, ":{}", self.port),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
        }
    }
}

/// `HOST:PORT`, `[IPV6]:PORT` or `PORT`.
impl std::str::FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (Some(host), port),
            None => (None, text),
        };
        let port = port.parse().map_err(|_| EndpointError::Port(port.to_owned()))?;
        let host = match host {
            None | Some("") => None,
            Some(host) => match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                    Some(address.to_owned())
                }
                Some(address) => return Err(EndpointError::Ipv6(address.to_owned())),
                None if host.contains(':') => return Err(EndpointError::Brackets(text.to_owned())),
                None => Some(host.to_owned()),
            },
        };
        Ok(Self { host, port })
    }
}

/// Why a text is not an [`Endpoint`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// The part after the last colon is not a port.
    #[error("{0:?} is not a port: give [ADDRESS:]PORT with a port from 0 to 65535")]
    Port(String),
    /// The part in brackets is not an IPv6 address.
    #[error("{0:?} is not an IPv6 address: only IPv6 addresses stand in brackets")]
    Ipv6(String),
    /// An IPv6 address without brackets, where address and port cannot be told apart.
    #[error("{0:?} has several colons: put an IPv6 address in brackets, [ADDRESS]:PORT")]
    Brackets(String),
}

/// Where clients come from.
#[derive(Clone, Debug)]
pub enum Listen {
    /// A TCP port. A name with several addresses is listened on at the first of them that can be had.
    Tcp(Endpoint, AddressFamily),
    /// A Unix socket, which is removed in the end.
    Unix {
        /// Its path. A socket that was left there and that nobody listens on is replaced.
        path: PathBuf,
        /// Its permissions: who may write to it may connect.
        mode: u32,
    },
    /// Sockets that another program opened.
    Handed(HandedSockets),
}

impl Listen {
    /// Whether other machines can connect: what stands before a Unix socket or a loopback address speaks TLS itself.
    pub(crate) fn is_open_to_others(&self) -> bool {
        match self {
            Self::Unix { .. } => false,
            Self::Handed(_) => true,
            Self::Tcp(endpoint, _) => match endpoint.host.as_deref() {
                Some("localhost") => false,
                Some(host) => !host.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
                None => true,
            },
        }
    }
}

impl From<Endpoint> for Listen {
    fn from(endpoint: Endpoint) -> Self {
        Self::Tcp(endpoint, AddressFamily::Any)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(endpoint, _) => endpoint.fmt(f),
            Self::Unix { path, .. } => write!(f, "unix socket {}", path.display()),
            Self::Handed(handed) => match handed.giver() {
                Giver::Systemd => f.write_str("the sockets of systemd"),
                Giver::Inetd => f.write_str("standard input (--inetd)"),
            },
        }
    }
}

/// Which addresses of a name are tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    /// They are tried in the order that the system gives them in; no name at all means every IPv4 address.
    Any,
    /// Those of IPv6 (`--prefer-ipv6`); no name at all means every address, of IPv4 too.
    Ipv6First,
}

/// Where sessions are relayed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A TCP server; its name is resolved for each session.
    Tcp(Endpoint),
    /// A server on a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(endpoint) => endpoint.fmt(f),
            Self::Unix(path) => write!(f, "unix_socket:{}", path.display()),
        }
    }
}

/// The endpoint of a target, which has an address and a port.
pub(crate) fn target_endpoint(text: &str) -> Result<Endpoint, String> {
    match text.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.host.is_some() && endpoint.port != 0 => Ok(endpoint),
        Ok(_) => Err("a target needs an address and a port that is not 0: TARGET_ADDR:TARGET_PORT"
            .to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Where sessions are relayed to: all to one place, or each to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// All to one.
    One(Target),
    /// Each to the one of its token (`--token-plugin`).
    ByToken(Tokens),
    /// All to a program that is started with the proxy (`-- COMMAND`).
    Program(Wrap),
}

impl From<Target> for Targets {
    fn from(target: Target) -> Self {
        Self::One(target)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(target) => target.fmt(f),
            Self::ByToken(tokens) => tokens.fmt(f),
            Self::Program(wrap) => wrap.fmt(f),
        }
    }
}

/// How a target is spoken to over TLS (`--ssl-target`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetTls {
    /// Which certificates are accepted.
    pub trust: TargetTrust,
    /// Which keys, of those certificates; any if there are none (`--ssl-target-pin`).
    pub pins: Vec<KeyPin>,
    /// The name that the certificate must have and that is asked for with SNI; `None` takes the target's host.
    pub name: Option<String>,
}

/// Which certificates of a target are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetTrust {
    /// Those that the system's authorities issued.
    System,
    /// Those that the authorities in this file issued, and those in the file themselves.
    File(PathBuf),
    /// Those with one of the [`pins`](TargetTls::pins), whoever issued them, for whatever name and time.
    Key,
    /// All. Who stands between can read and change everything.
    Anything,
}

/// What happens to clients that speak plain `ws://` or `http://`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainClients {
    /// They are served.
    Allowed,
    /// They are closed without an answer (`--ssl-only`).
    Refused,
}

/// A version of TLS that the proxy can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// A range of TLS versions (`--ssl-version`, `--ssl-max-version`). With `oldest` above `newest` there is none to speak,
/// and the proxy does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsVersions {
    /// The oldest that is spoken.
    pub oldest: TlsVersion,
    /// The newest that is spoken.
    pub newest: TlsVersion,
}

/// TLS 1.2 and 1.3.
impl Default for TlsVersions {
    fn default() -> Self {
        Self { oldest: TlsVersion::Tls12, newest: TlsVersion::Tls13 }
    }
}

impl fmt::Display for TlsVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.oldest == self.newest {
            write!(f, "{} only", self.oldest)
        } else {
            write!(f, "{} to {}", self.oldest, self.newest)
        }
    }
}

/// Whether TLS clients are asked for a certificate of their own (`--verify-client`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked. Chromium ends a WebSocket whose server asks, even where none is required.
    NotAsked,
    /// They are asked. One without a certificate is served; one with a bad certificate is refused.
    Optional,
    /// They are asked, and one without a good certificate is refused.
    Required,
}

/// What a web folder without `index.html` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryListing {
    /// The names in it.
    Shown,
    /// Nothing: 404 (`--file-only`).
    Hidden,
}

/// When the proxy ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Only when it is told to.
    UntilStopped,
    /// After one WebSocket session (`--run-once`). Plain requests and refused handshakes do not count.
    OneSession,
}

/// What a proxy does by the clock; by default nothing. A time of zero counts as none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// So long after the start no connection is accepted any more, and the proxy ends with its last session
    /// (`--timeout`).
    pub accepting: Option<Duration>,
    /// The proxy ends when there was no connection for so long (`--idle-timeout`).
    pub idle: Option<Duration>,
    /// How often each WebSocket client is pinged (`--heartbeat`). One that sends nothing over three pings, and over
    /// half a minute, is taken for gone.
    pub heartbeat: Option<Duration>,
    /// How long open sessions may go on when the proxy is told to end (`--drain`).
    pub drain: Option<Duration>,
}

/// No first line of a password file is longer.
const LONGEST_PASSWORD: u64 = 64 * 1024;

/// A password that does not show itself in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps `password`.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first line of a file, without its end. A file without a line has no password, which is an error, as is one
    /// that is not UTF-8.
    pub(crate) fn from_file(path: &Path) -> io::Result<Self> {
        let mut line = Vec::new();
        let file = File::open(path)?.take(LONGEST_PASSWORD);
        BufReader::new(file).read_until(b'\n', &mut line)?;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let refuse = |words| Err(io::Error::new(io::ErrorKind::InvalidData, words));
        match std::str::from_utf8(line) {
            Ok("") => refuse("its first line is empty"),
            Ok(password) => Ok(Self::new(password)),
            Err(_) => refuse("its first line is not UTF-8"),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_websockify_reads() {
        assert_eq!("6080".parse(), Ok(Endpoint { host: None, port: 6080 }));
        assert_eq!(":6080".parse(), Ok(Endpoint { host: None, port: 6080 }));
        assert_eq!("localhost:5900".parse(), Ok(Endpoint::new("localhost", 5900)));
        assert_eq!("[::1]:5900".parse(), Ok(Endpoint::new("::1", 5900)));
    }

    #[test]
    fn says_what_is_wrong_with_others() {
        assert_eq!("localhost".parse::<Endpoint>(), Err(EndpointError::Port("localhost".into())));
        assert_eq!("h:65536".parse::<Endpoint>(), Err(EndpointError::Port("65536".into())));
        assert_eq!("::1:5900".parse::<Endpoint>(), Err(EndpointError::Brackets("::1:5900".into())));
        assert_eq!(
            "[localhost]:5900".parse::<Endpoint>(),
            Err(EndpointError::Ipv6("localhost".into()))
        );
    }

    #[test]
    fn shows_an_endpoint_as_it_was_given() {
        for text in ["localhost:1", "[::1]:2", ":3"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            Password::from_file(file.path()).map_err(|error| error.to_string())
        };
        for bytes in ["a b ", "a b \n", "a b \r\nmore\n"] {
            assert_eq!(read(bytes.as_bytes()), Ok(Password::new("a b ")));
        }
        assert_eq!(read(b"\nx"), Err("its first line is empty".to_owned()));
        assert_eq!(read(b"\xff"), Err("its first line is not UTF-8".to_owned()));
    }

    #[test]
    fn a_password_does_not_show_itself() {
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(..)");
    }
}
