//! Processes of ours: a command in a session of its own, its output read all the time, and ended with
//! all that it started.

mod log;
mod members;
mod piped;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use process_wrap::tokio::{CommandWrap, ProcessSession};
use tokio::{
    process::Command,
    sync::watch,
    time::{Instant, timeout},
};

pub use log::{Line, Log, Mark, NotSaid, Stream};
pub(crate) use piped::{Piped, Through};

/// How long a process has to end after SIGTERM before it is killed, and to be gone after that.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// What to run, and how.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub folder: PathBuf,
    /// What its environment has beside PATH, HOME, TMPDIR and a fixed locale.
    pub environment: BTreeMap<OsString, OsString>,
}

impl Invocation {
    pub(crate) fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: folder.into(),
            environment: BTreeMap::new(),
        }
    }

    #[must_use]
    pub(crate) fn arguments<T: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = T>,
    ) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub(crate) fn environment(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    fn command(self) -> CommandWrap {
        let mut command = Command::new(self.program);
        command.args(self.arguments).current_dir(self.folder);
        // Little of our own environment, so that a run is the same on every machine.
        command.env_clear().env("LANG", "C.UTF-8").env("PYTHONUNBUFFERED", "1");
        let ours = ["PATH", "HOME", "TMPDIR"];
        command.envs(ours.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        let mut command = CommandWrap::from(command);
        // Its own session is also its own process group, and has no terminal on which OpenSSL could
        // ask for the password of a key.
        command.wrap(ProcessSession);
        command
    }
}

/// A process and all that it started, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    session: Arc<Session>,
    exit: watch::Receiver<Option<ExitStatus>>,
    log: Log,
}

impl Process {
    pub(crate) fn spawn(invocation: Invocation) -> io::Result<Self> {
        let mut child = invocation.command().spawn()?;
        let log = Log::of_streams(2);
        // Both were piped above, so both are there.
        if let (Some(stdout), Some(stderr)) = (child.stdout().take(), child.stderr().take()) {
            tokio::spawn(log.clone().read(stdout, Stream::Stdout));
            tokio::spawn(log.clone().read(stderr, Stream::Stderr));
        }
        let session = Arc::new(Session::led_by(child.id()));
        let (ended, exit) = watch::channel(None);
        tokio::spawn({
            let session = Arc::clone(&session);
            async move {
                let status = child.wait().await;
                session.kill();
                ended.send_replace(status.ok());
            }
        });
        Ok(Self { session, exit, log })
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// How it ended, if it has.
    pub(crate) fn exited(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits for the command to end.
    pub(crate) async fn wait(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        exit.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }

    /// The numbers of the processes that it consists of now.
    pub(crate) fn members(&self) -> Vec<u32> {
        let leader = *self.session.0.lock().unwrap_or_else(PoisonError::into_inner);
        let members = leader.map(members::of_session).unwrap_or_default();
        members.into_iter().filter_map(|member| u32::try_from(member.as_raw()).ok()).collect()
    }

    /// Asks it to end, and kills what is left after [`GRACE`].
    pub(crate) async fn stop(self) -> Option<ExitStatus> {
        self.session.ask_to_end();
        let _ = timeout(GRACE, self.wait()).await;
        self.kill().await
    }

    /// Kills it, and waits until it is gone.
    pub(crate) async fn kill(&self) -> Option<ExitStatus> {
        self.session.kill();
        let status = timeout(GRACE, self.wait()).await.ok().flatten();
        // Its children hold the log open, and its address, for as long as they are there.
        self.log.wait_for_end(Instant::now() + GRACE).await;
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.session.kill();
    }
}

/// The session that a command leads: itself, and all that it started.
///
/// What makes a session of its own in turn, as a daemon does, leaves it and is not ended.
#[derive(Debug)]
struct Session(Mutex<Option<Pid>>);

impl Session {
    fn led_by(leader: Option<u32>) -> Self {
        Self(Mutex::new(leader.and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw)))
    }

    fn ask_to_end(&self) {
        if let Some(leader) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // It fails if all are gone already.
            let _ = killpg(leader, Signal::SIGTERM);
        }
    }

    /// Kills what is left, once: afterwards the number may be another's.
    fn kill(&self) {
        if let Some(leader) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A driver puts its browser into a group of its own, but not into another session.
            for member in members::of_session(leader) {
                let _ = kill(member, Signal::SIGKILL);
            }
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}
