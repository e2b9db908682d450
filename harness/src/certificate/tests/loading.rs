//! What a server on rustls says of each kind.

use std::sync::Arc;

use rustls::{crypto::CryptoProvider, sign::CertifiedKey};

use super::mint;
use crate::certificate::{Kind, Minted};

fn load(minted: &Minted) -> Result<(), rustls::Error> {
    let provider: Arc<CryptoProvider> = rustls::crypto::aws_lc_rs::default_provider().into();
    let key = minted.key().unwrap().der();
    CertifiedKey::from_der(minted.chain().to_vec(), key, &provider).map(|_| ())
}

/// Keys that rustls does not sign with.
const NO_KEYS: [Kind; 2] = [Kind::WeakKey, Kind::UnusableKey];

/// Certificates that rustls reads, in order to compare them with their keys, and cannot.
const NOT_READ: [Kind; 8] = [
    Kind::Version1,
    Kind::CriticalKeyIdentifier,
    Kind::UnknownCriticalExtension,
    Kind::DuplicateExtension,
    Kind::SignatureAlgorithmMismatch,
    Kind::MalformedCertificate,
    Kind::LargeCertificate,
    Kind::UnreadableNames,
];

#[test]
fn every_kind_whose_files_are_sound() {
    for &kind in Kind::ALL {
        let minted = mint(kind);
        if minted.key().is_none() || minted.chain().is_empty() || kind == Kind::MismatchedKey {
            continue;
        }
        let loaded = load(&minted);
        let expected = match kind {
            kind if NO_KEYS.contains(&kind) => matches!(loaded, Err(rustls::Error::General(_))),
            kind if NOT_READ.contains(&kind) => {
                matches!(loaded, Err(rustls::Error::InvalidCertificate(_)))
            }
            _ => loaded == Ok(()),
        };
        assert!(expected, "{kind}: {loaded:?}");
    }
}

#[test]
fn no_mismatched_key() {
    let error = load(&mint(Kind::MismatchedKey)).unwrap_err();
    assert!(matches!(error, rustls::Error::InconsistentKeys(_)), "{error}");
}
