//! A certificate in a folder, for a person: every file that belongs to it, each with a sentence.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::{
    Kind, Lab, MintError, Minted, Specification,
    files::{Content, create, make_folder},
    key::encode,
};
use crate::host::Host;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Where it is.
    pub path: PathBuf,
    /// What it is and what it is for, in a sentence.
    pub what: &'static str,
}

/// Makes a certificate of a kind for a host, and writes all that belongs to it into a folder, which
/// is made if it is not there.
///
/// [`Kind::IssuedBy`] gets a self-signed certificate for another host as its signer, which is then
/// the authority in the folder.
///
/// # Errors
/// Those of [`Lab::mint`]; [`MintError::Exists`] if one of the files is there already, before any is
/// written; [`MintError::Write`] if one cannot be written.
pub fn make(lab: &Lab, kind: Kind, host: &Host, folder: &Path) -> Result<Vec<Made>, MintError> {
    let minted = lab.mint(&specification(lab, kind, host)?)?;
    make_folder(folder)?;
    let planned = plan(&minted);
    let paths: Vec<PathBuf> = planned.iter().map(|file| folder.join(file.name)).collect();
    if let Some(path) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(MintError::Exists { path: path.clone() });
    }
    planned
        .into_iter()
        .zip(paths)
        .map(|(file, path)| {
            create(&path, &file.content)?;
            Ok(Made { path, what: file.what })
        })
        .collect()
}

fn specification(lab: &Lab, kind: Kind, host: &Host) -> Result<Specification, MintError> {
    if kind != Kind::IssuedBy {
        return Ok(Specification::new(kind, host.clone()));
    }
    let imported = Host::Name("imported.example.test".to_owned());
    let signer = lab.mint(&Specification::new(Kind::SelfSigned, imported))?;
    Ok(Specification::issued_by(&signer, host.clone()))
}

/// A file to be written.
struct Planned {
    name: &'static str,
    content: Content,
    what: &'static str,
}

fn plan(minted: &Minted) -> Vec<Planned> {
    let files = minted.files();
    let pem = |certificates: &[CertificateDer<'_>]| -> Option<Content> {
        let text: String = certificates.iter().map(|der| encode("CERTIFICATE", der)).collect();
        (!text.is_empty()).then(|| text.as_str().into())
    };
    [
        (
            "self.pem",
            files.one_file.clone(),
            "What the proxy is given, in one file: --cert self.pem",
        ),
        (
            "cert.pem",
            files.certificate.clone(),
            "What the proxy is given as the certificate, when the key has its own file: --cert cert.pem",
        ),
        ("key.pem", files.key.clone(), "The private key, to be kept to yourself: --key key.pem"),
        (
            "chain.pem",
            pem(minted.intermediates()),
            "The intermediates between the certificate and the authority, whether or not cert.pem has them.",
        ),
        (
            "authority.pem",
            pem(std::slice::from_ref(minted.root())),
            "The authority that a client has to trust; import it for a test only, and remove it afterwards.",
        ),
    ]
    .into_iter()
    .filter_map(|(name, content, what)| Some(Planned { name, content: content?, what }))
    .collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, sync::LazyLock};

    use super::*;

    /// One for all, for its RSA keys' sake.
    static LAB: LazyLock<Lab> = LazyLock::new(|| Lab::new().unwrap());

    fn make_in(kind: Kind, folder: &Path) -> Result<Vec<Made>, MintError> {
        make(&LAB, kind, &kind.example_host().parse().unwrap(), folder)
    }

    #[test]
    fn every_kind_is_written_and_everything_written_is_told() {
        for &kind in Kind::ALL {
            let folder = tempfile::tempdir().unwrap();
            let told: BTreeSet<PathBuf> =
                make_in(kind, folder.path()).unwrap().into_iter().map(|made| made.path).collect();
            let there: BTreeSet<PathBuf> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(told, there, "{kind}");
            assert!(there.contains(&folder.path().join("authority.pem")), "{kind}");
        }
    }

    #[test]
    fn a_folder_is_made_if_it_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        let names: Vec<PathBuf> =
            make_in(Kind::Good, &below).unwrap().into_iter().map(|made| made.path).collect();
        let expected = ["self.pem", "cert.pem", "key.pem", "chain.pem", "authority.pem"];
        assert_eq!(names, expected.map(|name| below.join(name)));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_written_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("key.pem");
        fs::write(&own, "my own").unwrap();
        let error = make_in(Kind::Good, folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} exists and is left as it is", own.display())));
        assert_eq!(fs::read_to_string(&own).unwrap(), "my own");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_imported_certificate_comes_with_its_spoof() {
        let folder = tempfile::tempdir().unwrap();
        make_in(Kind::IssuedBy, folder.path()).unwrap();
        let authority = fs::read_to_string(folder.path().join("authority.pem")).unwrap();
        let sent = fs::read_to_string(folder.path().join("cert.pem")).unwrap();
        assert_ne!(authority, sent);
        assert!(!folder.path().join("chain.pem").exists());
    }
}
