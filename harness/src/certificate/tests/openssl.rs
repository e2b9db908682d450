//! What the openssl command says of each kind, and of a spoof.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use rstest::rstest;

use super::{LAB, host, mint, mint_for};
use crate::certificate::{Delivery, KEY_PASSWORD, Kind, Lab, Minted, Specification, key, make};

fn openssl(folder: &Path, arguments: &str) -> Output {
    Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("these tests need the openssl command")
}

#[track_caller]
fn accepts(folder: &Path, arguments: &str) {
    let output = openssl(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl {arguments}: {said}");
}

fn made(kind: Kind) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make(&LAB, kind, &kind.example_host().parse().unwrap(), folder.path()).unwrap();
    folder
}

#[test]
fn every_certificate_and_key_can_be_read() {
    for &kind in Kind::ALL {
        let (folder, minted) = (made(kind), mint(kind));
        if !minted.chain().is_empty() && kind != Kind::MalformedCertificate {
            accepts(folder.path(), "x509 -in self.pem -noout -text");
        }
        if minted.key().is_some() {
            let password = format!("-passin pass:{KEY_PASSWORD}");
            accepts(folder.path(), &format!("pkey -in self.pem -noout {password}"));
        }
    }
}

#[test]
fn an_encrypted_key_needs_its_password() {
    let folder = made(Kind::EncryptedKey);
    assert!(!openssl(folder.path(), "pkey -in key.pem -noout -passin pass:no").status.success());
}

const AT: &str = "-attime 1800000000 -x509_strict";

#[test]
fn the_good_chain_is_good() {
    let folder = made(Kind::Good);
    accepts(
        folder.path(),
        &format!(
            "verify {AT} -purpose sslserver -verify_hostname proxy.example.test -CAfile authority.pem -untrusted chain.pem cert.pem"
        ),
    );
}

#[test]
fn the_bad_ones_are_bad() {
    for (kind, reason) in [
        (Kind::Expired, "certificate has expired"),
        (Kind::NotYetValid, "certificate is not yet valid"),
        (Kind::WrongName, "hostname mismatch"),
    ] {
        let folder = made(kind);
        let output = openssl(
            folder.path(),
            &format!(
                "verify {AT} -verify_hostname proxy.example.test -CAfile authority.pem -untrusted chain.pem cert.pem"
            ),
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(reason), "{kind}: {said}");
    }
}

/// A certificate for another host, signed with a certificate's key.
fn spoof(signer: &Minted, host: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spoof = Specification::issued_by(signer, host.parse().unwrap());
    let spoof = LAB.mint(&spoof).unwrap();
    let names = Delivery::TwoFiles.names();
    spoof.write(folder.path(), Delivery::TwoFiles, &names).unwrap();
    fs::write(folder.path().join("authority.pem"), key::encode("CERTIFICATE", signer.root()))
        .unwrap();
    folder
}

#[rstest]
#[case(Kind::SelfSigned)]
#[case(Kind::OpensslCommand)]
fn an_imported_certificate_can_spoof_another_host(#[case] kind: Kind) {
    // The openssl command's certificate is dated today, so no time is given.
    let lab = Lab::new().unwrap();
    let signer = lab.mint(&Specification::new(kind, host())).unwrap();
    let spoof = lab.mint(&Specification::issued_by(&signer, "bank.example.test".parse().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    spoof.unwrap().write(folder.path(), Delivery::TwoFiles, &Delivery::TwoFiles.names()).unwrap();
    fs::write(folder.path().join("ca.pem"), key::encode("CERTIFICATE", signer.root())).unwrap();
    accepts(
        folder.path(),
        "verify -purpose sslserver -verify_hostname bank.example.test -CAfile ca.pem cert.pem",
    );
}

#[rstest]
#[case(Kind::SelfSignedNotCa, "bank.example.test", "invalid CA certificate")]
#[case(
    Kind::SelfSignedNoCertSign,
    "bank.example.test",
    "key usage does not include certificate signing"
)]
#[case(Kind::SelfSignedConstrained, "bank.example.test", "permitted subtree violation")]
#[case(Kind::SelfSignedConstrained, "192.0.2.1", "excluded subtree violation")]
fn a_restricted_certificate_cannot(#[case] kind: Kind, #[case] host: &str, #[case] reason: &str) {
    let folder = spoof(&mint(kind), host);
    let output = openssl(folder.path(), "verify -attime 1800000000 -CAfile authority.pem cert.pem");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(reason), "{kind}: {said}");
}

#[test]
fn a_constrained_certificate_may_name_its_own_host() {
    // Not for an IPv4 address: openssl takes such a common name for a DNS name, which is excluded.
    for own in ["proxy.example.test", "2001:db8::1"] {
        let signer = mint_for(Kind::SelfSignedConstrained, &own.parse().unwrap());
        let folder = spoof(&signer, own);
        accepts(folder.path(), "verify -attime 1800000000 -CAfile authority.pem cert.pem");
    }
}
