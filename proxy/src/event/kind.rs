//! What sort of event something is: a name that does not change, for programs that read the log or count.

use super::{ClientEvent, Event, Reload};
use crate::listen::Peer;
use crate::tls::HandshakeEnd;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For whoever looks closely; only `--verbose` shows it.
    Detail,
    /// As it should be.
    Info,
    /// Somebody was not served, or may not be.
    Warning,
    /// Nobody is served with something until somebody mends it.
    Error,
}

impl Severity {
    /// Its name in the log: those of most programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detail => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Event {
    /// Its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Settings
            | Self::Listening(..)
            | Self::ProxyProtocol(_)
            | Self::WebRoot(..)
            | Self::Tls(..)
            | Self::TlsMissing
            | Self::TlsVersions(_)
            | Self::ClientCertificates(..)
            | Self::Authentication(..)
            | Self::PlainRefused
            | Self::TargetTls(..)
            | Self::TrafficShown
            | Self::Recording(_)
            | Self::Ciphers(_)
            | Self::Metrics(_)
            | Self::Proxying(..) => "setting",
            Self::TlsBroken(_) | Self::CertificateLeftOut(_) => "certificate-unusable",
            Self::TlsWarning(_) | Self::CertificateWarning(_) => "certificate-warning",
            Self::OptionWarning(_) => "option-warning",
            Self::Reload(_, Reload::Done(_) | Reload::First(_)) => "certificate-loaded",
            Self::Reload(_, Reload::Unchanged(_)) => "certificate-unchanged",
            Self::Reload(_, Reload::OldStays(_) | Reload::StillUnusable(_)) => {
                "certificate-not-loaded"
            }
            Self::ProgramStarting(_) => "program-starting",
            Self::ProgramNotStarted(..) => "program-not-started",
            Self::ProgramEnded(..) => "program-ended",
            Self::TimeIsUp(_) => "time-is-up",
            Self::Stopped => "stopped",
            Self::Draining(..) => "draining",
            Self::AcceptFailed(_) => "accept-failed",
            Self::SyslogLost(..) => "syslog-lost",
            Self::SyslogBack(..) => "syslog-back",
            Self::Repeated { .. } => "repeated",
            Self::Client(_, event) => event.kind(),
            Self::TargetFailed { .. } => "target-not-reached",
            Self::TargetLost { .. } => "target-lost",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        if self.is_detail() {
            return Severity::Detail;
        }
        match self {
            Self::TlsBroken(_)
            | Self::CertificateLeftOut(_)
            | Self::Reload(_, Reload::OldStays(_) | Reload::StillUnusable(_))
            | Self::AcceptFailed(_)
            | Self::ProgramNotStarted(..) => Severity::Error,
            Self::TlsWarning(_)
            | Self::CertificateWarning(_)
            | Self::OptionWarning(_)
            | Self::SyslogLost(..)
            | Self::Repeated { .. }
            | Self::TargetFailed { .. }
            | Self::TargetLost { .. } => Severity::Warning,
            Self::Client(_, event) if event.is_failure() => Severity::Warning,
            _ => Severity::Info,
        }
    }

    /// The client that it is about.
    pub fn client(&self) -> Option<Peer> {
        match self {
            Self::Client(client, _)
            | Self::TargetFailed { client, .. }
            | Self::TargetLost { client, .. } => Some(*client),
            _ => None,
        }
    }

    /// Whether somebody was not served.
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Self::Client(_, event) => event.is_failure(),
            Self::TargetFailed { .. } | Self::TargetLost { .. } | Self::AcceptFailed(_) => true,
            _ => false,
        }
    }

    /// Whether somebody was not served, and would not be the next time either.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Client(_, event) => event.is_refusal(),
            Self::TargetFailed { .. } => true,
            _ => false,
        }
    }
}

impl ClientEvent {
    /// Its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "no-bytes",
            Self::NoProxyHeader(_) => "no-proxy-header",
            Self::TlsWithoutFile(_) | Self::TlsWithBrokenFile(..) => "tls-not-served",
            Self::PlainRefused => "plain-refused",
            Self::Handshake(end, ..) => match end {
                HandshakeEnd::Alert(_) => "handshake-client-alert",
                HandshakeEnd::Silent(..) => "handshake-client-left",
                HandshakeEnd::WeRefused { .. } => "handshake-refused",
                HandshakeEnd::ClientCertificate(_) => "client-certificate-refused",
                HandshakeEnd::Timeout(_) => "handshake-timeout",
                HandshakeEnd::Failed(_) => "handshake-failed",
            },
            Self::Certificate(_) => "client-certificate",
            Self::NoCertificate => "no-client-certificate",
            Self::LateAlert(_) => "handshake-client-alert",
            Self::LateSilence(_) => "handshake-client-left",
            Self::RequestTimeout => "request-timeout",
            Self::BadRequest(_) => "bad-request",
            Self::SecureSession | Self::PlainSession => "session",
            Self::UpgradeRefused(_) => "upgrade-refused",
            Self::NoTarget(_) => "no-target",
            Self::NotLetIn(..) => "not-let-in",
            Self::Request { .. } => "request",
            Self::OwnFileNotServed { .. } | Self::KeyNotServed { .. } => "file-not-served",
            Self::Violation(_) => "protocol-violation",
            Self::TargetNotVerified(_) => "target-not-verified",
            Self::TargetLost(_) => "target-lost",
            Self::Silent => "client-silent",
            Self::Idle(_) => "session-idle",
            Self::Crowded(_) => "crowded",
            Self::SessionOver { .. } => "session-over",
            Self::Recording(_) => "recording",
            Self::RecordingLost(..) => "recording-lost",
        }
    }

    fn is_failure(&self) -> bool {
        self.is_refusal()
            || matches!(
                self,
                Self::RecordingLost(..)
                    | Self::RequestTimeout
                    | Self::Violation(_)
                    | Self::TargetLost(_)
                    | Self::Silent
            )
    }

    fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NoProxyHeader(_)
                | Self::TlsWithoutFile(_)
                | Self::TlsWithBrokenFile(..)
                | Self::PlainRefused
                | Self::Crowded(_)
                | Self::Handshake(..)
                | Self::LateAlert(_)
                | Self::LateSilence(_)
                | Self::BadRequest(_)
                | Self::UpgradeRefused(_)
                | Self::NoTarget(_)
                | Self::NotLetIn(..)
                | Self::OwnFileNotServed { .. }
                | Self::KeyNotServed { .. }
        )
    }
}
