//! The format: a JavaScript array of strings, each with its direction, its milliseconds and its bytes.

use std::time::Duration;

/// The first line of a recording.
pub(super) const BEGIN: &[u8] = b"var VNC_frame_data = [\n";

/// The last one.
pub(super) const END: &[u8] = b"'EOF'];\n";

/// Which way the bytes of a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ToTarget,
    ToClient,
}

/// Appends the line for `bytes`, which passed so long after the beginning.
pub(super) fn put_line(text: &mut Vec<u8>, direction: Direction, at: Duration, bytes: &[u8]) {
    let brace = match direction {
        Direction::ToTarget => '}',
        Direction::ToClient => '{',
    };
    text.extend(format!("'{brace}{}{brace}", at.as_millis()).into_bytes());
    for &byte in bytes {
        match byte {
            b'\t' => text.extend(b"\\t"),
            b'\n' => text.extend(b"\\n"),
            b'\r' => text.extend(b"\\r"),
            b'\'' | b'\\' => text.extend([b'\\', byte]),
            b' '..=b'~' => text.push(byte),
            _ => text.extend(format!("\\x{byte:02x}").into_bytes()),
        }
    }
    text.extend(b"',\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_websockify() {
        let mut text = Vec::new();
        put_line(&mut text, Direction::ToClient, Duration::from_micros(1_234_567), b"a\t\n\r'\\\"");
        put_line(&mut text, Direction::ToTarget, Duration::ZERO, b"\0\x1f\x7f\x80\xff~ ");
        assert_eq!(
            String::from_utf8(text).unwrap(),
            concat!(r#"'{1234{a\t\n\r\'\\"',"#, "\n", r"'}0}\x00\x1f\x7f\x80\xff~ ',", "\n")
        );
    }
}
