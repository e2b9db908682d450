//! Telling cheaply whether files changed: by what the system knows about them, not by what is in them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::identity::IdentityFiles;

/// A file written twice within one tick of the file system's clock looks the same after both. One that changed this
/// short a time before it was read is read again.
const TICK: Duration = Duration::from_millis(100);

/// The certificate and key files at one moment. Symbolic links are followed, so that a swapped one shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    cert: Option<FileStamp>,
    key: Option<FileStamp>,
    age: Age,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// Written so shortly before that it may have changed since without showing it.
    Fresh,
    Settled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(files: &IdentityFiles) -> Self {
        let cert = FileStamp::of(&files.cert);
        let key = files.key.as_deref().and_then(FileStamp::of);
        let fresh = cert.iter().chain(&key).any(FileStamp::is_fresh);
        Self { cert, key, age: if fresh { Age::Fresh } else { Age::Settled } }
    }

    /// Whether the files are what they were.
    pub(super) fn still_holds(&self, files: &IdentityFiles) -> bool {
        self.age == Age::Settled && *self == Self::of(files)
    }
}

impl FileStamp {
    /// `None` if there is no such file, or none that can be reached.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    fn is_fresh(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = Duration::from_secs(seconds.unsigned_abs())
            + Duration::from_nanos(nanoseconds.unsigned_abs());
        since_1970.abs_diff(changed) < TICK
    }
}
