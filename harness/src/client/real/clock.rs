//! Programs for whom it is another time: faketime(1), which answers in place of the system when a program
//! asks for the time of day.

use std::path::Path;

use rustls_pki_types::UnixTime;

use super::definition::on_path;
use crate::{
    client::{Clock, Trouble},
    process::Invocation,
};

const PROGRAM: &str = "faketime";

/// That program in that folder, with that clock.
///
/// Another clock than the machine's stands still, so that a second matters as little as it does to who is asked
/// for one judgement. What a program waits for goes by another clock, which runs.
pub(super) fn invocation(clock: Clock, program: &Path, folder: &Path) -> Invocation {
    match clock {
        Clock::System => Invocation::new(program, folder),
        Clock::Fixed(time) => Invocation::new(PROGRAM, folder)
            .arguments(["-m", "--exclude-monotonic", "-f", &written(time)])
            .arguments([program])
            .environment("TZ", "UTC"),
    }
}

/// Sees to it that programs can have that clock.
///
/// # Errors
/// faketime is not installed.
pub(super) fn can_be(clock: Clock) -> Result<(), Trouble> {
    match clock {
        Clock::Fixed(_) if on_path(PROGRAM).is_none() => Err(Trouble::Cannot(
            "another time than now needs faketime; apt-get install -y faketime".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// In the form that faketime reads by itself.
fn written(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
