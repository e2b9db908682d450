//! What goes by the clock: `--timeout`, `--idle-timeout`, `--heartbeat`. What websockify does, too, both are asked.
#![allow(missing_docs)]

mod common;

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use common::programs::{Program, free_address};
use common::websocket::{BINARY, PING, PONG, WebSocket};
use common::{DEADLINE, Proxy, connect, echo};
use rstest::rstest;

/// A program that listens: ours or websockify.
struct Running(Child, SocketAddr);

impl Running {
    fn start(program: Program, folder: &Path, options: &[&str]) -> Self {
        let address = free_address();
        let child = program
            .command(folder)
            .args(options)
            .args([address.to_string(), echo().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child, address)
    }

    /// The first connection that is accepted.
    fn connect(&self) -> TcpStream {
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(self.1).is_err() {
            assert!(Instant::now() < end, "nobody listens");
            std::thread::yield_now();
        }
        connect(self.1)
    }

    fn refuses(&self) {
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(self.1).is_ok() {
            assert!(Instant::now() < end, "listens still");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for its end, which must be a good one, and for what it said.
    fn end(self) -> String {
        let (send, output) = std::sync::mpsc::channel();
        let Self(child, _) = self;
        std::thread::spawn(move || send.send(child.wait_with_output()));
        let Output { status, stdout, stderr } = output.recv_timeout(DEADLINE).unwrap().unwrap();
        let text = String::from_utf8([stdout, stderr].concat()).unwrap();
        assert!(status.success(), "{status}: {text}");
        text
    }
}

#[rstest]
fn after_the_timeout_nobody_is_let_in_and_the_open_session_goes_on(
    #[values(Program::Ours, Program::Websockify)] program: Program,
) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(program, folder.path(), &["--timeout", "2"]);
    let mut socket = WebSocket::open(running.connect());
    if program == Program::Ours {
        running.refuses();
    } else {
        // The process of its session keeps the port open, and whoever connects waits for nobody.
        std::thread::sleep(Duration::from_secs(2));
    }
    socket.echo(b"after the timeout");
    drop(socket);
    let log = running.end();
    assert!(log.contains("listener exit due to --timeout 2"), "{program:?}: {log}");
}

#[rstest]
fn who_idles_ends(#[values(Program::Ours, Program::Websockify)] program: Program) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = Running::start(program, folder.path(), &["--idle-timeout", "1"]).end();
    assert!(log.contains("listener exit due to --idle-timeout 1"), "{program:?}: {log}");
}

#[rstest]
fn an_open_session_is_not_idle(#[values(Program::Ours, Program::Websockify)] program: Program) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(program, folder.path(), &["--idle-timeout", "2"]);
    let mut socket = WebSocket::open(running.connect());
    std::thread::sleep(Duration::from_secs(3));
    socket.echo(b"silent for longer than it may idle");
    let next = WebSocket::open(running.connect());
    drop((socket, next));
    running.end();
}

#[rstest]
fn clients_are_pinged(#[values(Program::Ours, Program::Websockify)] program: Program) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::start(program, folder.path(), &["--heartbeat", "1"]);
    let mut socket = WebSocket::open(running.connect());
    for _ in 0..2 {
        let ping = socket.receive();
        assert_eq!((ping.first, &ping.payload[..]), (PING, &b""[..]), "{program:?}");
        socket.send(PONG, b"");
        socket.send(BINARY, b"on it goes");
        assert_eq!(socket.receive_data(10, |frame| assert_eq!(frame.first, PING)), b"on it goes");
    }
    running.0.kill().unwrap();
    running.0.wait().unwrap();
}

#[test]
fn zero_is_no_limit_and_nonsense_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--timeout=0", "--idle-timeout=0", "--heartbeat=0"];
    let proxy = Proxy::start(folder.path(), &options, echo());
    WebSocket::open(proxy.connect()).echo(b"x");
    for option in ["--timeout", "--idle-timeout", "--heartbeat"] {
        for value in ["-1", "x", "1.5", "99999999999"] {
            let output = common::command().args([option, value, "6080", "h:1"]).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains("give whole seconds"), "{text}");
        }
    }
}
