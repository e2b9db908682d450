//! A fatal alert of our own choosing on a connection whose handshake is done.
//!
//! Firefox under TLS 1.2 finishes the handshake, judges, and only then alerts. rustls offers no such
//! thing, but it hands out the traffic secrets, so the record is sealed here
//! (RFC 8446 section 5.2, RFC 5288 section 3, RFC 7905 section 2).

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use rustls::{ClientConnection, ConnectionTrafficSecrets, ProtocolVersion};

use crate::Alert;

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const FATAL: u8 = 2;
const LEGACY_VERSION: [u8; 2] = [3, 3];
const TAG: u16 = 16;

/// The record that ends the connection with that alert.
///
/// # Errors
/// The handshake is not done, or the configuration does not let the secrets out.
pub(super) fn seal(tls: ClientConnection, alert: Alert) -> Result<Vec<u8>, rustls::Error> {
    let version = tls.protocol_version();
    let (sequence, secrets) = tls.dangerous_extract_secrets()?.tx;
    let body = [FATAL, alert.0];
    let (algorithm, key, iv, gcm) = match &secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv, true),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv, true),
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            (&CHACHA20_POLY1305, key, iv, false)
        }
        _ => return Err(rustls::Error::General("unknown kind of traffic secret".to_owned())),
    };
    let mut nonce = [0; 12];
    nonce.copy_from_slice(iv.as_ref());
    nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()).for_each(|(byte, count)| *byte ^= count);

    let (kind, explicit, aad, mut payload) = if version == Some(ProtocolVersion::TLSv1_3) {
        // Level, number, and the inner content type.
        let header = header(APPLICATION_DATA, 3 + TAG);
        (APPLICATION_DATA, &[][..], header.to_vec(), [&body[..], &[ALERT]].concat())
    } else {
        let explicit = if gcm { &nonce[4..] } else { &[][..] };
        let mut aad = sequence.to_be_bytes().to_vec();
        aad.extend(header(ALERT, 2));
        (ALERT, explicit, aad, body.to_vec())
    };
    let failed = |_| rustls::Error::General("the alert could not be sealed".to_owned());
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).map_err(failed)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut payload)
        .map_err(failed)?;

    let length = u16::try_from(explicit.len() + payload.len())
        .map_err(|_| rustls::Error::General("the alert is too long".to_owned()))?;
    Ok([&header(kind, length)[..], explicit, &payload].concat())
}

fn header(kind: u8, length: u16) -> [u8; 5] {
    let [high, low] = length.to_be_bytes();
    [kind, LEGACY_VERSION[0], LEGACY_VERSION[1], high, low]
}
