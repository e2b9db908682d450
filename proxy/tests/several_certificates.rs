//! `--cert` more than once: which client gets which certificate.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::openssl::{issue, make_authority};
use common::tls::{Client, TLS12, TLS13};
use common::{Proxy, command, echo, get};
use rustix::process::Signal;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// `one` (the default), `two` and a wildcard, each with its key.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_authority(folder.path());
    issue(folder.path(), "one", "subjectAltName=DNS:one.example,IP:127.0.0.1", "");
    issue(folder.path(), "two", "subjectAltName=DNS:two.example,DNS:a.wild.example", "");
    issue(folder.path(), "wild", "subjectAltName=DNS:*.wild.example", "");
    folder
}

const ALL: [&str; 12] = [
    "--cert",
    "one.pem",
    "--key",
    "one-key.pem",
    "--cert",
    "wild.pem",
    "--key",
    "wild-key.pem",
    "--cert",
    "two.pem",
    "--key",
    "two-key.pem",
];

/// The file of the certificate that a client gets.
fn served(proxy: &Proxy, folder: &Path, client: Client) -> String {
    let (connection, judge) = client.connection();
    let mut stream = common::tls::handshake(connection, proxy.connect()).unwrap();
    get(&mut stream, "/");
    let shown = judge.chain.lock().unwrap()[0].clone();
    let is_it = |name: &&&str| {
        let file = CertificateDer::from_pem_file(folder.join(format!("{name}.pem")));
        file.is_ok_and(|certificate| certificate == shown)
    };
    ["one", "two", "wild"].iter().find(is_it).map_or("another", |name| *name).to_owned()
}

fn asking(name: &'static str) -> Client {
    Client { name, ..Client::default() }
}

#[test]
fn each_client_gets_the_certificate_of_the_name_that_it_asks_for() {
    let folder = folder();
    let folder = folder.path();
    let mut proxy = Proxy::start(folder, &ALL, echo());
    for name in ["one", "wild", "two"] {
        proxy.line(&format!("  - SSL/TLS support: {name}.pem ("));
    }
    for versions in [vec![&TLS12], vec![&TLS13]] {
        for (name, file) in [
            ("one.example", "one"),
            ("two.example", "two"),
            ("TWO.example", "two"),
            ("b.wild.example", "wild"),
            // The name itself goes before the wildcard that comes first.
            ("a.wild.example", "two"),
            ("a.b.wild.example", "one"),
            ("wild.example", "one"),
            ("unknown.example", "one"),
            // An address, for which clients send no name.
            ("127.0.0.1", "one"),
            ("192.0.2.1", "one"),
        ] {
            let client = Client { versions: versions.clone(), ..asking(name) };
            assert_eq!(served(&proxy, folder, client), file, "{name}");
        }
    }
}

#[test]
fn each_follows_its_own_files() {
    let folder = folder();
    let folder = folder.path();
    let mut proxy = Proxy::start(folder, &ALL, echo());
    assert_eq!(served(&proxy, folder, asking("two.example")), "two");
    // Half written: the old one stays, and the others are as they were.
    let good = fs::read(folder.join("two.pem")).unwrap();
    fs::write(folder.join("two.pem"), &good[..good.len() / 2]).unwrap();
    let mut stream = asking("two.example").handshake(proxy.connect()).unwrap();
    assert!(get(&mut stream, "/").starts_with("HTTP/1.1 405 "));
    let line = proxy.line("certificate not reloaded, the old one stays: ");
    assert!(line.contains("two.pem"), "{line}");
    assert_eq!(served(&proxy, folder, asking("one.example")), "one");
    issue(folder, "two", "subjectAltName=DNS:three.example", "");
    proxy.signal(Signal::HUP);
    proxy.line("certificate reloaded: two.pem (");
    proxy.line("certificate unchanged: one.pem (");
    proxy.line("certificate unchanged: wild.pem (");
    assert_eq!(served(&proxy, folder, asking("three.example")), "two");
    assert_eq!(served(&proxy, folder, asking("two.example")), "one");
}

#[test]
fn one_that_is_broken_leaves_the_others() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("two.pem"), "nothing").unwrap();
    let mut proxy = Proxy::start(folder, &ALL, echo());
    let line = proxy.line("  - Certificate not served: ");
    assert!(line.contains("two.pem"), "{line}");
    assert_eq!(served(&proxy, folder, asking("a.wild.example")), "wild");

    // The default: who asks for a name is served, others are told nothing but the end.
    issue(folder, "two", "subjectAltName=DNS:two.example", "");
    fs::remove_file(folder.join("one.pem")).unwrap();
    let mut proxy = Proxy::start(folder, &ALL, echo());
    let line = proxy.line("  - Certificate not served: ");
    assert!(line.contains("one.pem"), "{line}");
    assert_eq!(served(&proxy, folder, asking("two.example")), "two");
    assert!(asking("unknown.example").handshake(proxy.connect()).is_err());
    proxy.line("SSL connection but '");
    assert_eq!(served(&proxy, folder, asking("b.wild.example")), "wild");
}

#[test]
fn all_that_is_wrong_with_them_is_told_at_once() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("two.pem"), "nothing").unwrap();
    fs::remove_file(folder.join("wild-key.pem")).unwrap();
    let call = |more: &[&str]| {
        let target = echo().to_string();
        let output = command()
            .current_dir(folder)
            .args(ALL)
            .args(more)
            .args(["127.0.0.1:0", &target])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    for more in [&["--check", "--ssl-only"][..], &["--ssl-only"], &["--check"]] {
        let (code, words) = call(more);
        assert_eq!(code, Some(1), "{more:?}: {words}");
        assert!(words.contains("two.pem") && words.contains("wild-key.pem"), "{more:?}: {words}");
    }
    let (code, words) = call(&["--cert", "four.pem"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("--cert is given 4 times and --key 3 times"), "{words}");
}

#[test]
fn no_key_of_theirs_is_served_as_a_file() {
    let folder = folder();
    let folder = folder.path();
    let proxy = Proxy::start(folder, &[&ALL[..], &["--web", "."]].concat(), echo());
    for key in ["/one-key.pem", "/two-key.pem", "/wild-key.pem"] {
        assert!(get(&mut proxy.connect(), key).starts_with("HTTP/1.1 403 "), "{key}");
    }
    assert!(get(&mut proxy.connect(), "/two.pem").starts_with("HTTP/1.1 200 "));
}
