//! Private keys: from a PEM block to something that signs, and what kind of key it is.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::SigningKey;
use rustls_pki_types::PrivateKeyDer;

use super::encrypted::{self, Failure};
use super::pem::Block;
use super::problem::{BlockPlace, IdentityError};
use super::public_key;
use crate::settings::Password;

/// A key that signs, and where it was.
#[derive(Clone)]
pub(super) struct LoadedKey {
    pub(super) place: BlockPlace,
    pub(super) signer: Arc<dyn SigningKey>,
    /// SubjectPublicKeyInfo in DER.
    pub(super) public: Vec<u8>,
}

/// Whether a block should hold a private key.
pub(super) fn is_key(block: &Block) -> bool {
    matches!(
        block.label.as_str(),
        "PRIVATE KEY"
            | "ENCRYPTED PRIVATE KEY"
            | "RSA PRIVATE KEY"
            | "EC PRIVATE KEY"
            | "DSA PRIVATE KEY"
    )
}

/// Reads the key of a block.
pub(super) fn load(
    file: &Path,
    block: &Block,
    password: Option<&Password>,
) -> Result<LoadedKey, IdentityError> {
    let place = block.place();
    let file = file.to_owned();
    let der = match &block.contents {
        Ok(der) => der.clone(),
        Err(damage) => {
            return Err(IdentityError::Damaged { file, block: place, damage: damage.clone() });
        }
    };
    let (der, label) = match (encrypted::is_encrypted(block), password) {
        (false, _) => (der, block.label.clone()),
        (true, None) => return Err(IdentityError::PasswordNeeded { file, block: place }),
        (true, Some(password)) => match encrypted::decrypt(block, &der, password.as_bytes()) {
            Ok(decrypted) => decrypted,
            Err(Failure::WrongPassword) => {
                return Err(IdentityError::WrongPassword { file, block: place });
            }
            Err(Failure::Unsupported(scheme)) => {
                return Err(IdentityError::UnsupportedEncryption { file, block: place, scheme });
            }
        },
    };
    if !is_sequence(&der) {
        // A wrong password gives valid padding once in 256 times; then the contents show it.
        return Err(if encrypted::is_encrypted(block) {
            IdentityError::WrongPassword { file, block: place }
        } else {
            IdentityError::BadKey {
                file,
                block: place,
                reason: "it is not a DER SEQUENCE of its length".to_owned(),
            }
        });
    }
    let key = match label.as_str() {
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(der.into()),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(der.into()),
        "PRIVATE KEY" => PrivateKeyDer::Pkcs8(der.into()),
        _ => {
            return Err(IdentityError::UnsupportedKey {
                file,
                block: place,
                kind: "DSA".to_owned(),
            });
        }
    };
    let signer = match any_supported_type(&key) {
        Ok(signer) => signer,
        Err(error) => {
            return Err(match kind_of_private(&key) {
                Some(kind) => IdentityError::UnsupportedKey { file, block: place, kind },
                None => IdentityError::BadKey { file, block: place, reason: error.to_string() },
            });
        }
    };
    match signer.public_key() {
        Some(public) => Ok(LoadedKey { place, public: public.as_ref().to_vec(), signer }),
        None => Err(IdentityError::BadKey {
            file,
            block: place,
            reason: "it gives no public key".to_owned(),
        }),
    }
}

/// Whether `der` is one SEQUENCE that fills it.
fn is_sequence(der: &[u8]) -> bool {
    match der {
        [0x30, length @ 0..=0x7f, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => {
            rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        _ => false,
    }
}

/// Names the kind of a key that was not accepted, if it is a whole key of a known kind.
fn kind_of_private(key: &PrivateKeyDer<'_>) -> Option<String> {
    match key {
        PrivateKeyDer::Pkcs1(der) => {
            public_key::rsa_bits_of_pkcs1(der.secret_pkcs1_der()).map(public_key::rsa)
        }
        PrivateKeyDer::Sec1(der) => public_key::curve_in(der.secret_sec1_der()),
        PrivateKeyDer::Pkcs8(der) => public_key::kind_of_pkcs8(der.secret_pkcs8_der()),
        _ => None,
    }
}
