//! Certificates out of a file, or the fault of a file that has none which a server could send.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use der::{AnyRef, Decode, Reader, SliceReader, Tag, Tagged};
use rustls_pki_types::{
    CertificateDer,
    pem::{self, PemObject},
};
use x509_parser::prelude::{FromDer, X509CertificationRequest};

use crate::Fault;

/// More than any list of certificates has (RFC 8446 section 4.4.2 counts its octets with three).
const LARGEST: u64 = 16 << 20;

/// A file in which there are no certificates that could be inspected.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A PEM block is broken (RFC 7468).
    #[error("is damaged: {0}")]
    Damaged(pem::Error),
    /// There is none: this is what is there.
    #[error("there is no certificate in it ({0}). {meaning} {mend}", meaning = .0.meaning(), mend = .0.mend())]
    Instead(Fault),
}

impl ReadError {
    /// What is wrong with the file, for a server that is given it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreadable(error) => match error.kind() {
                io::ErrorKind::NotFound => Fault::MissingFile,
                _ => Fault::UnreadableFile,
            },
            Self::Damaged(_) => Fault::DamagedPem,
            Self::Instead(fault) => *fault,
        }
    }
}

/// The certificates in a file, as [`certificates_in`] its bytes. Of something endless no more is read than any list of
/// certificates has.
///
/// # Errors
/// The file cannot be read, is damaged, or has none.
pub fn certificates_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, ReadError> {
    let mut content = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content));
    match read {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(ReadError::Instead(Fault::NotARegularFile))
        }
        Err(error) => Err(error.into()),
        Ok(_) if content.len() as u64 > LARGEST => Err(ReadError::Instead(Fault::FileTooLarge)),
        Ok(_) => certificates_in(&content),
    }
}

/// The certificates in the bytes of a file, at least one, in their order: PEM blocks, or one certificate in DER. What
/// each of them holds is not looked at: that is for [`inspect`](super::inspect).
///
/// # Errors
/// They are damaged, or have none.
pub fn certificates_in(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, ReadError> {
    // DER is a SEQUENCE here (X.690 section 8.9), and no text begins so.
    if content.first() == Some(&0x30) && !content.is_ascii() {
        return match other_than_certificate(content) {
            Some(fault) => Err(ReadError::Instead(fault)),
            None => Ok(vec![content.to_vec().into()]),
        };
    }
    let text = tidied(content);
    let blocks = CertificateDer::pem_slice_iter(&text);
    let found = blocks.collect::<Result<Vec<_>, _>>().map_err(ReadError::Damaged)?;
    if found.is_empty() { Err(ReadError::Instead(in_place_of_blocks(content))) } else { Ok(found) }
}

/// The text as RFC 7468 has it: without the headers of a key that is encrypted line by line (RFC 1421 section 4.6), and
/// with a line end between two blocks that `cat` has run together. Neither is a fault of the certificates.
fn tidied(content: &[u8]) -> Vec<u8> {
    let is_header =
        |line: &&[u8]| line.starts_with(b"Proc-Type:") || line.starts_with(b"DEK-Info:");
    let mut text = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_header(line)) {
        match line.windows(SEAM.len()).position(|part| part == SEAM) {
            Some(at) => {
                let (end, begin) = line.split_at(at + SEAM.len() / 2);
                text.extend([end, b"\n", begin].concat());
            }
            None => text.extend(line),
        }
    }
    text
}

/// The end of one block and the beginning of the next, without a line end between them.
const SEAM: &[u8] = b"----------";

/// What a text is that has no certificate block.
fn in_place_of_blocks(content: &[u8]) -> Fault {
    if matches!(content, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'-', 0, ..] | [0, b'-', ..]) {
        return Fault::Utf16File;
    }
    let has = |label: &str| content.windows(label.len()).any(|part| part == label.as_bytes());
    // `NEW` is Microsoft's and Netscape's (RFC 7468 section 7).
    let requests =
        ["-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN NEW CERTIFICATE REQUEST-----"];
    match content {
        _ if content.iter().all(u8::is_ascii_whitespace) => Fault::EmptyFile,
        _ if requests.iter().any(|label| has(label)) => Fault::CertificateRequest,
        _ if has("-----BEGIN PKCS7-----") || has("-----BEGIN CMS-----") => Fault::Pkcs7File,
        _ if has("-----BEGIN ") => Fault::NoCertificate,
        _ => Fault::NotPem,
    }
}

/// What DER is, if it shows that it is no certificate.
fn other_than_certificate(der: &[u8]) -> Option<Fault> {
    let mut inside = SliceReader::new(AnyRef::from_der(der).ok()?.value()).ok()?;
    let first = AnyRef::decode(&mut inside).ok()?;
    match first.tag() {
        // ContentInfo (RFC 2315 section 7).
        Tag::ObjectIdentifier => Some(Fault::Pkcs7File),
        // PFX (RFC 7292 section 4) has version 3; keys (RFC 5958, 5915, 8017) have 0 or 1.
        Tag::Integer if first.value() == [3] => Some(Fault::Pkcs12File),
        Tag::Integer => Some(Fault::DerKey),
        // EncryptedPrivateKeyInfo (RFC 5958 section 3) has an OCTET STRING next.
        Tag::Sequence if inside.peek_byte() == Some(0x04) => Some(Fault::DerKey),
        _ => X509CertificationRequest::from_der(der).is_ok().then_some(Fault::CertificateRequest),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use rstest::rstest;

    use super::*;
    use crate::certificate::{Delivery, KeyType, Kind, Lab, Parameters, Shape, Specification};

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
        for (content, fault) in
            [("", Fault::EmptyFile), ("0", Fault::NotPem), ("words", Fault::NotPem)]
        {
            let error = certificates_in(content.as_bytes()).unwrap_err();
            assert_eq!(error.fault(), fault, "{content}: {error}");
        }
    }

    /// A server is told the same of the file: as far as it is about certificates, and not about the key beside them.
    #[rstest]
    fn a_shape_is_found_for_what_it_is(
        #[values(Delivery::OneFile, Delivery::TwoFiles)] delivery: Delivery,
    ) {
        let (lab, host) = (Lab::new().unwrap(), "proxy.example.test".parse().unwrap());
        let good = Specification::new(Kind::Good, host);
        for &shape in Shape::ALL {
            let folder = tempfile::tempdir().unwrap();
            let key = shape.check(Kind::Good, None).map_or(KeyType::Rsa2048, |()| KeyType::P256);
            let parameters = Parameters { key: Some(key), ..Parameters::default() };
            let minted = lab.mint(&Specification { shape, parameters, ..good.clone() }).unwrap();
            if shape == Shape::Pipe || shape.check_delivery(delivery).is_err() {
                continue; // Who reads a pipe waits, as a person who gives one wants it.
            }
            let paths = minted.write(folder.path(), delivery, &delivery.names()).unwrap();
            let found = certificates_of(&paths.certificate).map_err(|error| error.fault());
            let about_key = [
                Fault::NoPrivateKey,
                Fault::KeyMismatch,
                Fault::EncryptedKey,
                Fault::WrongKeyPassword,
                Fault::UnsupportedKeyEncryption,
                Fault::MissingKeyFile,
                Fault::DerKey,
            ];
            let expected = match (shape, shape.plants()) {
                (Shape::EndlessDevice, _) => Some(Fault::FileTooLarge),
                // What one certificate is in, is no matter here.
                (Shape::DerCertificate | Shape::UnreadableKey, _) => None,
                (Shape::DamagedKey, _) if delivery == Delivery::TwoFiles => None,
                // Nor is a mode for root, who may run this.
                (Shape::Unreadable | Shape::Unreachable, fault) if found.is_err() => fault,
                (Shape::Unreadable | Shape::Unreachable, _) => None,
                (_, fault) => fault.filter(|fault| !about_key.contains(fault)),
            };
            assert_eq!(found.err(), expected, "{shape}");
            std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        }
    }
}
