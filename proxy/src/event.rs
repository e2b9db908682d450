//! Every line the proxy can log. The wording is a contract: people grep for it and suites match it.

mod kind;

pub use kind::Severity;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::{AuthPlugin, AuthScope, NotLetIn};
use crate::authorities::AuthoritiesOrigin;
use crate::http::{OwnFile, UpgradeRefusal};
use crate::identity::{IdentityError, Summary, Warning};
use crate::limits::Crowded;
use crate::listen::{Giver, ListenAddress, Peer};
use crate::log::SyslogAddress;
use crate::proxy_protocol::{NoHeader, TrustedSource};
use crate::settings::{ClientCertificates, DirectoryListing, Target, Targets, TlsVersions};
use crate::target::{KeyPin, TargetError, TargetLoss, Verified, listed};
use crate::tls::{
    Alert, Ciphers, ClientHelloFacts, HandshakeEnd, IdleWord, ShownCertificate, SilentEnd,
    SilentMoment,
};
use crate::token::{BadLine, NoTarget};
use crate::websocket::Violation;
use crate::wrap::{AfterProgram, WrapError};

/// Something worth a line in the log. `Display` is the line, without time and line end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// First line of the settings shown at start.
    Settings,
    /// A socket listens.
    Listening(ListenAddress, Option<Giver>),
    /// Connections from there begin with a PROXY header.
    ProxyProtocol(Vec<TrustedSource>),
    /// Files are served from a folder.
    WebRoot(PathBuf, DirectoryListing),
    /// TLS works.
    Tls(PathBuf, Box<Summary>),
    /// TLS does not work: there is no certificate file.
    TlsMissing,
    /// TLS does not work: the certificate or key file is broken.
    TlsBroken(Arc<IdentityError>),
    /// TLS works, and not with this certificate, which is missing or broken.
    CertificateLeftOut(Arc<IdentityError>),
    /// TLS works, and not with all the versions that it could.
    TlsVersions(TlsVersions),
    /// TLS 1.2 is spoken with these ciphers.
    Ciphers(Ciphers),
    /// TLS works, and yet clients may refuse the certificate.
    TlsWarning(Warning),
    /// The certificate file was loaded anew, or not.
    Reload(PathBuf, Reload),
    /// While serving: clients may, or will, refuse the certificate.
    CertificateWarning(Warning),
    /// Clients are asked for a certificate.
    ClientCertificates(ClientCertificates, AuthoritiesOrigin),
    /// Clients are let in by a plugin: how many users, origins or names it knows, and which requests it asks.
    Authentication(AuthPlugin, usize, AuthScope),
    /// An option that does nothing, or less than it seems to.
    OptionWarning(OptionWarning),
    /// Plain clients are not served.
    PlainRefused,
    /// Targets are spoken to over TLS: which name their certificates must have, the target's host without one, and who
    /// must have issued them, and which keys they must have; neither if they are not verified.
    TargetTls(Option<String>, Option<AuthoritiesOrigin>, Vec<KeyPin>),
    /// What passes is shown on standard output.
    TrafficShown,
    /// Sessions are recorded in this path with a number behind it.
    Recording(PathBuf),
    /// Counters are read there.
    Metrics(SocketAddr),
    /// What is relayed where.
    Proxying(ListenAddress, Targets),
    /// The wrapped program is started.
    ProgramStarting(String),
    /// It cannot be started again, and is tried again after a pause.
    ProgramNotStarted(WrapError, Duration),
    /// It ended.
    ProgramEnded(String, ExitStatus, AfterProgram),
    /// A time limit ends the proxy.
    TimeIsUp(TimeLimit),
    /// The end of the proxy.
    Stopped,
    /// The proxy was told to end, and lets so many connections go on for so long.
    Draining(usize, Duration),
    /// The system gave no more connections.
    AcceptFailed(io::Error),
    /// The syslog cannot be reached.
    SyslogLost(SyslogAddress, String),
    /// It can again, after so many lines were lost.
    SyslogBack(SyslogAddress, u64),
    /// Something about one client.
    Client(Peer, ClientEvent),
    /// A client was refused again for the same reason, and that was not told each time.
    Repeated {
        /// Who, as it came the first time.
        client: Peer,
        /// How often it came again.
        more: u64,
        /// In what time.
        within: Duration,
        /// The words in which it was told the first time.
        words: String,
    },
    /// A session's target could not be reached.
    TargetFailed {
        /// The target.
        target: Target,
        /// Why.
        error: TargetError,
        /// Whether it has to show who it is.
        verified: Verified,
        /// For whom it was tried.
        client: Peer,
    },
    /// A session's TLS target was lost.
    TargetLost {
        /// The target.
        target: Target,
        /// How.
        loss: TargetLoss,
        /// Whether it showed who it is.
        verified: Verified,
        /// Whose session it was.
        client: Peer,
    },
}

/// A time limit that ends the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLimit {
    /// `--timeout`: since the start.
    SinceStart(Duration),
    /// `--idle-timeout`: since the end of the last connection.
    Idle(Duration),
}

/// What became of loading the certificate anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reload {
    /// Another certificate is served from now on.
    Done(Box<Summary>),
    /// A certificate is served from now on; there was none before.
    First(Box<Summary>),
    /// It is the one that is served.
    Unchanged(Box<Summary>),
    /// The files cannot serve, for this reason, and the certificate from before is served still.
    OldStays(String),
    /// The files cannot serve still, or again for this reason, and there is no certificate from before.
    StillUnusable(String),
}

/// An option that does nothing, or less than it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionWarning {
    /// `--cafile` without `--verify-client`.
    CafileWithoutVerifyClient,
    /// `--verify-client` without `--ssl-only`.
    PlainClientsNotVerified,
    /// Passwords can come over connections that are not encrypted.
    PasswordsInTheClear,
    /// `--web-auth` with the plugin `ExpectOrigin`.
    PagesHaveNoOrigin,
    /// A word of `--ssl-ciphers` that selects nothing.
    IdleCipher(IdleWord),
    /// `--record`.
    Recorded,
    /// `--libserver`.
    Libserver,
    /// `--ssl-target-insecure`.
    TargetNotVerified,
    /// The target is the proxy's own port.
    TargetIsOwnPort(Target),
    /// A file with a secret in it can be read by other users of this machine.
    SecretReadableByOthers(PathBuf),
    /// A line of a token file cannot be read.
    BadTokenLine(BadLine),
    /// Tokens pass other machines without encryption on the way to this server.
    TokensInTheClear(String),
    /// A secret stands on the command line, as the value of this option.
    SecretOnCommandLine(&'static str),
}

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A WebSocket.
    Session,
    /// What is at a path, which is given without the query.
    Page(String),
}

/// Something about one client.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// It connected and sent nothing in time, or left before its first byte.
    Empty,
    /// It should begin with a PROXY header.
    NoProxyHeader(NoHeader),
    /// It speaks TLS, and there is no certificate file.
    TlsWithoutFile(PathBuf),
    /// It speaks TLS, and the certificate file is broken.
    TlsWithBrokenFile(String, &'static str),
    /// It does not speak TLS, which is required.
    PlainRefused,
    /// There are too many connections.
    Crowded(Crowded),
    /// The handshake failed.
    Handshake(HandshakeEnd, ClientHelloFacts, ClientCertificates),
    /// It was asked for a certificate and showed one that we accept.
    Certificate(ShownCertificate),
    /// It was asked for a certificate, showed none, and is served all the same.
    NoCertificate,
    /// It sent an alert after the handshake, before a request.
    LateAlert(Alert),
    /// It left after the handshake, before a request.
    LateSilence(SilentEnd),
    /// It sent no complete request in time.
    RequestTimeout,
    /// What it sent is not HTTP.
    BadRequest(String),
    /// A WebSocket session begins over TLS.
    SecureSession,
    /// A WebSocket session begins without TLS.
    PlainSession,
    /// It asked for a WebSocket in a way that cannot be granted.
    UpgradeRefused(UpgradeRefusal),
    /// It asked for a WebSocket, and its token names no target.
    NoTarget(NoTarget),
    /// It is not let in: a request for this path, without the query, or for a WebSocket.
    NotLetIn(NotLetIn, Asked),
    /// A plain request was answered.
    Request {
        /// GET, HEAD, ...
        method: String,
        /// The path as sent; the query is left out.
        path: String,
        /// HTTP status of the answer.
        status: u16,
    },
    /// A file was not served because it is the proxy's own.
    OwnFileNotServed {
        /// Path of the request.
        path: String,
        /// Which it is.
        file: OwnFile,
    },
    /// A file was not served because it holds a private key.
    KeyNotServed {
        /// Path of the request.
        path: String,
        /// How the key was recognised.
        secret: &'static str,
    },
    /// The client broke the WebSocket protocol; the session ended.
    Violation(Violation),
    /// Its session goes to a target that did not show who it is.
    TargetNotVerified(Target),
    /// The target broke the connection of a session, in the system's words.
    TargetLost(String),
    /// It answered no ping for long, and the session ended.
    Silent,
    /// Nothing passed in its session for long.
    Idle(Duration),
    /// Its session is recorded in this file.
    Recording(PathBuf),
    /// Its session is not recorded in this file, or not any more.
    RecordingLost(PathBuf, String),
    /// A session is over.
    SessionOver {
        /// Bytes from the client to the target.
        up: u64,
        /// Bytes from the target to the client.
        down: u64,
    },
}

impl Event {
    /// Whether only `--verbose` shows it.
    pub(crate) fn is_detail(&self) -> bool {
        matches!(
            self,
            Self::Stopped
                | Self::Client(
                    _,
                    ClientEvent::Empty
                        | ClientEvent::SessionOver { .. }
                        | ClientEvent::Certificate(_)
                        | ClientEvent::NoCertificate
                )
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => f.write_str("WebSocket server settings:"),
            // websockify's words.
            Self::Listening(ListenAddress::Inetd, _) => {
                f.write_str("  - Listen for inetd connections")
            }
            Self::Listening(address, None) => write!(f, "  - Listen on {address}"),
            Self::Listening(address, Some(_)) => {
                write!(f, "  - Listen on {address}, a socket of systemd's")
            }
            Self::ProxyProtocol(sources) => {
                let sources: Vec<String> = sources.iter().map(ToString::to_string).collect();
                write!(f, "  - PROXY headers (versions 1 and 2) from {}", sources.join(", "))
            }
            Self::WebRoot(folder, DirectoryListing::Shown) => {
                write!(f, "  - Web server. Web root: {}", folder.display())
            }
            Self::WebRoot(folder, DirectoryListing::Hidden) => {
                write!(f, "  - Web server (no directory listings). Web root: {}", folder.display())
            }
            Self::Tls(file, summary) => {
                write!(f, "  - SSL/TLS support: {} ({summary})", file.display())
            }
            Self::TlsMissing => f.write_str("  - No SSL/TLS support (no cert file)"),
            Self::TlsBroken(error) => write!(f, "  - No SSL/TLS support: {error}"),
            Self::CertificateLeftOut(error) => write!(f, "  - Certificate not served: {error}"),
            Self::TlsVersions(versions) => write!(f, "  - SSL/TLS versions: {versions}"),
            Self::Ciphers(ciphers) => write!(f, "  - TLS 1.2 ciphers: {ciphers}"),
            Self::TlsWarning(warning) => write!(f, "  - Warning: {warning}"),
            Self::Reload(file, Reload::Done(summary)) => {
                write!(f, "certificate reloaded: {} ({summary})", file.display())
            }
            Self::Reload(file, Reload::First(summary)) => write!(
                f,
                "certificate loaded, SSL/TLS is served from now on: {} ({summary})",
                file.display()
            ),
            Self::Reload(file, Reload::Unchanged(summary)) => {
                write!(f, "certificate unchanged: {} ({summary})", file.display())
            }
            Self::Reload(_, Reload::OldStays(reason)) => {
                write!(f, "certificate not reloaded, the old one stays: {reason}")
            }
            Self::Reload(_, Reload::StillUnusable(reason)) => {
                write!(f, "certificate not loaded, still no SSL/TLS support: {reason}")
            }
            Self::CertificateWarning(warning) => write!(f, "Warning: {warning}"),
            Self::ClientCertificates(ClientCertificates::Required, origin) => {
                write!(f, "  - Client certificates: required, issued by {origin}")
            }
            Self::ClientCertificates(_, origin) => write!(
                f,
                "  - Client certificates: asked for and not required, issued by {origin}; Chromium ends a WebSocket when it \
                 is asked"
            ),
            Self::Authentication(plugin, count, scope) => {
                let known = match plugin {
                    AuthPlugin::BasicHttpAuth => "users",
                    AuthPlugin::ExpectOrigin => "origins",
                    AuthPlugin::ClientCertCnAuth => "names",
                };
                let scope = match scope {
                    AuthScope::Sessions => "for WebSockets only",
                    AuthScope::SessionsAndPages => "for WebSockets and pages",
                };
                write!(f, "  - Authentication: {plugin}, {scope} ({known}: {count})")
            }
            Self::OptionWarning(warning) => write!(f, "  - Warning: {warning}"),
            Self::PlainRefused => f.write_str("  - Deny non-SSL/TLS connections"),
            Self::TargetTls(name, Some(origin), pins) => {
                let name = name.as_deref().unwrap_or("its host");
                write!(
                    f,
                    "  - SSL/TLS to the target: its certificate must be for {name} and issued by {origin}"
                )?;
                match &pins[..] {
                    [] => Ok(()),
                    pins => write!(f, ", and its key {}", listed(pins)),
                }
            }
            Self::TargetTls(_, None, pins) if !pins.is_empty() => write!(
                f,
                "  - SSL/TLS to the target: its key must be {}, whoever issued its certificate",
                listed(pins)
            ),
            Self::TargetTls(_, None, _) => {
                f.write_str("  - SSL/TLS to the target: its certificate is not verified")
            }
            Self::TrafficShown => {
                write!(f, "  - Traffic on standard output: {}", crate::traffic::LEGEND)
            }
            // websockify's words.
            Self::Recording(path) => write!(f, "  - Recording to '{}.*'", path.display()),
            Self::Metrics(address) => write!(f, "  - Metrics: http://{address}/metrics"),
            Self::Proxying(from, to) => write!(f, "  - proxying from {from} to {to}"),
            // websockify's word.
            Self::ProgramStarting(program) => write!(f, "Starting {program}"),
            Self::ProgramNotStarted(error, pause) => {
                write!(f, "{error}; tried again in {} seconds", pause.as_secs_f32())
            }
            Self::ProgramEnded(program, status, after) => {
                write!(f, "wrapped program {program} ended ({status}): {after}")
            }
            // websockify's words.
            Self::TimeIsUp(TimeLimit::SinceStart(limit)) => {
                write!(f, "listener exit due to --timeout {}", limit.as_secs())
            }
            Self::TimeIsUp(TimeLimit::Idle(limit)) => {
                write!(f, "listener exit due to --idle-timeout {}", limit.as_secs())
            }
            Self::Stopped => f.write_str("stopped"),
            Self::Draining(open, limit) => write!(
                f,
                "told to end: no more connections are accepted, {open} may go on for {} s at most",
                limit.as_secs()
            ),
            Self::AcceptFailed(error) => {
                write!(f, "cannot accept connections for now: {}", cause(error))
            }
            Self::SyslogLost(address, error) => {
                write!(f, "syslog {address} cannot be reached, lines are lost there: {error}")
            }
            Self::SyslogBack(address, lost) => {
                write!(f, "syslog {address} is reached again; lines that were lost there: {lost}")
            }
            Self::Client(peer, event) => write!(f, "client {peer}: {event}"),
            Self::Repeated { client, more, within, words } => {
                let times = if *more == 1 { "once" } else { &format!("{more} times") };
                let seconds = within.as_secs();
                match client.address() {
                    Some(address) => write!(f, "client {address}: ")?,
                    None => write!(f, "client {client}: ")?,
                }
                write!(f, "{times} more in {seconds} s: {words}")
            }
            Self::TargetFailed { target, error, verified, client } => write!(
                f,
                "target {target}: Failed to connect to {target}: {error}{} (for client {client})",
                not_verified(*verified)
            ),
            Self::TargetLost { target, loss, verified, client } => write!(
                f,
                "target {target}: {loss}{} (for client {client})",
                not_verified(*verified)
            ),
        }
    }
}

/// What is said of a target that could be anybody.
fn not_verified(verified: Verified) -> &'static str {
    match verified {
        Verified::AsWanted => "",
        Verified::No => " (its certificate is not verified: --ssl-target-insecure)",
    }
}

impl fmt::Display for OptionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TargetNotVerified => {
                "--ssl-target-insecure accepts any certificate of the target: who stands between can read and change \
                 everything; give the right one with --ssl-target-cafile instead"
            }
            Self::TargetIsOwnPort(target) => {
                return write!(
                    f,
                    "the target {target} is this proxy itself: no session can work; give the address and port of the \
                     server behind it"
                );
            }
            Self::PasswordsInTheClear => {
                "passwords that come over ws:// and http:// can be read by everybody on the way; refuse both with \
                 --ssl-only"
            }
            Self::PagesHaveNoOrigin => {
                "browsers send no origin when they open a page: with --web-auth and ExpectOrigin nobody gets one; leave \
                 --web-auth out"
            }
            Self::IdleCipher(word) => return word.fmt(f),
            Self::Recorded => {
                "--record keeps all that is typed in a session, passwords too: remove the files when they have served"
            }
            Self::Libserver => {
                "--libserver has no effect: it chooses another engine of websockify's, and there is one here, which does \
                 all that the two do"
            }
            Self::BadTokenLine(line) => {
                return write!(f, "{line}; this token lets nobody in");
            }
            Self::TokensInTheClear(service) => {
                return write!(
                    f,
                    "tokens and targets pass without encryption to and from {service}: who stands between can read and \
                     change them; keep it on this machine, or reach it over TLS"
                );
            }
            Self::SecretOnCommandLine(option) => {
                return write!(
                    f,
                    "other users of this machine can read the password in {option} in the list of processes: give it in a \
                     file, in the environment or with --config"
                );
            }
            Self::SecretReadableByOthers(path) => {
                return write!(
                    f,
                    "{} holds a secret that other users of this machine can read: chmod 600 {0}",
                    path.display()
                );
            }
            Self::CafileWithoutVerifyClient => {
                "--cafile has no effect without --verify-client: it names the authorities of client certificates; for \
                 those of the target there is --ssl-target-cafile"
            }
            Self::PlainClientsNotVerified => {
                "--verify-client says nothing about ws:// and http://, which are served without a certificate; refuse \
                 them with --ssl-only"
            }
        })
    }
}

impl fmt::Display for ClientEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no bytes, closed"),
            Self::TlsWithoutFile(path) => {
                write!(f, "SSL connection but '{}' not found", path.display())
            }
            Self::TlsWithBrokenFile(reason, words) => {
                write!(
                    f,
                    "TLS connection closed, no usable certificate: {reason} (OpenSSL: {words})"
                )
            }
            Self::NoProxyHeader(problem) => write!(
                f,
                "no PROXY header, closed: {problem}; connections from there must begin with one (--proxy-protocol): switch \
                 it on in the balancer (haproxy: send-proxy-v2, nginx: proxy_protocol on), or leave its address out"
            ),
            Self::PlainRefused => f.write_str("non-SSL connection received but disallowed"),
            Self::Crowded(crowded) => crowded.fmt(f),
            Self::Handshake(end, hello, asked) => write!(f, "{}", end.explained(hello, *asked)),
            Self::Certificate(shown) => write!(f, "showed a certificate that we accept: {shown}"),
            Self::NoCertificate => f.write_str("showed no certificate, which is not required"),
            Self::LateAlert(alert) => HandshakeEnd::alert_line(f, *alert, "after the handshake"),
            Self::LateSilence(end) => end.line(f, SilentMoment::AfterHandshake),
            Self::RequestTimeout => f.write_str("no complete HTTP request in time, closed"),
            Self::BadRequest(reason) => write!(f, "not an HTTP request: {reason}"),
            Self::SecureSession => f.write_str("SSL/TLS (wss://) WebSocket connection"),
            Self::PlainSession => f.write_str("Plain non-SSL (ws://) WebSocket connection"),
            Self::UpgradeRefused(refusal) => {
                write!(f, "WebSocket upgrade refused: {refusal} (answered {})", refusal.status())
            }
            Self::NoTarget(refusal) => {
                write!(f, "WebSocket upgrade refused: {refusal} (answered {})", refusal.status())
            }
            Self::NotLetIn(refusal, Asked::Session) => {
                write!(f, "WebSocket upgrade refused: {refusal} (answered {})", refusal.status())
            }
            Self::NotLetIn(refusal, Asked::Page(path)) => {
                write!(f, "{path} refused: {refusal} (answered {})", refusal.status())
            }
            Self::Request { method, path, status } => write!(f, "{method} {path}: {status}"),
            Self::OwnFileNotServed { path, file } => {
                let what = match file {
                    OwnFile::Key => "the private key",
                    OwnFile::KeyPassword => "the password of the private key (--key-password-file)",
                    OwnFile::WhoMayComeIn => "who may come in (--auth-source-file)",
                    OwnFile::TokenKey => "what verifies tokens (--token-source)",
                    OwnFile::TokenPassword => {
                        "the password of the token source (--token-password-file)"
                    }
                    OwnFile::Options => "the options of this proxy (--config)",
                    OwnFile::Tokens => "the tokens (--token-source)",
                };
                write!(f, "{path} not served: it holds {what}; move it out of the web folder")
            }
            Self::KeyNotServed { path, secret } => {
                write!(
                    f,
                    "{path} not served: it holds a private key ({secret}); move it out of the web folder"
                )
            }
            Self::Violation(violation) => write!(f, "broke the WebSocket protocol: {violation}"),
            Self::TargetNotVerified(target) => write!(
                f,
                "session with {target}, which did not show who it is (--ssl-target-insecure): who stands between can \
                 read and change everything"
            ),
            Self::TargetLost(error) => write!(f, "the target broke the connection: {error}"),
            Self::Silent => f.write_str(
                "answered no ping (--heartbeat) for long and is taken for gone: the session ends",
            ),
            Self::Idle(limit) => write!(
                f,
                "nothing passed for {} s (--session-idle-timeout): the session ends",
                limit.as_secs()
            ),
            Self::Recording(path) => write!(f, "opening record file: {}", path.display()),
            Self::RecordingLost(path, error) => write!(
                f,
                "cannot write the record file {}: {error}; the session goes on without",
                path.display()
            ),
            Self::SessionOver { up, down } => {
                write!(f, "session over, {up} bytes to the target, {down} back")
            }
        }
    }
}

/// The system's words for an error, without the number that std appends.
pub(crate) fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
