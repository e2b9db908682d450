//! How the process ends: the exit codes, and the one place where an outcome becomes one.

use std::{io, path::PathBuf, process::ExitCode};

use wssure_harness::{
    certificate::MintError,
    client::{ClientError, Trouble},
    compare::CompareError,
    data::DataError,
    run::RunError,
};

/// Everything is as expected; for `open`: every client connected; for `compare`: all agrees.
pub const AS_EXPECTED: u8 = 0;

/// Some verdict is not as expected; for `open`: some client was refused; for `compare`: something disagrees.
pub const NOT_AS_EXPECTED: u8 = 1;

/// The call or a file was wrong, so that there is no verdict.
pub const WRONG_CALL: u8 = 2;

/// It was interrupted: 128 and the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// The exit codes, for the help.
pub const HELP: &str = "\
Exit codes:
  0    all as expected (open: connected; compare: all agrees)
  1    some verdict is not as expected (open: refused; compare: something disagrees)
  2    the call or a file was wrong, or there is nothing to judge
  130  interrupted";

/// What a command found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    AsExpected,
    /// It is not.
    NotAsExpected,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An argument is wrong.
    #[error("{0}")]
    Call(String),
    /// A data file is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no such client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A client failed by itself.
    #[error("{client}: {trouble}")]
    Trouble {
        /// Which.
        client: String,
        /// How.
        trouble: Trouble,
    },
    /// The run could not be made.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] MintError),
    /// There is nothing to compare.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A file cannot be written.
    #[error("{option}: {} cannot be written: {source}; name a file in a folder that is there and that you may write to", path.display())]
    Unwritable {
        /// The option that named it.
        option: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    /// The machine does not let us.
    #[error("cannot {doing}: {source}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// Why it did not work.
        source: io::Error,
    },
    /// The user has ended it.
    #[error("interrupted; everything that was started has been ended")]
    Interrupted,
}

/// The exit code of every outcome.
fn code(outcome: &Result<Verdict, Failure>) -> u8 {
    match outcome {
        Ok(Verdict::AsExpected) => AS_EXPECTED,
        Ok(Verdict::NotAsExpected) => NOT_AS_EXPECTED,
        Err(Failure::Interrupted) => INTERRUPTED,
        // `wssure list faults | head` has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => AS_EXPECTED,
        Err(
            Failure::Call(_)
            | Failure::Data(_)
            | Failure::Client(_)
            | Failure::Trouble { .. }
            | Failure::Run(_)
            | Failure::Certificate(_)
            | Failure::Compare(_)
            | Failure::Unwritable { .. }
            | Failure::Output(_)
            | Failure::System { .. },
        ) => WRONG_CALL,
    }
}

/// What was written, where there is a verdict beside it: a reader who has read enough does not change that.
///
/// # Errors
/// Any other failure to write.
pub fn even_if_unread(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints the error, if there is one, and gives the exit code.
pub fn report(outcome: Result<Verdict, Failure>) -> ExitCode {
    let code = code(&outcome);
    if let Err(failure) = outcome
        && code != AS_EXPECTED
    {
        anstream::eprintln!("{ERROR}error:{ERROR:#} {failure}");
    }
    code.into()
}

const ERROR: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

/// The exit code of a command line that could not be read, or that asked for help.
pub fn of_usage(error: &clap::Error) -> u8 {
    if error.use_stderr() { WRONG_CALL } else { AS_EXPECTED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_read_enough_is_no_error() {
        let gone = Err(Failure::Output(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(code(&gone), AS_EXPECTED);
        let full = Err(Failure::Output(io::ErrorKind::StorageFull.into()));
        assert_eq!(code(&full), WRONG_CALL);
    }

    #[test]
    fn the_help_names_every_code() {
        for code in [AS_EXPECTED, NOT_AS_EXPECTED, WRONG_CALL, INTERRUPTED] {
            assert!(HELP.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))));
        }
    }
}
