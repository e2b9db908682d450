//! Reading a small text file whole.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// The most that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// A regular file's text; a pipe might never end.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}
