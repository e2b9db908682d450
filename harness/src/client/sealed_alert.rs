//! A fatal alert of our own choosing.
//!
//! Firefox under TLS 1.2 finishes the handshake, judges, and only then alerts; GnuTLS and OpenSSL send internal_error during
//! the handshake. rustls offers neither, but it hands out the secrets, so the record is sealed here.

use std::sync::{Mutex, PoisonError};

use rustls::{ClientConnection, ConnectionTrafficSecrets, ContentType};
use tls_parser::TlsCipherSuite;
use zeroize::Zeroizing;

use super::tls::version;
use crate::{
    Alert,
    observation::TlsVersion,
    tls_record::{Cipher, RecordKey},
    witness::traffic_keys::Suite,
};

const FATAL: u8 = 2;

/// What the client seals with during a handshake under TLS 1.3, once the server has answered.
#[derive(Default)]
pub(super) struct HandshakeSecret(Mutex<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for HandshakeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HandshakeSecret")
    }
}

impl rustls::KeyLog for HandshakeSecret {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        // https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html section 2.1
        if label == "CLIENT_HANDSHAKE_TRAFFIC_SECRET" {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Zeroizing::new(secret.to_vec());
        }
    }
}

/// The record of an alert that needs no keys: under TLS 1.2 before the client has changed its cipher (RFC 5246 section 7.1),
/// and under TLS 1.3 before the server has answered (RFC 8446 section 5.1).
pub(super) fn plain(alert: Alert) -> Vec<u8> {
    vec![u8::from(ContentType::Alert), 3, 3, 0, 2, FATAL, alert.0]
}

/// The record that ends a handshake with that alert, after the server's certificate.
///
/// # Errors
/// The server has not answered yet.
pub(super) fn seal_during_handshake(
    tls: &ClientConnection,
    secret: &HandshakeSecret,
    alert: Alert,
) -> Result<Vec<u8>, rustls::Error> {
    let failed = |why: &str| rustls::Error::General(format!("the alert cannot be sealed: {why}"));
    let (version, suite) = tls
        .protocol_version()
        .and_then(version)
        .zip(tls.negotiated_cipher_suite())
        .ok_or_else(|| failed("the server has not answered"))?;
    if version == TlsVersion::Tls12 {
        return Ok(plain(alert));
    }
    let suite = TlsCipherSuite::from_id(suite.suite().into())
        .and_then(Suite::of)
        .ok_or_else(|| failed("unknown cipher suite"))?;
    let secret = secret.0.lock().unwrap_or_else(PoisonError::into_inner);
    // It is the first record that the client seals.
    suite
        .tls13(&secret)
        .and_then(|key| key.seal(0, ContentType::Alert, &[FATAL, alert.0]))
        .map_err(|error| failed(&error.to_string()))
}

/// The record that ends a connection whose handshake is done with that alert.
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
