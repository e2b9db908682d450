//! Four schemes on one port, told apart by the first byte, however it comes; and what the program does at its start
//! and end.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::Output;

use common::openssl::folder_with_self_pem;
use common::tls::{self, Client, TLS12, TLS13};
use common::websocket::{BINARY, WebSocket};
use common::{Proxy, closed_port, command, echo, get, rest};
use rustix::process::Signal;

#[test]
fn ws_wss_http_and_https_share_one_port() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());

    let mut ws = WebSocket::open(proxy.connect());
    ws.echo(b"over ws");
    ws.close();
    let mut wss = WebSocket::open(tls::accept_all(proxy.connect()));
    wss.echo(b"over wss");
    wss.close();
    let http = get(&mut proxy.connect(), "/");
    let https = get(&mut tls::accept_all(proxy.connect()), "/");
    for (page, advice) in [
        (http, "You came over <code>http://</code>, where no certificate is needed."),
        (https, "Your browser has accepted the certificate of this port."),
    ] {
        assert!(page.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{page}");
        assert!(page.contains(advice), "{page}");
    }
    let head = "HEAD / HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";
    let answer = common::request(&mut proxy.connect(), head);
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.ends_with("\r\n\r\n"), "{answer}");

    proxy.line("Plain non-SSL (ws://) WebSocket connection");
    proxy.line("SSL/TLS (wss://) WebSocket connection");
    assert!(proxy.lines_with("GET /: 405", 2)[0].starts_with("client 127.0.0.1:"));
}

#[test]
fn every_version_and_every_alpn_is_served() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    for version in [&TLS12, &TLS13] {
        for (alpn, selected) in [
            (vec![], None),
            (vec!["http/1.1"], Some("http/1.1")),
            (vec!["h2", "http/1.1"], Some("http/1.1")),
            (vec!["h2"], None),
            (vec!["mqtt"], None),
        ] {
            let client = Client { alpn: alpn.clone(), ..Client::only(version) };
            let stream = client
                .handshake(proxy.connect())
                .unwrap_or_else(|error| panic!("{alpn:?}: {error}"));
            assert_eq!(stream.conn.alpn_protocol(), selected.map(str::as_bytes), "{alpn:?}");
            let mut socket = WebSocket::open(stream);
            socket.echo(b"hello");
            socket.close();
        }
    }
}

#[test]
fn versions_can_be_narrowed() {
    let folder = folder_with_self_pem();
    let only = |version: &str| Some(format!("  - SSL/TLS versions: TLS {version} only"));
    for (options, tls12, tls13, line) in [
        (&["--ssl-version", "default"][..], true, true, None),
        (&["--ssl-version", "tlsv1_1"], true, true, None),
        (&["--ssl-version", "tlsv1_2"], true, true, None),
        (&["--ssl-version", "tlsv1_3"], false, true, only("1.3")),
        (&["--ssl-max-version", "tlsv1_2"], true, false, only("1.2")),
        (&["--ssl-max-version", "tlsv1_3"], true, true, None),
    ] {
        let mut proxy = Proxy::start(folder.path(), options, echo());
        let lines: Vec<_> =
            proxy.lines.iter().filter(|line| line.contains(" versions: ")).collect();
        assert_eq!(lines, line.iter().collect::<Vec<_>>(), "{options:?}");
        for (version, served) in [(&TLS12, tls12), (&TLS13, tls13)] {
            match Client::only(version).handshake(proxy.connect()) {
                Ok(_) => assert!(served, "{options:?}, {version:?}"),
                Err(error) => {
                    assert!(!served, "{options:?}, {version:?}: {error}");
                    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
                    let line = proxy.line(
                        "TLS handshake failed, we sent alert 70 protocol_version (OpenSSL: unsupported protocol): ",
                    );
                    assert!(line.contains("no TLS version that is spoken here"), "{line}");
                }
            }
        }
    }
    let both = ["--ssl-version", "tlsv1_3", "--ssl-max-version", "tlsv1_2", "127.0.0.1:0", "h:1"];
    fails(&both, 1, &["no TLS version to speak: TLS 1.3 at least", "TLS 1.2 at most"]);
    fails(&["--ssl-version", "sslv3", "127.0.0.1:0", "h:1"], 2, &["tlsv1_2", "tlsv1_3"]);
}

#[test]
fn a_client_hello_may_be_cut_anywhere() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let (mut connection, _) = Client::default().connection();
    let length = tls::client_hello(&mut connection).len();
    assert!(
        length > 1300,
        "with a post-quantum key share it does not fit into one segment, {length} bytes"
    );

    for cut in (1..12).chain((12..length).step_by(97)).chain([length - 1]) {
        let mut stream = proxy.connect();
        let (mut connection, _) = Client::default().connection();
        let hello = tls::client_hello(&mut connection);
        stream.write_all(&hello[..cut]).unwrap();
        stream.flush().unwrap();
        stream.write_all(&hello[cut..]).unwrap();
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream)
                .unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        }
    }

    let mut stream = proxy.connect();
    let (mut connection, _) = Client::default().connection();
    for byte in tls::client_hello(&mut connection) {
        stream.write_all(&[byte]).unwrap();
    }
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).expect("byte by byte");
    }
}

#[test]
fn a_silent_client_holds_nobody_up_and_is_closed_without_a_word() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &["--verbose"], echo());
    let mut silent: Vec<_> = (0..50).map(|_| proxy.connect()).collect();
    let mut half: Vec<_> = (0..50).map(|_| proxy.connect()).collect();
    for stream in &mut half {
        stream.write_all(&[0x16, 3, 1]).unwrap();
    }
    let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
    socket.echo(b"served meanwhile");
    socket.close();
    for stream in &mut silent {
        assert_eq!(rest(stream), []);
    }
    proxy.lines_with("no bytes, closed", 50);
}

#[test]
fn a_stalled_handshake_and_a_stalled_request_end() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let mut hello = proxy.connect();
    hello.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    let mut head = proxy.connect();
    head.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    rest(&mut hello);
    tls::drain(&mut head);
    proxy.line("TLS handshake not done in time: the ClientHello is not complete");
    proxy.line("no complete HTTP request in time");
}

#[test]
fn a_head_without_end_is_refused() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let mut stream = proxy.connect();
    let mut all = b"GET / HTTP/1.1\r\n".to_vec();
    all.extend(b"X: ".iter().chain(&[b'a'; 200_000]));
    // The proxy may end the connection before it is all written.
    let _ = stream.write_all(&all);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    proxy.line("not an HTTP request");
}

#[test]
fn ssl_only_closes_plain_clients() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &["--ssl-only"], echo());
    proxy.line("  - Deny non-SSL/TLS connections");
    let mut plain = proxy.connect();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(rest(&mut plain), []);
    proxy.line(&format!(
        "client {}: non-SSL connection received but disallowed",
        plain.local_addr().unwrap()
    ));
    let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
    socket.echo(b"over wss");
}

#[test]
fn run_once_ends_after_one_session() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &["--run-once"], echo());
    assert!(get(&mut proxy.connect(), "/").starts_with("HTTP/1.1 405 "), "a page is not a session");
    let mut socket = WebSocket::open(proxy.connect());
    socket.echo(b"once");
    socket.close();
    assert_eq!(proxy.wait().code(), Some(0));
}

#[test]
fn signals_end_sessions_and_the_program_properly() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = folder_with_self_pem();
        let proxy = Proxy::start(folder.path(), &[], echo());
        let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
        socket.echo(b"hello");
        proxy.signal(signal);
        assert_eq!(socket.receive_close(), (1001, "Proxy stopped".to_owned()));
        socket.send(common::websocket::CLOSE, &1001u16.to_be_bytes());
        assert_eq!(rest(&mut socket.stream), []);
        assert_eq!(proxy.wait().code(), Some(0));
    }
}

#[test]
fn a_unix_socket_can_be_the_target() {
    let folder = folder_with_self_pem();
    let listener = UnixListener::bind(folder.path().join("target")).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = stream.try_clone().unwrap();
        std::io::copy(&mut reader, &mut stream).unwrap();
    });
    let proxy = Proxy::run(folder.path(), ["--unix-target", "target", "127.0.0.1:0"]);
    WebSocket::open(proxy.connect()).echo(b"through a Unix socket");
}

#[test]
fn ipv6_addresses_stand_in_brackets() {
    let folder = folder_with_self_pem();
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        panic!("this machine has no IPv6 loopback address; the test needs one")
    };
    let target = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"six").unwrap();
    });
    let proxy = Proxy::run(folder.path(), ["[::1]:0".to_owned(), target.to_string()]);
    let mut socket = WebSocket::open(proxy.connect());
    let frame = socket.receive();
    assert_eq!((frame.first, &frame.payload[..]), (BINARY, &b"six"[..]));
}

#[test]
fn the_log_can_go_to_a_file() {
    let folder = folder_with_self_pem();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut child = command()
        .current_dir(folder.path())
        .args([
            "--log-file",
            "log",
            "--run-once",
            &format!("127.0.0.1:{port}"),
            &echo().to_string(),
        ])
        .spawn()
        .unwrap();
    let end = std::time::Instant::now() + common::DEADLINE;
    let stream = loop {
        match std::net::TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(error) => assert!(std::time::Instant::now() < end, "{error}"),
        }
    };
    WebSocket::open(stream).close();
    assert!(child.wait().unwrap().success());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let line = log.lines().find(|line| line.contains("Listen on")).unwrap();
    let (date, time) = (&line[..10], &line[11..19]);
    assert!(date.split('-').count() == 3 && time.split(':').count() == 3, "{line}");
}

#[track_caller]
fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } =
        command().current_dir(folder.path()).args(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{arguments:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{arguments:?} says {stderr:?}, without {word:?}");
    }
}

#[test]
fn wrong_options_are_status_2() {
    fails(&[], 2, &["no place to listen", "SOURCE_PORT"]);
    fails(&["6080"], 2, &["TARGET_ADDR:TARGET_PORT"]);
    fails(&["x", "localhost:1"], 2, &["\"x\" is not a port"]);
    fails(&["::1:6080", "localhost:1"], 2, &["put an IPv6 address in brackets"]);
    fails(&["6080", "localhost"], 2, &["\"localhost\" is not a port"]);
    fails(&["6080", ":5900"], 2, &["a target needs an address"]);
    fails(&["--no-such-option", "6080", "localhost:1"], 2, &["--no-such-option"]);
    fails(&["--key", "", "6080", "localhost:1"], 2, &["a value is required for '--key <FILE>'"]);
    fails(&["--unix-target", "s", "6080", "localhost:1"], 2, &["cannot be used with"]);
}

#[test]
fn a_start_that_fails_is_status_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let target = closed_port().to_string();
    fails(
        &[&taken, &target],
        1,
        &["cannot listen on", &taken, "Address already in use", "choose another port"],
    );
    drop(listener);
    fails(
        &["--web", "nowhere", "127.0.0.1:0", &target],
        1,
        &["cannot serve the web folder nowhere: No such file"],
    );
    fails(
        &["--log-file", "no/log", "127.0.0.1:0", &target],
        1,
        &["cannot write the log file no/log: No such file"],
    );
    fails(&["no-such-host.invalid:1", &target], 1, &["cannot listen on no-such-host.invalid:1"]);
}

#[test]
fn the_help_tells_every_option() {
    let output = command().arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--cert",
        "--key",
        "--key-password",
        "--key-password-file",
        "--ssl-ciphers",
        "--wrap-mode",
        "--record",
        "--syslog",
        "--legacy-syslog",
        "--ssl-only",
        "--ssl-version",
        "--ssl-max-version",
        "--verify-client",
        "--cafile",
        "--web",
        "--file-only",
        "--verbose",
        "--run-once",
        "--log-file",
        "--unix-target",
        "--ssl-target",
        "--ssl-target-cafile",
        "--ssl-target-name",
        "--ssl-target-insecure",
    ] {
        assert!(help.contains(option), "{option} is missing in\n{help}");
    }
}
