//! A mark on standard output for each piece of a session that passes (`--traffic`): websockify's.

use std::io::{self, Write};

/// Whether the pieces that pass are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// They are not.
    Hidden,
    /// Each has a mark on standard output, which says nothing about its content.
    Shown,
}

/// What the marks mean.
pub(crate) const LEGEND: &str = "} from the client, > to the target, { from the target, < to the client; with a dot \
                                 behind it: a part of a frame or of what is to be sent";

/// Which way a piece passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    FromClient,
    ToTarget,
    FromTarget,
    ToClient,
}

/// How much of a frame, or of what was to be sent, a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Whole,
    Part,
}

impl Piece {
    /// Whole when nothing is left of it.
    pub(crate) fn with_left(left: usize) -> Self {
        if left == 0 { Self::Whole } else { Self::Part }
    }
}

impl Traffic {
    pub(crate) fn mark(self, way: Way, piece: Piece) {
        if self == Self::Hidden {
            return;
        }
        let mark = match (way, piece) {
            (Way::FromClient, Piece::Whole) => "}",
            (Way::FromClient, Piece::Part) => "}.",
            (Way::ToTarget, Piece::Whole) => ">",
            (Way::ToTarget, Piece::Part) => ">.",
            (Way::FromTarget, _) => "{",
            (Way::ToClient, Piece::Whole) => "<",
            (Way::ToClient, Piece::Part) => "<.",
        };
        // Nobody has to look.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(mark.as_bytes()).and_then(|()| stdout.flush());
    }
}
