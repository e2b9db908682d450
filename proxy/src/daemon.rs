//! Going on in the background (`--daemon`): the program starts itself once more in a session of its own, and ends when
//! that one serves, or with its exit status when it cannot.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::process::parent_id;
use std::process::{Command, ExitCode, Stdio};

/// Tells the new process whose background it is. It holds the id of the parent, so that programs that the new process
/// starts in turn do not take themselves for it.
const MARK: &str = "WSSURE_PROXY_BACKGROUND_OF";

/// Which of the two processes this is.
pub(crate) enum Side {
    /// The one that was called; it is done.
    Foreground(ExitCode),
    /// The one that serves.
    Background,
}

/// Divides the program in two. The working directory stays, so that relative paths mean what they meant.
pub(crate) fn enter() -> io::Result<Side> {
    if env::var(MARK).is_ok_and(|parent| parent == parent_id().to_string()) {
        rustix::process::setsid()?;
        return Ok(Side::Background);
    }
    let mut child = Command::new(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env(MARK, std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut word = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut word)?;
    }
    if !word.is_empty() {
        eprintln!("in the background from now on, as process {}", child.id());
        return Ok(Side::Foreground(ExitCode::SUCCESS));
    }
    let status = child.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(Side::Foreground(code.map_or(ExitCode::FAILURE, ExitCode::from)))
}

/// Tells the foreground that the proxy listens, and lets go of the terminal.
pub(crate) fn started() -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(b"started\n")?;
    stdout.flush()?;
    let nowhere = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    // The last: its end is what the foreground waits for.
    rustix::stdio::dup2_stdout(&nowhere)?;
    Ok(())
}
