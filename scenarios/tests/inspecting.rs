//! `inspect`: what is wrong with certificates in files, and who would refuse them.

mod common;

use common::{Folder, Ran};
use rstest::rstest;

/// A folder with a certificate of that kind in it, made for `proxy.example.test`.
fn made(kind: &str) -> Folder {
    let folder = Folder::new();
    let ran = folder.run(&["make", kind, "--host", "proxy.example.test", "--out", "."]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    folder
}

fn inspect(folder: &Folder, more: &[&str]) -> Ran {
    let always = ["inspect", "cert.pem", "--trust", "authority.pem"];
    folder.run(&[&always, more].concat())
}

#[test]
fn a_good_certificate_connects_everywhere() {
    let ran = inspect(&made("good"), &["--host", "proxy.example.test", "--key", "key.pem"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("firefox    connects");
    assert!(!ran.stdout.contains("Faults"), "{ran:#?}");
}

#[rstest]
#[case("expired", "expired (the server's certificate, validity): valid until ")]
#[case(
    "wrong-name",
    "wrong-name (the server's certificate, subjectAltName): it names other.example.test, the host is proxy.example.test"
)]
fn a_fault_is_told_with_its_place_who_refuses_and_the_mend(#[case] kind: &str, #[case] told: &str) {
    let ran = inspect(&made(kind), &["--host", "proxy.example.test"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(told);
    ran.assert_prints("decides for chromium, ");
    ran.assert_prints("      mend: ");
    ran.assert_prints("chromium   refuses: ");
}

#[test]
fn what_nobody_minds_is_a_remark_and_no_reason_to_fail() {
    let ran = inspect(
        &made("common-name-differs"),
        &["--host", "proxy.example.test", "--client", "chromium,firefox"],
    );
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("Remarks, which none of these clients minds\n  common-name-mismatch ");
}

#[test]
fn another_name_and_another_time_are_judged_as_such() {
    let folder = made("good");
    let other = inspect(&folder, &["--host", "192.0.2.7", "--client", "firefox"]);
    assert_eq!(other.code, Some(1), "{other:#?}");
    other.assert_prints("refuses: wrong-name, SSL_ERROR_BAD_CERT_DOMAIN, alert 42 bad_certificate");
    let later = ["--host", "proxy.example.test", "--client", "firefox", "--at", "2199-01-31"];
    let later = inspect(&folder, &later);
    assert_eq!(later.code, Some(1), "{later:#?}");
    later.assert_prints("SEC_ERROR_EXPIRED_");
}

#[test]
fn another_certificates_key_is_told() {
    let ran =
        inspect(&made("mismatched-key"), &["--host", "proxy.example.test", "--key", "key.pem"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("The key\n");
    ran.assert_prints("firefox    connects");
}

#[test]
fn json_has_the_same() {
    let ran = inspect(&made("expired"), &["--host", "proxy.example.test", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["found"][0]["fault"], "expired");
    assert_eq!(json["found"][0]["place"]["certificate"], "server");
    assert_eq!(json["found"][0]["place"]["field"], "validity");
    let names: Vec<_> =
        json["clients"].as_array().unwrap().iter().map(|one| one["client"].clone()).collect();
    assert!(names.contains(&"webkitgtk".into()), "{names:?}");
}

#[rstest]
#[case(&["inspect", "nowhere.pem", "--host", "a.test"], "FILE nowhere.pem: cannot be read")]
#[case(&["inspect", "words.txt", "--host", "a.test"], "there is no certificate in it")]
#[case(&["inspect", "words.txt", "--host", "a b"], "is no host")]
#[case(&["inspect", "words.txt", "--host", "a.test", "--at", "soon"], "write a date such as 2027-01-31")]
#[case(&["inspect", "--host", "a.test"], "<FILE>")]
fn a_wrong_call_says_what_is_wrong(#[case] call: &[&str], #[case] words: &str) {
    let folder = Folder::new();
    folder.write("words.txt", "no certificate\n");
    let ran = folder.run(call);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains(words), "{ran:#?}");
}
