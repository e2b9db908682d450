//! A call that is wrong is told which option it was and what to do, before anything is started.

mod common;

use std::net::TcpListener;

use common::Folder;
use rstest::rstest;

#[rstest]
#[case::client(&["run", "--client", "firefix"], "there is no client `firefix` (did you mean `firefox`?)")]
#[case::client_twice(&["run", "--client", "ios,ios"], "--client: the name `ios` is there twice")]
#[case::subject(&["run", "--subject", "websockfy"], "--subject:1:1: there is no subject `websockfy`")]
#[case::filter(&["run", "nothing-is-called-so"], "FILTER `nothing-is-called-so` matches no case")]
#[case::pattern(&["run", "wiki/[x"], "FILTER `wiki/[x` is no pattern")]
#[case::report_folder(&["run", "--report", "json=none/report.json"], "--report: none/report.json cannot be written: ")]
#[case::report_is_a_folder(&["run", "--report", "junit=."], "--report: . cannot be written: ")]
#[case::report_format(&["run", "--report", "pdf=x"], "invalid value 'pdf=x' for '--report <FORMAT=FILE>': there is no format `pdf`")]
#[case::jobs(&["run", "--jobs", "0"], "invalid value '0' for '--jobs <N>'")]
#[case::fault(&["explain", "self-singed"], "`self-singed` is not known here; the nearest that are: `self-signed`")]
#[case::words(&["explain", "it does not work"], "`it does not work` is not known here\n  Paste what the browser's console says")]
#[case::kind(&["make", "expird", "--host", "a.test", "--out", "x"], "invalid value 'expird' for '<KIND>': there is no certificate kind `expird`; did you mean `expired`?")]
#[case::host(&["make", "good", "--host", "wss://a.test", "--out", "x"], "invalid value 'wss://a.test' for '--host <NAME>': `wss://a.test` is no host")]
#[case::out(&["make", "good", "--host", "a.test", "--out", "/proc/x"], "cannot write /proc/x")]
#[case::url(&["open", "proxy.example.test"], "invalid value 'proxy.example.test' for '<URL>': `proxy.example.test` does not begin with wss://")]
#[case::trust(&["open", "wss://a.test/", "--trust", "none.pem"], "--trust none.pem: cannot be read: No such file")]
#[case::timeout(&["open", "wss://a.test/", "--timeout", "0"], "invalid value '0' for '--timeout <SECONDS>'")]
#[case::connect(&["open", "ws://a.test/", "--connect", "127.0.0.1"], "--connect 127.0.0.1: ")]
#[case::command(&["rum"], "unrecognized subcommand 'rum'")]
fn is_told(#[case] arguments: &[&str], #[case] expected: &str) {
    let folder = Folder::new();
    folder.run(arguments).assert_wrong(expected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a wrong call writes nothing");
}

#[test]
fn a_file_without_a_certificate_is_told() {
    let folder = Folder::new();
    folder.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let ran = folder.run(&["open", "wss://a.test/", "--accept", "cut.pem"]);
    ran.assert_wrong("--accept cut.pem: is damaged: ");
    folder.write("empty.pem", "");
    let ran = folder.run(&["open", "wss://a.test/", "--trust", "empty.pem"]);
    ran.assert_wrong("--trust empty.pem: there is no certificate in it");
}

/// The proxy has exit codes of its own, and 1 is that it could not start.
#[test]
fn a_port_that_is_taken_is_told_by_the_proxy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Folder::new().run(&["proxy", &address, "127.0.0.1:9"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_says(&address);
    ran.assert_says("in use");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new();
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["run", "--help"],
        &["compare", "--help"],
        &["limbo", "--help"],
        &["list", "--help"],
        &["explain", "--help"],
        &["open", "--help"],
        &["make", "--help"],
        &["proxy", "--help"],
        &["--version"],
    ];
    for arguments in commands {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ran.stdout.contains("wssure"), "{arguments:?}: {}", ran.stdout);
    }
    folder.run(&["--help"]).assert_prints("130  interrupted");
    folder.run(&["proxy", "--help"]).assert_prints("Usage: wssure proxy [OPTIONS]");
}
