//! `--metrics`: counters and health, apart from where clients come.
#![allow(missing_docs)]

mod common;

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use common::openssl::folder_with_self_pem;
use common::websocket::WebSocket;
use common::{DEADLINE, Proxy, command, connect, echo, get, request};
use rustix::process::Signal;

fn address(proxy: &mut Proxy) -> SocketAddr {
    let line = proxy.line("  - Metrics: http://");
    let rest = line.split("http://").nth(1).unwrap();
    rest.strip_suffix("/metrics").unwrap().parse().unwrap()
}

/// Waits for a line among the counters: what is over is counted a little later.
#[track_caller]
fn wait_for(address: SocketAddr, line: &str) {
    let end = Instant::now() + DEADLINE;
    loop {
        let answer = get(&mut connect(address), "/metrics");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        if answer.contains(&format!("\n{line}\n")) {
            return;
        }
        assert!(Instant::now() < end, "no {line} in {answer}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_happens_is_counted() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &["--metrics", "0"], echo());
    let metrics = address(&mut proxy);
    assert!(metrics.ip().is_loopback());
    let mut socket = WebSocket::open(proxy.connect());
    socket.echo(b"12345");
    wait_for(metrics, "wssure_open_sessions 1");
    socket.close();
    wait_for(metrics, "wssure_open_sessions 0");
    wait_for(metrics, "wssure_session_bytes_total{to=\"target\"} 5");
    wait_for(metrics, "wssure_sessions_total{transport=\"ws\"} 1");
    let upgrade = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    request(&mut proxy.connect(), upgrade);
    wait_for(metrics, "wssure_failures_total{reason=\"upgrade-refused\"} 1");
    let answer = get(&mut connect(metrics), "/metrics");
    assert!(
        answer.contains("wssure_certificate_not_after_seconds{file=\"self.pem\"} "),
        "{answer}"
    );
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    assert!(get(&mut connect(metrics), "/").starts_with("HTTP/1.1 404 "));
}

#[test]
fn health_says_whether_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--metrics", "127.0.0.1:0", "--drain", "600"];
    let mut proxy = Proxy::start(folder.path(), &options, echo());
    let metrics = address(&mut proxy);
    let health = || get(&mut connect(metrics), "/healthz");
    assert!(health().starts_with("HTTP/1.1 200 ") && health().ends_with("\r\n\r\nserving\n"));
    let socket = WebSocket::open(proxy.connect());
    proxy.signal(Signal::TERM);
    proxy.line("told to end");
    assert!(health().starts_with("HTTP/1.1 503 ") && health().ends_with("\r\n\r\ndraining\n"));
    socket.close();
    assert!(proxy.wait().success());
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = command().args(["--metrics", &port, "127.0.0.1:0", "h:1"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words
            .contains(&format!("cannot listen on :{port} for --metrics: Address already in use; ")),
        "{words}"
    );
}
