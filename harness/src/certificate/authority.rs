//! A certificate authority: a root, and the intermediate below it that issues.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;

use super::{
    Key, MintError,
    blueprint::{self, Now},
    error::Making,
    owner::tag,
};

/// An authority with its keys.
pub(super) struct Authority {
    root: CertificateDer<'static>,
    key: Key,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority. Its names hold `name` and a random part: two authorities of one name and
    /// different keys confuse whoever imports both (the fault `bad-signature`).
    pub(super) fn new(name: &str, now: Now) -> Result<Self, MintError> {
        let name = format!("{name} {{}} {}", tag()?);
        let content = blueprint::authority(
            &name.replace("{}", "root"),
            BasicConstraints::Unconstrained,
            now,
        )?;
        let key = Key::generate()?;
        let root = content.self_signed(&*key.signer()?).making("a root certificate")?;
        Self::below(root.into(), key, &name.replace("{}", "intermediate"), now)
    }

    /// An authority whose root is there, with a new intermediate of that name.
    pub(super) fn below(
        root: CertificateDer<'static>,
        key: Key,
        name: &str,
        now: Now,
    ) -> Result<Self, MintError> {
        let content = blueprint::authority(name, BasicConstraints::Constrained(0), now)?;
        let signer = key.signer()?;
        let issuer = Issuer::from_ca_cert_der(&root, &*signer).making("an issuer out of a root")?;
        let own = KeyPair::generate().making("an intermediate's key")?;
        let intermediate = CertifiedIssuer::signed_by(content, own, &issuer)
            .making("an intermediate certificate")?;
        Ok(Self { root, key, intermediate })
    }

    /// The root's key.
    pub(super) fn key(&self) -> &Key {
        &self.key
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
