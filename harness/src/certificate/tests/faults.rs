//! What the inspector finds is what the kind plants.

use std::time::Duration;

use rstest::rstest;
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{LAB, NOW, mint, mint_for, read};
use crate::{
    Fault,
    certificate::{Kind, Minted},
    fault::Area,
    host::Host,
    inspect::{Question, inspect},
};

/// What the inspector finds in what a server sends, for a client that trusts these.
fn found(minted: &Minted, anchors: &[CertificateDer<'static>], now: i64) -> Vec<Fault> {
    found_again(minted, &[], anchors, now)
}

/// The same for a client that has met some certificates before.
fn found_again(
    minted: &Minted,
    met: &[CertificateDer<'static>],
    anchors: &[CertificateDer<'static>],
    now: i64,
) -> Vec<Fault> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.unsigned_abs()));
    let question = Question { met, ..Question::new(minted.host(), anchors, now) };
    let found = inspect(minted.chain(), &question).findings();
    let mut faults: Vec<Fault> = found.into_iter().map(|finding| finding.fault).collect();
    faults.sort();
    faults.dedup();
    faults
}

/// When it is judged: the openssl command looks at the clock, and not at the lab's constant time.
fn now_of(minted: &Minted) -> i64 {
    match minted.kind() {
        Kind::OpensslCommand => read(minted.certificate()).validity().not_before.timestamp(),
        _ => NOW,
    }
}

#[rstest]
#[case::a_name("proxy.example.test")]
#[case::the_other_name("other.example.test")]
#[case::an_ipv4_address("192.0.2.1")]
#[case::an_ipv6_address("[2001:db8::1]")]
#[case::one_label("localhost")]
#[case::an_absolute_name("proxy.example.test.")]
#[case::below_a_public_suffix("proxy.co.uk")]
#[case::two_labels("proxy.test")]
fn the_inspector_finds_exactly_what_is_planted(#[case] host: Host) {
    for &kind in Kind::ALL.iter().filter(|kind| kind.check_host(&host).is_ok()) {
        finds_what_is_planted(kind, &host);
    }
}

#[test]
fn so_it_does_for_the_host_that_a_kind_is_shown_with() {
    for &kind in Kind::ALL {
        finds_what_is_planted(kind, &kind.example_host().parse().unwrap());
    }
}

fn finds_what_is_planted(kind: Kind, host: &Host) {
    let (earlier, minted) = (mint_for(kind, host), mint_for(kind, host));
    if minted.chain().is_empty() {
        return; // No server gets as far as sending one: its files are the fault.
    }
    let mut planted: Vec<Fault> =
        kind.plants().iter().copied().filter(|fault| fault.area() == Area::Certificate).collect();
    // The dot is in the URL, and no certificate can name it.
    let unnamed = [Fault::WrongName, Fault::NoDnsName, Fault::Malformed];
    let is_named = !planted.iter().any(|fault| unnamed.contains(fault));
    if host.to_string().ends_with('.') && is_named {
        planted.push(Fault::TrailingDot);
    }
    // A common name can be an address as text only.
    if matches!(host, Host::Address(_)) && planted.contains(&Fault::NoSubjectAltName) && is_named {
        planted.push(Fault::AddressAsName);
    }
    planted.sort();
    let mut anchors = vec![LAB.authority()];
    if kind.brings_its_own_root() {
        anchors.push(minted.root().clone());
    }
    let now = now_of(&minted);
    let met = [earlier.certificate().clone()];
    assert_eq!(found_again(&minted, &met, &anchors, now), planted, "{kind}");
}

#[test]
fn a_kind_plants_faults_in_the_certificates_or_one_in_the_files() {
    for &kind in Kind::ALL {
        let in_files = kind.plants().iter().filter(|fault| fault.area() == Area::File).count();
        assert!(in_files == 0 || kind.plants().len() == 1, "{kind}");
        assert!(kind.plants().iter().all(|fault| fault.area() != Area::Connection), "{kind}");
    }
}

#[test]
fn a_self_signed_one_that_is_imported_has_left_what_an_authority_must_not_have() {
    for &kind in Kind::ALL.iter().filter(|kind| kind.plants().contains(&Fault::SelfSigned)) {
        let gone = [Fault::SelfSigned, Fault::UnknownIssuer];
        let stays = kind.plants().iter().filter(|fault| !gone.contains(fault));
        let mut left: Vec<Fault> = stays.chain(kind.plants_once_imported()).copied().collect();
        left.sort();
        let minted = mint(kind);
        assert_eq!(found(&minted, &[minted.anchor().clone()], now_of(&minted)), left, "{kind}");
    }
}

#[rstest]
#[case(Kind::UnknownIssuer)]
#[case(Kind::IssuedBy)]
fn one_whose_root_is_imported_is_good(#[case] kind: Kind) {
    let minted = mint(kind);
    assert_eq!(found(&minted, &[minted.root().clone()], NOW), []);
}
