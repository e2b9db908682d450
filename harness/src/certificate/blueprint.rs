//! What is written into a good certificate, and the parts of which kinds are put together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
    SerialNumber,
};
use rustls_pki_types::UnixTime;
use time::{Duration, OffsetDateTime};

use super::{MintError, Owner, error::Making, key::fill_randomly};
use crate::host::Host;

/// The longest common name, in characters (RFC 5280 appendix A.1, `ub-common-name`).
pub(super) const LONGEST_COMMON_NAME: usize = 64;

/// From when, counted from now, a certificate made today is valid: a little before now, for a client whose clock is late.
const TODAY: Duration = Duration::hours(-1);

/// From when to when a certificate is valid, counted from now.
pub(super) type Period = (Duration, Duration);

/// The days that a certificate is valid, when they are not the fault (certbot's).
const DAYS: u32 = 90;

/// A certificate that has ended.
pub(super) const ENDED: Period = (Duration::days(-100), Duration::days(-10));

/// One that has not begun.
pub(super) const LATER: Period = (Duration::days(10), Duration::days(100));

/// One for ten years, as self-signed certificates are made to be left alone.
pub(super) const YEARS: Period = (TODAY, Duration::days(3650).saturating_add(TODAY));

/// The days of an authority: more than any certificate that it issues, and its own are no fault. It is old enough to
/// have issued the certificates that are expired today.
const AUTHORITY: Period = (Duration::days(-365), Duration::days(19 * 365));

/// A certificate made today, for that many days.
pub(super) fn today(days: u32) -> Period {
    (TODAY, Duration::days(days.into()).saturating_add(TODAY))
}

/// A certificate that ends so many seconds from now.
pub(super) fn until_soon(seconds: u32) -> Period {
    (TODAY, Duration::seconds(seconds.into()))
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
    now.date(&mut content, AUTHORITY)?;
    finish(content)
}

/// The content of a good server certificate.
pub(super) fn good(host: &Host, owner: &Owner, now: Now) -> Result<CertificateParams, MintError> {
    let mut content = CertificateParams::default();
    content.distinguished_name = subject(host, owner);
    content.subject_alt_names = vec![alternative_name(host)?];
    content.is_ca = IsCa::ExplicitNoCa;
    content.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    content.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    now.date(&mut content, today(DAYS))?;
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
pub(super) fn authority_too(content: &mut CertificateParams) {
    content.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    content.key_usages.push(KeyUsagePurpose::KeyCertSign);
}

/// A subject whose common name is the host, if it is not too long for one.
pub(super) fn subject(host: &Host, owner: &Owner) -> DistinguishedName {
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

pub(super) fn alternative_name(host: &Host) -> Result<SanType, MintError> {
    Ok(match host {
        Host::Name(_) => dns_name(&host.bare())?,
        Host::Address(address) => SanType::IpAddress(*address),
    })
}

pub(super) fn dns_name(name: &str) -> Result<SanType, MintError> {
    Ok(SanType::DnsName(name.try_into().making("a DNS name")?))
}

/// Another common name in a subject.
pub(super) fn rename(subject: &mut DistinguishedName, name: &str) {
    subject.push(DnType::CommonName, name);
}

pub(super) fn another_than(host: &Host) -> Host {
    let other = "other.example.test";
    Host::Name(if host.bare() == other { "another.example.test" } else { other }.to_owned())
}

/// Another host of the same form: for a constraint, which speaks of one form only.
pub(super) fn another_like(host: &Host) -> Host {
    let others: [IpAddr; 2] = match host {
        Host::Name(_) => return another_than(host),
        Host::Address(IpAddr::V4(_)) => {
            [Ipv4Addr::new(198, 51, 100, 1).into(), Ipv4Addr::new(203, 0, 113, 1).into()]
        }
        Host::Address(IpAddr::V6(_)) => [
            Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1).into(),
            Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1).into(),
        ],
    };
    let [one, other] = others.map(Host::Address);
    if *host == one { other } else { one }
}

/// A constraint that permits one host, and excludes whatever has the form of name that it does not
/// speak of, which would be free otherwise (CA/Browser Forum baseline requirements 7.1.5).
pub(super) fn only(host: &Host) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![subtree(host)],
        excluded_subtrees: other_forms(host),
    }
}

/// A host, and what is below it.
pub(super) fn subtree(host: &Host) -> GeneralSubtree {
    match host {
        Host::Name(_) => GeneralSubtree::DnsName(host.bare().into_owned()),
        Host::Address(address) => addresses(*address, u8::MAX),
    }
}

/// Everything of another form than that host: all addresses, or all names.
pub(super) fn other_forms(host: &Host) -> Vec<GeneralSubtree> {
    match host {
        Host::Name(_) => vec![
            addresses(Ipv4Addr::UNSPECIFIED.into(), 0),
            addresses(Ipv6Addr::UNSPECIFIED.into(), 0),
        ],
        Host::Address(_) => vec![GeneralSubtree::DnsName(String::new())],
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

    /// Dates a certificate.
    ///
    /// # Errors
    /// [`MintError::Clock`] after the year 9999.
    pub(super) fn date(
        self,
        content: &mut CertificateParams,
        (start, end): Period,
    ) -> Result<(), MintError> {
        let at = |offset| {
            self.0
                .checked_add(offset)
                .ok_or_else(|| MintError::Clock { seconds: self.0.unix_timestamp().unsigned_abs() })
        };
        (content.not_before, content.not_after) = (at(start)?, at(end)?);
        Ok(())
    }
}
