//! From the secrets of the key log to the keys of records: RFC 8446 section 7 (TLS 1.3), RFC 5246
//! section 6.3 (TLS 1.2).

use aws_lc_rs::{
    hkdf::{self, HKDF_SHA256, HKDF_SHA384},
    tls_prf::{self, P_SHA256, P_SHA384},
};
use tls_parser::{TlsCipherEnc, TlsCipherEncMode, TlsCipherSuite, TlsPRF};
use zeroize::Zeroizing;

use super::key_log::RANDOM;
use crate::{
    observation::TlsVersion,
    tls_record::{Cipher, RecordKey, Unusable},
};

/// A cipher suite that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    cipher: Cipher,
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
}

/// The two directions' keys under TLS 1.2.
#[derive(Debug)]
pub(super) struct Pair {
    pub client: RecordKey,
    pub server: RecordKey,
}

impl Suite {
    /// [`None`] for a suite that is not one of AES-GCM or ChaCha20-Poly1305.
    pub(crate) fn of(suite: &TlsCipherSuite) -> Option<Self> {
        let cipher = match (suite.enc, suite.enc_mode, suite.enc_size) {
            (TlsCipherEnc::Aes, TlsCipherEncMode::Gcm, 128) => Cipher::Aes128Gcm,
            (TlsCipherEnc::Aes, TlsCipherEncMode::Gcm, 256) => Cipher::Aes256Gcm,
            (TlsCipherEnc::Chacha20_Poly1305, ..) => Cipher::Chacha20Poly1305,
            _ => return None,
        };
        let hash = match suite.prf {
            TlsPRF::Sha256 => Hash::Sha256,
            TlsPRF::Sha384 => Hash::Sha384,
            _ => return None,
        };
        Some(Self { cipher, hash })
    }

    /// The keys of one direction under TLS 1.3 (RFC 8446 section 7.3).
    pub(crate) fn tls13(self, secret: &[u8]) -> Result<RecordKey, Unusable> {
        let key = self.expand(secret, "key", self.cipher.key_length())?;
        let iv = self.expand(secret, "iv", self.cipher.iv_length(TlsVersion::Tls13))?;
        RecordKey::new(TlsVersion::Tls13, self.cipher, &key, &iv)
    }

    /// The secret after a KeyUpdate (RFC 8446 section 7.2).
    pub(super) fn next_secret(self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        self.expand(secret, "traffic upd", secret.len())
    }

    /// The keys of both directions under TLS 1.2 (RFC 5246 section 6.3). These ciphers need no MAC key.
    pub(super) fn tls12(
        self,
        master: &[u8],
        client_random: &[u8; RANDOM],
        server_random: &[u8; RANDOM],
    ) -> Result<Pair, Unusable> {
        let algorithm = match self.hash {
            Hash::Sha256 => &P_SHA256,
            Hash::Sha384 => &P_SHA384,
        };
        let (key, iv) = (self.cipher.key_length(), self.cipher.iv_length(TlsVersion::Tls12));
        let block = tls_prf::Secret::new(algorithm, master)
            .and_then(|master| {
                master.derive_with_seed_concatination(
                    b"key expansion",
                    server_random,
                    client_random,
                    2 * (key + iv),
                )
            })
            .map_err(|_| Unusable)?;
        let block = block.as_ref();
        let (client_key, rest) = block.split_at_checked(key).ok_or(Unusable)?;
        let (server_key, rest) = rest.split_at_checked(key).ok_or(Unusable)?;
        let (client_iv, server_iv) = rest.split_at_checked(iv).ok_or(Unusable)?;
        let made = |key, iv| RecordKey::new(TlsVersion::Tls12, self.cipher, key, iv);
        Ok(Pair { client: made(client_key, client_iv)?, server: made(server_key, server_iv)? })
    }

    /// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
    fn expand(
        self,
        secret: &[u8],
        label: &str,
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        let algorithm = match self.hash {
            Hash::Sha256 => HKDF_SHA256,
            Hash::Sha384 => HKDF_SHA384,
        };
        let label = format!("tls13 {label}");
        let [high, low] = u16::try_from(length).map_err(|_| Unusable)?.to_be_bytes();
        let label_length = u8::try_from(label.len()).map_err(|_| Unusable)?;
        let head = [high, low, label_length];
        let info = [&head[..], label.as_bytes(), &[0]];
        let mut output = Zeroizing::new(vec![0; length]);
        hkdf::Prk::new_less_safe(algorithm, secret)
            .expand(&info, Length(length))
            .and_then(|expanded| expanded.fill(&mut output))
            .map_err(|_| Unusable)?;
        Ok(output)
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// RFC 8448 section 3: the server's handshake traffic secret, its key and its IV.
    #[test]
    fn a_published_trace_gives_its_published_keys() {
        let suite = Suite { cipher: Cipher::Aes128Gcm, hash: Hash::Sha256 };
        let secret = hex(
            "b6 7b 7d 69 0c c1 6c 4e 75 e5 42 13 cb 2d 37 b4 e9 c9 12 bc de d9 10 5d 42 be fd 59 d3 91 ad 38",
        );
        let key = suite.expand(&secret, "key", 16).unwrap();
        assert_eq!(*key, hex("3f ce 51 60 09 c2 17 27 d0 f2 e4 e8 6e e4 03 bc"));
        let iv = suite.expand(&secret, "iv", 12).unwrap();
        assert_eq!(*iv, hex("5d 31 3e b2 67 12 76 ee 13 00 0b 30"));
    }

    #[test]
    fn the_suites_that_are_read_are_those_of_the_three_ciphers() {
        let read = |id| TlsCipherSuite::from_id(id).and_then(Suite::of);
        for (id, cipher, hash) in [
            (0x1301, Cipher::Aes128Gcm, Hash::Sha256),
            (0x1302, Cipher::Aes256Gcm, Hash::Sha384),
            (0x1303, Cipher::Chacha20Poly1305, Hash::Sha256),
            (0x009c, Cipher::Aes128Gcm, Hash::Sha256),
            (0xc02b, Cipher::Aes128Gcm, Hash::Sha256),
            (0xc02f, Cipher::Aes128Gcm, Hash::Sha256),
            (0xc02c, Cipher::Aes256Gcm, Hash::Sha384),
            (0xc030, Cipher::Aes256Gcm, Hash::Sha384),
            (0xcca8, Cipher::Chacha20Poly1305, Hash::Sha256),
            (0xcca9, Cipher::Chacha20Poly1305, Hash::Sha256),
        ] {
            assert_eq!(read(id), Some(Suite { cipher, hash }), "{id:04x}");
        }
        // AES-CBC, Camellia-GCM, AES-CCM.
        assert_eq!([0xc013, 0xc07a, 0x1304].map(read), [None, None, None]);
    }

    #[test]
    fn keys_and_secrets_are_not_in_debug_output() {
        let suite = Suite { cipher: Cipher::Aes128Gcm, hash: Hash::Sha256 };
        let pair = suite.tls12(&[7; 48], &[1; RANDOM], &[2; RANDOM]).unwrap();
        assert!(format!("{pair:?}").ends_with("server: RecordKey { cipher: Aes128Gcm, .. } }"));
    }
}
