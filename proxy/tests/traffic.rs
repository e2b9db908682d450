//! `--traffic`: a mark for each piece that passes. websockify is asked, too.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::programs::{Program, free_address};
use common::websocket::{BINARY, WebSocket, frame};
use common::{DEADLINE, Proxy, connect, echo};
use rstest::rstest;

/// A program with `--traffic`, and the marks it makes.
struct Marking {
    child: Child,
    address: SocketAddr,
    marks: Receiver<u8>,
}

impl Marking {
    fn start(program: Program, folder: &Path) -> Self {
        let address = free_address();
        let mut child = program
            .command(folder)
            .args(["--traffic", &address.to_string(), &echo().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (send, marks) = channel();
        std::thread::spawn(move || {
            let mut byte = [0];
            while matches!(stdout.read(&mut byte), Ok(1)) && send.send(byte[0]).is_ok() {}
        });
        Self { child, address, marks }
    }

    fn connect(&self) -> TcpStream {
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < end, "nobody listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        connect(self.address)
    }

    /// Waits for the marks, behind whatever is shown before them.
    #[track_caller]
    fn show(&self, marks: &str) {
        let mut shown = String::new();
        while !shown.ends_with(marks) {
            shown.push(char::from(self.marks.recv_timeout(DEADLINE).expect(&shown)));
        }
    }
}

impl Drop for Marking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[rstest]
fn both_mark_what_passes_alike(#[values(Program::Ours, Program::Websockify)] program: Program) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let marking = Marking::start(program, folder.path());
    let mut socket = WebSocket::open(marking.connect());
    socket.echo(b"one");
    socket.echo(b"two");
    marking.show("}>{<}>{<");
}

#[test]
fn a_part_of_a_frame_has_a_dot_and_passes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let marking = Marking::start(Program::Ours, folder.path());
    let mut socket = WebSocket::open(marking.connect());
    let bytes = frame(BINARY, b"in two");
    socket.stream.write_all(&bytes[..9]).unwrap();
    assert_eq!(socket.receive().payload, b"in ");
    socket.stream.write_all(&bytes[9..]).unwrap();
    assert_eq!(socket.receive().payload, b"two");
    marking.show("}.>{<}>{<");
}

#[test]
fn the_log_has_the_legend() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--traffic"], echo());
    proxy.line("  - Traffic on standard output: } from the client");
}

#[test]
fn libserver_is_accepted_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--libserver"], echo());
    proxy.line("  - Warning: --libserver has no effect");
}
