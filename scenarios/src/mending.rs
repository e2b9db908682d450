//! Commands that mend something, for a terminal: each below what it is for, so that the whole can be pasted into a shell.

use std::io::{self, Write};

use anstyle::Style;
use wssure_harness::fault::Command;

const COMMENT: Style = Style::new().dimmed();

/// Writes them, indented.
///
/// # Errors
/// Nobody takes them.
pub fn write(commands: &[Command], out: &mut dyn Write) -> io::Result<()> {
    commands.iter().try_for_each(|command| {
        writeln!(out, "  {COMMENT}# {}{COMMENT:#}\n  {}", command.why, command.line)
    })
}
