//! Signatures, over certificates and over the handshake, checked with nothing but a public key.
//!
//! rustls offers the same for certificates that its own path validation can read; a browser reads
//! more (X.509 v1, for one), so the key is taken from the certificate here.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::{
    DigitallySignedStruct, PeerMisbehaved, SignatureScheme, crypto::WebPkiSupportedAlgorithms,
};
use rustls_pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};
use x509_parser::{
    asn1_rs::oid, oid_registry::*, prelude::*, signature_algorithm::RsaSsaPssParams,
};

use super::KeyAlgorithm;

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Its algorithm is none that anybody knows.
    #[error("the signature algorithm is not known")]
    Unknown,
    /// No algorithm that we have goes with this key and this signature. Others may have one.
    #[error("the signature algorithm is not supported")]
    Unsupported,
    /// It was not made with this key over these bytes.
    #[error("the signature does not verify")]
    Wrong,
}

/// Whether `certificate` was signed with `issuer`'s key. A signature over MD5, which nobody can check any more,
/// counts as good: that it is weak is another fault.
pub(super) fn verify_certificate(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), SignatureError> {
    let key = issuer.public_key();
    let Some(stated) = SignatureAlgorithm::of(certificate) else {
        let algorithm = certificate.signature_algorithm.oid();
        let is_known = *algorithm == OID_PKCS1_RSASSAPSS || is_known_elsewhere(algorithm);
        return Err(if is_known { SignatureError::Unsupported } else { SignatureError::Unknown });
    };
    if stated.hash == Hash::Md5 {
        return Ok(());
    }
    let algorithm = stated.with(KeyAlgorithm::of(key)).ok_or(SignatureError::Unsupported)?;
    UnparsedPublicKey::new(algorithm, &key.subject_public_key.data)
        .verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
        .map_err(|_| SignatureError::Wrong)
}

/// Whether it is an algorithm that some clients have, and we have not.
fn is_known_elsewhere(algorithm: &Oid<'_>) -> bool {
    [
        OID_SIG_ED448,
        // DSA with SHA-1, SHA-224 and SHA-256 (RFC 3279 section 2.2.2, RFC 5758 section 3.1).
        oid!(1.2.840.10040.4.3),
        oid!(2.16.840.1.101.3.4.3.1),
        oid!(2.16.840.1.101.3.4.3.2),
        // ECDSA and RSA with SHA-224 (RFC 5758 section 3.2, RFC 4055 section 5).
        oid!(1.2.840.10045.4.3.1),
        oid!(1.2.840.113549.1.1.14),
    ]
    .contains(algorithm)
}

/// The hash of a signature that is not to be relied on any more (RFC 9155).
pub(super) fn weak_hash(certificate: &X509Certificate<'_>) -> Option<&'static str> {
    match SignatureAlgorithm::of(certificate)?.hash {
        Hash::Md5 => Some("MD5"),
        Hash::Sha1 => Some("SHA-1"),
        Hash::Sha256 | Hash::Sha384 | Hash::Sha512 | Hash::Own => None,
    }
}

/// RFC 5280 section 4.1.1.2: both must say the same.
pub(super) fn stated_algorithms_differ(certificate: &X509Certificate<'_>) -> bool {
    certificate.signature_algorithm != certificate.tbs_certificate.signature
}

/// How a certificate was signed.
struct SignatureAlgorithm {
    scheme: Scheme,
    hash: Hash,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1,
    Pss,
    Ecdsa,
    Ed25519,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    /// The scheme has its own.
    Own,
}

impl SignatureAlgorithm {
    /// What the certificate states; [`None`] if that is nothing we know.
    fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let stated = &certificate.signature_algorithm;
        let oid = &stated.algorithm;
        if *oid == OID_PKCS1_RSASSAPSS {
            let parameters = stated.parameters.as_ref()?;
            let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
            let hash = Hash::of_pss(parameters.hash_algorithm_oid())?;
            return Some(Self { scheme: Scheme::Pss, hash });
        }
        [
            (OID_PKCS1_MD5WITHRSAENC, Scheme::Pkcs1, Hash::Md5),
            (OID_PKCS1_SHA1WITHRSA, Scheme::Pkcs1, Hash::Sha1),
            (OID_PKCS1_SHA256WITHRSA, Scheme::Pkcs1, Hash::Sha256),
            (OID_PKCS1_SHA384WITHRSA, Scheme::Pkcs1, Hash::Sha384),
            (OID_PKCS1_SHA512WITHRSA, Scheme::Pkcs1, Hash::Sha512),
            (oid!(1.2.840.10045.4.1), Scheme::Ecdsa, Hash::Sha1),
            (OID_SIG_ECDSA_WITH_SHA256, Scheme::Ecdsa, Hash::Sha256),
            (OID_SIG_ECDSA_WITH_SHA384, Scheme::Ecdsa, Hash::Sha384),
            (OID_SIG_ECDSA_WITH_SHA512, Scheme::Ecdsa, Hash::Sha512),
            (OID_SIG_ED25519, Scheme::Ed25519, Hash::Own),
        ]
        .into_iter()
        .find_map(|(known, scheme, hash)| (known == *oid).then_some(Self { scheme, hash }))
    }

    /// How such a signature is checked with such a key.
    fn with(&self, key: KeyAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self.scheme, self.hash, key) {
            (Scheme::Pkcs1, Hash::Sha1, KeyAlgorithm::Rsa) => {
                &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            (Scheme::Pkcs1, Hash::Sha256, KeyAlgorithm::Rsa) => {
                &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            (Scheme::Pkcs1, Hash::Sha384, KeyAlgorithm::Rsa) => {
                &signature::RSA_PKCS1_2048_8192_SHA384
            }
            (Scheme::Pkcs1, Hash::Sha512, KeyAlgorithm::Rsa) => {
                &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            (Scheme::Pss, Hash::Sha256, KeyAlgorithm::Rsa) => &signature::RSA_PSS_2048_8192_SHA256,
            (Scheme::Pss, Hash::Sha384, KeyAlgorithm::Rsa) => &signature::RSA_PSS_2048_8192_SHA384,
            (Scheme::Pss, Hash::Sha512, KeyAlgorithm::Rsa) => &signature::RSA_PSS_2048_8192_SHA512,
            (Scheme::Ecdsa, Hash::Sha1, KeyAlgorithm::P256) => &signature::ECDSA_P256_SHA1_ASN1,
            (Scheme::Ecdsa, Hash::Sha256, KeyAlgorithm::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Scheme::Ecdsa, Hash::Sha384, KeyAlgorithm::P256) => &signature::ECDSA_P256_SHA384_ASN1,
            (Scheme::Ecdsa, Hash::Sha512, KeyAlgorithm::P256) => &signature::ECDSA_P256_SHA512_ASN1,
            (Scheme::Ecdsa, Hash::Sha256, KeyAlgorithm::P384) => &signature::ECDSA_P384_SHA256_ASN1,
            (Scheme::Ecdsa, Hash::Sha384, KeyAlgorithm::P384) => &signature::ECDSA_P384_SHA384_ASN1,
            (Scheme::Ecdsa, Hash::Sha512, KeyAlgorithm::P384) => &signature::ECDSA_P384_SHA512_ASN1,
            (Scheme::Ecdsa, Hash::Sha1, KeyAlgorithm::P521) => &signature::ECDSA_P521_SHA1_ASN1,
            (Scheme::Ecdsa, Hash::Sha256, KeyAlgorithm::P521) => &signature::ECDSA_P521_SHA256_ASN1,
            (Scheme::Ecdsa, Hash::Sha384, KeyAlgorithm::P521) => &signature::ECDSA_P521_SHA384_ASN1,
            (Scheme::Ecdsa, Hash::Sha512, KeyAlgorithm::P521) => &signature::ECDSA_P521_SHA512_ASN1,
            (Scheme::Ecdsa, Hash::Sha256, KeyAlgorithm::Secp256k1) => {
                &signature::ECDSA_P256K1_SHA256_ASN1
            }
            (Scheme::Ed25519, Hash::Own, KeyAlgorithm::Ed25519) => &signature::ED25519,
            _ => return None,
        })
    }
}

impl Hash {
    fn of_pss(oid: &Oid<'_>) -> Option<Self> {
        [
            (OID_HASH_SHA1, Self::Sha1),
            (OID_NIST_HASH_SHA256, Self::Sha256),
            (OID_NIST_HASH_SHA384, Self::Sha384),
            (OID_NIST_HASH_SHA512, Self::Sha512),
        ]
        .into_iter()
        .find_map(|(known, hash)| (known == *oid).then_some(hash))
    }
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
