//! The library that moves a program's port, as a file that the program loads.

use std::env;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::WrapError;

/// What build.rs built of rebind.c; nothing where it could not.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rebind.so"));

/// What the dynamic loader loads first.
const PRELOAD: &str = "LD_PRELOAD";

/// The file with the library, in a folder of its own that nobody else can write to. Removed with this.
#[derive(Debug)]
pub(super) struct Library {
    path: PathBuf,
    _folder: TempDir,
}

impl Library {
    pub(super) fn write() -> Result<Self, WrapError> {
        if LIBRARY.is_empty() {
            return Err(WrapError::NotBuilt);
        }
        let place = std::path::absolute(env::temp_dir()).unwrap_or_else(|_| env::temp_dir());
        if place.as_os_str().as_bytes().iter().any(|byte| b" :\t\n".contains(byte)) {
            return Err(WrapError::Path(place));
        }
        let failed = |error| WrapError::Library(place.clone(), error);
        let folder =
            tempfile::Builder::new().prefix("wssure-").tempdir_in(&place).map_err(failed)?;
        let path = folder.path().join("rebind.so");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o500);
        let mut file = options.open(&path).map_err(failed)?;
        file.write_all(LIBRARY).map_err(failed)?;
        Ok(Self { path, _folder: folder })
    }

    /// What a program needs in its environment for its port `from` to become `to`. Another library that is to be loaded
    /// stays.
    pub(super) fn environment(&self, from: u16, to: u16) -> [(&'static str, OsString); 4] {
        let mut preload = self.path.clone().into_os_string();
        if let Some(others) = env::var_os(PRELOAD).filter(|others| !others.is_empty()) {
            preload.push(":");
            preload.push(others);
        }
        [
            (PRELOAD, preload),
            ("WSSURE_REBIND_FROM", from.to_string().into()),
            ("WSSURE_REBIND_TO", to.to_string().into()),
            ("WSSURE_REBIND_PROXY", std::process::id().to_string().into()),
        ]
    }
}
