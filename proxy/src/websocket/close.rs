//! Close codes, and the ways in which a client breaks the protocol.

use std::fmt;

/// A close code (RFC 6455 section 7.4) that the proxy sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: the session is over.
    Normal,
    /// 1001: the proxy ends.
    GoingAway,
    /// 1002: the client broke the protocol.
    ProtocolError,
    /// 1003: text frames; websockify answers them so.
    Unsupported,
    /// 1007: a reason that is not UTF-8.
    InvalidData,
    /// 1011: the target cannot be reached or broke the connection; websockify answers so.
    InternalError,
}

impl CloseCode {
    /// Its number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::ProtocolError => 1002,
            Self::Unsupported => 1003,
            Self::InvalidData => 1007,
            Self::InternalError => 1011,
        }
    }
}

/// What a Close frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: CloseCode,
    pub(crate) reason: &'static str,
}

impl Close {
    /// The payload of the frame.
    pub(crate) fn payload(self) -> Vec<u8> {
        [&self.code.number().to_be_bytes()[..], self.reason.as_bytes()].concat()
    }
}

/// How a client broke the WebSocket protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A frame of a client is not masked (RFC 6455 section 5.1).
    NotMasked,
    /// Reserved bits are set without an extension (section 5.2).
    ReservedBits,
    /// An opcode without meaning (section 5.2).
    ReservedOpcode(u8),
    /// A message begins inside another (section 5.4).
    NewMessageInside,
    /// A fragment continues no message (section 5.4).
    NothingToContinue,
    /// A control frame is fragmented (section 5.5).
    FragmentedControl,
    /// A control frame has more than 125 bytes (section 5.5).
    LongControl,
    /// A length is not in its shortest form, or has its highest bit set (section 5.2).
    BadLength,
    /// A Close frame with one byte, where a code has two (section 5.5.1).
    BadClose,
    /// A Close frame with a code that must not be on the wire (section 7.4).
    BadCloseCode(u16),
    /// A Close frame whose reason is not UTF-8 (section 5.5.1).
    BadCloseReason,
    /// A text frame. The bytes of a target are not text, so websockify does without.
    Text,
}

impl Violation {
    /// The answer to it.
    pub(crate) fn close(self) -> Close {
        // The words are websockify's, without its slips of the pen.
        let reason = match self {
            Self::Text => {
                return Close {
                    code: CloseCode::Unsupported,
                    reason: "Unsupported: Text frames are not supported",
                };
            }
            Self::BadCloseReason => {
                return Close {
                    code: CloseCode::InvalidData,
                    reason: "Invalid data: Close reason is not UTF-8",
                };
            }
            Self::NotMasked => "Protocol error: Frame not masked",
            Self::ReservedBits => "Protocol error: Reserved bits set",
            Self::ReservedOpcode(_) => "Protocol error: Unknown opcode",
            Self::NewMessageInside => "Protocol error: Unexpected new frame",
            Self::NothingToContinue => "Protocol error: Unexpected continuation frame",
            Self::FragmentedControl => "Protocol error: Fragmented control frame",
            Self::LongControl => "Protocol error: Control frame too long",
            Self::BadLength => "Protocol error: Bad frame length",
            Self::BadClose => "Protocol error: Bad close frame",
            Self::BadCloseCode(_) => "Protocol error: Bad close code",
        };
        Close { code: CloseCode::ProtocolError, reason }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Close { code, reason } = self.close();
        write!(f, "{reason}")?;
        match self {
            Self::ReservedOpcode(opcode) => write!(f, " {opcode:#04x}")?,
            Self::BadCloseCode(code) => write!(f, " {code}")?,
            _ => {}
        }
        write!(f, " (closed with {})", code.number())
    }
}
