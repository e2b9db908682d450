//! Subjects: the WebSocket proxies under test, each described by one TOML file.
//!
//! ```text
//! definition (TOML)  ->  Subject  ->  start  ->  Running: an address, and a log that is read as faults
//! ```
//!
//! Ours and any other are treated alike: a command, started as a process in a session of its own,
//! that is seen to be ready, talks to us through its log, and is ended with all that it started.

mod command;
mod definition;
mod divergence;
mod failure;
mod known;
mod launch;
mod option;
mod process;
mod ready;
mod rule;
#[cfg(test)]
mod tests;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use tokio::time::Instant;

use self::{command::Template, option::Options, ready::Ready, rule::Rules};
pub use self::{
    divergence::{Divergence, Field},
    failure::StartFailure,
    launch::{Launch, ListenAt, PlainClients},
    option::SubjectOption,
    process::Running,
    rule::Said,
};
use crate::data::Source;
pub use crate::process::{Line, Log, Mark, NotSaid, Stream};

/// A WebSocket proxy that can be tested: how to start it, and how to read what it says.
#[derive(Clone, Debug)]
pub struct Subject {
    name: String,
    title: String,
    install: String,
    command: Template,
    version: Option<Template>,
    ready: Ready,
    options: Options,
    rules: Rules,
    divergences: Vec<Divergence>,
    /// The folder of the definition, from which a command such as `./proxy` is meant; none when built in.
    folder: Option<PathBuf>,
    source: Source,
}

impl Subject {
    /// The name on the command line, in cases and in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name for people, with the version that the definition was written for.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How to get it.
    pub fn install(&self) -> &str {
        &self.install
    }

    /// The file that defines it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether it can be asked for this. A case that wants an option which a subject lacks cannot run on it.
    pub fn offers(&self, option: SubjectOption) -> bool {
        self.options.contains(option)
    }

    /// The options that this launch asks for and the subject lacks.
    pub fn lacks(&self, launch: &Launch) -> Vec<SubjectOption> {
        launch.options().into_iter().filter(|&option| !self.offers(option)).collect()
    }

    /// Where it is known to differ from what the cases expect.
    pub fn divergences(&self) -> &[Divergence] {
        &self.divergences
    }

    /// Reads its log lines as faults. Lines that no rule knows say nothing.
    pub fn read(&self, lines: &[Line]) -> Vec<Said> {
        lines.iter().filter_map(|line| self.rules.read(&line.text)).collect()
    }

    /// Reads one line as a fault, whoever has printed it.
    pub(crate) fn read_line(&self, line: &str) -> Option<Said> {
        self.rules.read(line)
    }

    /// Starts it, and waits until it is ready to be connected to.
    ///
    /// # Errors
    /// It could not be started, ended at once, or was not ready by the deadline. Nothing of it is
    /// left running then.
    pub async fn start(&self, launch: &Launch, deadline: Instant) -> Result<Running, StartFailure> {
        process::start(self, launch, deadline).await
    }

    /// The command that starts it there, with its arguments.
    pub(crate) fn command_line(&self, launch: &Launch, listen: SocketAddr) -> Vec<OsString> {
        process::command_line(self, launch, listen)
    }

    /// What its version command prints first, if it has one and that succeeds before the deadline.
    pub async fn version(&self, launch: &Launch, deadline: Instant) -> Option<String> {
        process::version(self, launch, deadline).await
    }
}
