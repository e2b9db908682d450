//! Where log lines go. What they say is in [`event`](crate::event).

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::Event;

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

/// An open log.
pub(crate) struct Log {
    output: Output,
    verbosity: Verbosity,
}

enum Output {
    Stderr,
    File(Mutex<File>),
    Callback(Arc<dyn Fn(&Event) + Send + Sync>),
}

impl Log {
    /// Opens the sink. Errors are those of opening a file.
    pub(crate) fn open(sink: &LogSink, verbosity: Verbosity) -> io::Result<Self> {
        let output = match sink {
            LogSink::Stderr => Output::Stderr,
            LogSink::File(path) => {
                Output::File(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?))
            }
            LogSink::Callback(function) => Output::Callback(Arc::clone(function)),
        };
        Ok(Self { output, verbosity })
    }

    /// Writes one line. A log that cannot be written is no reason to stop serving, so failures are ignored.
    pub(crate) fn tell(&self, event: &Event) {
        if event.is_detail() && self.verbosity == Verbosity::Normal {
            return;
        }
        match &self.output {
            Output::Callback(function) => function(event),
            Output::Stderr => {
                let line = self.line(event, self.verbosity == Verbosity::Verbose);
                let _ = io::stderr().lock().write_all(line.as_bytes());
            }
            Output::File(file) => {
                let line = self.line(event, true);
                let _ =
                    file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
            }
        }
    }

    fn line(&self, event: &Event, timed: bool) -> String {
        let text = one_line(&event.to_string());
        if timed {
            format!("{} {text}\n", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S"))
        } else {
            format!("{text}\n")
        }
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
