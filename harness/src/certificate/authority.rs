//! A certificate authority: a root, and the intermediate below it that issues.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, KeyPair};
use rustls_pki_types::CertificateDer;

use super::{
    Key, MintError,
    blueprint::{self, Now},
    error::Making,
    key::fill_randomly,
};

/// An authority with its keys.
pub(super) struct Authority {
    root: CertificateDer<'static>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority. Its names hold `name` and a random part: two authorities of one name and
    /// different keys confuse whoever imports both (the fault `bad-signature`).
    pub(super) fn new(name: &str, now: Now) -> Result<Self, MintError> {
        let mut tag = [0; 4];
        fill_randomly(&mut tag)?;
        let tag = u32::from_be_bytes(tag);
        let content = |role: &str, constraints| {
            blueprint::authority(&format!("{name} {role} {tag:08x}"), constraints, now)
        };
        let root = CertifiedIssuer::self_signed(
            content("root", BasicConstraints::Unconstrained)?,
            KeyPair::generate().making("a root's key")?,
        )
        .making("a root certificate")?;
        let intermediate = CertifiedIssuer::signed_by(
            content("intermediate", BasicConstraints::Constrained(0))?,
            KeyPair::generate().making("an intermediate's key")?,
            &root,
        )
        .making("an intermediate certificate")?;
        Ok(Self { root: root.der().clone(), intermediate })
    }

    pub(super) fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    pub(super) fn intermediate(&self) -> &CertificateDer<'static> {
        self.intermediate.der()
    }

    pub(super) fn issue(
        &self,
        content: &CertificateParams,
        key: &Key,
    ) -> Result<CertificateDer<'static>, MintError> {
        let issued = content.signed_by(&*key.signer()?, &self.intermediate);
        Ok(issued.making("a certificate")?.into())
    }
}
