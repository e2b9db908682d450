//! Handing bytes to rustls record by record, with a breath between them.
//!
//! What a client sends right behind its Finished (an alert about our certificate, or a reset) is often there at the
//! same time as the Finished. Given all at once it would be taken for a part of the handshake or not, by chance.

/// Bytes of a record before its contents (RFC 8446 section 5.1).
const HEADER: usize = 5;

/// Content type of an alert record.
const ALERT: u8 = 21;

/// What has come and is not yet handed out, and where in a record that is.
#[derive(Debug)]
pub(super) struct Records {
    bytes: Vec<u8>,
    start: usize,
    part: Part,
    /// The record that was handed out last is an unencrypted `close_notify`.
    pub(super) close_notify: bool,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Header {
        bytes: [u8; HEADER],
        have: usize,
    },
    Contents {
        kind: u8,
        left: usize,
    },
    /// A record has ended.
    Breath,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// Hand out these bytes.
    Give(&'a [u8]),
    /// Hand out nothing this time.
    Breathe,
    /// More bytes are needed.
    Read,
}

const START: Part = Part::Header { bytes: [0; HEADER], have: 0 };

impl Records {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), start: 0, part: START, close_notify: false }
    }

    /// Takes bytes from the network; only after [`Next::Read`].
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.start = 0;
    }

    /// The next bytes, at most `room` and not beyond the end of a record.
    pub(super) fn next(&mut self, room: usize) -> Next<'_> {
        let waiting = &self.bytes[self.start..];
        if waiting.is_empty() && !matches!(self.part, Part::Breath) {
            return Next::Read;
        }
        let (count, part) = match self.part {
            Part::Breath => {
                self.part = START;
                return Next::Breathe;
            }
            Part::Header { mut bytes, have } => {
                let count = waiting.len().min(room).min(HEADER - have);
                bytes[have..have + count].copy_from_slice(&waiting[..count]);
                let part = match have + count {
                    HEADER => {
                        contents(bytes[0], usize::from(u16::from_be_bytes([bytes[3], bytes[4]])))
                    }
                    have => Part::Header { bytes, have },
                };
                (count, part)
            }
            Part::Contents { kind, left } => {
                let count = waiting.len().min(room).min(left);
                // Level warning, number 0 (RFC 8446 section 6.1).
                self.close_notify = kind == ALERT && waiting[..count] == [1, 0];
                (count, contents(kind, left - count))
            }
        };
        self.part = part;
        self.start += count;
        Next::Give(&self.bytes[self.start - count..self.start])
    }

    /// All that is waiting, at most `room`, wherever records end.
    pub(super) fn rest(&mut self, room: usize) -> &[u8] {
        let start = self.start;
        self.start = self.bytes.len().min(start + room);
        if start == self.start {
            // Nothing waits any more, and the memory is not needed again.
            (self.bytes, self.start) = (Vec::new(), 0);
            return &[];
        }
        &self.bytes[start..self.start]
    }
}

fn contents(kind: u8, left: usize) -> Part {
    match left {
        0 => Part::Breath,
        left => Part::Contents { kind, left },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_handed_out_one_by_one() {
        let mut records = Records::new();
        assert_eq!(records.next(100), Next::Read);
        records.put(&[22, 3, 3, 0, 2, 7, 7, 21, 3]);
        assert_eq!(records.next(100), Next::Give(&[22, 3, 3, 0, 2]));
        assert_eq!(records.next(1), Next::Give(&[7]));
        assert_eq!(records.next(1), Next::Give(&[7]));
        assert_eq!(records.next(100), Next::Breathe);
        assert_eq!(records.next(100), Next::Give(&[21, 3]));
        assert_eq!(records.next(100), Next::Read);
        records.put(&[3, 0, 2, 1, 0, 23]);
        assert_eq!(records.next(100), Next::Give(&[3, 0, 2]));
        assert!(!records.close_notify);
        assert_eq!(records.next(100), Next::Give(&[1, 0]));
        assert!(records.close_notify);
        assert_eq!(records.rest(100), [23]);
        assert!(records.rest(100).is_empty());
    }
}
