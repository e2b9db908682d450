//! The client's own key log (`SSLKEYLOGFILE`), which NSS began and every client of ours writes:
//! RFC 9850, "The SSLKEYLOGFILE Format for TLS".

use std::{collections::HashMap, fmt, path::PathBuf};

use zeroize::Zeroizing;

/// The length in bytes of the ClientHello's random value, by which a connection is known in the log.
pub(super) const RANDOM: usize = 32;
/// No secret of a cipher suite that we read is longer: SHA-384's output, and TLS 1.2's master secret.
const LONGEST: usize = 48;

/// Where a client writes the secrets of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets(Option<PathBuf>);

impl Secrets {
    /// Nowhere: what is encrypted stays so.
    pub const fn kept() -> Self {
        Self(None)
    }

    /// In that file, which may not be there yet.
    pub fn written_to(file: impl Into<PathBuf>) -> Self {
        Self(Some(file.into()))
    }

    /// Whether there is any hope for secrets that are not there yet.
    pub(super) const fn may_come(&self) -> bool {
        self.0.is_some()
    }

    /// Everything that stands there now.
    pub(super) async fn read(&self) -> KeyLog {
        let bytes = match &self.0 {
            // Not there yet, most likely; and if it never comes, the connection is told to be unread.
            Some(path) => tokio::fs::read(path).await.unwrap_or_default(),
            None => Vec::new(),
        };
        KeyLog::parse(&Zeroizing::new(bytes))
    }
}

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Label {
    /// TLS 1.2 and older: the master secret.
    Master,
    ClientHandshake,
    ServerHandshake,
    ClientApplication,
    ServerApplication,
}

impl Label {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "CLIENT_RANDOM" => Self::Master,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::ClientHandshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::ServerHandshake,
            "CLIENT_TRAFFIC_SECRET_0" => Self::ClientApplication,
            "SERVER_TRAFFIC_SECRET_0" => Self::ServerApplication,
            _ => return None,
        })
    }
}

/// By what a secret is found: its use, and its connection.
type Key = (Label, [u8; RANDOM]);
type Secret = Zeroizing<Vec<u8>>;

/// The secrets of all connections.
#[derive(Default)]
pub(super) struct KeyLog {
    secrets: HashMap<Key, Secret>,
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLog of {} secrets", self.secrets.len())
    }
}

impl KeyLog {
    /// Reads `LABEL CLIENT-RANDOM SECRET` lines, and skips what is none. A last line without its end is
    /// still being written.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        Self { secrets: lines.filter_map(line).collect() }
    }

    pub(super) fn secret(&self, label: Label, client_random: &[u8; RANDOM]) -> Option<&[u8]> {
        self.secrets.get(&(label, *client_random)).map(|secret| secret.as_slice())
    }
}

fn line(line: &[u8]) -> Option<(Key, Secret)> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let label = Label::named(words.next()?)?;
    let random = hexadecimal(words.next()?)?.as_slice().try_into().ok()?;
    let secret = hexadecimal(words.next()?)?;
    (!secret.is_empty() && words.next().is_none()).then_some(((label, random), secret))
}

fn hexadecimal(text: &str) -> Option<Secret> {
    // Room for all at once: a vector that grows leaves its bytes behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    if text.len() > 2 * LONGEST || !text.len().is_multiple_of(2) {
        return None;
    }
    for pair in text.as_bytes().chunks_exact(2) {
        let digit = |at: usize| pair.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        bytes.push(u8::try_from(digit(0)? << 4 | digit(1)?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_found_by_its_label_and_random() {
        let random = "ab".repeat(32);
        let log = KeyLog::parse(
            format!("# a comment\r\nCLIENT_RANDOM {random} 0102\nEXPORTER_SECRET {random} 03\n")
                .as_bytes(),
        );
        assert_eq!(log.secret(Label::Master, &[0xab; 32]), Some(&[1, 2][..]));
        assert_eq!(log.secret(Label::Master, &[0xac; 32]), None);
        assert_eq!(log.secret(Label::ClientHandshake, &[0xab; 32]), None);
        assert_eq!(format!("{log:?}"), "KeyLog of 1 secrets");
    }

    #[test]
    fn a_line_that_is_still_being_written_does_not_count() {
        let line = format!("CLIENT_RANDOM {} 0102", "ab".repeat(32));
        assert_eq!(KeyLog::parse(line.as_bytes()).secrets.len(), 0);
        assert_eq!(KeyLog::parse(format!("{line}\n").as_bytes()).secrets.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            KeyLog::parse(&bytes);
        }

        #[test]
        fn no_line_panics(line in "(CLIENT_RANDOM|#)? ?[0-9a-gA-G+é]{0,130} [0-9a-g]{0,130}\n") {
            KeyLog::parse(line.as_bytes());
        }
    }
}
