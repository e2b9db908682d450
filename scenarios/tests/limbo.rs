//! `wssure limbo`: limbo's harness protocol, as its own tool would speak it.

mod common;

use std::error::Error;

use common::{Folder, Ran, skip};
use rstest::rstest;
use serde_json::{Value, json};
use wssure_harness::certificate::{Kind, Lab, Minted, Specification};

const HOST: &str = "proxy.example.test";

fn pem(der: &[u8]) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der))
}

fn case(id: &str, minted: &Minted) -> Value {
    let intermediates: Vec<String> = minted.intermediates().iter().map(|one| pem(one)).collect();
    json!({
        "id": id,
        "validation_kind": "SERVER",
        "trusted_certs": [pem(minted.root())],
        "untrusted_intermediates": intermediates,
        "peer_certificate": pem(minted.certificate()),
        "peer_certificate_key": minted.key().map(|key| key.pem().to_string()),
        "expected_peer_name": { "kind": "DNS", "value": HOST },
        "expected_result": "SUCCESS",
    })
}

/// Three cases that limbo would want accepted: a good one, one for another host, and one without a key.
fn suite() -> Result<String, Box<dyn Error>> {
    let lab = Lab::new()?;
    let good = lab.mint(&Specification::new(Kind::Good, HOST.parse()?))?;
    let wrong = lab.mint(&Specification::new(Kind::WrongName, HOST.parse()?))?;
    let mut keyless = case("b::keyless", &good);
    keyless["peer_certificate_key"] = Value::Null;
    let cases = [case("a::good", &good), case("a::wrong", &wrong), keyless];
    Ok(json!({ "version": 1, "testcases": cases }).to_string())
}

/// Runs it in that folder, with that on standard input.
fn limbo(folder: &Folder, arguments: &[&str], suite: &str) -> Ran {
    let mut command = folder.wssure(&[&["limbo"], arguments].concat());
    let output = command.write_stdin(suite).output().unwrap();
    folder.assert_nothing_left();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The results, each with its id.
fn results(ran: &Ran) -> Vec<(String, String)> {
    let results: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(results["version"], 1, "{ran:#?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = results["results"].as_array().unwrap().iter();
    all.map(|one| (text(&one["id"]), text(&one["actual_result"]))).collect()
}

fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(id, result)| ((*id).to_owned(), (*result).to_owned())).collect()
}

#[test]
fn results_are_in_limbos_own_form() -> Result<(), Box<dyn Error>> {
    let ran = limbo(&Folder::new(), &["--client", "firefox"], &suite()?);
    assert_eq!(ran.code, Some(0), "a disagreement is no failure of the harness: {ran:#?}");
    let all = [("a::good", "SUCCESS"), ("a::wrong", "FAILURE"), ("b::keyless", "SUCCESS")];
    assert_eq!(results(&ran), expected(&all));
    ran.assert_prints("\"refused: SSL_ERROR_BAD_CERT_DOMAIN, alert 42 bad_certificate: wrong-name");
    ran.assert_says(": 2 of 3 as limbo expects");
    Ok(())
}

#[test]
fn what_is_not_listed_is_printed_by_what_the_client_does() -> Result<(), Box<dyn Error>> {
    let arguments = ["--client", "curl", "--check", "--filter", "a::*"];
    let ran = limbo(&Folder::new(), &arguments, &suite()?);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("not listed: it does not connect, and limbo would (1)\n  a::wrong: refused");
    Ok(())
}

#[rstest]
#[case::stdin(&[], "", "the suite is no x509-limbo suite")]
#[case::suite(&["--suite", "none.json"], "", "--suite none.json: No such file")]
#[case::filter(&["--filter", "c::*"], "suite", "--filter `c::*` matches no case")]
#[case::handshake(&["--handshake"], "suite", "--handshake is for real clients, such as real:chromium")]
fn a_wrong_call_is_told(
    #[case] arguments: &[&str],
    #[case] stdin: &str,
    #[case] words: &str,
) -> Result<(), Box<dyn Error>> {
    let stdin = if stdin == "suite" { suite()? } else { stdin.to_owned() };
    let arguments = [&["--client", "chromium"], arguments].concat();
    limbo(&Folder::new(), &arguments, &stdin).assert_wrong(words);
    Ok(())
}

#[rstest]
fn it_is_the_time_of_the_case_for_a_real_tool(
    #[values("curl", "gnutls", "node", "openssl", "python")] tool: &str,
) -> Result<(), Box<dyn Error>> {
    let lab = Lab::new()?;
    let good = case("a::long-ago", &lab.mint(&Specification::new(Kind::Good, HOST.parse()?))?);
    let mut long_ago = good;
    long_ago["validation_time"] = json!("2001-01-01T00:00:00+00:00");
    let suite = json!({ "version": 1, "testcases": [long_ago] }).to_string();
    let client = format!("real:{tool}");
    let ran = limbo(&Folder::new(), &["--client", &client, "--handshake"], &suite);
    if ran.stderr.contains("is not installed") || ran.stderr.contains("needs datefudge") {
        skip(&ran.stderr);
        return Ok(());
    }
    assert_eq!(results(&ran), expected(&[("a::long-ago", "FAILURE")]), "{ran:#?}");
    Ok(())
}

#[rstest]
fn a_real_tool_is_met_in_a_handshake_and_recorded(
    #[values("curl", "gnutls", "node", "openssl", "python")] tool: &str,
) -> Result<(), Box<dyn Error>> {
    let folder = Folder::new();
    let client = format!("real:{tool}");
    let arguments = ["--client", &client, "--handshake", "--record", "."];
    let ran = limbo(&folder, &arguments, &suite()?);
    if ran.stderr.contains("is not installed") {
        skip(&ran.stderr);
        return Ok(());
    }
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let all = [("a::good", "SUCCESS"), ("a::wrong", "FAILURE"), ("b::keyless", "SKIPPED")];
    assert_eq!(results(&ran), expected(&all));
    ran.assert_says("1 skipped: it has no key, so that nobody can serve it");
    let record = std::fs::read_to_string(folder.path().join(format!("{tool}.toml")))?;
    assert!(record.contains("\n\"a::good\" = { verdict = \"connected\" }\n"), "{record}");
    assert!(record.contains("\n\"a::wrong\" = { verdict = \"refused\", code = "), "{record}");
    assert!(!record.contains("b::keyless"), "{record}");
    Ok(())
}
