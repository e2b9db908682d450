//! Listening on a Unix socket: a file that outlives its owner, and that must not take the place of another.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::UnixListener;

/// Why a Unix socket cannot take the place of what is at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StaleSocketError {
    /// Another program, perhaps another proxy, listens there.
    #[error("another program listens there: choose another path, or end that program")]
    InUse,
    /// What is there is not a socket, and is left alone.
    #[error("there is something that is not a socket, and it is left alone: choose another path")]
    NotASocket,
}

/// The file of a Unix socket, which is removed with this.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode: another program may have put its own there meanwhile.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // Who starts next replaces it all the same.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Listens at `path`. A socket from before, at which nobody listens any more, is replaced.
pub(super) fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    remove_stale(path)?;
    // From its first moment nobody but the owner may connect; the mode that is asked for comes after. The mask is the
    // whole process's: what another thread creates at this moment is the owner's alone, too.
    let before = umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound?;
    // Relative paths mean the folder of the start.
    let path = std::path::absolute(path)?;
    let file = SocketFile { identity: identity(&path)?, path };
    fs::set_permissions(&file.path, Permissions::from_mode(mode))?;
    Ok((listener, file))
}

fn remove_stale(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::other(StaleSocketError::NotASocket));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        // It answers, or it is busy, or we may not ask: it is somebody's.
        _ => Err(io::Error::other(StaleSocketError::InUse)),
    }
}
