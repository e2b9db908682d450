//! The words for [`IdentityError`]: the reason, what OpenSSL says, and the mend.

use std::fmt;

use super::instead::Instead;
use super::pem::Damage;
use super::problem::{IdentityError, KeyMismatch, SpecialFile};

impl IdentityError {
    /// What is wrong, with file and block.
    pub fn reason(&self) -> String {
        let file = self.file().display();
        match self {
            Self::Missing { .. } => format!("{file} does not exist"),
            Self::PermissionDenied { file: path, at, uid, .. } if path == at => {
                format!("{file} may not be read by user {uid}")
            }
            Self::PermissionDenied { at, uid, .. } => {
                format!(
                    "{file} cannot be reached by user {uid}: permission denied in folder {}",
                    at.display()
                )
            }
            Self::IsDirectory { .. } => format!("{file} is a folder, not a file"),
            Self::DanglingLink { to, .. } => {
                format!("{file} is a link to {}, which does not exist", to.display())
            }
            Self::NotAFile { kind, .. } => format!("{file} is {}, not a file", words(*kind)),
            Self::TooLarge { size, .. } => {
                format!("{file} is too large for a certificate or key file: {size} bytes")
            }
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
            Self::KeyMismatch(mismatch) => mismatch.to_string(),
        }
    }

    /// What OpenSSL (and with it Python websockify, nginx and others) says about the same file. People search for
    /// these words.
    pub fn openssl_words(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::DanglingLink { .. } => "No such file or directory",
            Self::NotAFile { .. } | Self::TooLarge { .. } => "PEM lib: no start line",
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
            Self::UnsupportedKey { kind, .. } if kind.starts_with("RSA ") => "ee key too small",
            Self::UnsupportedKey { .. } => "unknown certificate type",
            Self::PasswordNeeded { .. } => "PEM lib: bad password read",
            Self::WrongPassword { .. } => "PEM lib: bad decrypt",
            Self::UnsupportedEncryption { .. } => "PEM lib: unsupported encryption",
            Self::KeyMismatch(_) => "key values mismatch",
        }
    }

    /// What to do: a command where there is one.
    pub fn mend(&self) -> String {
        let file = shell_word(&self.file().to_string_lossy());
        match self {
            Self::Missing { .. } => "give the right path with --cert and --key, or make the file".to_owned(),
            Self::PermissionDenied { at, uid, gid, .. } => {
                let at = shell_word(&at.to_string_lossy());
                format!(
                    "setfacl -m u:{uid}:rX {at}, or copy certificate and key for that user (the proxy runs as user {uid}, \
                     group {gid})"
                )
            }
            Self::DanglingLink { to, .. } => {
                let to = shell_word(&to.to_string_lossy());
                format!("make {to} again, or point the link elsewhere; see ls -l {file}")
            }
            Self::NotAFile { kind: SpecialFile::Pipe, .. } => {
                "write what comes through the pipe to a file: it is read again when it is renewed".to_owned()
            }
            Self::NotAFile { .. } => "give a PEM file with the certificate or the key".to_owned(),
            Self::TooLarge { .. } => format!(
                "see what it is: file {file}; files of at most {} MiB are read",
                super::read::LARGEST >> 20
            ),
            Self::IsDirectory { .. } => format!("name a file in it, perhaps {file}/fullchain.pem or {file}/privkey.pem"),
            Self::Unreadable { .. } => "look at the system's log".to_owned(),
            Self::Empty { .. } => "write certificate and key to it again".to_owned(),
            Self::NotPem { looks_like, .. } => looks_like.mend(&file),
            Self::Damaged { .. } => "copy the file again, as a file and not through a terminal or a mail".to_owned(),
            Self::NoCertificate { instead: Instead::Request, .. } => {
                "use the certificate that the authority made for the request".to_owned()
            }
            Self::NoCertificate { instead: Instead::Pkcs7, .. } => {
                format!("openssl pkcs7 -in {file} -print_certs -out {}", fresh(&file, "cert.pem"))
            }
            Self::NoCertificate { .. } => "give the certificate's file with --cert, and the key's with --key".to_owned(),
            Self::NoKey { instead: Instead::OpenSshKey, .. } => {
                let key = fresh(&file, "key.pem");
                format!("cp {file} {key} && ssh-keygen -p -m PEM -f {key}")
            }
            Self::NoKey { .. } => format!("give the key's file with --key, or append it: cat key.pem >> {file}"),
            Self::BadCertificate { .. } => format!("see what openssl x509 -in {file} -noout -text says"),
            Self::BadKey { .. } => format!("see what openssl pkey -in {file} -noout -text says"),
            Self::UnsupportedKey { .. } => {
                "make a new key and certificate, with RSA (2048 to 8192 bits), EC (P-256, P-384, P-521) or Ed25519".to_owned()
            }
            Self::PasswordNeeded { .. } => {
                format!("give it with --key-password-file, or decrypt the key: openssl pkey -in {file} -out {}", fresh(&file, "key.pem"))
            }
            Self::WrongPassword { .. } => format!("try it: openssl pkey -in {file} -noout"),
            Self::UnsupportedEncryption { .. } => {
                let key = fresh(&file, "key.pem");
                format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -in {file} -out {key}")
            }
            Self::KeyMismatch(mismatch) => {
                let key_file = shell_word(&mismatch.key_file.to_string_lossy());
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

impl fmt::Display for KeyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, block, certificate, key_file, key_block, key } = self;
        // "RSA 2048", "EC P-256": the first word tells the kind.
        let one_kind = certificate.kind.split(' ').next() == key.kind.split(' ').next();
        let kinds = if one_kind { "" } else { ", they are not even of one kind" };
        write!(
            f,
            "certificate and private key do not belong together{kinds}: {}, {block} has the public key {certificate}; {}, \
             {key_block} has {key}",
            file.display(),
            key_file.display()
        )
    }
}

/// What something that is not a file is.
fn words(kind: SpecialFile) -> &'static str {
    match kind {
        SpecialFile::Pipe => "a pipe (FIFO)",
        SpecialFile::Socket => "a socket",
        SpecialFile::Device => "a device",
    }
}

/// A name for what a command makes out of `file`: never the file itself, which the command would empty before it
/// reads.
pub(super) fn fresh(file: &str, wanted: &'static str) -> &'static str {
    let name = file.trim_matches('\'').rsplit('/').next();
    if name == Some(wanted) { "converted.pem" } else { wanted }
}

/// A path as one word of a shell command.
fn shell_word(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
