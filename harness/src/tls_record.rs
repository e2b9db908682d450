//! One TLS record, sealed or opened with keys that are known: for a simulated client's late alert, and
//! for the witness.
//!
//! RFC 8446 section 5.2 (TLS 1.3); RFC 5246 section 6.2.3.3 with RFC 5288 section 3 and RFC 7905
//! section 2 (TLS 1.2).

use std::fmt;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use rustls::ContentType;
use zeroize::Zeroizing;

use crate::observation::TlsVersion;

/// The version that a record names, whatever was agreed on above TLS 1.1.
const LEGACY_VERSION: [u8; 2] = [3, 3];
/// All three ciphers have a tag of this length.
const TAG: usize = 16;
/// How many bytes of the nonce stay the same under AES-GCM in TLS 1.2 (RFC 5288 section 3).
const SALT: usize = 4;

/// How records are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    Chacha20Poly1305,
}

impl Cipher {
    const fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Aes128Gcm => &AES_128_GCM,
            Self::Aes256Gcm => &AES_256_GCM,
            Self::Chacha20Poly1305 => &CHACHA20_POLY1305,
        }
    }

    /// The key's length in bytes.
    pub(crate) fn key_length(self) -> usize {
        self.algorithm().key_len()
    }

    /// How many bytes of the nonce come out of the key schedule.
    pub(crate) const fn iv_length(self, version: TlsVersion) -> usize {
        if self.sends_nonce(version) { SALT } else { NONCE_LEN }
    }

    /// Whether each record carries the rest of its nonce.
    const fn sends_nonce(self, version: TlsVersion) -> bool {
        matches!((self, version), (Self::Aes128Gcm | Self::Aes256Gcm, TlsVersion::Tls12))
    }
}

/// The key for one direction.
pub(crate) struct RecordKey {
    version: TlsVersion,
    cipher: Cipher,
    key: LessSafeKey,
    iv: Zeroizing<[u8; NONCE_LEN]>,
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordKey").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// Keys, bytes and a length that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TLS record cannot be sealed or opened with these keys")]
pub(crate) struct Unusable;

/// What was in a record.
#[derive(Debug)]
pub(crate) struct Opened {
    pub content_type: ContentType,
    pub content: Vec<u8>,
}

impl RecordKey {
    /// The key with its IV, of which there may be fewer bytes than a nonce has
    /// ([`iv_length`](Cipher::iv_length)).
    pub(crate) fn new(
        version: TlsVersion,
        cipher: Cipher,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, Unusable> {
        if iv.len() < cipher.iv_length(version) || iv.len() > NONCE_LEN {
            return Err(Unusable);
        }
        let key = UnboundKey::new(cipher.algorithm(), key).map_err(|_| Unusable)?;
        let mut whole = Zeroizing::new([0; NONCE_LEN]);
        whole.iter_mut().zip(iv).for_each(|(byte, given)| *byte = *given);
        Ok(Self { version, cipher, key: LessSafeKey::new(key), iv: whole })
    }

    /// The record with that content, its header included.
    pub(crate) fn seal(
        &self,
        sequence: u64,
        content_type: ContentType,
        content: &[u8],
    ) -> Result<Vec<u8>, Unusable> {
        let nonce = self.nonce(sequence);
        let mut payload = content.to_vec();
        let (outer, aad, explicit) = match self.version {
            TlsVersion::Tls13 => {
                payload.push(content_type.into());
                let outer = ContentType::ApplicationData;
                (outer, header(outer, payload.len() + TAG)?.to_vec(), &[][..])
            }
            TlsVersion::Tls12 => {
                let explicit =
                    if self.cipher.sends_nonce(self.version) { &nonce[SALT..] } else { &[] };
                (content_type, tls12_aad(sequence, content_type, content.len())?, explicit)
            }
        };
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(aad), &mut payload)
            .map_err(|_| Unusable)?;
        let header = header(outer, explicit.len() + payload.len())?;
        Ok([&header[..], explicit, &payload].concat())
    }

    /// What is in a record of that outer type, whose header is already off.
    pub(crate) fn open(
        &self,
        sequence: u64,
        outer: ContentType,
        fragment: &[u8],
    ) -> Result<Opened, Unusable> {
        let mut nonce = self.nonce(sequence);
        let (aad, sealed) = match self.version {
            TlsVersion::Tls13 => (header(outer, fragment.len())?.to_vec(), fragment),
            TlsVersion::Tls12 => {
                let sealed = if self.cipher.sends_nonce(self.version) {
                    let (explicit, sealed) =
                        fragment.split_at_checked(NONCE_LEN - SALT).ok_or(Unusable)?;
                    nonce[SALT..].copy_from_slice(explicit);
                    sealed
                } else {
                    fragment
                };
                let length = sealed.len().checked_sub(TAG).ok_or(Unusable)?;
                (tls12_aad(sequence, outer, length)?, sealed)
            }
        };
        let mut content = sealed.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let length = self
            .key
            .open_in_place(unique, Aad::from(aad), &mut content)
            .map_err(|_| Unusable)?
            .len();
        content.truncate(length);
        match self.version {
            TlsVersion::Tls12 => Ok(Opened { content_type: outer, content }),
            // The type stands after the content, and zeros may follow it (RFC 8446 section 5.4).
            TlsVersion::Tls13 => {
                while content.last() == Some(&0) {
                    content.pop();
                }
                let content_type = content.pop().ok_or(Unusable)?.into();
                Ok(Opened { content_type, content })
            }
        }
    }

    /// The record's number is laid over the end of the IV (RFC 8446 section 5.3). Under AES-GCM in
    /// TLS 1.2 whoever seals is free in that part, and whoever opens reads it from the record.
    fn nonce(&self, sequence: u64) -> [u8; NONCE_LEN] {
        let mut nonce = *self.iv;
        let end = nonce.iter_mut().skip(SALT);
        end.zip(sequence.to_be_bytes()).for_each(|(byte, count)| *byte ^= count);
        nonce
    }
}

fn tls12_aad(sequence: u64, content_type: ContentType, length: usize) -> Result<Vec<u8>, Unusable> {
    let mut aad = sequence.to_be_bytes().to_vec();
    aad.extend(header(content_type, length)?);
    Ok(aad)
}

fn header(content_type: ContentType, length: usize) -> Result<[u8; 5], Unusable> {
    let [high, low] = u16::try_from(length).map_err(|_| Unusable)?.to_be_bytes();
    Ok([content_type.into(), LEGACY_VERSION[0], LEGACY_VERSION[1], high, low])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn what_is_sealed_is_opened_again_and_under_no_other_number(
        #[values(Cipher::Aes128Gcm, Cipher::Aes256Gcm, Cipher::Chacha20Poly1305)] cipher: Cipher,
        #[values(TlsVersion::Tls12, TlsVersion::Tls13)] version: TlsVersion,
    ) {
        let key = RecordKey::new(version, cipher, &vec![7; cipher.key_length()], &[9; NONCE_LEN])
            .unwrap();
        let record = key.seal(3, ContentType::Alert, &[2, 48]).unwrap();
        let (header, fragment) = record.split_at(5);
        let outer = ContentType::from(header[0]);
        let opened = key.open(3, outer, fragment).unwrap();
        assert_eq!((opened.content_type, opened.content), (ContentType::Alert, vec![2, 48]));
        assert_eq!(key.open(4, outer, fragment).unwrap_err(), Unusable);
        assert!(!format!("{key:?}").contains('7'), "a key is in the debug output");
    }

    #[test]
    fn keys_of_a_wrong_length_are_refused() {
        for (key, iv) in [(15, 12), (16, 11), (16, 13)] {
            let made =
                RecordKey::new(TlsVersion::Tls13, Cipher::Aes128Gcm, &vec![0; key], &vec![0; iv]);
            assert!(made.is_err(), "{key} {iv}");
        }
    }
}
