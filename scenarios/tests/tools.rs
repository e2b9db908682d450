//! The tools of the command line, real ones and simulated, over the cases that they can play.

mod common;

use common::{Folder, skip};
use rstest::rstest;

const ALL: &str = "curl,gnutls,node,openssl,python";

#[test]
fn every_case_is_as_it_says_for_the_simulated_tools() {
    let ran = Folder::new().run(&["run", "--client", ALL, "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}

#[test]
fn a_tool_has_no_warning_to_accept() {
    let ran = Folder::new().run(&["run", "trust/exception-expired", "--client", "curl"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("curl 7.88 has no warning page on which a certificate could be accepted");
}

#[test]
fn a_claim_of_the_wiki_page_is_not_about_tools() {
    let ran = Folder::new().run(&["list", "claims"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for tool in ALL.split(',') {
        assert!(!ran.stdout.contains(&format!("for {tool}")), "{tool}: {}", ran.stdout);
    }
}

/// Verdict, code, alert and its moment, over TLS 1.3 and 1.2, a page, a payload, and an import.
#[rstest]
fn a_real_tool_does_what_its_profile_says(
    #[values("curl", "gnutls", "node", "openssl", "python")] tool: &str,
) {
    let client = format!("real:{tool}");
    let cases = ["certificates/good", "certificates/self-signed-tls12", "certificates/wrong-name"];
    let ran = Folder::new().run(&[&["run"], &cases[..], &["--client", &client]].concat());
    if ran.stderr.contains("is not installed") {
        return skip(&ran.stderr);
    }
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("passed: ");
}
