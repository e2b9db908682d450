//! That a server has asked the client for a certificate of its own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustls::{SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};

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
