//! `--proxy-protocol`: clients behind a balancer, by headers of our own and those of a real haproxy.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::openssl::{issue, make_authority};
use common::programs::free_address;
use common::websocket::WebSocket;
use common::{DEADLINE, Proxy, echo, tls};
use rstest::rstest;

const FROM_HERE: [&str; 3] = ["--verbose", "--proxy-protocol", "10.0.0.0/8,127.0.0.1"];

fn start(folder: &Path, options: &[&str]) -> Proxy {
    make_authority(folder);
    issue(folder, "server", "subjectAltName=DNS:localhost", "");
    let certificate = ["--cert", "server.pem", "--key", "server-key.pem"];
    Proxy::start(folder, &[&certificate, options].concat(), echo())
}

/// A connection that a balancer begins with these bytes.
fn behind(proxy: &Proxy, header: &[u8]) -> TcpStream {
    let mut stream = proxy.connect();
    stream.write_all(header).unwrap();
    stream
}

fn version_2(bytes: &[u8]) -> Vec<u8> {
    [b"\r\n\r\n\0\r\nQUIT\n", bytes].concat()
}

#[test]
fn the_client_is_the_one_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = start(folder.path(), &FROM_HERE);
    proxy.line("  - PROXY headers (versions 1 and 2) from 10.0.0.0/8, 127.0.0.1");
    let four = [0x21, 0x11, 0, 15, 192, 0, 2, 7, 127, 0, 0, 1, 0x10, 0, 1, 0xbb, 4, 0, 0];
    for (header, client) in [
        (b"PROXY TCP4 192.0.2.8 127.0.0.1 4000 443\r\n".to_vec(), "192.0.2.8:4000"),
        (b"PROXY TCP6 2001:db8::1 ::1 4000 443\r\n".to_vec(), "[2001:db8::1]:4000"),
        (version_2(&four), "192.0.2.7:4096"),
    ] {
        let mut plain = WebSocket::open(behind(&proxy, &header));
        plain.echo(b"hello");
        proxy.line(&format!("client {client}: Plain non-SSL (ws://) WebSocket connection"));
        let mut secure = WebSocket::open(tls::accept_all(behind(&proxy, &header)));
        secure.echo(b"hello");
        proxy.line(&format!("client {client}: SSL/TLS (wss://) WebSocket connection"));
    }
    // A balancer that looks whether we are there.
    for header in [b"PROXY UNKNOWN\r\n".to_vec(), version_2(&[0x20, 0, 0, 0])] {
        let stream = behind(&proxy, &header);
        let own = stream.local_addr().unwrap();
        WebSocket::open(stream).echo(b"hello");
        proxy.line(&format!("client {own}: Plain non-SSL"));
    }
}

/// Byte by byte, and with the request in the same packet.
#[test]
fn it_does_not_matter_how_a_header_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = start(folder.path(), &FROM_HERE);
    let four = [0x21, 0x11, 0, 12, 192, 0, 2, 7, 127, 0, 0, 1, 0x10, 0, 1, 0xbb];
    for header in [b"PROXY TCP4 192.0.2.8 127.0.0.1 4000 443\r\n".to_vec(), version_2(&four)] {
        let mut slow = proxy.connect();
        for byte in &header {
            slow.write_all(&[*byte]).unwrap();
        }
        WebSocket::open(slow).echo(b"hello");
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let mut together = behind(&proxy, &[&header[..], request].concat());
        let mut answer = String::new();
        together.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }
}

#[test]
fn without_a_header_that_can_be_read_the_connection_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = start(folder.path(), &FROM_HERE);
    let mut open = WebSocket::open(behind(&proxy, b"PROXY UNKNOWN\r\n"));
    let long = [b"PROXY UNKNOWN ", &[b'x'; 200][..]].concat();
    for (bytes, words) in [
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), "the first byte is 'G'"),
        (vec![0x16, 3, 1, 0, 5], "a TLS handshake came instead"),
        (b"PROXY TCP4 one two 1 2\r\n".to_vec(), "its line is not PROXY TCP4 or TCP6"),
        (long, "its line has more than 107 bytes"),
        (version_2(&[0x21, 0x11, 0xff, 0xff]), "it announces 65551 bytes; 4096 are read"),
        (version_2(&[0x21, 0x11, 0, 2, 1, 2]), "it is too short for the addresses"),
        (version_2(&[0x31, 0x11, 0, 0]), "version and command are 0x31"),
    ] {
        let mut stream = behind(&proxy, &bytes);
        let own = stream.local_addr().unwrap();
        assert_eq!(common::rest(&mut stream), b"", "{words}");
        let line = proxy.line(&format!("client {own}: no PROXY header, closed: {words}"));
        assert!(line.contains("haproxy: send-proxy-v2"), "{line}");
    }
    // One that ends within its header, and one that says nothing.
    let mut cut = behind(&proxy, b"PROXY TCP4 1.2");
    cut.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(common::rest(&mut cut), b"");
    proxy.line("no PROXY header, closed: the connection ended within it");
    drop(proxy.connect());
    proxy.line("no bytes, closed");
    let slow = behind(&proxy, b"PROXY TCP4");
    proxy.line("no PROXY header, closed: it was not whole within 5 s");
    drop(slow);
    open.echo(b"still there");
}

/// From others a header is no HTTP request.
#[test]
fn only_those_are_believed_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = start(folder.path(), &["--verbose", "--proxy-protocol", "192.0.2.0/24"]);
    let mut stream = behind(&proxy, b"PROXY TCP4 192.0.2.8 127.0.0.1 4000 443\r\n\r\n");
    let own = stream.local_addr().unwrap();
    tls::drain(&mut stream);
    proxy.line(&format!("client {own}: not an HTTP request"));
    WebSocket::open(proxy.connect()).echo(b"hello");
    assert!(!proxy.lines.iter().any(|line| line.contains("192.0.2.8")), "{:?}", proxy.lines);
}

/// A haproxy of our own; it ends with this.
struct Haproxy(Child, SocketAddr);

impl Haproxy {
    /// Relays to `proxy`; `None` if there is no haproxy, which is told.
    fn start(folder: &Path, proxy: SocketAddr, send: &str) -> Option<Self> {
        let address = free_address();
        let config = format!(
            "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
             listen one\n  bind {address}\n  server one {proxy} {send}\n"
        );
        fs::write(folder.join("haproxy.cfg"), config).unwrap();
        let child = Command::new("haproxy")
            .args(["-db", "-f", "haproxy.cfg"])
            .current_dir(folder)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("skipped: haproxy is not installed");
            assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "no haproxy");
            return None;
        };
        let started = Self(child, address);
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "haproxy does not listen");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Some(started)
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[rstest]
fn a_real_balancer_says_whose_a_connection_is(#[values("send-proxy", "send-proxy-v2")] send: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = start(folder.path(), &FROM_HERE);
    let Some(haproxy) = Haproxy::start(folder.path(), proxy.address, send) else { return };
    let stream = common::connect(haproxy.1);
    let own = stream.local_addr().unwrap();
    WebSocket::open(stream).echo(b"hello");
    proxy.line(&format!("client {own}: Plain non-SSL (ws://) WebSocket connection"));
    let stream = common::connect(haproxy.1);
    let own = stream.local_addr().unwrap();
    WebSocket::open(tls::accept_all(stream)).echo(b"hello");
    proxy.line(&format!("client {own}: SSL/TLS (wss://) WebSocket connection"));
}
