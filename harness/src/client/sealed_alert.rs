//! A fatal alert of our own choosing on a connection whose handshake is done.
//!
//! Firefox under TLS 1.2 finishes the handshake, judges, and only then alerts. rustls offers no such
//! thing, but it hands out the traffic secrets, so the record is sealed here.

use rustls::{ClientConnection, ConnectionTrafficSecrets, ContentType};

use super::tls::version;
use crate::{
    Alert,
    tls_record::{Cipher, RecordKey},
};

const FATAL: u8 = 2;

/// The record that ends the connection with that alert.
///
/// # Errors
/// The handshake is not done, or the configuration does not let the secrets out.
pub(super) fn seal(tls: ClientConnection, alert: Alert) -> Result<Vec<u8>, rustls::Error> {
    let failed = |why: &str| rustls::Error::General(format!("the alert cannot be sealed: {why}"));
    let version = tls
        .protocol_version()
        .and_then(version)
        .ok_or_else(|| failed("the handshake has agreed on no version"))?;
    let (sequence, secrets) = tls.dangerous_extract_secrets()?.tx;
    let (cipher, key, iv) = match &secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (Cipher::Aes128Gcm, key, iv),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (Cipher::Aes256Gcm, key, iv),
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            (Cipher::Chacha20Poly1305, key, iv)
        }
        _ => return Err(failed("unknown kind of traffic secret")),
    };
    RecordKey::new(version, cipher, key.as_ref(), iv.as_ref())
        .and_then(|key| key.seal(sequence, ContentType::Alert, &[FATAL, alert.0]))
        .map_err(|error| failed(&error.to_string()))
}
