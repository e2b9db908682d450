//! Dialogues: a turn that is met, and, so that none is met by whatever comes, each way in which one is not.

mod common;

use common::Folder;
use rstest::rstest;

fn run(case: &str) -> common::Ran {
    let folder = Folder::new();
    folder.write("cases/mine/dialogue.toml", case);
    folder.run(&["run", "--cases", "cases", "--client", "firefox"])
}

fn case_of(turns: &str) -> String {
    format!("title = \"A dialogue\"\n[[step]]\ndialogue = '''\n{turns}\n'''\n")
}

/// The case that the README shows.
fn readme() -> &'static str {
    let text = include_str!("../../README.md");
    let start = text.find("title = \"A renewed certificate is served").unwrap();
    let length = text[start..].find("```").unwrap();
    &text[start..start + length]
}

#[test]
fn the_one_in_the_readme_is_as_it_says() {
    let ran = run(readme());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
}

#[rstest]
#[case::other_bytes(
    "client opens ws\nclient sends binary \"hello\"\ntarget receives \"hallo\"",
    "expected target receives \"hallo\", observed \"hello\""
)]
#[case::too_many_bytes(
    "client opens ws\nclient sends binary \"hello\"\ntarget receives \"hell\"\nclient closes\ntarget is closed",
    "expected target is closed, observed more bytes came: \"o\""
)]
#[case::another_frame(
    "client opens ws\ntarget sends \"x\"\nclient receives pong \"x\"",
    "expected client receives pong \"x\", observed binary \"x\""
)]
#[case::another_close_code(
    "client opens ws\ntarget accepts\ntarget closes\nclient receives close 1001",
    "expected client receives close 1001, observed close 1000 \"Target closed\""
)]
#[case::another_reason(
    "client opens ws\ntarget accepts\ntarget closes\nclient receives close 1000 \"Bye\"",
    "observed close 1000 \"Target closed\""
)]
#[case::another_end(
    "client opens ws\nclient sends close 1000\nclient receives close 1000\nclient is reset",
    "expected client is reset, observed closed"
)]
#[case::no_end("client opens ws\nclient is closed within 1 s", "observed still open after 1 s")]
#[case::another_status(
    "client connects\nclient upgrades\nclient receives status 200",
    "expected client receives status 200, observed status 101"
)]
#[case::another_header(
    "client connects\nclient upgrades with without \"Sec-WebSocket-Version\"\n\
     client receives status 426 with header \"Sec-WebSocket-Version: 8\"",
    "observed status 426 with Sec-WebSocket-Version: 13"
)]
#[case::a_handshake_that_succeeds("client is refused", "observed the handshake succeeded")]
#[case::another_version("client handshakes\nclient agreed tls 1.2", "observed TLS 1.3")]
#[case::another_protocol(
    "client handshakes with alpn http/1.1\nclient agreed alpn none",
    "observed alpn http/1.1"
)]
#[case::no_resumption("client handshakes\nclient agreed resumption", "observed a full handshake")]
#[case::another_alert(
    "client connects\nclient sends \"\\x16\\xff\\xff\\xff\\xff\"\nclient receives alert unknown_ca",
    "expected client receives alert unknown_ca, observed alert decode_error"
)]
#[case::a_target_that_nobody_connects_to(
    "client connects\ntarget accepts",
    "expected target accepts, observed no connection in 5 s"
)]
fn a_turn_that_is_not_met_is_told_with_what_came_instead(#[case] turns: &str, #[case] words: &str) {
    let ran = run(&case_of(turns));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints(words);
    ran.assert_prints("cases/mine/dialogue.toml:2 step 1: a dialogue of ");
    ran.assert_prints("again: wssure run mine/dialogue --cases cases");
}

#[test]
fn another_certificate_is_told_as_such() {
    let case = case_of("client handshakes\nclient is shown other") + "[certificates.other]\n";
    run(&case).assert_prints("expected client is shown other, observed another certificate");
}

#[test]
fn what_the_proxy_says_of_a_dialogue_is_held_to_the_case() {
    let turns = "client opens ws\nclient sends text \"x\"\nclient receives close 1003";
    let ran = run(&case_of(turns));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("log  expected nothing, observed websocket-violation");
}

#[rstest]
#[case::verb(
    case_of("client speaks"),
    "4:8: `speaks` is not what a client does\n  |\n4 | client speaks\n  |        ^^^^^^\n  = hint: one of: connects"
)]
#[case::certificate(
    case_of("client is shown nobody"),
    "3:12: this case has no certificate `nobody`"
)]
#[case::string("title = 'x'\n[[step]]\ndialogue = 'client connects'\n".to_owned(), "3:12: a dialogue is a literal string of several lines")]
#[case::expectation(
    case_of("client opens ws") + "expect = 'connected'\n",
    "only `open` and `browse` have something to expect"
)]
fn a_dialogue_that_is_wrong_is_told_with_its_place(#[case] case: String, #[case] words: &str) {
    let ran = run(&case);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    ran.assert_says(words);
}
