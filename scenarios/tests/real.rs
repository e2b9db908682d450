//! Real browsers, where they are installed. `ci/browsers.sh` installs them.

mod common;

use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use common::{Folder, living_with, skip, wait_for};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rstest::rstest;

/// What a browser tells of itself and what its witness sees, under both versions of TLS; exceptions over ports,
/// certificates and a restart; imports and their removal; pages and WebSockets without TLS.
const CASES: [&str; 9] = [
    "certificates/good",
    "certificates/self-signed-tls12",
    "files/missing-file",
    "protocol/ssl-only",
    "trust/removed",
    "wiki/accept-exception",
    "wiki/accept-exception-other-port",
    "wiki/accept-exception-restart",
    "wiki/spoofing",
];

/// One after the other: side by side they would be slower than patient.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether that command is the browser's first process, in a session.
fn is_browser(browser: &str, command: &str) -> bool {
    let is_first = !command.contains("--type=") && !command.contains("-contentproc");
    let mark = match browser {
        "chromium" => "--headless=new",
        "firefox" => "firefox-esr --marionette",
        _ => "epiphany --automation-mode",
    };
    is_first && command.contains(mark)
}

/// The browser's first process, if it is there.
fn living(folder: &Folder, browser: &str) -> Option<Pid> {
    let mut living = living_with(folder.temporary()).into_iter();
    living.find(|(_, command)| is_browser(browser, command)).map(|(pid, _)| pid)
}

/// A run whose browser is just there; none where it is not installed.
fn begin(folder: &Folder, browser: &str, cases: &[&str]) -> Option<Child> {
    let running = Command::new(env!("CARGO_BIN_EXE_wssure"))
        .arg("run")
        .args(cases)
        .args(["--jobs", "1", "--client", &format!("real:{browser}")])
        .current_dir(folder.path())
        .env("TMPDIR", folder.temporary())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = running.unwrap();
    let is_there = wait_for(browser, || {
        let is_there = living(folder, browser).is_some();
        (is_there || running.try_wait().unwrap().is_some()).then_some(is_there)
    });
    if is_there {
        return Some(running);
    }
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is not installed"), "{output:#?}");
    skip(&said);
    None
}

/// Whether a browser of that run has made a connection with TLS: it has then written the secrets of it.
fn has_connected(folder: &Folder) -> bool {
    let homes = std::fs::read_dir(folder.temporary()).unwrap().flatten();
    homes
        .filter_map(|home| std::fs::metadata(home.path().join("secrets")).ok())
        .any(|secrets| secrets.len() > 0)
}

#[rstest]
fn a_browser_that_crashes_costs_its_case_only(
    #[values("chromium", "firefox", "webkitgtk")] browser: &str,
) {
    let _alone = alone();
    let folder = Folder::new();
    let cases = ["certificates/good", "certificates/expired", "certificates/wrong-name"];
    let Some(running) = begin(&folder, browser, &cases) else { return };
    // GNOME Web may have fallen over its own feet before, and been started again.
    let browser = wait_for("its first connection", || {
        has_connected(&folder).then(|| living(&folder, browser)).flatten()
    });
    kill(browser, Signal::SIGKILL).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let troubled = said.lines().filter_map(|line| line.strip_prefix("TROUBLE ")?.split(':').next());
    assert_eq!(troubled.collect::<BTreeSet<_>>().len(), 1, "{said}");
    assert!(!said.contains("UNEXPECTED") && said.contains(" as expected, "), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    folder.assert_nothing_left();
    assert_eq!(living_with(folder.temporary()), []);
}

#[rstest]
fn a_browser_lives_where_temporary_files_have_long_names(
    #[values("chromium", "firefox", "webkitgtk")] browser: &str,
) {
    let _alone = alone();
    let folder = Folder::new();
    let long = folder.path().join("a".repeat(80));
    std::fs::create_dir(&long).unwrap();
    let client = format!("real:{browser}");
    let mut command = folder.wssure(&["run", "certificates/good", "--client", &client]);
    let output = command.env("TMPDIR", &long).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("is not installed") {
        return skip(&said);
    }
    assert_eq!(output.status.code(), Some(0), "{output:#?}");
    assert_eq!(std::fs::read_dir(&long).unwrap().count(), 0);
}

#[rstest]
fn an_interrupted_run_leaves_no_browser(
    #[values("chromium", "firefox", "webkitgtk")] browser: &str,
) {
    let _alone = alone();
    let folder = Folder::new();
    let Some(mut running) = begin(&folder, browser, &CASES) else { return };
    kill(Pid::from_raw(running.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(130));
    wait_for("everything is gone", || living_with(folder.temporary()).is_empty().then_some(()));
    folder.assert_nothing_left();
}

#[rstest]
fn a_real_browser_does_what_its_profile_says(
    #[values("chromium", "firefox", "webkitgtk")] browser: &str,
) {
    let _alone = alone();
    let client = format!("real:{browser}");
    let ran =
        Folder::new().run(&[&["run"], &CASES[..], &["--client", &client, "--jobs", "3"]].concat());
    if ran.stderr.contains("is not installed") {
        return skip(&ran.stderr);
    }
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("passed: ");
}

#[test]
fn what_is_not_installed_is_told_with_the_command_that_installs_it() {
    let folder = Folder::new();
    folder.write(
        "absent.toml",
        "name = 'absent'\nprofile = 'firefox'\ndriven-by = 'firefox'\ninstall = 'apt-get install it'\n\
         [programs]\nbrowser = ['no-such-browser']\ndriver = ['no-such-driver']\n",
    );
    let ran = folder.run(&["run", "protocol/ws", "--client", "real:absent.toml"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.stderr.contains("real:absent: no-such-browser is not installed; apt-get install it"),
        "{ran:#?}"
    );
}

#[test]
fn a_browser_that_does_not_start_is_trouble_and_no_verdict() {
    let folder = Folder::new();
    folder.write(
        "broken.toml",
        "name = 'broken'\nprofile = 'firefox'\ndriven-by = 'firefox'\ninstall = ''\n\
         [programs]\nbrowser = ['false']\ndriver = ['false']\n",
    );
    let ran = folder.run(&["run", "protocol/ws", "--client", "real:broken.toml"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("TROUBLE");
    ran.assert_prints("ended at once");
    ran.assert_prints("trouble of the harness");
}

#[test]
fn the_list_tells_which_real_clients_are_here() {
    let ran = Folder::new().run(&["list", "clients"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for client in
        ["chromium", "firefox", "webkitgtk", "curl", "gnutls", "node", "openssl", "python"]
    {
        ran.assert_prints(&format!("real:{client}"));
    }
}
