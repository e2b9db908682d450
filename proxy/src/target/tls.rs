//! TLS to the target: what is verified, and the handshake.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature_with_raw_key};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::failure::TargetError;
use super::pin::{KeyPin, OtherKey};
use super::wire::Wire;
use super::{AskedUs, Reached, Verified};
use crate::authorities::{Authorities, AuthoritiesOrigin};
use crate::identity::names;
use crate::tls::check_dates;

/// How targets are spoken to over TLS: the same for all sessions.
#[derive(Clone, Debug)]
pub(crate) struct TargetTlsSetup {
    /// What the certificate must name, and what is asked for with SNI (which an address is not); otherwise it is the
    /// target's host.
    name: Option<ServerName<'static>>,
    trust: Trust,
    /// Of which its key must be one, unless there are none.
    pins: Vec<KeyPin>,
}

/// Which certificates of a target are accepted.
#[derive(Clone, Debug)]
enum Trust {
    Issued { authorities: Authorities, verifier: Arc<WebPkiServerVerifier> },
    Anything,
}

impl TargetTlsSetup {
    /// Certificates for `name`, or else for the target's host, by `authorities`; without them, any certificate. Their
    /// keys must be among `pins`, if there are any.
    pub(crate) fn new(
        name: Option<ServerName<'static>>,
        authorities: Option<Authorities>,
        pins: Vec<KeyPin>,
    ) -> Result<Self, Error> {
        let trust = match authorities {
            None => Trust::Anything,
            Some(authorities) => {
                let verifier = WebPkiServerVerifier::builder_with_provider(
                    Arc::clone(&authorities.roots),
                    Arc::new(default_provider()),
                )
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
                Trust::Issued { authorities, verifier }
            }
        };
        Ok(Self { name, trust, pins })
    }

    /// By which authorities the certificate must be issued, if it is verified.
    pub(crate) fn authorities(&self) -> Option<&AuthoritiesOrigin> {
        match &self.trust {
            Trust::Issued { authorities, .. } => Some(&authorities.origin),
            Trust::Anything => None,
        }
    }

    /// Which keys a target may have; any if there are none.
    pub(crate) fn pins(&self) -> &[KeyPin] {
        &self.pins
    }

    /// Whether a target has to show who it is.
    pub(crate) fn verified(&self) -> Verified {
        match &self.trust {
            Trust::Anything if self.pins.is_empty() => Verified::No,
            Trust::Anything | Trust::Issued { .. } => Verified::AsWanted,
        }
    }

    /// The name that all targets must have, if there is one.
    pub(crate) fn name(&self) -> Option<String> {
        self.name.as_ref().map(|name| name.to_str().into_owned())
    }

    /// Does the handshake with that host, up to `deadline`.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        host: &str,
        deadline: Instant,
    ) -> Result<Reached, TargetError> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned())
                .map_err(|_| TargetError::NotAName(host.to_owned()))?,
        };
        let target = Arc::new(WatchedTarget {
            trust: self.trust.clone(),
            pins: self.pins.clone(),
            shown: Mutex::default(),
        });
        let asked = Arc::new(Asked::default());
        let config = config(&target, &asked).map_err(TargetError::Protocol)?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, Wire::new(stream));
        let result = timeout_at(deadline, handshake.into_fallible()).await;
        let asked = asked.us();
        match result {
            Ok(Ok(stream)) => Ok(Reached { stream: Box::new(stream), tls: Some(asked) }),
            Ok(Err((error, wire))) => Err(TargetError::of_handshake(
                error,
                wire.first(),
                &target.chain(),
                self.authorities(),
                asked,
            )),
            Err(_) => Err(TargetError::HandshakeTimeout),
        }
    }
}

fn config(target: &Arc<WatchedTarget>, asked: &Arc<Asked>) -> Result<ClientConfig, Error> {
    let verifier = Arc::clone(target) as Arc<dyn ServerCertVerifier>;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::clone(asked) as Arc<dyn ResolvesClientCert>);
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Has no certificate for the target, and remembers that it was asked for one.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl Asked {
    fn us(&self) -> AskedUs {
        if self.0.load(Ordering::Relaxed) { AskedUs::ForCertificate } else { AskedUs::ForNothing }
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The verifier for one connection, which remembers what the target showed.
#[derive(Debug)]
struct WatchedTarget {
    trust: Trust,
    pins: Vec<KeyPin>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl WatchedTarget {
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for WatchedTarget {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(leaf).chain(intermediates).map(|der| der.clone().into_owned());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        let verified = match &self.trust {
            Trust::Anything => Ok(ServerCertVerified::assertion()),
            // The file names this very certificate: it is trusted as it is, as authority or not.
            Trust::Issued { authorities, .. } if authorities.certificates.contains(leaf) => {
                check_dates(leaf, now)?;
                check_name(leaf, name)?;
                Ok(ServerCertVerified::assertion())
            }
            Trust::Issued { verifier, .. } => {
                verifier.verify_server_cert(leaf, intermediates, name, ocsp, now)
            }
        };
        let pinned =
            self.pins.is_empty() || KeyPin::of(leaf).is_some_and(|pin| self.pins.contains(&pin));
        if verified.is_ok() && !pinned {
            return Err(CertificateError::Other(OtherError(Arc::new(OtherKey))).into());
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.trust {
            // With any key accepted, a signature by it proves nothing.
            Trust::Anything if self.pins.is_empty() => Ok(HandshakeSignatureValid::assertion()),
            Trust::Anything => {
                let algorithms = default_provider().signature_verification_algorithms;
                verify_tls12_signature(message, leaf, signed, &algorithms)
            }
            Trust::Issued { verifier, .. } => {
                verifier.verify_tls12_signature(message, leaf, signed)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.trust {
            Trust::Anything if self.pins.is_empty() => Ok(HandshakeSignatureValid::assertion()),
            Trust::Anything => {
                let algorithms = default_provider().signature_verification_algorithms;
                // By the key itself: webpki reads no certificate of version 1,.
                let (_, parsed) =
                    X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
                let key = SubjectPublicKeyInfoDer::from(parsed.public_key().raw);
                verify_tls13_signature_with_raw_key(message, &key, signed, &algorithms)
            }
            Trust::Issued { verifier, .. } => {
                verifier.verify_tls13_signature(message, leaf, signed)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate that is trusted as it is names the target. One without subjectAltName names it in its common
/// name: `openssl req -x509` makes such, and OpenSSL reads them so.
fn check_name(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    if names(&parsed).is_some() {
        return verify_server_name(&ParsedCertificate::try_from(leaf)?, name);
    }
    let wanted = name.to_str();
    let mut common = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    if common.any(|common| common.eq_ignore_ascii_case(&wanted)) {
        return Ok(());
    }
    Err(CertificateError::NotValidForNameContext {
        expected: name.to_owned(),
        presented: Vec::new(),
    }
    .into())
}
