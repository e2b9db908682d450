//! The key that a target must have, by its print.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The SHA-256 of a public key's SubjectPublicKeyInfo in DER, which a renewed certificate keeps if its key stays
/// (RFC 7469, section 2.4).
///
/// ```
/// # use wssure_proxy::KeyPin;
/// let text = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// let pin: KeyPin = text.parse().unwrap();
/// assert_eq!(pin.to_string(), text);
/// assert!("sha256//short".parse::<KeyPin>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyPin([u8; 32]);

/// Why a text is no [`KeyPin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "give sha256// and the base64 of the SHA-256 of the public key: openssl x509 -in CERTIFICATE -noout -pubkey | \
     openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64"
)]
pub struct PinError;

impl KeyPin {
    /// That of a certificate; `None` for one that cannot be read.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let print = digest(&SHA256, certificate.public_key().raw);
        print.as_ref().try_into().ok().map(Self)
    }
}

/// As curl's `--pinnedpubkey` has it, `sha256//BASE64`, or 64 hexadecimal digits, with colons or without.
impl FromStr for KeyPin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let bytes = match text.strip_prefix("sha256//") {
            Some(base64) => BASE64_STANDARD.decode(base64).map_err(|_| PinError)?,
            None => hex(&text.replace(':', "")).ok_or(PinError)?,
        };
        bytes.try_into().map(Self).map_err(|_| PinError)
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect()
}

impl fmt::Display for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPin({self})")
    }
}

/// Several pins, as a sentence has them.
pub(crate) fn listed(pins: &[KeyPin]) -> String {
    pins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// What the verifier says of a certificate with another key.
#[derive(Debug)]
pub(super) struct OtherKey;

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its key is not pinned")
    }
}

impl std::error::Error for OtherKey {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_print_is_that_of_openssl() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        let info = rcgen::PublicKeyData::subject_public_key_info(&pair);
        let expected = digest(&SHA256, &info);
        assert_eq!(KeyPin::of(certificate.der()).unwrap().0, expected.as_ref());
        assert_eq!(KeyPin::of(b"no certificate"), None);
    }

    #[test]
    fn what_is_no_pin_is_told() {
        for bad in ["", "sha256//", "sha256//AAAA", "sha1//AAAA", "00", "zz", "sha256/", "0g"] {
            assert_eq!(bad.parse::<KeyPin>(), Err(PinError), "{bad}");
        }
        assert!(PinError.to_string().contains("openssl x509 -in CERTIFICATE"));
    }

    proptest! {
        #[test]
        fn both_forms_are_read(bytes: [u8; 32], any in any::<String>()) {
            let pin = KeyPin(bytes);
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            for text in [pin.to_string(), hex.join(":"), hex.concat().to_lowercase()] {
                prop_assert_eq!(text.parse(), Ok(pin));
            }
            let _ = any.parse::<KeyPin>();
        }
    }
}
