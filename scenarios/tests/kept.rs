//! `wssure run CASE --keep DIR`: what a case served is kept, and a person can see the same by hand.

mod common;

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use common::{Folder, skip, wait_for};

/// The command in a README that begins like this, at another port than the customary one.
fn command(readme: &str, begins: &str, port: u16) -> String {
    let line = readme.lines().map(str::trim).find(|line| line.contains(begins));
    line.unwrap_or_else(|| panic!("no {begins}: {readme}")).replace("6080", &port.to_string())
}

fn shell(folder: &Path, command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder);
    shell
}

/// What was started by hand, and ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| match path.is_dir() {
        true => files_below(&path),
        false => vec![path],
    });
    below.collect()
}

#[test]
fn what_the_readme_says_shows_what_the_case_says() {
    if Command::new("openssl").arg("version").output().is_err() {
        return skip("openssl is not installed");
    }
    let folder = Folder::new();
    let ran = folder.run(&["run", "certificates/expired", "--client", "openssl", "--keep", "kept"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let case = folder.path().join("kept/certificates/expired");
    let readme = fs::read_to_string(case.join("README")).unwrap();
    ran.assert_prints(readme.trim_end());
    assert!(
        readme.contains("refused, expired by the client at TLS, 10 certificate has expired"),
        "{readme}"
    );

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let proxy = shell(&case, &format!("exec {}", command(&readme, " proxy --cert ", free))).spawn();
    let _proxy = Started(proxy.unwrap());
    let openssl = command(&readme, "openssl s_client", free);
    let said = wait_for("the proxy listens", || {
        let output = shell(&case, &openssl).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        said.contains("CONNECTED").then_some(said)
    });
    assert!(said.contains("verify error:num=10:certificate has expired"), "{openssl}\n{said}");
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    let folder = Folder::new();
    let ran = folder.run(&[
        "run",
        "files/cert-and-key",
        "wiki/common-name-imported",
        "--client",
        "firefox",
        "--keep",
        "kept",
        "--quiet",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("kept/files/cert-and-key/README");
    let kept = folder.path().join("kept");
    let files = files_below(&kept);
    for wanted in [
        "files/cert-and-key/main/key.pem",
        "files/cert-and-key/log.txt",
        "wiki/common-name-imported/main/imported.pem",
    ] {
        assert!(files.contains(&kept.join(wanted)), "{wanted}: {files:#?}");
    }
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let folder = file.parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_as_it_is() {
    let folder = Folder::new();
    folder.write("kept/mine", "mine");
    let ran = folder.run(&["run", "certificates/expired", "--keep", "kept"]);
    ran.assert_wrong("--keep: kept is not empty; name a new folder");
    assert_eq!(files_below(&folder.path().join("kept")).len(), 1);
}
