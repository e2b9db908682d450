//! Keeping private keys from the web: recognising them in any file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use memchr::memmem;

use crate::der;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
const PUTTY: &[u8] = b"PuTTY-User-Key-File-";

/// Longest label that is looked at; the longest in use has some thirty characters.
const LONGEST_LABEL: usize = 100;

/// Bytes kept from one part of a file to the next, so that no marker is missed where they meet.
const OVERLAP: usize = BEGIN.len() + LONGEST_LABEL + DASHES.len();

/// Bytes at the start of a file that tell its format.
const START: usize = 32;

/// A file that the proxy itself works with, and that is for nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnFile {
    /// Its private key.
    Key,
    /// The password of that (`--key-password-file`).
    KeyPassword,
    /// Who may come in (`--auth-source-file`).
    WhoMayComeIn,
    /// Its tokens (`--token-source`): a file, or a folder with all that is directly in it.
    Tokens,
    /// What verifies signed tokens (`--token-source`).
    TokenKey,
    /// The password of where the tokens are (`--token-password-file`).
    TokenPassword,
    /// Its options (`--config`).
    Options,
}

/// The proxy's own files, which are recognised under any name.
#[derive(Clone, Debug)]
pub(crate) struct ProtectedFiles(Vec<(PathBuf, OwnFile)>);

impl ProtectedFiles {
    pub(crate) fn new(files: Vec<(PathBuf, OwnFile)>) -> Self {
        Self(files)
    }

    /// Which of them an open file or folder (its device and inode) is, through whatever links it was reached. They are looked up
    /// anew each time: a renewal replaces files.
    pub(super) fn find(&self, device: u64, inode: u64) -> Option<OwnFile> {
        let same = |file: &fs::Metadata| (file.dev(), file.ino()) == (device, inode);
        let is_in = |folder: &PathBuf| {
            fs::read_dir(folder).is_ok_and(|entries| {
                entries.flatten().any(|entry| fs::metadata(entry.path()).is_ok_and(|it| same(&it)))
            })
        };
        let is_it = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|file| same(&file) || file.is_dir() && is_in(path))
        };
        self.0.iter().find(|(path, _)| is_it(path)).map(|(_, file)| *file)
    }
}

/// Looks for private keys in a file that is fed to it part by part.
///
/// It errs on the safe side: a text that merely quotes the first line of a key is not served either.
#[derive(Default)]
pub(super) struct Scanner {
    /// The first bytes of the file.
    start: Vec<u8>,
    /// The last bytes of the part before, without NULs.
    tail: Vec<u8>,
}

impl Scanner {
    /// Takes the next part, and says how a key was recognised if there is one.
    pub(super) fn feed(&mut self, part: &[u8]) -> Option<&'static str> {
        if self.start.len() < START {
            self.start.extend_from_slice(&part[..part.len().min(START - self.start.len())]);
            if let Some(found) = by_start(&self.start) {
                return Some(found);
            }
        }
        // Without NULs text in UTF-16 reads like text in ASCII.
        let mut text = std::mem::take(&mut self.tail);
        text.extend(part.iter().filter(|byte| **byte != 0));
        let found = in_text(&text);
        self.tail = text.split_off(text.len().saturating_sub(OVERLAP));
        found
    }
}

fn by_start(start: &[u8]) -> Option<&'static str> {
    if der::is_private_key(start) {
        Some("DER")
    } else if der::is_pkcs12(start) {
        Some("PKCS#12")
    } else if start.starts_with(&[0xfe, 0xed, 0xfe, 0xed])
        || start.starts_with(&[0xce, 0xce, 0xce, 0xce])
    {
        Some("Java keystore")
    } else {
        None
    }
}

fn in_text(text: &[u8]) -> Option<&'static str> {
    if memmem::find(text, PUTTY).is_some() {
        return Some("PuTTY key");
    }
    let pem = memmem::find_iter(text, BEGIN).any(|begin| {
        let label = &text[begin + BEGIN.len()..];
        let label = &label[..label.len().min(LONGEST_LABEL + DASHES.len())];
        match memmem::find(label, DASHES) {
            Some(end) => memmem::find(&label[..end], b"PRIVATE KEY").is_some(),
            None => false,
        }
    });
    pem.then_some("PEM")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a file in parts of every small size.
    fn found(file: &[u8]) -> Option<&'static str> {
        let results: Vec<_> = [1, 2, 3, 7, 64, usize::MAX]
            .map(|size| {
                let mut scanner = Scanner::default();
                file.chunks(size.min(file.len().max(1))).find_map(|part| scanner.feed(part))
            })
            .into();
        assert!(
            results.windows(2).all(|pair| pair[0] == pair[1]),
            "depends on the parts: {results:?}"
        );
        results[0]
    }

    #[test]
    fn any_label_anywhere() {
        for label in
            ["", "RSA ", "EC ", "DSA ", "ENCRYPTED ", "OPENSSH ", "ANY ", "SSH2 ENCRYPTED "]
        {
            let file = format!("{}-----BEGIN {label}PRIVATE KEY-----\nAAAA\n", "text ".repeat(500));
            assert_eq!(found(file.as_bytes()), Some("PEM"), "{label:?}");
        }
        assert_eq!(found(b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), Some("PEM"));
        let utf16: Vec<u8> =
            "-----BEGIN PRIVATE KEY-----\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(&utf16), Some("PEM"));
        assert_eq!(found(b"PuTTY-User-Key-File-3: ssh-ed25519\n"), Some("PuTTY key"));
    }

    #[test]
    fn certificates_and_pages_are_no_keys() {
        assert_eq!(found(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None);
        assert_eq!(found(b"-----BEGIN PUBLIC KEY-----\n"), None);
        assert_eq!(found(b"<p>keep your PRIVATE KEY private -----</p>"), None);
        assert_eq!(found(b""), None);
    }
}
