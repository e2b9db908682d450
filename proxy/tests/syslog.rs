//! `--syslog`: lines of the log, side by side with websockify.
#![allow(missing_docs)]

mod common;

use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixListener};

use common::programs::Program::{self, Ours, Websockify};
use common::{DEADLINE, Proxy, command, echo};
use rstest::rstest;
use rustix::process::Signal;
use tempfile::tempdir;

/// With TIME, HOST, NAME and PID for what varies.
fn masked(line: &str) -> String {
    let (_, message) = line.split_once("- - ").or(line.split_once("]: ")).unwrap();
    let head: Vec<&str> = line[..line.len() - message.len()].split(' ').collect();
    let shown = match head[..] {
        [priority, time, _, name, pid, "-", "-", ""] => {
            assert!(
                time.len() == 20 && time.ends_with('Z') && pid.parse::<u32>().is_ok(),
                "{line}"
            );
            assert!(["wssure-proxy", "websockify"].contains(&name), "{line}");
            format!("{priority} TIME HOST NAME PID - - ")
        }
        [name, ""] => {
            let end = name.find('>').unwrap() + 1;
            let pid = name.split(['[', ']']).nth(1).unwrap();
            assert!(pid.parse::<u32>().is_ok(), "{line}");
            format!("{}NAME[PID]: ", &name[..end])
        }
        _ => panic!("{line}"),
    };
    shown + message
}

#[rstest]
fn lines_arrive_over_udp_and_at_a_socket(
    #[values(Ours, Websockify)] program: Program,
    #[values(false, true)] legacy: bool,
    #[values(false, true)] local: bool,
) {
    let folder = tempdir().unwrap();
    let (udp, unix) = (UdpSocket::bind("127.0.0.1:0").unwrap(), folder.path().join("log"));
    let socket = UnixDatagram::bind(&unix).unwrap();
    udp.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let address = if local { "log".to_owned() } else { udp.local_addr().unwrap().to_string() };
    let mut options = vec!["--syslog", &*address];
    options.extend(legacy.then_some("--legacy-syslog"));
    let Some(_running) = program.start(folder.path(), &options, &[&echo().to_string()]) else {
        return;
    };
    let mut buffer = [0; 2000];
    let length = if local { socket.recv(&mut buffer) } else { udp.recv(&mut buffer) }.unwrap();
    let begin = if legacy { "<14>NAME[PID]: " } else { "<14>1 TIME HOST NAME PID - - " };
    let line = masked(std::str::from_utf8(&buffer[..length]).unwrap());
    assert_eq!(line, format!("{begin}WebSocket server settings:"));
}

#[test]
fn the_last_line_arrives_too_and_a_stream_will_do() {
    let folder = tempdir().unwrap();
    let socket = UnixListener::bind(folder.path().join("log")).unwrap();
    let mut proxy = Proxy::start(folder.path(), &["-v", "--syslog", "log"], echo());
    proxy.line("WebSocket server settings:");
    let mut stream = socket.accept().unwrap().0;
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    proxy.signal(Signal::TERM);
    assert!(proxy.wait().success());
    let text = String::from_utf8(common::rest(&mut stream)).unwrap();
    assert!(text.lines().next().unwrap().ends_with("- - WebSocket server settings:"), "{text}");
    assert!(text.starts_with("<14>1 ") && text.contains("\n<15>1 "), "{text}");
    assert!(text.ends_with("- - stopped\n"), "{text}");
}

#[test]
fn a_syslog_that_is_away_is_told_and_what_is_lost_is_counted() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("log");
    let mut proxy = Proxy::start(folder.path(), &["--syslog", "log"], echo());
    let line = proxy.line("cannot be reached, lines are lost there: No such file or directory");
    assert!(line.starts_with(&format!("syslog {}", path.display())), "{line}");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let end = std::time::Instant::now() + DEADLINE;
    let mut buffer = [0; 2000];
    socket.set_nonblocking(true).unwrap();
    while socket.recv(&mut buffer).is_err() {
        assert!(std::time::Instant::now() < end, "nothing arrives");
        common::get(&mut proxy.connect(), "/");
    }
    proxy.line("is reached again; lines that were lost there: ");
}

#[test]
fn a_syslog_that_takes_nothing_keeps_nobody_waiting() {
    let folder = tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("log")).unwrap();
    let proxy = Proxy::start(folder.path(), &["--syslog", "log"], echo());
    for _ in 0..100 {
        common::get(&mut proxy.connect(), "/");
    }
    proxy.signal(Signal::TERM);
    assert!(proxy.wait().success());
    drop(socket);
}

#[rstest]
#[case(&["--syslog", "logs:"], "give HOST:PORT, or the path of a socket such as /dev/log")]
#[case(&["--legacy-syslog"], "--syslog <ADDRESS>")]
fn a_wrong_address_is_explained(#[case] options: &[&str], #[case] words: &str) {
    let output = command().args(options).args(["0", "localhost:1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(words), "{error}");
}
