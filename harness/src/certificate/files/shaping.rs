//! From PEM as openssl writes it to the other shapes.

use zeroize::Zeroizing;

use super::{Content, Files, Shape};
use crate::certificate::{
    KEY_PASSWORD, Key, KeyType, MintError,
    error::Making,
    key::encode,
    openssl::{self, Input},
};

/// What P-256 is called before a key: `openssl ecparam -name prime256v1`.
const P256_PARAMETERS: &str =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

/// What `openssl pkcs12 -nodes` writes before each block, in its shape.
const BAG: &str = "Bag Attributes\n    friendlyName: proxy\n    localKeyID: 01 02 03 \nKey Attributes: <No Attributes>\n";

/// The sound parts of which all shapes are made, in PEM.
pub(super) struct Sound<'a> {
    pub(super) certificates: &'a str,
    pub(super) key: &'a str,
}

impl Sound<'_> {
    /// The files in that shape.
    pub(super) fn shaped(&self, shape: Shape) -> Result<Files, MintError> {
        use Shape as S;
        let (certificates, key) = (self.certificates.as_bytes(), self.key.as_bytes());
        Ok(match shape {
            S::CertificateRequest => {
                let request = self.openssl("req -new -key key.pem -subj /CN=proxy -out made")?;
                both(&request, key)
            }
            S::Pkcs12 => {
                let command = format!(
                    "pkcs12 -export -inkey key.pem -in cert.pem -passout pass:{KEY_PASSWORD} -out made"
                );
                alone(&self.openssl(&command)?, key)
            }
            S::Pkcs7 => both(&self.openssl("crl2pkcs7 -nocrl -certfile cert.pem -out made")?, key),
            S::Pkcs7Der => {
                let command = "crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out made";
                alone(&self.openssl(command)?, key)
            }
            S::DerCertificate => alone(&first_block(self.certificates)?, key),
            S::DerKey => both(certificates, &first_block(self.key)?),
            S::OtherKeyFirst => {
                let other = Key::generate(KeyType::P256)?.pem();
                both(certificates, &[other.as_bytes(), key].concat())
            }
            S::OtherKeyType => both(certificates, Key::generate(KeyType::P256)?.pem().as_bytes()),
            S::IssuerFirst => both(turned_round(self.certificates).as_bytes(), key),
            S::CertificateAsKey => both(certificates, certificates),
            S::Swapped => both(key, certificates),
            S::Sec1Key | S::Pkcs1Key => {
                both(certificates, &self.openssl("pkey -in key.pem -traditional -out made")?)
            }
            S::EcParameters => {
                let key = self.openssl("pkey -in key.pem -traditional -out made")?;
                both(certificates, &[P256_PARAMETERS.as_bytes(), &key].concat())
            }
            S::DamagedKey => {
                both(certificates, self.key.replacen("-----\n", "-----\n!", 1).as_bytes())
            }
            S::EncryptedKey => both(certificates, self.encrypted(KEY_PASSWORD)?.as_bytes()),
            S::EncryptedOtherwise => both(certificates, self.encrypted("another")?.as_bytes()),
            S::EncryptedTraditionally => {
                let command = format!(
                    "pkey -in key.pem -traditional -aes128 -passout pass:{KEY_PASSWORD} -out made"
                );
                both(certificates, &self.openssl(&command)?)
            }
            S::EncryptedByPbes1 => {
                let command = format!(
                    "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in key.pem -passout pass:{KEY_PASSWORD} -out made"
                );
                both(certificates, &self.openssl(&command)?)
            }
            _ => self.sound().each(|bytes| rewritten(shape, bytes)),
        })
    }

    /// The files as they are in [`Shape::Pem`].
    fn sound(&self) -> Files {
        both(self.certificates.as_bytes(), self.key.as_bytes())
    }

    fn openssl(&self, command: &str) -> Result<Zeroizing<Vec<u8>>, MintError> {
        let inputs = [
            Input { name: "cert.pem", bytes: self.certificates.as_bytes() },
            Input { name: "key.pem", bytes: self.key.as_bytes() },
        ];
        openssl::make(command, &inputs)
    }

    fn encrypted(&self, password: &str) -> Result<Zeroizing<String>, MintError> {
        Key::from_pkcs8(&first_block(self.key)?).encrypted_pem(password)
    }
}

/// The key and then the certificates in one file, and each in a file of its own.
fn both(certificates: &[u8], key: &[u8]) -> Files {
    Files { one_file: Some([key, certificates].concat().into()), ..alone(certificates, key) }
}

/// What has no room for another beside it: a file of its own, also where there is only one.
fn alone(certificates: &[u8], key: &[u8]) -> Files {
    Files {
        one_file: Some(certificates.into()),
        certificate: Some(certificates.into()),
        key: Some(key.into()),
        shape: Shape::default(),
    }
}

impl Files {
    fn each(self, rewritten: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let one = |content: Option<Content>| content.map(|one| rewritten(one.bytes()).into());
        Self {
            one_file: one(self.one_file),
            certificate: one(self.certificate),
            key: one(self.key),
            shape: self.shape,
        }
    }
}

/// The same blocks, written in another way; as they are, where it is not the text that is odd.
fn rewritten(shape: Shape, bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    match shape {
        Shape::Utf16 => {
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
        Shape::Crlf => text.replace('\n', "\r\n").into_bytes(),
        Shape::Cr => text.replace('\n', "\r").into_bytes(),
        Shape::ByteOrderMark => format!("\u{feff}{text}").into_bytes(),
        Shape::NoLineEndBetween => text.replace("-----\n-----", "----------").into_bytes(),
        Shape::NoLineEndAtEnd => text.trim_end().to_owned().into_bytes(),
        Shape::CutShort => {
            let end = text.rfind("-----END").unwrap_or(text.len());
            bytes.get(..end).unwrap_or(bytes).to_vec()
        }
        Shape::TextAround => {
            let text = text.replace("-----BEGIN", &format!("{BAG}-----BEGIN"));
            format!("# our proxy\n\n{text}\n# until 2030\n").into_bytes()
        }
        Shape::TrailingGarbage => [bytes, &[0, 0xff, 0xfe, b'\n', 0x80, b'-', b'-', 0]].concat(),
        _ => bytes.to_vec(),
    }
}

/// What the first block holds.
fn first_block(pem: &str) -> Result<Zeroizing<Vec<u8>>, MintError> {
    let block = pem::parse(pem).making("another form of a file")?;
    Ok(Zeroizing::new(block.into_contents()))
}

/// The blocks, the last first.
fn turned_round(pem: &str) -> String {
    let blocks = pem::parse_many(pem).unwrap_or_default();
    blocks.iter().rev().map(|block| encode(block.tag(), block.contents())).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::FileTypeExt, path::Path};

    use rstest::rstest;

    use super::*;
    use crate::certificate::{Delivery, Kind, Lab, Minted, Parameters, Paths, Specification};

    fn mint(shape: Shape, key: KeyType) -> Minted {
        let host = "proxy.example.test".parse().unwrap();
        let parameters = Parameters { key: Some(key), ..Parameters::default() };
        let specification = Specification::new(Kind::Good, host);
        Lab::new().unwrap().mint(&Specification { shape, parameters, ..specification }).unwrap()
    }

    fn write(shape: Shape, folder: &Path) -> Paths {
        let delivery = Delivery::TwoFiles;
        mint(shape, KeyType::P256).write(folder, delivery, &delivery.names()).unwrap()
    }

    fn text(content: Option<&Content>) -> String {
        String::from_utf8(content.unwrap().bytes().to_vec()).unwrap()
    }

    #[rstest]
    #[case(Shape::CertificateRequest, KeyType::P256, "PRIVATE KEY, CERTIFICATE REQUEST")]
    #[case(Shape::Pkcs7, KeyType::P256, "PRIVATE KEY, PKCS7")]
    #[case(
        Shape::OtherKeyFirst,
        KeyType::P256,
        "PRIVATE KEY, PRIVATE KEY, CERTIFICATE, CERTIFICATE"
    )]
    #[case(Shape::Sec1Key, KeyType::P256, "EC PRIVATE KEY, CERTIFICATE, CERTIFICATE")]
    #[case(Shape::Pkcs1Key, KeyType::Rsa2048, "RSA PRIVATE KEY, CERTIFICATE, CERTIFICATE")]
    #[case(
        Shape::EcParameters,
        KeyType::P256,
        "EC PARAMETERS, EC PRIVATE KEY, CERTIFICATE, CERTIFICATE"
    )]
    #[case(
        Shape::EncryptedTraditionally,
        KeyType::P256,
        "EC PRIVATE KEY, CERTIFICATE, CERTIFICATE"
    )]
    #[case(Shape::TextAround, KeyType::P256, "PRIVATE KEY, CERTIFICATE, CERTIFICATE")]
    #[case(Shape::Crlf, KeyType::P256, "PRIVATE KEY, CERTIFICATE, CERTIFICATE")]
    #[case(Shape::NoLineEndAtEnd, KeyType::P256, "PRIVATE KEY, CERTIFICATE, CERTIFICATE")]
    fn the_one_file_has_these_blocks(
        #[case] shape: Shape,
        #[case] key: KeyType,
        #[case] labels: &str,
    ) {
        let blocks = pem::parse_many(text(mint(shape, key).files().one_file.as_ref())).unwrap();
        let found: Vec<&str> = blocks.iter().map(pem::Pem::tag).collect();
        assert_eq!(found.join(", "), labels);
    }

    #[test]
    fn the_issuer_comes_first() {
        let minted = mint(Shape::IssuerFirst, KeyType::P256);
        let blocks = pem::parse_many(text(minted.files().certificate.as_ref())).unwrap();
        assert_eq!(blocks[1].contents(), minted.certificate().as_ref());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let host = "proxy.example.test".parse().unwrap();
        let wanted = Specification::new(Kind::EmptyFile, host);
        let lab = Lab::new().unwrap();
        let empty = lab.mint(&Specification { shape: Shape::Crlf, ..wanted.clone() }).unwrap_err();
        assert!(empty.to_string().contains("`crlf` does not go with `empty-file`"), "{empty}");
        let kind = Kind::Good;
        let ec = lab.mint(&Specification { kind, shape: Shape::Pkcs1Key, ..wanted }).unwrap_err();
        assert!(ec.to_string().ends_with("take key = \"rsa-2048\""), "{ec}");
        let (folder, delivery) = (tempfile::tempdir().unwrap(), Delivery::OneFile);
        let minted = mint(Shape::DerKey, KeyType::P256);
        let error = minted.write(folder.path(), delivery, &delivery.names()).unwrap_err();
        assert!(error.to_string().contains("a file of its own"), "{error}");
    }

    #[test]
    fn odd_things_stand_in_a_file_s_place() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = |shape: Shape| {
            let path = write(shape, &folder.path().join(shape.name())).certificate;
            fs::symlink_metadata(path).unwrap()
        };
        assert!(certificate(Shape::Folder).is_dir());
        assert!(certificate(Shape::Pipe).file_type().is_fifo());
        assert!(certificate(Shape::EndlessDevice).is_symlink());
        assert!(certificate(Shape::DanglingLink).is_symlink());
        assert!(certificate(Shape::Link).is_symlink());
        assert!(certificate(Shape::Gigabytes).len() > 1 << 30);
        let key = |shape: Shape| write(shape, &folder.path().join(shape.name())).key.unwrap();
        assert_eq!(key(Shape::EmptyKeyName).as_os_str(), "");
        assert!(!key(Shape::MissingKeyFile).exists());
    }

    #[test]
    fn every_content_with_a_key_is_for_its_owner_alone() {
        for &shape in Shape::ALL {
            let key = shape.check(Kind::Good, None).map_or(KeyType::Rsa2048, |()| KeyType::P256);
            let files = mint(shape, key).files().clone();
            let holds_key =
                !matches!(shape, Shape::Pkcs7Der | Shape::DerCertificate | Shape::CertificateAsKey);
            assert!(!holds_key || !files.one_file.unwrap().is_public(), "{shape}");
        }
    }
}
