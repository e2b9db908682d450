//! Reading PEM as people have it: several blocks, any line ends, text around them, damage told by line.
//!
//! RFC 7468 with RFC 1421 headers. Wider than libraries that stop at the first thing they do not know: the point is
//! to say what is in the file.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One block of a PEM file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The words between `BEGIN` and the dashes.
    pub(crate) label: String,
    /// Which block of the file it is, from 1.
    pub(crate) number: usize,
    /// The line of its `BEGIN`, from 1.
    pub(crate) line: usize,
    /// RFC 1421 headers, as in old encrypted keys.
    pub(crate) headers: Vec<(String, String)>,
    /// What it holds, or why that cannot be read.
    pub(crate) contents: Result<Vec<u8>, Damage>,
}

/// Why a block cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file, or another block, begins before this block ends.
    #[error("its END line is missing")]
    NoEnd,
    /// It ends with the label of another kind of block.
    #[error("it ends as {0:?}")]
    OtherEnd(String),
    /// A character that is not base64.
    #[error("line {line} has {character:?}, which is not base64")]
    Character {
        /// Line in the file, from 1.
        line: usize,
        /// The character.
        character: char,
    },
    /// Characters are missing: base64 has no such length, or its end is not one.
    #[error("characters are missing: its base64 does not come out even")]
    Length,
    /// Nothing between `BEGIN` and `END`.
    #[error("it is empty")]
    Empty,
}

impl Block {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// All blocks of a file, readable or not.
pub(crate) fn blocks(file: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(begin) = memmem::find(&file[at..], BEGIN).map(|found| at + found) {
        let label_start = begin + BEGIN.len();
        let Some(label_end) = label_end(file, label_start) else {
            at = label_start;
            continue;
        };
        let label = String::from_utf8_lossy(&file[label_start..label_end]).into_owned();
        let body_start = label_end + DASHES.len();
        let (body_end, after, damage) = body_end(file, body_start, &label);
        let (headers, text_start) = headers(file, body_start, body_end);
        let contents = match damage {
            Some(damage) => Err(damage),
            None => decode(file, text_start, body_end),
        };
        blocks.push(Block {
            label,
            number: blocks.len() + 1,
            line: line_of(file, begin),
            headers,
            contents,
        });
        at = after;
    }
    blocks
}

/// The dashes after a label, which stands on one line.
fn label_end(file: &[u8], start: usize) -> Option<usize> {
    let line = &file[start..];
    let line =
        &line[..line.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(line.len())];
    memmem::find(line, DASHES).map(|found| start + found)
}

/// Where the text of a block ends, where to look for the next block, and what is wrong with the end.
fn body_end(file: &[u8], start: usize, label: &str) -> (usize, usize, Option<Damage>) {
    let rest = &file[start..];
    let next_begin = memmem::find(rest, BEGIN).unwrap_or(rest.len());
    let Some(end) = memmem::find(&rest[..next_begin], END) else {
        return (start + next_begin, start + next_begin, Some(Damage::NoEnd));
    };
    let end_label_start = start + end + END.len();
    let Some(end_label_end) = label_end(file, end_label_start) else {
        return (start + end, end_label_start, Some(Damage::NoEnd));
    };
    let end_label = String::from_utf8_lossy(&file[end_label_start..end_label_end]);
    let damage = (end_label != label).then(|| Damage::OtherEnd(end_label.into_owned()));
    (start + end, end_label_end + DASHES.len(), damage)
}

/// RFC 1421 headers: lines with a colon up to an empty line. Returns where the base64 begins.
fn headers(file: &[u8], start: usize, end: usize) -> (Vec<(String, String)>, usize) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut at = start;
    while at < end {
        let length =
            file[at..end].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(end - at);
        let line = String::from_utf8_lossy(&file[at..at + length]);
        let continued = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match (line.split_once(':'), headers.last_mut()) {
            (Some((name, value)), _) if !continued => {
                headers.push((name.trim().to_owned(), value.trim().to_owned()))
            }
            (_, Some((_, value))) if continued => value.push_str(line.trim()),
            _ if line.trim().is_empty() => {}
            _ => break,
        }
        at = (at + length + 1).min(end);
    }
    if headers.is_empty() { (headers, start) } else { (headers, at) }
}

fn decode(file: &[u8], start: usize, end: usize) -> Result<Vec<u8>, Damage> {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut text = Vec::with_capacity(end - start);
    for (at, &byte) in file[start..end].iter().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => text.push(byte),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let character = String::from_utf8_lossy(&file[start + at..end.min(start + at + 4)]);
                let character = character.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                return Err(Damage::Character { line: line_of(file, start + at), character });
            }
        }
    }
    match engine.decode(&text) {
        Ok(bytes) if bytes.is_empty() => Err(Damage::Empty),
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(Damage::Length),
    }
}

/// The line of a place in the file, from 1. Lines end with LF, CR or CR LF.
fn line_of(file: &[u8], at: usize) -> usize {
    let before = &file[..at];
    let ends = before.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    ends - before.windows(2).filter(|pair| pair == b"\r\n").count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn good(label: &str, number: usize, line: usize) -> Block {
        Block {
            label: label.into(),
            number,
            line,
            headers: vec![],
            contents: Ok(b"hello".to_vec()),
        }
    }

    const HELLO: &str = "-----BEGIN X-----\naGVs\nbG8=\n-----END X-----\n";

    #[test]
    fn lines_end_in_any_way() {
        for end in ["\n", "\r\n", "\r"] {
            let file = format!("text{end}{}", HELLO.replace('\n', end));
            assert_eq!(blocks(file.as_bytes()), [good("X", 1, 2)], "{end:?}");
        }
    }

    #[test]
    fn the_last_line_end_may_be_missing_and_blocks_may_touch() {
        let file = format!("{}{}", HELLO.trim_end(), HELLO.trim_end());
        assert_eq!(blocks(file.as_bytes()), [good("X", 1, 1), good("X", 2, 4)]);
    }

    #[test]
    fn a_byte_order_mark_and_text_around_do_not_matter() {
        let file = format!("\u{feff}{HELLO}subject=CN = x\n{HELLO}issuer: y\n");
        assert_eq!(blocks(file.as_bytes()), [good("X", 1, 1), good("X", 2, 6)]);
    }

    #[test]
    fn headers_are_read() {
        let file = "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGVsbG8=\n-----END K-----\n";
        let read = blocks(file.as_bytes());
        assert_eq!(read[0].header("dek-info"), Some("AES-128-CBC,00"));
        assert_eq!(read[0].contents.as_deref(), Ok(&b"hello"[..]));
    }

    #[test]
    fn damage_is_told_by_line() {
        let damage = |file: &str| blocks(file.as_bytes())[0].contents.clone().unwrap_err();
        assert_eq!(
            damage("\n-----BEGIN X-----\naGVs\nbG*=\n-----END X-----\n"),
            Damage::Character { line: 4, character: '*' }
        );
        assert_eq!(damage("-----BEGIN X-----\naGVsb\n-----END X-----\n"), Damage::Length);
        assert_eq!(damage("-----BEGIN X-----\n-----END X-----\n"), Damage::Empty);
        assert_eq!(damage("-----BEGIN X-----\naGVs\n"), Damage::NoEnd);
        assert_eq!(
            damage("-----BEGIN X-----\naGVs\n-----END Y-----\n"),
            Damage::OtherEnd("Y".into())
        );
    }

    #[test]
    fn a_block_without_end_does_not_swallow_the_next() {
        let read = blocks(format!("-----BEGIN Y-----\naGVs\n{HELLO}").as_bytes());
        assert_eq!(read[0].contents, Err(Damage::NoEnd));
        assert_eq!(read[1], good("X", 2, 3));
    }

    impl std::fmt::Debug for Block {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(
                f,
                "{:?} {} {} {:?} {:?}",
                self.label, self.number, self.line, self.headers, self.contents
            )
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(file in proptest::collection::vec(any::<u8>(), 0..2000)) {
            blocks(&file);
        }

        #[test]
        fn any_pieces_of_pem_are_read_without_panic(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("-----BEGIN "), Just("-----END "), Just("-----"), Just("X"), Just("CERTIFICATE"), Just("\n"),
                    Just("\r"), Just("a: b"), Just("aGVs"), Just("="), Just("\u{feff}"), Just(" "),
                ],
                0..40,
            )
        ) {
            blocks(pieces.concat().as_bytes());
        }

        #[test]
        fn what_was_written_is_read(contents in proptest::collection::vec(any::<u8>(), 1..500), width in 1usize..80) {
            let text = base64::engine::general_purpose::STANDARD.encode(&contents);
            let lines: Vec<&str> = text.as_bytes().chunks(width).map(|l| std::str::from_utf8(l).unwrap()).collect();
            let file = format!("-----BEGIN X Y-----\n{}\n-----END X Y-----", lines.join("\n"));
            let read = blocks(file.as_bytes());
            prop_assert_eq!(read[0].contents.as_deref(), Ok(&contents[..]));
        }
    }
}
