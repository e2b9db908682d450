//! Signing as issuers sign, and as they should no longer do.

use std::fmt::Display;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
        ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256,
    },
};
use der::{
    Any,
    asn1::{Null, ObjectIdentifier},
};
use md5::Md5;
use pkcs8::{PrivateKeyInfoRef, spki::AlgorithmIdentifierOwned};
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::DecodePrivateKey,
    signature::{SignatureEncoding, Signer},
};
use sha1::Sha1;
use sha2::Sha256;

use super::{MintError, error::Making};

/// `id-ecPublicKey` (RFC 5480 section 2.1.1).
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `rsaEncryption` (RFC 8017 appendix A.1).
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-Ed25519`, of keys and of signatures (RFC 8410 section 3).
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The curves (RFC 5480 section 2.1.1.1; SEC 2 for the last).
const CURVES: [(ObjectIdentifier, &EcdsaSigningAlgorithm, Scheme); 4] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        Scheme::EcdsaSha256,
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        Scheme::EcdsaSha384,
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        &ECDSA_P521_SHA512_ASN1_SIGNING,
        Scheme::EcdsaSha512,
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.132.0.10"),
        &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        Scheme::EcdsaSha256,
    ),
];

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    RsaSha256,
    /// Not to be used since 2017 (CA/Browser Forum baseline requirements 7.1.3.2).
    RsaSha1,
    /// Broken in 2008 by a forged authority (RFC 6151).
    RsaMd5,
}

impl Scheme {
    /// How it is stated in a certificate (RFC 5758, RFC 8410, RFC 4055).
    pub(super) fn identifier(self) -> Result<AlgorithmIdentifierOwned, MintError> {
        let oid = ObjectIdentifier::new_unwrap(match self {
            Self::EcdsaSha256 => "1.2.840.10045.4.3.2",
            Self::EcdsaSha384 => "1.2.840.10045.4.3.3",
            Self::EcdsaSha512 => "1.2.840.10045.4.3.4",
            Self::Ed25519 => {
                return Ok(AlgorithmIdentifierOwned { oid: ED25519, parameters: None });
            }
            Self::RsaSha256 => "1.2.840.113549.1.1.11",
            Self::RsaSha1 => "1.2.840.113549.1.1.5",
            Self::RsaMd5 => "1.2.840.113549.1.1.4",
        });
        let parameters = match self {
            Self::RsaSha256 | Self::RsaSha1 | Self::RsaMd5 => {
                Some(Any::encode_from(&Null).making("a signature algorithm")?)
            }
            _ => None,
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters })
    }
}

/// A key that signs.
pub(super) enum SigningPair {
    Ec(EcdsaKeyPair, Scheme),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaPair>),
}

/// aws-lc-rs takes no RSA key below 2048 bits, and signs with neither SHA-1 nor MD5.
pub(super) struct RsaPair {
    strong: Option<RsaKeyPair>,
    pkcs8: zeroize::Zeroizing<Vec<u8>>,
}

const WHAT: &str = "a signing key";

impl SigningPair {
    /// The pair out of a PKCS#8 key.
    pub(super) fn new(pkcs8: &[u8]) -> Result<Self, MintError> {
        let info = PrivateKeyInfoRef::try_from(pkcs8).making(WHAT)?;
        match info.algorithm.oid {
            RSA => Ok(Self::Rsa(Box::new(RsaPair {
                strong: RsaKeyPair::from_pkcs8(pkcs8).ok(),
                pkcs8: pkcs8.to_vec().into(),
            }))),
            ED25519 => {
                Ok(Self::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).making(WHAT)?))
            }
            EC => {
                let curve = info.algorithm.parameters_oid().making(WHAT)?;
                let Some((_, algorithm, scheme)) =
                    CURVES.into_iter().find(|(oid, ..)| *oid == curve)
                else {
                    return Err(unknown(&curve));
                };
                let pair = EcdsaKeyPair::from_private_key_der(algorithm, pkcs8).making(WHAT)?;
                Ok(Self::Ec(pair, scheme))
            }
            other => Err(unknown(&other)),
        }
    }

    /// The scheme with which it signs by itself.
    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Ec(_, scheme) => *scheme,
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::Rsa(_) => Scheme::RsaSha256,
        }
    }

    /// Signs with a scheme of its own algorithm.
    pub(super) fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, MintError> {
        const WHAT: &str = "a signature";
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair, own) if scheme == *own => {
                Ok(pair.sign(&random, message).making(WHAT)?.as_ref().to_vec())
            }
            Self::Ed25519(pair) if scheme == Scheme::Ed25519 => {
                Ok(pair.sign(message).as_ref().to_vec())
            }
            Self::Rsa(pair) => pair.sign(scheme, message),
            _ => Err(MintError::Make {
                what: WHAT,
                reason: format!("the issuer's key does not sign with {scheme:?}"),
            }),
        }
    }
}

impl RsaPair {
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, MintError> {
        const WHAT: &str = "an RSA signature";
        if let (Scheme::RsaSha256, Some(pair)) = (scheme, &self.strong) {
            let mut signature = vec![0; pair.public_modulus_len()];
            let random = SystemRandom::new();
            pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).making(WHAT)?;
            return Ok(signature);
        }
        let key = PrivateKey::from_pkcs8_der(&self.pkcs8).making(WHAT)?;
        let signature = match scheme {
            Scheme::RsaSha256 => SigningKey::<Sha256>::new(key).try_sign(message),
            Scheme::RsaSha1 => SigningKey::<Sha1>::new(key).try_sign(message),
            Scheme::RsaMd5 => SigningKey::<Md5>::new(key).try_sign(message),
            other => {
                let reason = format!("the issuer's RSA key does not sign with {other:?}");
                return Err(MintError::Make { what: WHAT, reason });
            }
        };
        Ok(signature.making(WHAT)?.to_vec())
    }
}

fn unknown(algorithm: &dyn Display) -> MintError {
    MintError::Make { what: WHAT, reason: format!("its algorithm {algorithm} is not known") }
}
