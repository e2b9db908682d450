//! Certificates out of the bytes of a file.

use rustls_pki_types::{CertificateDer, pem, pem::PemObject};

/// Bytes in which there are no certificates that could be inspected.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A PEM block is broken (RFC 7468).
    #[error("is damaged: {0}")]
    Damaged(pem::Error),
    /// There is none.
    #[error(
        "there is no certificate in it; a PEM file has one between BEGIN CERTIFICATE and END CERTIFICATE"
    )]
    Empty,
}

/// The certificates in a file, at least one, in their order: PEM blocks, or one certificate in DER. What each of them
/// holds is not looked at: that is for [`inspect`](super::inspect).
///
/// # Errors
/// The file is damaged, or has none.
pub fn certificates_in(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, ReadError> {
    // A certificate in DER is a SEQUENCE (X.690 section 8.9), and no text begins so.
    if content.first() == Some(&0x30) && !content.is_ascii() {
        return Ok(vec![content.to_vec().into()]);
    }
    let blocks = CertificateDer::pem_slice_iter(content);
    let found = blocks.collect::<Result<Vec<_>, _>>().map_err(ReadError::Damaged)?;
    if found.is_empty() { Err(ReadError::Empty) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn blocks_are_read_in_their_order_and_others_are_passed_over() {
        let other = BLOCK.replace("CERTIFICATE", "PRIVATE KEY");
        let text = format!("{other}words\n{BLOCK}{}", BLOCK.replace("MAA=", "MAMBAgM="));
        let found = certificates_in(text.as_bytes()).unwrap();
        assert_eq!(found.iter().map(|der| der.len()).collect::<Vec<_>>(), [2, 5]);
    }

    #[test]
    fn der_is_one_certificate() {
        let der = [0x30, 0x01, 0xff];
        assert_eq!(certificates_in(&der).unwrap(), [CertificateDer::from(der.to_vec())]);
    }

    #[test]
    fn what_has_none_says_so() {
        let damaged = BLOCK.replace("END", "ENDE");
        let error = certificates_in(damaged.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("is damaged: "), "{error}");
        for content in ["", "0", "words"] {
            let error = certificates_in(content.as_bytes()).unwrap_err();
            assert!(matches!(error, ReadError::Empty), "{content}: {error}");
        }
    }
}
