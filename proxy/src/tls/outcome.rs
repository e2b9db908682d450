//! Why a TLS connection came to nothing: who ended it, how, at which moment, and in which words.

use std::fmt;
use std::io;

use rustls::{Error, PeerIncompatible};

use super::{Alert, ClientCertificateRefusal, ClientHelloFacts, Concern};
use crate::settings::ClientCertificates;

/// How a handshake ended without a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeEnd {
    /// The client sent an alert.
    Alert(Alert),
    /// The client ended the connection and told no reason.
    Silent(SilentEnd, SilentMoment),
    /// We could not go on.
    WeRefused {
        /// The alert we sent, if it could be seen on the wire.
        alert: Option<Alert>,
        /// The reason.
        error: Error,
    },
    /// We refused the client for its certificate.
    ClientCertificate(Box<ClientCertificateRefusal>),
    /// The handshake was not done in time.
    Timeout(SilentMoment),
    /// The connection failed.
    Failed(io::Error),
}

/// How a client ended a connection without telling a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilentEnd {
    /// TCP FIN.
    Closed,
    /// TLS `close_notify`, then TCP FIN.
    CloseNotify,
    /// TCP RST.
    Reset,
}

/// When a client went silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilentMoment {
    /// Before we sent our certificate, so it was not the reason.
    BeforeCertificate,
    /// After we sent our certificate.
    AfterCertificate,
    /// After the handshake, before a request. In TLS 1.2 clients judge the certificate as late as that.
    AfterHandshake,
}

impl HandshakeEnd {
    /// The log line, with what the client asked for and was asked for.
    pub(crate) fn explained<'a>(
        &'a self,
        hello: &'a ClientHelloFacts,
        asked: ClientCertificates,
    ) -> impl fmt::Display + 'a {
        struct Explained<'a>(&'a HandshakeEnd, &'a ClientHelloFacts, ClientCertificates);
        impl fmt::Display for Explained<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)?;
                let unexplained = matches!(
                    self.0,
                    HandshakeEnd::Silent(_, SilentMoment::AfterCertificate)
                        | HandshakeEnd::Timeout(SilentMoment::AfterCertificate)
                );
                if unexplained && self.2 != ClientCertificates::NotAsked {
                    f.write_str(
                        "; this proxy asked it for a certificate of its own (--verify-client), and Chromium ends a \
                         WebSocket then: open the https:// address in it first and choose one there",
                    )?;
                }
                match &self.1.server_name {
                    Some(name) => write!(f, "; it asked for {name}"),
                    None => Ok(()),
                }
            }
        }
        Explained(self, hello, asked)
    }

    /// The line for an alert of the client, at a moment put in words.
    pub(crate) fn alert_line(
        f: &mut fmt::Formatter<'_>,
        alert: Alert,
        moment: &str,
    ) -> fmt::Result {
        let verdict = match alert.concern() {
            Concern::Certificate => "refused our certificate:",
            Concern::Other => "sent",
        };
        let words = alert.openssl_words();
        write!(f, "{verdict} TLS alert {alert} {moment} (OpenSSL: {words}): {}", alert.meaning())
    }
}

impl fmt::Display for HandshakeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(alert) => Self::alert_line(f, *alert, "during the handshake"),
            Self::Silent(end, moment) => end.line(f, *moment),
            Self::WeRefused { alert, error } => {
                f.write_str("TLS handshake failed")?;
                if let Some(alert) = alert {
                    write!(f, ", we sent alert {alert}")?;
                }
                write!(f, " (OpenSSL: {}): {}", openssl_words(error), reason(error))
            }
            Self::ClientCertificate(refusal) => refusal.fmt(f),
            Self::Timeout(SilentMoment::BeforeCertificate) => {
                f.write_str("TLS handshake not done in time: the ClientHello is not complete")
            }
            Self::Timeout(_) => f.write_str(
                "TLS handshake not done in time: the client has our certificate and is silent; perhaps it asks somebody",
            ),
            Self::Failed(error) => write!(f, "TLS handshake failed: {}", crate::event::cause(error)),
        }
    }
}

impl SilentEnd {
    /// The log line for an end at `moment`.
    pub(crate) fn line(self, f: &mut fmt::Formatter<'_>, moment: SilentMoment) -> fmt::Result {
        let (verb, words) = match self {
            Self::Closed | Self::CloseNotify => ("closed", "EOF occurred in violation of protocol"),
            Self::Reset => ("reset", "Connection reset by peer"),
        };
        let notify = if self == Self::CloseNotify { "it said close_notify; " } else { "" };
        match moment {
            SilentMoment::BeforeCertificate => write!(
                f,
                "{verb} the connection during the TLS handshake, before its ClientHello was complete (OpenSSL: {words}): \
                 {notify}it has not seen our certificate; often a port scan or a health check"
            ),
            SilentMoment::AfterCertificate => write!(
                f,
                "{verb} the connection during the TLS handshake, without an alert, after our certificate was sent \
                 (OpenSSL: {words}): {notify}some clients (older Safari) refuse a certificate in this way; open the \
                 https:// address in it to see, or it was a health check"
            ),
            SilentMoment::AfterHandshake => write!(
                f,
                "{verb} the connection after the TLS handshake without sending a request: {notify}some clients (Node, \
                 Java, older Safari) refuse a certificate in this way; or it was a connection made in advance"
            ),
        }
    }
}

/// OpenSSL's words when it refuses for the same reason.
pub(crate) fn openssl_words(error: &Error) -> &'static str {
    match error {
        Error::PeerIncompatible(reason) => match reason {
            PeerIncompatible::NoCipherSuitesInCommon => "no shared cipher",
            PeerIncompatible::NoSignatureSchemesInCommon => "no suitable signature algorithm",
            PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NamedGroupsExtensionRequired => "no suitable key share",
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired => "unsupported protocol",
            _ => "no shared cipher",
        },
        Error::InvalidMessage(_) => "bad packet",
        Error::NoApplicationProtocol => "no application protocol",
        Error::PeerMisbehaved(_)
        | Error::InappropriateHandshakeMessage { .. }
        | Error::InappropriateMessage { .. } => "unexpected message",
        Error::DecryptError => "decryption failed or bad record mac",
        Error::PeerSentOversizedRecord => "packet length too long",
        _ => "internal error",
    }
}

fn reason(error: &Error) -> String {
    let advice = match openssl_words(error) {
        "no shared cipher" | "no suitable signature algorithm" => {
            "; the kind of key in our certificate (RSA, EC) may be one the client does not take"
        }
        "unsupported protocol" => {
            "; the client offers no TLS version that is spoken here (1.2 and 1.3, unless --ssl-version or \
             --ssl-max-version says otherwise)"
        }
        _ => "",
    };
    format!("{error}{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_refusal() {
        let hello = ClientHelloFacts {
            server_name: Some("proxy.example.test".into()),
            ..Default::default()
        };
        let lines: Vec<(HandshakeEnd, &str)> = vec![
            (
                HandshakeEnd::Alert(Alert(48)),
                "refused our certificate: TLS alert 48 unknown_ca during the handshake (OpenSSL: tlsv1 alert unknown ca): ",
            ),
            (
                HandshakeEnd::Alert(Alert(70)),
                "sent TLS alert 70 protocol_version during the handshake (OpenSSL: tlsv1 alert protocol version): ",
            ),
            (
                HandshakeEnd::Silent(SilentEnd::Closed, SilentMoment::AfterCertificate),
                "closed the connection during the TLS handshake, without an alert, after our certificate was sent \
                 (OpenSSL: EOF occurred in violation of protocol): ",
            ),
            (
                HandshakeEnd::Silent(SilentEnd::Reset, SilentMoment::AfterCertificate),
                "reset the connection during the TLS handshake, without an alert, after our certificate was sent \
                 (OpenSSL: Connection reset by peer): ",
            ),
            (
                HandshakeEnd::Silent(SilentEnd::CloseNotify, SilentMoment::AfterHandshake),
                "closed the connection after the TLS handshake without sending a request: it said close_notify; ",
            ),
            (
                HandshakeEnd::WeRefused {
                    alert: Some(Alert(40)),
                    error: Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                },
                "TLS handshake failed, we sent alert 40 handshake_failure (OpenSSL: no shared cipher): ",
            ),
        ];
        for (end, start) in lines {
            let line = end.explained(&hello, ClientCertificates::NotAsked).to_string();
            assert!(line.starts_with(start), "{line}");
            assert!(line.ends_with("; it asked for proxy.example.test"), "{line}");
        }
    }
}
