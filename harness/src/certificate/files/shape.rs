//! The shapes in which certificate and key are written: what people have, beside what a server wants.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Delivery,
    oddity::{Oddity, Spot},
};
use crate::{
    Fault,
    certificate::{KeyType, Kind},
    fault::Area,
};

/// Declares each shape once: its variant, its name in data files, the faults that it plants, its title, and the source.
macro_rules! shapes {
    ($($(#[$attribute:meta])? $variant:ident $name:literal [$($fault:ident)?] $title:literal $source:literal;)*) => {
        /// In which shape certificate and key are given to a server, whatever their kind.
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Shape {
            $(
                #[doc = $title]
                #[doc = ""]
                #[doc = concat!("Source: ", $source)]
                #[serde(rename = $name)]
                $(#[$attribute])?
                $variant,
            )*
        }

        impl Shape {
            /// Every shape, in the order of this file.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in data files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is, in a sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// Where it was met, or what allows it.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),* }
            }

            /// Why a server cannot serve with it, if none is asked to: one that takes it all the same goes further than
            /// it must.
            pub const fn plants(self) -> Option<Fault> {
                match self { $(Self::$variant => one![$($fault)?]),* }
            }
        }
    };
}

macro_rules! one {
    () => {
        None
    };
    ($fault:ident) => {
        Some(Fault::$fault)
    };
}

shapes! {
    #[default] Pem "pem" []
        "PEM as openssl writes it: the key as PKCS#8, then the certificates, the server's own first."
        "RFC 7468; websockify's --help: certificate file, with or without the key";

    CertificateRequest "certificate-request" [CertificateRequest]
        "The request for the certificate in the certificate's place: what `openssl req -new` makes."
        "RFC 2986; novnc/websockify#533 (certbot's csr/ folder)";
    Pkcs12 "pkcs12" [Pkcs12File]
        "Key and certificates in PKCS#12 (.pfx, .p12), under a password, as Windows and many authorities hand them out."
        "RFC 7292; novnc/websockify#363, vi/websocat#122";
    Pkcs7 "pkcs7" [Pkcs7File]
        "The certificates in PKCS#7 (.p7b) as PEM."
        "RFC 2315; RFC 7468 section 8; novnc/websockify#286";
    Pkcs7Der "pkcs7-der" [Pkcs7File]
        "The certificates in PKCS#7 (.p7b) as DER, which has no room for a key."
        "RFC 2315; novnc/websockify#286";
    DerCertificate "der-certificate" [DerCertificate]
        "The server's certificate as DER (.cer, .crt, .der), which has no room for anything else."
        "RFC 5280 section 4.1; X.690";
    DerKey "der-key" [DerKey]
        "The key as PKCS#8 in DER, beside the certificates."
        "RFC 5958; X.690";
    Utf16 "utf-16" [Utf16File]
        "PEM in UTF-16, as PowerShell's `>` and Notepad's `Unicode` write it."
        "RFC 2781; PowerShell's about_Redirection (Windows PowerShell 5.1 writes UTF-16LE)";

    OtherKeyFirst "other-key-first" []
        "Another key before the right one, as where a new one was appended."
        "OpenSSL reads the first (SSL_CTX_use_PrivateKey_file(3))";
    IssuerFirst "issuer-first" []
        "The key, the intermediate, and then the server's own certificate, whose key it is."
        "RFC 8446 section 4.4.2 has the server's first; xdtianyu/scripts#30, novnc/websockify#276";
    OtherKeyType "other-key-type" [KeyMismatch]
        "A new EC key with the certificate of an RSA one."
        "OpenSSL: key type mismatch (X509_check_private_key)";
    CertificateAsKey "certificate-as-key" [NoPrivateKey]
        "The certificate file given as the key file, too."
        "OpenSSL: no start line; novnc/websockify#450 has it the other way round";
    Swapped "swapped" [NoCertificate]
        "The key file given as the certificate and the certificate file as the key."
        "novnc/websockify#450";
    Sec1Key "sec1-key" []
        "An EC key as SEC 1 has it (EC PRIVATE KEY), what `openssl ec` writes."
        "RFC 5915; DNSCrypt/doh-server#57, rustls/rustls#767";
    Pkcs1Key "pkcs1-key" []
        "An RSA key as PKCS#1 has it (RSA PRIVATE KEY), what `openssl genrsa` wrote for twenty years."
        "RFC 8017 appendix A.1.2; rust-native-tls/rust-native-tls#319";
    EcParameters "ec-parameters" []
        "The curve's name (EC PARAMETERS) before the EC key, what `openssl ecparam -genkey` writes."
        "openssl-ecparam(1); majiayu000/litellm-rs#1181";
    DamagedKey "damaged-key" [DamagedPem]
        "A character in the key that is none of base64's."
        "RFC 7468 section 3; novnc/websockify#532";
    CutShort "cut-short" [DamagedPem]
        "The last block without its end, as a copy that was broken off leaves it."
        "RFC 7468 section 2; novnc/websockify#532";
    EncryptedKey "encrypted-key" [EncryptedKey]
        "The key encrypted as PKCS#8 (ENCRYPTED PRIVATE KEY)."
        "RFC 5958 section 3; novnc/websockify#381";
    EncryptedOtherwise "encrypted-otherwise" [WrongKeyPassword]
        "The key encrypted as PKCS#8 under another password than the one that is given."
        "OpenSSL: bad decrypt";
    EncryptedTraditionally "encrypted-traditionally" [EncryptedKey]
        "The key encrypted line by line (Proc-Type: 4,ENCRYPTED), what `openssl genrsa -aes128` wrote before version 3."
        "RFC 1421 section 4.6; OpenSSL: PEM_write_bio_PrivateKey_traditional(3)";
    EncryptedByPbes1 "encrypted-by-pbes1" [UnsupportedKeyEncryption]
        "The key encrypted as PKCS#8 with SHA-1 and 3DES, what `openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES` writes."
        "RFC 7292 appendix C; RFC 8018 section 6.1 (PBES1 is for old applications only)";

    Crlf "crlf" []
        "CR and LF at the end of each line, as Windows has it."
        "RFC 7468 section 3 (eol); processone/ejabberd#2850";
    Cr "cr" []
        "CR alone at the end of each line."
        "RFC 7468 section 3 (eol)";
    ByteOrderMark "byte-order-mark" []
        "A byte order mark in front, as Notepad writes UTF-8."
        "RFC 3629 section 6; apple/swift-asn1#66";
    NoLineEndBetween "no-line-end-between" []
        "No line end between two blocks: `cat` of files that lack their last."
        "RFC 7468 section 2 wants one; the five dashes of both run together";
    NoLineEndAtEnd "no-line-end-at-end" []
        "No line end after the last block."
        "RFC 7468 section 3 (the last eol may be missing)";
    TextAround "text-around" []
        "Words before each block and after the last, as `openssl pkcs12` and `openssl x509 -text` write them."
        "RFC 7468 section 5.2 (explanatory text)";
    TrailingGarbage "trailing-garbage" []
        "Bytes after the last block that are no text, as a file that was overwritten with a shorter one has them."
        "RFC 7468 section 2 (parsers ignore what is outside of the blocks)";

    EmptyKeyName "empty-key-name" [MissingKeyFile]
        "A key file without a name: `--key ''`, as a script with an unset variable has it."
        "novnc/noVNC#1251";
    MissingKeyFile "missing-key-file" [MissingKeyFile]
        "A key file that is not there, beside a certificate that is."
        "novnc/noVNC#1251";
    Unreadable "unreadable" [UnreadableFile]
        "A certificate file that nobody may read (mode 0000)."
        "POSIX open(2): EACCES; kasmtech/KasmVNC#131, TriliumNext/Trilium#3418";
    UnreadableKey "unreadable-key" [UnreadableFile]
        "A key file that nobody may read, beside a certificate that everybody may."
        "POSIX open(2): EACCES; goauthentik/authentik#11665";
    Unreachable "unreachable" [UnreadableFile]
        "A file in a folder that nobody may enter, as certbot's live/ and archive/ are for all but root."
        "POSIX path resolution: EACCES; kasmtech/KasmVNC#348";
    Folder "folder" [NotARegularFile]
        "A folder of that name: certbot's live/HOST in place of a file in it."
        "POSIX read(2): EISDIR";
    DanglingLink "dangling-link" [MissingFile]
        "A symbolic link to a file that is gone."
        "POSIX open(2): ENOENT; Mailu/Mailu#1302";
    Link "link" []
        "A symbolic link to the file, as in certbot's live/."
        "certbot's documentation, \"Where are my certificates?\"";
    Pipe "pipe" [NotARegularFile]
        "A named pipe that nobody writes to: who opens it waits for ever."
        "POSIX open(2): FIFO";
    EndlessDevice "endless-device" [NotARegularFile]
        "A link to /dev/zero, which never ends."
        "zero(4)";
    Gigabytes "gigabytes" [FileTooLarge]
        "A file of two gigabytes of zeros, without a block on the disk: a disk image, or a log."
        "POSIX ftruncate(2)";
}

/// A name that is no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no shape `{name}`; there are: {}", Shape::ALL.iter().map(|shape| shape.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownShape {
    /// What was given.
    pub name: String,
}

/// Why certificate and key cannot be written in a shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The kind says already what is wrong with the files.
    #[error(
        "the shape `{shape}` does not go with `{kind}`, which has its own fault in the files; take another kind, such as `good`"
    )]
    Kind {
        /// The shape.
        shape: Shape,
        /// The kind.
        kind: Kind,
    },
    /// The shape is one of another type of key.
    #[error(
        "the shape `{shape}` is one of a key of another type than `{key}`; take key = \"{wanted}\""
    )]
    Key {
        /// The shape.
        shape: Shape,
        /// The key's type.
        key: KeyType,
        /// A type that it goes with.
        wanted: KeyType,
    },
    /// The shape is one of two files.
    #[error(
        "the shape `{shape}` is one of a key in a file of its own; take identity = \"cert-and-key\""
    )]
    Delivery {
        /// The shape.
        shape: Shape,
    },
}

impl Shape {
    /// Checks that certificate and key of that kind can be written so; `key` is the key's type, where it is not the
    /// kind's own.
    ///
    /// # Errors
    /// They cannot.
    pub fn check(self, kind: Kind, key: Option<KeyType>) -> Result<(), ShapeError> {
        let key = key.unwrap_or(kind.key_type());
        if self != Self::Pem && kind.plants().iter().any(|fault| fault.area() == Area::File) {
            return Err(ShapeError::Kind { shape: self, kind });
        }
        match self.wanted_key() {
            Some(wanted) if wanted != key => Err(ShapeError::Key { shape: self, key, wanted }),
            _ => Ok(()),
        }
    }

    /// Checks that it can be delivered so.
    ///
    /// # Errors
    /// It takes two files.
    pub fn check_delivery(self, delivery: Delivery) -> Result<(), ShapeError> {
        let of_two = matches!(
            self,
            Self::DerKey
                | Self::CertificateAsKey
                | Self::Swapped
                | Self::MissingKeyFile
                | Self::UnreadableKey
        );
        match delivery {
            Delivery::OneFile if of_two => Err(ShapeError::Delivery { shape: self }),
            _ => Ok(()),
        }
    }

    const fn wanted_key(self) -> Option<KeyType> {
        match self {
            Self::Sec1Key | Self::EcParameters => Some(KeyType::P256),
            Self::Pkcs1Key | Self::OtherKeyType => Some(KeyType::Rsa2048),
            _ => None,
        }
    }

    /// What becomes of which of the files once they are written.
    pub(super) const fn oddity(self) -> Option<(Oddity, Spot)> {
        Some(match self {
            Self::EmptyKeyName => (Oddity::NoName, Spot::Key),
            Self::MissingKeyFile => (Oddity::Absent, Spot::Key),
            Self::Unreadable => (Oddity::Unreadable, Spot::Certificate),
            Self::UnreadableKey => (Oddity::Unreadable, Spot::Key),
            Self::Unreachable => (Oddity::Unreachable, Spot::Certificate),
            Self::Folder => (Oddity::Folder, Spot::Certificate),
            Self::DanglingLink => (Oddity::DanglingLink, Spot::Certificate),
            Self::Link => (Oddity::Link, Spot::Certificate),
            Self::Pipe => (Oddity::Pipe, Spot::Certificate),
            Self::EndlessDevice => (Oddity::EndlessDevice, Spot::Certificate),
            Self::Gigabytes => (Oddity::Gigabytes, Spot::Certificate),
            _ => return None,
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, UnknownShape> {
        Self::ALL
            .iter()
            .copied()
            .find(|shape| shape.name() == name)
            .ok_or_else(|| UnknownShape { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_is_the_name_in_data_files() {
        for &shape in Shape::ALL {
            assert_eq!(shape.name().parse(), Ok(shape));
            assert_eq!(serde_json::to_value(shape).unwrap(), shape.name());
        }
    }

    #[test]
    fn every_shape_plants_a_fault_of_files_or_none() {
        for shape in Shape::ALL {
            assert!(shape.plants().is_none_or(|fault| fault.area() == Area::File), "{shape}");
            assert!(shape.title().ends_with('.'), "{shape}");
        }
    }
}
