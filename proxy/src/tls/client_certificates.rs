//! Verifying the certificates of clients (`--verify-client`), and saying why one is refused.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::Alert;
use super::own::check_dates;
use super::problem::{CertificateProblem, ShownCertificate};
use crate::authorities::{Authorities, AuthoritiesOrigin};
use crate::settings::ClientCertificates;

/// What clients have to show: the same for all of them.
#[derive(Clone, Debug)]
pub(crate) struct ClientCheck {
    pub(super) asked: ClientCertificates,
    pub(super) authorities: Authorities,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl ClientCheck {
    /// Certificates that `authorities` issued.
    pub(crate) fn new(asked: ClientCertificates, authorities: Authorities) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&authorities.roots), provider);
        if asked == ClientCertificates::Optional {
            builder = builder.allow_unauthenticated();
        }
        if matches!(authorities.origin, AuthoritiesOrigin::System { .. }) {
            // Over a hundred names in each handshake tell a client nothing.
            builder = builder.clear_root_hint_subjects();
        }
        let verifier = builder.build().map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { asked, authorities, verifier })
    }

    /// A verifier for one client, which remembers what the client showed.
    pub(super) fn watch(&self) -> Arc<WatchedClient> {
        Arc::new(WatchedClient { check: self.clone(), shown: Mutex::default() })
    }
}

/// The verifier for one client. rustls tells why it refuses a certificate, but not which one it was.
#[derive(Debug)]
pub(super) struct WatchedClient {
    check: ClientCheck,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl WatchedClient {
    /// What the client showed; empty if that was nothing.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The refusal that `error` is about, if it is about the client's certificate.
    pub(super) fn refusal(&self, error: &Error) -> Option<ClientCertificateRefusal> {
        let chain = self.chain();
        let problem = match error {
            Error::NoCertificatesPresented => None,
            Error::InvalidCertificate(error) => Some(CertificateProblem::of(error, &chain)),
            _ => return None,
        };
        Some(ClientCertificateRefusal {
            alert: alert_for(error),
            shown: chain.first().map(|leaf| ShownCertificate::of(leaf)),
            problem,
            authorities: self.check.authorities.origin.clone(),
        })
    }
}

/// The alert that rustls sends. In TLS 1.3 it goes out encrypted and cannot be seen on the wire.
fn alert_for(error: &Error) -> Alert {
    match error {
        Error::InvalidCertificate(error) => {
            Alert::from(rustls::AlertDescription::from(error.clone()))
        }
        _ => Alert::CERTIFICATE_REQUIRED,
    }
}

impl ClientCertVerifier for WatchedClient {
    fn client_auth_mandatory(&self) -> bool {
        self.check.verifier.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.check.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain = std::iter::once(leaf).chain(intermediates).map(|der| der.clone().into_owned());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        let verdict = self.check.verifier.verify_client_cert(leaf, intermediates, now);
        match verdict {
            // A self-signed certificate that stands in the file itself: webpki takes no authority's certificate for a
            // client's, and `openssl req -x509` makes nothing else.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.check.authorities.certificates.contains(leaf) =>
            {
                check_dates(leaf, now)?;
                Ok(ClientCertVerified::assertion())
            }
            Err(Error::InvalidCertificate(error @ CertificateError::Other(_)))
                if CertificateProblem::of(&error, &self.chain())
                    == CertificateProblem::SelfSigned =>
            {
                // Its alert is then that of any other unknown authority (48).
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check.verifier.verify_tls12_signature(message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check.verifier.verify_tls13_signature(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.check.verifier.supported_verify_schemes()
    }
}

/// A client that we refused for its certificate, or because it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificateRefusal {
    /// The alert we sent.
    pub alert: Alert,
    /// What it showed, if anything.
    pub shown: Option<ShownCertificate>,
    /// What is wrong with that; `None` if it showed nothing.
    pub problem: Option<CertificateProblem>,
    /// By which authorities a client's certificate has to be issued.
    pub authorities: AuthoritiesOrigin,
}

impl fmt::Display for ClientCertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alert, shown, problem, authorities } = self;
        write!(f, "TLS handshake failed, we sent alert {alert} (")?;
        let (Some(problem), Some(shown)) = (problem, shown) else {
            return write!(
                f,
                "OpenSSL: peer did not return a certificate): the client showed no certificate, and --verify-client \
                 requires one; give it one that was issued by {authorities}; Chromium offers none for a WebSocket until \
                 one was chosen for the https:// address"
            );
        };
        write!(f, "{}): we refused the client's certificate ({shown}): ", problem.openssl())?;
        match problem {
            CertificateProblem::SelfSigned => write!(
                f,
                "it is self-signed and not one of {authorities}; add it to the file of --cafile, or issue one by these \
                 authorities"
            ),
            CertificateProblem::UnknownIssuer => write!(
                f,
                "its issuer is not one of {authorities}; add the issuer to the file of --cafile, or let the client send \
                 its intermediate certificates along"
            ),
            CertificateProblem::Expired { not_after } => {
                write!(f, "it expired at {not_after}; renew it")
            }
            CertificateProblem::NotYetValid { not_before } => {
                write!(f, "it is not valid before {not_before}; compare this machine's clock with the issuer's")
            }
            CertificateProblem::WrongPurpose => f.write_str(
                "its extendedKeyUsage does not allow client authentication (a server's certificate, perhaps; public \
                 authorities issue no others any more); issue one with -addext extendedKeyUsage=clientAuth",
            ),
            CertificateProblem::Version1 => {
                f.write_str("it is of X.509 version 1, without extensions; re-issue it as version 3")
            }
            CertificateProblem::IsAuthority => f.write_str(
                "it is that of an authority (CA:TRUE); issue one for the client with -addext \
                 basicConstraints=critical,CA:FALSE",
            ),
            CertificateProblem::BadSignature => f.write_str(
                "a signature is wrong: that of the certificate, of its chain, or the client has not its key",
            ),
            CertificateProblem::WrongName { .. } => f.write_str("it is for another name"),
            CertificateProblem::Other(reason) => f.write_str(reason),
        }
    }
}
