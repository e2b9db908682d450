//! The command as its users see it. What it measures is not asserted: figures are the machine's.

use assert_cmd::Command;

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wssure-bench"));
    command.args(arguments);
    command
}

/// All that can be measured on the way of the bytes, without a proxy that would have to be installed.
#[test]
fn each_line_of_the_tables_has_a_figure() {
    let output = bench(&["--quick", "--seconds", "0.05", "--peers", "tls-tokio,direct"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output).unwrap();
    let lines = [
        "download CPU s/GiB",
        "upload-64k CPU s/GiB",
        "upload-16k MB/s",
        "upload-64 CPU ns/frame",
        "echo-1 p99 µs",
        "echo-64 CPU µs/message",
        "sessions-full CPU µs/session",
        "idle-1000 KiB/connection",
        "stall KiB hoarded",
    ];
    for scheme in ["wss", "ws"] {
        let (_, table) = text.split_once(&format!("### {scheme}: all")).unwrap();
        for line in lines {
            let row = table.lines().find(|row| row.starts_with(&format!("| {line} |"))).unwrap();
            let forwarder = row.split(" | ").nth(1).unwrap();
            assert!(forwarder.starts_with(|first: char| first.is_ascii_digit()), "{scheme}: {row}");
        }
    }
    assert!(text.contains("sessions-resumed CPU µs/session"));
    assert!(!text.contains("Not measured"), "{text}");
}

#[test]
fn one_that_cannot_be_started_is_said_to_be_not_measured() {
    let run = ["--quick", "--seconds", "0.01", "--measure", "download", "--scheme", "ws"];
    let arguments = [&run[..], &["--peers", "wssure", "--proxy", "/no/such/program"]].concat();
    let assert = bench(&arguments).assert().failure();
    let output = assert.get_output();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("- wssure in ws download: "), "{stdout}");
    assert!(stderr.contains("wssure failed in ws download"), "{stderr}");
}

#[test]
fn what_is_not_known_is_an_error_that_names_what_is() {
    for (arguments, words) in [
        (["--peers", "nobody"], "nobody is named \"nobody\"; known are wssure, websockify"),
        (["--measure", "x"], "nothing of that is measured; known are download, upload-64k"),
        (["--also", "x"], "--also x: give NAME=PROGRAM"),
    ] {
        let assert = bench(&arguments).assert().code(1);
        let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(stderr.contains(words), "{stderr}");
    }
}

/// A short form of what is run for an hour before a release.
#[test]
fn a_soak_delivers_every_good_byte_and_comes_to_rest() {
    let program = assert_cmd::cargo::cargo_bin("wssure-proxy");
    let mut command = bench(&["--proxy", &program.display().to_string()]);
    command.args(["soak", "--minutes", "0.2", "--seed", "1"]);
    let assert = command.assert().success();
    let stdout = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(stdout.contains(" MB both ways, all of it right"), "{stdout}");
}
