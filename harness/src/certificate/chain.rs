//! The authorities above a certificate, described and then made.

use std::collections::{BTreeMap, btree_map::Entry};

use rcgen::BasicConstraints;
use rustls_pki_types::CertificateDer;

use super::{
    Key, KeyType, MintError,
    authority::Authority,
    blueprint::{self, Now, Period},
    draft::{Draft, Issuer},
    forge::Alteration,
    issued::Issued,
    key::{Keyring, Role},
    owner::tag,
};

/// The number of the authority that issues the server's certificate.
pub(super) const ISSUING: usize = 0;

/// An authority's certificate: one of several, perhaps.
pub(super) struct Link {
    authority: usize,
    key: KeyType,
    by: By,
    draft: Draft,
}

/// Who certifies an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The root that every client trusts.
    Trusted,
    /// The root that none trusts.
    Unknown,
    /// Itself: it is a root.
    Itself,
    /// The authority of that number.
    Authority(usize),
}

/// What a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The server's own certificate.
    Leaf,
    /// The link at that place.
    Link(usize),
    /// Where the chain ends.
    Root,
    /// An authority that has nothing to do with it.
    Unrelated,
}

/// Authorities, and what is sent of them.
pub(super) struct Chain {
    links: Vec<Link>,
    /// The links from the issuing authority up. The last is the root, if neither of the lab's
    /// roots certifies it.
    way: Vec<usize>,
    sent: Option<Vec<Sent>>,
}

/// Makes links whose names no other chain has.
pub(super) struct Names {
    tag: String,
    now: Now,
}

impl Names {
    pub(super) fn new(now: Now) -> Result<Self, MintError> {
        Ok(Self { tag: tag()?, now })
    }

    /// A link as an honest authority's.
    pub(super) fn link(
        &self,
        authority: usize,
        name: &str,
        by: By,
        constraints: BasicConstraints,
    ) -> Result<Link, MintError> {
        let name = format!("wssure {name} {}", self.tag);
        let draft = Draft::new(blueprint::authority(&name, constraints, self.now)?);
        Ok(Link { authority, key: KeyType::P256, by, draft })
    }
}

impl Link {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        change(&mut self.draft);
        self
    }

    pub(super) fn altered(self, alteration: Alteration) -> Self {
        self.with(|draft| draft.alter(alteration))
    }

    pub(super) fn keyed(self, key: KeyType) -> Self {
        Self { key, ..self }
    }

    pub(super) fn dated(mut self, period: Period, now: Now) -> Result<Self, MintError> {
        now.date(&mut self.draft.content, period)?;
        Ok(self)
    }
}

impl Chain {
    /// These links, each certified by the next.
    pub(super) fn of(links: impl Into<Vec<Link>>) -> Self {
        let links = links.into();
        Self { way: (0..links.len()).collect(), links, sent: None }
    }

    /// The same with another way up.
    pub(super) fn on_the_way(self, way: &[usize]) -> Self {
        Self { way: way.to_vec(), ..self }
    }

    /// The same with something else sent than the server's certificate and the links on the way.
    pub(super) fn sending(self, sent: impl IntoIterator<Item = Sent>) -> Self {
        Self { sent: Some(sent.into_iter().collect()), ..self }
    }

    /// Makes the authorities and their certificates.
    pub(super) fn build(
        &self,
        trusted: &Authority,
        unknown: &Authority,
        keyring: &Keyring,
    ) -> Result<Built, MintError> {
        let mut authorities = self.authorities(keyring)?;
        let mut links = Vec::new();
        for link in &self.links {
            let Whose { key, .. } = authorities.get(&link.authority).ok_or_else(incomplete)?;
            links.push(match link.by {
                By::Trusted => link.draft.issue(key, trusted.root_issuer())?,
                By::Unknown => link.draft.issue(key, unknown.root_issuer())?,
                By::Itself => link.draft.self_sign(key)?,
                By::Authority(number) => {
                    let above = authorities.get(&number).ok_or_else(incomplete)?;
                    link.draft.issue(key, &above.issuer)?
                }
            });
        }
        let mut above: Vec<_> =
            self.way.iter().filter_map(|&place| links.get(place).cloned()).collect();
        let last = self.way.last().and_then(|&place| self.links.get(place)).map(|link| link.by);
        let root = match last {
            Some(By::Trusted) => trusted.root().clone(),
            Some(By::Unknown) => unknown.root().clone(),
            Some(By::Itself | By::Authority(_)) | None => above.pop().ok_or_else(incomplete)?,
        };
        Ok(Built {
            issuer: authorities.remove(&ISSUING).ok_or_else(incomplete)?.issuer,
            links,
            above,
            root,
            unrelated: unknown.intermediate().clone(),
            sent: self.sent.clone(),
        })
    }

    /// Each authority by its number: one name and one key, however many certificates.
    fn authorities(&self, keyring: &Keyring) -> Result<BTreeMap<usize, Whose>, MintError> {
        let mut authorities = BTreeMap::new();
        for link in &self.links {
            if let Entry::Vacant(place) = authorities.entry(link.authority) {
                let role = if link.by == By::Itself { Role::Root } else { Role::Intermediate };
                let key = keyring.key(link.key, role)?;
                let issuer = Issuer::new(&link.draft.content, key.clone())?;
                place.insert(Whose { issuer, key });
            }
        }
        Ok(authorities)
    }
}

/// An authority, whatever certificates it has.
struct Whose {
    issuer: Issuer,
    key: Key,
}

fn incomplete() -> MintError {
    MintError::Make { what: "a chain", reason: "an authority is missing in its plan".to_owned() }
}

/// Authorities that were made.
pub(super) struct Built {
    issuer: Issuer,
    links: Vec<CertificateDer<'static>>,
    above: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
    unrelated: CertificateDer<'static>,
    sent: Option<Vec<Sent>>,
}

impl Built {
    /// A server's certificate below them, with what is sent of it.
    pub(super) fn issue(&self, leaf: &Draft, key: Key) -> Result<Issued, MintError> {
        let leaf = leaf.issue(&key, &self.issuer)?;
        let issued = Issued::new(leaf, self.above.clone(), self.root.clone(), key);
        let Some(sent) = &self.sent else { return Ok(issued) };
        let certificate = |sent: &Sent| match *sent {
            Sent::Leaf => Some(&issued.leaf),
            Sent::Link(place) => self.links.get(place),
            Sent::Root => Some(&self.root),
            Sent::Unrelated => Some(&self.unrelated),
        };
        let sent = sent.iter().filter_map(certificate).cloned().collect();
        Ok(Issued { sent, ..issued })
    }
}
