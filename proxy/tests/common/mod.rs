//! What the whole-program tests share: the proxy as a process, targets, and clients that can misbehave.
#![allow(dead_code, missing_docs)] // Each test program uses its part.

pub mod openssl;
pub mod programs;
pub mod tls;
pub mod websocket;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes as long, unless it never happens.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wssure-proxy"))
}

/// A proxy as a process, with its log.
pub struct Proxy {
    child: Child,
    pub address: SocketAddr,
    log: Receiver<String>,
    pub lines: Vec<String>,
}

impl Proxy {
    /// Starts it in `folder` on a free port.
    pub fn start(folder: &Path, options: &[&str], target: SocketAddr) -> Self {
        Self::run(folder, options.iter().copied().chain(["127.0.0.1:0", &target.to_string()]))
    }

    pub fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Self {
        let mut child = command()
            .current_dir(folder)
            // Tests look for the line of each connection.
            .args(["--log-refusals", "each"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (send, log) = channel();
        thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        let mut proxy = Self { child, address: ([0, 0, 0, 0], 0).into(), log, lines: vec![] };
        let listen = proxy.line("Listen on ");
        proxy.address = listen.rsplit(' ').next().unwrap().parse().expect("an address");
        proxy.line("  - proxying from ");
        proxy
    }

    /// The first line, old or new, with `part` in it.
    #[track_caller]
    pub fn line(&mut self, part: &str) -> String {
        self.lines_with(part, 1).remove(0)
    }

    /// The first `count` lines with `part` in them.
    #[track_caller]
    pub fn lines_with(&mut self, part: &str, count: usize) -> Vec<String> {
        let end = Instant::now() + DEADLINE;
        loop {
            let found: Vec<String> =
                self.lines.iter().filter(|line| line.contains(part)).take(count).cloned().collect();
            if found.len() == count {
                return found;
            }
            match self.log.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.lines.push(line),
                Err(_) => {
                    panic!("{count} times {part:?} not in the log:\n{}", self.lines.join("\n"))
                }
            }
        }
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Waits for the end of the process.
    pub fn wait(mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "still running");
            thread::yield_now();
        }
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A target that runs `serve` for each connection.
pub fn target(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// A target that sends everything back, and ends when its client ends.
pub fn echo() -> SocketAddr {
    target(|mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut reader, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
    })
}

/// A port where nobody listens.
pub fn closed_port() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Everything up to the end of the stream, which must end properly.
pub fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("ends without an error");
    bytes
}

/// A plain request, and its response as text.
pub fn get(stream: &mut (impl Read + Write), path: &str) -> String {
    request(stream, &format!("GET {path} HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"))
}

pub fn request(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
