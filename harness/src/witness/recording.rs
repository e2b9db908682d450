//! What passed on one connection, in the order in which it came.

use std::time::SystemTime;

use crate::observation::{Ending, Party};

/// How many bytes of each direction are kept: handshakes and heads are a few thousand.
pub(super) const KEPT: usize = 256 << 10;

/// One connection's bytes and end.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub began: SystemTime,
    /// What came without the other side speaking in between is one chunk.
    pub chunks: Vec<Chunk>,
    pub client: Volume,
    pub server: Volume,
    /// In the order in which they came, at most one of each side.
    pub ends: Vec<End>,
}

/// Bytes from one side.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub sent_by: Party,
    pub bytes: Vec<u8>,
}

/// How much one side sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Volume {
    pub kept: usize,
    /// Bytes after those that are kept.
    pub beyond: u64,
}

/// How one side ended a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Which side ended it.
    pub by: Party,
    /// How: [`Closed`](Ending::Closed) by FIN, [`Reset`](Ending::Reset) by RST, or
    /// [`NotConnected`](Ending::NotConnected) where the proxy could not be connected to.
    pub how: Ending,
}

impl Recording {
    pub(super) fn new(began: SystemTime) -> Self {
        Self {
            began,
            chunks: Vec::new(),
            client: Volume::default(),
            server: Volume::default(),
            ends: Vec::new(),
        }
    }

    pub(super) fn heard(&mut self, sent_by: Party, bytes: &[u8]) {
        let volume = match sent_by {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        };
        let (kept, beyond) = bytes.split_at(bytes.len().min(KEPT - volume.kept));
        volume.kept += kept.len();
        volume.beyond += beyond.len() as u64;
        if kept.is_empty() {
            return;
        }
        match self.chunks.last_mut() {
            Some(last) if last.sent_by == sent_by => last.bytes.extend_from_slice(kept),
            _ => self.chunks.push(Chunk { sent_by, bytes: kept.to_vec() }),
        }
    }

    /// Only a side's first end counts: a program that closes while it is sent to resets afterwards.
    pub(super) fn ended(&mut self, by: Party, how: Ending) {
        if !self.ends.iter().any(|end| end.by == by) {
            self.ends.push(End { by, how });
        }
    }

    pub(super) fn beyond(&self, sent_by: Party) -> u64 {
        match sent_by {
            Party::Client => self.client.beyond,
            Party::Server => self.server.beyond,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_is_kept_and_the_rest_is_counted() {
        let mut recording = Recording::new(SystemTime::UNIX_EPOCH);
        for _ in 0..3 {
            recording.heard(Party::Server, &[0; KEPT / 2 + 1]);
        }
        recording.heard(Party::Client, b"x");
        let kept: usize = recording.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        assert_eq!(kept, KEPT + 1);
        assert_eq!(recording.beyond(Party::Server), (KEPT / 2 + 3) as u64);
        assert_eq!(recording.beyond(Party::Client), 0);
    }

    #[test]
    fn the_first_end_of_each_side_counts() {
        let mut recording = Recording::new(SystemTime::UNIX_EPOCH);
        recording.ended(Party::Client, Ending::Closed);
        recording.ended(Party::Client, Ending::Reset);
        recording.ended(Party::Server, Ending::Reset);
        let ends = [(Party::Client, Ending::Closed), (Party::Server, Ending::Reset)];
        assert_eq!(recording.ends, ends.map(|(by, how)| End { by, how }));
    }
}
