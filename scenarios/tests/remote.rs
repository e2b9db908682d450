//! Browsers behind WebDriver endpoints, as far as that shows without any: what goes wrong on the way to them.

mod common;

use std::net::TcpListener;

use common::{
    Folder,
    webdriver::{Manner, WebDriver},
};
use rstest::rstest;

const CASES: [&str; 2] = ["wiki/safari", "wiki/self-signed-refused"];

fn endpoint(rest: &str) -> String {
    format!("phone={rest},browserName=safari")
}

fn run(endpoint: &str) -> common::Ran {
    let folder = Folder::new();
    folder.run(&["run", CASES[0], CASES[1], "--jobs", "1", "--webdriver", endpoint])
}

#[test]
fn an_endpoint_that_is_not_there_ends_the_run_at_once() {
    // Nobody listens at a port that was just free.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = run(&endpoint(&format!("http://{free}")));
    ran.assert_wrong(&format!("remote:phone: no session with the browser at http://{free}/: "));
    ran.assert_says("Connection refused");
}

#[test]
fn an_endpoint_that_talks_nonsense_is_told_of() {
    let webdriver = WebDriver::start(Manner::Nonsense);
    let ran = run(&endpoint(&format!("http://{}", webdriver.address)));
    ran.assert_wrong("remote:phone: no session with the browser at ");
}

#[test]
fn a_session_that_dies_costs_its_case_only() {
    let webdriver = WebDriver::start(Manner::FirstSessionDies);
    let ran = run(&endpoint(&format!("http://{}", webdriver.address)));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("TROUBLE scenarios/wiki/safari.toml");
    ran.assert_prints("invalid session id");
    ran.assert_prints("1 trouble of the harness");
    assert_eq!(webdriver.sessions(), 2, "{ran:#?}");
    assert_eq!(webdriver.ended(), 2, "every session is ended, the dead one too: {ran:#?}");
}

#[test]
fn every_session_is_ended() {
    let webdriver = WebDriver::start(Manner::Proper);
    let ran = run(&endpoint(&format!("http://{}", webdriver.address)));
    assert_eq!((webdriver.sessions(), webdriver.ended()), (1, 1), "{ran:#?}");
}

#[test]
fn who_does_not_find_this_machine_is_skipped_and_told_how_to() {
    let webdriver = WebDriver::start(Manner::FindsNoName);
    let ran = run(&endpoint(&format!("http://{}", webdriver.address)));
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("the browser at phone does not find untrusted.wssure.test at 127.0.0.1; name it in its hosts file");
    assert_eq!(webdriver.sessions(), webdriver.ended(), "{ran:#?}");
}

#[test]
fn an_authority_that_is_not_trusted_is_no_difference() {
    let webdriver = WebDriver::start(Manner::Proper);
    let folder = Folder::new();
    let endpoint = endpoint(&format!("http://{}", webdriver.address));
    let ran = folder.run(&["run", "certificates/expired", "--webdriver", &endpoint]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("the browser at phone does not trust this run's authority; keep one with --authority FOLDER");
}

#[rstest]
#[case::works(Manner::Proper)]
#[case::dies(Manner::FirstSessionDies)]
#[case::nonsense(Manner::Nonsense)]
fn a_password_reaches_the_endpoint_and_nobody_else(#[case] manner: Manner) {
    let webdriver = WebDriver::start(manner);
    let folder = Folder::new();
    let endpoint = endpoint(&format!("http://me:geheim@{}", webdriver.address));
    let ran = folder.run(&[
        "run",
        CASES[0],
        "--webdriver",
        &endpoint,
        "--report",
        "json=r.json",
        "--report",
        "junit=r.xml",
    ]);
    let mut shown = format!("{ran:?}");
    for report in ["r.json", "r.xml"] {
        shown += &std::fs::read_to_string(folder.path().join(report)).unwrap_or_default();
    }
    // In base64 too: `me:geheim`.
    assert!(!shown.contains("geheim") && !shown.contains("bWU6Z2VoZWlt"), "{shown}");
    if manner != Manner::Nonsense {
        assert!(webdriver.authorized().iter().all(|one| one == "Basic bWU6Z2VoZWlt"));
        assert!(!webdriver.authorized().is_empty());
    }
}

#[rstest]
#[case::name("http://h,browserName=safari", "--webdriver: at character 1: a name of letters")]
#[case::profile("a=http://h", "--webdriver: at character 11: no browserName tells whose rules")]
#[case::json(
    "a=http://h,b={\"geheim\"}",
    "--webdriver: at character 14: the value of `b` begins as JSON"
)]
#[case::password("a=ftp://me:geheim@h,profile=ios", "--webdriver: at character 3: that is no URL")]
#[case::rules("a=http://h,profile=ioss", "there is no client `ioss` (did you mean `ios`?)")]
fn what_is_no_endpoint_is_told(#[case] given: &str, #[case] begins: &str) {
    let ran = Folder::new().run(&["run", "--webdriver", given]);
    ran.assert_wrong(begins);
    assert!(!ran.stderr.contains("geheim"), "{}", ran.stderr);
}

#[test]
fn a_name_is_given_once() {
    let ran = Folder::new().run(&[
        "run",
        "--webdriver",
        "a=http://h,profile=ios",
        "--webdriver",
        "a=http://i,profile=ios",
    ]);
    ran.assert_wrong("--webdriver: the name `remote:a` is there twice");
}

#[test]
fn an_address_that_is_not_this_machines_is_told() {
    let webdriver = WebDriver::start(Manner::Proper);
    let endpoint = endpoint(&format!("http://{}", webdriver.address));
    // RFC 5737: nobody has it.
    let ran = Folder::new().run(&["run", "--webdriver", &endpoint, "--address", "192.0.2.1"]);
    ran.assert_wrong("remote:phone: a server for its page at 192.0.2.1 (--address): ");
}

#[test]
fn a_kept_authority_is_the_same_in_the_next_run() {
    let folder = Folder::new();
    let run = || {
        let ran = folder.run(&["run", "wiki/safari", "--client", "firefox", "--authority", "kept"]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        std::fs::read(folder.path().join("kept/authority.pem")).unwrap()
    };
    assert_eq!(run(), run());
}
