//! Lines to syslog (`--syslog`), sent by a thread of their own so that nobody waits for it.

use std::fmt;
use std::io::{self, Write};
use std::net::{ToSocketAddrs, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Output;
use crate::event::{Event, Severity, cause};
use crate::settings::{Endpoint, target_endpoint};

/// How many lines may wait.
const WAITING: usize = 1024;

/// How long a syslog may take to take a line, and the last lines at the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a syslog that cannot be reached is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Whom the lines are from.
const NAME: &str = "wssure-proxy";

/// A syslog, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Where it is.
    pub address: SyslogAddress,
    /// What it reads.
    pub format: SyslogFormat,
    /// As what the proxy shows itself.
    pub facility: SyslogFacility,
}

/// Where a syslog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A socket on this machine, such as `/dev/log`.
    Local(PathBuf),
    /// A UDP port.
    Udp(Endpoint),
}

/// `HOST:PORT`, or a path, which has no colon or a slash at its begin.
impl FromStr for SyslogAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(':') && !text.starts_with('/') {
            let endpoint = target_endpoint(text);
            let words = "give HOST:PORT, or the path of a socket such as /dev/log";
            endpoint.map(Self::Udp).map_err(|_| words.to_owned())
        } else if text.is_empty() {
            Err("give the path of a socket such as /dev/log, or HOST:PORT".to_owned())
        } else {
            Ok(Self::Local(std::path::absolute(text).unwrap_or_else(|_| text.into())))
        }
    }
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Udp(endpoint) => endpoint.fmt(f),
        }
    }
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyslogFormat {
    /// RFC 5424.
    Rfc5424,
    /// RFC 3164, of whose header the syslog adds time and host (`--legacy-syslog`).
    Rfc3164,
}

/// What kind of program lines are from (RFC 5424, section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyslogFacility {
    /// One that a user runs.
    User,
    /// One in the background.
    Daemon,
}

/// The way to the thread.
pub(super) struct Sender {
    lines: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    syslog: Syslog,
    host: String,
}

enum Message {
    Line(Vec<u8>),
    /// All before it is done.
    Done(oneshot::Sender<()>),
}

impl Sender {
    /// Starts the thread. What becomes of the syslog is told to `output`.
    pub(super) fn start(syslog: &Syslog, output: Arc<Output>) -> io::Result<Self> {
        let (lines, messages) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let delivery = Delivery {
            syslog: syslog.clone(),
            output,
            lost: Arc::clone(&lost),
            state: State::Untried,
        };
        thread::Builder::new().name("syslog".to_owned()).spawn(move || delivery.run(&messages))?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { lines, lost, syslog: syslog.clone(), host })
    }

    /// Sends a line, or counts it as lost: nobody waits.
    pub(super) fn send(&self, severity: Severity, text: &str) {
        let line = self.syslog.line(severity, &self.host, text);
        if self.lines.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was sent is gone, but not for long.
    pub(super) async fn finish(&self) {
        let (send, done) = oneshot::channel();
        if self.lines.try_send(Message::Done(send)).is_ok() {
            let _ = timeout(PATIENCE, done).await;
        }
    }
}

impl Syslog {
    fn line(&self, severity: Severity, host: &str, text: &str) -> Vec<u8> {
        let facility = match self.facility {
            SyslogFacility::User => 1,
            SyslogFacility::Daemon => 3,
        };
        let severity = match severity {
            Severity::Error => 3,
            Severity::Warning => 4,
            Severity::Info => 6,
            Severity::Detail => 7,
        };
        let (priority, process) = (facility * 8 + severity, std::process::id());
        let mut line = match self.format {
            SyslogFormat::Rfc3164 => format!("<{priority}>{NAME}[{process}]: "),
            SyslogFormat::Rfc5424 => {
                let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
                let host = if host.is_empty() { "-" } else { host };
                format!("<{priority}>1 {time} {host} {NAME} {process} - - ")
            }
        };
        // RFC 5424, section 6.4.
        if self.format == SyslogFormat::Rfc5424 && !text.is_ascii() {
            line.push('\u{feff}');
        }
        line.push_str(text);
        line.into_bytes()
    }
}

/// What the thread does.
struct Delivery {
    syslog: Syslog,
    output: Arc<Output>,
    lost: Arc<AtomicU64>,
    state: State,
}

enum State {
    Untried,
    Reached(Wire),
    Lost { again: Instant },
}

enum Wire {
    Udp(UdpSocket),
    Datagram(UnixDatagram),
    /// Lines with ends.
    Stream(UnixStream),
}

impl Delivery {
    fn run(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Line(line) => self.deliver(&line),
                // Who does not wait any more needs no answer.
                Message::Done(done) => drop(done.send(())),
            }
        }
    }

    fn deliver(&mut self, line: &[u8]) {
        if matches!(self.state, State::Lost { again } if Instant::now() < again) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // A syslog that was started anew is at another socket of the same path.
        let result = match &mut self.state {
            State::Reached(wire) => wire.send(line).or_else(|_| self.reach_and_send(line)),
            _ => self.reach_and_send(line),
        };
        if let Err(error) = result {
            self.lost.fetch_add(1, Ordering::Relaxed);
            if !matches!(self.state, State::Lost { .. }) {
                let event = Event::SyslogLost(self.syslog.address.clone(), cause(&error));
                self.output.write(&event);
            }
            self.state = State::Lost { again: Instant::now() + PAUSE };
        }
    }

    fn reach_and_send(&mut self, line: &[u8]) -> io::Result<()> {
        let mut wire = Wire::open(&self.syslog.address)?;
        wire.send(line)?;
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let event = Event::SyslogBack(self.syslog.address.clone(), lost);
            self.output.write(&event);
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            wire.send(&self.syslog.line(Severity::Warning, &host, &event.to_string()))?;
        }
        self.state = State::Reached(wire);
        Ok(())
    }
}

impl Wire {
    fn open(address: &SyslogAddress) -> io::Result<Self> {
        match address {
            SyslogAddress::Udp(endpoint) => {
                let host = endpoint.host.as_deref().unwrap_or("localhost");
                let mut error = io::Error::new(io::ErrorKind::NotFound, "no address");
                for address in (host, endpoint.port).to_socket_addrs()? {
                    let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    match UdpSocket::bind(own).and_then(|socket| {
                        socket.connect(address)?;
                        socket.set_write_timeout(Some(PATIENCE))?;
                        Ok(socket)
                    }) {
                        Ok(socket) => return Ok(Self::Udp(socket)),
                        Err(why) => error = why,
                    }
                }
                Err(error)
            }
            SyslogAddress::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                match socket.connect(path) {
                    Ok(()) => {
                        socket.set_write_timeout(Some(PATIENCE))?;
                        Ok(Self::Datagram(socket))
                    }
                    Err(error)
                        if error.raw_os_error()
                            == Some(rustix::io::Errno::PROTOTYPE.raw_os_error()) =>
                    {
                        let stream = UnixStream::connect(path)?;
                        stream.set_write_timeout(Some(PATIENCE))?;
                        Ok(Self::Stream(stream))
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn send(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(line).map(drop),
            Self::Datagram(socket) => socket.send(line).map(drop),
            Self::Stream(stream) => stream.write_all(&[line, b"\n"].concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_host_with_a_port() {
        let read = |text: &str| text.parse::<SyslogAddress>();
        assert_eq!(read("/dev/log"), Ok(SyslogAddress::Local("/dev/log".into())));
        assert_eq!(read("/a:1"), Ok(SyslogAddress::Local("/a:1".into())));
        assert_eq!(read("logs:514"), Ok(SyslogAddress::Udp(Endpoint::new("logs", 514))));
        for wrong in ["", "logs:", ":514", "logs:0", "::1:514"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
