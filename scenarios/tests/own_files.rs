//! Adding a browser, a proxy and a case is adding a data file each, and no code.

mod common;

use common::Folder;

/// A browser that refuses an unknown issuer with an alert that no other here sends for it.
const CLIENT: &str = r#"
name = "mine"
title = "My browser"
era = "today"

[provenance]
documented = "made up for a test"

[hello]
tls = ["1.2", "1.3"]

[refusal]
moment = { "1.2" = "during-handshake", "1.3" = "during-handshake" }
leaves = "closes"
close-code = 1006
names = "first"

[exceptions]
scope = "host"
keeps = "all"
hold-for = "https-and-wss"
permanent = "for-good"
temporary = "for-good"

[[refuses]]
faults = ["unknown-issuer"]
code = "ERR_MINE"
alert = "access_denied"
exception = "offered"
"#;

const SUBJECT: &str = r#"
name = "my-proxy"
title = "My proxy"
install = "it is this program, under another name"
command = ["{wssure}", "proxy", "{options}", "{listen}", "{target}"]

[ready]
log = "proxying from"

[options]
cert = ["--cert", "{cert}"]

[[log]]
line = 'TLS alert (?<alert>\d+)'
fault = "client-refused-certificate"
"#;

const CASE: &str = r#"
title = "My browser refuses an unknown issuer, and others do too"

[certificate]
kind = "unknown-issuer"

[[step]]
open = "wss"
[step.expect]
mine = { is = "unknown-issuer", code = "ERR_MINE", alert = "access_denied", close-code = 1006 }
others = "unknown-issuer"
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("mine.toml", CLIENT);
    folder.write("my-proxy.toml", SUBJECT);
    folder.write("cases/my/issuer.toml", CASE);
    folder
}

const RUN: [&str; 7] =
    ["run", "--cases", "cases", "--client", "mine.toml,chromium", "--subject", "my-proxy.toml"];

#[test]
fn one_file_each_is_enough() {
    let folder = folder();
    let ran = folder.run(&[&RUN[..], &["--report", "json=report.json"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("mine  chromium");
    ran.assert_prints("passed: 3 as expected (1 case with 2 clients on my-proxy");

    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    let seen = |index: usize| {
        report["cases"][0]["clients"][index]["steps"][0]["observation"]["outcome"]["refused"]
            .clone()
    };
    assert_eq!(
        (&seen(0)["code"], &seen(0)["alert"]["alert"]),
        (&"ERR_MINE".into(), &"access_denied".into())
    );
    assert_eq!(seen(1)["alert"]["alert"], "certificate_unknown");
}

#[test]
fn a_wrong_expectation_is_unexpected_at_its_line() {
    let folder = folder();
    folder.write("cases/my/issuer.toml", &CASE.replace("ERR_MINE", "ERR_YOURS"));
    let ran = folder.run(&RUN);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(
        "UNEXPECTED cases/my/issuer.toml:7 mine, step 1: open wss://proxy.example.test/",
    );
    ran.assert_prints("code  expected ERR_YOURS, observed ERR_MINE");
    ran.assert_prints(
        "again: wssure run my/issuer --client mine.toml --subject my-proxy.toml --cases cases",
    );
    ran.assert_prints("FAILED: 2 as expected, 1 unexpected");
}

#[test]
fn the_command_that_is_shown_shows_the_same_again() {
    let folder = folder();
    folder.write("cases/my/issuer.toml", &CASE.replace("ERR_MINE", "ERR_YOURS"));
    let ran = folder.run(&RUN);
    let again =
        ran.stdout.lines().find_map(|line| line.trim_start().strip_prefix("again: wssure "));
    let again: Vec<&str> = again.unwrap().split(' ').collect();
    let ran = folder.run(&again);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("code  expected ERR_YOURS, observed ERR_MINE");
}

#[test]
fn a_divergence_is_known_and_a_stale_one_fails_the_run() {
    let folder = folder();
    let case = CASE.replace("open = \"wss\"\n", "open = \"wss\"\nlog = \"client-hung-up\"\n");
    folder.write("cases/my/issuer.toml", &case);
    let known = "\n[[divergence]]\ncases = [\"my/*\"]\nfield = \"log\"\nexpected = \"client-hung-up\"\nobserved = \"client-refused-certificate\"\nreason = \"it says more than it must\"\n";
    folder.write("my-proxy.toml", &format!("{SUBJECT}{known}"));
    let ran = folder.run(&RUN);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("2 x it says more than it must");
    ran.assert_prints("1 as expected, 2 known to differ");

    // One that speaks of more cases, and is not true of this one, is not stale where another one is.
    let general = known.replace("my/*", "**").replace("\"client-refused-certificate", "\"nothing");
    folder.write("my-proxy.toml", &format!("{SUBJECT}{general}{known}"));
    let ran = folder.run(&RUN);
    assert_eq!(ran.code, Some(0), "{ran:#?}");

    let stale = "\n[[divergence]]\ncases = [\"my/*\"]\nfield = \"code\"\nexpected = \"ERR_MINE\"\nobserved = \"ERR_OLD\"\nreason = \"long ago\"\n";
    folder.write("my-proxy.toml", &format!("{SUBJECT}{known}{stale}"));
    let ran = folder.run(&RUN);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("STALE my-proxy.toml:");
    ran.assert_prints("this divergence did not happen in my/issuer");
    ran.assert_prints("1 stale divergence");
}

#[test]
fn a_pattern_of_a_divergence_that_matches_no_case_is_an_error() {
    let folder = folder();
    let idle = "\n[[divergence]]\ncases = [\"yours/*\"]\nfield = \"log\"\nexpected = \"nothing\"\nobserved = \"client-hung-up\"\nreason = \"long ago\"\n";
    folder.write("my-proxy.toml", &format!("{SUBJECT}{idle}"));
    let ran = folder.run(&RUN);
    ran.assert_wrong("my-proxy.toml:");
    ran.assert_says("no case matches `yours/*`");
}

const TABLE: &str = r#"
why = "made up for a test"

[[step]]
open = "wss"

[[step]]
browse = "https"
expect = "connected"

[[case]]
name = "own"
title = "The host is in the certificate"
names = ["other.example.test", "proxy.example.test"]
expect = "connected"

[[case]]
name = "another"
title = "It is not"
names = ["other.example.test"]
expect = "connected"

[[case]]
name = "other-steps"
title = "Another story"
kind = "expired"
[[case.step]]
open = "wss"
expect = "expired"
"#;

#[test]
fn a_table_is_a_case_for_each_of_its_entries() {
    let folder = Folder::new();
    folder.write("cases/names/forms.toml", TABLE);
    let ids = ["names/forms.another", "names/forms.other-steps", "names/forms.own"];
    for filter in ["names/*", "names/forms.*", "forms"] {
        let listed = folder.run(&["run", "--list", filter, "--cases", "cases"]);
        assert_eq!(listed.code, Some(0), "{listed:#?}");
        for (line, id) in listed.stdout.lines().zip(ids) {
            assert!(line.starts_with(&format!("{id}  ")), "{line}");
        }
    }
    let good = ["run", "names/forms.own", "names/forms.other-steps", "--client", "chromium"];
    let ran = folder.run(&[&good[..], &["--cases", "cases"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    // What is not as expected is told where the expectation stands: in the entry, or in the step.
    let wrong = ["run", "names/forms.another", "--client", "chromium", "--cases", "cases"];
    let ran = folder.run(&wrong);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("cases/names/forms.toml:21");
    ran.assert_prints("cases/names/forms.toml:7");
    ran.assert_prints("again: wssure run names/forms.another ");
}
