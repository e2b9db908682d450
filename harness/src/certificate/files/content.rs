//! What is in one file.

use std::fmt;

use zeroize::Zeroizing;

/// The bytes of one file, which may be secret: they are wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Zeroizing<Vec<u8>>);

impl Content {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it that others may not read: certificates, and no private key in any form.
    pub fn is_public(&self) -> bool {
        let is_text = self.0.is_ascii();
        is_text && !self.0.windows(KEY_LINE.len()).any(|part| part == KEY_LINE)
    }
}

/// What every line has that begins or ends a private key in PEM, in the clear or encrypted.
const KEY_LINE: &[u8] = b"PRIVATE KEY-----";

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.0.len())
    }
}
