//! `--check`: what a start would read, without the start.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use common::command;
use common::openssl::folder_with_self_pem;

/// The exit status, standard output and standard error.
fn check(folder: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let output = command().current_dir(folder).arg("--check").args(options).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_well_is_told_and_the_port_may_be_taken() {
    let folder = folder_with_self_pem();
    // By the proxy that serves until the new settings are checked.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let (code, told, wrong) = check(folder.path(), &["--ssl-only", &listen, "localhost:5900"]);
    assert_eq!((code, wrong.as_str()), (Some(0), ""));
    assert!(told.contains("  - SSL/TLS support: self.pem ("), "{told}");
    assert!(told.ends_with("all is well\n"), "{told}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = folder_with_self_pem();
    let options = ["--web", "nowhere", "--token-plugin", "TokenFile", "--token-source", "none"];
    let further = ["--key-password-file", "missing", "6080"];
    let (code, told, wrong) = check(folder.path(), &[&options[..], &further[..]].concat());
    assert_eq!((code, told.as_str()), (Some(1), ""));
    let lines: Vec<&str> = wrong.lines().collect();
    let [tokens, password, web] = lines[..] else { panic!("{wrong}") };
    assert!(tokens.contains("none cannot be read"), "{wrong}");
    assert!(password.contains("missing"), "{wrong}");
    assert!(web.contains("cannot serve the web folder nowhere"), "{wrong}");
}

#[test]
fn a_certificate_that_cannot_serve_is_an_error_here() {
    let folder = folder_with_self_pem();
    fs::write(folder.path().join("self.pem"), "nothing of use").unwrap();
    let (code, told, wrong) = check(folder.path(), &["6080", "localhost:5900"]);
    assert_eq!(code, Some(1), "{told}{wrong}");
    assert!(told.contains("No SSL/TLS support: "), "{told}");
    assert_eq!(wrong, "it would start, and not serve everybody\n");
}

#[test]
fn a_start_tells_all_that_is_wrong_too() {
    let folder = folder_with_self_pem();
    let options = ["--web", "nowhere", "--ssl-only", "--cert", "none.pem", "127.0.0.1:0", "h:1"];
    let output = command().current_dir(folder.path()).args(options).output().unwrap();
    let wrong = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(wrong.contains("SSL only and none.pem not found\n"), "{wrong}");
    assert!(wrong.contains("cannot serve the web folder nowhere"), "{wrong}");
}
