//! Signals at any moment: it goes on, or ends cleanly, and says which.
#![allow(missing_docs)]

mod common;

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::openssl::folder_with_self_pem;
use common::tls::accept_all;
use common::websocket::WebSocket;
use common::{DEADLINE, Proxy, echo};
use rustix::process::Signal;

/// A second is longer than the limits of time below, and no client is taken for one that stalled.
#[test]
fn a_process_that_was_stopped_goes_on_where_it_was() {
    let folder = folder_with_self_pem();
    let times = ["--first-byte-timeout", "1", "--tls-timeout", "1", "--request-timeout", "1"];
    let options = [&["--verbose"], &times[..]].concat();
    let mut proxy = Proxy::start(folder.path(), &options, echo());
    let mut old = WebSocket::open(accept_all(proxy.connect()));
    old.echo(b"before");
    proxy.signal(Signal::STOP);
    let stat = format!("/proc/{}/stat", proxy.pid().as_raw_nonzero());
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        thread::yield_now();
    }
    // The system accepts it in the name of the process.
    let mut waiting = proxy.connect();
    let begun = Instant::now();
    let resume = thread::spawn({
        let id = proxy.pid();
        move || {
            thread::sleep(Duration::from_millis(1500));
            rustix::process::kill_process(id, Signal::CONT).unwrap();
        }
    });
    // It comes while the process is stopped, and is served afterwards.
    waiting.set_nodelay(true).unwrap();
    let mut new = WebSocket::open(&mut waiting);
    new.echo(b"meanwhile");
    assert!(begun.elapsed() > Duration::from_secs(1));
    old.echo(b"after");
    resume.join().unwrap();
    proxy.signal(Signal::TERM);
    proxy.line("stopped");
}

/// Clients come without pause; the end comes after this many milliseconds.
#[test]
fn told_to_end_at_any_moment_it_ends_cleanly_and_says_so() {
    let folder = folder_with_self_pem();
    for moment in [0, 1, 2, 5, 10, 20, 35, 50, 80, 120] {
        let mut proxy = Proxy::start(folder.path(), &["--verbose"], echo());
        let (address, over) = (proxy.address, AtomicBool::new(false));
        thread::scope(|scope| {
            for number in 0..3 {
                let over = &over;
                scope.spawn(move || {
                    let end = Instant::now() + DEADLINE;
                    while !over.load(Ordering::Relaxed) && Instant::now() < end {
                        // Whoever comes too late is refused, and whoever is in the middle is cut off.
                        let Ok(stream) = TcpStream::connect(address) else { continue };
                        stream.set_read_timeout(Some(DEADLINE)).unwrap();
                        let _ = std::panic::catch_unwind(move || match number {
                            0 => drop(WebSocket::open(accept_all(stream))),
                            1 => WebSocket::open(stream).echo(b"hello"),
                            _ => drop(stream),
                        });
                    }
                });
            }
            thread::sleep(Duration::from_millis(moment));
            proxy.signal(Signal::TERM);
            proxy.line("stopped");
            over.store(true, Ordering::Relaxed);
        });
        let status = proxy.wait();
        assert!(status.success(), "after {moment} ms: {status}");
    }
}
