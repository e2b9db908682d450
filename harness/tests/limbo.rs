//! x509-limbo: its format, and what our clients make of its cases.
//!
//! The suite itself is no part of this repository, and no package brings it: a test that needs it takes its path
//! from WSSURE_LIMBO, and is skipped without, in CI too.

use std::{error::Error, sync::Arc};

use rstest::rstest;
use serde_json::{Value, json};
use wssure_harness::{
    certificate::{Kind, Lab, Specification},
    client::{self, Actor},
    limbo::{
        self, ActualResult, Disagreements, Handshakes, Judged, Measured, NotJudged, Suite, Verdict,
    },
    report,
};

const HOST: &str = "proxy.example.test";

/// A case like limbo's, with a certificate of ours.
fn case(id: &str, lab: &Lab, kind: Kind) -> Value {
    let minted = lab.mint(&Specification::new(kind, HOST.parse().unwrap())).unwrap();
    let pem = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der));
    let intermediates: Vec<String> = minted.chain()[1..].iter().map(|one| pem(one)).collect();
    json!({
        "id": id,
        "validation_kind": "SERVER",
        "trusted_certs": [pem(&lab.authority())],
        "untrusted_intermediates": intermediates,
        "peer_certificate": pem(minted.certificate()),
        "peer_certificate_key": minted.key().map(|key| key.pem().to_string()),
        "validation_time": null,
        "expected_peer_name": { "kind": "DNS", "value": HOST },
        "expected_result": if kind == Kind::Good { "SUCCESS" } else { "FAILURE" },
        "something_new": true,
    })
}

fn with(mut case: Value, field: &str, value: Value) -> Value {
    case[field] = value;
    case
}

fn suite(cases: &[Value]) -> Result<Suite, limbo::SuiteError> {
    Suite::read(json!({ "version": 1, "testcases": cases }).to_string().as_bytes())
}

fn refused(code: &str, judged: &Judged) -> bool {
    matches!(&judged.verdict, Ok(Verdict::Refused { code: Some(one), .. }) if one == code)
}

#[tokio::test]
async fn a_case_is_judged_alike_by_rules_and_in_a_handshake() -> Result<(), Box<dyn Error>> {
    let lab = Lab::new()?;
    let expired = case("a::expired", &lab, Kind::Expired);
    let long_ago = json!("2001-01-01T00:00:00.999+00:00");
    let suite = suite(&[
        case("a::good", &lab, Kind::Good),
        expired.clone(),
        with(expired.clone(), "validation_time", long_ago),
        with(expired, "peer_certificate_key", Value::Null),
    ])?;
    let profile = client::find("chromium")?;
    let handshakes = Handshakes::start(Actor::Simulated(Arc::clone(&profile))).await?;
    let mut judged = Vec::new();
    for case in &suite.cases {
        let by_rules = limbo::judge(&profile, case);
        let met = handshakes.judge(case).await;
        if met.verdict != Err(NotJudged::NoKey) {
            assert_eq!(met.verdict, by_rules.verdict, "{}", case.id);
        }
        judged.push(met);
    }
    assert_eq!(judged[0].verdict, Ok(Verdict::Connected));
    assert!(refused("ERR_CERT_DATE_INVALID", &judged[1]), "{:?}", judged[1]);
    // Then nothing of it was valid yet.
    assert!(refused("ERR_CERT_DATE_INVALID", &judged[2]), "{:?}", judged[2]);
    assert_eq!(judged[3].verdict, Err(NotJudged::NoKey));
    Ok(())
}

#[rstest]
#[case("validation_kind", json!("CLIENT"), "a server judges a client in it")]
#[case("crls", json!(["-----BEGIN X509 CRL-----"]), "revocation lists")]
#[case("expected_peer_name", Value::Null, "no name")]
#[case("expected_peer_names", json!([{ "kind": "DNS", "value": "other.test" }]), "several names")]
#[case("expected_peer_name", json!({ "kind": "RFC822", "value": "a@b.test" }), "e-mail")]
fn what_no_client_judges_is_skipped_with_the_reason(
    #[case] field: &str,
    #[case] value: Value,
    #[case] why: &str,
) -> Result<(), Box<dyn Error>> {
    let lab = Lab::new()?;
    let suite = suite(&[with(case("a::good", &lab, Kind::Good), field, value)])?;
    let outcome = limbo::judge(&*client::find("firefox")?, &suite.cases[0]).outcome();
    assert_eq!(outcome.actual_result, ActualResult::Skipped);
    let context = outcome.context.unwrap_or_default();
    assert!(context.contains(why), "{context}");
    Ok(())
}

#[test]
fn a_limit_on_lifetimes_is_off_and_said_to_be() -> Result<(), Box<dyn Error>> {
    let lab = Lab::new()?;
    let suite = suite(&[case("a::long", &lab, Kind::ValidityTooLong)])?;
    let outcome = limbo::judge(&*client::find("safari")?, &suite.cases[0]).outcome();
    assert_eq!(outcome.actual_result, ActualResult::Success);
    let context = outcome.context.unwrap_or_default();
    assert_eq!(context, "connected: its limit of 825 days was not applied");
    Ok(())
}

#[rstest]
#[case("{", "is no x509-limbo suite: EOF")]
#[case("{\"version\": 2, \"testcases\": []}", "is of version 2, and version 1 is read here")]
#[case(
    "{\"version\": 1, \"testcases\": [{\"id\": \"a::b\"}]}",
    "the suite's case a::b: missing field `validation_kind`"
)]
#[case("{\"version\": 1, \"testcases\": [{}]}", "the suite's case number 1: ")]
fn what_is_wrong_with_a_suite_is_told_at_its_case(#[case] text: &str, #[case] words: &str) {
    let error = Suite::read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

#[rstest]
#[case("peer_certificate", json!("no PEM"), "`peer_certificate[0]`: no PEM")]
#[case("trusted_certs", json!(["?"]), "`trusted_certs[0]`: no PEM")]
#[case("validation_time", json!("yesterday"), "`yesterday` is no time")]
fn what_is_wrong_with_a_field_is_told_with_its_name(
    #[case] field: &str,
    #[case] value: Value,
    #[case] words: &str,
) {
    let lab = Lab::new().unwrap();
    let error = suite(&[with(case("a::b", &lab, Kind::Good), field, value)]);
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("the suite's case a::b: ") && error.contains(words), "{error}");
}

/// The whole suite, if it is on this machine.
fn whole_suite() -> Result<Option<Suite>, Box<dyn Error>> {
    let Some(path) = std::env::var_os("WSSURE_LIMBO") else {
        eprintln!("skipped: WSSURE_LIMBO names no limbo.json (https://x509-limbo.com)");
        return Ok(None);
    };
    Ok(Some(Suite::read(&std::fs::read(path)?)?))
}

#[rstest]
fn limbo_and_the_real_client_have_it_as_the_simulated_one_or_it_is_listed(
    #[values(
        "chromium",
        "firefox",
        "webkitgtk",
        "ios",
        "safari",
        "curl",
        "openssl",
        "gnutls",
        "node",
        "python"
    )]
    name: &str,
) -> Result<(), Box<dyn Error>> {
    let Some(suite) = whole_suite()? else { return Ok(()) };
    let profile = client::find(name)?;
    let judged: Vec<Judged> = suite.cases.iter().map(|case| limbo::judge(&profile, case)).collect();

    let disagreements = Disagreements::of(name)?;
    disagreements.check_patterns(suite.cases.iter().map(|case| case.id.as_str()))?;
    let check = disagreements.check(&judged);
    let unlike = Measured::of(name)?.map(|one| one.unlike(&judged)).unwrap_or_default();
    let mut text = Vec::new();
    report::limbo::write(&check, &unlike, &mut text)?;
    assert!(
        check.is_clean() && unlike.is_empty(),
        "`wssure limbo --client {name} --check` says:\n{}",
        String::from_utf8_lossy(&text)
    );
    Ok(())
}

#[test]
fn what_was_measured_are_cases_of_the_suite() -> Result<(), Box<dyn Error>> {
    let Some(suite) = whole_suite()? else { return Ok(()) };
    for measured in Measured::built_in()? {
        for id in measured.cases.keys() {
            assert!(suite.cases.iter().any(|case| case.id == *id), "{}: {id}", measured.client);
        }
    }
    Ok(())
}
