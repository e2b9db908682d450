//! Where the proxy listens: Unix sockets, sockets of systemd and of inetd, addresses of IPv6. What websockify does,
//! too, both are asked.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::openssl::folder_with_self_pem;
use common::programs::Program;
use common::websocket::WebSocket;
use common::{DEADLINE, Proxy, command, echo, get, tls};
use rstest::rstest;

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn terminate(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.end();
    }

    /// Waits for its end, which must be a good one.
    fn end(&mut self) {
        let end = Instant::now() + DEADLINE;
        while self.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "still running");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn unix(path: &Path) -> UnixStream {
    let end = Instant::now() + DEADLINE;
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => {
                stream.set_read_timeout(Some(DEADLINE)).unwrap();
                return stream;
            }
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn on_unix(program: Program, folder: &Path, options: &[&str]) -> Running {
    let target = echo().to_string();
    let arguments = ["--unix-listen", "listen.sock"].iter().chain(options);
    Running::start(program.command(folder).args(arguments).arg(target))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What a start that fails says.
fn failure(folder: &Path, arguments: &[&str]) -> String {
    let output = command().current_dir(folder).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[rstest]
fn a_unix_socket_takes_the_place_of_the_port(
    #[values(Program::Ours, Program::Websockify)] program: Program,
) {
    if program.is_missing() {
        return;
    }
    let folder = folder_with_self_pem();
    let path = folder.path().join("listen.sock");
    let running = on_unix(program, folder.path(), &[]);
    let mut plain = WebSocket::open(unix(&path));
    plain.echo(b"without TLS");
    plain.close();
    WebSocket::open(tls::accept_all(unix(&path))).echo(b"with TLS");
    assert_eq!(mode(&path), 0o600, "{program:?}");
    running.terminate();
}

#[rstest]
fn its_permissions_are_those_that_are_asked_for(
    #[values(Program::Ours, Program::Websockify)] program: Program,
) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listen.sock");
    let _running = on_unix(program, folder.path(), &["--unix-listen-mode", "660"]);
    WebSocket::open(unix(&path)).echo(b"x");
    assert_eq!(mode(&path), 0o660, "{program:?}");
}

#[test]
fn permissions_are_octal() {
    for mode in ["999", "10777", "rw", ""] {
        let output =
            command().args(["--unix-listen", "s", "--unix-listen-mode", mode, "h:1"]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("give octal digits"));
    }
}

#[rstest]
fn a_socket_that_was_left_there_is_replaced(
    #[values(Program::Ours, Program::Websockify)] program: Program,
) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listen.sock");
    drop(UnixListener::bind(&path).unwrap());
    let _running = on_unix(program, folder.path(), &[]);
    WebSocket::open(unix(&path)).echo(b"x");
}

#[test]
fn a_socket_in_use_and_what_is_no_socket_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--unix-listen", "listen.sock", "localhost:1"];
    let path = folder.path().join("listen.sock");
    let owner = UnixListener::bind(&path).unwrap();
    let words = failure(folder.path(), &arguments);
    assert!(words.contains("cannot listen on unix socket listen.sock: another program"), "{words}");
    UnixStream::connect(&path).unwrap();
    drop(owner);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    let words = failure(folder.path(), &arguments);
    assert!(words.contains("something that is not a socket"), "{words}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn its_own_socket_is_removed_at_the_end_and_the_log_calls_clients_unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listen.sock");
    let log = folder.path().join("log");
    let program = Program::Ours;
    let running = on_unix(program, folder.path(), &["--log-file", "log"]);
    WebSocket::open(unix(&path)).echo(b"x");
    running.terminate();
    assert!(!path.exists());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("  - Listen on unix socket listen.sock\n"), "{log}");
    assert!(log.contains("client unix: Plain non-SSL (ws://) WebSocket connection"), "{log}");
}

#[rstest]
fn a_listening_socket_on_standard_input_is_served_on_and_on(
    #[values(Program::Ours, Program::Websockify)] program: Program,
) {
    if program.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let _running = Running::start(
        program
            .command(folder.path())
            .stdin(OwnedFd::from(listener))
            .args(["--inetd", &echo().to_string()]),
    );
    for _ in 0..2 {
        WebSocket::open(common::connect(address)).echo(b"through inetd");
    }
}

#[test]
fn a_client_on_standard_input_is_served_and_ends_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let start = |socket: OwnedFd| {
        Running::start(
            command()
                .current_dir(folder.path())
                .stdin(socket)
                .args(["--inetd", &echo().to_string()]),
        )
    };
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut running = start(theirs.into());
    ours.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut socket = WebSocket::open(ours);
    socket.echo(b"the only one");
    socket.close();
    running.end();

    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut running = start(listener.accept().unwrap().0.into());
    assert!(get(&mut client, "/").starts_with("HTTP/1.1 4"));
    drop(client);
    running.end();
}

#[test]
fn standard_input_that_is_no_socket_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let words = failure(folder.path(), &["--inetd", "localhost:1"]);
    assert!(
        words.contains("cannot listen on standard input (--inetd): what was handed over is no"),
        "{words}"
    );
}

/// The proxy with `sockets` from 3 on, as systemd starts it; `sh` lets it have its own id in LISTEN_PID.
fn activated(sockets: &[OwnedFd], folder: &Path, arguments: &str) -> Running {
    let mut script = String::new();
    for (number, socket) in sockets.iter().enumerate() {
        script += &format!("exec {}<&{}; ", number + 3, socket.as_raw_fd());
    }
    script += &format!(
        "LISTEN_FDS={} LISTEN_PID=$$ exec {} {arguments}",
        sockets.len(),
        env!("CARGO_BIN_EXE_wssure-proxy")
    );
    for socket in sockets {
        rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::empty()).unwrap();
    }
    Running::start(Command::new("bash").current_dir(folder).args(["-c", &script]))
}

#[test]
fn sockets_of_systemd_take_the_place_of_the_port() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let path = folder.path().join("systemd.sock");
    let other = UnixListener::bind(&path).unwrap();
    // High numbers, so that 3 and 4 are free to be given.
    let high = |socket: OwnedFd, number| rustix::io::fcntl_dupfd_cloexec(&socket, number).unwrap();
    let sockets = [high(listener.into(), 60), high(other.into(), 61)];
    let arguments = format!("--log-file log {}", echo());
    let running = activated(&sockets, folder.path(), &arguments);
    drop(sockets);
    WebSocket::open(common::connect(address)).echo(b"over TCP");
    WebSocket::open(unix(&path)).echo(b"over the other");
    running.terminate();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains(&format!("  - Listen on {address}, a socket of systemd's\n")), "{log}");
    assert!(path.exists(), "the socket is systemd's");
}

#[test]
fn one_argument_too_few_or_too_many_is_told() {
    for (arguments, words) in [
        (&["localhost:1"][..], "no target: give TARGET_ADDR:TARGET_PORT"),
        (&[], "no place to listen: give [SOURCE_ADDR:]SOURCE_PORT"),
        (&["--unix-listen", "s"], "no target"),
        (&["--unix-listen", "s", "6080", "localhost:1"], "one argument too many"),
        (&["--unix-listen", "s", "1"], "a target needs an address"),
        (&["--inetd", "6080", "localhost:1"], "one argument too many"),
    ] {
        let output = command().args(arguments).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
}

#[test]
fn ipv6_is_preferred_and_without_an_address_both_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let target = echo().to_string();
    let proxy = Proxy::run(folder.path(), ["-6", "0", &target]);
    let port = proxy.address.port();
    WebSocket::open(common::connect(([127, 0, 0, 1], port).into())).echo(b"over IPv4");
    if proxy.address.is_ipv6() {
        let loopback = std::net::Ipv6Addr::LOCALHOST;
        WebSocket::open(common::connect((loopback, port).into())).echo(b"over IPv6");
    }
    let proxy = Proxy::run(folder.path(), ["--prefer-ipv6", "127.0.0.1:0", &target]);
    assert!(proxy.address.is_ipv4(), "an address is what it is");
}
