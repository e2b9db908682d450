//! What of a certificate may be otherwise than its kind has it.

use std::{fmt, num::NonZeroU32};

use super::{KeyType, Kind, SubjectName};

/// What is to be otherwise than the kind has it; what is absent stays as it is.
///
/// What that makes wrong, such as a name that is not the host, is not among [`Kind::plants`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The type of the certificate's own key.
    pub key: Option<KeyType>,
    /// The type of the key of the intermediate that issues it, which is then a new one below the
    /// trusted root.
    pub issuer_key: Option<KeyType>,
    /// For how many days it is valid.
    pub days: Option<NonZeroU32>,
    /// For how many seconds from its making on it is valid, where it is to expire while it is looked at; instead of days.
    pub seconds: Option<NonZeroU32>,
    /// The subjectAltName, in place of the host.
    pub names: Option<Vec<SubjectName>>,
    /// The common name, in place of the host.
    pub common_name: Option<String>,
}

/// One of [`Parameters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// [`Parameters::key`]
    Key,
    /// [`Parameters::issuer_key`]
    IssuerKey,
    /// [`Parameters::days`]
    Days,
    /// [`Parameters::seconds`]
    Seconds,
    /// [`Parameters::names`]
    Names,
    /// [`Parameters::common_name`]
    CommonName,
}

impl Parameters {
    /// Which of them are given.
    pub fn given(&self) -> impl Iterator<Item = Parameter> {
        [
            (self.key.is_some(), Parameter::Key),
            (self.issuer_key.is_some(), Parameter::IssuerKey),
            (self.days.is_some(), Parameter::Days),
            (self.seconds.is_some(), Parameter::Seconds),
            (self.names.is_some(), Parameter::Names),
            (self.common_name.is_some(), Parameter::CommonName),
        ]
        .into_iter()
        .filter_map(|(given, parameter)| given.then_some(parameter))
    }
}

impl Parameter {
    /// Its name in data files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::IssuerKey => "issuer-key",
            Self::Days => "days",
            Self::Seconds => "seconds",
            Self::Names => "names",
            Self::CommonName => "common-name",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Kind {
    /// Whether a parameter can be given for it: not if it is just that which makes the kind.
    pub fn takes(self, parameter: Parameter) -> bool {
        if self == Self::OpensslCommand {
            return false; // The command says it all.
        }
        match parameter {
            Parameter::Key => !self.fixes_key(),
            Parameter::IssuerKey => self.has_ordinary_issuer() && !self.fixes_issuer_key(),
            Parameter::Days | Parameter::Seconds => !self.fixes_days(),
            Parameter::Names => !self.fixes_names(),
            Parameter::CommonName => !self.fixes_common_name(),
        }
    }

    const fn fixes_key(self) -> bool {
        matches!(
            self,
            Self::WeakKey
                | Self::UnusableKey
                | Self::KeyEnciphermentOnly
                | Self::KeyAgreementOnly
                | Self::NonRepudiationOnly
                | Self::EncryptAndSign
        )
    }

    const fn fixes_issuer_key(self) -> bool {
        matches!(self, Self::SignatureAlgorithmMismatch)
    }

    const fn fixes_days(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::NotYetValid
                | Self::ValidityTooLong
                | Self::SelfSignedCommonName
                | Self::SelfSignedLong
                | Self::SelfSignedExpired
                | Self::UnknownIssuerExpired
                | Self::ExpiredWrongName
                | Self::ExpiredWrongPurpose
                | Self::Sha1SignatureExpired
        )
    }

    const fn fixes_names(self) -> bool {
        matches!(
            self,
            Self::WrongName
                | Self::CommonNameOnly
                | Self::NoDnsName
                | Self::SelfSignedCommonName
                | Self::Version1
                | Self::ManyNames
                | Self::UnreadableNames
                | Self::MalformedName
                | Self::EmptyName
                | Self::UnderscoreName
                | Self::ImproperName
                | Self::DottedName
                | Self::UncomparableName
                | Self::TooManyConstraints
                | Self::WildcardOverConstraint
                | Self::WildcardOverUnderscore
                | Self::LeadingWildcard
                | Self::TrailingWildcard
                | Self::PartialWildcard
                | Self::Wildcard
                | Self::BroadWildcard
                | Self::PublicSuffixWildcard
                | Self::AddressAsName
                | Self::ExpiredWrongName
                | Self::UnknownIssuerWrongName
                | Self::CaAsServerWrongName
                | Self::ExpiredIntermediateWrongName
        )
    }

    const fn fixes_common_name(self) -> bool {
        matches!(
            self,
            Self::WrongName
                | Self::CommonNameOnly
                | Self::NoDnsName
                | Self::CommonNameDiffers
                | Self::SelfSignedCommonName
                | Self::EmptySubject
                | Self::EmptySubjectNotCritical
                | Self::ExpiredWrongName
                | Self::UnknownIssuerWrongName
                | Self::CaAsServerWrongName
                | Self::ExpiredIntermediateWrongName
        )
    }
}
