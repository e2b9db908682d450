//! Dialogues: what is said to a subject byte by byte, and what must come of it at either end.
//!
//! No browser sends half a ClientHello, an unmasked frame, or nothing at all. A dialogue does: it plays the client
//! before the subject and the target behind it, one turn a line, each turn in its order. A turn that waits for
//! something is met or it is a difference; those behind an unmet turn are not played.
//!
//! ```toml
//! [[step]]
//! dialogue = '''
//!     client opens ws
//!     client sends text "hello"
//!     target receives "hello"
//!     target closes
//!     client receives close 1000
//!     client is closed
//! '''
//! ```
//!
//! # Words
//!
//! A line is a role, a verb and what goes with it. Roles are `client`, `target` and `operator`, the first two with a
//! number where there are several (`client 2`). `DATA` is `"text"`, `"text" x 1000` or `1000 bytes` (a pattern of all
//! bytes); `OPTIONS` stand behind `with` and have commas between them.
//!
//! | client | |
//! |---|---|
//! | `connects` | TCP alone |
//! | `handshakes [OPTIONS]`, `is refused [OPTIONS]` | TLS, which succeeds or fails on its side |
//! | `sends a client-hello [OPTIONS]`, `sends half a client-hello` | and waits for nothing |
//! | `opens ws\|wss [OPTIONS]` | as far as 101 |
//! | `upgrades [OPTIONS]` | asks for it; then `receives status 101` |
//! | `sends text\|binary\|continuation\|ping\|pong\|opcode N [DATA] [OPTIONS]`, `sends close [CODE ["reason"]]` | a frame |
//! | `receives text\|binary DATA`, `receives pong DATA`, `receives close [CODE ["reason"]]` | frames |
//! | `receives status N [with header "Name: value"]`, `receives alert NAME`, `receives a server-hello` | |
//! | `is shown NAME` | the leaf is that certificate of the case |
//! | `agreed tls 1.3`, `agreed alpn http/1.1\|none`, `agreed resumption\|no resumption` | |
//!
//! | either end | |
//! |---|---|
//! | `sends DATA [OPTIONS]`, `receives DATA` | bytes as they are |
//! | `fills below N MiB`, `drains` | sends until nothing is taken; receives what the other has filled in |
//! | `closes`, `drops`, `resets`, `ends` | with close_notify; without; RST; sends no more |
//! | `is closed\|cut off\|reset\|left [within N s]` | how the subject left it |
//! | `accepts` | the target alone: waits for the subject's connection |
//!
//! | operator | |
//! |---|---|
//! | `waits until NAME has expired` | a certificate of the case, for at most 30 s |
//! | `renews NAME in place\|by rename\|by symlink\|by folder\|half\|key alone\|by nothing` | replaces the certificate's files |
//!
//! | options | |
//! |---|---|
//! | of TLS | `tls 1.2\|1.3`, `sni NAME` (an address, against RFC 6066, in a ClientHello alone), `no sni`, `alpn NAME...`, `certificate NAME`, `resuming CLIENT`, `records of N`, `long hello` |
//! | of the upgrade | `path "/x"`, `header "Name: value"`, `without "Name"` |
//! | of a frame | `unmasked`, `unfinished`, `rsv1`, `rsv2`, `rsv3`, `length 16\|64`, `announcing N` |
//! | of what is sent | `pieces of N`, `cuts at each byte` (sent once for each place where it can be cut in two) |

mod end;
mod frame;
mod grammar;
mod hello;
mod pieces;
mod play;
mod target;
mod token;

use std::{net::IpAddr, ops::Range};

pub(crate) use play::{Met, Stand, play};
pub(crate) use target::PlayedTarget;

use crate::{
    Alert,
    client::Scheme,
    data::{DataError, Source},
    observation::TlsVersion,
};
use frame::{Flaws, Opcode};

/// A dialogue: its turns in their order, at least one of which waits for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialogue {
    turns: Vec<Turn>,
}

impl Dialogue {
    /// Reads the lines of a dialogue that stands at `span` of a data file, as a multi-line literal string (`'''`).
    ///
    /// # Errors
    /// The first word that has no meaning where it stands, with its line and column.
    pub(crate) fn read(source: &Source, span: Range<usize>) -> Result<Self, DataError> {
        grammar::read(source, span).map(|turns| Self { turns })
    }

    /// The names of the case's certificates that it speaks of.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &str> {
        self.turns.iter().filter_map(|turn| match &turn.act {
            Act::Client(_, ClientAct::IsShown(name)) => Some(name.as_str()),
            Act::Client(_, act) => act.hello().and_then(|hello| hello.certificate.as_deref()),
            Act::Operator(OperatorAct::Renews(name, _) | OperatorAct::WaitsForExpiry(name)) => {
                Some(name.as_str())
            }
            Act::Target(..) => None,
        })
    }

    /// The ways in which its operator replaces the certificate.
    pub(crate) fn renewals(&self) -> impl Iterator<Item = Renewal> {
        self.turns.iter().filter_map(|turn| match &turn.act {
            Act::Operator(OperatorAct::Renews(_, renewal)) => Some(*renewal),
            _ => None,
        })
    }

    /// How many turns it has.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether it has none, which is an error when it is read.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

/// One line of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    /// As it stands in the file.
    text: String,
    act: Act,
}

/// Who does what. Clients and targets are told apart by a number; without one it is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Client(usize, ClientAct),
    /// The numbers of targets are those of the connections that the subject makes, in their order.
    Target(usize, EndAct),
    Operator(OperatorAct),
}

/// What only a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ClientAct {
    /// Connects, and nothing more.
    Connects,
    /// Connects and does a handshake, which must succeed on its side.
    Handshakes(Hello),
    /// Connects and begins a handshake, which must fail on its side.
    IsRefused(Hello),
    /// Connects and sends a ClientHello, or the first half of it.
    SendsHello(Hello, Amount),
    /// Connects, over TLS for `wss`, and has the connection upgraded.
    Opens(Scheme, Hello, Request),
    /// Asks for the upgrade, and leaves the answer to a later turn.
    Upgrades(Request),
    SendsFrame(Frame, Cut),
    ReceivesFrames(Awaited),
    /// An HTTP answer with that status, and with these headers.
    ReceivesStatus(u16, Vec<String>),
    ReceivesAlert(Alert),
    /// The subject goes on with the handshake (RFC 8446 section 4.1.3).
    ReceivesServerHello,
    /// The leaf that the server sent is this certificate of the case.
    IsShown(String),
    /// What the handshake agreed on.
    Agreed(Agreement),
    /// What either end does.
    End(EndAct),
}

impl ClientAct {
    fn hello(&self) -> Option<&Hello> {
        match self {
            Self::Handshakes(hello)
            | Self::IsRefused(hello)
            | Self::SendsHello(hello, _)
            | Self::Opens(_, hello, _) => Some(hello),
            _ => None,
        }
    }
}

/// What either end of the subject does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EndAct {
    /// The target's first act may be to wait until the subject has connected.
    Accepts,
    Sends(Vec<u8>, Cut),
    Receives(Vec<u8>),
    /// Sends until nothing more is taken, which must be before so many bytes.
    Fills(u64),
    /// Receives exactly what the other end has filled in.
    Drains,
    Leaves(Leaving),
    IsLeft(Left),
}

/// What the operator of the subject does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OperatorAct {
    /// Puts this certificate of the case in the place of the one that is served.
    Renews(String, Renewal),
    /// Does nothing until this certificate of the case has expired.
    WaitsForExpiry(String),
}

/// How a certificate is replaced while it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The file is opened, emptied and written (`cp`, an editor).
    InPlace,
    /// A new file is written beside it and takes its name (most programs).
    ByRename,
    /// The file is a symbolic link, and a new link takes its name (certbot's `live/`).
    BySymlink,
    /// The file is below a symbolic link to a folder, and a new link takes that one's name (Kubernetes' `..data`).
    ByFolder,
    /// Half of it is written, as a reader may find it in the middle of a copy.
    HalfWritten,
    /// Only its key is: of the pair, one half is of another certificate.
    KeyAlone,
    /// Nothing is left in its place.
    Removed,
}

/// How much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Whole,
    Half,
}

/// How bytes are cut into writes, each of them a packet, and under TLS a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Cut {
    #[default]
    Whole,
    /// Into pieces of so many bytes.
    Pieces(usize),
    /// It is sent once for each place in it where it can be cut in two.
    AtEachByte,
}

/// How a client's end greets in TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hello {
    /// The only version that it offers; both without.
    tls: Option<TlsVersion>,
    name: ServerName,
    alpn: Vec<String>,
    /// The certificate of the case that it shows if it is asked.
    certificate: Option<String>,
    cut: Cut,
    /// The longest record that it makes, in bytes.
    record: Option<usize>,
    /// Its ClientHello is longer than one record can be (RFC 8446 section 5.1: 16384 bytes).
    size: HelloSize,
    /// The client whose session it asks to resume.
    resuming: Option<usize>,
}

/// What it asks for by name (RFC 6066 section 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum ServerName {
    /// The host of the case.
    #[default]
    Host,
    /// Nothing.
    None,
    Other(String),
    /// An address, which is no name, and which a client must not send there.
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HelloSize {
    #[default]
    Usual,
    LongerThanARecord,
}

/// The request for an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Request {
    path: Option<String>,
    /// Instead of the usual one of that name, or beside them.
    headers: Vec<String>,
    without: Vec<String>,
}

/// A frame that a client sends (RFC 6455 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    opcode: Opcode,
    payload: Vec<u8>,
    flaws: Flaws,
}

/// Frames that must come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Awaited {
    /// Data frames of that kind which hold these bytes together, cut as the subject likes.
    Data(Opcode, Vec<u8>),
    Pong(Vec<u8>),
    Close {
        code: Option<u16>,
        reason: Option<String>,
    },
}

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Agreement {
    Tls(TlsVersion),
    Alpn(Option<String>),
    /// The session was, or was not, one from before.
    Resumption(Resumption),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resumption {
    Resumed,
    Full,
}

/// How an end leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// Orderly: a close_notify in TLS, and TCP's end.
    Closes,
    /// TCP's end alone.
    Drops,
    /// A reset.
    Resets,
    /// It sends no more, and still receives.
    Ends,
}

/// How an end is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    how: Option<LeftHow>,
    /// In seconds.
    within: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftHow {
    /// Orderly; in TLS behind a close_notify.
    Closed,
    /// In TLS without a close_notify.
    CutOff,
    Reset,
}
