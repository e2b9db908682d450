//! Getting content onto a disk: at once, and a key for its owner alone.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use super::Content;
use crate::certificate::MintError;

pub(in crate::certificate) fn make_folder(folder: &Path) -> Result<(), MintError> {
    fs::create_dir_all(folder).map_err(|source| cannot_write(folder, source))
}

/// Makes a file hold the content, or not be there if there is none.
pub(super) fn replace(path: &Path, content: Option<&Content>) -> Result<(), MintError> {
    let Some(content) = content else {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(path, error)),
            _ => Ok(()),
        };
    };
    let file = write_beside(path, content).map_err(|source| cannot_write(path, source))?;
    file.persist(path).map_err(|error| cannot_write(path, error.error))?;
    Ok(())
}

/// Writes a file that was not there before.
pub(in crate::certificate) fn create(path: &Path, content: &Content) -> Result<(), MintError> {
    let file = write_beside(path, content).map_err(|source| cannot_write(path, source))?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => MintError::Exists { path: path.to_owned() },
        _ => cannot_write(path, error.error),
    })?;
    Ok(())
}

/// A file in the same folder, for its owner alone unless there is nothing to hide in it.
fn write_beside(path: &Path, content: &Content) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content.bytes())?;
    #[cfg(unix)]
    if content.is_public() {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    Ok(file)
}

pub(super) fn cannot_write(path: &Path, source: io::Error) -> MintError {
    MintError::Write { path: path.to_owned(), source }
}
