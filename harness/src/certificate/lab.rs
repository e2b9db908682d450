//! The lab: a run's authorities, and the making of one certificate.

use std::{fmt, path::Path};

use rcgen::{CertificateParams, Issuer};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{
    Key, Kind, MintError, Minted, Owner,
    authority::Authority,
    blueprint::{self, LONGEST_COMMON_NAME, Now},
    error::Making,
    files::Files,
    issued::Issued,
    kept, openssl,
};
use crate::{fault::Area, host::Host};

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
}

impl Specification {
    /// A certificate of a kind for a host, with the issuer that the kind has by itself.
    pub fn new(kind: Kind, host: Host) -> Self {
        Self { kind, host, signer: None, owner: Owner::default() }
    }

    /// A certificate for a host, signed with another certificate's key.
    pub fn issued_by(signer: &Minted, host: Host) -> Self {
        Self { signer: Some(signer.clone()), ..Self::new(Kind::IssuedBy, host) }
    }
}

/// The authorities of one run, made new for it: one that every client of the run trusts, and one
/// that none does.
///
/// It can be shared between threads. Each certificate that it makes is a new one with a new P-256
/// key, so that a renewal is a renewal: that takes less than a millisecond, openssl a few hundred.
pub struct Lab {
    now: Now,
    trusted: Authority,
    unknown: Authority,
}

/// Who signs the certificates of a kind.
enum SignedBy {
    Trusted,
    Unknown,
    Itself,
    Signer,
    Openssl,
}

impl SignedBy {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::SelfSigned
            | Kind::SelfSignedCommonName
            | Kind::SelfSignedNotCa
            | Kind::SelfSignedPlain
            | Kind::SelfSignedConstrained
            | Kind::SelfSignedNoCertSign
            | Kind::SelfSignedLong
            | Kind::SelfSignedExpired => Self::Itself,
            Kind::OpensslCommand => Self::Openssl,
            Kind::UnknownIssuer | Kind::UnknownIssuerExpired => Self::Unknown,
            Kind::IssuedBy => Self::Signer,
            _ => Self::Trusted,
        }
    }
}

impl Kind {
    /// Whether it is the trusted authority that makes a client judge it so: one who does not trust that
    /// refuses it as it does [`Kind::UnknownIssuer`], whatever else is wrong.
    pub fn relies_on_authority(self) -> bool {
        let is_served = self.plants().iter().all(|fault| fault.area() != Area::File);
        // Without its intermediate it leads nowhere, whoever is trusted.
        matches!(SignedBy::of(self), SignedBy::Trusted)
            && is_served
            && self != Self::MissingIntermediate
    }
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
        Ok(Self {
            now,
            trusted: Authority::new("wssure", now)?,
            unknown: Authority::new("wssure unknown", now)?,
        })
    }

    /// A lab whose trusted authority is kept in that folder, so that a client of another machine can import it once
    /// and for all: `authority.pem`, and `authority.key`, which only its owner may read. It is made there if it is
    /// not there.
    ///
    /// # Errors
    /// As [`Lab::new`]; or the folder cannot be used, or holds no authority of ours.
    pub fn kept_in(folder: &Path) -> Result<Self, MintError> {
        let now = Now::new(UnixTime::now())?;
        Ok(Self {
            now,
            trusted: kept::authority(folder, now)?,
            unknown: Authority::new("wssure unknown", now)?,
        })
    }

    /// The root that every client of the run trusts.
    pub fn authority(&self) -> CertificateDer<'static> {
        self.trusted.root().clone()
    }

    /// Makes a certificate.
    ///
    /// # Errors
    /// The specification contradicts itself, the host is too long for a kind that needs it as the
    /// common name, openssl is needed and missing or failing, or a library cannot do its part.
    pub fn mint(&self, specification: &Specification) -> Result<Minted, MintError> {
        let Specification { kind, host, signer, owner } = specification;
        check_common_name(*kind, host)?;
        let issued = match (SignedBy::of(*kind), signer) {
            (SignedBy::Signer, Some(signer)) => self.issue_by(signer, host, owner)?,
            (SignedBy::Signer, None) => return Err(MintError::SignerMissing),
            (_, Some(_)) => return Err(MintError::SignerNotUsed { kind: *kind }),
            (SignedBy::Trusted, None) => self.issue(&self.trusted, *kind, host, owner)?,
            (SignedBy::Unknown, None) => self.issue(&self.unknown, *kind, host, owner)?,
            (SignedBy::Itself, None) => self.sign_itself(*kind, host, owner)?,
            (SignedBy::Openssl, None) => {
                let made = openssl::run(openssl::program(), host, owner, openssl::DEADLINE)?;
                let files = Files::new(*kind, made.certificate_text, made.key_text);
                return Ok(Issued::root(made.certificate, made.key).with_files(*kind, host, files));
            }
        };
        issued.plant(*kind, host)
    }

    fn issue(
        &self,
        authority: &Authority,
        kind: Kind,
        host: &Host,
        owner: &Owner,
    ) -> Result<Issued, MintError> {
        let key = Key::generate()?;
        let content = blueprint::server(kind, host, owner, self.now)?;
        Ok(Issued {
            leaf: authority.issue(&content, &key)?,
            issuers: vec![authority.intermediate().clone()],
            root: authority.root().clone(),
            key,
        })
    }

    fn sign_itself(&self, kind: Kind, host: &Host, owner: &Owner) -> Result<Issued, MintError> {
        let key = Key::generate()?;
        let content = blueprint::server(kind, host, owner, self.now)?;
        let leaf = content.self_signed(&*key.signer()?).making("a self-signed certificate")?;
        Ok(Issued::root(leaf.into(), key))
    }

    fn issue_by(&self, signer: &Minted, host: &Host, owner: &Owner) -> Result<Issued, MintError> {
        let key = Key::generate()?;
        let content = blueprint::server(Kind::IssuedBy, host, owner, self.now)?;
        Ok(Issued {
            leaf: sign(&content, &key, signer)?,
            issuers: signer.below_root(),
            root: signer.root().clone(),
            key,
        })
    }
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lab").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Signs with another certificate's key, whether or not that certificate allows it.
fn sign(
    content: &CertificateParams,
    key: &Key,
    signer: &Minted,
) -> Result<CertificateDer<'static>, MintError> {
    let signing_key = signer.own_key().signer()?;
    let issuer = Issuer::from_ca_cert_der(signer.certificate(), &*signing_key)
        .making("an issuer out of the signer")?;
    let issued = content.signed_by(&*key.signer()?, &issuer);
    Ok(issued.making("a certificate signed with another's key")?.into())
}

/// A kind that has its host in the common name alone is nothing without it.
fn check_common_name(kind: Kind, host: &Host) -> Result<(), MintError> {
    let needed =
        matches!(kind, Kind::CommonNameOnly | Kind::SelfSignedCommonName | Kind::OpensslCommand);
    if needed && host.bare().len() > LONGEST_COMMON_NAME {
        return Err(MintError::HostTooLong { kind, host: host.clone() });
    }
    Ok(())
}
