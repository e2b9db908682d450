//! Who issues the certificates of a kind.

use super::Kind;
use crate::{Fault, fault::Area};

/// Who signs the certificates of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::certificate) enum SignedBy {
    /// The intermediate of the authority that every client of the run trusts.
    Trusted,
    /// The intermediate of the one that none trusts.
    Unknown,
    /// An intermediate of the trusted authority that issues for one owner only.
    OwnersOwn,
    /// New authorities each time: the kind's chain is the point.
    ItsChain,
    /// Itself.
    Itself,
    /// Another certificate's key.
    Signer,
    /// The openssl command.
    Openssl,
}

impl Kind {
    pub(in crate::certificate) const fn signed_by(self) -> SignedBy {
        match self {
            Self::SelfSigned
            | Self::SelfSignedCommonName
            | Self::SelfSignedNotCa
            | Self::SelfSignedPlain
            | Self::SelfSignedConstrained
            | Self::SelfSignedNoCertSign
            | Self::SelfSignedLong
            | Self::SelfSignedExpired => SignedBy::Itself,
            Self::OpensslCommand => SignedBy::Openssl,
            Self::UnknownIssuer
            | Self::UnknownIssuerExpired
            | Self::UnknownIssuerWrongPurpose
            | Self::UnknownIssuerWrongName => SignedBy::Unknown,
            Self::IssuedBy => SignedBy::Signer,
            Self::ReusedSerial => SignedBy::OwnersOwn,
            // Of one issuer, one certificate can have that number.
            Self::SerialZero
            | Self::Sha1Signature
            | Self::Sha1SignatureExpired
            | Self::Md5Signature
            | Self::EmptyIssuer
            | Self::ExpiredIntermediate
            | Self::ExpiredIntermediateWrongName
            | Self::NotYetValidIntermediate
            | Self::PathTooLong
            | Self::PathTooLongIfAllCount
            | Self::IntermediateUncriticalExtension
            | Self::UnsupportedCurve
            | Self::WildcardOverConstraint
            | Self::WildcardConstraint
            | Self::EmptyConstraint
            | Self::UnsupportedConstraint
            | Self::UncomparableName
            | Self::TooManyConstraints
            | Self::ConstrainedSuccessor
            | Self::TooManyCertificates
            | Self::IntermediateNotCa
            | Self::IntermediateNoBasicConstraints
            | Self::IntermediateNoCertSign
            | Self::IntermediateVersion1
            | Self::IntermediateWrongPurpose
            | Self::IntermediateAnyPurpose
            | Self::IntermediateUnknownCriticalExtension
            | Self::IntermediateMalformedExtension
            | Self::IntermediateWeakKey
            | Self::IntermediateSha1
            | Self::NameConstraintViolated
            | Self::NameConstraintExcluded
            | Self::NameConstraintOtherForm
            | Self::NameConstraintMet
            | Self::MalformedIntermediate
            | Self::RootSent
            | Self::RootBeforeIntermediate
            | Self::TwoIntermediates
            | Self::SwappedIntermediates
            | Self::UnrelatedSent
            | Self::DuplicateLeaf
            | Self::DuplicateIntermediate
            | Self::MissingUpperIntermediate
            | Self::CrossSigned
            | Self::CrossSignedExpired
            | Self::Loop
            | Self::LoopWithAWayOut
            | Self::HostileChain
            | Self::RepeatedAuthority
            | Self::HostileMesh => SignedBy::ItsChain,
            _ if self.brings_its_own_root() => SignedBy::ItsChain,
            _ => SignedBy::Trusted,
        }
    }

    /// Whether it comes from the trusted authority's intermediate, which is not the point.
    pub(in crate::certificate) fn has_ordinary_issuer(self) -> bool {
        self.signed_by() == SignedBy::Trusted
    }

    /// Whether it comes from an authority of its own, which a client has to import
    /// ([`Minted::root`](super::super::Minted::root)) in order to meet the fault.
    pub const fn brings_its_own_root(self) -> bool {
        matches!(
            self,
            Self::ExpiredRoot
                | Self::AnchorNotRoot
                | Self::RootNotCa
                | Self::RootNoCertSign
                | Self::RootUnknownCriticalExtension
                | Self::RootWeakKey
                | Self::RootSha1
                | Self::RootNameConstraint
                | Self::RootNoBasicConstraints
                | Self::RootVersion1
        )
    }

    /// What a self-signed one has wrong as an authority, for a client that has imported it
    /// ([`Minted::anchor`](super::super::Minted::anchor)); it then is neither self-signed nor of an unknown issuer.
    pub const fn plants_once_imported(self) -> &'static [Fault] {
        match self {
            Self::SelfSignedNotCa | Self::SelfSignedExpired => &[Fault::AnchorNotCa],
            Self::SelfSignedNoCertSign => &[Fault::AnchorMayNotSign],
            _ => &[],
        }
    }

    /// Whether it is the trusted authority that makes a client judge it so: one who does not trust that
    /// refuses it as it does [`Kind::UnknownIssuer`], whatever else is wrong.
    pub fn relies_on_authority(self) -> bool {
        let below_trusted = matches!(
            self.signed_by(),
            SignedBy::Trusted | SignedBy::OwnersOwn | SignedBy::ItsChain
        ) && !self.brings_its_own_root();
        // Where no way leads to it, it does not matter who is trusted.
        let is_reached = !self.plants().contains(&Fault::UnknownIssuer);
        self.is_servable() && below_trusted && is_reached
    }

    /// Whether every server can be started with its files, so that a client is sent its certificates.
    pub fn is_servable(self) -> bool {
        // Keys that are not for TLS, and a certificate that nobody can read.
        let not_loaded = [Fault::WeakKey, Fault::UnusableKey, Fault::Malformed];
        let is_loaded = |fault: &Fault| fault.area() != Area::File && !not_loaded.contains(fault);
        self.plants().iter().all(is_loaded)
    }
}
