//! The cases: those that are built in, or a folder of the user's own.

use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};
use wssure_harness::{
    case::Suite,
    client::Profile,
    data::{DataError, Source},
};

static BUILT_IN: Dir<'_> = include_dir!("$OUT_DIR/cases");

/// Where cases come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cases {
    /// This program.
    BuiltIn,
    /// A folder.
    Folder(PathBuf),
}

impl From<Option<PathBuf>> for Cases {
    fn from(folder: Option<PathBuf>) -> Self {
        folder.map_or(Self::BuiltIn, Self::Folder)
    }
}

impl Cases {
    /// The file that lists the claims, if there is one.
    pub fn claims_file(&self) -> PathBuf {
        match self {
            Self::BuiltIn => Path::new("scenarios").join("claims.toml"),
            Self::Folder(folder) => folder.join("claims.toml"),
        }
    }

    /// Reads and checks all of them; `clients` are those that they may name.
    ///
    /// # Errors
    /// The first thing that is wrong in any file.
    pub fn read<'a>(
        &self,
        clients: impl IntoIterator<Item = &'a Profile>,
    ) -> Result<Suite, DataError> {
        match self {
            Self::BuiltIn => Suite::read(built_in(), clients),
            Self::Folder(folder) => Suite::load(folder, clients),
        }
    }
}

fn built_in() -> Vec<(PathBuf, Source)> {
    let mut files = Vec::new();
    collect(&BUILT_IN, &mut files);
    files
}

fn collect(folder: &Dir<'_>, files: &mut Vec<(PathBuf, Source)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, files),
            DirEntry::File(file) => {
                let text = file.contents_utf8().unwrap_or_default();
                let source = Source::new(Path::new("scenarios").join(file.path()), text);
                files.push((file.path().to_owned(), source));
            }
        }
    }
}
