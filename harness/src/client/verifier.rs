//! rustls' certificate verifier with a browser's judgement in place of rustls' own.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    CertificateError, DigitallySignedStruct, OtherError, PeerMisbehaved, ProtocolVersion,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{
    judge::{Judgement, Verdict},
    profile::Profile,
};
use crate::{
    Alert,
    host::Host,
    inspect::{Handshake, Question, Staple, inspect, verify_handshake_signature},
    observation::{Finding, Moment, TlsVersion},
};

/// What the verifier was shown, and what the client makes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub chain: Vec<CertificateDer<'static>>,
    pub found: Vec<Finding>,
    /// The refusal; [`None`] if there is nothing to refuse or an exception covers it.
    pub refused: Option<Judgement>,
}

/// Judges the server's certificates as the client's profile says.
#[derive(Debug)]
pub(super) struct Verifier {
    pub profile: Arc<Profile>,
    pub host: Host,
    pub anchors: Vec<CertificateDer<'static>>,
    pub now: UnixTime,
    /// The certificates that the client has met before.
    pub met: Vec<CertificateDer<'static>>,
    /// The certificates that the user has accepted for this destination.
    pub accepted: Accepted,
    pub provider: Arc<CryptoProvider>,
    pub seen: Mutex<Seen>,
}

/// Whether the user has accepted a certificate for this destination.
pub(super) struct Accepted(pub Box<dyn Fn(&CertificateDer<'_>) -> bool + Send + Sync>);

impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Accepted")
    }
}

impl Verifier {
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The refusal, if there is one and this client speaks before the handshake is done.
    fn verdict(&self, version: TlsVersion) -> Result<(), rustls::Error> {
        match self.seen().refused {
            Some(judgement)
                if self.profile.moment(judgement.moment, version) == Moment::DuringHandshake =>
            {
                // A silent client's alert is made all the same, and not sent: see `TlsStream::refuse`.
                Err(judgement.alert.and_then(error_for).unwrap_or_else(silent))
            }
            _ => Ok(()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        staple: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<CertificateDer<'static>> = std::iter::once(leaf)
            .chain(others)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        let staple = if staple.is_empty() { Staple::Absent } else { Staple::Sent };
        let question = Question {
            handshake: Handshake { staple, ..Handshake::default() },
            met: &self.met,
            ..self.profile.question(&self.host, &self.anchors, self.now)
        };
        let Verdict { found, refused } = self.profile.judge(&inspect(&chain, &question));
        let refused = refused.filter(|_| !self.accepted.0(leaf));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { chain, found, refused };
        // The verdict waits for the signature, because only there rustls tells the version of TLS,
        // and with it the moment at which this client speaks.
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verdict(TlsVersion::Tls12)?;
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_handshake_signature(
            message,
            certificate,
            signed,
            ProtocolVersion::TLSv1_2,
            algorithms,
        )
        .map(|()| HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verdict(TlsVersion::Tls13)?;
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_handshake_signature(
            message,
            certificate,
            signed,
            ProtocolVersion::TLSv1_3,
            algorithms,
        )
        .map(|()| HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let all = self.provider.signature_verification_algorithms.supported_schemes();
        let keys = &self.profile.limits.server_keys;
        all.into_iter().filter(|scheme| keys.iter().any(|key| key.signs(*scheme))).collect()
    }
}

/// The error of a verifier that makes rustls 0.23 send this alert during the handshake
/// (`send_cert_verify_error_alert` and `impl From<CertificateError> for AlertDescription` there);
/// [`None`] if there is no such error.
pub(super) fn error_for(alert: Alert) -> Option<rustls::Error> {
    Some(match alert.0 {
        40 => rustls::Error::General("refused".to_owned()),
        42 => CertificateError::BadEncoding.into(),
        43 => CertificateError::InvalidPurpose.into(),
        44 => CertificateError::Revoked.into(),
        45 => CertificateError::Expired.into(),
        46 => silent(),
        47 => PeerMisbehaved::IllegalMiddleboxChangeCipherSpec.into(),
        48 => CertificateError::UnknownIssuer.into(),
        49 => CertificateError::ApplicationVerificationFailure.into(),
        51 => CertificateError::BadSignature.into(),
        _ => return None,
    })
}

fn silent() -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(Refused))).into()
}

#[derive(Debug, thiserror::Error)]
#[error("the simulated client refuses the certificate")]
struct Refused;
