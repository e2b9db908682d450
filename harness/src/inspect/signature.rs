//! Signatures, over certificates and over the handshake, checked with nothing but a public key.
//!
//! rustls offers the same for certificates that its own path validation can read; a browser reads
//! more (X.509 v1, for one), so the key is taken from the certificate here.

use rustls::{
    DigitallySignedStruct, PeerMisbehaved, SignatureScheme, crypto::WebPkiSupportedAlgorithms,
};
use rustls_pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};
use x509_parser::prelude::*;

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No algorithm that we have goes with this key and this signature.
    #[error("the signature algorithm is not supported")]
    Unsupported,
    /// It was not made with this key over these bytes.
    #[error("the signature does not verify")]
    Wrong,
}

/// Whether `certificate` was signed with `issuer`'s key.
pub(super) fn verify_certificate(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), SignatureError> {
    let algorithms =
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
    let key = issuer.public_key();
    let wanted = &certificate.signature_algorithm;
    let mut error = SignatureError::Unsupported;
    for algorithm in algorithms.all {
        if is(wanted, algorithm.signature_alg_id())
            && is(&key.algorithm, algorithm.public_key_alg_id())
        {
            let signed = certificate.tbs_certificate.as_ref();
            match algorithm.verify_signature(
                &key.subject_public_key.data,
                signed,
                &certificate.signature_value.data,
            ) {
                Ok(()) => return Ok(()),
                Err(_) => error = SignatureError::Wrong,
            }
        }
    }
    Err(error)
}

/// Whether the server that signed a handshake holds the key of the certificate that it sent.
///
/// # Errors
/// As rustls' own verifiers: the signature is wrong, or its scheme does not belong to the version.
pub fn verify_handshake_signature(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    version: rustls::ProtocolVersion,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<(), rustls::Error> {
    if version == rustls::ProtocolVersion::TLSv1_3 && !belongs_to_tls13(signed.scheme) {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    let (_, certificate) = X509Certificate::from_der(certificate)
        .map_err(|_| rustls::Error::from(rustls::CertificateError::BadEncoding))?;
    let key = certificate.public_key();
    let usable = algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter())
        .filter(|algorithm| is(&key.algorithm, algorithm.public_key_alg_id()));
    for algorithm in usable {
        if algorithm
            .verify_signature(&key.subject_public_key.data, message, signed.signature())
            .is_ok()
        {
            return Ok(());
        }
    }
    Err(rustls::CertificateError::BadSignature.into())
}

/// RFC 8446 section 4.2.3: PKCS#1 v1.5 and SHA-1 do not sign a TLS 1.3 handshake.
fn belongs_to_tls13(scheme: SignatureScheme) -> bool {
    !matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA1
            | SignatureScheme::ECDSA_SHA1_Legacy
            | SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512
    )
}

/// Whether a certificate's AlgorithmIdentifier is the one that is wanted: the same object identifier
/// with the same parameters. For an RSA *signature* the parameters should be NULL, but RFC 4055
/// section 5 lets them be absent.
fn is(stated: &x509_parser::x509::AlgorithmIdentifier<'_>, wanted: AlgorithmIdentifier) -> bool {
    let mut encoded = Vec::with_capacity(32);
    let oid = stated.algorithm.as_bytes();
    let Ok(length) = u8::try_from(oid.len()) else { return false };
    encoded.extend([0x06, length]);
    encoded.extend(oid);
    if let Some(parameters) = &stated.parameters {
        let Ok(der) = x509_parser::asn1_rs::ToDer::to_der_vec(parameters) else { return false };
        encoded.extend(der);
    } else if wanted == alg_id::RSA_PKCS1_SHA256
        || wanted == alg_id::RSA_PKCS1_SHA384
        || wanted == alg_id::RSA_PKCS1_SHA512
    {
        encoded.extend([0x05, 0x00]);
    }
    encoded == wanted.as_ref()
}
