//! `wssure explain WORDS`: what people paste, and what they are told.

mod common;

use common::{Folder, Ran};
use rstest::rstest;

fn explain(words: &str) -> Ran {
    let ran = Folder::new().run(&["explain", words]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(ran.stderr, "");
    ran
}

#[rstest]
#[case::openssl(
    "sslv3 alert certificate unknown",
    "1. unknown-issuer: the client refuses the proxy's certificate"
)]
#[case::pem("PEM lib", "1. no-private-key: the proxy speaks of its own certificate and key files")]
#[case::code_of_openssl_1("error:14094418", "TLS alert 48 unknown_ca")]
#[case::code_of_openssl_3("0A000418", "TLS alert 48 unknown_ca")]
#[case::number("48", "TLS alert 48 unknown_ca")]
#[case::abnormal("1006", "1. self-signed: the client refuses the proxy's certificate")]
#[case::tls("1015", "wssure open wss://HOST/ --client firefox")]
#[case::target("1011", "1. target-unreachable: the proxy refuses its target, or does not reach it")]
#[case::apple("-9807", "said by Safari (macOS)")]
#[case::chromium(
    "ERR_CERT_COMMON_NAME_INVALID",
    "1. wrong-name: the client refuses the proxy's certificate"
)]
#[case::console("net::ERR_CERT_DATE_INVALID", "1. expired: ")]
#[case::silence("EOF occurred in violation of protocol", "client-hung-up")]
#[case::node("DEPTH_ZERO_SELF_SIGNED_CERT", "1. self-signed: ")]
#[case::go("x509: certificate signed by unknown authority", "said by Go (crypto/x509)")]
#[case::go_server(
    "http: TLS handshake error from 192.0.2.7:5: remote error: tls: unknown certificate authority",
    "TLS alert 48 unknown_ca"
)]
#[case::python(
    "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2559)",
    "TLS alert 48 unknown_ca"
)]
#[case::page(
    "SecurityError: The operation is insecure.",
    "1. mixed-content: the browser refuses the page"
)]
#[case::reverse_proxy("Unexpected response code: 400", "1. upgrade-stripped: ")]
fn a_message_is_answered(#[case] words: &str, #[case] expected: &str) {
    explain(words).assert_prints(expected);
}

#[test]
fn a_line_of_a_log_gives_the_command_its_host() {
    let ran = explain(
        "Nov 23 10:00:01 vnc wssure[812]: client 192.0.2.7:51234: refused our certificate: TLS alert 42 bad_certificate \
         during the handshake (OpenSSL: sslv3 alert bad certificate): it says so; it asked for vnc.example.org",
    );
    ran.assert_prints(": a line of wssure proxy for `client-refused-certificate`");
    ran.assert_prints("wssure open wss://vnc.example.org/ --client firefox");
}

#[test]
fn a_message_about_a_file_gives_the_command_the_file_and_commands_that_mend_it() {
    let ran = explain(
        "nginx: [emerg] SSL_CTX_use_PrivateKey(\"/etc/ssl/site.key\") failed (SSL: error:0B080074:x509 certificate \
         routines:X509_check_private_key:key values mismatch)",
    );
    ran.assert_prints("1. key-mismatch: the proxy speaks of its own certificate and key files");
    ran.assert_prints("wssure inspect /etc/ssl/site.key --host HOST");
    ran.assert_prints("  openssl req -new -newkey rsa:2048");
}

#[test]
fn one_word_for_many_faults_says_so() {
    let ran = explain("ERR_CERT_INVALID");
    ran.assert_prints("Nothing in these words tells it apart from ");
    assert!(!ran.stdout.contains("openssl req"), "commands for one fault of many: {}", ran.stdout);
    ran.assert_prints("The commands for it: wssure explain ");
}

#[test]
fn lines_on_standard_input_are_read_together() {
    let folder = Folder::new();
    let lines = "WebSocket connection to 'wss://vnc.example.org:6080/' failed: \n\
                 Connection closed (code: 1015)\n\
                 [SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2559)\n";
    let output = folder.wssure(&["explain", "-"]).write_stdin(lines).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("1. self-signed: "), "{printed}");
    assert!(
        printed.contains("wssure open wss://vnc.example.org:6080/ --client firefox\n"),
        "{printed}"
    );
    // For these Firefox has other alerts.
    assert!(!printed.contains("\n     expired "), "{printed}");
}

#[test]
fn what_is_not_text_is_not_known_and_does_no_harm() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    let output = folder.wssure(&["explain", "-"]).write_stdin(bytes).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("error: `") && !told.contains("panicked"), "{told}");
    assert!(!told.contains('\u{1b}') && !told.contains('\u{7}'), "{told:?}");
}
