//! The lab: a run's authorities, and the making of one certificate.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rustls_pki_types::{CertificateDer, UnixTime};

use super::{
    Key, KeyType, Kind, MintError, Minted, Owner, Parameters, authorities,
    authority::Authority,
    blueprint::{LONGEST_COMMON_NAME, Now},
    chain::{Built, Chain},
    content,
    draft::{Draft, Issuer},
    files::{Files, Shape},
    issued::Issued,
    kept,
    key::{Keyring, Role},
    kind::SignedBy,
    openssl,
};
use crate::host::Host;

/// What certificate to make.
#[derive(Clone, Debug)]
pub struct Specification {
    /// What is to be wrong with it.
    pub kind: Kind,
    /// The host that clients will ask for.
    pub host: Host,
    /// Whose key signs it: needed for [`Kind::IssuedBy`], and for that only.
    pub signer: Option<Minted>,
    /// Whose it is.
    pub owner: Owner,
    /// What is otherwise than the kind has it.
    pub parameters: Parameters,
    /// How its files are written.
    pub shape: Shape,
}

impl Specification {
    /// A certificate of a kind for a host, with the issuer that the kind has by itself.
    pub fn new(kind: Kind, host: Host) -> Self {
        Self {
            kind,
            host,
            signer: None,
            owner: Owner::default(),
            parameters: Parameters::default(),
            shape: Shape::default(),
        }
    }

    /// A certificate for a host, signed with another certificate's key.
    pub fn issued_by(signer: &Minted, host: Host) -> Self {
        Self { signer: Some(signer.clone()), ..Self::new(Kind::IssuedBy, host) }
    }

    fn check(&self) -> Result<(), MintError> {
        let Self { kind, host, parameters, shape, .. } = self;
        kind.check_host(host)?;
        shape.check(*kind, parameters.key)?;
        if let Some(parameter) = parameters.given().find(|given| !kind.takes(*given)) {
            return Err(MintError::ParameterNotTaken { kind: *kind, parameter });
        }
        // One that has its host in the common name alone is nothing without it.
        let named_so = matches!(
            kind,
            Kind::CommonNameOnly
                | Kind::SelfSignedCommonName
                | Kind::OpensslCommand
                | Kind::Version1
        );
        if named_so && host.bare().len() > LONGEST_COMMON_NAME {
            return Err(MintError::HostTooLong { kind: *kind, host: host.clone() });
        }
        Ok(())
    }
}

/// The authorities of one run, made new for it: one that every client of the run trusts, and one
/// that none does.
///
/// It can be shared between threads. Each certificate that it makes is a new one with a new P-256
/// key, so that a renewal is a renewal: that takes a millisecond, openssl a few hundred. RSA keys,
/// where a kind or a parameter asks for them, are made once for the lab, as they take long.
pub struct Lab {
    now: Now,
    trusted: Authority,
    unknown: Authority,
    keyring: Keyring,
    owners_own: Mutex<BTreeMap<Owner, Arc<Built>>>,
}

impl Lab {
    /// A lab whose certificates are dated around the present moment.
    ///
    /// # Errors
    /// A library cannot do its part, or the clock stands at a time that no certificate can name.
    pub fn new() -> Result<Self, MintError> {
        Self::at(UnixTime::now())
    }

    /// A lab whose certificates are dated around a moment, but for [`Kind::OpensslCommand`]: openssl
    /// looks at the clock.
    ///
    /// # Errors
    /// As [`Lab::new`].
    pub fn at(now: UnixTime) -> Result<Self, MintError> {
        let now = Now::new(now)?;
        Self::with(Authority::new("wssure", now)?, now)
    }

    /// A lab whose trusted authority is kept in that folder, so that a client of another machine can import it once
    /// and for all: `authority.pem`, and `authority.key`, which only its owner may read. It is made there if it is
    /// not there.
    ///
    /// # Errors
    /// As [`Lab::new`]; or the folder cannot be used, or holds no authority of ours.
    pub fn kept_in(folder: &Path) -> Result<Self, MintError> {
        let now = Now::new(UnixTime::now())?;
        Self::with(kept::authority(folder, now)?, now)
    }

    fn with(trusted: Authority, now: Now) -> Result<Self, MintError> {
        Ok(Self {
            now,
            trusted,
            unknown: Authority::new("wssure unknown", now)?,
            keyring: Keyring::default(),
            owners_own: Mutex::default(),
        })
    }

    /// The root that every client of the run trusts.
    pub fn authority(&self) -> CertificateDer<'static> {
        self.trusted.root().clone()
    }

    /// Makes a certificate.
    ///
    /// # Errors
    /// The specification contradicts itself, the host does not fit the kind or is too long for one
    /// that needs it as the common name, openssl is needed and missing or failing, or a library
    /// cannot do its part.
    pub fn mint(&self, specification: &Specification) -> Result<Minted, MintError> {
        let Specification { kind, host, signer, owner, parameters, shape } = specification;
        specification.check()?;
        let leaf = content::server(specification, self.now)?;
        let of = parameters.key.unwrap_or(kind.key_type());
        let key = || self.keyring.key(of, Role::Leaf);
        let issued = match (kind.signed_by(), signer) {
            (SignedBy::Signer, Some(signer)) => issue_by(signer, &leaf, key()?)?,
            (SignedBy::Signer, None) => return Err(MintError::SignerMissing),
            (_, Some(_)) => return Err(MintError::SignerNotUsed { kind: *kind }),
            (SignedBy::Trusted, None) => match parameters.issuer_key {
                None => issue(&self.trusted, &leaf, key()?)?,
                Some(of) => self.build(&authorities::plain(of, self.now)?)?.issue(&leaf, key()?)?,
            },
            (SignedBy::Unknown, None) => issue(&self.unknown, &leaf, key()?)?,
            (SignedBy::OwnersOwn, None) => self.owners_own(owner)?.issue(&leaf, key()?)?,
            (SignedBy::ItsChain, None) => {
                let chain = authorities::above(*kind, host, self.now)?;
                self.build(&chain)?.issue(&leaf, key()?)?
            }
            (SignedBy::Itself, None) => {
                let key = key()?;
                Issued::root(leaf.self_sign(&key)?, key)
            }
            (SignedBy::Openssl, None) => {
                let made = openssl::run(openssl::program(), host, owner, openssl::DEADLINE)?;
                let files = Files::new(*kind, *shape, &made.certificate_text, &made.key_text)?;
                return Ok(Issued::root(made.certificate, made.key).with_files(*kind, host, files));
            }
        };
        issued.plant(*kind, *shape, host)
    }

    fn build(&self, chain: &Chain) -> Result<Built, MintError> {
        chain.build(&self.trusted, &self.unknown, &self.keyring)
    }

    /// The intermediate that issues for that owner alone, made when it is first asked for.
    fn owners_own(&self, owner: &Owner) -> Result<Arc<Built>, MintError> {
        let mut kept = self.owners_own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = kept.get(owner) {
            return Ok(Arc::clone(built));
        }
        let built = Arc::new(self.build(&authorities::plain(KeyType::P256, self.now)?)?);
        kept.insert(owner.clone(), Arc::clone(&built));
        Ok(built)
    }
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lab").field("now", &self.now).finish_non_exhaustive()
    }
}

fn issue(authority: &Authority, leaf: &Draft, key: Key) -> Result<Issued, MintError> {
    let certificate = leaf.issue(&key, authority.issuer())?;
    let above = vec![authority.intermediate().clone()];
    Ok(Issued::new(certificate, above, authority.root().clone(), key))
}

/// Signs with another certificate's key, whether or not that certificate allows it.
fn issue_by(signer: &Minted, leaf: &Draft, key: Key) -> Result<Issued, MintError> {
    let issuer = Issuer::of(signer.certificate(), signer.own_key().clone())?;
    let certificate = leaf.issue(&key, &issuer)?;
    Ok(Issued::new(certificate, signer.below_root(), signer.root().clone(), key))
}
