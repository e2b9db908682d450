//! What is known of the terminal.

use std::io;

/// The columns of the terminal; what is piped is not cut.
pub fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map_or(usize::MAX, |(terminal_size::Width(columns), _)| columns.into())
}
