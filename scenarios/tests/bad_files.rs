//! A data file that is wrong is told with its name, line and column, and with what was meant.

mod common;

use common::Folder;
use rstest::rstest;

const CASE: &str = r#"
title = "A case"
[[step]]
open = "wss"
expect = "connected"
"#;

#[rstest]
#[case::key("titel = 'x'\n", "1:1: unknown field `titel`, expected one of `title`")]
#[case::kind(
    "title = 'x'\n[certificate]\nkind = 'self-singed'\n",
    "3:8: unknown variant `self-singed`"
)]
#[case::fault(
    "title = 'x'\n[[step]]\nopen = 'wss'\nexpect = 'expird'\n",
    "4:10: `expird` is neither `connected` nor a fault\n  |\n4 | expect = 'expird'\n  |          ^^^^^^^^\n  = hint: did you mean `expired`?"
)]
#[case::client(
    "title = 'x'\n[[step]]\nopen = 'wss'\n[step.expect]\nfirefix = 'connected'\nothers = 'connected'\n",
    "5:1: there is no client `firefix`\n  |\n5 | firefix = 'connected'\n  | ^^^^^^^\n  = hint: did you mean `firefox`?"
)]
#[case::opener(
    "title = 'x'\n[[step]]\nopen = 'wss'\nin = 'iframe'\nexpect = 'connected'\n",
    "4:6: unknown variant `iframe`, expected one of `page`, `worker`, `private-window`"
)]
#[case::page_in_a_worker(
    "title = 'x'\n[[step]]\nbrowse = 'https'\nin = 'worker'\nexpect = 'connected'\n",
    "4:6: `in` goes with `open` only"
)]
#[case::claim(
    "title = 'x'\n[[step]]\nopen = 'wss'\nexpect = 'connected'\n[[step.claim]]\nid = 'wiki.nope'\nsays = 'connected'\n",
    "6:6: there is no claim `wiki.nope`"
)]
#[case::title("[[step]]\nopen = 'wss'\nexpect = 'connected'\n", "1:1: this case has no title")]
#[case::parameter(
    "title = 'x'\n[certificate]\nkind = 'expired'\ndays = 30\n[[step]]\nopen = 'wss'\nexpect = 'expired'\n",
    "4:8: `expired` takes no `days`\n  |\n4 | days = 30\n  |        ^^\n  = hint: leave it out"
)]
#[case::days("title = 'x'\n[certificate]\ndays = 0\n", "3:8: ")]
#[case::key_type(
    "title = 'x'\n[certificate]\nkey = 'p255'\n",
    "3:7: unknown variant `p255`, expected one of `p256`"
)]
#[case::address_in_names(
    "title = 'x'\n[certificate]\nnames = ['a.test', 'IP:b.test']\n[[step]]\nopen = 'wss'\nexpect = 'connected'\n",
    "3:20: `b.test` is no address; write IP:192.0.2.1"
)]
#[case::host_of_another_form(
    "title = 'x'\n[certificate]\nkind = 'address-as-name'\nhost = 'a.test'\n[[step]]\nopen = 'wss'\nexpect = 'connected'\n",
    "4:8: a `address-as-name` certificate cannot be made for `a.test`; take an address"
)]
#[case::toml("title = \n", "1:9: ")]
fn in_a_case(#[case] text: &str, #[case] expected: &str) {
    let folder = Folder::new();
    folder.write("cases/claims.toml", "[[claim]]\nid = 'a.claim'\ntext = 'It works.'\n");
    folder.write("cases/group/good.toml", CASE);
    folder.write("cases/group/wrong.toml", text);
    let ran = folder.run(&["run", "group/good", "--cases", "cases"]);
    ran.assert_wrong(&format!("cases/group/wrong.toml:{expected}"));
}

const TABLE: &str = r#"
why = "made up for a test"
[[step]]
open = "wss"
[[case]]
name = "one"
title = "One"
expect = "connected"
[[case]]
name = "other"
title = "Another"
names = ["other.example.test"]
expect = "wrong-name"
"#;

#[rstest]
#[case::common_title(
    "why =",
    "title = 'x'\nwhy =",
    "2:9: a file with [[case]] has no title of its own"
)]
#[case::name("\"other\"", "\"Other one\"", "10:8: `Other one` cannot be a part of a case's id")]
#[case::same_name("\"other\"", "\"one\"", "10:8: another case of this file is called `one`")]
#[case::no_title("title = \"One\"\n", "", "5:1: missing field `title`")]
#[case::key("names =", "name_s =", "12:1: unknown field `name_s`")]
#[case::fault(
    "\"wrong-name\"",
    "\"wrong-nam\"",
    "13:10: `wrong-nam` is neither `connected` nor a fault"
)]
#[case::parameter(
    "title = \"Another\"",
    "title = \"Another\"\nkind = \"wrong-name\"",
    "13:9: `wrong-name` takes no `names`"
)]
#[case::nothing_expected(
    "expect = \"connected\"\n",
    "",
    "3:1: this step says not what is expected"
)]
#[case::expected_twice(
    "open = \"wss\"",
    "open = \"wss\"\nexpect = \"connected\"",
    "9:10: no step of this case is without an `expect` of its own"
)]
fn in_a_table_of_cases(#[case] right: &str, #[case] wrong: &str, #[case] expected: &str) {
    let folder = Folder::new();
    folder.write("cases/group/table.toml", &TABLE.replace(right, wrong));
    let ran = folder.run(&["run", "--cases", "cases"]);
    ran.assert_wrong(&format!("cases/group/table.toml:{expected}"));
}

#[test]
fn two_cases_of_one_id() {
    let folder = Folder::new();
    folder.write("cases/group/table.toml", TABLE);
    folder.write("cases/group/table.one.toml", CASE);
    let ran = folder.run(&["run", "--cases", "cases"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    ran.assert_says("another file has a case `group/table.one`");
}

const CLIENT: &str = r#"
name = "mine"
title = "Mine"
era = "today"
[provenance]
documented = "made up for a test"
[hello]
tls = ["1.3"]
[refusal]
moment = { "1.3" = "during-handshake" }
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
alert = "unknown_ca"
exception = "offered"
"#;

#[rstest]
#[case::key("name = \"mine\"", "nmae = \"mine\"", "2:1: unknown field `nmae`")]
#[case::fault("[\"unknown-issuer\"]", "[\"expird\"]", "21:11: unknown variant `expird`")]
#[case::alert("\"unknown_ca\"", "\"unknown-ca\"", "22:9: there is no TLS alert `unknown-ca`")]
#[case::no_word_of_the_warning("exception = \"offered\"", "", "21:11: `exception` does not say")]
#[case::close_notify(
    "exception = \"offered\"",
    "exception = \"offered\"\nleaves = \"notifies\"",
    "21:11: close_notify is for a refusal after the handshake and without an alert"
)]
fn in_a_client(#[case] right: &str, #[case] wrong: &str, #[case] expected: &str) {
    let folder = Folder::new();
    folder.write("mine.toml", &CLIENT.replace(right, wrong));
    let ran = folder.run(&["run", "--client", "mine.toml"]);
    ran.assert_wrong(&format!("mine.toml:{expected}"));
}

#[test]
fn in_a_client_that_has_no_warning_to_go_on_from() {
    let folder = Folder::new();
    let (before, rest) = CLIENT.split_once("[exceptions]").unwrap();
    let (_, rules) = rest.split_once("[[refuses]]").unwrap();
    folder.write("mine.toml", &format!("{before}[[refuses]]{rules}"));
    let ran = folder.run(&["run", "--client", "mine.toml"]);
    ran.assert_wrong("mine.toml:15:11: this client has no `[exceptions]`");
}

const SUBJECT: &str = r#"
name = "mine"
title = "Mine"
install = "it is there"
command = ["true"]
[ready]
connect = true
[[log]]
line = "refused"
fault = "client-hung-up"
"#;

#[rstest]
#[case::key("install =", "instal =", "4:1: unknown field `instal`")]
#[case::fault("\"client-hung-up\"", "\"client-hung-upp\"", "10:9: ")]
#[case::pattern("\"refused\"", "\"(refused\"", "9:8: is no regular expression")]
#[case::placeholder("[\"true\"]", "[\"true\", \"{cret}\"]", "5:")]
fn in_a_subject(#[case] right: &str, #[case] wrong: &str, #[case] expected: &str) {
    let folder = Folder::new();
    folder.write("mine.toml", &SUBJECT.replace(right, wrong));
    let ran = folder.run(&["run", "--subject", "./mine.toml"]);
    ran.assert_wrong(&format!("./mine.toml:{expected}"));
}

#[test]
fn that_is_not_there() {
    let folder = Folder::new();
    for option in ["--client", "--subject"] {
        folder
            .run(&["run", option, "none.toml"])
            .assert_wrong("none.toml: cannot be read: No such");
    }
    folder.run(&["run", "--cases", "none"]).assert_wrong("none");
}

#[test]
fn a_claim_without_a_case_is_an_error() {
    let folder = Folder::new();
    folder.write("cases/claims.toml", "[[claim]]\nid = 'a.claim'\ntext = 'It works.'\n");
    folder.write("cases/group/good.toml", CASE);
    let ran = folder.run(&["list", "claims", "--cases", "cases"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    ran.assert_says("cases/claims.toml: no case speaks of a.claim");
}
