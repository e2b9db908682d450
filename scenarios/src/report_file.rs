//! `--report FORMAT=FILE`: proved to be writable before the run, written whole or not at all.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use tempfile::NamedTempFile;
use wssure_harness::{report, run::Report};

use crate::exit::Failure;

const OPTION: &str = "--report";

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Everything, for programs: `harness/schema/report-v1.json`.
    Json,
    /// JUnit's XML, for CI servers.
    Junit,
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    format: Format,
    path: PathBuf,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) =
            text.split_once('=').ok_or("write FORMAT=FILE, such as json=report.json")?;
        let format = match format {
            "json" => Format::Json,
            "junit" => Format::Junit,
            _ => return Err(format!("there is no format `{format}`; one of: json, junit")),
        };
        if path.is_empty() {
            return Err("the FILE is missing: FORMAT=FILE".to_owned());
        }
        Ok(Self { format, path: path.into() })
    }
}

/// A report whose place is taken: a file beside it, which goes away if it is never finished.
pub struct Prepared {
    wanted: Wanted,
    beside: NamedTempFile,
}

impl Wanted {
    /// Makes sure that the report can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn prepare(self) -> Result<Prepared, Failure> {
        match beside(&self.path) {
            Ok(beside) => Ok(Prepared { wanted: self, beside }),
            Err(source) => Err(unwritable(self.path, source)),
        }
    }
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // As any file that is made, and not for its owner alone: a report has no secret in it.
    let mode = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".wssure-").permissions(mode).tempfile_in(folder)
}

impl Prepared {
    /// Writes the report, in place of an older one.
    ///
    /// # Errors
    /// The disk is full, say.
    pub fn write(mut self, report: &Report) -> Result<(), Failure> {
        let file = self.beside.as_file_mut();
        let mut out = io::BufWriter::new(file);
        let written = match self.wanted.format {
            Format::Json => report::json::write(report, &mut out),
            Format::Junit => report::junit::write(report, &mut out),
        };
        let flushed = written.and_then(|()| out.flush());
        drop(out);
        let persisted = flushed
            .and_then(|()| self.beside.persist(&self.wanted.path).map_err(|error| error.error));
        persisted.map(drop).map_err(|source| unwritable(self.wanted.path, source))
    }
}

fn unwritable(path: PathBuf, source: io::Error) -> Failure {
    Failure::Unwritable { option: OPTION, path, source }
}
