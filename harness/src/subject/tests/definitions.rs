//! A definition is checked, and an error in it is told with its place.

use rstest::rstest;

use super::define;
use crate::{
    Alert, Fault,
    subject::{Line, Stream, Subject},
};

const READY: &str = "[ready]\nlog = 'ready'\n";

#[rstest]
#[case::unknown_placeholder(
    r#"["x", "--listen={listne}"]"#,
    READY,
    "tiny.toml:4:27: there is no placeholder `{listne}`",
    "did you mean `listen`?"
)]
#[case::placeholder_out_of_place(
    r#"["x", "{cert}"]"#,
    READY,
    "tiny.toml:4:18: the placeholder `{cert}` has no meaning here",
    "[options]"
)]
#[case::options_within_an_argument(
    r#"["x", "-{options}"]"#,
    READY,
    "tiny.toml:4:19: `{options}` stands for several arguments",
    ""
)]
#[case::no_command("[]", READY, "tiny.toml:4:11: the command is empty", "")]
#[case::never_ready(
    r#"["x"]"#,
    "[ready]\n",
    "tiny.toml:5:1: nothing says when the subject is ready",
    "connect = true"
)]
#[case::unknown_key(r#"["x"]"#, "[ready]\nlgo = 'x'\n", "tiny.toml:6:1: unknown field `lgo`", "")]
#[case::unknown_option(
    r#"["x"]"#,
    "[ready]\nlog = 'x'\n[options]\ncret = []\n",
    "tiny.toml:8:1: unknown variant `cret`",
    ""
)]
#[case::bad_regex(
    r#"["x"]"#,
    "[ready]\nlog = '('\n",
    "tiny.toml:6:7: is no regular expression: unclosed group",
    ""
)]
#[case::unknown_fault(
    r#"["x"]"#,
    "[ready]\nlog = 'x'\n[[log]]\nline = 'x'\nfault = 'key-mismatsch'\n",
    "tiny.toml:9:9: there is no fault `key-mismatsch`",
    "did you mean `key-mismatch`?"
)]
#[case::unknown_alert(
    r#"["x"]"#,
    "[ready]\nlog = 'x'\n[[log]]\nline = 'x'\nfault = 'key-mismatch'\nalert = 'unknown-ca'\n",
    "tiny.toml:10:9: there is no TLS alert `unknown-ca`",
    ""
)]
#[case::two_alerts(
    r#"["x"]"#,
    "[ready]\nlog = 'x'\n[[log]]\nline = '(?<alert>\\d+)'\nfault = 'server-alert'\nalert = 'unknown_ca'\n",
    "tiny.toml:10:9: the rule takes the alert from the line already",
    ""
)]
#[case::divergence_without_reason(
    r#"["x"]"#,
    "[ready]\nlog = 'x'\n[[divergence]]\ncases = ['a']\nfield = 'fault'\nexpected = 'a'\nobserved = 'b'\nreason = ''\n",
    "tiny.toml:12:10: a divergence needs its reason",
    ""
)]
fn what_is_wrong_is_told_with_its_place(
    #[case] command: &str,
    #[case] rest: &str,
    #[case] message: &str,
    #[case] hint: &str,
) {
    let error = define(command, rest).unwrap_err().to_string();
    assert!(error.starts_with(message), "{error}");
    assert!(error.contains(hint), "{error}");
}

#[test]
fn braces_of_another_language_are_text() {
    define(r#"["sh", "-c", "echo {} ${HOME} {1..3} { true; }"]"#, READY).unwrap();
}

#[test]
fn the_first_rule_that_matches_a_line_says_what_it_means() {
    let subject = define(
        r#"["x"]"#,
        r"
        ready.log = 'x'
        [[log]]
        line = 'alert (?<alert>\d+)'
        fault = 'client-refused-certificate'
        [[log]]
        line = 'TLSV1_ALERT_UNKNOWN_CA'
        fault = 'client-refused-certificate'
        alert = 'unknown_ca'
        [[log]]
        line = '(?i)alert'
        fault = 'server-alert'
        ",
    )
    .unwrap();
    let lines = ["alert 46 seen", "nothing", "TLSV1_ALERT_UNKNOWN_CA", "ALERT", "alert 4711"];
    let lines: Vec<Line> = (0..).zip(lines).map(|(number, text)| line(number, text)).collect();

    let said: Vec<_> =
        subject.read(&lines).into_iter().map(|said| (said.fault, said.alert)).collect();
    assert_eq!(
        said,
        [
            (Fault::ClientRefusedCertificate, Some(Alert(46))),
            (Fault::ClientRefusedCertificate, Some(Alert(48))),
            (Fault::ServerAlert, None),
            (Fault::ClientRefusedCertificate, None),
        ]
    );
}

fn line(number: u64, text: &str) -> Line {
    Line { number, stream: Stream::Stderr, text: text.into() }
}

const DIVERGENCE: &str = "
ready.log = 'x'
[[divergence]]
cases    = ['files/*', 'wiki/chrome']
field    = 'fault'
expected = 'connection-closed'
observed = 'connection-reset'
reason   = 'closes the socket with the ClientHello unread, so TCP resets'
";

#[test]
fn a_divergence_that_matches_no_case_is_an_error_at_its_pattern() {
    let subject = define(r#"["x"]"#, DIVERGENCE).unwrap();
    let divergence = &subject.divergences()[0];
    assert!(divergence.covers("files/empty") && divergence.covers("wiki/chrome"));
    assert!(!divergence.covers("files/deeper/empty"));

    divergence.check(["files/empty", "wiki/chrome"], []).unwrap();
    let error = divergence.check(["files/empty"], []).unwrap_err().to_string();
    assert!(error.starts_with("tiny.toml:8:24: no case matches `wiki/chrome`"), "{error}");
}

#[test]
fn a_divergence_that_no_longer_happens_is_an_error_at_what_it_says() {
    let subject = define(r#"["x"]"#, DIVERGENCE).unwrap();
    let error =
        subject.divergences()[0].no_longer_happens("files/empty", "connection-closed").to_string();
    assert!(
        error.starts_with("tiny.toml:11:12: this divergence did not happen in files/empty"),
        "{error}"
    );
    assert!(error.contains("remove the case from `cases`"), "{error}");
}

#[test]
fn a_file_of_the_users_own_is_found_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(
        &file,
        "name = 'mine'\ntitle = ''\ninstall = ''\ncommand = ['./mine']\nready.connect = true\n",
    )
    .unwrap();
    assert_eq!(Subject::find(file.to_str().unwrap()).unwrap().name(), "mine");

    let error = Subject::find("no/such.toml").unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: cannot be read: "), "{error}");
}
