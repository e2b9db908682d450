//! Programs for whom it is another time: the library of faketime(1) answers in place of the system when they ask
//! for the time of day.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
};

use rustls_pki_types::UnixTime;

use crate::{
    client::{Clock, Trouble},
    process::Invocation,
};

/// What LD_PRELOAD must say, as faketime says it itself: where the library is, differs between systems.
///
/// The program faketime is not put before the others: it leaves something in shared memory when it is killed.
static LIBRARY: LazyLock<Option<String>> = LazyLock::new(|| {
    let mut asked = Command::new("faketime");
    asked.args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).stdin(Stdio::null());
    let answer = String::from_utf8(asked.output().ok()?.stdout).ok()?;
    Some(answer.trim().to_owned()).filter(|library| !library.is_empty())
});

const SHARED: &str = "/dev/shm";
/// What it makes there, each name with the number of the process that has made it.
const LEFT: [&str; 2] = ["faketime_shm_", "sem.faketime_sem_"];

/// That program in that folder, with that clock.
///
/// Another clock than the machine's stands still, so that a judgement on the last valid second is one, however long
/// it takes to start. What a program waits for goes by clocks that run.
pub(super) fn invocation(clock: Clock, program: &Path, folder: &Path) -> Invocation {
    let invocation = Invocation::new(program, folder);
    match (clock, &*LIBRARY) {
        (Clock::Fixed(time), Some(library)) => invocation
            .environment("LD_PRELOAD", library)
            .environment("FAKETIME", written(time))
            .environment("TZ", "UTC")
            .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            // A mend for other systems, with which Chromium waits without rest (measured with faketime 0.9.10).
            .environment("FAKETIME_FORCE_MONOTONIC_FIX", "0"),
        _ => invocation,
    }
}

/// Sees to it that programs can have that clock.
///
/// # Errors
/// faketime is not installed.
pub(super) fn can_be(clock: Clock) -> Result<(), Trouble> {
    match clock {
        Clock::Fixed(_) if LIBRARY.is_none() => Err(Trouble::Cannot(
            "another time than now needs faketime; apt-get install -y faketime".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Removes what programs that have ended have left in shared memory: the library makes something there for each
/// first one, and only that could remove it.
pub(super) fn tidy() {
    let files = std::fs::read_dir(SHARED).into_iter().flatten().flatten();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let maker = LEFT.iter().find_map(|left| name.strip_prefix(left)?.parse::<u32>().ok());
        if maker.is_some_and(|maker| !Path::new(&format!("/proc/{maker}")).exists()) {
            // Another user's stays.
            std::fs::remove_file(file.path()).ok();
        }
    }
}

/// In the form that faketime reads by itself.
fn written(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
