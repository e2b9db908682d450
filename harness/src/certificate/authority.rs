//! A certificate authority: a root, and the intermediate below it that issues.

use rcgen::BasicConstraints;
use rustls_pki_types::CertificateDer;

use super::{
    Key, KeyType, MintError,
    blueprint::{self, Now},
    draft::{Draft, Issuer},
    owner::tag,
};

/// An authority with its keys.
pub(super) struct Authority {
    root: CertificateDer<'static>,
    root_key: Key,
    root_issuer: Issuer,
    intermediate: CertificateDer<'static>,
    issuer: Issuer,
}

impl Authority {
    /// A new authority. Its names hold `name` and a random part: two authorities of one name and
    /// different keys confuse whoever imports both (the fault `bad-signature`).
    pub(super) fn new(name: &str, now: Now) -> Result<Self, MintError> {
        let name = format!("{name} {{}} {}", tag()?);
        let root = name.replace("{}", "root");
        let content = blueprint::authority(&root, BasicConstraints::Unconstrained, now)?;
        let key = Key::generate(KeyType::P256)?;
        let root = Draft::new(content).self_sign(&key)?;
        Self::below(root, key, &name.replace("{}", "intermediate"), now)
    }

    /// An authority whose root is there, with a new intermediate of that name.
    pub(super) fn below(
        root: CertificateDer<'static>,
        root_key: Key,
        name: &str,
        now: Now,
    ) -> Result<Self, MintError> {
        let content = blueprint::authority(name, BasicConstraints::Constrained(0), now)?;
        let root_issuer = Issuer::of(&root, root_key.clone())?;
        let key = Key::generate(KeyType::P256)?;
        let issuer = Issuer::new(&content, key.clone())?;
        let intermediate = Draft::new(content).issue(&key, &root_issuer)?;
        Ok(Self { root, root_key, root_issuer, intermediate, issuer })
    }

    /// The root's key.
    pub(super) fn key(&self) -> &Key {
        &self.root_key
    }

    pub(super) fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The root, to sign with.
    pub(super) fn root_issuer(&self) -> &Issuer {
        &self.root_issuer
    }

    pub(super) fn intermediate(&self) -> &CertificateDer<'static> {
        &self.intermediate
    }

    /// The intermediate, to sign with.
    pub(super) fn issuer(&self) -> &Issuer {
        &self.issuer
    }
}
