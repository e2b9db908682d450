//! Python websockify beside ours: the same options, the same client, and what each of the two does.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The two programs, or ours alone where websockify is not installed, which is said.
///
/// # Panics
/// If it is not installed and WSSURE_NOTHING_SKIPPED is set.
pub fn both() -> Vec<PathBuf> {
    let mut programs = vec![ours()];
    match installed() {
        Some(path) => programs.push(path),
        None => {
            let why = "skipped: websockify is not installed";
            assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "{why}");
            eprintln!("{why}");
        }
    }
    programs
}

pub fn ours() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_wssure-proxy"))
}

pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("websockify")).find(|path| path.is_file())
}

/// A program in `folder`, with nothing on its standard input.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(std::process::Stdio::null());
    command
}

/// A port that is free now: websockify does not say which one it takes for 0.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
