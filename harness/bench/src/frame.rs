//! WebSocket frames (RFC 6455 section 5.2), as much of them as a load needs: blocks of frames made beforehand, and
//! the payload of what comes back.

use std::io;

/// Any key will do; one that is not zero makes a proxy work.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// Whose frames they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Masked ones.
    Client,
    Server,
}

/// `payload` in binary frames of at most `size` bytes.
pub fn frames(side: Side, payload: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + (payload.len() / size + 1) * 14);
    for piece in payload.chunks(size) {
        put_frame(&mut bytes, side, BINARY, piece);
    }
    bytes
}

/// A client's Close frame with code 1000.
pub fn close() -> Vec<u8> {
    let mut bytes = Vec::new();
    put_frame(&mut bytes, Side::Client, CLOSE, &1000_u16.to_be_bytes());
    bytes
}

fn put_frame(bytes: &mut Vec<u8>, side: Side, first: u8, payload: &[u8]) {
    let masked = if side == Side::Client { 0x80 } else { 0 };
    bytes.push(first);
    match payload.len() {
        short @ 0..126 => bytes.push(masked | short as u8),
        medium @ 126..65_536 => {
            bytes.push(masked | 126);
            bytes.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(masked | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    match side {
        Side::Server => bytes.extend_from_slice(payload),
        Side::Client => {
            bytes.extend_from_slice(&MASK);
            bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
        }
    }
}

/// Takes the payload out of frames, however they are cut.
#[derive(Debug)]
pub struct Unframer {
    header: Vec<u8>,
    opcode: u8,
    mask: Option<[u8; 4]>,
    left: u64,
    used: usize,
    closed: bool,
}

impl Unframer {
    pub fn new() -> Self {
        let header = Vec::with_capacity(14);
        Self { header, opcode: 0, mask: None, left: 0, used: 0, closed: false }
    }

    /// Whether a Close frame has come.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Hands on the payload of data frames piece by piece; that of control frames is left out.
    ///
    /// # Errors
    /// That of `payload`, and a first byte that no proxy should send.
    pub fn take(
        &mut self,
        mut bytes: &mut [u8],
        mut payload: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.left == 0 {
                self.header.push(bytes[0]);
                bytes = &mut bytes[1..];
                self.begin()?;
                continue;
            }
            let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at_mut(count);
            if let Some(mask) = self.mask {
                for (i, byte) in piece.iter_mut().enumerate() {
                    *byte ^= mask[(self.used + i) % 4];
                }
                self.used += count;
            }
            if self.opcode < 8 {
                payload(piece)?;
            }
            self.left -= count as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Begins the frame if its header is whole.
    fn begin(&mut self) -> io::Result<()> {
        let [first, second, rest @ ..] = self.header.as_slice() else { return Ok(()) };
        if first & 0x70 != 0 || !matches!(first & 0x0f, 0..=2 | 8..=10) {
            return Err(io::Error::other(format!("a frame begins with {first:#04x}")));
        }
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if rest.len() < extended + mask {
            return Ok(());
        }
        self.left = match extended {
            0 => u64::from(second & 0x7f),
            _ => rest[..extended].iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        };
        self.mask = rest[extended..].first_chunk().copied();
        self.used = 0;
        self.opcode = first & 0x0f;
        self.closed |= self.opcode == 8;
        self.header.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_framed_comes_out_again(
            payload in proptest::collection::vec(any::<u8>(), 1..200_000),
            size in prop_oneof![1_usize..200, Just(125), Just(126), Just(65_535), Just(65_536)],
            cut in 1_usize..5000,
            side in prop_oneof![Just(Side::Client), Just(Side::Server)],
        ) {
            let mut bytes = frames(side, &payload, size);
            let mut unframer = Unframer::new();
            let mut got = Vec::new();
            for piece in bytes.chunks_mut(cut) {
                unframer.take(piece, |bytes| { got.extend_from_slice(bytes); Ok(()) }).unwrap();
            }
            prop_assert!(got == payload && !unframer.closed());
        }
    }

    #[test]
    fn a_close_frame_is_no_payload() {
        let mut unframer = Unframer::new();
        unframer.take(&mut close(), |_| panic!("there is none")).unwrap();
        assert!(unframer.closed());
    }

    #[test]
    fn what_no_proxy_sends_is_an_error() {
        assert!(Unframer::new().take(&mut [0xc2, 0], |_| Ok(())).is_err());
    }
}
