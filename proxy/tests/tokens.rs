//! Targets by token, side by side with websockify.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;

use common::programs::Program::{self, Ours, Websockify};
use common::{Proxy, command, target};
use rstest::rstest;
use tempfile::TempDir;

/// Two targets by their greetings, and a folder with tokens for them in every form.
fn folder() -> TempDir {
    let greeting =
        |text: &'static str| target(move |mut stream| stream.write_all(text.as_bytes()).unwrap());
    let (one, two) = (greeting("one"), greeting("two"));
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write(
        "tokens",
        format!(
            "# desks\n\none: {one}\nt w:o:\t{two}  \nsocket: unix_socket:{}\n",
            folder.path().join("sockets/desk").display()
        ),
    );
    for name in ["names", "lists", "sockets"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    write("names/one", format!("{one}\n"));
    write("names/two", two.to_string());
    write("lists/x", format!("one: 127.0.0.1:1\ntwo: {two}\n"));
    write("lists/y", format!("one: {one}\n"));
    write("sockets/file", one.to_string());
    let socket = UnixListener::bind(folder.path().join("sockets/desk")).unwrap();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            stream.unwrap().write_all(b"unix").unwrap();
        }
    });
    folder
}

/// What the target said, in the first frame; nothing without an upgrade.
fn said(answer: &(String, Vec<u8>)) -> Option<&str> {
    let frame = &answer.1;
    (!frame.is_empty()).then(|| std::str::from_utf8(&frame[2..]).unwrap())
}

#[rstest]
fn a_token_leads_to_its_target(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    /// Plugin, source, and by path what the target then says.
    type Asked = (&'static str, &'static str, &'static [(&'static str, Option<&'static str>)]);
    let cases: [Asked; 5] = [
        (
            "TokenFile",
            "tokens",
            &[
                ("/?token=one", Some("one")),
                ("/a/b?x=1&token=one&token=two", Some("one")),
                ("/?token=%6fne%0a", Some("one")),
                ("/?token=t+w%3Ao", Some("two")),
                ("/?token=socket", Some("unix")),
                ("/?token=two", None),
                ("/?token=", None),
                ("/", None),
            ],
        ),
        (
            "ReadOnlyTokenFile",
            "lists",
            &[("/?token=one", Some("one")), ("/?token=two", Some("two"))],
        ),
        ("websockify.token_plugins.TokenFile", "lists", &[("/?token=one", Some("one"))]),
        ("TokenFileName", "names", &[("/?token=two", Some("two")), ("/?token=three", None)]),
        (
            "UnixDomainSocketDirectory",
            "sockets",
            &[("/?token=desk", Some("unix")), ("/?token=file", None), ("/?token=none", None)],
        ),
    ];
    for (plugin, source, requests) in cases {
        let options = ["--token-plugin", plugin, "--token-source", source];
        let Some(running) = program.start(folder.path(), &options, &[]) else { return };
        for (path, greeting) in requests {
            let answer = running.upgrade(path, "localhost");
            assert_eq!(said(&answer), *greeting, "{program:?} {plugin} {path}: {answer:?}");
        }
    }
}

#[rstest]
fn a_file_of_tokens_is_read_anew_for_each_session(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    let Some(running) = program.start(folder.path(), &["--target-config", "tokens"], &[]) else {
        return;
    };
    assert_eq!(said(&running.upgrade("/?token=new", "localhost")), None);
    let tokens = fs::read_to_string(folder.path().join("tokens")).unwrap();
    fs::write(folder.path().join("tokens"), tokens.replace("one:", "new:")).unwrap();
    assert_eq!(said(&running.upgrade("/?token=new", "localhost")), Some("one"));
    assert_eq!(said(&running.upgrade("/?token=one", "localhost")), None);
}

#[rstest]
fn the_host_header_can_be_the_token(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    let options = ["--token-plugin", "TokenFile", "--token-source", "tokens", "--host-token"];
    let Some(running) = program.start(folder.path(), &options, &[]) else { return };
    assert_eq!(said(&running.upgrade("/?token=socket", "one:6080")), Some("one"));
    assert_eq!(said(&running.upgrade("/", "localhost")), None);
}

/// websockify closes without an answer, takes the last part of a path for the name of a file, and does not reach a
/// target with an IPv6 address.
#[test]
fn where_ours_is_better() {
    let folder = folder();
    let start = |plugin, source| {
        Ours.start(folder.path(), &["--token-plugin", plugin, "--token-source", source], &[])
            .unwrap()
    };
    let file = start("TokenFile", "tokens");
    assert_eq!(file.upgrade("/", "localhost").0, "HTTP/1.1 400 Bad Request");
    assert_eq!(file.upgrade("/?token=none", "localhost").0, "HTTP/1.1 403 Forbidden");
    fs::remove_file(folder.path().join("tokens")).unwrap();
    assert_eq!(file.upgrade("/?token=one", "localhost").0, "HTTP/1.1 503 Service Unavailable");
    let names = start("TokenFileName", "names");
    for path in ["/?token=../names/one", "/?token=/names/one", "/?token=..", "/?token=one/"] {
        assert_eq!(names.upgrade(path, "localhost").0, "HTTP/1.1 403 Forbidden", "{path}");
    }
}

fn options(folder: &Path, source: &str) -> Vec<String> {
    let source = folder.join(source).display().to_string();
    ["--verbose", "--token-plugin", "TokenFile", "--token-source", &source, "127.0.0.1:0"]
        .map(str::to_owned)
        .to_vec()
}

#[test]
fn no_token_is_ever_in_the_log() {
    let folder = folder();
    fs::write(folder.path().join("bad"), "secret-a:h:1\nsecret-b: h:1\n").unwrap();
    let mut proxy = Proxy::run(folder.path(), options(folder.path(), "bad"));
    let warning = proxy.line("Warning");
    assert!(warning.contains("bad line 1: it should be TOKEN: HOST:PORT"), "{warning}");
    for path in ["/?token=secret-a", "/x?token=secret-c"] {
        let mut stream = proxy.connect();
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let upgrade = format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        );
        let answer = common::request(&mut stream, &upgrade);
        assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("secret"), "{answer}");
    }
    common::get(&mut proxy.connect(), "/page?token=secret-b");
    let refusals = proxy.lines_with("WebSocket upgrade refused: Token not found in ", 2);
    assert!(
        refusals.iter().all(|line| line.ends_with("behind the token's colon (answered 403)")),
        "{refusals:?}"
    );
    proxy.line("GET /page?...: 405");
    assert!(!proxy.lines.iter().any(|line| line.contains("secret")), "{:?}", proxy.lines);
}

#[test]
fn a_source_that_cannot_be_read_ends_the_start() {
    let folder = folder();
    let output = command().args(options(folder.path(), "nothing")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("nothing cannot be read: No such file or directory"), "{words}");
}
