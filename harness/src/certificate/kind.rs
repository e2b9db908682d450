//! The kinds of certificate that can be made, and the faults that each plants.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fault;

/// A name that is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no certificate kind `{name}`; there are: {}", names().collect::<Vec<_>>().join(", "))]
pub struct UnknownKind {
    /// What was given.
    pub name: String,
}

fn names() -> impl Iterator<Item = &'static str> {
    Kind::ALL.iter().map(|kind| kind.name())
}

/// Declares each kind once: its variant, its name in data files, the faults that it plants, its title.
macro_rules! kinds {
    ($($variant:ident $name:literal [$($fault:ident),*] $title:literal;)*) => {
        /// A kind of certificate, with its key and its files: a good one, or one with a planted fault.
        ///
        /// What a title does not mention is as in [`Kind::Good`].
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Kind {
            $(
                #[doc = $title]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Kind {
            /// Every kind, in the order of this file.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in data files and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is, in a sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// What is wrong with it, in the order of [`Fault::ALL`], for a client that trusts the
            /// lab's authority alone and asks for the certificate's host.
            pub const fn plants(self) -> &'static [Fault] {
                match self { $(Self::$variant => &[$(Fault::$fault),*]),* }
            }
        }
    };
}

kinds! {
    Good "good" []
        "A good certificate for 90 days: subjectAltName and common name are the host, CA:FALSE, serverAuth; an intermediate of the trusted authority issued it and is sent with it.";

    SelfSigned "self-signed" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, with a subjectAltName, CA:TRUE, as `openssl req -x509 -addext subjectAltName=...` makes it, and serverAuth.";
    SelfSignedCommonName "self-signed-common-name"
        [SelfSigned, UnknownIssuer, NoSubjectAltName, CaAsServer, MissingServerAuth]
        "Self-signed in the shape of the wiki's openssl command, made without openssl: the host in the common name only, CA:TRUE, no extendedKeyUsage, 365 days.";
    SelfSignedNotCa "self-signed-not-ca" [SelfSigned, UnknownIssuer]
        "Self-signed, with a subjectAltName, CA:FALSE.";
    SelfSignedPlain "self-signed-plain" [SelfSigned, UnknownIssuer]
        "Self-signed, with a subjectAltName, without basicConstraints.";
    SelfSignedConstrained "self-signed-constrained" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, CA:TRUE, with a name constraint that permits its own host only.";
    SelfSignedNoCertSign "self-signed-no-cert-sign" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, CA:TRUE, with a keyUsage (digitalSignature, keyEncipherment) that lacks keyCertSign.";
    SelfSignedLong "self-signed-long" [SelfSigned, UnknownIssuer, ValidityTooLong, CaAsServer]
        "Self-signed, with a subjectAltName, CA:TRUE, for 3650 days.";
    SelfSignedExpired "self-signed-expired" [SelfSigned, UnknownIssuer, Expired]
        "Self-signed, with a subjectAltName, CA:FALSE; its 90 days ended 10 days ago.";
    OpensslCommand "openssl-command"
        [SelfSigned, UnknownIssuer, NoSubjectAltName, CaAsServer, MissingServerAuth]
        "What the wiki's command, `openssl req -new -x509 -days 365 -nodes -out self.pem -keyout self.pem`, really makes, byte for byte.";

    WrongName "wrong-name" [WrongName, CommonNameMismatch]
        "From the trusted authority, but subjectAltName and common name are another host.";
    CommonNameOnly "common-name-only" [NoSubjectAltName]
        "From the trusted authority, with the host in the common name and no subjectAltName.";
    CommonNameDiffers "common-name-differs" [CommonNameMismatch]
        "From the trusted authority, with the host as subjectAltName and another one as common name.";

    UnknownIssuer "unknown-issuer" [UnknownIssuer]
        "From an authority that nobody trusts, whose intermediate is sent with it.";
    UnknownIssuerExpired "unknown-issuer-expired" [UnknownIssuer, Expired]
        "From an authority that nobody trusts, whose intermediate is sent with it; its 90 days ended 10 days ago.";
    MissingIntermediate "missing-intermediate" [UnknownIssuer, MissingIntermediate]
        "The good certificate sent alone, without the intermediate that issued it.";
    IssuedBy "issued-by" [UnknownIssuer, MissingIntermediate]
        "Signed with the key of another certificate, the signer, and sent alone: how an imported certificate is used to spoof a host.";

    Expired "expired" [Expired]
        "From the trusted authority; its 90 days ended 10 days ago.";
    NotYetValid "not-yet-valid" [NotYetValid]
        "From the trusted authority; its 90 days start in 10 days.";
    ValidityTooLong "validity-too-long" [ValidityTooLong]
        "From the trusted authority, for 3650 days.";
    NoServerAuth "no-server-auth" [MissingServerAuth]
        "From the trusted authority, without extendedKeyUsage.";

    MismatchedKey "mismatched-key" [KeyMismatch]
        "The good certificate, with the key of another.";
    CertificateWithoutKey "certificate-without-key" [NoPrivateKey]
        "The good certificate, without its key.";
    KeyWithoutCertificate "key-without-certificate" [NoCertificate]
        "The key of the good certificate, given as the certificate too.";
    EncryptedKey "encrypted-key" [EncryptedKey]
        "The good certificate, with its key encrypted under a password.";
    EmptyFile "empty-file" [EmptyFile]
        "A certificate file without a byte in it.";
    NotPem "not-pem" [NotPem]
        "A certificate file of plain words, without a PEM block.";
    MissingFile "missing-file" [MissingFile]
        "A certificate file that is not there.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownKind { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_is_the_name_in_data_files() {
        for &kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_names() {
        let error = "self-singed".parse::<Kind>().unwrap_err().to_string();
        assert!(error.starts_with("there is no certificate kind `self-singed`; there are: good, "));
        assert!(error.ends_with(", missing-file"), "{error}");
    }

    #[test]
    fn faults_are_planted_once_and_in_the_order_of_the_vocabulary() {
        for &kind in Kind::ALL {
            assert!(kind.plants().is_sorted_by(|a, b| a < b), "{kind}: {:?}", kind.plants());
        }
    }

    #[test]
    fn every_title_is_a_sentence() {
        for &kind in Kind::ALL {
            let title = kind.title();
            assert!(
                title.starts_with(char::is_uppercase) && title.ends_with('.'),
                "{kind}: {title}"
            );
        }
    }
}
