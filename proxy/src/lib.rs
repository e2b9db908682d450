//! A websockify-compatible proxy from WebSocket to TCP that says why a `wss://` connection was refused.
//!
//! `ws://`, `wss://`, `http://` and `https://` share one port and are told apart by the first byte. Certificate and
//! key files are loaded at start; every way in which they can be broken has its own words and its mend
//! ([`IdentityError`]). Every refused handshake is a line in the log with the side, the peer, the TLS alert and what
//! it means ([`Event`]).
//!
//! Start one in-process with [`Proxy::bind`] and [`Proxy::serve`], or offer the whole program as a subcommand with
//! [`main`].

mod auth;
mod authorities;
mod cli;
mod connection;
mod daemon;
mod der;
mod event;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod heartbeat;
mod http;
mod identity;
mod lent;
mod limits;
mod linger;
mod listen;
mod log;
mod metrics;
mod opening_hours;
mod prepared;
mod program;
mod proxy;
mod proxy_protocol;
mod record;
mod relay;
mod served;
mod settings;
mod sniff;
mod start_error;
mod target;
mod text_file;
mod tls;
mod token;
mod traffic;
mod websocket;
mod wrap;

pub use auth::{
    AuthPlugin, AuthScope, AuthSource, Authentication, AuthenticationError, NotLetIn, PageFrom,
    RuleProblem,
};
pub use authorities::{AuthoritiesError, AuthoritiesOrigin};
pub use event::{Asked, ClientEvent, Event, OptionWarning, Reload, Severity, TimeLimit};
pub use http::{OwnFile, UpgradeRefusal};
pub use identity::{
    BlockPlace, Damage, Identity, IdentityError, IdentityFiles, Instead, KeyMismatch, LooksLike,
    PublicKeyPrint, SpecialFile, Summary, Warning,
};
pub use limits::{Crowded, LEAST_REQUEST_SIZE, Limits};
pub use listen::{Giver, HandedSockets, ListenAddress, Peer, StaleSocketError};
pub use log::{
    LogFormat, LogSink, Refusals, Syslog, SyslogAddress, SyslogFacility, SyslogFormat, Verbosity,
};
pub use program::main;
pub use proxy::{Proxy, Reloader};
pub use proxy_protocol::{HeaderProblem, NoHeader, SourceError, TrustedSource};
pub use settings::{
    AddressFamily, CertificateFiles, ClientCertificates, DirectoryListing, Endpoint, EndpointError,
    Lifetime, Listen, Password, PlainClients, Settings, Target, TargetTls, TargetTrust, Targets,
    Times, TlsVersion, TlsVersions,
};
pub use start_error::StartError;
pub use target::{
    AskedUs, KeyPin, NotTls, PinError, TargetCertificateRefusal, TargetError, TargetKeyRefusal,
    TargetLoss, Verified,
};
pub use tls::{
    Alert, Alpn, CertificateProblem, Ciphers, CiphersError, ClientCertificateRefusal,
    ClientHelloFacts, Concern, HandshakeEnd, IdleWord, ShownCertificate, SilentEnd, SilentMoment,
};
pub use token::{
    ApiAnswer, BadLine, JwtKeyFile, JwtRefusal, KeyProblem, ListRead, NoTarget, RedisProblem,
    RedisStore, ServiceProblem, TokenApi, TokenFrom, TokenPlugin, TokenSource, TokenSourceError,
    TokenSourceProblem, Tokens, UrlProblem,
};
pub use traffic::Traffic;
pub use websocket::{CloseCode, Violation};
pub use wrap::{AfterProgram, Ended, Wrap, WrapError, WrapMode, WrapOutput};
