//! The life of a wrapped program: its start, its end and what that means, and that it does not outlive the proxy.

use std::env;
use std::future::pending;
use std::os::unix::ffi::OsStrExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::door::{Door, Life};
use super::library::Library;
use super::{AfterProgram, Wrap, WrapError, WrapMode, WrapOutput};
use crate::event::Event;
use crate::limits;
use crate::log::Log;
use crate::settings::Listen;

/// How long it may take to end after SIGTERM; then SIGKILL follows.
const GRACE: Duration = Duration::from_secs(3);

/// The first pause before it is started again. Each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who ran so long did not fail at its start: the pauses begin anew.
const RAN_WELL: Duration = Duration::from_secs(10);

/// A wrapped program.
pub(crate) struct Program {
    wrap: Wrap,
    environment: [(&'static str, std::ffi::OsString); 4],
    log: Arc<Log>,
    life: watch::Sender<Life>,
    state: State,
    next_pause: Duration,
    _library: Library,
}

#[derive(Debug)]
enum State {
    Running { child: Child, group: Option<Pid>, since: Instant },
    Pausing { until: Instant },
    Over,
}

impl Program {
    /// Chooses a port for it, without starting it.
    pub(crate) fn prepare(
        wrap: &Wrap,
        listen: &Listen,
        log: Arc<Log>,
    ) -> Result<(Self, Door), WrapError> {
        let from = match listen {
            Listen::Tcp(endpoint, _) if endpoint.port != 0 => endpoint.port,
            _ => return Err(WrapError::NoPort),
        };
        let library = Library::write()?;
        let (door, life) = Door::choose(wrap.clone())?;
        let program = Self {
            wrap: wrap.clone(),
            environment: library.environment(from, door.port),
            log,
            life,
            state: State::Over,
            next_pause: FIRST_PAUSE,
            _library: library,
        };
        Ok((program, door))
    }

    /// Starts it, in a process group of its own: so that what it starts in turn ends with it, and Ctrl-C reaches it
    /// through the proxy only.
    pub(crate) fn start(&mut self) -> Result<(), WrapError> {
        let mut command = Command::new(&self.wrap.command);
        command.args(&self.wrap.arguments).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        if self.wrap.output == WrapOutput::Nowhere {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        // Ours, passwords among them.
        let own = env::vars_os().map(|(name, _)| name);
        for name in own.filter(|name| name.as_bytes().starts_with(b"WSSURE_")) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.log.tell(&Event::ProgramStarting(self.wrap.to_string()));
        let child = command
            .spawn()
            .map_err(|error| WrapError::Program { program: self.wrap.to_string(), error })?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(child) = group {
            limits::allow_no_more_than_first(child);
        }
        let since = Instant::now();
        self.state = State::Running { child, group, since };
        self.life.send_replace(Life::Started(since));
        Ok(())
    }

    /// Done when its end is that of the proxy. May be dropped and called again.
    async fn over(&mut self) -> ExitStatus {
        loop {
            match &mut self.state {
                State::Over => pending().await,
                State::Pausing { until } => {
                    sleep_until(*until).await;
                    if let Err(error) = self.start() {
                        let pause = self.pause();
                        self.log.tell(&Event::ProgramNotStarted(error, pause));
                    }
                }
                State::Running { child, group, since } => {
                    // Waiting fails only for who is no child.
                    let Ok(status) = child.wait().await else { pending().await };
                    let ran = since.elapsed();
                    if self.wrap.mode != WrapMode::Ignore {
                        signal(*group, Signal::TERM);
                    }
                    self.state = State::Over;
                    let after = match self.wrap.mode {
                        WrapMode::Exit => AfterProgram::ProxyEnds,
                        WrapMode::Ignore => AfterProgram::ProxyGoesOn,
                        WrapMode::Respawn => {
                            if ran >= RAN_WELL {
                                self.next_pause = FIRST_PAUSE;
                            }
                            AfterProgram::StartedAgain(self.pause())
                        }
                    };
                    self.log.tell(&Event::ProgramEnded(self.wrap.to_string(), status, after));
                    match self.wrap.mode {
                        WrapMode::Exit => return status,
                        WrapMode::Ignore if !status.success() => {
                            self.life.send_replace(Life::Over);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Begins a pause before the next start.
    fn pause(&mut self) -> Duration {
        let pause = self.next_pause;
        self.next_pause = (pause * 2).min(LONGEST_PAUSE);
        self.state = State::Pausing { until: Instant::now() + pause };
        self.life.send_replace(Life::Again);
        pause
    }

    /// Ends it and what it started, if it runs.
    pub(crate) async fn end(mut self) {
        let State::Running { child, group, .. } = &mut self.state else { return };
        signal(*group, Signal::TERM);
        let _ = timeout(GRACE, child.wait()).await;
        // Those that are left of its group, and itself.
        signal(*group, Signal::KILL);
        let _ = timeout(GRACE, child.wait()).await;
    }
}

/// [`Program::over`] of the program, if there is one.
pub(crate) async fn attend(program: &mut Option<Program>) -> ExitStatus {
    match program {
        Some(program) => program.over().await,
        None => pending().await,
    }
}

/// A group that is gone needs no signal.
fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
}
