//! Why a subject did not start, for people.

use std::{
    fmt::{self, Write as _},
    io,
    net::SocketAddr,
    path::PathBuf,
    process::ExitStatus,
    time::Duration,
};

use super::{Line, SubjectOption};

/// How many lines of its log a message shows.
const SHOWN: usize = 10;

/// Why a subject did not start. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartFailure {
    /// It cannot be asked for what this start wants: the case cannot run on it.
    #[error("{subject} has no option `{option}`, so this cannot be tested with it")]
    Lacks {
        /// Its name.
        subject: String,
        /// What it lacks.
        option: SubjectOption,
    },
    /// Its command is not there.
    #[error("{subject} is not installed: there is no command `{}`, or not the interpreter in its first line\n  hint: {install}", .program.display())]
    CommandNotFound {
        /// Its name.
        subject: String,
        /// The command.
        program: PathBuf,
        /// How to get it, in its definition's words.
        install: String,
    },
    /// Its command ended before it was ready.
    #[error("{subject} ended before it was ready ({status}){}", Excerpt(.log))]
    Exited {
        /// Its name.
        subject: String,
        /// How it ended.
        status: ExitStatus,
        /// All that it said.
        log: Vec<Line>,
    },
    /// Something else listens where it was to listen.
    #[error("{subject} could not listen on {address}: the port is taken{}", Excerpt(.log))]
    PortTaken {
        /// Its name.
        subject: String,
        /// Where it was to listen.
        address: SocketAddr,
        /// All that it said.
        log: Vec<Line>,
    },
    /// It was not seen to be ready in time.
    #[error("{subject} was not ready within {waited:.1?}: there was not {awaited}{}", Excerpt(.log))]
    NeverReady {
        /// Its name.
        subject: String,
        /// How long it had.
        waited: Duration,
        /// What would have shown it to be ready.
        awaited: String,
        /// All that it said.
        log: Vec<Line>,
    },
    /// It printed without end.
    #[error("{subject} printed more than {limit} lines before it was ready{}", Excerpt(.log))]
    Flooded {
        /// Its name.
        subject: String,
        /// How many lines it may print.
        limit: u64,
        /// The first and last of them.
        log: Vec<Line>,
    },
    /// The system refused something.
    #[error("{subject} could not be started: {doing}: {source}")]
    Io {
        /// Its name.
        subject: String,
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The last lines of a log, indented under a message.
struct Excerpt<'a>(&'a [Line]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.0.last() else {
            return f.write_str("\n  It printed nothing.");
        };
        let shown = &self.0[self.0.len().saturating_sub(SHOWN)..];
        match last.number as usize + 1 - shown.len() {
            0 => f.write_str("\n  It printed:")?,
            earlier => write!(f, "\n  It printed, after {earlier} other lines:")?,
        }
        for line in shown {
            f.write_str("\n  | ")?;
            // What a program under test prints must not drive the terminal.
            line.text.chars().try_for_each(|c| match c.is_control() && c != '\t' {
                true => write!(f, "{}", c.escape_default()),
                false => f.write_char(c),
            })?;
        }
        Ok(())
    }
}
