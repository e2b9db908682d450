//! `wssure open`, against a server that is nobody's proxy, with certificates of `wssure make`.

mod common;

use common::{Folder, server::Server};

const HOST: &str = "proxy.example.test";

/// A folder with `certs/`, made by this program, and a server with what is in it.
fn serve(kind: &str) -> (Folder, Server) {
    let folder = Folder::new();
    make(&folder, kind, "certs");
    let server = Server::start(&folder.path().join("certs"));
    (folder, server)
}

fn make(folder: &Folder, kind: &str, out: &str) {
    let made = folder.run(&["make", kind, "--host", HOST, "--out", out]);
    assert_eq!(made.code, Some(0), "{made:#?}");
}

fn open(folder: &Folder, server: &Server, more: &[&str]) -> common::Ran {
    let connect = server.address.to_string();
    let url = format!("wss://{HOST}/");
    folder.run(&[&["open", &url, "--connect", &connect], more].concat())
}

#[test]
fn a_trusted_certificate_connects() {
    let (folder, server) = serve("good");
    let ran = open(&folder, &server, &["--trust", "certs/authority.pem", "--send", "hello"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("wss://proxy.example.test/ as Chromium");
    ran.assert_prints("  connected\n");
    ran.assert_prints("payload  what was sent came back");
    ran.assert_prints("TLS      1.3, ");
    ran.assert_prints("names proxy.example.test");
}

#[test]
fn each_client_refuses_in_its_own_words() {
    let (folder, server) = serve("self-signed");
    make(&folder, "good", "other");
    let ran =
        open(&folder, &server, &["--trust", "other/authority.pem", "--client", "chromium,firefox"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("refused by this client at TLS: unknown-issuer");
    ran.assert_prints("code     ERR_CERT_AUTHORITY_INVALID");
    ran.assert_prints("refused by this client at TLS: self-signed");
    ran.assert_prints("alert    bad_certificate (42) from the client during the handshake");
    ran.assert_prints("mend     ");
}

#[test]
fn the_highest_version_of_tls_is_the_callers_choice() {
    let (folder, server) = serve("good");
    let ran = open(&folder, &server, &["--trust", "certs/authority.pem", "--tls-max", "1.2"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    ran.assert_prints("TLS      1.2, ");
}

#[test]
fn an_accepted_certificate_opens() {
    let (folder, server) = serve("expired");
    let trusted = ["--trust", "certs/authority.pem"];
    assert_eq!(open(&folder, &server, &trusted).code, Some(1));
    let accepted =
        open(&folder, &server, &[&trusted[..], &["--accept", "certs/cert.pem"]].concat());
    assert_eq!(accepted.code, Some(0), "{accepted:#?}");
    accepted.assert_prints("found    expired: ");
}

#[test]
fn programs_get_json() {
    let (folder, server) = serve("wrong-name");
    let ran =
        open(&folder, &server, &["--trust", "certs/authority.pem", "--client", "safari", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let opened: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&opened["version"], &opened["url"]), (&1.into(), &format!("wss://{HOST}/").into()));
    let refused = &opened["clients"][0]["observation"]["outcome"]["refused"];
    assert_eq!((&refused["fault"], &refused["by"]), (&"wrong-name".into(), &"client".into()));
}

#[test]
fn nobody_there_is_a_refusal_and_no_wrong_call() {
    // Bound and not listening, so that nobody else can take it.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("ws://{}/", nobody.local_addr().unwrap());
    let ran = Folder::new().run(&["open", &url]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    ran.assert_prints("refused by the server at TCP: connection-refused");
    ran.assert_prints("code     ERR_CONNECTION_REFUSED");
}

#[test]
fn a_reader_who_goes_away_does_not_change_the_verdict() {
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let mut open = std::process::Command::new(env!("CARGO_BIN_EXE_wssure"))
        .args(["open", &format!("wss://{address}/")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(open.stdout.take());
    assert_eq!(open.wait().unwrap().code(), Some(1));
}
