//! Connections that failed: what the failures of sockets and libraries mean in our vocabulary.

use std::io;

use rustls::{AlertDescription, Error as TlsError};
use tokio_tungstenite::tungstenite;

use super::{exchange::SpeechError, judge::Judgement, tls::HandshakeFailure};
use crate::{
    Alert, Fault,
    observation::{AlertSeen, Ending, Moment, Party, Step, TlsVersion},
};

/// A connection that failed, in terms of what happened rather than of a client's words.
#[derive(Debug)]
pub(super) struct Failure {
    pub by: Party,
    pub step: Step,
    pub fault: Fault,
    pub alert: Option<AlertSeen>,
    pub ending: Ending,
    pub detail: String,
    /// The client's own judgement, where it is that which ended the connection.
    pub judgement: Option<Judgement>,
    /// The version of TLS that was agreed on before a server's alert.
    pub agreed: Option<TlsVersion>,
}

impl Failure {
    pub(super) fn of_server(
        step: Step,
        fault: Fault,
        ending: Ending,
        detail: impl ToString,
    ) -> Self {
        Self {
            by: Party::Server,
            step,
            fault,
            alert: None,
            ending,
            detail: detail.to_string(),
            judgement: None,
            agreed: None,
        }
    }
}

/// A refusal by the client's own judgement.
pub(super) fn refusal(
    judgement: Judgement,
    moment: Moment,
    ending: Ending,
    left: io::Result<()>,
) -> Failure {
    let mut detail = judgement.detail.clone();
    if let Err(error) = left {
        // The server was quicker in leaving; the verdict stands.
        detail.push_str(&format!(" (and the server was gone: {error})"));
    }
    Failure {
        by: Party::Client,
        step: Step::Tls,
        fault: judgement.fault,
        alert: judgement.alert.map(|alert| AlertSeen { alert, sent_by: Party::Client, moment }),
        ending,
        detail,
        judgement: Some(judgement),
        agreed: None,
    }
}

/// A handshake that did not come to its end.
pub(super) fn broken(failure: HandshakeFailure) -> Failure {
    match failure {
        HandshakeFailure::Closed => Failure::of_server(
            Step::Tls,
            Fault::ConnectionClosed,
            Ending::Closed,
            "the server closed the connection during the TLS handshake",
        ),
        HandshakeFailure::Io(error) => lost(Step::Tls, &error),
        HandshakeFailure::NotTls => Failure {
            by: Party::Client,
            ..Failure::of_server(
                Step::Tls,
                Fault::NotTls,
                Ending::Closed,
                "the server's first byte is not that of a TLS record",
            )
        },
        HandshakeFailure::AskedForCertificate => Failure {
            by: Party::Client,
            ..Failure::of_server(
                Step::Tls,
                Fault::ClientCertificateRequired,
                Ending::Closed,
                "the server asks for a certificate, and the client has none and goes",
            )
        },
        HandshakeFailure::Tls(error) => violation(Step::Tls, &error),
    }
}

/// The same failure, of which the client has complained with an alert.
pub(super) fn complaint(failure: Failure, alert: Option<Alert>) -> Failure {
    let seen = |alert| AlertSeen { alert, sent_by: Party::Client, moment: Moment::DuringHandshake };
    Failure { alert: alert.map(seen), ..failure }
}

/// A server that breaks the protocol, or has nothing in common with the client.
pub(super) fn violation(step: Step, error: &TlsError) -> Failure {
    let fault = match error {
        TlsError::PeerIncompatible(_) => Fault::ProtocolVersion,
        _ => Fault::TlsViolation,
    };
    Failure { by: Party::Client, ..Failure::of_server(step, fault, Ending::Closed, error) }
}

/// A server that ended the connection with an alert.
pub(super) fn alerted(
    step: Step,
    moment: Moment,
    alert: AlertDescription,
    agreed: Option<TlsVersion>,
) -> Failure {
    let alert = Alert(alert.into());
    let fault = fault_of_alert(alert, agreed);
    Failure {
        alert: Some(AlertSeen { alert, sent_by: Party::Server, moment }),
        agreed,
        ..Failure::of_server(step, fault, Ending::Closed, format!("the server sent {alert}"))
    }
}

/// What a server means by an alert, after that version of TLS was agreed on, if one was.
pub(super) fn fault_of_alert(alert: Alert, agreed: Option<TlsVersion>) -> Fault {
    match alert.0 {
        40 if agreed == Some(TlsVersion::Tls13) => Fault::NoCommonSignature,
        // Behind a ServerHello there is nothing else that it could not agree to (RFC 5246 section 7.4.6).
        40 if agreed == Some(TlsVersion::Tls12) => Fault::ClientCertificateRequired,
        40 | 71 => Fault::NoCommonCipher,
        70 => Fault::ProtocolVersion,
        116 => Fault::ClientCertificateRequired,
        _ => Fault::ServerAlert,
    }
}

/// A connection that ended while something was expected of it.
pub(super) fn lost(step: Step, error: &io::Error) -> Failure {
    let source = error.get_ref().and_then(|source| source.downcast_ref::<TlsError>());
    if let Some(TlsError::AlertReceived(alert)) = source {
        return alerted(step, Moment::AfterHandshake, *alert, None);
    }
    if let Some(source) = source {
        return violation(step, source);
    }
    match error.kind() {
        io::ErrorKind::TimedOut => {
            Failure::of_server(step, Fault::TimedOut, Ending::Abandoned, error)
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => {
            Failure::of_server(step, Fault::ConnectionReset, Ending::Reset, error)
        }
        _ => Failure::of_server(step, Fault::ConnectionClosed, Ending::Closed, error),
    }
}

/// A WebSocket that did not do what it should, `step` being how far it had come.
pub(super) fn speech(step: Step, error: SpeechError) -> Failure {
    let of_server = |fault, detail: String| Failure::of_server(step, fault, Ending::Closed, detail);
    let answered = error.answer().is_some();
    match error {
        SpeechError::Upgrade(answer) => of_server(
            Fault::UpgradeRefused,
            format!("the upgrade was answered with {}", answer.status),
        ),
        SpeechError::Broken(error) if answered => {
            of_server(Fault::UpgradeRefused, error.to_string())
        }
        SpeechError::ClosedBy(close) => {
            // websockify's code for a target that cannot be reached (RFC 6455 section 7.4.1: internal error).
            let fault =
                if close.code == 1011 { Fault::TargetUnreachable } else { Fault::ConnectionClosed };
            of_server(fault, format!("the server closed with {} {:?}", close.code, close.reason))
        }
        SpeechError::Damaged(difference) => of_server(Fault::PayloadDamaged, difference),
        SpeechError::Broken(tungstenite::Error::Io(error)) => lost(step, &error),
        SpeechError::Broken(
            error @ (tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::HandshakeIncomplete
                | tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )),
        ) => of_server(Fault::ConnectionClosed, error.to_string()),
        SpeechError::Broken(error) => of_server(Fault::NotHttp, error.to_string()),
    }
}

/// A page that could not be had.
pub(super) fn page(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut cause = Some(error);
    while let Some(this) = cause {
        if let Some(io) = this.downcast_ref::<io::Error>() {
            return lost(Step::Http, io);
        }
        cause = this.source();
    }
    // A server that speaks first, and no HTTP, may have ended the connection before it was asked: that is the cause then.
    let cause = error.source().filter(|cause| cause.is::<hyper::Error>()).unwrap_or(error);
    let fault = match cause.downcast_ref::<hyper::Error>() {
        Some(error)
            if error.is_incomplete_message() || error.is_canceled() || error.is_closed() =>
        {
            Fault::ConnectionClosed
        }
        _ => Fault::NotHttp,
    };
    Failure::of_server(Step::Http, fault, Ending::Closed, error)
}
