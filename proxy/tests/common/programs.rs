//! The same test body over both programs: ours, and the websockify that people run.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::DEADLINE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Ours,
    Websockify,
}

/// A program that listens; it ends with this.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Whether it is not here, which is told.
    ///
    /// # Panics
    /// If WSSURE_NOTHING_SKIPPED is set.
    pub fn is_missing(self) -> bool {
        self == Self::Websockify && !is_installed()
    }

    /// A call of it in `folder`, with nothing on its standard input.
    pub fn command(self, folder: &Path) -> Command {
        let mut command = match self {
            Self::Ours => super::command(),
            Self::Websockify => Command::new("websockify"),
        };
        command.current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Starts it in `folder`, with options and what stands behind the port. `None` if it is not here, which is told.
    #[track_caller]
    pub fn start(self, folder: &Path, options: &[&str], behind: &[&str]) -> Option<Running> {
        if self.is_missing() {
            return None;
        }
        let address = free_address();
        let child = self
            .command(folder)
            .args(options)
            .arg(address.to_string())
            .args(behind)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is installed");
        let running = Running { child, address };
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "{self:?} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(running)
    }
}

impl Running {
    /// The first line of the answer to a request for an upgrade, and the first frame behind it; an empty line where it
    /// closes without an answer.
    #[track_caller]
    pub fn upgrade(&self, path: &str, host: &str) -> (String, Vec<u8>) {
        self.upgrade_with(path, &format!("Host: {host}\r\n"))
    }

    /// The same, with header lines of which Host is one.
    #[track_caller]
    pub fn upgrade_with(&self, path: &str, lines: &str) -> (String, Vec<u8>) {
        let mut stream = super::connect(self.address);
        let request = format!(
            "GET {path} HTTP/1.1\r\n{lines}Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        // A reset is an end as well.
        while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let first = head.lines().next().unwrap_or_default().to_owned();
        let mut frame = Vec::new();
        if first.contains(" 101 ") {
            frame.resize(2, 0);
            stream.read_exact(&mut frame).unwrap();
            frame.resize(2 + usize::from(frame[1]), 0);
            stream.read_exact(&mut frame[2..]).unwrap();
        }
        (first, frame)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_installed() -> bool {
    let installed = Command::new("websockify").arg("--help").stdout(Stdio::null()).status();
    if installed.is_ok() {
        return true;
    }
    eprintln!("skipped: websockify is not installed");
    assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "websockify is not installed");
    false
}

/// Below the ports that the system gives to whoever asks for any: websockify cannot be asked for one of these.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = (std::process::id() % 8000) as u16;
    loop {
        let number = (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 8000;
        let address = SocketAddr::from(([127, 0, 0, 1], 10_000 + number));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
