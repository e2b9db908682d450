//! Every way in which certificate and key files are broken, and where. The words are in `explain`.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::instead::{Instead, LooksLike};
use super::pem::Damage;

/// Which block of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockPlace {
    /// Its label, `RSA PRIVATE KEY` for instance.
    pub label: String,
    /// Its number in the file, from 1.
    pub number: usize,
    /// The line of its `BEGIN`, from 1.
    pub line: usize,
}

impl fmt::Display for BlockPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} ({}, line {})", self.number, self.label, self.line)
    }
}

/// A public key, for telling two apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyPrint {
    /// Kind of key, `RSA 2048` for instance.
    pub kind: String,
    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal: what
    /// `openssl pkey -pubout -outform DER | openssl sha256` prints.
    pub sha256: String,
}

impl fmt::Display for PublicKeyPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sha256:{}", self.kind, self.sha256)
    }
}

/// A certificate and a key that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMismatch {
    /// File of the certificate.
    pub file: PathBuf,
    /// Its block.
    pub block: BlockPlace,
    /// Its public key.
    pub certificate: PublicKeyPrint,
    /// File of the key.
    pub key_file: PathBuf,
    /// Its block.
    pub key_block: BlockPlace,
    /// Its public key.
    pub key: PublicKeyPrint,
}

/// What is not a file although it has a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecialFile {
    /// A named pipe, or the pipe of a shell's `<(command)`.
    Pipe,
    /// A Unix socket.
    Socket,
    /// A device.
    Device,
}

/// Why certificate and key files cannot serve.
///
/// `Display` gives reason, file and block, OpenSSL's words and the mend in one line; the parts are there as
/// methods, too. Passwords and keys are never part of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no such file.
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The file, or a folder on the way to it, may not be read.
    PermissionDenied {
        /// The file.
        file: PathBuf,
        /// What denies: the file or the folder.
        at: PathBuf,
        /// The user that the proxy runs as.
        uid: u32,
        /// Its group.
        gid: u32,
    },
    /// A symbolic link to nothing.
    DanglingLink {
        /// The link.
        file: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// Something that is read like a file, and has no end, or one only once.
    NotAFile {
        /// Its path.
        file: PathBuf,
        /// What it is.
        kind: SpecialFile,
    },
    /// Larger than any certificate file.
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Its size in bytes, as far as it is known.
        size: u64,
    },
    /// A folder.
    IsDirectory {
        /// The folder.
        file: PathBuf,
    },
    /// The system failed to read it.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Nothing in it.
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// No PEM block in it.
    NotPem {
        /// The file.
        file: PathBuf,
        /// What it is.
        looks_like: LooksLike,
    },
    /// A block is damaged.
    Damaged {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
        /// How.
        damage: Damage,
    },
    /// No certificate in the certificate file.
    NoCertificate {
        /// The file.
        file: PathBuf,
        /// What is in it.
        instead: Instead,
    },
    /// No private key in the file that should have it.
    NoKey {
        /// The file.
        file: PathBuf,
        /// What is in it.
        instead: Instead,
    },
    /// A certificate block does not hold an X.509 certificate.
    BadCertificate {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
        /// What the parser says.
        reason: String,
    },
    /// A key block does not hold such a key.
    BadKey {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
        /// What is wrong.
        reason: String,
    },
    /// The key is of a kind that TLS here does not do.
    UnsupportedKey {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
        /// Kind of key.
        kind: String,
    },
    /// The key is encrypted and there is no password.
    PasswordNeeded {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
    },
    /// The password does not decrypt the key.
    WrongPassword {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
    },
    /// The key is encrypted in a way that is not known here.
    UnsupportedEncryption {
        /// The file.
        file: PathBuf,
        /// The block.
        block: BlockPlace,
        /// Which way.
        scheme: String,
    },
    /// The key is another certificate's.
    KeyMismatch(Box<KeyMismatch>),
}

impl IdentityError {
    /// The file with the trouble.
    pub fn file(&self) -> &PathBuf {
        match self {
            Self::Missing { file }
            | Self::PermissionDenied { file, .. }
            | Self::IsDirectory { file }
            | Self::DanglingLink { file, .. }
            | Self::NotAFile { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Unreadable { file, .. }
            | Self::Empty { file }
            | Self::NotPem { file, .. }
            | Self::Damaged { file, .. }
            | Self::NoCertificate { file, .. }
            | Self::NoKey { file, .. }
            | Self::BadCertificate { file, .. }
            | Self::BadKey { file, .. }
            | Self::UnsupportedKey { file, .. }
            | Self::PasswordNeeded { file, .. }
            | Self::WrongPassword { file, .. }
            | Self::UnsupportedEncryption { file, .. } => file,
            Self::KeyMismatch(mismatch) => &mismatch.file,
        }
    }

    /// The block with the trouble, if it is in one.
    pub fn block(&self) -> Option<&BlockPlace> {
        match self {
            Self::Damaged { block, .. }
            | Self::BadCertificate { block, .. }
            | Self::BadKey { block, .. }
            | Self::UnsupportedKey { block, .. }
            | Self::PasswordNeeded { block, .. }
            | Self::WrongPassword { block, .. }
            | Self::UnsupportedEncryption { block, .. } => Some(block),
            Self::KeyMismatch(mismatch) => Some(&mismatch.block),
            _ => None,
        }
    }
}
