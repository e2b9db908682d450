//! Certificates are replaced again and again, in every way, while clients come without pause: none of them notices.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use common::openssl::make_pair;
use common::tls::accept_all;
use common::websocket::WebSocket;
use common::{connect, echo};
use rustix::process::Signal;

const REPLACEMENTS: usize = 1000;

/// Two pairs, in folders of their own, and the files that are served.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        make_pair(&folder.path().join(name), "ec");
    }
    for file in ["cert.pem", "key.pem"] {
        fs::copy(folder.path().join("one").join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// Puts another pair in place of the one that is served, which does not fit for a moment, or for longer.
fn replace(folder: &Path, number: usize) {
    let from = folder.join(if number.is_multiple_of(2) { "two" } else { "one" });
    let way = number / 2 % 6;
    for file in ["key.pem", "cert.pem"] {
        let (from, to, next) = (from.join(file), folder.join(file), folder.join("next"));
        match way {
            // In place: for a moment there is half of a file.
            0 => fs::write(&to, fs::read(&from).unwrap()).unwrap(),
            1 => {
                fs::copy(&from, &next).unwrap();
                fs::rename(&next, &to).unwrap();
            }
            2 => {
                fs::remove_file(&to).unwrap();
                fs::copy(&from, &to).unwrap();
            }
            // As orchestrators do.
            3 => {
                symlink(&from, &next).unwrap();
                fs::rename(&next, &to).unwrap();
            }
            // Broken, until the next comes.
            4 => {
                fs::remove_file(&to).unwrap();
                fs::write(&to, "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
            }
            // Gone, until the next comes.
            _ => drop(fs::remove_file(&to)),
        }
    }
    // What comes next is written to a file, and not through a link.
    if way >= 3 {
        for file in ["key.pem", "cert.pem"] {
            drop(fs::remove_file(folder.join(file)));
            fs::copy(from.join(file), folder.join(file)).unwrap();
        }
    }
}

#[test]
fn nobody_notices_that_certificates_are_replaced() {
    let folder = folder();
    let folder = folder.path();
    let options = ["--cert", "cert.pem", "--key", "key.pem", "--log-file", "log"];
    // The log is not read, and a pipe that is full would keep everybody waiting.
    let address = common::programs::free_address();
    let mut child = common::command()
        .current_dir(folder)
        .args(options)
        .args([address.to_string(), echo().to_string()])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while std::net::TcpStream::connect(address).is_err() {
        thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().count();
    let serve = || WebSocket::open(accept_all(connect(address)));

    let mut old = serve();
    old.echo(b"from before");
    let before = descriptors();
    let (over, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let mut client = serve();
                    client.echo(b"served");
                    client.close();
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..REPLACEMENTS {
            replace(folder, number);
            if number % 10 == 0 {
                rustix::process::kill_process(pid, Signal::HUP).unwrap();
            }
            old.echo(b"still here");
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(served.into_inner() > 100);
    old.echo(b"to the end");
    // What was closed is gone a moment later.
    let end = std::time::Instant::now() + common::DEADLINE;
    while descriptors() > before {
        assert!(std::time::Instant::now() < end, "{} descriptors, {before} before", descriptors());
        thread::sleep(std::time::Duration::from_millis(20));
    }
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.matches("certificate reloaded: ").count() > 10, "{log}");
    child.kill().unwrap();
    child.wait().unwrap();
}
