use proptest::prelude::*;

use super::*;
use crate::Alert;

fn ask(words: &str) -> Answer {
    answer(words).unwrap_or_else(|error| panic!("{error}"))
}

fn first(words: &str) -> Fault {
    let answer = ask(words);
    answer.causes.first().unwrap_or_else(|| panic!("unknown: {words}: {answer:#?}")).fault
}

fn all(words: &str) -> Vec<Fault> {
    ask(words).causes.iter().flat_map(Cause::faults).collect()
}

#[test]
fn every_example_of_the_table_is_answered_with_its_first_cause() {
    let book = Book::built_in().unwrap_or_else(|error| panic!("{error}"));
    for symptom in book.table.symptoms() {
        let answer = book.answer(&symptom.example);
        let wanted = match &symptom.stands_for {
            table::StandsFor::Faults(faults) => faults[0],
            table::StandsFor::Alert(alert) => first(&format!("alert {}", alert.0)),
            table::StandsFor::Code(code) => first(code),
        };
        let found: Vec<Fault> = answer.causes.first().into_iter().flat_map(Cause::faults).collect();
        assert!(
            found.first() == Some(&wanted),
            "{}: {wanted} and not {answer:#?}",
            symptom.example
        );
    }
}

#[test]
fn an_alert_is_known_in_every_spelling() {
    let spellings = [
        "48",
        "alert 48",
        "unknown ca",
        "tlsv1 alert unknown_ca",
        "tlsv1 alert unknown ca",
        "error:14094418:SSL routines:SSL3_READ_BYTES:tlsv1 alert unknown ca",
        "0A000418",
        "14094418",
        "SSL alert number 48",
        "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2559)",
        "AlertReceived(UnknownCA)",
        "received fatal alert: UnknownCA",
        "remote error: tls: unknown certificate authority",
        "*** Received alert [48]: Unknown CA",
        "TLSv1.3 (IN), TLS alert, unknown CA (560):",
    ];
    for words in spellings {
        assert_eq!(all(words), all("alert 48"), "{words}");
        assert_eq!(ask(words).causes[0].speaker, Speaker::ClientRefusesProxy, "{words}");
    }
    for (words, number) in
        [("sslv3 alert certificate unknown", 46), ("ssl/tls alert bad certificate", 42)]
    {
        assert_eq!(all(words), all(&format!("alert {number}")), "{words}");
    }
}

#[test]
fn every_assigned_alert_has_an_answer() {
    for alert in (0..=u8::MAX).map(Alert).filter(|alert| alert.name().is_some()) {
        assert_ne!(all(&format!("TLS alert {alert} ({})", alert.0)), [], "{alert}");
    }
}

#[test]
fn every_code_of_every_client_is_answered_with_what_it_is_said_of() {
    for profile in client::built_in().unwrap() {
        let refuses = profile.refuses.iter().map(|rule| (&rule.code, &rule.faults));
        let reports = profile.reports.iter().map(|rule| (&rule.code, &rule.faults));
        for (code, faults) in refuses.chain(reports) {
            // WebKitGTK's `expired` is also the name of a fault.
            let Some(code) = code.as_ref().filter(|code| code.parse::<Fault>().is_err()) else {
                continue;
            };
            let found = all(code);
            for fault in faults {
                assert!(found.contains(fault.get_ref()), "{}: {code}: {found:?}", profile.name);
            }
        }
    }
}

#[test]
fn what_people_paste_is_known() {
    for (words, wanted) in [
        ("PEM lib", Fault::NoPrivateKey),
        (
            "[Errno 336265225] _ssl.c:347: error:140B0009:SSL routines:SSL_CTX_use_PrivateKey_file:PEM lib",
            Fault::NoPrivateKey,
        ),
        ("1011", Fault::TargetUnreachable),
        ("-9807", Fault::SelfSigned),
        ("ERR_CERT_COMMON_NAME_INVALID", Fault::WrongName),
        ("NET::ERR_CERT_DATE_INVALID", Fault::Expired),
        ("DEPTH_ZERO_SELF_SIGNED_CERT", Fault::SelfSigned),
        ("certificate verify failed: self signed certificate (_ssl.c:1131)", Fault::SelfSigned),
        ("x509: certificate signed by unknown authority", Fault::UnknownIssuer),
        ("  - No SSL/TLS support (no cert file)", Fault::MissingFile),
        (
            "Nov 23 10:00:01 vnc websockify[812]: handler exception: [X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4067)",
            Fault::KeyMismatch,
        ),
        ("self-signed", Fault::SelfSigned),
        (
            "curl: (60) SSL certificate problem: unable to get local issuer certificate",
            Fault::UnknownIssuer,
        ),
        ("curl: (60) SSL certificate problem: self-signed certificate", Fault::SelfSigned),
        (
            "curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to vnc.example.org:6080",
            Fault::ConnectionReset,
        ),
        ("The Upgrade header is missing", Fault::UpgradeStripped),
        (
            "Failed to connect to localhost:5900: [Errno 111] Connection refused",
            Fault::TargetUnreachable,
        ),
    ] {
        let found = all(words);
        assert!(found[..2.min(found.len())].contains(&wanted), "{words}: {:#?}", ask(words));
    }
}

#[test]
fn a_sentence_says_more_than_the_number_in_it() {
    let answer = ask("curl: (60) SSL certificate problem: certificate has expired");
    assert_eq!(answer.recognised.len(), 1, "{answer:#?}");
    assert_eq!(answer.causes[0].check.line, "wssure open wss://HOST/ --client curl");
    let answer = ask(
        "curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to vnc.example.org:6080 ",
    );
    assert!(
        answer.causes[0].check.line.starts_with("wssure open wss://vnc.example.org:6080/ "),
        "{answer:#?}"
    );
}

#[test]
fn silence_is_a_health_check_or_a_client_that_refuses_without_a_word() {
    let answer = ask("EOF occurred in violation of protocol (_ssl.c:590)");
    assert_eq!(answer.causes.len(), 1);
    assert!(
        answer.causes[0].faults().take(3).any(|fault| fault == Fault::ClientHungUp),
        "{answer:#?}"
    );
    assert!(answer.causes[0].faults().any(|fault| fault == Fault::UnknownIssuer));
}

#[test]
fn a_line_of_the_proxy_is_read_with_the_time_in_front_and_gives_the_host() {
    let answer = ask(
        "2026-11-23 10:00:01 client 192.0.2.7:51234: refused our certificate: TLS alert 45 certificate_expired during \
         the handshake (OpenSSL: sslv3 alert certificate expired): it is expired; it asked for vnc.example.org",
    );
    assert_eq!(answer.causes[0].fault, Fault::Expired);
    assert!(
        answer.causes[0].check.line.starts_with("wssure open wss://vnc.example.org/ --client "),
        "{answer:#?}"
    );
}

#[test]
fn several_signs_narrow_each_other_down() {
    // Of the clients that close with 1015, which is Firefox alone, and alert 42.
    let both = all("alert 42\ncode: 1015");
    assert!(both.len() < all("alert 42").len() && both.contains(&Fault::WrongName), "{both:?}");
    assert!(!both.contains(&Fault::Expired), "for that Firefox has alert 45: {both:?}");
    // A target's certificate is not the proxy's.
    let target = ask(
        "Failed to connect to vnc.internal:5901: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1007)",
    );
    assert_eq!(target.causes[0].fault, Fault::TargetCertificateRefused, "{target:#?}");
    assert!(target.causes[0].check.line.contains("https://vnc.internal:5901/"));
}

#[test]
fn what_is_unknown_gets_the_nearest_and_no_cause() {
    let answer = ask("self-singed");
    assert!(answer.causes.is_empty() && answer.recognised.is_empty());
    assert_eq!(answer.nearest.first().map(String::as_str), Some("self-signed"));
    assert!(ask("it does not work, please help").causes.is_empty());
    assert!(ask("").causes.is_empty());
}

#[test]
fn an_unknown_key_in_the_table_is_an_error_with_its_place() {
    let source = crate::data::Source::new("symptoms.toml", "[[symptom]]\npatern = 'x'\n");
    let error = table::Table::read_source(&source).unwrap_err().to_string();
    assert!(error.starts_with("symptoms.toml:2:1: unknown field `patern`"), "{error}");
    let text = "[[symptom]]\npattern = '('\nspeaker = 'x'\ncauses = ['expired']\nsource = 'x'\nexample = 'x'\n";
    let error =
        table::Table::read_source(&crate::data::Source::new("symptoms.toml", text)).unwrap_err();
    assert!(
        error.to_string().starts_with("symptoms.toml:2:11: is no regular expression: "),
        "{error}"
    );
    let text = "[[symptom]]\npattern = 'x'\nspeaker = 'x'\ncauses = ['expird']\nsource = 'x'\nexample = 'x'\n";
    let error =
        table::Table::read_source(&crate::data::Source::new("symptoms.toml", text)).unwrap_err();
    assert!(
        error.to_string().starts_with("symptoms.toml:4:11: unknown variant `expird`"),
        "{error}"
    );
}

#[test]
fn a_megabyte_is_read_quickly_and_not_to_its_end() {
    let line = "2026-11-23 client 192.0.2.7:51234: refused our certificate: TLS alert 48 unknown_ca ERR_CERT_INVALID\n";
    for words in [
        line.repeat(10_000),
        "alert ".repeat(180_000),
        "a".repeat(1 << 20),
        "(60) ".repeat(200_000),
    ] {
        let begun = std::time::Instant::now();
        let answer = ask(&words);
        assert_eq!(answer.unread, words.len() - LONGEST);
        // Generous: it is a fraction of a second, on a machine that does nothing else.
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

proptest! {
    #[test]
    fn no_words_make_it_panic(words in ".{0,200}") {
        ask(&words);
    }

    #[test]
    fn nor_do_words_that_look_like_messages(
        parts in prop::collection::vec(prop_oneof![
            Just("alert "), Just("client "), Just("(60) "), Just("error:14094418"), Just("num="), Just("wss://"),
            Just("[::1]:"), Just("target "), Just("unknown_ca"), Just("é"), Just("\n"), Just("code 1006"), Just("'"),
            Just("Failed to connect to "), Just(".pem"), Just("-9807"), Just("+"), Just("\u{1b}[31m"),
        ], 0..12)
    ) {
        ask(&parts.concat());
    }
}
