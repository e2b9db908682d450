//! Certificate and key files: loading them as people have them, matching them, and saying exactly what is wrong.

mod check;
mod encrypted;
mod explain;
mod instead;
mod key;
mod pem;
mod problem;
mod public_key;
mod read;

pub use check::{Summary, Warning};
pub(crate) use check::{names, time};
pub use instead::{Instead, LooksLike};
pub use pem::Damage;
pub use problem::{BlockPlace, IdentityError, KeyMismatch, PublicKeyPrint, SpecialFile};

use std::path::{Path, PathBuf};

use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::settings::Password;
use key::LoadedKey;
use pem::Block;

/// A certificate with its chain and its private key, ready to serve.
#[derive(Debug)]
pub struct Identity {
    /// For rustls: the leaf first, then the other certificates in the order of the file.
    pub certified: CertifiedKey,
    /// About the leaf.
    pub summary: Summary,
    /// Why clients may refuse it all the same.
    pub warnings: Vec<Warning>,
}

/// Which files to load.
#[derive(Clone, Debug)]
pub struct IdentityFiles {
    /// Certificate, chain, and the key if `key` is `None`.
    pub cert: PathBuf,
    /// The private key.
    pub key: Option<PathBuf>,
    /// For an encrypted key.
    pub password: Option<Password>,
}

impl IdentityFiles {
    /// Loads and matches them. The first trouble found is returned.
    pub fn load(&self) -> Result<Identity, IdentityError> {
        let cert_blocks = read::pem_file(&self.cert)?;
        let certificates = certificates(&self.cert, &cert_blocks)?;
        let keys = match &self.key {
            None => keys(&self.cert, &cert_blocks, self.password.as_ref())?,
            Some(file) => keys(file, &read::pem_file(file)?, self.password.as_ref())?,
        };
        let (leaf, key) =
            pair(&certificates, &keys).ok_or_else(|| self.mismatch(&certificates[0], &keys[0]))?;
        Ok(self.identity(&certificates, leaf, key))
    }

    fn identity(&self, certificates: &[Certificate], leaf: usize, key: &LoadedKey) -> Identity {
        let mut warnings = Vec::new();
        if leaf != 0 {
            warnings.push(Warning::LeafNotFirst { file: self.cert.clone(), position: leaf + 1 });
        }
        let mut chain = vec![CertificateDer::from(certificates[leaf].der.clone())];
        for (position, certificate) in
            certificates.iter().enumerate().filter(|(position, _)| *position != leaf)
        {
            if certificate.public.is_none() {
                warnings.push(Warning::ChainUnreadable { position: position + 1 });
            }
            chain.push(CertificateDer::from(certificate.der.clone()));
        }
        let der = &certificates[leaf].der;
        let (summary, about_leaf) = match X509Certificate::from_der(der) {
            Ok((_, parsed)) => check::leaf(&parsed, der, jiff::Timestamp::now().as_second()),
            // It was read before, or it would not have matched the key.
            Err(_) => unreachable!("a certificate is read twice with the same result"),
        };
        warnings.extend(about_leaf);
        if certificates.len() == 1 {
            warnings.extend(fullchain_beside(&self.cert, &chain[0]));
        }
        Identity { certified: CertifiedKey::new(chain, key.signer.clone()), summary, warnings }
    }

    fn mismatch(&self, certificate: &Certificate, key: &LoadedKey) -> IdentityError {
        IdentityError::KeyMismatch(Box::new(KeyMismatch {
            file: self.cert.clone(),
            block: certificate.place.clone(),
            certificate: public_key::print(certificate.public.as_deref().unwrap_or_default()),
            key_file: self.key.as_ref().unwrap_or(&self.cert).clone(),
            key_block: key.place.clone(),
            key: public_key::print(&key.public),
        }))
    }
}

/// certbot and others write `cert.pem` with the certificate alone, and `fullchain.pem` beside it.
fn fullchain_beside(file: &Path, leaf: &CertificateDer<'static>) -> Option<Warning> {
    let with_chain = file.with_file_name("fullchain.pem");
    let certificates = certificates_of(&with_chain).ok()?;
    let has_more = certificates.len() > 1 && certificates.first() == Some(leaf);
    has_more.then(|| Warning::WithoutChain { file: file.to_owned(), with_chain })
}

/// All certificates of a file, in DER. The first trouble found is returned.
pub(crate) fn certificates_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let certificates = certificates(file, &read::pem_file(file)?)?;
    Ok(certificates.into_iter().map(|certificate| certificate.der.into()).collect())
}

/// A certificate block.
struct Certificate {
    place: BlockPlace,
    der: Vec<u8>,
    /// SubjectPublicKeyInfo; `None` if the certificate cannot be read.
    public: Option<Vec<u8>>,
}

impl Block {
    fn place(&self) -> BlockPlace {
        BlockPlace { label: self.label.clone(), number: self.number, line: self.line }
    }
}

/// All certificates of a file; the first must be readable, as it is the leaf unless the key says otherwise.
fn certificates(file: &Path, blocks: &[Block]) -> Result<Vec<Certificate>, IdentityError> {
    let mut certificates = Vec::new();
    for block in blocks.iter().filter(|block| is_certificate(block)) {
        let place = block.place();
        let mut der = match &block.contents {
            Ok(der) => der.clone(),
            Err(damage) => {
                return Err(IdentityError::Damaged {
                    file: file.to_owned(),
                    block: place,
                    damage: damage.clone(),
                });
            }
        };
        let public = match X509Certificate::from_der(&der) {
            Ok((rest, parsed)) => {
                let (rest, public) = (rest.len(), parsed.public_key().raw.to_vec());
                // OpenSSL ignores what stands behind a certificate, and so does it with what it writes there itself
                // under the label TRUSTED CERTIFICATE. Clients would not ignore it.
                der.truncate(der.len() - rest);
                Some(public)
            }
            Err(error) if certificates.is_empty() => {
                let reason = error.to_string();
                return Err(IdentityError::BadCertificate {
                    file: file.to_owned(),
                    block: place,
                    reason,
                });
            }
            Err(_) => None,
        };
        certificates.push(Certificate { place, der, public });
    }
    if certificates.is_empty() {
        return Err(IdentityError::NoCertificate {
            file: file.to_owned(),
            instead: read::instead(blocks),
        });
    }
    Ok(certificates)
}

fn is_certificate(block: &Block) -> bool {
    matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
}

/// All keys of a file that can be loaded. Fails with the first key's trouble if none can.
fn keys(
    file: &Path,
    blocks: &[Block],
    password: Option<&Password>,
) -> Result<Vec<LoadedKey>, IdentityError> {
    let mut keys = Vec::new();
    let mut trouble = None;
    for block in blocks.iter().filter(|block| key::is_key(block)) {
        match key::load(file, block, password) {
            Ok(key) => keys.push(key),
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    match (keys.is_empty(), trouble) {
        (false, _) => Ok(keys),
        (true, Some(error)) => Err(error),
        (true, None) => {
            Err(IdentityError::NoKey { file: file.to_owned(), instead: read::instead(blocks) })
        }
    }
}

/// The first certificate that one of the keys belongs to.
fn pair<'a>(certificates: &[Certificate], keys: &'a [LoadedKey]) -> Option<(usize, &'a LoadedKey)> {
    certificates.iter().enumerate().find_map(|(position, certificate)| {
        let public = certificate.public.as_deref()?;
        keys.iter().find(|key| public_key::same(public, &key.public)).map(|key| (position, key))
    })
}
