//! The WebSocket protocol (RFC 6455), server side, as a stream: no message is ever held as a whole.

mod close;
mod frame;
mod mask;

pub use close::{CloseCode, Violation};

pub(crate) use close::Close;
pub(crate) use frame::{Decoder, HEADER_ROOM, Signal, data_header, put_control, put_ping};
