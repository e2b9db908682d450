//! What stands in a file's place and is no ordinary file, or one that nobody may read.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use nix::{sys::stat::Mode, unistd::mkfifo};

use super::write::cannot_write;
use crate::certificate::MintError;

/// Of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Certificate,
    Key,
}

/// What stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    /// Nothing.
    Absent,
    /// Nothing, and it has no name either.
    NoName,
    /// The file, for nobody to read.
    Unreadable,
    /// The file, in a folder that nobody may enter.
    Unreachable,
    /// A folder.
    Folder,
    /// A link to what is not there.
    DanglingLink,
    /// A link to the file.
    Link,
    /// A named pipe without anybody at its other end.
    Pipe,
    /// Something to read without end.
    EndlessDevice,
    /// A file that is larger than any certificate.
    Gigabytes,
}

/// How large [`Oddity::Gigabytes`] is.
const GIGABYTES: u64 = 2 << 30;

impl Oddity {
    /// Puts it in the place of the file there; the path by which it is then given.
    pub(super) fn put(self, path: PathBuf) -> Result<PathBuf, MintError> {
        let done = match self {
            Self::Unreadable => forbid(&path),
            Self::Unreachable => path.parent().map_or(Ok(()), forbid),
            Self::Link => {
                let real = path.with_extension("real");
                fs::rename(&path, &real).and_then(|()| symlink(&real, &path))
            }
            _ => clear(&path).and_then(|()| self.stand_in(&path)),
        };
        done.map_err(|error| cannot_write(&path, error))?;
        Ok(if self == Self::NoName { PathBuf::new() } else { path })
    }

    fn stand_in(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Folder => fs::create_dir(path),
            Self::DanglingLink => symlink(path.with_extension("gone"), path),
            Self::Pipe => Ok(mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?),
            Self::EndlessDevice => symlink("/dev/zero", path),
            Self::Gigabytes => File::create(path)?.set_len(GIGABYTES),
            _ => Ok(()),
        }
    }
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn forbid(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o0))
}
