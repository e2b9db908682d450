//! Private keys: made here, wiped when dropped, and never printed.

use std::{fmt, sync::Arc};

use pem::{EncodeConfig, LineEnding, Pem};
use pkcs8::{PrivateKeyInfoRef, pkcs5::pbes2};
use rcgen::KeyPair;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::{MintError, error::Making};

/// The password of the key of [`Kind::EncryptedKey`](super::Kind::EncryptedKey), for `--key-password`.
pub const KEY_PASSWORD: &str = "wssure-test";

/// PBKDF2 rounds of an encrypted key: what `openssl pkcs8 -topk8` does by default (OpenSSL 3:
/// `PKCS12_DEFAULT_ITER`). The password is public, so more would only take time.
const ROUNDS: u32 = 2048;

/// A private key as PKCS#8.
#[derive(Clone)]
pub struct Key(Arc<Zeroizing<Vec<u8>>>);

impl Key {
    /// A new ECDSA P-256 key.
    pub(super) fn generate() -> Result<Self, MintError> {
        let pair = Zeroizing::new(KeyPair::generate().making("a P-256 key")?);
        Ok(Self::from_pkcs8(pair.serialized_der()))
    }

    /// A key that something else made.
    pub(super) fn from_pkcs8(der: &[u8]) -> Self {
        Self(Arc::new(Zeroizing::new(der.to_vec())))
    }

    /// The key, ready to sign.
    pub(super) fn signer(&self) -> Result<Zeroizing<KeyPair>, MintError> {
        let der = PrivatePkcs8KeyDer::from(self.0.as_slice());
        KeyPair::try_from(&der).making("a signing key").map(Zeroizing::new)
    }

    /// The key for a TLS library.
    pub fn der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.to_vec()).into()
    }

    /// The key as a `PRIVATE KEY` block (RFC 7468 section 10).
    pub fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(encode("PRIVATE KEY", &self.0))
    }

    /// The key as an `ENCRYPTED PRIVATE KEY` block (RFC 7468 section 11) under [`KEY_PASSWORD`],
    /// by PBES2 with PBKDF2 and AES-256-CBC as OpenSSL writes it.
    pub(super) fn encrypted_pem(&self) -> Result<Zeroizing<String>, MintError> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        fill_randomly(&mut salt)?;
        fill_randomly(&mut iv)?;
        let encrypted = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
            .map_err(pkcs8::Error::from)
            .and_then(|parameters| {
                PrivateKeyInfoRef::try_from(self.0.as_slice())?
                    .encrypt_with_params(parameters, KEY_PASSWORD)
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
pub(super) fn encode(label: &str, der: &[u8]) -> String {
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
        assert_eq!(format!("{:?}", Key::generate().unwrap()), "Key(..)");
    }

    #[test]
    fn every_key_is_new() {
        assert_ne!(Key::generate().unwrap().0, Key::generate().unwrap().0);
    }

    #[test]
    fn the_password_opens_an_encrypted_key() {
        let key = Key::generate().unwrap();
        let block = pem::parse(key.encrypted_pem().unwrap().as_bytes()).unwrap();
        assert_eq!(block.tag(), "ENCRYPTED PRIVATE KEY");
        let sealed = pkcs8::EncryptedPrivateKeyInfoRef::try_from(block.contents()).unwrap();
        assert!(sealed.decrypt("another").is_err());
        // Encoded anew, so compared by what is in it.
        let opened = sealed.decrypt(KEY_PASSWORD).unwrap();
        assert_eq!(
            Key::from_pkcs8(opened.as_bytes()).signer().unwrap().public_key_raw(),
            key.signer().unwrap().public_key_raw()
        );
    }
}
