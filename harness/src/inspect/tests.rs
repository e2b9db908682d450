//! What the engine makes of anchors, spoofs and bytes that are no certificate. That it finds what each kind plants is
//! tested beside the kinds.

use std::collections::BTreeSet;

use rstest::rstest;
use rustls_pki_types::UnixTime;

use super::{Question, inspect};
use crate::{
    Fault,
    certificate::{Kind, Lab, Minted, Specification},
    host::Host,
};

fn host() -> Host {
    "proxy.example.test".parse().unwrap()
}

fn found(lab: &Lab, minted: &Minted, host: &Host, also: Option<&Minted>) -> BTreeSet<Fault> {
    let mut anchors = vec![lab.authority()];
    anchors.extend(also.map(|minted| minted.certificate().clone()));
    let question = Question::new(host, &anchors, UnixTime::now());
    inspect(minted.chain(), &question).findings().into_iter().map(|found| found.fault).collect()
}

#[rstest]
#[case(Kind::SelfSigned, Some(Fault::CaAsServer))]
#[case(Kind::SelfSignedPlain, None)]
#[case(Kind::SelfSignedNotCa, Some(Fault::AnchorNotCa))]
fn an_imported_certificate_is_its_own_anchor(#[case] kind: Kind, #[case] fault: Option<Fault>) {
    let lab = Lab::new().unwrap();
    let minted = lab.mint(&Specification::new(kind, host())).unwrap();
    assert_eq!(found(&lab, &minted, &host(), Some(&minted)), fault.into_iter().collect());
}

#[rstest]
#[case(Kind::SelfSigned, None)]
#[case(Kind::SelfSignedNotCa, Some(Fault::IssuerNotCa))]
#[case(Kind::SelfSignedPlain, Some(Fault::IssuerWithoutConstraints))]
#[case(Kind::SelfSignedNoCertSign, Some(Fault::IssuerMayNotSign))]
#[case(Kind::SelfSignedConstrained, Some(Fault::NameConstraint))]
fn a_spoof_is_as_good_as_its_signer(#[case] signer: Kind, #[case] fault: Option<Fault>) {
    let lab = Lab::new().unwrap();
    let signer = lab.mint(&Specification::new(signer, host())).unwrap();
    let bank: Host = "bank.example.test".parse().unwrap();
    let spoof = lab.mint(&Specification::issued_by(&signer, bank.clone())).unwrap();
    assert_eq!(found(&lab, &spoof, &bank, Some(&signer)), fault.into_iter().collect());
}

#[test]
fn an_altered_certificate_has_a_bad_signature() {
    let lab = Lab::new().unwrap();
    let good = lab.mint(&Specification::new(Kind::Good, host())).unwrap();
    let mut chain = good.chain().to_vec();
    let mut leaf = chain[0].to_vec();
    *leaf.last_mut().unwrap() ^= 1;
    chain[0] = leaf.into();
    let anchors = [lab.authority()];
    let host = host();
    let question = Question::new(&host, &anchors, UnixTime::now());
    let found: Vec<Fault> =
        inspect(&chain, &question).findings().into_iter().map(|found| found.fault).collect();
    assert_eq!(found, [Fault::BadSignature]);
}

#[test]
fn bytes_that_are_no_certificate_are_a_finding_and_no_panic() {
    let host = host();
    let question = Question::new(&host, &[], UnixTime::now());
    for bytes in [&b""[..], b"-----BEGIN", &[0x30, 0x82, 0xff, 0xff]] {
        let chain = [rustls_pki_types::CertificateDer::from(bytes.to_vec())];
        assert_eq!(inspect(&chain, &question).server[0].fault, Fault::Malformed);
    }
    assert_eq!(inspect(&[], &question).server[0].fault, Fault::Malformed);
}
