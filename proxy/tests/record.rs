//! `--record`: a session as a file, side by side with websockify.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use common::programs::Program::{self, Ours, Websockify};
use common::websocket::{BINARY, WebSocket};
use common::{DEADLINE, Proxy, connect, echo, get};
use rstest::rstest;
use tempfile::tempdir;

/// Everything that has an escape of its own, and what has none.
const BYTES: &[u8] = b"RFB 003.008\n\t\r'\\\"\0\x07\x1b\x7f\x80\xe9\xff {}~";

const LINE: &str = r#"RFB 003.008\n\t\r\'\\"\x00\x07\x1b\x7f\x80\xe9\xff {}~',"#;

/// A session, and the recording that is complete in the end.
fn session(address: SocketAddr, file: &Path) -> String {
    let mut socket = WebSocket::open(connect(address));
    socket.echo(BYTES);
    socket.echo(b"");
    socket.echo(b"bye");
    socket.close();
    recording(file)
}

#[track_caller]
fn recording(file: &Path) -> String {
    let end = Instant::now() + DEADLINE;
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.ends_with("'EOF'];\n") {
            return text;
        }
        assert!(Instant::now() < end, "{}: {text}", file.display());
        std::thread::yield_now();
    }
}

/// With TIME for the milliseconds, which are those of a few seconds.
fn without_times(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let brace = line.chars().nth(1).filter(|c| line.starts_with('\'') && "{}".contains(*c));
        lines.push(match brace.and_then(|brace| Some((brace, line[2..].split_once(brace)?))) {
            Some((brace, (time, bytes))) => {
                assert!(time.parse::<u64>().unwrap() < 20_000, "{line}");
                format!("'{brace}TIME{brace}{bytes}")
            }
            None => line.to_owned(),
        });
    }
    lines.join("\n")
}

#[rstest]
fn both_write_the_same(#[values(Ours, Websockify)] program: Program) {
    let folder = tempdir().unwrap();
    let Some(running) = program.start(folder.path(), &["--record", "r"], &[&echo().to_string()])
    else {
        return;
    };
    // The number is that of the connection in one, and that of the session in the other.
    let mut socket = WebSocket::open(connect(running.address));
    socket.echo(BYTES);
    socket.echo(b"bye");
    socket.close();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert!(file.file_name().unwrap().to_str().unwrap().starts_with("r."));
    assert_eq!(
        without_times(&recording(&file)),
        format!(
            "var VNC_frame_data = [\n'}}TIME}}{LINE}\n'{{TIME{{{LINE}\n'}}TIME}}bye',\n'{{TIME{{bye',\n'EOF'];"
        )
    );
}

#[test]
fn each_session_has_a_file_that_only_we_may_read() {
    let folder = tempdir().unwrap();
    let taken = folder.path().join("r.1");
    fs::write(&taken, "of an earlier run").unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--record", "r"], echo());
    proxy.line("  - Warning: --record keeps all that is typed in a session, passwords too");
    get(&mut proxy.connect(), "/");
    for name in ["r.2", "r.3"] {
        let file = folder.path().join(name);
        session(proxy.address, &file);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        proxy.line(&format!("opening record file: {}", file.display()));
    }
    assert_eq!(fs::read_to_string(taken).unwrap(), "of an earlier run");
}

#[test]
fn much_is_recorded_whole() {
    let folder = tempdir().unwrap();
    let proxy = Proxy::start(folder.path(), &["--record", "r"], echo());
    let mut socket = WebSocket::open(proxy.connect());
    let data = vec![b'x'; 3_000_000];
    let frame = common::websocket::frame(BINARY, &data);
    let mut stream = socket.stream.try_clone().unwrap();
    std::thread::spawn(move || std::io::Write::write_all(&mut stream, &frame).unwrap());
    assert_eq!(socket.receive_data(data.len(), |frame| panic!("{frame:?}")), data);
    socket.close();
    let text = recording(&folder.path().join("r.1"));
    let bytes = |way: &str| {
        let lines = text.lines().filter(|line| line.starts_with(way));
        lines.map(|line| line.matches('x').count()).sum::<usize>()
    };
    assert_eq!((bytes("'}"), bytes("'{")), (data.len(), data.len()));
}

#[test]
fn a_session_goes_on_without_a_file() {
    let folder = tempdir().unwrap();
    let recordings = folder.path().join("missing");
    fs::create_dir(&recordings).unwrap();
    let mut proxy = Proxy::start(folder.path(), &["--record", "missing/r"], echo());
    fs::remove_dir(&recordings).unwrap();
    WebSocket::open(proxy.connect()).echo(b"all the same");
    let line = proxy.line("cannot write the record file ");
    assert!(
        line.ends_with("missing/r.1: No such file or directory; the session goes on without"),
        "{line}"
    );
}
