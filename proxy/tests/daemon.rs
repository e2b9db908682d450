//! `--daemon`: a proxy in the background.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use common::websocket::WebSocket;
use common::{DEADLINE, closed_port, command, connect, echo};
use rustix::process::{Pid, Signal, getsid, kill_process, test_kill_process};

fn call(folder: &Path, arguments: &[&str]) -> Output {
    command().current_dir(folder).args(arguments).output().unwrap()
}

#[test]
fn it_serves_in_a_session_of_its_own_when_the_call_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let address = closed_port();
    let [listen, target] = [address.to_string(), echo().to_string()];
    // Reading all of the output shows, too, that the background has let go of it.
    let output = call(folder.path(), &["-D", "--log-file", "log", &listen, &target]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words}");
    let number = words.trim().strip_prefix("in the background from now on, as process ").unwrap();
    let pid = Pid::from_raw(number.parse().unwrap()).unwrap();
    WebSocket::open(connect(address)).echo(b"from the background");
    assert_eq!(getsid(Some(pid)).unwrap(), pid);
    kill_process(pid, Signal::TERM).unwrap();
    let end = Instant::now() + DEADLINE;
    // Its new parent may be slow to take note of its end: then the port tells.
    while test_kill_process(pid).is_ok() && std::net::TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < end, "still running");
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("Plain non-SSL (ws://) WebSocket connection"), "{log}");
}

#[test]
fn what_keeps_it_from_starting_is_told_to_who_called() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = call(folder.path(), &["--daemon", &listen, "localhost:1"]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("Address already in use"), "{words}");
}
