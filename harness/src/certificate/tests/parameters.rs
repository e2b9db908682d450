//! What a parameter changes, and what it leaves as it is.

use rstest::rstest;

use super::{DAY, mint_of, read};
use crate::certificate::{
    KeyType, Kind, Lab, MintError, Minted, Parameter, Parameters, Specification,
};

fn with(kind: Kind, parameters: Parameters) -> Specification {
    let host = kind.example_host().parse().unwrap();
    Specification { parameters, ..Specification::new(kind, host) }
}

fn key_of(minted: &Minted, place: usize) -> String {
    let certificate = read(&minted.chain()[place]);
    let key = certificate.public_key();
    let curve = key.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
    match (key.parsed().unwrap(), curve) {
        (x509_parser::public_key::PublicKey::RSA(key), _) => format!("RSA {}", key.key_size()),
        (_, Some(curve)) => curve.to_string(),
        _ => key.algorithm.algorithm.to_string(),
    }
}

#[rstest]
#[case(KeyType::P256, "1.2.840.10045.3.1.7")]
#[case(KeyType::P384, "1.3.132.0.34")]
#[case(KeyType::P521, "1.3.132.0.35")]
#[case(KeyType::Secp256k1, "1.3.132.0.10")]
#[case(KeyType::Ed25519, "1.3.101.112")]
#[case(KeyType::Rsa1024, "RSA 1024")]
#[case(KeyType::Rsa2048, "RSA 2048")]
#[case(KeyType::Rsa3072, "RSA 3072")]
fn leaf_and_issuer_have_keys_of_the_types_that_were_asked_for(
    #[case] of: KeyType,
    #[case] shown: &str,
) {
    let parameters = Parameters { key: Some(of), issuer_key: Some(of), ..Parameters::default() };
    let minted = mint_of(with(Kind::Good, parameters));
    assert_eq!([key_of(&minted, 0), key_of(&minted, 1)], [shown, shown]);
    assert_ne!(read(&minted.chain()[0]).public_key(), read(&minted.chain()[1]).public_key());
}

#[rstest]
#[case(1)]
#[case(398)]
#[case(825)]
fn a_certificate_is_valid_for_just_as_many_days(#[case] days: u32) {
    let parameters = Parameters { days: days.try_into().ok(), ..Parameters::default() };
    let minted = mint_of(with(Kind::Good, parameters));
    let validity = read(minted.certificate()).validity().clone();
    // The last second belongs to it (RFC 5280 section 4.1.2.5).
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp() + 1;
    assert_eq!(seconds, i64::from(days) * DAY);
}

#[test]
fn names_take_the_place_of_the_host_as_they_are() {
    let names = ["*.example.test", "IP:127.0.0.1", "DNS:127.0.0.1", "bücher.test"];
    let parameters = Parameters {
        names: Some(names.map(|name| name.parse().unwrap()).to_vec()),
        common_name: Some("somebody".to_owned()),
        ..Parameters::default()
    };
    let minted = mint_of(with(Kind::Good, parameters));
    let certificate = minted.certificate();
    for name in ["*.example.test", "127.0.0.1", "bücher.test", "somebody"] {
        assert!(certificate.windows(name.len()).any(|text| text == name.as_bytes()), "{name}");
    }
    let host = "proxy.example.test";
    assert!(!certificate.windows(host.len()).any(|text| text == host.as_bytes()));
}

#[rstest]
#[case(Kind::Expired, Parameter::Days)]
#[case(Kind::Expired, Parameter::Seconds)]
#[case(Kind::WrongName, Parameter::Names)]
#[case(Kind::WeakKey, Parameter::Key)]
#[case(Kind::ExpiredIntermediate, Parameter::IssuerKey)]
#[case(Kind::OpensslCommand, Parameter::CommonName)]
fn what_makes_the_kind_cannot_be_changed(#[case] kind: Kind, #[case] parameter: Parameter) {
    assert!(!kind.takes(parameter));
    let parameters = Parameters {
        key: (parameter == Parameter::Key).then_some(KeyType::P384),
        issuer_key: (parameter == Parameter::IssuerKey).then_some(KeyType::P384),
        days: (parameter == Parameter::Days).then(|| 30.try_into().unwrap()),
        seconds: (parameter == Parameter::Seconds).then(|| 30.try_into().unwrap()),
        names: (parameter == Parameter::Names).then(Vec::new),
        common_name: (parameter == Parameter::CommonName).then(String::new),
    };
    let error = Lab::new().unwrap().mint(&with(kind, parameters)).unwrap_err();
    let same =
        matches!(error, MintError::ParameterNotTaken { parameter: it, .. } if it == parameter);
    assert!(same, "{error}");
}

#[test]
fn every_kind_can_be_made_with_every_parameter_that_it_takes() {
    for &kind in Kind::ALL.iter().filter(|kind| **kind != Kind::IssuedBy) {
        let takes = |parameter| kind.takes(parameter);
        mint_of(with(
            kind,
            Parameters {
                key: takes(Parameter::Key).then_some(KeyType::Ed25519),
                issuer_key: takes(Parameter::IssuerKey).then_some(KeyType::P384),
                days: takes(Parameter::Days).then(|| 30.try_into().unwrap()),
                seconds: None,
                names: takes(Parameter::Names).then(|| vec!["a.test".parse().unwrap()]),
                common_name: takes(Parameter::CommonName).then(|| "a.test".to_owned()),
            },
        ));
    }
}
