//! The files of a certificate: what they hold, and how they are written.

mod content;
mod oddity;
mod shape;
mod shaping;
mod write;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use content::Content;
pub use shape::{Shape, ShapeError, UnknownShape};
pub(super) use write::{create, make_folder};

use super::{Kind, MintError};
use oddity::Spot;
use shaping::Sound;
use write::replace;

/// What [`Kind::NotPem`] holds.
const WORDS: &str = "This file was meant to be a certificate.\n";

/// How a proxy is given certificate and key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// The key and then the certificates in one file, as the wiki's openssl command makes it.
    #[default]
    OneFile,
    /// The certificates in one file and the key in another.
    TwoFiles,
}

impl Delivery {
    /// The names that files delivered like this have by custom.
    pub fn names(self) -> FileNames {
        let certificate = match self {
            Self::OneFile => "self.pem",
            Self::TwoFiles => "cert.pem",
        };
        FileNames { certificate: certificate.to_owned(), key: "key.pem".to_owned() }
    }
}

/// What the files are called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileNames {
    /// The certificate file; in [`Delivery::OneFile`] it holds the key as well.
    pub certificate: String,
    /// The key file of [`Delivery::TwoFiles`].
    pub key: String,
}

/// Where the files were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paths {
    /// The certificate file, for `--cert`. It does not exist where that is the fault.
    pub certificate: PathBuf,
    /// The key file, for `--key`: none in [`Delivery::OneFile`], and where that is the fault.
    pub key: Option<PathBuf>,
}

/// What is in the files of a certificate, for each way to deliver it. What is not there is not
/// to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The file of [`Delivery::OneFile`].
    pub one_file: Option<Content>,
    /// The certificate file of [`Delivery::TwoFiles`].
    pub certificate: Option<Content>,
    /// The key file of [`Delivery::TwoFiles`].
    pub key: Option<Content>,
    /// In which shape they are.
    pub(super) shape: Shape,
}

impl Files {
    /// The files of a kind in a shape: the given texts as they are, unless the kind's or the shape's fault is in the
    /// files.
    pub(super) fn new(
        kind: Kind,
        shape: Shape,
        certificates: &str,
        key: &str,
    ) -> Result<Self, MintError> {
        if shape != Shape::Pem {
            return Ok(Self { shape, ..Sound { certificates, key }.shaped(shape)? });
        }
        let content = |text: &str| Some(Content::from(text));
        let [one_file, certificate, key] = match kind {
            Kind::CertificateWithoutKey => [content(certificates), content(certificates), None],
            Kind::KeyWithoutCertificate => [content(key), content(key), content(key)],
            Kind::EmptyFile => [content(""), content(""), content(key)],
            Kind::NotPem => [content(WORDS), content(WORDS), content(key)],
            Kind::MissingFile => [None, None, content(key)],
            _ => {
                let damaged = certificates.replacen("-----\n", "-----\n!", 1);
                let certificates = match kind {
                    Kind::DamagedPem => &damaged,
                    _ => certificates,
                };
                let both = [key.as_bytes(), certificates.as_bytes()].concat();
                [Some(both.into()), content(certificates), content(key)]
            }
        };
        Ok(Self { one_file, certificate, key, shape })
    }

    pub(super) fn write(
        &self,
        folder: &Path,
        delivery: Delivery,
        names: &FileNames,
    ) -> Result<Paths, MintError> {
        self.shape.check_delivery(delivery)?;
        make_folder(folder)?;
        let mut certificate = folder.join(&names.certificate);
        let mut key = folder.join(&names.key);
        let mut is_key_given = false;
        match delivery {
            Delivery::OneFile => replace(&certificate, self.one_file.as_ref())?,
            Delivery::TwoFiles => {
                replace(&certificate, self.certificate.as_ref())?;
                replace(&key, self.key.as_ref())?;
                is_key_given = self.key.is_some();
            }
        }
        match self.shape.oddity() {
            Some((oddity, Spot::Certificate)) => certificate = oddity.put(certificate)?,
            Some((oddity, Spot::Key)) => (key, is_key_given) = (oddity.put(key)?, true),
            None => {}
        }
        Ok(Paths { certificate, key: is_key_given.then_some(key) })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rstest::rstest;
    use tempfile::NamedTempFile;

    use super::*;
    use crate::certificate::{Lab, Minted, Specification};

    fn mint(kind: Kind) -> Minted {
        let host = "proxy.example.test".parse().unwrap();
        Lab::new().unwrap().mint(&Specification::new(kind, host)).unwrap()
    }

    fn write(minted: &Minted, folder: &Path, delivery: Delivery) -> Paths {
        minted.write(folder, delivery, &delivery.names()).unwrap()
    }

    /// The PEM labels in a file, or that there is none.
    fn labels(path: Option<&Path>) -> String {
        let Some(path) = path else { return "not given".to_owned() };
        let Ok(text) = fs::read_to_string(path) else { return "not there".to_owned() };
        let blocks = pem::parse_many(&text).unwrap();
        let labels: Vec<&str> = blocks.iter().map(pem::Pem::tag).collect();
        match labels.is_empty() {
            true => format!("{} bytes", text.len()),
            false => labels.join(", "),
        }
    }

    #[rstest]
    #[case(
        Kind::Good,
        "PRIVATE KEY, CERTIFICATE, CERTIFICATE",
        "CERTIFICATE, CERTIFICATE",
        "PRIVATE KEY"
    )]
    #[case(Kind::SelfSigned, "PRIVATE KEY, CERTIFICATE", "CERTIFICATE", "PRIVATE KEY")]
    #[case(Kind::OpensslCommand, "PRIVATE KEY, CERTIFICATE", "CERTIFICATE", "PRIVATE KEY")]
    #[case(Kind::MissingIntermediate, "PRIVATE KEY, CERTIFICATE", "CERTIFICATE", "PRIVATE KEY")]
    #[case(
        Kind::CertificateWithoutKey,
        "CERTIFICATE, CERTIFICATE",
        "CERTIFICATE, CERTIFICATE",
        "not given"
    )]
    #[case(Kind::KeyWithoutCertificate, "PRIVATE KEY", "PRIVATE KEY", "PRIVATE KEY")]
    #[case(
        Kind::EncryptedKey,
        "ENCRYPTED PRIVATE KEY, CERTIFICATE, CERTIFICATE",
        "CERTIFICATE, CERTIFICATE",
        "ENCRYPTED PRIVATE KEY"
    )]
    #[case(Kind::EmptyFile, "0 bytes", "0 bytes", "PRIVATE KEY")]
    #[case(Kind::NotPem, "41 bytes", "41 bytes", "PRIVATE KEY")]
    #[case(Kind::MissingFile, "not there", "not there", "PRIVATE KEY")]
    fn the_files_hold_what_the_kind_promises(
        #[case] kind: Kind,
        #[case] one_file: &str,
        #[case] certificate: &str,
        #[case] key: &str,
    ) {
        let (minted, folder) = (mint(kind), tempfile::tempdir().unwrap());
        let paths = write(&minted, folder.path(), Delivery::OneFile);
        assert_eq!((labels(Some(&paths.certificate)).as_str(), paths.key), (one_file, None));
        let paths = write(&minted, folder.path(), Delivery::TwoFiles);
        assert_eq!(labels(Some(&paths.certificate)), certificate);
        assert_eq!(labels(paths.key.as_deref()), key);
    }

    #[test]
    fn a_damaged_certificate_has_a_character_that_base64_has_not() {
        let certificate = mint(Kind::DamagedPem).files().certificate.clone().unwrap();
        assert!(certificate.bytes().starts_with(b"-----BEGIN CERTIFICATE-----\n!"));
    }

    #[test]
    fn a_renewal_takes_the_place_of_the_old_file_and_a_missing_one_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let delivery = Delivery::OneFile;
        let old = write(&mint(Kind::Good), folder.path(), delivery).certificate;
        let before = fs::read(&old).unwrap();
        let new = write(&mint(Kind::Good), folder.path(), delivery).certificate;
        assert_eq!(old, new);
        assert_ne!(before, fs::read(&new).unwrap());
        write(&mint(Kind::MissingFile), folder.path(), delivery);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_a_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let minted = mint(Kind::EncryptedKey);
        let one = write(&minted, folder.path(), Delivery::OneFile);
        let two = write(&minted, folder.path(), Delivery::TwoFiles);
        assert_eq!(mode(&one.certificate), 0o600);
        assert_eq!(mode(&two.certificate), 0o644);
        assert_eq!(two.key.as_deref().map(mode), Some(0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = NamedTempFile::new().unwrap();
        let folder = file.path().join("below-a-file");
        let delivery = Delivery::OneFile;
        let error = mint(Kind::Good).write(&folder, delivery, &delivery.names()).unwrap_err();
        let expected = format!("cannot write {}: ", folder.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
