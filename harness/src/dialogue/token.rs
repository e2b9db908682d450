//! The tokens of a dialogue's line: words, numbers and strings, each with its place.

use std::ops::Range;

use crate::data::{DataError, Source};

/// A token and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything without blanks, commas and quotes: `sends`, `1000`, `tls`, `http/1.1`.
    Word(String),
    /// What stood between quotes, its escapes replaced.
    Text(Vec<u8>),
    Comma,
}

/// Reads a line that begins at `start` in the file.
pub(super) fn tokens(source: &Source, line: &str, start: usize) -> Result<Vec<Token>, DataError> {
    let mut found = Vec::new();
    let mut rest = line.char_indices().peekable();
    while let Some(&(at, letter)) = rest.peek() {
        if letter.is_whitespace() {
            rest.next();
            continue;
        }
        if letter == '#' {
            break;
        }
        let kind = match letter {
            ',' => {
                rest.next();
                Kind::Comma
            }
            '"' => {
                rest.next();
                Kind::Text(text(source, &mut rest, start, line.len())?)
            }
            _ => {
                let mut word = String::new();
                while let Some((_, letter)) = rest.next_if(|(_, letter)| !ends_word(*letter)) {
                    word.push(letter);
                }
                Kind::Word(word)
            }
        };
        let end = rest.peek().map_or(line.len(), |(end, _)| *end);
        found.push(Token { kind, span: start + at..start + end });
    }
    Ok(found)
}

fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || letter == ',' || letter == '"'
}

/// The rest of a string, behind its first quote.
fn text(
    source: &Source,
    rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    start: usize,
    length: usize,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    while let Some((at, letter)) = rest.next() {
        match letter {
            '"' => return Ok(bytes),
            '\\' => bytes.push(escape(rest).ok_or_else(|| {
                source
                    .error(start + at..start + at + 2, "this is no escape")
                    .hint(r#"one of: \n \r \t \0 \\ \" and \x with two hexadecimal digits"#)
            })?),
            _ => bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(source.error(start + length..start + length, "the string has no end: a \" is missing"))
}

fn escape(rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Option<u8> {
    Some(match rest.next()?.1 {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        '0' => 0,
        '\\' => b'\\',
        '"' => b'"',
        'x' => {
            let high = rest.next()?.1.to_digit(16)?;
            let low = rest.next()?.1.to_digit(16)?;
            // Two hexadecimal digits are a byte.
            u8::try_from(high * 16 + low).ok()?
        }
        _ => return None,
    })
}
