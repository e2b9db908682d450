//! `-- COMMAND`: a program whose port the proxy takes the place of. websockify as it comes from PyPI has no library for
//! it, so ours is tested alone.
#![cfg(target_os = "linux")]
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use common::programs::free_address;
use common::websocket::{BINARY, WebSocket};
use common::{DEADLINE, Proxy, closed_port, command};
use rstest::rstest;
use rustix::process::{Pid, Signal, test_kill_process};
use tempfile::tempdir;

/// A program that listens where it is told to, for anything in HTTP: another proxy.
fn web_server(listen: &str) -> Vec<String> {
    [env!("CARGO_BIN_EXE_wssure-proxy"), listen, &closed_port().to_string()]
        .map(str::to_owned)
        .to_vec()
}

fn wrap(folder: &Path, options: &[&str], port: SocketAddr, program: &[String]) -> Proxy {
    let port = port.to_string();
    let options = options.iter().copied().chain([&*port, "--"]);
    Proxy::run(folder, options.chain(program.iter().map(String::as_str)))
}

fn sh(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

#[track_caller]
fn assert_reaches_web_server(proxy: &Proxy) {
    let mut socket = WebSocket::open(proxy.connect());
    socket.send(BINARY, b"GET / HTTP/1.0\r\n\r\n");
    let begin = socket.receive_data(7, |frame| panic!("{frame:?}"));
    assert!(begin.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&begin));
}

/// With the library in its folder.
fn end(proxy: Proxy) {
    proxy.signal(Signal::TERM);
    assert!(proxy.wait().success());
}

#[rstest]
fn a_program_listens_behind_the_proxy(
    #[values("127.0.0.1:PORT", "0.0.0.0:PORT", "PORT", "[::1]:PORT", "[::]:PORT")] listen: &str,
) {
    let folder = tempdir().unwrap();
    let port = free_address();
    let listen = listen.replace("PORT", &port.port().to_string());
    let proxy = wrap(folder.path(), &[], port, &web_server(&listen));
    assert_reaches_web_server(&proxy);
    end(proxy);
}

#[test]
fn another_port_stays() {
    let folder = tempdir().unwrap();
    let (port, other) = (free_address(), free_address());
    let mut proxy = wrap(folder.path(), &[], port, &web_server(&other.to_string()));
    proxy.line(&format!("Listen on {other}"));
    end(proxy);
}

#[test]
fn a_session_waits_for_a_program_that_starts() {
    let folder = tempdir().unwrap();
    let gate = folder.path().join("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .unwrap();
    let port = free_address();
    let server = web_server(&port.to_string()).join(" ");
    let proxy = wrap(folder.path(), &[], port, &sh(&format!("read word < gate; exec {server}")));
    let mut socket = WebSocket::open(proxy.connect());
    socket.send(BINARY, b"GET / HTTP/1.0\r\n\r\n");
    fs::OpenOptions::new().write(true).open(gate).unwrap().write_all(b"go\n").unwrap();
    assert!(socket.receive_data(7, |frame| panic!("{frame:?}")).starts_with(b"HTTP/1."));
    end(proxy);
}

#[rstest]
#[case("exit 7", 7)]
#[case("exit 0", 0)]
#[case("kill -KILL $$", 128 + 9)]
fn the_proxy_ends_with_the_program_and_its_status(#[case] script: &str, #[case] code: i32) {
    let folder = tempdir().unwrap();
    let mut proxy = wrap(folder.path(), &[], free_address(), &sh(script));
    proxy.line("the proxy ends, too");
    assert_eq!(proxy.wait().code(), Some(code));
}

#[test]
fn a_program_that_ends_can_be_ignored() {
    let folder = tempdir().unwrap();
    let mut proxy = wrap(folder.path(), &["--wrap-mode", "ignore"], free_address(), &sh("exit 3"));
    proxy.line("wrapped program 'sh' ended (exit status: 3): the proxy goes on");
    let mut socket = WebSocket::open(proxy.connect());
    assert_eq!(socket.receive_close(), (1011, "Failed to connect to downstream server".into()));
    end(proxy);
}

#[test]
fn a_program_that_ends_is_started_again_less_and_less_often() {
    let folder = tempdir().unwrap();
    let mut proxy = wrap(folder.path(), &["--wrap-mode", "respawn"], free_address(), &sh("exit 3"));
    proxy.line("it is started again in 0.1 seconds");
    proxy.line("it is started again in 0.2 seconds");
    proxy.lines_with("Starting 'sh'", 3);
    end(proxy);
}

#[test]
fn a_program_ends_with_a_proxy_that_is_killed() {
    let folder = tempdir().unwrap();
    let (port, other) = (free_address(), free_address());
    let mut proxy = wrap(folder.path(), &[], port, &web_server(&other.to_string()));
    proxy.line(&format!("Listen on {other}"));
    drop(proxy);
    let end = Instant::now() + DEADLINE;
    while std::net::TcpStream::connect(other).is_ok() {
        assert!(Instant::now() < end, "it runs still");
        std::thread::yield_now();
    }
}

#[test]
fn the_program_and_what_it_started_end_with_the_proxy() {
    let folder = tempdir().unwrap();
    let script = sh("sleep 1000 & echo $! > new; mv new pid; wait");
    let proxy = wrap(folder.path(), &[], free_address(), &script);
    let file = folder.path().join("pid");
    let deadline = Instant::now() + DEADLINE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "it does not start");
        std::thread::yield_now();
    }
    let pid: i32 = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    end(proxy);
    let ended = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        test_kill_process(Pid::from_raw(pid).unwrap()).is_err() || stat.contains(") Z ")
    };
    while !ended() {
        assert!(Instant::now() < deadline, "it runs still");
        std::thread::yield_now();
    }
}

#[test]
fn a_program_that_cannot_be_started_ends_the_start_and_its_arguments_stay_untold() {
    let folder = tempdir().unwrap();
    let output = command()
        .current_dir(folder.path())
        .args([&free_address().to_string(), "--", "./missing", "--password=secret"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("cannot start './missing': No such file or directory; give"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn a_program_sees_none_of_our_secrets_and_leaves_no_library_behind() {
    let folder = tempdir().unwrap();
    let status = command()
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .env("WSSURE_KEY_PASSWORD", "secret")
        .env("LD_PRELOAD", "")
        .args([&free_address().to_string(), "--", "sh", "-c", "env > environment"])
        .status()
        .unwrap();
    assert!(status.success());
    let environment = fs::read_to_string(folder.path().join("environment")).unwrap();
    assert!(environment.contains("LD_PRELOAD=") && !environment.contains("secret"));
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["environment"]);
}

#[rstest]
#[case(&["0", "--", "true"], "needs SOURCE_PORT")]
#[case(&["--", "true"], "needs SOURCE_PORT")]
#[case(&["6080", "localhost:1", "--", "true"], "cannot be used with")]
#[case(&["6080", "--unix-target", "s", "--", "true"], "cannot be used with")]
#[case(&["6080", "--wrap-mode", "ignore", "localhost:1"], "--wrap-mode is about a program")]
fn a_program_with_options_that_do_not_fit_is_explained(
    #[case] arguments: &[&str],
    #[case] words: &str,
) {
    let output = command().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(words), "{error}");
}
