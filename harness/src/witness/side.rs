//! One side of a TLS connection, as one reads it who has the keys.

use std::fmt;

use rustls::ContentType;
use zeroize::Zeroizing;

use super::{UnreadReason, messages::Messages, records::Records, traffic_keys::Suite};
use crate::tls_record::{Opened, RecordKey, Unusable};

/// What one side has sent so far, and how its next record is sealed.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub records: Records,
    pub messages: Messages,
    pub protection: Protection,
    /// What it said within TLS, or without any.
    pub spoken: Vec<u8>,
    /// Why some of its records were not read.
    pub unread: Option<Loss>,
}

/// How a side's records are sealed.
#[derive(Debug, Default)]
pub(super) enum Protection {
    /// Not yet.
    #[default]
    Clear,
    Sealed(Box<Sealing>),
    /// In a way that we cannot open.
    Lost(Loss),
}

/// Which of TLS 1.3's secrets are in use (RFC 8446 section 7.1); TLS 1.2 has one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    Handshake,
    Application,
}

/// Why and since when records cannot be opened.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub epoch: Epoch,
    pub reason: UnreadReason,
}

/// The keys in use, and the number of the next record under them.
#[derive(Debug)]
pub(super) struct Sealing {
    key: RecordKey,
    sequence: u64,
    renewal: Option<Renewal>,
}

/// From what the next keys come, in TLS 1.3.
struct Renewal {
    suite: Suite,
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("suite", &self.suite).finish_non_exhaustive()
    }
}

impl Sealing {
    pub(super) fn tls12(key: RecordKey) -> Self {
        Self { key, sequence: 0, renewal: None }
    }

    pub(super) fn tls13(suite: Suite, secret: &[u8]) -> Result<Self, Unusable> {
        let renewal = Renewal { suite, secret: Zeroizing::new(secret.to_vec()) };
        Ok(Self { key: suite.tls13(secret)?, sequence: 0, renewal: Some(renewal) })
    }

    /// The next record's content.
    pub(super) fn open(&mut self, outer: ContentType, fragment: &[u8]) -> Result<Opened, Unusable> {
        let opened = self.key.open(self.sequence, outer, fragment)?;
        self.sequence += 1;
        Ok(opened)
    }

    /// The keys after a KeyUpdate (RFC 8446 section 4.6.3).
    pub(super) fn renewed(&self) -> Result<Self, Unusable> {
        let Renewal { suite, secret } = self.renewal.as_ref().ok_or(Unusable)?;
        Self::tls13(*suite, &suite.next_secret(secret)?)
    }
}
