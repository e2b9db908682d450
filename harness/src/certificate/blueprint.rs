//! What is written into a certificate: a good one's content, and each kind's one difference from it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
    SerialNumber,
};
use rustls_pki_types::UnixTime;
use time::{Duration, OffsetDateTime};

use super::{Kind, MintError, Owner, error::Making, key::fill_randomly};
use crate::host::Host;

/// The longest common name, in characters (RFC 5280 appendix A.1, `ub-common-name`).
pub(super) const LONGEST_COMMON_NAME: usize = 64;

/// From when, counted from now, a certificate made today is valid: a little before now, for a client whose clock is late.
const TODAY: Duration = Duration::hours(-1);

/// The days that a certificate is valid, when they are not the fault (certbot's).
const DAYS: Duration = Duration::days(90);

/// The days of an authority: more than any certificate that it issues, and its own are no fault.
const AUTHORITY_DAYS: Duration = Duration::days(20 * 365);

/// The content of a server certificate of a kind.
pub(super) fn server(
    kind: Kind,
    host: &Host,
    owner: &Owner,
    now: Now,
) -> Result<CertificateParams, MintError> {
    let mut content = good(host, owner, now)?;
    match kind {
        Kind::SelfSigned => authority_too(&mut content),
        Kind::SelfSignedCommonName => {
            authority_too(&mut content);
            content.subject_alt_names.clear();
            // openssl req -x509 writes neither usage.
            content.key_usages.clear();
            content.extended_key_usages.clear();
            (content.not_before, content.not_after) = now.span(TODAY, Duration::days(365))?;
        }
        // As openssl req -x509 makes them: without a keyUsage, which would be a second reason why
        // their keys may not sign for others.
        Kind::SelfSignedPlain => {
            content.is_ca = IsCa::NoCa;
            content.key_usages.clear();
        }
        Kind::SelfSignedNotCa => content.key_usages.clear(),
        Kind::SelfSignedConstrained => {
            authority_too(&mut content);
            content.name_constraints = Some(only(host));
        }
        Kind::SelfSignedNoCertSign => {
            authority_too(&mut content);
            content.key_usages =
                vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        }
        Kind::SelfSignedLong => {
            authority_too(&mut content);
            (content.not_before, content.not_after) = now.span(TODAY, Duration::days(3650))?;
        }
        Kind::WrongName => {
            let other = another_than(host);
            content.subject_alt_names = vec![alternative_name(&other)?];
            content.distinguished_name = subject(&other, owner);
        }
        Kind::CommonNameOnly => content.subject_alt_names.clear(),
        Kind::CommonNameDiffers => {
            content.distinguished_name = subject(&another_than(host), owner);
        }
        Kind::Expired | Kind::SelfSignedExpired | Kind::UnknownIssuerExpired => {
            (content.not_before, content.not_after) = now.span(Duration::days(-100), DAYS)?;
        }
        Kind::NotYetValid => {
            (content.not_before, content.not_after) = now.span(Duration::days(10), DAYS)?;
        }
        Kind::ValidityTooLong => {
            (content.not_before, content.not_after) = now.span(TODAY, Duration::days(3650))?;
        }
        Kind::NoServerAuth => content.extended_key_usages.clear(),
        // These differ in who signs, in what is sent, or in the files; openssl writes its own.
        Kind::Good
        | Kind::OpensslCommand
        | Kind::UnknownIssuer
        | Kind::MissingIntermediate
        | Kind::IssuedBy
        | Kind::MismatchedKey
        | Kind::CertificateWithoutKey
        | Kind::KeyWithoutCertificate
        | Kind::EncryptedKey
        | Kind::EmptyFile
        | Kind::NotPem
        | Kind::MissingFile => {}
    }
    Ok(content)
}

/// The content of an authority's certificate: a root's or an intermediate's.
pub(super) fn authority(
    name: &str,
    constraints: BasicConstraints,
    now: Now,
) -> Result<CertificateParams, MintError> {
    let mut content = CertificateParams::default();
    content.distinguished_name = organization(&Owner::default());
    content.distinguished_name.push(DnType::CommonName, name);
    content.is_ca = IsCa::Ca(constraints);
    content.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Old enough to have issued the certificates that are expired today.
    (content.not_before, content.not_after) = now.span(Duration::days(-365), AUTHORITY_DAYS)?;
    finish(content)
}

fn good(host: &Host, owner: &Owner, now: Now) -> Result<CertificateParams, MintError> {
    let mut content = CertificateParams::default();
    content.distinguished_name = subject(host, owner);
    content.subject_alt_names = vec![alternative_name(host)?];
    content.is_ca = IsCa::ExplicitNoCa;
    content.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    content.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (content.not_before, content.not_after) = now.span(TODAY, DAYS)?;
    finish(content)
}

/// What every certificate has: a serial number of its own, and its issuer's key identifier.
fn finish(mut content: CertificateParams) -> Result<CertificateParams, MintError> {
    let mut serial = [0; 16];
    fill_randomly(&mut serial)?;
    // Positive and not shortened, so always as many bytes (RFC 5280 section 4.1.2.2).
    serial[0] = serial[0] & 0x7f | 0x40;
    content.serial_number = Some(SerialNumber::from_slice(&serial));
    content.use_authority_key_identifier_extension = true;
    Ok(content)
}

/// A server's certificate that says of itself that it is an authority's.
fn authority_too(content: &mut CertificateParams) {
    content.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    content.key_usages.push(KeyUsagePurpose::KeyCertSign);
}

/// A subject whose common name is the host, if it is not too long for one.
fn subject(host: &Host, owner: &Owner) -> DistinguishedName {
    let mut subject = organization(owner);
    let name = host.bare();
    if name.len() <= LONGEST_COMMON_NAME {
        subject.push(DnType::CommonName, name.as_ref());
    }
    subject
}

/// What every name starts with, so that none is empty: an issuer's may not be (RFC 5280 section 4.1.2.4).
fn organization(owner: &Owner) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, owner.name());
    name
}

fn alternative_name(host: &Host) -> Result<SanType, MintError> {
    Ok(match host {
        Host::Name(_) => SanType::DnsName(host.bare().as_ref().try_into().making("a DNS name")?),
        Host::Address(address) => SanType::IpAddress(*address),
    })
}

fn another_than(host: &Host) -> Host {
    let other = "other.example.test";
    Host::Name(if host.bare() == other { "another.example.test" } else { other }.to_owned())
}

/// A constraint that permits one host, and excludes whatever has the form of name that it does not
/// speak of, which would be free otherwise (CA/Browser Forum baseline requirements 7.1.5).
fn only(host: &Host) -> NameConstraints {
    match host {
        Host::Name(_) => NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(host.bare().into_owned())],
            excluded_subtrees: vec![
                addresses(Ipv4Addr::UNSPECIFIED.into(), 0),
                addresses(Ipv6Addr::UNSPECIFIED.into(), 0),
            ],
        },
        Host::Address(address) => NameConstraints {
            permitted_subtrees: vec![addresses(*address, u8::MAX)],
            excluded_subtrees: vec![GeneralSubtree::DnsName(String::new())],
        },
    }
}

/// The addresses that share a prefix; one longer than the address is the address itself.
fn addresses(address: IpAddr, prefix: u8) -> GeneralSubtree {
    let longest = if address.is_ipv4() { 32 } else { 128 };
    GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix.min(longest)))
}

/// The moment around which certificates are dated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now(OffsetDateTime);

impl Now {
    /// # Errors
    /// [`MintError::Clock`] after the year 9999.
    pub(super) fn new(time: UnixTime) -> Result<Self, MintError> {
        i64::try_from(time.as_secs())
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .map(Self)
            .ok_or(MintError::Clock { seconds: time.as_secs() })
    }

    /// From `start` after now, for `length`.
    fn span(
        self,
        start: Duration,
        length: Duration,
    ) -> Result<(OffsetDateTime, OffsetDateTime), MintError> {
        let from = self.0.checked_add(start);
        from.and_then(|from| Some((from, from.checked_add(length)?)))
            .ok_or_else(|| MintError::Clock { seconds: self.0.unix_timestamp().unsigned_abs() })
    }
}
