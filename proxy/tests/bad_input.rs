//! Bad input of every kind: the values of options, disks that are full, targets that hang, requests that are too much.
//! Each gets its words, and harms nobody else.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use common::openssl::folder_with_self_pem;
use common::websocket::{BINARY, WebSocket};
use common::{DEADLINE, Proxy, command, echo, target};

/// An option, what is needed with it, a bad value, the exit status, and words of the answer.
type Bad = (&'static str, &'static [&'static str], &'static str, i32, &'static str);

const BAD: &[Bad] = &[
    ("config", &[], "nothing", 2, "--config nothing: No such file"),
    ("generate", &[], "html", 2, "[possible values: man, bash, zsh, fish]"),
    ("unix-listen", &[], "nothing/s", 1, "cannot listen on unix socket nothing/s: No such file"),
    ("unix-listen-mode", &["--unix-listen", "s"], "9", 2, "give octal digits up to 0777"),
    ("proxy-protocol", &[], "balancer.example", 2, "give an address such as 192.0.2.1"),
    ("unix-target", &[], "", 2, "a value is required"),
    ("ssl-target-cafile", &["--ssl-target"], "nothing", 1, "nothing does not exist"),
    ("ssl-target-name", &["--ssl-target"], "no name", 1, "cannot be the name of a certificate"),
    ("ssl-target-pin", &["--ssl-target"], "sha256//x", 2, "give sha256// and the base64"),
    ("cert", &["--ssl-only"], "nothing", 1, "SSL only and nothing not found"),
    ("key", &["--ssl-only", "--cert", "self.pem"], "nothing", 1, "nothing does not exist"),
    ("key-password-file", &[], "nothing", 1, "(--key-password-file): No such file"),
    ("ssl-version", &[], "tlsv1_0", 2, "[possible values: default, tlsv1_1, tlsv1_2, tlsv1_3]"),
    ("ssl-max-version", &[], "tlsv1_1", 2, "[possible values: tlsv1_2, tlsv1_3]"),
    ("ssl-ciphers", &[], "FOO", 2, "\"FOO\" is no word of OpenSSL's list of ciphers"),
    ("cafile", &["--verify-client"], "nothing", 1, "nothing does not exist"),
    ("token-plugin", &["--token-source", "t"], "my.Plugin", 2, "no code is loaded"),
    (
        "token-source",
        &["--token-plugin", "TokenFile"],
        "nothing",
        1,
        "nothing cannot be read: No such",
    ),
    (
        "token-password-file",
        &["--token-plugin", "TokenRedis", "--token-source", "h"],
        "nothing",
        1,
        "No such file",
    ),
    (
        "token-cafile",
        &["--token-plugin", "BaseTokenAPI", "--token-source", "https://h/%s"],
        "nothing",
        1,
        "nothing does not exist",
    ),
    (
        "token-audience",
        &["--token-plugin", "TokenFile", "--token-source", "t"],
        "a",
        2,
        "is for JWTTokenApi",
    ),
    ("target-config", &[], "nothing", 1, "nothing cannot be read: No such file"),
    ("auth-plugin", &["--auth-source", "a:b"], "my.Plugin", 2, "no code is loaded"),
    ("auth-source", &["--auth-plugin", "BasicHTTPAuth"], "nobody", 2, "it should be USER:PASSWORD"),
    (
        "auth-source-file",
        &["--auth-plugin", "BasicHTTPAuth"],
        "nothing",
        1,
        "nothing cannot be read",
    ),
    ("web", &[], "nothing", 1, "cannot serve the web folder nothing: No such file"),
    ("wrap-mode", &[], "again", 2, "[possible values: exit, ignore, respawn]"),
    ("timeout", &[], "-1", 2, "give whole seconds"),
    ("idle-timeout", &[], "1.5", 2, "give whole seconds"),
    ("heartbeat", &[], "4294967296", 2, "give whole seconds"),
    ("drain", &[], "soon", 2, "give whole seconds"),
    ("max-connections", &[], "0", 2, "give a whole number from 1 on"),
    ("max-connections-per-client", &[], "many", 2, "give a whole number from 1 on"),
    ("first-byte-timeout", &[], "0", 2, "give whole seconds from 1 on"),
    ("tls-timeout", &[], "1.5", 2, "give whole seconds from 1 on"),
    ("request-timeout", &[], "never", 2, "give whole seconds from 1 on"),
    ("target-timeout", &[], "0", 2, "give whole seconds from 1 on"),
    ("session-idle-timeout", &[], "-1", 2, "give whole seconds, such as 30, or 0 for none"),
    ("max-request-size", &[], "100", 2, "give 8192 to 16777216 bytes"),
    ("max-request-headers", &[], "0", 2, "give a whole number from 1 on"),
    ("record", &[], "nothing/r", 1, "cannot record in nothing/r: No such file"),
    ("log-file", &[], "nothing/l", 1, "cannot write the log file nothing/l: No such file"),
    ("log-format", &[], "xml", 2, "[possible values: text, json]"),
    ("log-refusals", &[], "none", 2, "[possible values: counted, each]"),
    ("syslog", &[], "h:99999", 2, "give HOST:PORT, or the path of a socket"),
    ("metrics", &[], "192.0.2.1:1", 1, "cannot listen on 192.0.2.1:1 for --metrics"),
];

/// Options whose value may be any text; a wrong password is told with the key that it does not open.
const ANY_TEXT: &[&str] = &["key-password"];

/// Those that the help names with a value.
fn options_with_a_value() -> Vec<String> {
    let output = command().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let lines = help.lines().filter_map(|line| {
        let (_, option) = line.split_once("--")?;
        let only_short = line.trim_start().starts_with('-') && line.starts_with(' ');
        let (name, _) = option.split_once(" <").or_else(|| option.split_once("[="))?;
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        (only_short && is_name).then(|| name.to_owned())
    });
    lines.collect()
}

#[test]
fn a_bad_value_of_every_option_is_told() {
    let folder = folder_with_self_pem();
    let known = options_with_a_value();
    assert!(known.len() > 30, "{known:?}");
    for option in &known {
        let tried = BAD.iter().any(|bad| bad.0 == option) || ANY_TEXT.contains(&option.as_str());
        assert!(tried || option == "verify-client", "no bad value of --{option} is tried");
    }
    for (option, with, value, code, words) in BAD {
        let takes_the_port = option.starts_with("unix-listen");
        let takes_the_target =
            option.starts_with("token") || matches!(*option, "target-config" | "unix-target");
        let mut call = command();
        call.current_dir(folder.path()).args(*with).arg(format!("--{option}={value}"));
        if !takes_the_port && *option != "generate" {
            call.arg("127.0.0.1:0");
        }
        if !takes_the_target && *option != "generate" {
            call.arg("127.0.0.1:1");
        }
        let output = call.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*code), "--{option}: {said}");
        assert!(said.contains(words), "--{option}: {said}");
        assert!(!said.contains("panicked"), "--{option}: {said}");
    }
}

#[test]
fn a_log_file_on_a_full_disk_costs_nobody_a_session() {
    let folder = folder_with_self_pem();
    // The log is the only way to learn the port, and this one takes no line.
    let address = common::programs::free_address();
    let mut child = command()
        .current_dir(folder.path())
        .args(["--verbose", "--log-file", "/dev/full", &address.to_string(), &echo().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = std::time::Instant::now() + DEADLINE;
    while TcpStream::connect(address).is_err() {
        assert!(std::time::Instant::now() < end, "it does not listen");
    }
    for _ in 0..10 {
        WebSocket::open(common::connect(address)).echo(b"hello");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// In a file system of 64 KiB, which takes a namespace of our own.
#[test]
fn a_disk_that_fills_ends_the_recording_and_not_the_session() {
    let namespace = ["--user", "--map-root-user", "--mount"];
    let may = Command::new("unshare").args(namespace).arg("true").stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no namespaces here");
        assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "no namespaces");
        return;
    }
    let folder = folder_with_self_pem();
    std::fs::create_dir(folder.path().join("small")).unwrap();
    let (address, to) = (common::programs::free_address(), echo());
    let script = format!(
        "mount -t tmpfs -o size=64k none small && exec {} --record small/session --log-file log {address} {to}",
        env!("CARGO_BIN_EXE_wssure-proxy")
    );
    let mut child = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", &script])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let end = std::time::Instant::now() + DEADLINE;
    while TcpStream::connect(address).is_err() {
        assert!(std::time::Instant::now() < end, "it does not listen");
    }
    let mut socket = WebSocket::open(common::connect(address));
    let much = vec![b'x'; 40_000];
    for _ in 0..5 {
        socket.echo(&much);
    }
    WebSocket::open(common::connect(address)).echo(b"another");
    drop(socket);
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();
    while !log().contains("cannot write the record file ") {
        assert!(std::time::Instant::now() < end, "{}", log());
    }
    assert!(log().contains("No space left on device; the session goes on without"), "{}", log());
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What is left of an answer, however it ends.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part) {
        bytes.extend_from_slice(&part[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn requests_that_are_too_much_are_refused_and_take_no_memory() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let mut open = WebSocket::open(proxy.connect());
    open.echo(b"before");
    let before = proxy.memory();
    let begin = "GET / HTTP/1.1\r\nHost: h\r\n";
    let header = format!("{begin}X: {}\r\n\r\n", "x".repeat(8 << 20));
    let headers = format!("{begin}{}\r\n", "X: y\r\n".repeat(10_000));
    let path = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(8 << 20));
    for (name, request) in [("header", header), ("headers", headers), ("path", path)] {
        let mut stream = proxy.connect();
        // It may be refused before all is sent.
        let _ = stream.write_all(request.as_bytes());
        let answer = answer(&mut stream);
        let refused = answer.is_empty()
            || ["HTTP/1.1 431 ", "HTTP/1.1 414 "].iter().any(|line| answer.starts_with(line));
        assert!(refused, "{name}: {answer}");
    }
    proxy.lines_with("not an HTTP request", 3);
    open.echo(b"after");
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 8 << 10, "{grown} KiB");
}

/// Greetings of other protocols, and HTTP that is none.
#[test]
fn what_is_no_request_is_told() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let mut open = WebSocket::open(proxy.connect());
    for bytes in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"RFB 003.008\n\n\n",
        b"\x05\x01\x00\r\n\r\n",
        b"\x03\x00\x00\x13\x0e\xe0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\0h\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = proxy.connect();
        let own = stream.local_addr().unwrap();
        stream.write_all(bytes).unwrap();
        let answer = answer(&mut stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:?}: {answer}");
        let line = proxy.line(&format!("client {own}: "));
        assert!(line.contains("not an HTTP request: "), "{bytes:?}: {line}");
    }
    open.echo(b"still there");
}

/// A queue that is full: the system answers nobody.
#[test]
fn a_target_that_hangs_is_1011_and_others_go_on() {
    let folder = folder_with_self_pem();
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let hanging = listener.local_addr().unwrap().as_socket().unwrap();
    let _waiting: Vec<_> = (0..4)
        .map(|_| {
            let socket =
                socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&hanging.into());
            socket
        })
        .collect();
    std::fs::write(folder.path().join("tokens"), format!("hang: {hanging}\ngood: {}\n", echo()))
        .unwrap();
    let mut proxy = Proxy::run(folder.path(), ["--target-config", "tokens", "127.0.0.1:0"]);
    let stream = proxy.connect();
    stream.set_read_timeout(Some(2 * DEADLINE)).unwrap();
    let mut hung = WebSocket::ask(stream, "/?token=hang", "");
    let mut good = WebSocket::ask(proxy.connect(), "/?token=good", "");
    good.echo(b"meanwhile");
    let expected = (1011, "Failed to connect to downstream server".to_owned());
    assert_eq!(hung.receive_close(), expected);
    proxy
        .line(&format!("target {hanging}: Failed to connect to {hanging}: timed out (for client "));
    good.echo(b"and after");
}

/// The target sends for ever, and the client reads nothing: what waits is bounded.
#[test]
fn a_flood_for_a_client_that_reads_nothing_takes_no_memory() {
    let folder = folder_with_self_pem();
    let flood = target(|mut stream| while stream.write_all(&[b'x'; 64 << 10]).is_ok() {});
    std::fs::write(folder.path().join("tokens"), format!("flood: {flood}\ngood: {}\n", echo()))
        .unwrap();
    let proxy = Proxy::run(folder.path(), ["--target-config", "tokens", "127.0.0.1:0"]);
    let mut good = WebSocket::ask(proxy.connect(), "/?token=good", "");
    good.echo(b"before");
    let before = proxy.memory();
    let lazy: Vec<_> =
        (0..10).map(|_| WebSocket::ask(proxy.connect(), "/?token=flood", "")).collect();
    for _ in 0..200 {
        good.echo(b"meanwhile");
    }
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 10 << 10, "{grown} KiB for ten sessions");
    drop(lazy);
    good.send(BINARY, b"after");
    assert_eq!(good.receive().payload, b"after");
}
