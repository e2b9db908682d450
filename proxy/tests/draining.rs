//! The end that is told: by one signal, which lets sessions go on for a time (`--drain`), or by two; and what systemd
//! hears of it.
#![allow(missing_docs)]

mod common;

use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use common::websocket::WebSocket;
use common::{DEADLINE, Proxy, echo};
use rustix::process::Signal;

fn refuses(proxy: &Proxy) {
    let end = Instant::now() + DEADLINE;
    while TcpStream::connect(proxy.address).is_ok() {
        assert!(Instant::now() < end, "listens still");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn open_sessions_go_on_to_their_end_and_nobody_else_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--drain", "600"], echo());
    let mut socket = WebSocket::open(proxy.connect());
    proxy.signal(Signal::TERM);
    proxy.line("no more connections are accepted, 1 may go on for 600 s at most");
    refuses(&proxy);
    socket.echo(b"after the signal");
    socket.close();
    assert!(proxy.wait().success());
}

#[test]
fn what_is_open_at_the_end_of_the_time_is_closed_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(folder.path(), &["--drain", "1"], echo());
    let mut socket = WebSocket::open(proxy.connect());
    proxy.signal(Signal::INT);
    assert_eq!(socket.receive_close().0, 1001);
    drop(socket);
    assert!(proxy.wait().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--drain", "600"], echo());
    let socket = WebSocket::open(proxy.connect());
    proxy.signal(Signal::TERM);
    proxy.line("told to end");
    proxy.signal(Signal::TERM);
    assert!(proxy.wait().success());
    drop(socket);
}

#[test]
fn without_sessions_there_is_nothing_to_wait_for() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(folder.path(), &["--drain", "600"], echo());
    proxy.signal(Signal::TERM);
    assert!(proxy.wait().success());
}

#[test]
fn systemd_is_told_when_it_listens_and_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let hear = || {
        let mut buffer = [0; 100];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut command = common::command();
    command.env("NOTIFY_SOCKET", &path).args(["127.0.0.1:0", &echo().to_string()]);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    assert_eq!(hear().trim(), "READY=1");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(hear().trim(), "STOPPING=1");
    assert!(child.wait().unwrap().success());
}
