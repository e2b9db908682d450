//! The subjects that are built in, and those of the user's own.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::Subject;
use crate::data::{DataError, Source};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/subjects");

impl Subject {
    /// The subjects whose definitions are built into this program, by name.
    ///
    /// # Errors
    /// The first place where one of them is wrong, which a test rules out.
    pub fn builtin_definitions() -> Result<Vec<Self>, DataError> {
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|file| file.path());
        files
            .into_iter()
            .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
            .filter_map(|file| {
                Some(Source::new(
                    Path::new("harness/subjects").join(file.path()),
                    file.contents_utf8()?,
                ))
            })
            .map(Self::define)
            .collect()
    }

    /// Reads a user's own definition. A command such as `./proxy` is meant from the file's folder.
    ///
    /// # Errors
    /// The file cannot be read, or the first place where it is wrong.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let mut subject = Self::define(Source::read(path)?)?;
        subject.folder = path
            .parent()
            .map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
        Ok(subject)
    }

    /// The subject of that name, or defined in that file: what has a `/` in it or ends in `.toml`
    /// is a path.
    ///
    /// # Errors
    /// There is none of that name, or its file is wrong.
    pub fn find(name_or_path: &str) -> Result<Self, DataError> {
        if name_or_path.contains(std::path::is_separator) || name_or_path.ends_with(".toml") {
            return Self::load(Path::new(name_or_path));
        }
        let mut subjects = Self::builtin_definitions()?;
        match subjects.iter().position(|subject| subject.name == name_or_path) {
            Some(at) => Ok(subjects.swap_remove(at)),
            None => Err(Source::new("--subject", name_or_path)
                .error(0..name_or_path.len(), format!("there is no subject `{name_or_path}`"))
                .did_you_mean(name_or_path, subjects.iter().map(|subject| subject.name()))),
        }
    }
}
