//! Private keys: made here, wiped when dropped, and never printed.

mod key_type;
mod keyring;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeyPair as RsaKeyPair,
    signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use der::{Encode, asn1::BitString};
use getrandom::SysRng;
use pem::{EncodeConfig, LineEnding, Pem};
use pkcs8::{EncodePrivateKey, PrivateKeyInfoRef, pkcs5::pbes2, spki::SubjectPublicKeyInfoOwned};
use rsa::pkcs1::RsaPrivateKeyRef;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

pub use key_type::{KeyType, UnknownKeyType};
pub(super) use keyring::{Keyring, Role};

use super::{MintError, error::Making, signature::SigningPair};
use key_type::Family;

/// The password of the key of [`Kind::EncryptedKey`](super::Kind::EncryptedKey), for `--key-password`.
pub const KEY_PASSWORD: &str = "wssure-test";

/// PBKDF2 rounds of an encrypted key: what `openssl pkcs8 -topk8` does by default (OpenSSL 3:
/// `PKCS12_DEFAULT_ITER`). The password is public, so more would only take time.
const ROUNDS: u32 = 2048;

/// A private key as PKCS#8.
#[derive(Clone)]
pub struct Key(Arc<Zeroizing<Vec<u8>>>);

impl Key {
    /// A new key.
    pub(super) fn generate(of: KeyType) -> Result<Self, MintError> {
        const WHAT: &str = "a private key";
        Ok(match of.family() {
            Family::Ec(algorithm) => {
                let pair = EcdsaKeyPair::generate(algorithm).making(WHAT)?;
                Self::from_pkcs8(pair.to_pkcs8v1().making(WHAT)?.as_ref())
            }
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::generate().making(WHAT)?;
                Self::from_pkcs8(pair.to_pkcs8v1().making(WHAT)?.as_ref())
            }
            Family::Rsa(size) => {
                let pair = RsaKeyPair::generate(size).making(WHAT)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().making(WHAT)?;
                Self::from_pkcs8(der.as_ref())
            }
            Family::ShortRsa(bits) => {
                let pair = rsa::PrivateKey::new(&mut SysRng, bits).making(WHAT)?;
                Self::from_pkcs8(pair.to_pkcs8_der().making(WHAT)?.as_bytes())
            }
        })
    }

    /// A key that something else made.
    pub(super) fn from_pkcs8(der: &[u8]) -> Self {
        Self(Arc::new(Zeroizing::new(der.to_vec())))
    }

    /// The key, ready to sign.
    pub(super) fn signer(&self) -> Result<SigningPair, MintError> {
        SigningPair::new(&self.0)
    }

    /// The public half, as it stands in a certificate (RFC 5280 section 4.1.2.7).
    pub(super) fn public(&self) -> Result<SubjectPublicKeyInfoOwned, MintError> {
        const WHAT: &str = "a public key";
        let private = PrivateKeyInfoRef::try_from(self.0.as_slice()).making(WHAT)?;
        let bits = match self.signer()? {
            SigningPair::Ec(pair, _) => pair.public_key().as_ref().to_vec(),
            SigningPair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            SigningPair::Rsa(_) => {
                let key = private.private_key.as_bytes();
                let key = RsaPrivateKeyRef::try_from(key).making(WHAT)?;
                key.public_key().to_der().making(WHAT)?
            }
        };
        Ok(SubjectPublicKeyInfoOwned {
            algorithm: private.algorithm.into(),
            subject_public_key: BitString::from_bytes(&bits).making(WHAT)?,
        })
    }

    /// The key for a TLS library.
    pub fn der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.to_vec()).into()
    }

    /// The key as a `PRIVATE KEY` block (RFC 7468 section 10).
    pub fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(encode("PRIVATE KEY", &self.0))
    }

    /// The key as an `ENCRYPTED PRIVATE KEY` block (RFC 7468 section 11) under a password,
    /// by PBES2 with PBKDF2 and AES-256-CBC as OpenSSL writes it.
    pub(super) fn encrypted_pem(&self, password: &str) -> Result<Zeroizing<String>, MintError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        fill_randomly(&mut salt)?;
        fill_randomly(&mut iv)?;
        let encrypted = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
            .map_err(pkcs8::Error::from)
            .and_then(|parameters| {
                PrivateKeyInfoRef::try_from(self.0.as_slice())?
                    .encrypt_with_params(parameters, password)
            })
            .making("an encrypted key")?;
        Ok(Zeroizing::new(encode("ENCRYPTED PRIVATE KEY", encrypted.as_bytes())))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A PEM block, its lines ended as every tool reads them.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), config)
}

/// Bytes that nobody can foresee.
pub(super) fn fill_randomly(bytes: &mut [u8]) -> Result<(), MintError> {
    aws_lc_rs::rand::fill(bytes).making("random bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", Key::generate(KeyType::P256).unwrap()), "Key(..)");
    }

    #[test]
    fn every_key_is_new() {
        assert_ne!(
            Key::generate(KeyType::P256).unwrap().0,
            Key::generate(KeyType::P256).unwrap().0
        );
    }

    #[test]
    fn the_password_opens_an_encrypted_key() {
        let key = Key::generate(KeyType::P256).unwrap();
        let block = pem::parse(key.encrypted_pem(KEY_PASSWORD).unwrap().as_bytes()).unwrap();
        assert_eq!(block.tag(), "ENCRYPTED PRIVATE KEY");
        let sealed = pkcs8::EncryptedPrivateKeyInfoRef::try_from(block.contents()).unwrap();
        assert!(sealed.decrypt("another").is_err());
        // Encoded anew, so compared by what is in it.
        let opened = sealed.decrypt(KEY_PASSWORD).unwrap();
        let opened = Key::from_pkcs8(opened.as_bytes());
        assert_eq!(opened.public().unwrap(), key.public().unwrap());
    }
}
