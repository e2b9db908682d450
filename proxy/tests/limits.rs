//! What a client may take, and what happens to one that takes more: the others are served as before.
#![allow(missing_docs)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::openssl::folder_with_self_pem;
use common::tls::accept_all;
use common::websocket::{BINARY, CLOSE, PING, WebSocket};
use common::{DEADLINE, Proxy, command, connect, echo, request, rest};
use rstest::rstest;
use socket2::{Domain, Socket, Type};

fn start(options: &[&str]) -> (tempfile::TempDir, Proxy) {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), options, echo());
    (folder, proxy)
}

/// Waits for the end that the proxy makes; says after how long it came.
fn ended(stream: &mut impl Read) -> Duration {
    let begun = Instant::now();
    loop {
        match stream.read(&mut [0; 1024]) {
            Ok(0) => return begun.elapsed(),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return begun.elapsed(),
            Err(error) => panic!("no end: {error}"),
        }
    }
}

/// Connects from another address of this machine.
fn connect_from(address: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(address.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn is_served(stream: TcpStream) -> WebSocket<TcpStream> {
    let mut client = WebSocket::open(stream);
    client.echo(b"served");
    client
}

#[test]
fn one_connection_too_many_is_closed_and_the_next_has_a_place_again() {
    let (_folder, mut proxy) = start(&["--max-connections", "2"]);
    let mut first = is_served(proxy.connect());
    let second = is_served(proxy.connect());
    ended(&mut proxy.connect());
    proxy.line("closed, there is no place: 2 connections are open (--max-connections");
    first.echo(b"and goes on");
    second.close();
    let end = Instant::now() + DEADLINE;
    // The place is free when the session is over, which is after its last byte.
    loop {
        let mut stream = proxy.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        if stream.read(&mut [0; 12]).is_ok_and(|count| count > 0) {
            break;
        }
        assert!(Instant::now() < end, "no place");
    }
}

#[test]
fn one_address_does_not_take_the_places_of_others() {
    let (_folder, mut proxy) = start(&["--max-connections-per-client", "1"]);
    let mut first = is_served(proxy.connect());
    ended(&mut proxy.connect());
    proxy.line("closed: 1 connections of its address are open (--max-connections-per-client)");
    is_served(connect_from("127.0.0.2", proxy.address));
    first.echo(b"and goes on");
}

/// Behind a balancer it is the client's address that counts.
#[test]
fn clients_behind_a_balancer_are_told_apart() {
    let options = ["--max-connections-per-client", "1", "--proxy-protocol", "127.0.0.1"];
    let (_folder, mut proxy) = start(&options);
    let connect = |client: &str| {
        let mut stream = proxy.connect();
        write!(stream, "PROXY TCP4 {client} 127.0.0.1 1000 80\r\n").unwrap();
        stream
    };
    let _first = is_served(connect("192.0.2.1"));
    let _second = is_served(connect("192.0.2.2"));
    ended(&mut connect("192.0.2.1"));
    proxy.line("client 192.0.2.1:1000: closed: 1 connections of its address");
}

/// Whoever stalls at some moment is closed a second later, and the log says at which.
#[rstest]
#[case::before_the_first_byte("--first-byte-timeout", b"", None)]
#[case::in_the_client_hello("--tls-timeout", &[22, 3, 1, 2, 0, 1, 0], Some("the ClientHello is not complete"))]
#[case::in_the_request("--request-timeout", b"GET / HT", Some("no complete HTTP request in time"))]
fn who_stalls_is_closed(#[case] option: &str, #[case] bytes: &[u8], #[case] words: Option<&str>) {
    let (_folder, mut proxy) = start(&[option, "1"]);
    let mut stalled = proxy.connect();
    stalled.write_all(bytes).unwrap();
    let after = ended(&mut stalled);
    assert!(after > Duration::from_millis(900), "{after:?}");
    if let Some(words) = words {
        proxy.line(words);
    }
    is_served(proxy.connect());
}

/// Also over TLS, and also in the second request of a connection.
#[test]
fn who_stalls_after_the_handshake_is_closed() {
    let (_folder, mut proxy) = start(&["--request-timeout", "1"]);
    let mut silent = accept_all(proxy.connect());
    silent.flush().unwrap();
    // The handshake is done with the first read.
    let mut one = [0];
    assert!(matches!(silent.read(&mut one), Ok(0) | Err(_)));
    proxy.line("no complete HTTP request in time");
    let mut stream = proxy.connect();
    request(&mut stream, "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    ended(&mut stream);
}

#[test]
fn a_target_that_does_not_answer_is_given_up() {
    let folder = folder_with_self_pem();
    // It accepts, in the system's name, and never speaks TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let options = ["--ssl-target", "--ssl-target-insecure", "--target-timeout", "1"];
    let mut proxy = Proxy::start(folder.path(), &options, target);
    let mut client = WebSocket::open(proxy.connect());
    let (code, reason) = client.receive_close();
    assert_eq!((code, reason.as_str()), (1011, "Failed to connect to downstream server"));
    proxy.line("timed out");
}

#[test]
fn a_session_in_which_nothing_passes_ends() {
    let (_folder, mut proxy) = start(&["--session-idle-timeout", "2", "--heartbeat", "1"]);
    let mut busy = is_served(proxy.connect());
    let mut idle = is_served(proxy.connect());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        busy.send(BINARY, b"busy");
        assert_eq!(busy.receive_data(4, |_| {}), b"busy");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The proxy's pings come first, and are no sign of life.
    let close =
        std::iter::repeat_with(|| idle.receive()).find(|frame| frame.first != PING).unwrap();
    assert_eq!(close.first, CLOSE);
    assert_eq!(close.payload, [&1001_u16.to_be_bytes()[..], b"Nothing passed for long"].concat());
    proxy.line("nothing passed for 2 s (--session-idle-timeout): the session ends");
    busy.send(BINARY, b"still");
    assert_eq!(busy.receive_data(5, |_| {}), b"still");
}

#[rstest]
#[case::a_long_one(&["--max-request-size", "8192"], "X: ".len() + 9000, 1)]
#[case::one_with_many_headers(&["--max-request-headers", "10"], 10, 12)]
fn a_request_that_is_too_large_is_answered_with_431(
    #[case] options: &[&str],
    #[case] length: usize,
    #[case] headers: usize,
) {
    let (_folder, mut proxy) = start(options);
    let mut stream = proxy.connect();
    let header = format!("X: {}\r\n", "x".repeat(length));
    // The proxy may answer, and end it, before it has read all.
    let _ = write!(stream, "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", header.repeat(headers));
    let answer = String::from_utf8(rest(&mut stream)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    proxy.line("not an HTTP request");
    is_served(proxy.connect());
}

/// Runs the program with other limits of descriptors.
fn with_descriptors(soft: u32, hard: u32, folder: &std::path::Path, options: &[&str]) -> Command {
    let program = command().get_program().to_owned();
    let mut shell = Command::new("sh");
    shell.current_dir(folder).arg("-c");
    shell.arg(format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"")).arg(program);
    shell.args(options).stdin(Stdio::null());
    shell
}

#[test]
fn all_descriptors_that_the_process_may_have_are_used() {
    let folder = folder_with_self_pem();
    let address = common::programs::free_address();
    let (listen, target) = (address.to_string(), echo().to_string());
    let mut child = with_descriptors(64, 1000, folder.path(), &[&listen, &target])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nobody listens");
    }
    // With 64 it would be some 25.
    let mut clients: Vec<_> = (0..200).map(|_| is_served(connect(address))).collect();
    clients.iter_mut().for_each(|client| client.echo(b"again"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_wrapped_program_has_the_descriptors_that_it_had_before() {
    let folder = folder_with_self_pem();
    let port = common::programs::free_address().port().to_string();
    // The limit of a program that waits for nothing may be read before it is set.
    let script = "sleep 0.5; ulimit -n > limit";
    let output = with_descriptors(
        77,
        1000,
        folder.path(),
        &["--wrap-mode", "exit", &port, "--", "sh", "-c", script],
    )
    .output()
    .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(folder.path().join("limit")).unwrap(), "77\n");
}

/// A proxy that is given more connections than descriptors goes on with those that it has, and takes more when there
/// are some again.
#[test]
fn running_out_of_descriptors_costs_only_those_who_come_then() {
    let folder = folder_with_self_pem();
    let address = common::programs::free_address();
    let (listen, target) = (address.to_string(), echo().to_string());
    let log = folder.path().join("log");
    let options =
        ["--max-connections", "1000", "--log-file", "log", listen.as_str(), target.as_str()];
    let mut child =
        with_descriptors(80, 80, folder.path(), &options).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nobody listens");
    }
    let mut good: Vec<_> = (0..10).map(|_| is_served(connect(address))).collect();
    // Each takes one, and none needs a target: there are none left.
    let flood: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    let said = || std::fs::read_to_string(&log).unwrap();
    while !said().contains("Too many open files") {
        assert!(Instant::now() < end, "{}", said());
        std::thread::sleep(Duration::from_millis(20));
    }
    good.iter_mut().for_each(|client| client.echo(b"not disturbed"));
    drop(flood);
    loop {
        let mut stream = connect(address);
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut first = [0; 12];
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        if stream.read(&mut first).is_ok_and(|count| count > 0) {
            break;
        }
        assert!(Instant::now() < end, "no more are served");
    }
    is_served(connect(address)).send(BINARY, b"bye");
    child.kill().unwrap();
    child.wait().unwrap();
}
