//! The types of key that a certificate can have.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
        ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaSigningAlgorithm,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name that is no type of key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no key type `{name}`; there are: {}",
    KeyType::ALL.map(KeyType::name).join(", ")
)]
pub struct UnknownKeyType {
    /// What was given.
    pub name: String,
}

/// Declares each type once: its variant, its name in data files, its family.
macro_rules! key_types {
    ($($(#[$attribute:meta])? $variant:ident $name:literal $family:expr, $doc:literal;)*) => {
        /// A type of key, as clients tell them apart.
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        pub enum KeyType {
            $(
                #[doc = $doc]
                #[serde(rename = $name)]
                $(#[$attribute])?
                $variant,
            )*
        }

        impl KeyType {
            /// Every type, in the order of this file.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The name in data files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub(super) const fn family(self) -> Family {
                match self { $(Self::$variant => $family),* }
            }
        }
    };
}

/// How keys of a type are made.
#[derive(Clone, Copy)]
pub(super) enum Family {
    Ec(&'static EcdsaSigningAlgorithm),
    Ed25519,
    Rsa(KeySize),
    /// Shorter than any that aws-lc-rs makes, in bits.
    ShortRsa(usize),
}

key_types! {
    #[default] P256 "p256" Family::Ec(&ECDSA_P256_SHA256_ASN1_SIGNING), "ECDSA on the curve P-256 (secp256r1).";
    P384 "p384" Family::Ec(&ECDSA_P384_SHA384_ASN1_SIGNING), "ECDSA on the curve P-384 (secp384r1).";
    P521 "p521" Family::Ec(&ECDSA_P521_SHA512_ASN1_SIGNING), "ECDSA on the curve P-521 (secp521r1).";
    Ed25519 "ed25519" Family::Ed25519, "Ed25519 (RFC 8410).";
    Secp256k1 "secp256k1" Family::Ec(&ECDSA_P256K1_SHA256_ASN1_SIGNING), "ECDSA on the curve secp256k1, for which TLS has no signature scheme.";
    Rsa1024 "rsa-1024" Family::ShortRsa(1024), "RSA with 1024 bits, too few since 2014.";
    Rsa2048 "rsa-2048" Family::Rsa(KeySize::Rsa2048), "RSA with 2048 bits.";
    Rsa3072 "rsa-3072" Family::Rsa(KeySize::Rsa3072), "RSA with 3072 bits.";
    Rsa4096 "rsa-4096" Family::Rsa(KeySize::Rsa4096), "RSA with 4096 bits.";
    Rsa8192 "rsa-8192" Family::Rsa(KeySize::Rsa8192), "RSA with 8192 bits: making one takes seconds.";
}

impl KeyType {
    pub(super) const fn is_rsa(self) -> bool {
        matches!(self.family(), Family::Rsa(_) | Family::ShortRsa(_))
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    fn from_str(name: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|of| of.name() == name)
            .ok_or_else(|| UnknownKeyType { name: name.to_owned() })
    }
}
