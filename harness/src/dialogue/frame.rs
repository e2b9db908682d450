//! Frames of RFC 6455 section 5.2: a client's, right or flawed, and what a server's bytes say.

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
    /// One that is not assigned.
    Other(u8),
}

impl Opcode {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::Other(number) => number,
        }
    }

    const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            number => Self::Other(number),
        }
    }

    /// Its name in a dialogue.
    pub(super) fn name(self) -> String {
        match self {
            Self::Continuation => "continuation".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Binary => "binary".to_owned(),
            Self::Close => "close".to_owned(),
            Self::Ping => "ping".to_owned(),
            Self::Pong => "pong".to_owned(),
            Self::Other(number) => format!("opcode {number}"),
        }
    }
}

/// What is otherwise about a frame than a sound client has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flaws {
    /// The reserved bits, as a number from 0 to 7.
    pub reserved: u8,
    pub finish: Finish,
    pub masking: Masking,
    pub length: LengthForm,
    /// The length that the header tells, where it is not the payload's.
    pub announced: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Finish {
    #[default]
    Last,
    /// More fragments are to come: FIN is not set.
    More,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Masking {
    #[default]
    Masked,
    /// RFC 6455 section 5.1: a server must close the connection.
    Unmasked,
}

/// In how many bits the length stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LengthForm {
    #[default]
    Shortest,
    Bits16,
    Bits64,
}

/// The key of RFC 6455's own examples: any will do, as nobody in between is to be fooled here.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as its bytes.
pub(super) fn bytes(opcode: Opcode, payload: &[u8], flaws: Flaws) -> Vec<u8> {
    let finish = match flaws.finish {
        Finish::Last => 0x80,
        Finish::More => 0,
    };
    let mask = match flaws.masking {
        Masking::Masked => 0x80,
        Masking::Unmasked => 0,
    };
    let mut frame = vec![finish | flaws.reserved << 4 | opcode.number()];
    let length = flaws.announced.unwrap_or(payload.len() as u64);
    let form = match flaws.length {
        LengthForm::Shortest if length > 0xffff => LengthForm::Bits64,
        LengthForm::Shortest if length > 125 => LengthForm::Bits16,
        form => form,
    };
    match form {
        // It is at most 125 here.
        LengthForm::Shortest => frame.push(mask | length as u8),
        LengthForm::Bits16 => {
            frame.push(mask | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        LengthForm::Bits64 => {
            frame.push(mask | 127);
            frame.extend(length.to_be_bytes());
        }
    }
    match flaws.masking {
        Masking::Masked => {
            frame.extend(MASK);
            frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
        Masking::Unmasked => frame.extend(payload),
    }
    frame
}

/// The payload of a close frame (RFC 6455 section 5.5.1).
pub(super) fn close_payload(code: Option<u16>, reason: &[u8]) -> Vec<u8> {
    code.map_or_else(Vec::new, |code| [&code.to_be_bytes(), reason].concat())
}

/// A frame that a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub opcode: Opcode,
    pub payload: Vec<u8>,
    /// What a server must not do, if it did.
    pub violation: Option<&'static str>,
}

/// Takes the first whole frame out of what has come; none, if there is not yet one.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<Received> {
    let (&first, &second) = (buffer.first()?, buffer.get(1)?);
    let (length, mut header): (u64, usize) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    let is_masked = second & 0x80 != 0;
    if is_masked {
        header += 4;
    }
    let end = header.checked_add(usize::try_from(length).ok()?)?;
    let payload = buffer.get(header..end)?.to_vec();
    buffer.drain(..end);
    let violation = if is_masked {
        Some("masked, which a server's frame must not be (RFC 6455 section 5.1)")
    } else if first & 0x70 != 0 {
        Some("with a reserved bit, which nobody has agreed on (RFC 6455 section 5.2)")
    } else {
        None
    };
    Some(Received { opcode: Opcode::from_number(first & 0x0f), payload, violation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_in_the_rfc() {
        // RFC 6455 section 5.7: a single-frame masked text message that contains "Hello".
        let frame = bytes(Opcode::Text, b"Hello", Flaws::default());
        assert_eq!(frame, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        let unmasked = Flaws { masking: Masking::Unmasked, ..Flaws::default() };
        assert_eq!(bytes(Opcode::Text, b"Hello", unmasked), b"\x81\x05Hello");
    }

    #[test]
    fn a_length_takes_its_form_from_its_size_unless_another_is_asked_for() {
        let header = |length: usize, form| {
            let flaws = Flaws { length: form, masking: Masking::Unmasked, ..Flaws::default() };
            let frame = bytes(Opcode::Binary, &vec![0; length], flaws);
            (frame[1], frame.len() - length)
        };
        assert_eq!(header(125, LengthForm::Shortest), (125, 2));
        assert_eq!(header(126, LengthForm::Shortest), (126, 4));
        assert_eq!(header(65_536, LengthForm::Shortest), (127, 10));
        assert_eq!(header(1, LengthForm::Bits16), (126, 4));
        assert_eq!(header(1, LengthForm::Bits64), (127, 10));
    }

    #[test]
    fn what_a_server_sends_is_taken_frame_by_frame() {
        let mut buffer = b"\x82\x02ab\x88\x02\x03\xe8\x81".to_vec();
        let first = take(&mut buffer).unwrap();
        assert_eq!((first.opcode, first.payload.as_slice()), (Opcode::Binary, &b"ab"[..]));
        assert_eq!(take(&mut buffer).unwrap().payload, 1000_u16.to_be_bytes());
        assert_eq!(take(&mut buffer), None);
        assert_eq!(buffer, b"\x81");
    }

    #[test]
    fn what_a_server_must_not_send_is_told() {
        let masked = take(&mut bytes(Opcode::Text, b"x", Flaws::default())).unwrap();
        assert!(masked.violation.unwrap().starts_with("masked"));
        let reserved = Flaws { reserved: 4, masking: Masking::Unmasked, ..Flaws::default() };
        let reserved = take(&mut bytes(Opcode::Text, b"x", reserved)).unwrap();
        assert!(reserved.violation.unwrap().contains("reserved bit"));
    }

    #[test]
    fn a_frame_that_announces_more_than_there_is_never_comes() {
        let flaws = Flaws { announced: Some(u64::MAX), ..Flaws::default() };
        assert_eq!(take(&mut bytes(Opcode::Binary, b"x", flaws)), None);
    }
}
