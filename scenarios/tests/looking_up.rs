//! `list`, `explain` and `make`: what there is, what it means, and how to have it.

mod common;

use common::Folder;
use wssure_harness::{Fault, certificate::Kind};

#[test]
fn every_fault_is_listed_and_explained() {
    let folder = Folder::new();
    let listed = folder.run(&["list", "faults"]);
    assert_eq!(listed.code, Some(0), "{listed:#?}");
    for fault in Fault::ALL {
        assert!(
            listed.stdout.lines().any(|line| line.split(' ').next() == Some(fault.name())),
            "{fault}"
        );
        let explained = folder.run(&["explain", fault.name()]);
        assert_eq!(explained.code, Some(0), "{explained:#?}");
        for text in [fault.meaning(), fault.mend(), fault.source()] {
            explained.assert_prints(text);
        }
        explained.assert_prints("\n  firefox ");
    }
}

#[test]
fn a_client_without_a_word_for_a_fault_says_its_neighbour_or_does_not_mind() {
    let folder = Folder::new();
    let self_signed = folder.run(&["explain", "self-signed"]);
    self_signed.assert_prints("chromium    says `unknown-issuer`; code ERR_CERT_AUTHORITY_INVALID; alert certificate_unknown (46)");
    self_signed.assert_prints("firefox     code MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT; alert bad_certificate (42) after the handshake (TLS 1.2) or during the handshake (TLS 1.3); close code 1015; its warning can be overridden");
    folder.run(&["explain", "missing-server-auth"]).assert_prints("chromium    does not mind");
    folder
        .run(&["explain", "key-mismatch"])
        .assert_prints("What each client makes of connection-reset");
}

/// Each has its cases, or the reason why it has none: reading the file sees to that.
#[test]
fn the_catalogue_is_listed_with_its_cases_and_reasons() {
    let listed = Folder::new().run(&["list", "catalogue"]);
    assert_eq!(listed.code, Some(0), "{listed:#?}");
    listed.assert_prints("\nfk-pfx-p7b-only\n");
    listed.assert_prints("files/formats.pkcs12");
    listed.assert_prints("  source: novnc/websockify#363");
    listed.assert_prints("not shown: It is a browser's policy");
    listed.assert_prints("149 incidents: ");
}

#[test]
fn everything_else_is_listed() {
    let folder = Folder::new();
    folder.run(&["list", "cases"]).assert_prints("wiki/self-signed-refused  ");
    let clients = folder.run(&["list", "clients"]);
    clients.assert_prints("measured: Firefox");
    clients.assert_prints("documented: ");
    let subjects = folder.run(&["list", "subjects"]);
    subjects.assert_prints("builtin     wssure proxy");
    subjects.assert_prints("installed: wssure ");
    let kinds = folder.run(&["list", "kinds"]);
    for kind in Kind::ALL {
        assert!(kinds.stdout.lines().any(|line| line == kind.name()), "{kind}");
    }
}

#[test]
fn the_claims_of_the_wiki_are_all_held_against_today() {
    let ran = Folder::new().run(&["list", "claims"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("\n  does not hold\n");
    ran.assert_prints("\n  holds for webkitgtk, not for chromium, ");
    assert!(ran.stdout.lines().last().unwrap().contains(" claims: "), "{}", ran.stdout);
}

#[test]
fn what_would_run_is_listed_by_id_pattern_and_claim() {
    let folder = Folder::new();
    let ids = |filter: &str| -> Vec<String> {
        let ran = folder.run(&["run", "--list", filter]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        ran.stdout.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("wiki/firefox"), ["wiki/firefox"], "an id is that case alone");
    assert!(ids("irefo").len() > 1, "part of an id");
    assert!(ids("wiki/*").iter().all(|id| id.starts_with("wiki/")));
    assert!(ids("wiki.firefox").contains(&"wiki/firefox".to_owned()), "a claim");
}

#[test]
fn a_made_certificate_serves_and_its_files_are_told() {
    let folder = Folder::new();
    let ran = folder.run(&["make", "good", "--host", "proxy.example.test", "--out", "certs"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for file in ["self.pem", "cert.pem", "key.pem", "chain.pem", "authority.pem"] {
        ran.assert_prints(&format!("certs/{file}\n  "));
        assert!(folder.path().join("certs").join(file).is_file());
    }
    // A second one does not take the first one's place.
    folder
        .run(&["make", "good", "--host", "proxy.example.test", "--out", "certs"])
        .assert_wrong("certs/self.pem exists and is left as it is");
}
