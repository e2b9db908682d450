//! Ctrl-C ends a run with everything that it has started.

mod common;

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use common::{Folder, LIMIT, assert_gone};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rstest::rstest;

const CASE: &str = "title = 'A case'\n[[step]]\nopen = 'wss'\nexpect = 'connected'\n";

#[rstest]
fn nothing_is_left(#[values(Signal::SIGINT, Signal::SIGTERM)] signal: Signal) {
    let folder = Folder::new();
    folder.write("cases/group/good.toml", CASE);
    let pid_file = folder.path().join("pid");
    let script =
        format!("echo $$ > '{0}.new'; mv '{0}.new' '{0}'; exec sleep 600", pid_file.display());
    let script = folder.write("proxy.sh", &script);
    folder.write(
        "proxy.toml",
        &format!(
            "name = 'mine'\ntitle = 'Mine'\ninstall = 'write it'\ncommand = ['sh', '{}']\n[ready]\nlog = 'ready'\n[options]\ncert = ['{{cert}}']\n",
            script.display()
        ),
    );
    let mut running = Command::new(env!("CARGO_BIN_EXE_wssure"))
        .args([
            "run",
            "--cases",
            "cases",
            "--subject",
            "proxy.toml",
            "--report",
            "json=report.json",
        ])
        .current_dir(folder.path())
        .env("TMPDIR", folder.temporary())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    let deadline = Instant::now() + LIMIT;
    while !pid_file.exists() {
        assert!(Instant::now() < deadline, "the proxy was never started");
        std::thread::yield_now();
    }
    kill(Pid::from_raw(running.id().try_into().unwrap()), signal).unwrap();
    // It has until the proxy's own time limit: a test that waits for that fails below.
    let code = running.wait().unwrap().code();
    assert_eq!(code, Some(130));

    assert_gone(&pid_file);
    folder.assert_nothing_left();
    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["cases", "pid", "proxy.sh", "proxy.toml"], "no half of a report");
}
