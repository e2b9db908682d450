//! Getting at a file: why it cannot be opened, and what it is if it is not PEM.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::instead::{Instead, LooksLike};
use super::key::is_key;
use super::pem::{self, Block};
use super::problem::{IdentityError, SpecialFile};

/// More than any chain takes; a path to something endless must not fill the memory.
pub(super) const LARGEST: u64 = 16 << 20;

/// Reads the blocks of a file, of which there is at least one.
pub(super) fn pem_file(file: &Path) -> Result<Vec<Block>, IdentityError> {
    let bytes = bytes(file)?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(IdentityError::Empty { file: file.to_owned() });
    }
    let blocks = pem::blocks(&bytes);
    if blocks.is_empty() {
        return Err(IdentityError::NotPem {
            file: file.to_owned(),
            looks_like: looks_like(&bytes),
        });
    }
    Ok(blocks)
}

fn bytes(file: &Path) -> Result<Vec<u8>, IdentityError> {
    let failed = |error| explain(file, error);
    let metadata = fs::metadata(file).map_err(failed)?;
    if metadata.is_dir() {
        return Err(IdentityError::IsDirectory { file: file.to_owned() });
    }
    if let Some(kind) = special(metadata.file_type()) {
        return Err(IdentityError::NotAFile { file: file.to_owned(), kind });
    }
    let mut bytes = Vec::new();
    // A pipe that took the file's place since must not hold us up.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let open = fs::OpenOptions::new().read(true).custom_flags(flags).open(file).map_err(failed)?;
    open.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    let read = bytes.len() as u64;
    if read > LARGEST {
        return Err(IdentityError::TooLarge {
            file: file.to_owned(),
            size: read.max(metadata.len()),
        });
    }
    Ok(bytes)
}

/// What is no file, and may have no end.
fn special(kind: fs::FileType) -> Option<SpecialFile> {
    if kind.is_fifo() {
        Some(SpecialFile::Pipe)
    } else if kind.is_socket() {
        Some(SpecialFile::Socket)
    } else if kind.is_char_device() || kind.is_block_device() {
        Some(SpecialFile::Device)
    } else {
        None
    }
}

fn explain(path: &Path, error: io::Error) -> IdentityError {
    let file = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => match dangling(path) {
            Some(to) => IdentityError::DanglingLink { file, to },
            None => IdentityError::Missing { file },
        },
        io::ErrorKind::IsADirectory => IdentityError::IsDirectory { file },
        io::ErrorKind::PermissionDenied => {
            let at = denying(path).unwrap_or_else(|| file.clone());
            IdentityError::PermissionDenied {
                file,
                at,
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
            }
        }
        _ => IdentityError::Unreadable { file, error },
    }
}

/// Where a link leads that leads nowhere.
fn dangling(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}

/// The folder that may not be searched, if it is not the file that may not be read.
fn denying(file: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(file).ok()?;
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    let hidden = folders.into_iter().find(|path| {
        matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::PermissionDenied)
    })?;
    hidden.parent().map(Path::to_owned)
}

/// What else than the wanted is in a file.
pub(super) fn instead(blocks: &[Block]) -> Instead {
    let has = |wanted: fn(&str) -> bool| blocks.iter().any(|block| wanted(&block.label));
    if has(|label| label.ends_with("CERTIFICATE REQUEST")) {
        Instead::Request
    } else if has(|label| label == "OPENSSH PRIVATE KEY") {
        Instead::OpenSshKey
    } else if has(|label| label == "PKCS7") {
        Instead::Pkcs7
    } else if blocks.iter().any(is_key) {
        Instead::Key
    } else if has(|label| label.ends_with("CERTIFICATE")) {
        Instead::Certificate
    } else if has(|label| label.ends_with("PUBLIC KEY")) {
        Instead::PublicKey
    } else {
        Instead::Other
    }
}

/// Recognises formats by their first bytes. DER objects begin with a SEQUENCE; what comes second tells which.
fn looks_like(bytes: &[u8]) -> LooksLike {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return LooksLike::Utf16,
        [b'-', 0, b'-', 0, ..] | [0, b'-', 0, b'-', ..] => return LooksLike::Utf16,
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => {
            return LooksLike::JavaKeystore;
        }
        _ => {}
    }
    match crate::der::inside_sequence(bytes) {
        // PKCS#7: an OID comes first (1.2.840.113549.1.7.*).
        Some([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, ..]) => LooksLike::Pkcs7,
        _ if crate::der::is_pkcs12(bytes) => LooksLike::Pkcs12,
        _ if crate::der::is_private_key(bytes) => LooksLike::DerKey,
        // Certificate and request: a SEQUENCE comes first; in a request it begins with the version 0.
        Some(rest @ [0x30, ..]) => match crate::der::inside_sequence(rest) {
            Some([0x02, 0x01, 0x00, 0x30, ..]) => LooksLike::DerRequest,
            _ => LooksLike::DerCertificate,
        },
        _ => LooksLike::Unknown,
    }
}
