//! What is written into the server's certificate of each kind: its one difference from a good one.

use std::net::Ipv4Addr;

use der::{Encode, asn1::OctetString};
use rcgen::{
    DistinguishedName, ExtendedKeyUsagePurpose as Purpose, IsCa, KeyUsagePurpose as Usage, SanType,
};
use time::Duration;

use super::{
    Kind, MintError, Parameters, Specification,
    blueprint::{self, ENDED, LATER, Now, YEARS},
    draft::Draft,
    error::Making,
    forge::{self, Alteration, Extension, Mark},
    key::{KeyType, fill_randomly},
    names::{self, SubjectName},
    signature::Scheme,
};
use crate::host::Host;

/// The names of [`Kind::ManyNames`].
const MANY: usize = 500;

/// Those of [`Kind::TooManyConstraints`], with as many constraints above them.
pub(super) const TOO_MANY: usize = 1100;

/// The long extension of [`Kind::LargerThanARecord`], in octets: a TLS record holds 16 KiB (RFC 8446
/// section 5.1).
const LONG: usize = 24 * 1024;

/// That of [`Kind::LargeCertificate`].
const LARGE: usize = 65 * 1024;

/// The serial number that one owner's certificates of [`Kind::ReusedSerial`] share.
const REUSED: [u8; 1] = [1];

/// An authorityKeyIdentifier with the identifier of no key (RFC 5280 section 4.2.1.1).
const OF_ANOTHER_KEY: &[u8] = b"\x30\x16\x80\x14twenty octets of mine";

/// A list with status_request, which is must-staple (RFC 7633 section 4.1).
const STATUS_REQUEST: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x05];

/// An integer, where a bit string is wanted.
pub(super) const NO_BIT_STRING: [u8; 3] = [0x02, 0x01, 0x05];

impl Kind {
    /// The type of the certificate's key.
    pub(super) const fn key_type(self) -> KeyType {
        match self {
            Self::WeakKey => KeyType::Rsa1024,
            Self::KeyEnciphermentOnly | Self::EncryptAndSign => KeyType::Rsa2048,
            Self::UnusableKey => KeyType::Secp256k1,
            _ => KeyType::P256,
        }
    }
}

/// The server's certificate of a kind, with what its parameters change.
pub(super) fn server(wanted: &Specification, now: Now) -> Result<Draft, MintError> {
    let Specification { kind, host, owner, parameters, .. } = wanted;
    let mut draft = Draft::new(blueprint::good(host, owner, now)?);
    names_of(*kind, host, &mut draft)?;
    if let Kind::WrongName
    | Kind::ExpiredWrongName
    | Kind::UnknownIssuerWrongName
    | Kind::CaAsServerWrongName
    | Kind::ExpiredIntermediateWrongName = kind
    {
        let other = blueprint::another_than(host);
        draft.content.subject_alt_names = vec![blueprint::alternative_name(&other)?];
        draft.content.distinguished_name = blueprint::subject(&other, owner);
    }
    if *kind == Kind::CommonNameDiffers {
        draft.content.distinguished_name =
            blueprint::subject(&blueprint::another_than(host), owner);
    }
    dates_of(*kind, now, &mut draft)?;
    usage_of(*kind, host, &mut draft);
    forge(*kind, &mut draft)?;
    apply(parameters, now, draft)
}

/// The subject and the subjectAltName.
fn names_of(kind: Kind, host: &Host, draft: &mut Draft) -> Result<(), MintError> {
    let content = &mut draft.content;
    let own = content.subject_alt_names.clone();
    match kind {
        Kind::CommonNameOnly | Kind::SelfSignedCommonName => content.subject_alt_names.clear(),
        Kind::EmptySubject => content.distinguished_name = DistinguishedName::new(),
        Kind::EmptySubjectNotCritical => {
            content.distinguished_name = DistinguishedName::new();
            draft.alter(Alteration::Mark(forge::SUBJECT_ALTERNATIVE_NAME, Mark::NotCritical));
        }
        Kind::ManyNames => {
            content.subject_alt_names = other_names(MANY - 1)?;
            content.subject_alt_names.extend(own);
        }
        Kind::TooManyConstraints => content.subject_alt_names.extend(other_names(TOO_MANY - 1)?),
        Kind::UncomparableName => {
            kind.check_host(host)?;
            let improper = format!("not one.{}", host.bare());
            content.subject_alt_names.push(blueprint::dns_name(&improper)?);
        }
        Kind::Wildcard
        | Kind::WildcardOverConstraint
        | Kind::WildcardOverUnderscore
        | Kind::LeadingWildcard
        | Kind::TrailingWildcard
        | Kind::PartialWildcard
        | Kind::BroadWildcard
        | Kind::PublicSuffixWildcard => {
            let pattern = kind.wildcard(host)?;
            content.subject_alt_names = vec![blueprint::dns_name(&pattern)?];
        }
        Kind::NoDnsName => {
            kind.check_host(host)?;
            content.subject_alt_names =
                vec![SanType::IpAddress(Ipv4Addr::new(192, 0, 2, 1).into())];
        }
        Kind::AddressAsName => {
            kind.check_host(host)?;
            content.subject_alt_names = vec![blueprint::dns_name(&host.bare())?];
        }
        Kind::UnreadableNames => {
            let bare = names::encode_bare(&SubjectName::of(host))?;
            draft.alter(Alteration::Value(forge::SUBJECT_ALTERNATIVE_NAME, bare));
        }
        Kind::MalformedName => {
            let both = names::encode_beside_a_broken_address(&SubjectName::of(host))?;
            draft.alter(Alteration::Value(forge::SUBJECT_ALTERNATIVE_NAME, both));
        }
        Kind::EmptyName => content.subject_alt_names.push(blueprint::dns_name("")?),
        Kind::UnderscoreName => {
            content.subject_alt_names.push(blueprint::dns_name("my_proxy.example.test")?);
        }
        Kind::ImproperName => {
            content.subject_alt_names.push(blueprint::dns_name("https://proxy.example.test/")?);
        }
        Kind::DottedName => {
            kind.check_host(host)?;
            let dotted = format!("{}.", host.bare());
            content.subject_alt_names = vec![blueprint::dns_name(&dotted)?];
        }
        _ => {}
    }
    Ok(())
}

/// That many names of other hosts.
fn other_names(number: usize) -> Result<Vec<SanType>, MintError> {
    (1..=number).map(|number| blueprint::dns_name(&format!("name-{number}.example.test"))).collect()
}

fn dates_of(kind: Kind, now: Now, draft: &mut Draft) -> Result<(), MintError> {
    let period = match kind {
        Kind::SelfSignedCommonName => blueprint::today(365),
        Kind::SelfSignedLong | Kind::ValidityTooLong => YEARS,
        Kind::Expired
        | Kind::SelfSignedExpired
        | Kind::UnknownIssuerExpired
        | Kind::ExpiredWrongName
        | Kind::ExpiredWrongPurpose
        | Kind::Sha1SignatureExpired => ENDED,
        Kind::NotYetValid => LATER,
        _ => return Ok(()),
    };
    now.date(&mut draft.content, period)
}

/// What the certificate is for, and what its key is for.
fn usage_of(kind: Kind, host: &Host, draft: &mut Draft) {
    let content = &mut draft.content;
    match kind {
        Kind::SelfSigned | Kind::SelfSignedLong | Kind::CaAsServer | Kind::CaAsServerWrongName => {
            blueprint::authority_too(content)
        }
        Kind::SelfSignedCommonName => {
            blueprint::authority_too(content);
            // openssl req -x509 writes neither usage.
            content.key_usages.clear();
            content.extended_key_usages.clear();
        }
        Kind::SelfSignedConstrained => {
            blueprint::authority_too(content);
            content.name_constraints = Some(blueprint::only(host));
        }
        Kind::SelfSignedNoCertSign => {
            blueprint::authority_too(content);
            content.key_usages = vec![Usage::DigitalSignature, Usage::KeyEncipherment];
        }
        // As openssl req -x509 makes them: without a keyUsage, which would be a second reason why
        // their keys may not sign for others.
        Kind::SelfSignedPlain => {
            content.is_ca = IsCa::NoCa;
            content.key_usages.clear();
        }
        Kind::SelfSignedNotCa | Kind::NoKeyUsage => content.key_usages.clear(),
        Kind::NoBasicConstraints => content.is_ca = IsCa::NoCa,
        Kind::ServerMaySign => content.key_usages.push(Usage::KeyCertSign),
        Kind::KeyEnciphermentOnly => content.key_usages = vec![Usage::KeyEncipherment],
        Kind::KeyAgreementOnly => content.key_usages = vec![Usage::KeyAgreement],
        Kind::NonRepudiationOnly => content.key_usages = vec![Usage::ContentCommitment],
        Kind::EncryptAndSign => content.key_usages.push(Usage::KeyEncipherment),
        Kind::NoServerAuth => content.extended_key_usages.clear(),
        Kind::WrongPurpose | Kind::ExpiredWrongPurpose | Kind::UnknownIssuerWrongPurpose => {
            content.extended_key_usages = vec![Purpose::ClientAuth];
        }
        Kind::AnyPurpose => content.extended_key_usages = vec![Purpose::Any],
        _ => {}
    }
}

/// What no honest issuer writes.
fn forge(kind: Kind, draft: &mut Draft) -> Result<(), MintError> {
    let alterations = match kind {
        Kind::Version1 => vec![Alteration::Version1],
        Kind::NoKeyIdentifiers => vec![
            Alteration::Without(forge::SUBJECT_KEY_IDENTIFIER),
            Alteration::Without(forge::AUTHORITY_KEY_IDENTIFIER),
        ],
        Kind::KeyIdentifierMismatch => {
            vec![Alteration::Value(forge::AUTHORITY_KEY_IDENTIFIER, OF_ANOTHER_KEY.to_vec())]
        }
        Kind::CriticalKeyIdentifier => {
            vec![Alteration::Mark(forge::AUTHORITY_KEY_IDENTIFIER, Mark::Critical)]
        }
        Kind::UnknownCriticalExtension => vec![Alteration::unknown_extension(Mark::Critical)?],
        Kind::UnknownExtension => vec![Alteration::unknown_extension(Mark::NotCritical)?],
        Kind::LargerThanARecord => vec![long_extension(LONG)?],
        Kind::LargeCertificate => vec![long_extension(LARGE)?],
        Kind::MalformedExtension => {
            vec![Alteration::Value(forge::KEY_USAGE, NO_BIT_STRING.to_vec())]
        }
        Kind::DuplicateExtension => vec![Alteration::Twice(forge::EXTENDED_KEY_USAGE)],
        Kind::MustStaple => vec![Alteration::With(Extension::new(
            forge::TLS_FEATURE,
            Mark::NotCritical,
            &STATUS_REQUEST,
        )?)],
        Kind::SerialZero => vec![Alteration::Serial(vec![0])],
        Kind::SerialNegative => vec![Alteration::Serial(negative()?)],
        Kind::SerialLong => vec![Alteration::Serial(long()?)],
        Kind::ReusedSerial => vec![Alteration::Serial(REUSED.to_vec())],
        Kind::SignatureAlgorithmMismatch => vec![Alteration::Stated(Scheme::EcdsaSha384)],
        Kind::UnsupportedSignature => vec![Alteration::UnknownAlgorithm],
        Kind::Altered => vec![Alteration::FlippedSignature],
        Kind::MalformedCertificate => vec![Alteration::CutShort],
        _ => Vec::new(),
    };
    draft.alterations.extend(alterations);
    draft.scheme = match kind {
        Kind::Sha1Signature | Kind::Sha1SignatureExpired => Some(Scheme::RsaSha1),
        Kind::Md5Signature => Some(Scheme::RsaMd5),
        _ => None,
    };
    Ok(())
}

/// An extension that nobody knows, with that many octets in it.
fn long_extension(octets: usize) -> Result<Alteration, MintError> {
    let long = OctetString::new(vec![0; octets]).and_then(|octets| octets.to_der());
    let value = long.making("a long extension")?;
    Ok(Alteration::With(Extension::new(forge::UNKNOWN_EXTENSION, Mark::NotCritical, &value)?))
}

/// A serial number below zero, and no other's (X.690 section 8.3.3: the first bit is the sign).
fn negative() -> Result<Vec<u8>, MintError> {
    let mut octets = [0; 16];
    fill_randomly(&mut octets)?;
    octets[0] = octets[0] & 0x3f | 0x80;
    Ok(octets.to_vec())
}

/// One of 24 octets, of which 20 are allowed (RFC 5280 section 4.1.2.2).
fn long() -> Result<Vec<u8>, MintError> {
    let mut octets = [0; 24];
    fill_randomly(&mut octets)?;
    octets[0] = octets[0] & 0x3f | 0x40;
    Ok(octets.to_vec())
}

fn apply(parameters: &Parameters, now: Now, mut draft: Draft) -> Result<Draft, MintError> {
    if let Some(days) = parameters.days {
        let period = blueprint::today(days.get());
        // Both ends of the period belong to it (RFC 5280 section 4.1.2.5).
        now.date(&mut draft.content, (period.0, period.1 - Duration::seconds(1)))?;
    }
    if let Some(seconds) = parameters.seconds {
        now.date(&mut draft.content, blueprint::until_soon(seconds.get()))?;
    }
    if let Some(names) = &parameters.names {
        let value = names::encode(names)?;
        draft.alter(Alteration::Value(forge::SUBJECT_ALTERNATIVE_NAME, value));
    }
    if let Some(name) = &parameters.common_name {
        blueprint::rename(&mut draft.content.distinguished_name, name);
    }
    Ok(draft)
}
