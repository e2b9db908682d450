//! The vocabulary: every way a `wss://` connection goes wrong, as one enum.
//!
//! A certificate kind plants a fault, [`inspect`](crate::inspect) finds it, a client reports it in
//! its own words, a subject's log line is read back as one, and a report explains it. Nothing else
//! in this project has a word of its own for a failure.

mod remedy;
mod vocabulary;

use std::{fmt, str::FromStr};

pub use remedy::{Command, Remedy};
pub use vocabulary::Fault;

/// Where a fault sits, and so who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// In the certificates that the proxy sent, as a client judges them.
    Certificate,
    /// In the files that the proxy was given.
    File,
    /// On the way: TCP, TLS, HTTP, WebSocket, or the target behind the proxy.
    Connection,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::File => "file",
            Self::Connection => "connection",
        })
    }
}

/// A name that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault `{0}`; `wssure list faults` shows them all")]
pub struct UnknownFault(pub String);

impl Fault {
    /// Whether it sits behind the proxy: the client's side is fine.
    pub const fn is_of_target(self) -> bool {
        matches!(
            self,
            Self::TargetUnreachable
                | Self::TargetCertificateRefused
                | Self::TargetNotTls
                | Self::TargetRefusedProxy
                | Self::TargetLost
        )
    }

    /// How many faults of its area are more common, as far as is known.
    pub fn commonness(self) -> usize {
        let of_its_area = Self::ALL.iter().filter(|fault| fault.area() == self.area());
        of_its_area.take_while(|fault| **fault != self).count()
    }

    /// What comes with this fault for a client that trusts nothing beforehand: a self-signed certificate and one
    /// without its intermediate lead to no trusted authority (RFC 5280 section 6.1), and many clients have that one
    /// word for all of it.
    pub const fn comes_with(self) -> Option<Self> {
        match self {
            Self::SelfSigned | Self::MissingIntermediate => Some(Self::UnknownIssuer),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_reads_back() {
        for &fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
        }
    }

    #[test]
    fn every_explanation_is_a_sentence() {
        for &fault in Fault::ALL {
            for text in [fault.meaning(), fault.mend()] {
                assert!(text.len() > 20 && text.starts_with(char::is_uppercase), "{fault}: {text}");
            }
            assert!(!fault.source().is_empty(), "{fault} names no source");
        }
    }

    #[test]
    fn the_name_in_data_files_is_the_name() {
        for &fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }
}
