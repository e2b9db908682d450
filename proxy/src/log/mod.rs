//! Where log lines go. What they say is in [`event`](crate::event).

mod json;
mod repeats;
mod syslog;

pub use syslog::{Syslog, SyslogAddress, SyslogFacility, SyslogFormat};

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::event::Event;
use crate::listen::Peer;
use crate::metrics::Metrics;
use repeats::{Repeats, Telling};

pub(crate) use repeats::PERIOD;

/// Where log lines go. Each proxy has its own; there are no globals.
#[derive(Clone)]
pub enum LogSink {
    /// Standard error.
    Stderr,
    /// Appended to a file, each line with the local time.
    File(PathBuf),
    /// Handed to a function, which must not block.
    Callback(Arc<dyn Fn(&Event) + Send + Sync>),
}

impl LogSink {
    /// Hands each event to `function`, for instance to send it through a channel.
    pub fn callback(function: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self::Callback(Arc::new(function))
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stderr => f.write_str("Stderr"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Callback(_) => f.write_str("Callback(..)"),
        }
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// What an operator wants to know.
    Normal,
    /// Also empty connections and the ends of sessions; lines carry the time.
    Verbose,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: each line is a JSON object with `time`, `level`, `event`, `message`, and `client` and `target` where
    /// there is one.
    Json,
}

/// What becomes of refusals that repeat themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusals {
    /// The first of a client's address for the same reason is told, those of the next minute are counted.
    Counted,
    /// Each is told.
    Each,
}

/// An open log.
pub(crate) struct Log {
    /// Count all that is told, and what is not.
    pub(crate) metrics: Arc<Metrics>,
    output: Arc<Output>,
    syslog: Option<syslog::Sender>,
    verbosity: Verbosity,
    /// `None` tells each refusal.
    repeats: Option<Mutex<Repeats>>,
}

/// What is told, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) verbosity: Verbosity,
    pub(crate) format: LogFormat,
    pub(crate) refusals: Refusals,
}

/// Where lines go, and how they are written there.
struct Output {
    place: Place,
    format: LogFormat,
    verbosity: Verbosity,
}

enum Place {
    Stderr,
    File(Mutex<File>),
    Callback(Arc<dyn Fn(&Event) + Send + Sync>),
}

impl Log {
    /// Opens the sink. Errors are those of opening a file, and of starting the thread for syslog.
    pub(crate) fn open(
        sink: &LogSink,
        manner: Manner,
        syslog: Option<&Syslog>,
    ) -> io::Result<Self> {
        let place = match sink {
            LogSink::Stderr => Place::Stderr,
            LogSink::File(path) => {
                Place::File(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?))
            }
            LogSink::Callback(function) => Place::Callback(Arc::clone(function)),
        };
        let Manner { verbosity, format, refusals } = manner;
        let output = Arc::new(Output { place, format, verbosity });
        let syslog =
            syslog.map(|syslog| syslog::Sender::start(syslog, Arc::clone(&output))).transpose()?;
        // A function gets everything.
        let counts = refusals == Refusals::Counted && !matches!(sink, LogSink::Callback(_));
        Ok(Self {
            metrics: Arc::new(Metrics::new()),
            output,
            syslog,
            verbosity,
            repeats: counts.then(Mutex::default),
        })
    }

    /// Writes one line, or takes note of what need not be written again. A log that cannot be written is no reason to
    /// stop serving, so failures are ignored.
    pub(crate) fn tell(&self, event: &Event) {
        self.metrics.count(event);
        if event.is_detail() && self.verbosity == Verbosity::Normal {
            return;
        }
        if self.telling(event) == Telling::Whole {
            self.write(event);
        }
    }

    fn telling(&self, event: &Event) -> Telling {
        match (self.repeats(), event.client()) {
            (Some(mut repeats), Some(client)) if event.is_refusal() => {
                repeats.see(client, without_port(event, client), Instant::now())
            }
            _ => Telling::Whole,
        }
    }

    /// Tells how often those were refused again whose time is over; to be called each so often.
    pub(crate) fn tell_repeats(&self) {
        let over = self.repeats().map(|mut repeats| repeats.over(Instant::now()));
        over.iter().flatten().for_each(|event| self.write(event));
    }

    /// The same of all, at the end.
    pub(crate) fn tell_all_repeats(&self) {
        let all = self.repeats().map(|mut repeats| repeats.all(Instant::now()));
        all.iter().flatten().for_each(|event| self.write(event));
    }

    fn repeats(&self) -> Option<MutexGuard<'_, Repeats>> {
        let repeats = self.repeats.as_ref()?;
        Some(repeats.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, event: &Event) {
        if let Some(syslog) = &self.syslog {
            syslog.send(event.severity(), &one_line(&event.to_string()));
        }
        self.output.write(event);
    }

    /// Lets lines go that are on their way.
    pub(crate) async fn finish(&self) {
        if let Some(syslog) = &self.syslog {
            syslog.finish().await;
        }
    }
}

impl Output {
    fn write(&self, event: &Event) {
        match &self.place {
            Place::Callback(function) => function(event),
            Place::Stderr => {
                let line = self.line(event, self.verbosity == Verbosity::Verbose);
                let _ = io::stderr().lock().write_all(line.as_bytes());
            }
            Place::File(file) => {
                let line = self.line(event, true);
                let _ =
                    file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
            }
        }
    }

    fn line(&self, event: &Event, timed: bool) -> String {
        if self.format == LogFormat::Json {
            let time = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
            return format!("{}\n", json::line(event, &time));
        }
        let text = one_line(&event.to_string());
        if timed {
            format!("{} {text}\n", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S"))
        } else {
            format!("{text}\n")
        }
    }
}

/// A line's words about a client, which is told apart from them.
fn without_port(event: &Event, client: Peer) -> String {
    let words = event.to_string();
    match event {
        Event::Client(..) => words.replacen(&format!("client {client}: "), "", 1),
        _ => words.replacen(&format!(" (for client {client})"), "", 1),
    }
}

/// Shows control characters instead of writing them: names in certificates and paths in requests are chosen by
/// others, and must not forge lines or drive a terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_be_forged() {
        assert_eq!(one_line("a\nclient 1.2.3.4: \u{1b}[31m"), "a\\nclient 1.2.3.4: \\u{1b}[31m");
    }
}
