//! The program: arguments, signals (SIGTERM and SIGINT end it, SIGHUP loads the certificate anew), exit status.

use std::ffi::OsString;
use std::future::pending;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::{Options, PlaceToRun, Task};
use crate::daemon;
use crate::event::{Severity, cause};
use crate::limits;
use crate::proxy::Proxy;
use crate::settings::Settings;
use crate::start_error::StartError;
use crate::wrap::Ended;

/// The proxy could not start.
const CANNOT_START: u8 = 1;

/// The options were wrong.
const WRONG_OPTIONS: u8 = 2;

/// Runs the program with `arguments`, of which the first is the name that the help shows. For `--daemon` the running
/// program is started once more with the arguments that it was started with.
///
/// The exit status is 0 when it ended as told (by SIGTERM, SIGINT or `--run-once`), 1 when it could not start, and 2
/// when the options were wrong; and that of the wrapped program if it ended with that.
pub fn main(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let options = match Options::read(&arguments) {
        Ok(options) => options,
        Err(error) => {
            // Help and version are "errors" on stdout. If nobody reads them there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { WRONG_OPTIONS } else { 0 });
        }
    };
    let place = match options.task() {
        Task::Serve(place) => place,
        Task::Check => return check(&Settings::from(options)),
        Task::Generate(what) => {
            return match Options::generate(what, &arguments, &mut io::stdout().lock()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("cannot write to standard output: {}", cause(&error));
                    ExitCode::from(CANNOT_START)
                }
            };
        }
    };
    if place == PlaceToRun::Background {
        match daemon::enter() {
            Ok(daemon::Side::Background) => {}
            Ok(daemon::Side::Foreground(code)) => return code,
            Err(error) => {
                eprintln!("cannot go on in the background: {error}");
                return ExitCode::from(CANNOT_START);
            }
        }
    }
    let settings = Settings::from(options);
    limits::allow_all();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start threads: {error}");
            return ExitCode::from(CANNOT_START);
        }
    };
    // As a task: who runs on the thread that waits for the runtime is woken for each connection by another thread.
    let ended = runtime.block_on(async { tokio::spawn(run(settings, place)).await });
    match ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
        Ok(Ended::AsTold) => ExitCode::SUCCESS,
        Ok(Ended::WithProgram(status)) => code_of(status),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(CANNOT_START)
        }
    }
}

/// Tells what a start would read, and what is wrong with it.
fn check(settings: &Settings) -> ExitCode {
    let events = match Proxy::check(settings) {
        Ok(events) => events,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(CANNOT_START);
        }
    };
    let mut worst = Severity::Info;
    for event in events {
        worst = worst.max(event.severity());
        // If nobody reads it, the status tells.
        let _ = writeln!(io::stdout(), "{event}");
    }
    if worst == Severity::Error {
        eprintln!("it would start, and not serve everybody");
        return ExitCode::from(CANNOT_START);
    }
    let _ = writeln!(io::stdout(), "all is well");
    ExitCode::SUCCESS
}

/// As shells have it: 128 and the signal for who was ended by one.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

async fn run(settings: Settings, place: PlaceToRun) -> Result<Ended, StartError> {
    // Before the start is announced: who waits for that may send the signal at once.
    let mut stop = Stop::new();
    let hangup = signal(SignalKind::hangup());
    let proxy = Proxy::bind(settings).await?;
    if place == PlaceToRun::Background
        && let Err(error) = daemon::started()
    {
        // It serves all the same; who waits for it sees this.
        eprintln!("cannot let go of the terminal: {error}");
    }
    notify(NotifyState::Ready);
    let reloader = proxy.reloader();
    tokio::spawn(async move {
        let Ok(mut hangup) = hangup else { return };
        while hangup.recv().await.is_some() {
            reloader.reload().await;
        }
    });
    let (told, being_told) = oneshot::channel();
    let signals = async {
        stop.signal().await;
        notify(NotifyState::Stopping);
        // It ends by itself otherwise.
        let _ = told.send(());
        stop.signal().await;
    };
    tokio::select! {
        ended = proxy.serve(async { drop(being_told.await) }) => Ok(ended),
        // Who says it twice does not want to wait.
        () = signals => Ok(Ended::AsTold),
    }
}

/// Tells systemd, if that has started us (sd_notify(3)).
fn notify(state: NotifyState<'_>) {
    // Whoever asked to be told may be gone, which is no trouble of ours.
    let _ = sd_notify::notify(&[state]);
}

/// The signals that end the program. Without handlers they end the process by themselves.
struct Stop(Option<(Signal, Signal)>);

impl Stop {
    fn new() -> Self {
        let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        match signals {
            (Ok(terminate), Ok(interrupt)) => Self(Some((terminate, interrupt))),
            _ => Self(None),
        }
    }

    /// The next.
    async fn signal(&mut self) {
        let Some((terminate, interrupt)) = &mut self.0 else { return pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
