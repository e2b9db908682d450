//! Each certificate, read back: it has what is planted, and is good in everything else.

use rstest::rstest;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::GeneralName;

use super::{DAY, LAB, NOW, mint, mint_for, read};
use crate::{
    Fault,
    certificate::{Kind, MintError, Specification},
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

fn other() -> Option<String> {
    Some("other.example.test".to_owned())
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
#[case(Kind::MissingIntermediate, good())]
#[case(Kind::IssuedBy, good())]
#[case(Kind::Expired, Said { days: (-100, -10), ..good() })]
#[case(Kind::NotYetValid, Said { days: (10, 100), ..good() })]
#[case(Kind::ValidityTooLong, Said { days: (-1, 3649), ..good() })]
#[case(Kind::NoServerAuth, Said { server_auth: false, ..good() })]
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
    let text = minted.files().one_file.as_ref().unwrap().text().to_owned();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(text.trim_end().ends_with("-----END CERTIFICATE-----"));
    let parts = minted.files();
    let [key, certificate] = [&parts.key, &parts.certificate].map(|it| it.as_ref().unwrap().text());
    assert_eq!(text, format!("{key}{certificate}"), "the parts are the file");
}

#[test]
fn only_those_that_plant_it_are_valid_for_more_than_398_days() {
    for &kind in Kind::ALL {
        let minted = mint(kind);
        let validity = read(minted.certificate()).validity().clone();
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
