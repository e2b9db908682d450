//! Encrypted private keys: PKCS#8 (`ENCRYPTED PRIVATE KEY`) and OpenSSL's older form with a `DEK-Info` header.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;

use super::pem::Block;

/// Why a key could not be decrypted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The password is wrong, as far as can be told.
    WrongPassword,
    /// The encryption is not one that we know; what it is called.
    Unsupported(String),
}

/// Whether a block is encrypted, in either form.
pub(super) fn is_encrypted(block: &Block) -> bool {
    block.label == "ENCRYPTED PRIVATE KEY"
        || block.header("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"))
}

/// The DER of an encrypted key, and the label it would have unencrypted.
pub(super) fn decrypt(
    block: &Block,
    der: &[u8],
    password: &[u8],
) -> Result<(Vec<u8>, String), Failure> {
    if block.label == "ENCRYPTED PRIVATE KEY" {
        return Ok((pkcs8(der, password)?, "PRIVATE KEY".to_owned()));
    }
    let info = block.header("DEK-Info").unwrap_or_default();
    let (cipher, iv) = info.split_once(',').unwrap_or((info, ""));
    let der = traditional(cipher.trim(), iv.trim(), der, password)?;
    Ok((der, block.label.clone()))
}

fn pkcs8(der: &[u8], password: &[u8]) -> Result<Vec<u8>, Failure> {
    let key = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| {
        Failure::Unsupported(
            "an encryption other than PBES2 with AES or DES and PBKDF2 or scrypt".to_owned(),
        )
    })?;
    match key.decrypt(password) {
        Ok(document) => Ok(document.as_bytes().to_vec()),
        // Garbage from a wrong password fails in its padding, or as DER; a scheme that is not known fails before.
        Err(pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm {
            oid,
        })) => Err(Failure::Unsupported(format!("the algorithm {oid}"))),
        Err(_) => Err(Failure::WrongPassword),
    }
}

/// OpenSSL's `PEM_do_header`: the key is `EVP_BytesToKey` with MD5, one round, and the start of the initial vector
/// as salt.
fn traditional(cipher: &str, iv: &str, der: &[u8], password: &[u8]) -> Result<Vec<u8>, Failure> {
    let unsupported = || Failure::Unsupported(format!("the cipher {cipher:?}"));
    let iv = unhex(iv).ok_or_else(unsupported)?;
    let salt = iv.get(..8).ok_or_else(unsupported)?;
    match cipher.to_ascii_uppercase().as_str() {
        "AES-128-CBC" => {
            decrypt_cbc::<cbc::Decryptor<aes::Aes128>>(&derive(password, salt, 16), &iv, der)
        }
        "AES-192-CBC" => {
            decrypt_cbc::<cbc::Decryptor<aes::Aes192>>(&derive(password, salt, 24), &iv, der)
        }
        "AES-256-CBC" => {
            decrypt_cbc::<cbc::Decryptor<aes::Aes256>>(&derive(password, salt, 32), &iv, der)
        }
        "DES-EDE3-CBC" => {
            decrypt_cbc::<cbc::Decryptor<des::TdesEde3>>(&derive(password, salt, 24), &iv, der)
        }
        _ => Err(unsupported()),
    }
}

fn derive(password: &[u8], salt: &[u8], length: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(length + 16);
    let mut digest = Vec::new();
    while key.len() < length {
        digest = Md5::new()
            .chain_update(&digest)
            .chain_update(password)
            .chain_update(salt)
            .finalize()
            .to_vec();
        key.extend_from_slice(&digest);
    }
    key.truncate(length);
    key
}

fn decrypt_cbc<Mode: KeyIvInit + BlockModeDecrypt>(
    key: &[u8],
    iv: &[u8],
    der: &[u8],
) -> Result<Vec<u8>, Failure> {
    let cipher = Mode::new_from_slices(key, iv)
        .map_err(|_| Failure::Unsupported(format!("an initial vector of {} bytes", iv.len())))?;
    cipher.decrypt_padded_vec::<Pkcs7>(der).map_err(|_| Failure::WrongPassword)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
