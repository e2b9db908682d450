//! From a signed certificate to what a server is given: faults in the chain, the key and the files.

use rustls_pki_types::CertificateDer;

use super::{
    KEY_PASSWORD, Key, KeyType, Kind, MintError, Minted, Shape, files::Files, key::encode,
    minted::Parts,
};
use crate::host::Host;

/// A certificate with its own key, and the certificates above it.
pub(super) struct Issued {
    pub leaf: CertificateDer<'static>,
    /// Between leaf and root, the leaf's issuer first.
    pub issuers: Vec<CertificateDer<'static>>,
    pub root: CertificateDer<'static>,
    pub key: Key,
    /// What a server sends, where its files are sound.
    pub sent: Vec<CertificateDer<'static>>,
}

impl Issued {
    /// A certificate that is sent with its intermediates.
    pub(super) fn new(
        leaf: CertificateDer<'static>,
        issuers: Vec<CertificateDer<'static>>,
        root: CertificateDer<'static>,
        key: Key,
    ) -> Self {
        let sent = [&leaf].into_iter().chain(&issuers).cloned().collect();
        Self { leaf, issuers, root, key, sent }
    }

    /// A self-signed certificate: nothing is above it.
    pub(super) fn root(certificate: CertificateDer<'static>, key: Key) -> Self {
        Self::new(certificate.clone(), Vec::new(), certificate, key)
    }

    /// Plants what the kind has wrong outside of the certificate.
    pub(super) fn plant(self, kind: Kind, shape: Shape, host: &Host) -> Result<Minted, MintError> {
        let written = match kind {
            Kind::DamagedPem => self.sent.clone(), // It is there, and nobody can send it.
            _ => self.sent(kind),
        };
        let certificates: String =
            written.iter().map(|written| encode("CERTIFICATE", written)).collect();
        let other = match kind {
            Kind::MismatchedKey => Some(Key::generate(KeyType::P256)?),
            _ => None,
        };
        let key = other.as_ref().unwrap_or(&self.key);
        let key = match kind {
            Kind::EncryptedKey => key.encrypted_pem(KEY_PASSWORD)?,
            _ => key.pem(),
        };
        let files = Files::new(kind, shape, &certificates, &key)?;
        Ok(Minted::new(self.into_parts(kind, host, other, files)))
    }

    /// Takes the files as something else wrote them.
    pub(super) fn with_files(self, kind: Kind, host: &Host, files: Files) -> Minted {
        Minted::new(self.into_parts(kind, host, None, files))
    }

    fn into_parts(self, kind: Kind, host: &Host, other: Option<Key>, files: Files) -> Parts {
        let given = match kind {
            Kind::CertificateWithoutKey
            | Kind::EmptyFile
            | Kind::NotPem
            | Kind::DamagedPem
            | Kind::MissingFile => None,
            _ if files.shape.plants().is_some() => None,
            _ => Some(other.unwrap_or_else(|| self.key.clone())),
        };
        let chain = match files.shape.plants() {
            None => self.sent(kind),
            Some(_) => Vec::new(),
        };
        Parts { kind, host: host.clone(), chain, given, issued: self, files }
    }

    /// The certificates that a server with these files sends.
    fn sent(&self, kind: Kind) -> Vec<CertificateDer<'static>> {
        match kind {
            Kind::KeyWithoutCertificate
            | Kind::EmptyFile
            | Kind::NotPem
            | Kind::DamagedPem
            | Kind::MissingFile => Vec::new(),
            Kind::MissingIntermediate | Kind::IssuedBy => vec![self.leaf.clone()],
            _ => self.sent.clone(),
        }
    }
}
