//! A program that a test has started, with all that it starts in turn.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// It ends when this is dropped.
pub struct Group {
    pub child: Child,
}

impl Group {
    /// Starts a program in a group of its own.
    #[track_caller]
    pub fn spawn(mut command: Command) -> Self {
        let child = command.process_group(0).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")) }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Who is gone already needs no signal.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
