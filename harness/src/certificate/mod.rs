//! Certificates with planted faults, made at run time.
//!
//! ```
//! use wssure_harness::certificate::{Kind, Lab, Specification};
//!
//! let lab = Lab::new()?;
//! let expired = lab.mint(&Specification::new(Kind::Expired, "proxy.example.test".parse()?))?;
//! assert_eq!(expired.chain().len(), 2); // the certificate and the intermediate that issued it
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Lab`] is a run's authorities, a [`Kind`] says which [`Fault`](crate::Fault)s are planted, and
//! [`Minted`] is the result: what a server is given, in memory and, once asked for, in files.

mod authorities;
mod authority;
mod blueprint;
mod chain;
mod constraints;
mod content;
mod draft;
mod error;
mod files;
mod forge;
mod issued;
mod kept;
mod key;
mod kind;
mod lab;
mod make;
mod minted;
mod names;
mod openssl;
mod owner;
mod parameters;
mod signature;
mod tangled;
#[cfg(test)]
mod tests;

pub use error::MintError;
pub use files::{Content, Delivery, FileNames, Files, Paths, Shape, ShapeError, UnknownShape};
pub(crate) use key::encode;
pub use key::{KEY_PASSWORD, Key, KeyType, UnknownKeyType};
pub use kind::{Kind, UnknownKind};
pub use lab::{Lab, Specification};
pub use make::{Made, make};
pub use minted::Minted;
pub use names::{NotAnAddress, SubjectName};
pub use openssl::COMMAND as OPENSSL_COMMAND;
pub use owner::Owner;
pub use parameters::{Parameter, Parameters};
