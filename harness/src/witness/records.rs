//! One direction's bytes cut into TLS records (RFC 8446 section 5.1), if that is what they are.

use rustls::ContentType;

/// The first byte of a TLS version on the wire, in all of them.
const MAJOR: u8 = 3;
const HEADER: usize = 5;
/// RFC 5246 section 6.2.3; TLS 1.3 allows less.
const LONGEST: usize = (16 << 10) + 2048;

/// Bytes from one side, of which more may come.
#[derive(Debug, Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    taken: usize,
    nature: Nature,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Nature {
    #[default]
    Undecided,
    Tls,
    Plain,
    /// It began as TLS, and then came something else.
    Damaged,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Record {
        content_type: ContentType,
        fragment: Vec<u8>,
    },
    /// Bytes of a connection without TLS.
    Plain(Vec<u8>),
    /// From here on it is no TLS any more.
    Damaged,
}

impl Records {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next piece that is there as a whole.
    pub(super) fn next(&mut self) -> Option<Piece> {
        let rest = self.bytes.get(self.taken..).unwrap_or_default();
        if self.nature == Nature::Undecided {
            self.nature = nature(rest)?;
        }
        match self.nature {
            Nature::Undecided | Nature::Damaged => None,
            Nature::Plain => {
                let rest = rest.to_vec();
                self.taken = self.bytes.len();
                (!rest.is_empty()).then_some(Piece::Plain(rest))
            }
            Nature::Tls => {
                let (&[content_type, major, _, high, low], after) = rest.split_first_chunk()?;
                let length = usize::from(u16::from_be_bytes([high, low]));
                if !is_tls(content_type, major) || length > LONGEST {
                    self.nature = Nature::Damaged;
                    return Some(Piece::Damaged);
                }
                let fragment = after.get(..length)?.to_vec();
                self.taken += HEADER + length;
                Some(Piece::Record { content_type: content_type.into(), fragment })
            }
        }
    }
}

fn nature(bytes: &[u8]) -> Option<Nature> {
    match *bytes {
        [] => None,
        // A TLS record's first byte is a control character: no other protocol here begins so.
        [first] => (!is_tls(first, MAJOR)).then_some(Nature::Plain),
        [first, second, ..] if is_tls(first, second) => Some(Nature::Tls),
        _ => Some(Nature::Plain),
    }
}

fn is_tls(content_type: u8, major: u8) -> bool {
    let known = matches!(
        ContentType::from(content_type),
        ContentType::ChangeCipherSpec
            | ContentType::Alert
            | ContentType::Handshake
            | ContentType::ApplicationData
    );
    known && major == MAJOR
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(cuts: &[&[u8]]) -> Vec<Piece> {
        let mut records = Records::default();
        let mut pieces = Vec::new();
        for cut in cuts {
            records.push(cut);
            pieces.extend(std::iter::from_fn(|| records.next()));
        }
        pieces
    }

    fn record(content_type: ContentType, fragment: &[u8]) -> Piece {
        Piece::Record { content_type, fragment: fragment.to_vec() }
    }

    #[test]
    fn records_are_cut_wherever_tcp_cuts() {
        let bytes = [22, 3, 1, 0, 2, 7, 8, 21, 3, 3, 0, 1, 9];
        let expected = [record(ContentType::Handshake, &[7, 8]), record(ContentType::Alert, &[9])];
        assert_eq!(pieces(&[&bytes]), expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(pieces(&single), expected);
    }

    #[test]
    fn what_is_not_tls_is_passed_as_it_is() {
        assert_eq!(
            pieces(&[b"GE", b"T /"]),
            [Piece::Plain(b"GE".to_vec()), Piece::Plain(b"T /".to_vec())]
        );
        // It begins like a record, and is none.
        assert_eq!(pieces(&[&[22], b"x"]), [Piece::Plain(b"\x16x".to_vec())]);
    }

    #[test]
    fn after_damage_nothing_is_read() {
        let bytes = [21, 3, 3, 0, 1, 9, 22, 3, 3, 0xff, 0xff, 21, 3, 3, 0, 1, 9];
        assert_eq!(pieces(&[&bytes]), [record(ContentType::Alert, &[9]), Piece::Damaged]);
    }

    proptest! {
        #[test]
        fn where_tcp_cuts_makes_no_difference(
            bytes in proptest::collection::vec(prop_oneof![Just(3u8), 20..24u8, any::<u8>()], 0..200),
            cut in 0..200usize,
        ) {
            let (one, two) = bytes.split_at(cut.min(bytes.len()));
            let joined = |pieces: Vec<Piece>| {
                let mut plain = Vec::new();
                let others: Vec<_> = pieces.into_iter().filter(|piece| match piece {
                    Piece::Plain(bytes) => { plain.extend_from_slice(bytes); false }
                    _ => true,
                }).collect();
                (plain, others)
            };
            prop_assert_eq!(joined(pieces(&[one, two])), joined(pieces(&[&bytes])));
        }
    }
}
