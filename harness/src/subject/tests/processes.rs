//! Subjects that start, that do not, and what is left of them.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::Instant;

use super::define;
use crate::subject::{Launch, ListenAt, PlainClients, StartFailure, Subject, SubjectOption};

const READY: &str = "ready.log = '^ready$'";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn shell(script: &str, rest: &str) -> Subject {
    define(
        &format!("['sh', '-c', '''{script}''', 'sh', '{{options}}', '{{listen}}', '{{target}}']"),
        rest,
    )
    .unwrap()
}

/// Something that listens, in Python.
fn listener(before: &str, rest: &str) -> Subject {
    let script = format!(
        "import socket\n{before}\nserver = socket.create_server(('{{listen-host}}', {{listen-port}}))\nprint('ready')\n\
         while True: server.accept()[0].close()"
    );
    define(&format!("['python3', '-c', '''{script}''']"), rest).unwrap()
}

fn launch(folder: &TempDir) -> Launch {
    Launch::new(SocketAddr::from(([127, 0, 0, 1], 5900)), folder.path())
}

async fn failure(subject: &Subject, deadline: Instant) -> StartFailure {
    let folder = tempfile::tempdir().unwrap();
    subject.start(&launch(&folder), deadline).await.expect_err("it should not start")
}

/// Whether the process is there and not dead: the dead may still wait for their parent to take notice.
fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("status"));
    status.is_ok_and(|status| !status.contains("State:\tZ") && !status.contains("State:\tX"))
}

/// A process that is killed closes its output a moment before it is seen to be dead, and nothing
/// tells of the death of another's child: so this looks until the deadline.
async fn assert_gone(pid: &str) {
    let deadline = soon();
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_that_is_not_installed_says_how_to_get_it() {
    let subject = define("['no-such-proxy']", READY).unwrap();
    let failure = failure(&subject, soon()).await;
    assert!(matches!(failure, StartFailure::CommandNotFound { .. }));
    assert!(failure.to_string().contains("there is no command `no-such-proxy`"), "{failure}");
    assert!(failure.to_string().ends_with("hint: write it"), "{failure}");
}

#[tokio::test]
async fn one_that_ends_at_once_is_told_with_its_status_and_its_last_words() {
    let subject = shell("echo SSL only and self.pem not found >&2; exit 3", READY);
    let failure = failure(&subject, soon()).await;
    let StartFailure::Exited { status, log, .. } = &failure else { panic!("{failure}") };
    assert_eq!(status.code(), Some(3));
    assert_eq!(log[0].text, "SSL only and self.pem not found");
    assert!(failure.to_string().contains("| SSL only and self.pem not found"), "{failure}");
}

#[tokio::test]
async fn one_that_never_says_that_it_is_ready_is_given_up_at_the_deadline() {
    let subject = shell("exec sleep 1000", READY);
    let failure = failure(&subject, Instant::now() + Duration::from_secs(1)).await;
    assert!(matches!(failure, StartFailure::NeverReady { .. }), "{failure}");
    assert!(failure.to_string().contains("a log line that matches `^ready$`"), "{failure}");
}

#[tokio::test]
async fn one_that_never_listens_is_given_up_at_the_deadline() {
    let subject = shell("exec sleep 1000", "ready.connect = true");
    let failure = failure(&subject, Instant::now() + Duration::from_secs(1)).await;
    assert!(matches!(failure, StartFailure::NeverReady { .. }), "{failure}");
    assert!(failure.to_string().ends_with("It printed nothing."), "{failure}");
}

#[tokio::test]
async fn one_that_prints_without_end_is_given_up() {
    let failure = failure(&shell("exec yes", READY), soon()).await;
    assert!(matches!(failure, StartFailure::Flooded { .. }), "{failure}");
    assert!(failure.to_string().contains("more than 2000 lines"), "{failure}");
}

#[tokio::test]
async fn one_that_prints_without_end_later_is_neither_blocked_nor_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let subject = shell("echo ready; exec yes", READY);
    let running = subject.start(&launch(&folder), soon()).await.unwrap();
    let log = running.log().clone();
    log.wait_for(log.start(), soon(), |lines| {
        lines.last().is_some_and(|line| line.number > 100_000)
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
    assert!(log.lines().len() <= 2000);
}

#[tokio::test]
async fn what_it_forked_does_not_survive_it() {
    let folder = tempfile::tempdir().unwrap();
    let subject =
        shell("trap '' TERM; sleep 1000 & echo $!; echo $$; echo ready; wait; wait", READY);
    let running = subject.start(&launch(&folder), soon()).await.unwrap();
    let pids: Vec<String> =
        running.log().lines().into_iter().take(2).map(|line| line.text).collect();
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");

    assert!(running.stop().await.is_some());
    for pid in &pids {
        assert_gone(pid).await;
    }
}

#[tokio::test]
async fn a_child_does_not_survive_a_parent_that_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let subject = shell("sleep 1000 & echo $!; echo ready; exit 7", "ready.log = 'never'");
    let Err(StartFailure::Exited { log, status, .. }) =
        subject.start(&launch(&folder), soon()).await
    else {
        panic!("it should have ended")
    };
    assert_eq!(status.code(), Some(7));
    assert_gone(&log[0].text).await;
}

#[tokio::test]
async fn one_that_is_dropped_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let subject = shell("echo $$; echo ready; exec sleep 1000", READY);
    let running = subject.start(&launch(&folder), soon()).await.unwrap();
    let log = running.log().clone();
    drop(running);
    log.wait_for_end(soon()).await;
    assert_gone(&log.lines()[0].text).await;
}

#[tokio::test]
async fn it_is_started_again_on_the_same_port() {
    let folder = tempfile::tempdir().unwrap();
    let subject = listener("", "ready.connect = true");
    let first = subject.start(&launch(&folder), soon()).await.unwrap();
    let address = first.address();
    first.stop().await.unwrap();

    let again = Launch { listen: ListenAt::Exactly(address), ..launch(&folder) };
    let second = subject.start(&again, soon()).await.unwrap();
    assert_eq!(second.address(), address);
    assert_eq!(second.exited(), None);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let launch =
        Launch { listen: ListenAt::Exactly(taken.local_addr().unwrap()), ..launch(&folder) };
    let failure = listener("", READY).start(&launch, soon()).await.expect_err("the port is taken");
    assert!(matches!(failure, StartFailure::PortTaken { .. }), "{failure}");
    assert!(failure.to_string().to_lowercase().contains("address already in use"), "{failure}");
}

#[tokio::test]
async fn another_port_is_tried_when_the_free_one_was_taken_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let thief = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    // Before it listens, it tells its port, and waits for an answer.
    let before = format!(
        "told = socket.create_connection(('127.0.0.1', {}))\ntold.sendall(b'{{listen-port}}\\n')\ntold.recv(1)",
        thief.local_addr().unwrap().port()
    );
    let theft = std::thread::spawn(move || {
        let hear = || {
            let mut subject = BufReader::new(thief.accept().unwrap().0);
            let mut port = String::new();
            subject.read_line(&mut port).unwrap();
            (subject.into_inner(), port.trim().parse::<u16>().unwrap())
        };
        let (first, port) = hear();
        let stolen = TcpListener::bind(("127.0.0.1", port)).unwrap();
        drop(first);
        drop(hear());
        stolen.local_addr().unwrap()
    });

    let running = listener(&before, READY).start(&launch(&folder), soon()).await.unwrap();
    assert_ne!(running.address(), theft.join().unwrap());
}

#[tokio::test]
async fn the_options_in_use_are_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let options = "
        [options]
        cert = ['--cert={cert}']
        key = ['--key', '{key}']
        ssl-only = ['--ssl-only']
    ";
    let subject = shell("echo \"$@\"; echo ready; exec sleep 1000", &format!("{READY}\n{options}"));
    let launch = Launch {
        cert: Some("my cert.pem".into()),
        key: Some("key.pem".into()),
        plain: PlainClients::Refused,
        ..launch(&folder)
    };
    let running = subject.start(&launch, soon()).await.unwrap();
    let expected =
        format!("--cert=my cert.pem --key key.pem --ssl-only {} 127.0.0.1:5900", running.address());
    assert_eq!(running.log().lines()[0].text, expected);
}

#[tokio::test]
async fn what_it_cannot_be_asked_for_is_told_apart_from_failing() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch { web: Some(folder.path().into()), ..launch(&folder) };
    let subject = shell("echo ready", READY);
    assert_eq!(subject.lacks(&launch), [SubjectOption::Web]);
    let failure = subject.start(&launch, soon()).await.expect_err("it lacks an option");
    assert_eq!(failure.to_string(), "tiny has no option `web`, so this cannot be tested with it");
}

#[tokio::test]
async fn a_missing_working_folder_is_not_a_missing_command() {
    let launch = Launch::new(SocketAddr::from(([127, 0, 0, 1], 5900)), "no/such/folder");
    let failure = shell("echo ready", READY)
        .start(&launch, soon())
        .await
        .expect_err("there is no such folder");
    assert!(failure.to_string().contains("its working folder no/such/folder"), "{failure}");
}

#[tokio::test]
async fn it_has_no_terminal_to_ask_for_a_password_on() {
    let folder = tempfile::tempdir().unwrap();
    let subject = define(
        r#"['python3', '-c', 'import os, time; print("session", os.getsid(0) == os.getpid()); print("ready"); time.sleep(1000)']"#,
        READY,
    )
    .unwrap();
    let running = subject.start(&launch(&folder), soon()).await.unwrap();
    assert_eq!(running.log().lines()[0].text, "session True");
}

#[tokio::test]
async fn its_version_is_what_its_version_command_prints_first() {
    let folder = tempfile::tempdir().unwrap();
    let subject = define("['x']", "version = ['echo', 'tiny 1.0']\nready.log = 'x'").unwrap();
    assert_eq!(subject.version(&launch(&folder), soon()).await.as_deref(), Some("tiny 1.0"));
    let subject = define("['x']", "version = ['false']\nready.log = 'x'").unwrap();
    assert_eq!(subject.version(&launch(&folder), soon()).await, None);
}
