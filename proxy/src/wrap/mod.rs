//! A program that the proxy starts, and whose port it takes the place of (`-- COMMAND`).
//!
//! The program is told to listen on SOURCE_PORT and gets a port of the loopback address instead
//! ([`library`]), where sessions are relayed to ([`door`]). What its end means is in [`program`].

mod door;
mod library;
mod program;

pub(crate) use door::Door;
pub(crate) use program::{Program, attend};

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// A program that listens on the port of the proxy, or thinks so.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrap {
    /// The program; looked for in PATH if there is no slash in it.
    pub command: OsString,
    /// What it is given. Never logged: passwords may be among it.
    pub arguments: Vec<OsString>,
    /// What its end means.
    pub mode: WrapMode,
    /// Where its output goes.
    pub output: WrapOutput,
}

impl fmt::Display for Wrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", Path::new(&self.command).display())
    }
}

impl fmt::Debug for Wrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrap")
            .field("command", &self.command)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// What the end of a wrapped program means (`--wrap-mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapMode {
    /// The end of the proxy.
    Exit,
    /// Nothing: it may have gone on in the background.
    Ignore,
    /// It is started again.
    Respawn,
}

/// Where the output of a wrapped program goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapOutput {
    /// Where that of the proxy goes.
    Inherited,
    /// Nowhere: the proxy goes on in the background.
    Nowhere,
}

/// What happens after the end of a wrapped program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterProgram {
    /// The proxy ends, too.
    ProxyEnds,
    /// The proxy goes on.
    ProxyGoesOn,
    /// It is started again after a pause.
    StartedAgain(Duration),
}

impl fmt::Display for AfterProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProxyEnds => f.write_str("the proxy ends, too"),
            Self::ProxyGoesOn => f.write_str("the proxy goes on (--wrap-mode ignore)"),
            Self::StartedAgain(pause) => {
                write!(f, "it is started again in {} seconds", pause.as_secs_f32())
            }
        }
    }
}

/// How a proxy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it was told, or by a limit of its settings.
    AsTold,
    /// With its wrapped program ([`WrapMode::Exit`]), which ended so.
    WithProgram(ExitStatus),
}

/// Why a wrapped program cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// This proxy was built without the library that moves the program's port.
    #[error(
        "this wssure-proxy was built without support for wrapped programs, which needs Linux and a C compiler"
    )]
    NotBuilt,
    /// A program can take the place of a TCP port only.
    #[error(
        "a wrapped program needs SOURCE_PORT, which is the port that it is told to listen on, and not 0"
    )]
    NoPort,
    /// The library cannot be written.
    #[error("cannot write the library for the wrapped program into {}: {}; another folder can be given with TMPDIR", .0.display(), crate::event::cause(.1))]
    Library(std::path::PathBuf, std::io::Error),
    /// The path of the library cannot be told to the program.
    #[error("the library for the wrapped program cannot be in {}: the path must have no space and no colon; another folder can be given with TMPDIR", .0.display())]
    Path(std::path::PathBuf),
    /// There is no free port.
    #[error("no free port for the wrapped program: {}", crate::event::cause(.0))]
    Port(std::io::Error),
    /// The program cannot be started.
    #[error("cannot start {program}: {}{}", crate::event::cause(error), hint(error))]
    Program {
        /// The program, without its arguments.
        program: String,
        /// Why.
        error: std::io::Error,
    },
}

fn hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            "; give the program as a path, or one that is in PATH, and its arguments each by itself"
        }
        std::io::ErrorKind::PermissionDenied => "; it must be a program that may be run",
        _ => "",
    }
}
