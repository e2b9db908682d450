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

#[test]
fn every_kind_whose_files_are_sound() {
    for &kind in Kind::ALL {
        let minted = mint(kind);
        if minted.key().is_some() && !minted.chain().is_empty() && kind != Kind::MismatchedKey {
            assert_eq!(load(&minted), Ok(()), "{kind}");
        }
    }
}

#[test]
fn no_mismatched_key() {
    let error = load(&mint(Kind::MismatchedKey)).unwrap_err();
    assert!(matches!(error, rustls::Error::InconsistentKeys(_)), "{error}");
}
