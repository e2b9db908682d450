//! An authority that is kept over runs, in a folder: for clients of other machines, which import it by hand.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use der::Encode;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::{
    Key, MintError,
    authority::Authority,
    blueprint::Now,
    error::Making,
    key::{encode, fill_randomly},
};

const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority.key";

/// The authority in that folder; a new one that is then there, if neither of its files is.
pub(super) fn authority(folder: &Path, now: Now) -> Result<Authority, MintError> {
    let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
    if !certificate.exists() && !key.exists() {
        let authority = Authority::new("wssure kept", now)?;
        write(folder, &authority).map_err(|(path, source)| MintError::Write { path, source })?;
        return Ok(authority);
    }
    let wrong = |reason: String| MintError::Kept { folder: folder.to_owned(), reason };
    let block = |path: &Path, label: &str| {
        let text = fs::read(path).map(Zeroizing::new);
        let text = text.map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        // What a parser says might quote a key.
        let block = pem::parse(text.as_slice()).ok().filter(|block| block.tag() == label);
        block.ok_or_else(|| wrong(format!("{} holds no {label} block", path.display())))
    };
    let root = CertificateDer::from(block(&certificate, "CERTIFICATE")?.into_contents());
    let key = Key::from_pkcs8(&Zeroizing::new(block(&key, "PRIVATE KEY")?.into_contents()));
    check(&root, &key).map_err(wrong)?;
    let mut tag = [0; 4];
    fill_randomly(&mut tag)?;
    let name = format!("wssure kept intermediate {:08x}", u32::from_be_bytes(tag));
    Authority::below(root, key, &name, now)
}

/// That the two belong together, and may issue.
fn check(root: &CertificateDer<'static>, key: &Key) -> Result<(), String> {
    let (_, parsed) = X509Certificate::from_der(root).map_err(|error| error.to_string())?;
    let public = key.public().and_then(|public| public.to_der().making("its public key"));
    let public = public.map_err(|error| error.to_string())?;
    if !parsed.is_ca() {
        return Err("its certificate is no authority's".to_owned());
    }
    if parsed.public_key().raw != public {
        return Err("its certificate and its key are not of one pair".to_owned());
    }
    if !parsed.validity().is_valid() {
        return Err("its certificate is not valid today".to_owned());
    }
    Ok(())
}

fn write(folder: &Path, authority: &Authority) -> Result<(), (std::path::PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    fs::create_dir_all(folder).map_err(at(folder))?;
    let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
    // The key first: a certificate without it would be imported for nothing.
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&key).map_err(at(&key))?;
    // The umask takes away, and never adds.
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(at(&key))?;
    (&file).write_all(authority.key().pem().as_bytes()).map_err(at(&key))?;
    fs::write(&certificate, encode("CERTIFICATE", authority.root())).map_err(at(&certificate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{Kind, Lab, Specification};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn an_authority_is_made_once_and_then_kept() {
        let folder = folder();
        let place = folder.path().join("new/authority");
        let first = Lab::kept_in(&place).unwrap();
        let second = Lab::kept_in(&place).unwrap();
        assert_eq!(first.authority(), second.authority());
        let mode = fs::metadata(place.join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let good = Specification::new(Kind::Good, "a.test".parse().unwrap());
        let chain = second.mint(&good).unwrap().chain().to_vec();
        let (_, root) = X509Certificate::from_der(&first.authority())
            .map(|(rest, root)| (rest.len(), root.subject().to_string()))
            .unwrap();
        let (_, intermediate) = X509Certificate::from_der(&chain[1]).unwrap();
        assert_eq!(intermediate.issuer().to_string(), root);
    }

    #[test]
    fn what_is_no_authority_of_ours_is_told_and_left_as_it_is() {
        let error = |folder: &Path| Lab::kept_in(folder).unwrap_err().to_string();
        let (one, other) = (folder(), folder());
        Lab::kept_in(one.path()).unwrap();
        Lab::kept_in(other.path()).unwrap();
        fs::copy(other.path().join(KEY), one.path().join(KEY)).unwrap();
        assert!(error(one.path()).contains("are not of one pair"), "{}", error(one.path()));
        fs::write(one.path().join(KEY), "x").unwrap();
        assert!(error(one.path()).contains("authority.key holds no PRIVATE KEY block"));
        fs::remove_file(one.path().join(KEY)).unwrap();
        assert!(error(one.path()).contains("authority.key: No such file"));
        assert_eq!(fs::read_dir(one.path()).unwrap().count(), 1);
    }
}
