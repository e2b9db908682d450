//! Starting a subject as a process and seeing it ready.

use std::{
    ffi::OsString,
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitStatus,
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    Launch, ListenAt, Log, StartFailure, Subject,
    command::{Template, Values},
    ready::{Connect, Ready},
};
use crate::{
    free_port::free_port,
    process::{GRACE, Invocation, Process},
};

/// More lines than this before it is ready, and a subject prints without end.
const LINES_BEFORE_READY: u64 = 2000;
/// How often another port is tried when the one that was free is taken at once by somebody else.
const PORTS_TRIED: usize = 5;
/// Between two attempts to connect: nothing tells when a port begins to listen.
const CONNECT_AGAIN: Duration = Duration::from_millis(20);

/// A subject that runs, and ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    process: Process,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it prints. The log can be kept when the subject has ended.
    pub fn log(&self) -> &Log {
        self.process.log()
    }

    /// The numbers of the processes that it consists of now: itself, and all that it started and that did not leave it.
    pub fn processes(&self) -> Vec<u32> {
        self.process.members()
    }

    /// How it ended, if it did by itself.
    pub fn exited(&self) -> Option<ExitStatus> {
        self.process.exited()
    }

    /// Waits for it to end by itself, until the deadline.
    pub async fn wait_for_exit(&self, deadline: Instant) -> Option<ExitStatus> {
        timeout_at(deadline, self.process.wait()).await.ok().flatten()
    }

    /// Asks it to end, with SIGTERM to all its processes; kills what is left of them two seconds later.
    /// Its address is free then, and its log complete.
    ///
    /// Returns how it ended, or nothing if even killing did not end it in time.
    pub async fn stop(self) -> Option<ExitStatus> {
        self.process.stop().await
    }
}

pub(super) async fn start(
    subject: &Subject,
    launch: &Launch,
    deadline: Instant,
) -> Result<Running, StartFailure> {
    if let Some(&option) = subject.lacks(launch).first() {
        return Err(StartFailure::Lacks { subject: subject.name.clone(), option });
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let address = match launch.listen {
            ListenAt::Exactly(address) => address,
            ListenAt::FreePort(ip) => free_port(ip).map_err(|source| {
                io_failure(subject, format!("looking for a free port of {ip}"), source)
            })?,
        };
        match start_at(subject, launch, address, deadline).await {
            Err(StartFailure::PortTaken { .. })
                if matches!(launch.listen, ListenAt::FreePort(_)) && tries < PORTS_TRIED => {}
            result => return result,
        }
    }
}

async fn start_at(
    subject: &Subject,
    launch: &Launch,
    address: SocketAddr,
    deadline: Instant,
) -> Result<Running, StartFailure> {
    let begun = Instant::now();
    let process = spawn(subject, &subject.command, launch, address)?;
    let name = || subject.name.clone();
    // In this order: one that is ready at once and then prints without end is ready.
    let failure = tokio::select! {
        biased;
        Some(status) = process.wait() => {
            process.log().wait_for_end(Instant::now() + GRACE).await;
            let log = process.log().lines();
            match is_taken(address) {
                true => StartFailure::PortTaken { subject: name(), address, log },
                false => StartFailure::Exited { subject: name(), status, log },
            }
        }
        () = seen_ready(&subject.ready, process.log(), address) => return Ok(Running { address, process }),
        () = process.log().longer_than(LINES_BEFORE_READY) => {
            StartFailure::Flooded { subject: name(), limit: LINES_BEFORE_READY, log: process.log().lines() }
        }
        () = sleep_until(deadline) => StartFailure::NeverReady {
            subject: name(),
            waited: begun.elapsed(),
            awaited: subject.ready.to_string(),
            log: process.log().lines(),
        },
    };
    process.kill().await;
    Err(failure)
}

pub(super) async fn version(
    subject: &Subject,
    launch: &Launch,
    deadline: Instant,
) -> Option<String> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let process = spawn(subject, subject.version.as_ref()?, launch, nowhere).ok()?;
    let status = timeout_at(deadline, process.wait()).await.ok().flatten()?;
    process.log().wait_for_end(deadline).await;
    let first = process
        .log()
        .lines()
        .into_iter()
        .map(|line| line.text)
        .find(|text| !text.trim().is_empty());
    first.filter(|_| status.success())
}

/// Returns when the subject is ready; never, if it is not.
async fn seen_ready(ready: &Ready, log: &Log, address: SocketAddr) {
    if let Some(pattern) = &ready.log {
        let mut next = 0;
        let far = Instant::now() + Duration::from_secs(24 * 60 * 60);
        let said = log.wait_for(log.start(), far, |lines| {
            let fresh = lines.iter().skip_while(|line| line.number < next);
            let said = fresh.into_iter().any(|line| pattern.is_match(&line.text));
            next = lines.last().map_or(0, |line| line.number + 1);
            said
        });
        if said.await.is_err() {
            // Its output has ended; how it ends itself is for others to see.
            std::future::pending::<()>().await;
        }
    }
    if ready.connect == Connect::Tried {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(CONNECT_AGAIN).await;
        }
    }
}

/// Whether somebody listens there, now that the subject has ended. Asking the system works for
/// every subject, where the wording of its log would not.
fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

fn io_failure(subject: &Subject, doing: String, source: io::Error) -> StartFailure {
    StartFailure::Io { subject: subject.name.clone(), doing, source }
}

/// The command that starts the subject, and its arguments.
pub(super) fn command_line(
    subject: &Subject,
    launch: &Launch,
    listen: SocketAddr,
) -> Vec<OsString> {
    let wssure = launch.wssure.clone().unwrap_or_else(|| PathBuf::from("wssure"));
    let values = Values { launch, listen, options: &subject.options, wssure: &wssure };
    let (program, arguments) = split(subject, subject.command.fill(&values));
    std::iter::once(program.into_os_string()).chain(arguments).collect()
}

/// Runs one of the subject's commands.
fn spawn(
    subject: &Subject,
    template: &Template,
    launch: &Launch,
    listen: SocketAddr,
) -> Result<Process, StartFailure> {
    let folder = &launch.working_folder;
    if !folder.is_dir() {
        // Said apart, for the system says of a missing folder what it says of a missing command.
        let doing = format!("its working folder {}", folder.display());
        return Err(io_failure(subject, doing, io::ErrorKind::NotFound.into()));
    }
    let wssure = match &launch.wssure {
        Some(program) => program.clone(),
        None => std::env::current_exe().map_err(|source| {
            io_failure(subject, "finding the program that runs".into(), source)
        })?,
    };
    let line =
        template.fill(&Values { launch, listen, options: &subject.options, wssure: &wssure });
    let (program, arguments) = split(subject, line);
    let mut whole = launch.through.iter().map(OsString::from).chain([program.clone().into()]);
    let first = whole.next().unwrap_or_default();
    let invocation = Invocation::new(first, folder).arguments(whole).arguments(arguments);
    Process::spawn(invocation).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StartFailure::CommandNotFound {
            subject: subject.name.clone(),
            program: program.clone(),
            install: subject.install.clone(),
        },
        _ => io_failure(subject, format!("running {}", program.display()), error),
    })
}

/// The command, and its arguments; a path such as `./proxy` is meant from the definition's folder.
fn split(subject: &Subject, line: Vec<OsString>) -> (PathBuf, Vec<OsString>) {
    let mut line = line.into_iter();
    let program = PathBuf::from(line.next().unwrap_or_default());
    let program = match &subject.folder {
        Some(folder) if program.components().count() > 1 => folder.join(program),
        _ => program,
    };
    (program, line.collect())
}
