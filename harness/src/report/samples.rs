//! A report with every kind of cell, for the tests beside this file.

use crate::{
    Alert, Fault,
    observation::{
        AlertSeen, Answer, Certificate, Close, Ending, Finding, Handshake, Moment, Observation,
        Offered, OfferedVersion, Outcome, Page, PageEvent, Party, Refusal, Sight, Step, Timing,
        TlsVersion,
    },
    run::{
        CaseResult, ClientResult, ClientUsed, Difference, Effort, REPORT_VERSION, Report,
        SaidFault, StartResult, StepResult, SubjectUnderTest, Verdict,
    },
    subject::Field,
};

/// A client that was served.
pub(crate) fn connected() -> Observation {
    Observation {
        outcome: Outcome::Connected,
        page: Some(Page {
            events: vec![PageEvent::Open, PageEvent::Message, PageEvent::Close],
            close: Some(Close { code: 1000, reason: "bye".to_owned(), clean: true }),
        }),
        answer: Some(Answer { status: 101, media_type: None, holds_private_key: false }),
        echo: Some(crate::client::Echo::Same),
        exception: None,
        offered: Some(Offered {
            tls: vec![OfferedVersion::Tls13, OfferedVersion::Tls12],
            protocols: vec!["h2".to_owned(), "http/1.1".to_owned()],
            server_name: Some("proxy.example.test".to_owned()),
        }),
        tls: Some(Handshake {
            version: Some(TlsVersion::Tls13),
            cipher_suite: Some("TLS13_AES_256_GCM_SHA384".to_owned()),
            protocol: Some("http/1.1".to_owned()),
            chain: vec![certificate()],
        }),
        found: Vec::new(),
        alerts: Vec::new(),
        connections: 1,
        timing: Timing { tcp_ms: 0.1, tls_ms: 2.25, total_ms: 3.5 },
        sight: Sight::Whole,
    }
}

/// A client that refused, under a server that would write to the terminal.
pub(crate) fn refused() -> Observation {
    let detail = "signed by itself: CN=\u{1b}[31mproxy.example.test";
    let alert =
        AlertSeen { alert: Alert(42), sent_by: Party::Client, moment: Moment::DuringHandshake };
    Observation {
        alerts: vec![alert],
        outcome: Outcome::Refused(Refusal {
            by: Party::Client,
            step: Step::Tls,
            fault: Fault::SelfSigned,
            code: Some("MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT".to_owned()),
            alert: Some(alert),
            ending: Ending::Closed,
            detail: detail.to_owned(),
        }),
        page: Some(Page {
            events: vec![PageEvent::Error, PageEvent::Close],
            close: Some(Close { code: 1015, reason: String::new(), clean: false }),
        }),
        answer: None,
        echo: None,
        found: vec![
            Finding { fault: Fault::SelfSigned, place: None, detail: detail.to_owned() },
            Finding {
                place: None,
                fault: Fault::UnknownIssuer,
                detail: "no trusted certificate above".to_owned(),
            },
        ],
        ..connected()
    }
}

fn certificate() -> Certificate {
    Certificate {
        subject: "CN=proxy.example.test".to_owned(),
        issuer: "CN=wssure intermediate".to_owned(),
        names: vec!["proxy.example.test".to_owned()],
        not_before: "Nov  1 00:00:00 2026 +00:00".to_owned(),
        not_after: "Jan 30 00:00:00 2027 +00:00".to_owned(),
        sha256: "00ff".repeat(16),
    }
}

fn step(number: usize, verdict: Verdict, observation: Option<Observation>) -> StepResult {
    StepResult {
        number,
        line: 10 + number,
        action: "open wss://proxy.example.test/".to_owned(),
        verdict,
        differences: Vec::new(),
        observation,
        said: Vec::new(),
        log: Vec::new(),
    }
}

fn difference(field: Field, expected: &str, observed: &str, known: Option<&str>) -> Difference {
    Difference {
        field,
        expected: expected.to_owned(),
        observed: observed.to_owned(),
        known: known.map(str::to_owned),
    }
}

fn unexpected() -> StepResult {
    StepResult {
        differences: vec![
            difference(Field::Fault, "unknown-issuer", "self-signed", None),
            difference(Field::Log, "nothing", "client-hung-up", Some("it logs too much")),
        ],
        said: vec![SaidFault {
            fault: Fault::ClientHungUp,
            alert: None,
            line: "client: gone".to_owned(),
        }],
        log: vec!["client: gone".to_owned(), "colour: \u{1b}[31mred".to_owned()],
        ..step(1, Verdict::Unexpected, Some(refused()))
    }
}

fn known() -> StepResult {
    StepResult {
        differences: vec![difference(
            Field::Log,
            "client-hung-up",
            "nothing",
            Some("it logs no silent client"),
        )],
        ..step(1, Verdict::KnownDivergence, Some(refused()))
    }
}

/// The steps of a client in a case, one list for each kind of cell.
fn stories() -> Vec<(&'static str, Vec<StepResult>)> {
    let expected = Verdict::AsExpected;
    let skipped = Verdict::Skipped("openssl is not installed".to_owned());
    let trouble = Verdict::Trouble("the port was taken\nby somebody else".to_owned());
    vec![
        ("connects", vec![step(1, expected.clone(), Some(connected()))]),
        ("is-refused", vec![step(1, expected.clone(), Some(refused()))]),
        (
            "is-refused-and-then-connects",
            vec![step(1, expected.clone(), Some(refused())), step(2, expected, Some(connected()))],
        ),
        ("differs-as-known", vec![known()]),
        ("differs", vec![unexpected()]),
        ("says-nothing", vec![step(1, Verdict::NotJudged, Some(connected()))]),
        ("cannot-be-tried", vec![step(1, skipped, None)]),
        ("breaks", vec![step(1, trouble, None)]),
    ]
}

/// A report with every kind of cell in the column of `firefox`, and good ones beside it.
pub(crate) fn report() -> Report {
    let clients = ["chromium", "firefox"];
    let mut cases: Vec<CaseResult> = stories()
        .into_iter()
        .map(|(name, steps)| {
            case(
                &format!("wiki/{name}"),
                vec![vec![step(1, Verdict::AsExpected, Some(connected()))], steps],
            )
        })
        .collect();
    cases.push(case("files/ends-at-once", vec![Vec::new(), Vec::new()]));
    let mut silent = case("files/ends-in-silence", vec![Vec::new(), Vec::new()]);
    silent.start.verdict = Verdict::Unexpected;
    silent.start.differences = vec![difference(Field::Start, "exits", "serves", None)];
    cases.push(silent);
    Report {
        version: REPORT_VERSION,
        program: "wssure 0.0.0".to_owned(),
        subject: SubjectUnderTest {
            name: "websockify".to_owned(),
            title: "websockify (Python)".to_owned(),
            release: Some("websockify 0.13.0".to_owned()),
        },
        clients: clients
            .map(|name| ClientUsed {
                name: name.to_owned(),
                title: name.to_owned(),
                measured: true,
                version: None,
            })
            .to_vec(),
        cases,
        stale_divergences: vec!["subjects/websockify.toml:3:1: this did not happen".to_owned()],
        effort: Effort {
            connections: 31,
            wall_ms: 2000.0,
            certificates_ms: 10.0,
            subjects_ms: 3000.0,
            clients_ms: 500.0,
            control_ms: 250.0,
            log_ms: 240.0,
        },
    }
}

fn case(id: &str, steps: Vec<Vec<StepResult>>) -> CaseResult {
    let clients = ["chromium", "firefox"];
    CaseResult {
        id: id.to_owned(),
        title: "A case".to_owned(),
        claims: vec!["wiki.a-claim".to_owned()],
        file: format!("scenarios/{id}.toml"),
        start: StartResult {
            verdict: Verdict::AsExpected,
            line: 5,
            differences: Vec::new(),
            log: Vec::new(),
        },
        dialogues: Vec::new(),
        clients: clients
            .iter()
            .zip(steps)
            .map(|(name, steps)| ClientResult { client: (*name).to_owned(), steps })
            .collect(),
        took_ms: 12.5,
    }
}

/// What `write` writes, without its styles.
pub(crate) fn plain(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    write(&mut out).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}
