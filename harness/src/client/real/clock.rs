//! Programs for whom it is another time: datefudge(1) answers in place of the system when they ask for the time
//! of day.

use std::path::Path;

use super::definition::on_path;
use crate::{
    client::{Clock, Trouble},
    process::Invocation,
};

/// It becomes the program that it starts. faketime(1) does more, and Firefox does not start under it: each waits
/// for the other's memory (measured, faketime 0.9.10 and Firefox 153).
const PROGRAM: &str = "datefudge";

/// That program in that folder, with that clock.
///
/// In another time than the machine's the seconds stand still, so that a judgement on the last valid one is just
/// that, however long it takes to start. What a program waits for goes by clocks that run.
pub(super) fn invocation(clock: Clock, program: &Path, folder: &Path) -> Invocation {
    match clock {
        Clock::System => Invocation::new(program, folder),
        Clock::Fixed(time) => Invocation::new(PROGRAM, folder)
            .arguments(["--static".to_owned(), format!("@{}", time.as_secs())])
            .arguments([program]),
    }
}

/// Sees to it that programs can have that clock.
///
/// # Errors
/// datefudge is not installed.
pub(super) fn can_be(clock: Clock) -> Result<(), Trouble> {
    match clock {
        Clock::Fixed(_) if on_path(PROGRAM).is_none() => Err(Trouble::Cannot(format!(
            "another time than now needs {PROGRAM}; apt-get install -y {PROGRAM}"
        ))),
        _ => Ok(()),
    }
}
