//! Real browsers, where they are installed. `ci/browsers.sh` installs them.

mod common;

use std::sync::{Mutex, PoisonError};

use common::{Folder, skip};
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

#[rstest]
fn a_real_browser_does_what_its_profile_says(
    #[values("chromium", "firefox", "webkitgtk")] browser: &str,
) {
    // One after the other: side by side they would be slower than patient.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
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
