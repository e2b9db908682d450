//! Every way in which certificate and key files are broken, each with its place, OpenSSL's words and its mend.

use std::fmt;
use std::io;
use std::path::PathBuf;

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

/// What a file is that should be a PEM file with a certificate or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooksLike {
    /// A certificate in DER.
    DerCertificate,
    /// A private key in DER.
    DerKey,
    /// PKCS#12 (`.p12`, `.pfx`).
    Pkcs12,
    /// PKCS#7 (`.p7b`), in DER.
    Pkcs7,
    /// A certificate request in DER.
    DerRequest,
    /// Text in UTF-16, as some Windows tools write it.
    Utf16,
    /// A Java keystore.
    JavaKeystore,
    /// None of these.
    Unknown,
}

impl LooksLike {
    fn words(self) -> &'static str {
        match self {
            Self::DerCertificate => "it looks like a certificate in DER form",
            Self::DerKey => "it looks like a private key in DER form",
            Self::Pkcs12 => "it looks like PKCS#12 (.p12, .pfx)",
            Self::Pkcs7 => "it looks like PKCS#7 (.p7b) in DER form",
            Self::DerRequest => "it looks like a certificate request in DER form",
            Self::Utf16 => "it looks like text in UTF-16",
            Self::JavaKeystore => "it looks like a Java keystore",
            Self::Unknown => "no line begins with -----BEGIN",
        }
    }

    fn mend(self, file: &str) -> String {
        match self {
            Self::DerCertificate => format!("openssl x509 -inform DER -in {file} -out cert.pem"),
            Self::DerKey => format!("openssl pkey -inform DER -in {file} -out key.pem"),
            Self::Pkcs12 => format!("openssl pkcs12 -in {file} -nodes -out self.pem"),
            Self::Pkcs7 => {
                format!("openssl pkcs7 -inform DER -in {file} -print_certs -out cert.pem")
            }
            Self::DerRequest => {
                "send it to an authority and use the certificate that comes back".to_owned()
            }
            Self::Utf16 => format!("iconv -f UTF-16 -t UTF-8 {file} > self.pem"),
            Self::JavaKeystore => {
                format!(
                    "keytool -importkeystore -srckeystore {file} -destkeystore s.p12 -deststoretype PKCS12, then openssl pkcs12 -in s.p12 -nodes -out self.pem"
                )
            }
            Self::Unknown => "give a PEM file with the certificate and its private key".to_owned(),
        }
    }
}

/// What a file holds instead of what is missing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instead {
    /// A private key.
    Key,
    /// A certificate.
    Certificate,
    /// A certificate request.
    Request,
    /// A public key.
    PublicKey,
    /// A key in OpenSSH's own format.
    OpenSshKey,
    /// PKCS#7.
    Pkcs7,
    /// Other blocks.
    Other,
}

impl Instead {
    fn words(self) -> &'static str {
        match self {
            Self::Key => "only a private key",
            Self::Certificate => "only a certificate",
            Self::Request => "a certificate request (CSR), which is not a certificate yet",
            Self::PublicKey => "a public key, which is neither a certificate nor a private key",
            Self::OpenSshKey => "a key in OpenSSH's own format",
            Self::Pkcs7 => "PKCS#7 (.p7b)",
            Self::Other => "other blocks",
        }
    }
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
    KeyMismatch {
        /// File of the certificate.
        file: PathBuf,
        /// Its block.
        block: BlockPlace,
        /// Its public key.
        certificate: PublicKeyPrint,
        /// File of the key.
        key_file: PathBuf,
        /// Its block.
        key_block: BlockPlace,
        /// Its public key.
        key: PublicKeyPrint,
    },
}

impl IdentityError {
    /// The file with the trouble.
    pub fn file(&self) -> &PathBuf {
        match self {
            Self::Missing { file }
            | Self::PermissionDenied { file, .. }
            | Self::IsDirectory { file }
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
            | Self::UnsupportedEncryption { file, .. }
            | Self::KeyMismatch { file, .. } => file,
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
            | Self::UnsupportedEncryption { block, .. }
            | Self::KeyMismatch { block, .. } => Some(block),
            _ => None,
        }
    }

    /// What is wrong, with file and block.
    pub fn reason(&self) -> String {
        let file = self.file().display();
        match self {
            Self::Missing { .. } => format!("{file} does not exist"),
            Self::PermissionDenied { file: path, at, uid } if path == at => {
                format!("{file} may not be read by user {uid}")
            }
            Self::PermissionDenied { at, uid, .. } => {
                format!(
                    "{file} cannot be reached by user {uid}: permission denied in folder {}",
                    at.display()
                )
            }
            Self::IsDirectory { .. } => format!("{file} is a folder, not a file"),
            Self::Unreadable { error, .. } => {
                format!("{file} cannot be read: {}", crate::event::cause(error))
            }
            Self::Empty { .. } => format!("{file} is empty"),
            Self::NotPem { looks_like, .. } => {
                format!("{file} is not a PEM file: {}", looks_like.words())
            }
            Self::Damaged { block, damage, .. } => format!("{file}, {block} is damaged: {damage}"),
            Self::NoCertificate { instead, .. } => {
                format!("{file} has no certificate, {}", instead.words())
            }
            Self::NoKey { instead, .. } => {
                format!("{file} has no private key, {}", instead.words())
            }
            Self::BadCertificate { block, reason, .. } => {
                format!("{file}, {block} is not an X.509 certificate: {reason}")
            }
            Self::BadKey { block, reason, .. } => {
                format!("{file}, {block} is not a key of that kind: {reason}")
            }
            Self::UnsupportedKey { block, kind, .. } => {
                format!("{file}, {block} is a key that TLS cannot use here: {kind}")
            }
            Self::PasswordNeeded { block, .. } => {
                format!("{file}, {block} is encrypted, and no password was given")
            }
            Self::WrongPassword { block, .. } => {
                format!("{file}, {block} cannot be decrypted: the password is wrong")
            }
            Self::UnsupportedEncryption { block, scheme, .. } => {
                format!("{file}, {block} is encrypted in a way not known here: {scheme}")
            }
            Self::KeyMismatch { block, certificate, key_file, key_block, key, .. } => {
                let kinds = if certificate.kind.split(' ').next() == key.kind.split(' ').next() {
                    ""
                } else {
                    ", they are not even of one kind"
                };
                format!(
                    "certificate and private key do not belong together{kinds}: {file}, {block} has the public key \
                     {certificate}; {}, {key_block} has {key}",
                    key_file.display()
                )
            }
        }
    }

    /// What OpenSSL (and with it Python websockify, nginx and others) says about the same file. People search for
    /// these words.
    pub fn openssl_words(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "No such file or directory",
            Self::PermissionDenied { .. } => "Permission denied",
            Self::IsDirectory { .. } => "Is a directory",
            Self::Unreadable { .. } => "system lib",
            Self::Empty { .. } | Self::NotPem { .. } | Self::NoCertificate { .. } => {
                "PEM lib: no start line"
            }
            Self::Damaged { damage: Damage::NoEnd | Damage::OtherEnd(_), .. } => {
                "PEM lib: bad end line"
            }
            Self::Damaged { .. } => "PEM lib: bad base64 decode",
            Self::NoKey { .. } => "PEM lib: no start line",
            Self::BadCertificate { .. } | Self::BadKey { .. } => "PEM lib: ASN1 lib",
            Self::UnsupportedKey { .. } => "unknown certificate type; ee key too small",
            Self::PasswordNeeded { .. } => "PEM lib: bad password read",
            Self::WrongPassword { .. } => "PEM lib: bad decrypt",
            Self::UnsupportedEncryption { .. } => "PEM lib: unsupported encryption",
            Self::KeyMismatch { .. } => "key values mismatch",
        }
    }

    /// What to do: a command where there is one.
    pub fn mend(&self) -> String {
        let file = shell_word(&self.file().to_string_lossy());
        match self {
            Self::Missing { .. } => "give the right path with --cert and --key, or make the file".to_owned(),
            Self::PermissionDenied { at, uid, .. } => {
                let at = shell_word(&at.to_string_lossy());
                format!("setfacl -m u:{uid}:rX {at}, or copy certificate and key for that user")
            }
            Self::IsDirectory { .. } => format!("name a file in it, perhaps {file}/fullchain.pem or {file}/privkey.pem"),
            Self::Unreadable { .. } => "look at the system's log".to_owned(),
            Self::Empty { .. } => "write certificate and key to it again".to_owned(),
            Self::NotPem { looks_like, .. } => looks_like.mend(&file),
            Self::Damaged { .. } => "copy the file again, as a file and not through a terminal or a mail".to_owned(),
            Self::NoCertificate { instead: Instead::Request, .. } => {
                "use the certificate that the authority made for the request".to_owned()
            }
            Self::NoCertificate { instead: Instead::Pkcs7, .. } => {
                format!("openssl pkcs7 -in {file} -print_certs -out cert.pem")
            }
            Self::NoCertificate { .. } => "give the certificate's file with --cert, and the key's with --key".to_owned(),
            Self::NoKey { instead: Instead::OpenSshKey, .. } => {
                format!("cp {file} key.pem && ssh-keygen -p -m PEM -f key.pem")
            }
            Self::NoKey { .. } => format!("give the key's file with --key, or append it: cat key.pem >> {file}"),
            Self::BadCertificate { .. } => format!("see what openssl x509 -in {file} -noout -text says"),
            Self::BadKey { .. } => format!("see what openssl pkey -in {file} -noout -text says"),
            Self::UnsupportedKey { .. } => {
                "make a new key and certificate, with RSA (2048 to 8192 bits), EC (P-256, P-384, P-521) or Ed25519".to_owned()
            }
            Self::PasswordNeeded { .. } => {
                format!("give it with --key-password, or decrypt the key: openssl pkey -in {file} -out key.pem")
            }
            Self::WrongPassword { .. } => format!("try it: openssl pkey -in {file} -noout"),
            Self::UnsupportedEncryption { .. } => {
                format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -in {file} -out key.pem")
            }
            Self::KeyMismatch { key_file, .. } => {
                let key_file = shell_word(&key_file.to_string_lossy());
                format!(
                    "find the pair: openssl x509 -in {file} -noout -pubkey and openssl pkey -in {key_file} -pubout \
                     print the same"
                )
            }
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (OpenSSL: {}); {}", self.reason(), self.openssl_words(), self.mend())
    }
}

impl std::error::Error for IdentityError {}

/// A path as one word of a shell command.
fn shell_word(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
