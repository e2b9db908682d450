//! A server that asks the client for a certificate of its own, and what the client has to show.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustls::{
    SignatureScheme,
    client::ResolvesClientCert,
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::certificate::{Key, Minted};

/// Shows that certificate, whatever rustls thinks of it: it refuses some (X.509 v1, for one) that are for the server to
/// refuse.
pub(crate) fn showing(
    own: &Minted,
    key: &Key,
) -> Result<Arc<dyn ResolvesClientCert>, rustls::Error> {
    let key =
        rustls::crypto::aws_lc_rs::default_provider().key_provider.load_private_key(key.der())?;
    Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(own.chain().to_vec(), key))))
}

/// Has no certificate, and remembers that it was asked for one: rustls asks once the server has shown its own, and that
/// was found good.
#[derive(Debug, Default)]
pub(super) struct AskedFor(AtomicBool);

impl AskedFor {
    pub(super) fn has_happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for AskedFor {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        // Else it would not be asked.
        true
    }
}
