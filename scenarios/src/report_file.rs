//! Files that a command is asked for: proved to be writable before the work, written whole or not at all.

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

impl Wanted {
    /// Makes sure that the report can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn prepare(self) -> Result<Prepared, Failure> {
        Ok(Prepared { format: self.format, place: Place::take(OPTION, self.path)? })
    }
}

/// A report that can be written.
pub struct Prepared {
    format: Format,
    place: Place,
}

impl Prepared {
    /// Writes the report, in place of an older one.
    ///
    /// # Errors
    /// The disk is full, say.
    pub fn write(self, report: &Report) -> Result<(), Failure> {
        let format = self.format;
        self.place.write(|out| match format {
            Format::Json => report::json::write(report, out),
            Format::Junit => report::junit::write(report, out),
        })
    }
}

/// A file's place that is taken: by a file beside it, which goes away if it is never finished.
pub struct Place {
    option: &'static str,
    path: PathBuf,
    beside: NamedTempFile,
}

impl Place {
    /// Makes sure that the file, which that option has named, can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn take(option: &'static str, path: PathBuf) -> Result<Self, Failure> {
        match beside(&path) {
            Ok(beside) => Ok(Self { option, path, beside }),
            Err(source) => Err(Failure::Unwritable { option, path, source }),
        }
    }

    /// Writes the file, in place of an older one.
    ///
    /// # Errors
    /// The disk is full, say.
    pub fn write(
        mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = io::BufWriter::new(self.beside.as_file_mut());
        let flushed = write(&mut out).and_then(|()| out.flush());
        drop(out);
        let persisted =
            flushed.and_then(|()| self.beside.persist(&self.path).map_err(|error| error.error));
        let (option, path) = (self.option, self.path);
        persisted.map(drop).map_err(|source| Failure::Unwritable { option, path, source })
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
    // As any file that is made, and not for its owner alone: there is no secret in it.
    let mode = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".wssure-").permissions(mode).tempfile_in(folder)
}
