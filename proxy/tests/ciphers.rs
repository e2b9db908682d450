//! `--ssl-ciphers`, side by side with websockify.
#![allow(missing_docs)]

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use common::openssl::openssl;
use common::programs::Program::{self, Ours, Websockify};
use common::{Proxy, command, echo};
use rstest::rstest;
use tempfile::{TempDir, tempdir};

fn certified() -> TempDir {
    let folder = tempdir().unwrap();
    let path = folder.path();
    openssl(
        path,
        "req -new -x509 -days 9 -nodes -subj /CN=localhost -out self.pem -keyout self.pem",
    );
    folder
}

/// What openssl agrees on with a server: `New, TLSv1.2, Cipher is X`.
fn agreed(address: SocketAddr, folder: &Path, options: &[&str]) -> String {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(["s_client", "-connect", &address.to_string()])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find(|line| line.contains("Cipher is ")).unwrap_or_default().to_owned()
}

#[rstest]
fn a_list_is_for_tls_1_2_and_with_us_its_order_counts(
    #[values(Ours, Websockify)] program: Program,
) {
    let folder = certified();
    let options = ["--ssl-ciphers", "CHACHA20:AESGCM:!AES256"];
    let Some(running) = program.start(folder.path(), &options, &[&echo().to_string()]) else {
        return;
    };
    let ask = |options: &[&str]| agreed(running.address, folder.path(), options);
    let tls12 = |ciphers| ask(&["-tls1_2", "-cipher", ciphers]);
    assert!(tls12("ALL").ends_with("TLSv1.2, Cipher is ECDHE-RSA-CHACHA20-POLY1305"));
    let theirs_first = match program {
        Ours => "ECDHE-RSA-CHACHA20-POLY1305",
        Websockify => "ECDHE-RSA-AES128-GCM-SHA256",
    };
    assert!(tls12("AESGCM:CHACHA20").ends_with(theirs_first));
    assert!(tls12("AESGCM").ends_with("ECDHE-RSA-AES128-GCM-SHA256"));
    assert!(tls12("AES256").ends_with("Cipher is (NONE)"));
    let tls13 = ask(&["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"]);
    assert!(tls13.ends_with("TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"), "{tls13}");
}

#[test]
fn the_start_says_what_is_spoken_and_what_a_list_has_for_nothing() {
    let folder = certified();
    let list = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA";
    let mut proxy = Proxy::start(folder.path(), &["--ssl-ciphers", list], echo());
    proxy.line("  - TLS 1.2 ciphers: ECDHE-RSA-AES128-GCM-SHA256");
    proxy.line("  - Warning: DHE-RSA-AES256-SHA in --ssl-ciphers selects no cipher");
}

#[rstest]
#[case("HIGH:NONSENSE", "\"NONSENSE\" is no word")]
#[case("RC4", "no cipher left: of TLS 1.2, there are here ECDHE-ECDSA-AES256-GCM-SHA384")]
fn a_wrong_list_is_explained(#[case] list: &str, #[case] words: &str) {
    let output = command().args(["--ssl-ciphers", list, "0", "localhost:1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(words), "{error}");
}
