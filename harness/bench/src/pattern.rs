//! The bytes that are sent: known at each position of a stream, so that every one that arrives can be verified.

use std::io;

/// After so many bytes they begin again. A stream that loses exactly this much is caught by its length.
pub const PERIOD: usize = 1 << 20;

/// No piece that is handed out or verified is longer.
pub const LONGEST: usize = 256 * 1024;

/// An endless stream of bytes that look random and are always the same.
#[derive(Debug)]
pub struct Pattern(Vec<u8>);

impl Pattern {
    pub fn new() -> Self {
        // xorshift64*: any generator would do whose output does not repeat within a period.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = Vec::with_capacity(PERIOD + LONGEST);
        while bytes.len() < PERIOD {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
        }
        bytes.extend_from_within(..LONGEST);
        Self(bytes)
    }

    /// The bytes from `position` of the stream on, at most [`LONGEST`].
    pub fn at(&self, position: u64, length: usize) -> &[u8] {
        let start = (position % PERIOD as u64) as usize;
        &self.0[start..start + length.min(LONGEST)]
    }

    /// One whole period.
    pub fn period(&self) -> &[u8] {
        &self.0[..PERIOD]
    }
}

/// Verifies a stream as it comes.
#[derive(Debug)]
pub struct Verifier<'a> {
    pattern: &'a Pattern,
    position: u64,
}

impl<'a> Verifier<'a> {
    pub fn new(pattern: &'a Pattern) -> Self {
        Self { pattern, position: 0 }
    }

    /// How many bytes came, all of them right.
    pub fn verified(&self) -> u64 {
        self.position
    }

    /// # Errors
    /// A byte is not the one that was sent, with its position.
    pub fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(LONGEST) {
            let expected = self.pattern.at(self.position, piece.len());
            if piece != expected {
                let wrong = piece.iter().zip(expected).take_while(|(a, b)| a == b).count();
                let at = self.position + wrong as u64;
                return Err(io::Error::other(format!("byte {at} is not the one that was sent")));
            }
            self.position += piece.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_verifies_itself_however_it_is_cut() {
        let pattern = Pattern::new();
        let mut verifier = Verifier::new(&pattern);
        let mut position = 0;
        for length in [1, 7, LONGEST, 65_521, LONGEST, LONGEST, LONGEST, LONGEST, 3] {
            verifier.take(pattern.at(position, length)).unwrap();
            position += length as u64;
        }
        assert_eq!(verifier.verified(), position);
    }

    #[test]
    fn a_byte_that_is_lost_doubled_or_changed_is_noticed() {
        let pattern = Pattern::new();
        let sent = pattern.at(0, 1000).to_vec();
        let mut lost = sent.clone();
        lost.remove(500);
        let mut doubled = sent.clone();
        doubled.insert(500, sent[500]);
        let mut changed = sent;
        changed[500] ^= 1;
        for wrong in [lost, doubled, changed] {
            let error = Verifier::new(&pattern).take(&wrong).unwrap_err().to_string();
            assert!(error.starts_with("byte 50"), "{error}");
        }
    }
}
