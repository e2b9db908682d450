//! Which key a certificate holds.

use std::fmt;

use rustls::SignatureScheme;
use serde::Deserialize;
use x509_parser::{
    asn1_rs::{Tag, oid},
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_DSA, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384,
        OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED448, OID_SIG_ED25519,
    },
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

/// A type of key, with the curve where that is a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// RSA (RFC 8017).
    Rsa,
    /// ECDSA over P-256 (FIPS 186).
    P256,
    /// ECDSA over P-384.
    P384,
    /// ECDSA over P-521.
    P521,
    /// ECDSA over secp256k1 (SEC 2).
    Secp256k1,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// Ed448 (RFC 8410).
    Ed448,
    /// DSA (FIPS 186, withdrawn).
    Dsa,
    /// ECDSA over P-192 (withdrawn with SP 800-186: 96 bits of strength).
    P192,
    /// ECDSA over another curve that has a name.
    OtherCurve,
    /// ECDSA over a curve that is spelled out instead of named (RFC 5480 section 2.1.1: it must not be).
    ExplicitCurve,
    /// Anything else.
    Other,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::Dsa => "DSA",
            Self::P192 => "P-192",
            Self::OtherCurve => "of another curve",
            Self::ExplicitCurve => "of a curve that is spelled out",
            Self::Other => "that nobody here knows",
        })
    }
}

/// The fewest bits of an RSA key that is not weak (CA/Browser Forum baseline requirements 6.1.5).
const SMALLEST_RSA: usize = 2048;

impl KeyAlgorithm {
    /// What every current browser and tool takes from a server.
    pub const EVERYWHERE: &'static [Self] = &[Self::Rsa, Self::P256, Self::P384];
    /// What is in use at all for signing certificates.
    pub const CURRENT: &'static [Self] =
        &[Self::Rsa, Self::P256, Self::P384, Self::P521, Self::Ed25519];

    pub(super) fn is_elliptic_curve(self) -> bool {
        matches!(
            self,
            Self::P192
                | Self::P256
                | Self::P384
                | Self::P521
                | Self::Secp256k1
                | Self::OtherCurve
                | Self::ExplicitCurve
        )
    }

    /// Whether such a key makes such signatures (RFC 8446 section 4.2.3).
    pub fn signs(self, scheme: SignatureScheme) -> bool {
        match self {
            Self::Rsa => matches!(
                scheme,
                SignatureScheme::RSA_PKCS1_SHA1
                    | SignatureScheme::RSA_PKCS1_SHA256
                    | SignatureScheme::RSA_PKCS1_SHA384
                    | SignatureScheme::RSA_PKCS1_SHA512
                    | SignatureScheme::RSA_PSS_SHA256
                    | SignatureScheme::RSA_PSS_SHA384
                    | SignatureScheme::RSA_PSS_SHA512
            ),
            Self::P256 => scheme == SignatureScheme::ECDSA_NISTP256_SHA256,
            Self::P384 => scheme == SignatureScheme::ECDSA_NISTP384_SHA384,
            Self::P521 => scheme == SignatureScheme::ECDSA_NISTP521_SHA512,
            Self::Ed25519 => scheme == SignatureScheme::ED25519,
            Self::Ed448 => scheme == SignatureScheme::ED448,
            Self::Secp256k1
            | Self::Dsa
            | Self::P192
            | Self::OtherCurve
            | Self::ExplicitCurve
            | Self::Other => false,
        }
    }

    pub(super) fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        let oid = &key.algorithm.algorithm;
        if *oid == OID_PKCS1_RSAENCRYPTION {
            return Self::Rsa;
        }
        if *oid == OID_SIG_ED25519 {
            return Self::Ed25519;
        }
        if *oid == OID_SIG_ED448 {
            return Self::Ed448;
        }
        if *oid == OID_KEY_TYPE_DSA {
            return Self::Dsa;
        }
        if *oid != OID_KEY_TYPE_EC_PUBLIC_KEY {
            return Self::Other;
        }
        let Some(parameters) = &key.algorithm.parameters else { return Self::Other };
        if parameters.tag() == Tag::Sequence {
            return Self::ExplicitCurve;
        }
        let Ok(curve) = parameters.as_oid() else { return Self::Other };
        [
            (OID_EC_P256, Self::P256),
            (OID_NIST_EC_P384, Self::P384),
            (OID_NIST_EC_P521, Self::P521),
            (oid!(1.3.132.0.10), Self::Secp256k1),
            (oid!(1.2.840.10045.3.1.1), Self::P192),
        ]
        .into_iter()
        .find_map(|(known, algorithm)| (known == curve).then_some(algorithm))
        .unwrap_or(Self::OtherCurve)
    }
}

/// Whether the key itself is what its type says.
pub(super) fn is_readable(key: &SubjectPublicKeyInfo<'_>) -> bool {
    match key.parsed() {
        Ok(PublicKey::RSA(key)) => !key.modulus.is_empty() && !key.exponent.is_empty(),
        Ok(_) => true,
        Err(_) => false,
    }
}

/// What makes a key weak, in words, if it is.
pub(super) fn weakness(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    if KeyAlgorithm::of(key) == KeyAlgorithm::P192 {
        return Some("a key of the type P-192".to_owned());
    }
    let Ok(PublicKey::RSA(key)) = key.parsed() else { return None };
    let modulus: Vec<u8> = key.modulus.iter().copied().skip_while(|byte| *byte == 0).collect();
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = (modulus.len() * 8).saturating_sub(unused);
    (bits < SMALLEST_RSA).then(|| format!("an RSA key of {bits} bits"))
}
