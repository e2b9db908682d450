//! The ways to give the password of the private key.
#![cfg(target_os = "linux")]
#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::command;
use common::openssl::openssl;
use common::programs::free_address;
use rstest::rstest;
use tempfile::{TempDir, tempdir};

fn encrypted() -> TempDir {
    let folder = tempdir().unwrap();
    openssl(
        folder.path(),
        "req -new -x509 -days 365 -passout pass:secret -subj /CN=localhost -out self.pem -keyout key.pem",
    );
    fs::write(folder.path().join("password"), "secret\nmore\n").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    folder
}

/// The exit status of a start with a program that ends at once, and what it said.
fn start(folder: &Path, environment: Option<&str>, options: &[&str]) -> (i32, String) {
    let mut command = command();
    command.current_dir(folder).env_remove("WSSURE_KEY_PASSWORD");
    if let Some(password) = environment {
        command.env("WSSURE_KEY_PASSWORD", password);
    }
    let port = free_address().to_string();
    let output = command
        .args(["--ssl-only", "--key", "key.pem"])
        .args(options)
        .args([&port, "--", "true"])
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[rstest]
#[case::option(None, &["--key-password", "secret"])]
#[case::file(None, &["--key-password-file", "password"])]
#[case::environment(Some("secret"), &[])]
#[case::option_over_environment(Some("wrong"), &["--key-password-file", "password"])]
fn each_opens_the_key(#[case] environment: Option<&str>, #[case] options: &[&str]) {
    let folder = encrypted();
    let (code, log) = start(folder.path(), environment, options);
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("SSL/TLS support: self.pem") && !log.contains("secret"), "{log}");
}

#[rstest]
#[case(Some("wrong"), &[], 1, "the password is wrong")]
#[case(Some(""), &[], 1, "no password was given")]
#[case(None, &["--key-password-file", "missing"], 1, "no password of the private key in missing (--key-password-file): No such file")]
#[case(None, &["--key-password-file", "empty"], 1, "its first line is empty")]
#[case(None, &["--key-password-file", "password", "--key-password", "secret"], 2, "cannot be used with")]
fn what_does_not_is_explained(
    #[case] environment: Option<&str>,
    #[case] options: &[&str],
    #[case] code: i32,
    #[case] words: &str,
) {
    let folder = encrypted();
    let (ended, log) = start(folder.path(), environment, options);
    assert_eq!(ended, code, "{log}");
    assert!(log.contains(words) && !log.contains("secret"), "{log}");
}
