//! What the tests of the command share: a folder of their own, the program, and how an error reads.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod group;
pub mod server;
pub mod webdriver;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use assert_cmd::Command;
use nix::unistd::Pid;
use tempfile::TempDir;

/// A test's own folder, with one for temporary files in it that must be empty afterwards.
pub struct Folder {
    root: TempDir,
    temporary: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), temporary: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The program, to be run in this folder, with its temporary files where we see them.
    pub fn wssure(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wssure"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("TMPDIR", self.temporary.path())
            .env_remove("CLICOLOR_FORCE");
        command
    }

    /// Runs the program and gives what it has printed and how it has ended.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.wssure(arguments).output().unwrap();
        self.assert_nothing_left();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn assert_nothing_left(&self) {
        let left: Vec<_> = fs::read_dir(self.temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "temporary files are left: {left:?}");
    }

    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }
}

/// Who lives of what was started with that folder in its environment: processes with their command lines.
///
/// What has ended and was not waited for has no environment any more.
pub fn living_with(folder: &Path) -> Vec<(Pid, String)> {
    let needle = folder.to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(|id| {
        let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
        let is_of_it = String::from_utf8_lossy(&environment).contains(needle);
        let command = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        is_of_it.then(|| (Pid::from_raw(id), command))
    })
    .collect()
}

/// Waits until there is what is looked for.
///
/// # Panics
/// If it is not there within [`LIMIT`].
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a run of the program has shown.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// That the call was wrong, and is told so in one message that begins like this.
    #[track_caller]
    pub fn assert_wrong(&self, begins: &str) {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.stdout, "", "a wrong call prints nothing on stdout");
        let message = self.stderr.strip_prefix("error: ").unwrap_or_else(|| panic!("{self:#?}"));
        assert!(message.starts_with(begins), "\nexpected: {begins}\nobserved: {message}");
        assert_eq!(self.stderr.matches("\nerror: ").count(), 0, "one message: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    #[track_caller]
    pub fn assert_says(&self, words: &str) {
        assert!(self.stderr.contains(words), "\nexpected: ... {words}\nobserved: {}", self.stderr);
    }

    #[track_caller]
    pub fn assert_prints(&self, words: &str) {
        assert!(self.stdout.contains(words), "\nexpected: ... {words}\nobserved: {}", self.stdout);
    }
}

/// How long something may take that is only waited for.
pub const LIMIT: Duration = Duration::from_secs(30);

/// That the process whose id is in the file has ended. Who has ended and has not been waited for by his new
/// parent still has an id, and is no longer there all the same.
#[track_caller]
pub fn assert_gone(pid_file: &Path) {
    let pid = fs::read_to_string(pid_file).unwrap();
    let deadline = Instant::now() + LIMIT;
    loop {
        let ps = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output();
        let state = String::from_utf8(ps.unwrap().stdout).unwrap();
        if state.trim().is_empty() || state.starts_with('Z') {
            return;
        }
        assert!(Instant::now() < deadline, "{pid} is left running: {state}");
    }
}

/// Says that a test is skipped, and why. Where everything is installed, as in CI, none may be.
///
/// # Panics
/// If WSSURE_NOTHING_SKIPPED is set.
pub fn skip(why: &str) {
    assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

/// An address of this machine where nobody listens.
pub fn free_address() -> std::net::SocketAddr {
    wssure_harness::free_port(std::net::Ipv4Addr::LOCALHOST.into()).unwrap()
}
