//! What a server of a case shows, and signs with.

use std::sync::Arc;

use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

use super::{suite::Case, verdict::NotJudged, weak_key::WeakRsa};

/// The case's certificates with its key.
///
/// # Errors
/// It has no key, or one of a kind with which TLS has no signatures.
pub(super) fn identity(case: &Case) -> Result<CertifiedKey, NotJudged> {
    let text = case.key.as_ref().ok_or(NotJudged::NoKey)?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| NotJudged::Key)?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = match (provider.key_provider.load_private_key(key), WeakRsa::new(text)) {
        (Ok(key), _) => key,
        (Err(_), Some(weak)) => Arc::new(weak),
        (Err(_), None) => return Err(NotJudged::Key),
    };
    Ok(CertifiedKey::new(case.sent.clone(), key))
}
