//! A certificate that was made, and everything that belongs to it.

use std::{fmt, path::Path, sync::Arc};

use rustls_pki_types::CertificateDer;

use super::{
    Key, Kind, MintError, Shape,
    files::{Delivery, FileNames, Files, Paths},
    issued::Issued,
};
use crate::{Fault, host::Host};

/// A certificate with its key, its chain and its files. A clone is the same certificate.
#[derive(Clone)]
pub struct Minted(Arc<Parts>);

pub(super) struct Parts {
    pub kind: Kind,
    pub host: Host,
    pub chain: Vec<CertificateDer<'static>>,
    pub given: Option<Key>,
    pub issued: Issued,
    pub files: Files,
}

impl Minted {
    pub(super) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The host that it was made for, even where the fault is that it does not name it.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// How its files are written.
    pub fn shape(&self) -> Shape {
        self.files().shape
    }

    /// Whether every server can be started with its files, so that a client is sent its certificates.
    pub fn is_servable(&self) -> bool {
        self.kind().is_servable() && self.shape().plants().is_none()
    }

    /// What is wrong with the certificate, or its files, as its kind has it: [`Kind::plants`].
    pub fn plants(&self) -> &'static [Fault] {
        self.kind().plants()
    }

    /// What a server with its files sends, the leaf first; empty where they hold no certificate.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// The private key in the file that holds the certificate, or beside it; not encrypted here.
    /// None for a kind whose fault is that it is not there, and where the file itself is the fault.
    pub fn key(&self) -> Option<&Key> {
        self.0.given.as_ref()
    }

    /// The certificate itself, whether or not a server can send it.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.0.issued.leaf
    }

    /// The intermediates above it, its issuer first, whether or not they are sent.
    pub fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.0.issued.issuers
    }

    /// Where its chain ends: what a user imports in order to trust it. A self-signed certificate is
    /// its own; that of one signed with its key, too.
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.0.issued.root
    }

    /// What a user imports for its sake: the root that it brings, or else the certificate itself.
    pub fn anchor(&self) -> &CertificateDer<'static> {
        if self.kind().brings_its_own_root() { self.root() } else { self.certificate() }
    }

    /// What its files hold.
    pub fn files(&self) -> &Files {
        &self.0.files
    }

    /// Writes its files into a folder, which is made if it is not there, in place of older ones
    /// of the same name. Each is replaced at once, so that nobody reads half of one, and one that
    /// holds a private key is readable by its owner alone (mode 0600).
    ///
    /// A [`Kind::MissingFile`] is not there afterwards; its path is returned all the same.
    ///
    /// # Errors
    /// [`MintError::Write`] with the file or folder that could not be written.
    pub fn write(
        &self,
        folder: &Path,
        delivery: Delivery,
        names: &FileNames,
    ) -> Result<Paths, MintError> {
        self.files().write(folder, delivery, names)
    }

    /// The key that belongs to the certificate.
    pub(super) fn own_key(&self) -> &Key {
        &self.0.issued.key
    }

    /// The certificate and its intermediates, which a certificate signed with its key has above it;
    /// without it where it is the root itself.
    pub(super) fn below_root(&self) -> Vec<CertificateDer<'static>> {
        if self.certificate() == self.root() {
            return Vec::new();
        }
        [self.certificate()].into_iter().chain(self.intermediates()).cloned().collect()
    }
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted")
            .field("kind", &self.kind())
            .field("host", self.host())
            .finish_non_exhaustive()
    }
}
