//! What is told of one connection.

use std::{fmt, time::SystemTime};

use rustls_pki_types::CertificateDer;

use super::{
    answers::answers,
    key_log::KeyLog,
    reading::{self, Reading},
    recording::{End, Recording},
};
use crate::{
    inspect::describe,
    observation::{AlertSeen, Answer, Ending, Handshake, Offered, Party},
};

/// What happened on one TCP connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// When it was accepted.
    pub began: SystemTime,
    /// What the client offered in its first ClientHello; [`None`] where it did not speak TLS.
    pub offered: Option<Offered>,
    /// What was agreed on, as far as the handshake went; [`None`] where the client did not speak TLS.
    ///
    /// A session that is resumed under TLS 1.3 has no chain, and neither has one whose certificates are
    /// sent compressed (RFC 8879).
    pub handshake: Option<Handshake>,
    /// The certificates as the server sent them.
    pub chain: Vec<CertificateDer<'static>>,
    /// Every alert but close_notify, in the order in which they passed.
    pub alerts: Vec<AlertSeen>,
    /// Who sent a close_notify, in the order in which they passed.
    pub close_notify_by: Vec<Party>,
    /// Whether the client sent its Finished.
    pub finished: ClientFinished,
    /// The server's answers in HTTP/1.1, within TLS or without; the status of an upgrade is 101.
    pub answers: Vec<Answer>,
    /// How TCP ended, in the order in which it did: at most one end of each side, and none of a side
    /// that has not ended it, or to which only the other one's reset is left.
    ///
    /// A server that reads an alert may close before the client that sent it does.
    pub ends: Vec<End>,
    /// What the server answered in place of what it was asked for.
    pub foreign: Option<Foreign>,
    /// What was not read: there may be alerts and answers in it. Empty where everything was.
    pub unread: Vec<Unread>,
}

/// Whether a client sent its Finished, and so takes the handshake for done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientFinished {
    /// It did.
    Sent,
    /// It did not.
    #[default]
    NotSent,
    /// It sent something that we could not read.
    Unread,
}

/// What a server speaks that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// The client spoke TLS, and the server something else.
    NotTls,
    /// The client spoke HTTP/1.1, and the server something else.
    NotHttp,
}

impl Foreign {
    fn in_answer_of(reading: &Reading) -> Option<Self> {
        let said = &reading.server.spoken;
        if said.is_empty() {
            return None;
        }
        match (&reading.offered, reading.handshake.version) {
            (Some(_), None) => Some(Self::NotTls),
            _ if reading.handshake.protocol.as_deref() == Some("h2") => None,
            _ => (!said.starts_with(b"HTTP/")).then_some(Self::NotHttp),
        }
    }
}

/// Bytes of one side that were not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Whose.
    pub sent_by: Party,
    /// Why.
    pub reason: UnreadReason,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not everything that the {} sent was read: {}", self.sent_by, self.reason)
    }
}

/// Why bytes were not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadReason {
    /// The client's key log has no secrets for them.
    NoSecrets,
    /// They are sealed in a way that we do not open.
    CipherSuite(String),
    /// They are no TLS, or not sealed with the secrets in the key log.
    Damaged,
    /// There were more than are kept.
    Beyond {
        /// How many more.
        bytes: u64,
    },
}

impl fmt::Display for UnreadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecrets => f.write_str("its secrets are not in the client's key log"),
            Self::CipherSuite(name) => write!(f, "it is sealed with {name}"),
            Self::Damaged => f.write_str("it is not TLS as it should be"),
            Self::Beyond { bytes } => write!(f, "{bytes} bytes came after those that are kept"),
        }
    }
}

impl Witnessed {
    /// How that side ended TCP, if it did.
    pub fn ended_by(&self, party: Party) -> Option<Ending> {
        self.ends.iter().find(|end| end.by == party).map(|end| end.how)
    }

    pub(super) fn read(recording: &Recording, log: &KeyLog) -> (Self, Reading) {
        let reading = reading::read(recording, log);
        let foreign = Foreign::in_answer_of(&reading);
        let mut handshake = reading.handshake.clone();
        handshake.chain = reading.chain.iter().filter_map(describe).collect();
        let witnessed = Self {
            began: recording.began,
            offered: reading.offered.clone(),
            handshake: reading.offered.is_some().then_some(handshake),
            chain: reading.chain.clone(),
            alerts: reading.alerts.clone(),
            close_notify_by: reading.close_notify_by.clone(),
            finished: reading.finished,
            answers: match foreign {
                Some(_) => Vec::new(),
                None => answers(&reading.client.spoken, &reading.server.spoken),
            },
            ends: recording.ends.clone(),
            foreign,
            unread: [Party::Client, Party::Server]
                .into_iter()
                .filter_map(|party| unread(party, recording, &reading))
                .collect(),
        };
        (witnessed, reading)
    }
}

fn unread(sent_by: Party, recording: &Recording, reading: &Reading) -> Option<Unread> {
    let beyond = recording.beyond(sent_by);
    let loss = reading.side(sent_by).unread.as_ref().map(|loss| loss.reason.clone());
    let reason = loss.or((beyond > 0).then_some(UnreadReason::Beyond { bytes: beyond }))?;
    Some(Unread { sent_by, reason })
}
