//! Frames: decoding in place, byte range by byte range, and the headers of what we send.

use std::ops::Range;

use super::close::Violation;
use super::mask::unmask;

/// Room that the longest header of a frame of ours takes before its payload; frames have at most 65535 bytes.
pub(crate) const HEADER_ROOM: usize = 4;

/// Longest payload of a control frame (RFC 6455 section 5.5).
const LONGEST_CONTROL: usize = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame that is not data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal<'a> {
    /// To be answered with a pong of the same payload.
    Ping(&'a [u8]),
    /// To be answered with a Close of the same payload; nothing is decoded after it.
    Close(&'a [u8]),
}

/// Decodes the frames of a client, however they are cut.
///
/// It keeps at most one header and one control frame: data passes as it comes, so a frame may have any size.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    message: Message,
    header: [u8; 14],
    control: [u8; LONGEST_CONTROL],
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many bytes of the header are there.
    Header { have: usize },
    /// Inside a data frame.
    Data { mask: [u8; 4], offset: u64, left: u64 },
    /// Inside a control frame.
    Control { opcode: u8, mask: [u8; 4], have: usize, length: usize },
    /// After Close, or after a violation.
    Over,
}

/// Whether a fragmented message is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    None,
    Fragmented,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Header { have: 0 },
            message: Message::None,
            header: [0; 14],
            control: [0; LONGEST_CONTROL],
        }
    }

    /// Whether the last frame ended with the last byte.
    pub(crate) fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Header { have: 0 })
    }

    /// Decodes all of `bytes` in place: the payload of data frames is moved together behind the first of it, and where
    /// it is returned. Signals are reported in their order. After a violation the payload before it is lost.
    pub(crate) fn decode(
        &mut self,
        bytes: &mut [u8],
        mut signal: impl FnMut(Signal<'_>),
    ) -> Result<Range<usize>, Violation> {
        let mut payload = 0..0;
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Over => break,
                State::Header { have } => {
                    let wanted = if have < 2 { 2 } else { header_length(self.header[1]) };
                    let take = (wanted - have).min(bytes.len() - at);
                    self.header[have..have + take].copy_from_slice(&bytes[at..at + take]);
                    at += take;
                    let have = have + take;
                    self.state = State::Header { have };
                    if have == 2 {
                        self.check_start().inspect_err(|_| self.state = State::Over)?;
                    }
                    if have >= 2 && have == header_length(self.header[1]) {
                        self.state = self.begin().inspect_err(|_| self.state = State::Over)?;
                        self.end_of_control(&mut signal)
                            .inspect_err(|_| self.state = State::Over)?;
                    }
                }
                State::Data { mask, offset, left } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    if payload.is_empty() {
                        payload = at..at;
                    }
                    if payload.end != at {
                        bytes.copy_within(at..at + take, payload.end);
                    }
                    unmask(&mut bytes[payload.end..payload.end + take], mask, offset);
                    payload.end += take;
                    at += take;
                    let left = left - take as u64;
                    self.state = match left {
                        0 => State::Header { have: 0 },
                        _ => State::Data { mask, offset: offset + take as u64, left },
                    };
                }
                State::Control { opcode, mask, have, length } => {
                    let take = (length - have).min(bytes.len() - at);
                    let part = &mut self.control[have..have + take];
                    part.copy_from_slice(&bytes[at..at + take]);
                    unmask(part, mask, have as u64);
                    at += take;
                    self.state = State::Control { opcode, mask, have: have + take, length };
                    self.end_of_control(&mut signal).inspect_err(|_| self.state = State::Over)?;
                }
            }
        }
        Ok(payload)
    }

    /// Checks the first two bytes.
    fn check_start(&self) -> Result<(), Violation> {
        let [first, second, ..] = self.header;
        let (fin, opcode, length) = (first & 0x80 != 0, first & 0x0f, second & 0x7f);
        if first & 0x70 != 0 {
            return Err(Violation::ReservedBits);
        }
        match (opcode, self.message) {
            (CONTINUATION, Message::None) => return Err(Violation::NothingToContinue),
            (TEXT | BINARY, Message::Fragmented) => return Err(Violation::NewMessageInside),
            (TEXT, Message::None) => return Err(Violation::Text),
            (CONTINUATION | BINARY, _) => {}
            (CLOSE | PING | PONG, _) if !fin => return Err(Violation::FragmentedControl),
            (CLOSE | PING | PONG, _) if usize::from(length) > LONGEST_CONTROL => {
                return Err(Violation::LongControl);
            }
            (CLOSE | PING | PONG, _) => {}
            _ => return Err(Violation::ReservedOpcode(opcode)),
        }
        if second & 0x80 == 0 { Err(Violation::NotMasked) } else { Ok(()) }
    }

    /// Goes from a whole header to what follows it.
    fn begin(&mut self) -> Result<State, Violation> {
        let [first, second, rest @ ..] = &self.header;
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        let (length, mask) = match (second & 0x7f, rest) {
            (126, [a, b, m @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), &m[..4]),
            (127, [a, b, c, d, e, f, g, h, m @ ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), &m[..4])
            }
            (short, m) => (u64::from(short), &m[..4]),
        };
        let shortest = match second & 0x7f {
            126 => 126,
            127 => 65536,
            _ => 0,
        };
        if length < shortest || length > i64::MAX as u64 {
            return Err(Violation::BadLength);
        }
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        if opcode >= CLOSE {
            return Ok(State::Control { opcode, mask, have: 0, length: length as usize });
        }
        self.message = if fin { Message::None } else { Message::Fragmented };
        Ok(match length {
            0 => State::Header { have: 0 },
            left => State::Data { mask, offset: 0, left },
        })
    }

    /// Reports a control frame that is complete.
    fn end_of_control(&mut self, signal: &mut impl FnMut(Signal<'_>)) -> Result<(), Violation> {
        if let State::Control { opcode, have, length, .. } = self.state
            && have == length
        {
            self.state = State::Header { have: 0 };
            let payload = &self.control[..length];
            match opcode {
                CLOSE => {
                    check_close(payload)?;
                    self.state = State::Over;
                    signal(Signal::Close(payload));
                }
                PING => signal(Signal::Ping(payload)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// That the body of a close frame may be on the wire (RFC 6455 sections 5.5.1 and 7.4).
fn check_close(payload: &[u8]) -> Result<(), Violation> {
    let (code, reason) = match payload {
        [] => return Ok(()),
        [_] => return Err(Violation::BadClose),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    // 1004 is reserved, and 1005, 1006 and 1015 say what was not on the wire.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::BadCloseCode(code));
    }
    match std::str::from_utf8(reason) {
        Ok(_) => Ok(()),
        Err(_) => Err(Violation::BadCloseReason),
    }
}

/// The length of a client's header, by its second byte. Unmasked frames are refused before it matters.
fn header_length(second: u8) -> usize {
    match second & 0x7f {
        126 => 2 + 2 + 4,
        127 => 2 + 8 + 4,
        _ => 2 + 4,
    }
}

/// Writes the header of a binary frame right before a payload of `length` bytes that begins at [`HEADER_ROOM`];
/// returns where the header begins. `length` is at most 65535.
pub(crate) fn data_header(buffer: &mut [u8], length: u16) -> usize {
    let start = match length {
        0..126 => {
            buffer[3] = length as u8;
            2
        }
        126.. => {
            buffer[1] = 126;
            buffer[2..4].copy_from_slice(&length.to_be_bytes());
            0
        }
    };
    buffer[start] = 0x80 | BINARY;
    start
}

/// Appends a ping; its pong shows that the client is there.
pub(crate) fn put_ping(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x80 | PING, 0]);
}

/// Appends the answer to a signal.
pub(crate) fn put_control(out: &mut Vec<u8>, answer: Signal<'_>) {
    let (opcode, payload) = match answer {
        Signal::Ping(payload) => (PONG, payload),
        Signal::Close(payload) => (CLOSE, payload),
    };
    let payload = &payload[..payload.len().min(LONGEST_CONTROL)];
    out.extend_from_slice(&[0x80 | opcode, payload.len() as u8]);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A client's frame.
    fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            medium @ 126..65536 => {
                bytes.push(0x80 | 126);
                bytes.extend((medium as u16).to_be_bytes());
            }
            long => {
                bytes.push(0x80 | 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]));
        bytes
    }

    #[derive(Debug, Default, PartialEq)]
    struct Decoded {
        payload: Vec<u8>,
        signals: Vec<(char, Vec<u8>)>,
        violation: Option<Violation>,
    }

    fn decode(bytes: &[u8], cuts: &[usize]) -> Decoded {
        let mut decoder = Decoder::new();
        let mut all = Decoded::default();
        let mut rest = bytes;
        let mut cuts = cuts.iter().cycle();
        while !rest.is_empty() {
            let cut = (*cuts.next().unwrap()).min(rest.len());
            let mut part = rest[..cut].to_vec();
            rest = &rest[cut..];
            let result = decoder.decode(&mut part, |signal| match signal {
                Signal::Ping(payload) => all.signals.push(('p', payload.to_vec())),
                Signal::Close(payload) => all.signals.push(('c', payload.to_vec())),
            });
            match result {
                Ok(payload) => all.payload.extend(&part[payload]),
                Err(violation) => all.violation = all.violation.or(Some(violation)),
            }
        }
        all
    }

    #[test]
    fn breaking_the_protocol_is_told_apart() {
        let broken: &[(&[u8], Violation)] = &[
            (&[0x82, 0x01, 0], Violation::NotMasked),
            (&[0xc2, 0x81], Violation::ReservedBits),
            (&[0x83, 0x81], Violation::ReservedOpcode(3)),
            (&[0x8b, 0x81], Violation::ReservedOpcode(11)),
            (&[0x80, 0x81], Violation::NothingToContinue),
            (&[0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80], Violation::NewMessageInside),
            (&[0x09, 0x80], Violation::FragmentedControl),
            (&[0x89, 0xfe], Violation::LongControl),
            (&[0x81, 0x80], Violation::Text),
            (&[0x82, 0xfe, 0, 125, 0, 0, 0, 0], Violation::BadLength),
            (&[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0], Violation::BadLength),
            (&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Violation::BadLength),
            (&[0x88, 0x81, 0, 0, 0, 0, 9], Violation::BadClose),
            (&[0x88, 0x82, 0, 0, 0, 0, 3, 0xed], Violation::BadCloseCode(1005)),
            (&[0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88], Violation::BadCloseCode(5000)),
            (&[0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff], Violation::BadCloseReason),
        ];
        for (bytes, violation) in broken {
            assert_eq!(decode(bytes, &[1000]).violation, Some(*violation), "{bytes:x?}");
            assert_eq!(decode(bytes, &[1]).violation, Some(*violation), "{bytes:x?}, byte by byte");
        }
    }

    #[test]
    fn nothing_is_decoded_after_close() {
        let bytes = [frame(0x88, &[3, 232], [1; 4]), frame(0x82, b"late", [1; 4])].concat();
        let decoded = decode(&bytes, &[1000]);
        assert_eq!(decoded, Decoded { signals: vec![('c', vec![3, 232])], ..Decoded::default() });
    }

    #[test]
    fn headers_stand_right_before_the_payload() {
        let mut buffer = [0; 8];
        assert_eq!(data_header(&mut buffer, 125), 2);
        assert_eq!(buffer[2..4], [0x82, 125]);
        assert_eq!(data_header(&mut buffer, 126), 0);
        assert_eq!(buffer[..4], [0x82, 126, 0, 126]);
        assert_eq!(data_header(&mut buffer, 65535), 0);
        assert_eq!(buffer[..4], [0x82, 126, 0xff, 0xff]);
    }

    #[derive(Clone, Debug)]
    enum Part {
        Data(Vec<u8>),
        Ping(Vec<u8>),
        Pong(Vec<u8>),
    }

    fn part() -> impl Strategy<Value = Part> {
        let size = prop_oneof![
            0usize..300,
            Just(125),
            Just(126),
            Just(65535),
            Just(65536),
            65000usize..70000
        ];
        prop_oneof![
            3 => size.prop_flat_map(|size| any::<u8>().prop_map(move |seed| Part::Data(pattern(seed, size)))),
            1 => proptest::collection::vec(any::<u8>(), 0..=125).prop_map(Part::Ping),
            1 => proptest::collection::vec(any::<u8>(), 0..=125).prop_map(Part::Pong),
        ]
    }

    fn pattern(seed: u8, size: usize) -> Vec<u8> {
        (0..size).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The fragments of one message with control frames between them, cut anywhere.
        #[test]
        fn any_frames_in_any_cuts(
            parts in proptest::collection::vec((part(), any::<[u8; 4]>()), 1..12),
            cuts in proptest::collection::vec(1usize..5000, 1..20),
        ) {
            let mut bytes = Vec::new();
            let mut expected = Decoded::default();
            let mut opcode = BINARY;
            for (part, mask) in &parts {
                match part {
                    Part::Data(payload) => {
                        bytes.extend(frame(opcode, payload, *mask));
                        expected.payload.extend(payload);
                        opcode = CONTINUATION;
                    }
                    Part::Ping(payload) => {
                        bytes.extend(frame(0x80 | PING, payload, *mask));
                        expected.signals.push(('p', payload.clone()));
                    }
                    Part::Pong(payload) => bytes.extend(frame(0x80 | PONG, payload, *mask)),
                }
            }
            bytes.extend(frame(0x88, &[], [7; 4]));
            expected.signals.push(('c', vec![]));
            prop_assert_eq!(decode(&bytes, &cuts), expected);
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 1usize..50) {
            let decoded = decode(&bytes, &[cut]);
            prop_assert!(decoded.payload.len() <= bytes.len());
        }
    }
}
