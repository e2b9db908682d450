//! Each certificate, read back: it has what is planted, and is good in everything else.

use rstest::rstest;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

use super::{DAY, LAB, NOW, mint, mint_for, read};
use crate::{
    Fault,
    certificate::{Content, Kind, MintError, Specification},
    host::Host,
};

/// What a certificate says, in the words of `openssl x509 -text`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    common_name: Option<String>,
    alternative_names: Vec<String>,
    authority: Option<bool>,
    key_usage: Option<String>,
    server_auth: bool,
    name_constraints: bool,
    /// In days from now, rounded down.
    days: (i64, i64),
    by_itself: bool,
}

impl Said {
    fn by(certificate: &CertificateDer<'_>) -> Self {
        let certificate = read(certificate);
        let names = certificate.subject_alternative_name().unwrap();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        let day = |time: i64| (time - NOW).div_euclid(DAY);
        Self {
            common_name: certificate
                .subject()
                .iter_common_name()
                .next()
                .map(|name| name.as_str().unwrap().to_owned()),
            alternative_names: names.map(alternative_name).collect(),
            authority: certificate.basic_constraints().unwrap().map(|it| it.value.ca),
            key_usage: certificate.key_usage().unwrap().map(|it| it.value.to_string()),
            server_auth: certificate
                .extended_key_usage()
                .unwrap()
                .is_some_and(|it| it.value.server_auth),
            name_constraints: certificate.name_constraints().unwrap().is_some(),
            days: (
                day(certificate.validity().not_before.timestamp()),
                day(certificate.validity().not_after.timestamp()),
            ),
            by_itself: certificate.verify_signature(None).is_ok(),
        }
    }
}

fn alternative_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::IPAddress(octets) => format!("IP:{octets:?}"),
        other => panic!("no kind has {other}"),
    }
}

/// What a good certificate says.
fn good() -> Said {
    Said {
        common_name: Some("proxy.example.test".to_owned()),
        alternative_names: vec!["DNS:proxy.example.test".to_owned()],
        authority: Some(false),
        key_usage: Some("Digital Signature".to_owned()),
        server_auth: true,
        name_constraints: false,
        days: (-1, 89),
        by_itself: false,
    }
}

fn self_signed() -> Said {
    Said {
        authority: Some(true),
        key_usage: Some("Digital Signature, Key Cert Sign".to_owned()),
        by_itself: true,
        ..good()
    }
}

fn name(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn other() -> Option<String> {
    name("other.example.test")
}

fn dns(name: &str) -> Vec<String> {
    vec![format!("DNS:{name}")]
}

fn usage(words: &str) -> Option<String> {
    Some(words.to_owned())
}

#[rstest]
#[case(Kind::Good, good())]
#[case(Kind::SelfSigned, self_signed())]
#[case(Kind::SelfSignedCommonName, Said { alternative_names: vec![], key_usage: None, server_auth: false, days: (-1, 364), ..self_signed() })]
#[case(Kind::SelfSignedNotCa, Said { by_itself: true, key_usage: None, ..good() })]
#[case(Kind::SelfSignedPlain, Said { authority: None, by_itself: true, key_usage: None, ..good() })]
#[case(Kind::SelfSignedConstrained, Said { name_constraints: true, ..self_signed() })]
#[case(Kind::SelfSignedNoCertSign, Said { key_usage: Some("Digital Signature, Key Encipherment".to_owned()), ..self_signed() })]
#[case(Kind::SelfSignedLong, Said { days: (-1, 3649), ..self_signed() })]
#[case(Kind::SelfSignedExpired, Said { by_itself: true, days: (-100, -10), ..good() })]
#[case(Kind::WrongName, Said { common_name: other(), alternative_names: vec!["DNS:other.example.test".to_owned()], ..good() })]
#[case(Kind::CommonNameOnly, Said { alternative_names: vec![], ..good() })]
#[case(Kind::CommonNameDiffers, Said { common_name: other(), ..good() })]
#[case(Kind::UnknownIssuer, good())]
#[case(Kind::UnknownIssuerExpired, Said { days: (-100, -10), ..good() })]
#[case(Kind::UnknownIssuerWrongPurpose, Said { server_auth: false, ..good() })]
#[case(Kind::MissingIntermediate, good())]
#[case(Kind::IssuedBy, good())]
#[case(Kind::Expired, Said { days: (-100, -10), ..good() })]
#[case(Kind::NotYetValid, Said { days: (10, 100), ..good() })]
#[case(Kind::ValidityTooLong, Said { days: (-1, 3649), ..good() })]
#[case(Kind::NoServerAuth, Said { server_auth: false, ..good() })]
#[case(Kind::WrongPurpose, Said { server_auth: false, ..good() })]
#[case(Kind::AnyPurpose, Said { server_auth: false, ..good() })]
#[case(Kind::KeyEnciphermentOnly, Said { key_usage: usage("Key Encipherment"), ..good() })]
#[case(Kind::KeyAgreementOnly, Said { key_usage: usage("Key Agreement"), ..good() })]
#[case(Kind::NonRepudiationOnly, Said { key_usage: usage("Non Repudiation"), ..good() })]
#[case(Kind::NoKeyUsage, Said { key_usage: None, ..good() })]
#[case(Kind::EncryptAndSign, Said { key_usage: usage("Digital Signature, Key Encipherment"), ..good() })]
#[case(Kind::CaAsServer, Said { by_itself: false, ..self_signed() })]
#[case(Kind::ServerMaySign, Said { key_usage: usage("Digital Signature, Key Cert Sign"), ..good() })]
#[case(Kind::NoBasicConstraints, Said { authority: None, ..good() })]
#[case(Kind::Version1, Said { alternative_names: vec![], authority: None, key_usage: None, server_auth: false, ..good() })]
#[case(Kind::EmptySubject, Said { common_name: None, ..good() })]
#[case(Kind::EmptySubjectNotCritical, Said { common_name: None, ..good() })]
#[case(Kind::Wildcard, Said { alternative_names: dns("*.example.test"), ..good() })]
#[case(Kind::LeadingWildcard, Said { alternative_names: dns("*y.example.test"), ..good() })]
#[case(Kind::TrailingWildcard, Said { alternative_names: dns("p*.example.test"), ..good() })]
#[case(Kind::PartialWildcard, Said { alternative_names: dns("p*y.example.test"), ..good() })]
#[case(Kind::DottedName, Said { alternative_names: dns("proxy.example.test."), ..good() })]
#[case(Kind::BroadWildcard, Said { alternative_names: dns("*.test"), common_name: name("proxy.test"), ..good() })]
#[case(Kind::PublicSuffixWildcard, Said { alternative_names: dns("*.co.uk"), common_name: name("proxy.co.uk"), ..good() })]
#[case(Kind::AddressAsName, Said { alternative_names: dns("192.0.2.1"), common_name: name("192.0.2.1"), ..good() })]
#[case(Kind::ExpiredWrongName, Said { common_name: other(), alternative_names: dns("other.example.test"), days: (-100, -10), ..good() })]
#[case(Kind::ExpiredIntermediate, good())]
#[case(Kind::ExpiredRoot, good())]
#[case(Kind::HostileMesh, good())]
#[case(Kind::MismatchedKey, good())]
#[case(Kind::CertificateWithoutKey, good())]
#[case(Kind::KeyWithoutCertificate, good())]
#[case(Kind::EncryptedKey, good())]
#[case(Kind::EmptyFile, good())]
#[case(Kind::NotPem, good())]
#[case(Kind::MissingFile, good())]
fn a_certificate_says_what_its_kind_promises(#[case] kind: Kind, #[case] said: Said) {
    assert_eq!(Said::by(mint(kind).certificate()), said);
}

#[rstest]
#[case(Kind::Good, 16, 0x40)]
#[case(Kind::SerialZero, 1, 0)]
#[case(Kind::ReusedSerial, 1, 0)]
#[case::with_the_sign_bit(Kind::SerialNegative, 16, 0x80)]
#[case(Kind::SerialLong, 24, 0x40)]
fn a_serial_number_is_as_long_and_begins_so(
    #[case] kind: Kind,
    #[case] octets: usize,
    #[case] first_bits: u8,
) {
    let minted = mint(kind);
    let serial = read(minted.certificate()).raw_serial().to_vec();
    assert_eq!((serial.len(), serial[0] & 0xc0), (octets, first_bits));
}

#[rstest]
#[case::must_staple(Kind::MustStaple, "1.3.6.1.5.5.7.1.24", Some((false, 5)))]
#[case(Kind::UnknownExtension, "1.3.6.1.4.1.32473.1", Some((false, 2)))]
#[case(Kind::UnknownCriticalExtension, "1.3.6.1.4.1.32473.1", Some((true, 2)))]
#[case(Kind::LargerThanARecord, "1.3.6.1.4.1.32473.1", Some((false, 24 * 1024 + 4)))]
#[case::authority_key_identifier(Kind::CriticalKeyIdentifier, "2.5.29.35", Some((true, 24)))]
#[case::subject_key_identifier(Kind::NoKeyIdentifiers, "2.5.29.14", None)]
#[case::subject_alternative_name(Kind::EmptySubject, "2.5.29.17", Some((true, 22)))]
#[case::subject_alternative_name(Kind::EmptySubjectNotCritical, "2.5.29.17", Some((false, 22)))]
fn an_extension_is_there_marked_and_as_long(
    #[case] kind: Kind,
    #[case] oid: &str,
    #[case] expected: Option<(bool, usize)>,
) {
    let minted = mint(kind);
    let certificate = read(minted.certificate());
    let found = certificate.extensions().iter().find(|it| it.oid.to_id_string() == oid);
    assert_eq!(found.map(|it| (it.critical, it.value.len())), expected);
}

#[test]
fn a_version_1_certificate_says_so() {
    assert_eq!(read(mint(Kind::Version1).certificate()).version(), X509Version::V1);
    assert_eq!(read(mint(Kind::Good).certificate()).version(), X509Version::V3);
}

#[test]
fn the_host_is_the_last_of_many_names() {
    let names = Said::by(mint(Kind::ManyNames).certificate()).alternative_names;
    assert_eq!(names.len(), 500);
    assert_eq!(names.last().map(String::as_str), Some("DNS:proxy.example.test"));
}

#[test]
fn one_certificate_is_larger_than_a_tls_record() {
    let length = mint(Kind::LargerThanARecord).certificate().len();
    assert!((16 * 1024..65_535).contains(&length));
}

#[test]
fn the_wikis_command_makes_what_the_wiki_page_is_about() {
    let minted = mint(Kind::OpensslCommand);
    let said = Said::by(minted.certificate());
    assert_eq!(
        said,
        Said {
            alternative_names: vec![],
            authority: Some(true),
            key_usage: None,
            server_auth: false,
            by_itself: true,
            days: said.days,
            ..good()
        }
    );
    assert_eq!(said.days.1 - said.days.0, 365);
    let text_of = |content: &Option<Content>| {
        String::from_utf8(content.as_ref().unwrap().bytes().to_vec()).unwrap()
    };
    let text = text_of(&minted.files().one_file);
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(text.trim_end().ends_with("-----END CERTIFICATE-----"));
    let parts = minted.files();
    let [key, certificate] = [&parts.key, &parts.certificate].map(text_of);
    assert_eq!(text, format!("{key}{certificate}"), "the parts are the file");
}

#[test]
fn only_those_that_plant_it_are_valid_for_more_than_398_days() {
    for &kind in Kind::ALL {
        let minted = mint(kind);
        let Ok((_, certificate)) = X509Certificate::from_der(minted.certificate()) else {
            continue; // Kind::MalformedCertificate
        };
        let validity = certificate.validity();
        let days = (validity.not_after.timestamp() - validity.not_before.timestamp()) / DAY;
        let planted = kind.plants().contains(&Fault::ValidityTooLong);
        assert_eq!(days > 398, planted, "{kind}: {days} days");
    }
}

#[test]
fn an_address_is_named_as_an_address() {
    let v4 = mint_for(Kind::Good, &"127.0.0.1".parse().unwrap());
    let said = Said::by(v4.certificate());
    assert_eq!(said.alternative_names, ["IP:[127, 0, 0, 1]"]);
    assert_eq!(said.common_name.as_deref(), Some("127.0.0.1"));
    let v6 = Said::by(mint_for(Kind::Good, &"[::1]".parse().unwrap()).certificate());
    assert_eq!(v6.common_name.as_deref(), Some("::1"));
}

#[test]
fn the_other_name_is_another_even_for_that_host() {
    let said =
        Said::by(mint_for(Kind::WrongName, &"other.example.test".parse().unwrap()).certificate());
    assert_eq!(said.alternative_names, ["DNS:another.example.test"]);
}

#[test]
fn a_host_too_long_for_a_common_name_is_left_out_of_it_or_refused() {
    let host: Host = format!("{}.example.test", "a".repeat(60)).parse().unwrap();
    assert_eq!(Said::by(mint_for(Kind::Good, &host).certificate()).common_name, None);
    for kind in [Kind::CommonNameOnly, Kind::SelfSignedCommonName, Kind::OpensslCommand] {
        let error = LAB.mint(&Specification::new(kind, host.clone())).unwrap_err();
        assert!(matches!(error, MintError::HostTooLong { .. }), "{error}");
    }
}
