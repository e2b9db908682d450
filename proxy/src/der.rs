//! Recognising private keys and containers in DER by how they begin; used for explaining files and for keeping
//! keys from the web.

/// The contents of the SEQUENCE that `bytes` begins with, as far as they are there.
pub(crate) fn inside_sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0x80, rest @ ..] | [0x30, 0x00..=0x7f, rest @ ..] => Some(rest),
        [0x30, 0x81, _, rest @ ..]
        | [0x30, 0x82, _, _, rest @ ..]
        | [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        [0x30, 0x84, _, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether these are the first bytes of a PKCS#1, PKCS#8, SEC1 or DSA private key, encrypted or not.
pub(crate) fn is_private_key(bytes: &[u8]) -> bool {
    match inside_sequence(bytes) {
        // PKCS#8 (RFC 5958): version 0 or 1, then an algorithm that begins with an OID.
        Some([0x02, 0x01, 0 | 1, rest @ ..])
            if matches!(inside_sequence(rest), Some([0x06, ..])) =>
        {
            true
        }
        // PKCS#1 (RFC 8017), DSA: version 0 or 1, then a large integer.
        Some([0x02, 0x01, 0 | 1, 0x02, 0x40..=0x84, ..]) => true,
        // SEC1 (RFC 5915): version 1, then the key as an OCTET STRING.
        Some([0x02, 0x01, 1, 0x04, 0x10..=0x81, ..]) => true,
        // Encrypted PKCS#8: an algorithm out of PKCS#5 or PKCS#12.
        Some(rest @ [0x30, ..]) => matches!(
            inside_sequence(rest),
            Some(
                [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, ..]
                    | [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, ..]
            )
        ),
        _ => false,
    }
}

/// Whether these are the first bytes of PKCS#12 (RFC 7292): version 3, then PKCS#7 contents.
pub(crate) fn is_pkcs12(bytes: &[u8]) -> bool {
    match inside_sequence(bytes) {
        Some([0x02, 0x01, 3, rest @ ..]) => matches!(
            inside_sequence(rest),
            Some([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, ..])
        ),
        _ => false,
    }
}
