//! The options of the program whose port the proxy takes the place of.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::PlaceToRun;
use crate::wrap::{Wrap, WrapMode, WrapOutput};

#[derive(Debug, Args)]
#[command(next_help_heading = "Wrapped program")]
pub(super) struct WrapOptions {
    /// Start a program that listens on SOURCE_PORT, and take its place there: it gets another port, on 127.0.0.1 only,
    /// and sessions are relayed to it. It ends with the proxy
    #[arg(last = true, value_name = "COMMAND", num_args = 1.., conflicts_with_all = ["target", "unix_target", "tokens", "unix_listen", "inetd"])]
    command: Vec<OsString>,

    /// What to do when the program ends, or goes on in the background: end with its exit status, ignore it, or start it
    /// again [default: exit]
    #[arg(long, value_name = "MODE")]
    wrap_mode: Option<Mode>,
}

/// The values of `--wrap-mode`: websockify's.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Exit,
    Ignore,
    Respawn,
}

impl WrapOptions {
    /// clap lets a conflict of COMMAND excuse its absence.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.wrap_mode.is_some() && !self.is_given() {
            return Err("--wrap-mode is about a program: give it behind the other arguments, as -- COMMAND ARGS".to_owned());
        }
        Ok(())
    }

    /// Whether a program takes the place of a target.
    pub(super) fn is_given(&self) -> bool {
        !self.command.is_empty()
    }

    /// The program, with its output where that of the proxy goes.
    pub(super) fn wrap(self, place: PlaceToRun) -> Option<Wrap> {
        let mut command = self.command.into_iter();
        Some(Wrap {
            command: command.next()?,
            arguments: command.collect(),
            mode: match self.wrap_mode {
                None | Some(Mode::Exit) => WrapMode::Exit,
                Some(Mode::Ignore) => WrapMode::Ignore,
                Some(Mode::Respawn) => WrapMode::Respawn,
            },
            output: match place {
                PlaceToRun::Foreground => WrapOutput::Inherited,
                PlaceToRun::Background => WrapOutput::Nowhere,
            },
        })
    }
}
