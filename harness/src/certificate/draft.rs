//! A certificate before it is signed, and who signs it.

use der::Encode;
use rcgen::{
    CertificateParams, PKCS_ED25519, PublicKeyData, SignatureAlgorithm, SigningKey as RcgenKey,
};
use rustls_pki_types::CertificateDer;

use super::{
    Key, MintError,
    error::Making,
    forge::{self, Alteration, Tbs},
    signature::Scheme,
};

/// What will be written into a certificate.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// As an honest issuer would write it.
    pub content: CertificateParams,
    /// What is then made of it.
    pub alterations: Vec<Alteration>,
    /// How it is signed, if not as the issuer's key signs by itself.
    pub scheme: Option<Scheme>,
}

impl Draft {
    pub(super) fn new(content: CertificateParams) -> Self {
        Self { content, alterations: Vec::new(), scheme: None }
    }

    pub(super) fn alter(&mut self, alteration: Alteration) {
        self.alterations.push(alteration);
    }

    /// The certificate of that key, signed by an issuer, whether or not the issuer may sign.
    pub(super) fn issue(
        &self,
        key: &Key,
        issuer: &Issuer,
    ) -> Result<CertificateDer<'static>, MintError> {
        let unsigned = self.content.signed_by(&Unsigned::new(key)?, &issuer.named);
        let signer = issuer.key.signer()?;
        let scheme = self.scheme.unwrap_or_else(|| signer.scheme());
        let mut tbs = Tbs::of(unsigned.making("a certificate")?.der())?;
        tbs.state(key.public()?, scheme)?;
        for alteration in &self.alterations {
            tbs.alter(alteration)?;
        }
        let message = tbs.message()?;
        forge::seal(&message, scheme, signer.sign(scheme, &message)?, &self.alterations)
    }

    /// The certificate of that key, signed with it.
    pub(super) fn self_sign(&self, key: &Key) -> Result<CertificateDer<'static>, MintError> {
        self.issue(key, &Issuer::new(&self.content, key.clone())?)
    }
}

/// Whose name and key stand behind a certificate.
pub(super) struct Issuer {
    named: rcgen::Issuer<'static, Unsigned>,
    key: Key,
}

impl Issuer {
    /// Whoever has a certificate of that content.
    pub(super) fn new(content: &CertificateParams, key: Key) -> Result<Self, MintError> {
        let named = rcgen::Issuer::new(content.clone(), Unsigned::new(&key)?);
        Ok(Self { named, key })
    }

    /// Whoever has that certificate.
    pub(super) fn of(certificate: &CertificateDer<'_>, key: Key) -> Result<Self, MintError> {
        let named = rcgen::Issuer::from_ca_cert_der(certificate, Unsigned::new(&key)?)
            .making("an issuer out of a certificate")?;
        Ok(Self { named, key })
    }
}

/// What rcgen is told of a key. It does not know all types, so it writes a stand-in and signs
/// nothing, and [`Draft::issue`] puts key and signature in afterwards. Only the key identifiers,
/// which are hashes of the public key, are its work.
struct Unsigned(Vec<u8>);

impl Unsigned {
    fn new(key: &Key) -> Result<Self, MintError> {
        Ok(Self(key.public()?.to_der().making("a public key")?))
    }
}

impl PublicKeyData for Unsigned {
    fn der_bytes(&self) -> &[u8] {
        &[]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }

    fn subject_public_key_info(&self) -> Vec<u8> {
        self.0.clone()
    }
}

impl RcgenKey for Unsigned {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
