//! The manual page and the completions of shells, made from the options (`--generate`).

use std::io::{self, Write};

use clap::{Command, ValueEnum};
use clap_complete::Shell;

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generated {
    /// The manual page (roff)
    Man,
    /// Completions for bash
    Bash,
    /// Completions for zsh
    Zsh,
    /// Completions for fish
    Fish,
}

/// Writes it. Errors are those of writing.
pub(super) fn write(what: Generated, mut command: Command, out: &mut impl Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let shell = match what {
        Generated::Man => return clap_mangen::Man::new(command).title(name).render(out),
        Generated::Bash => Shell::Bash,
        Generated::Zsh => Shell::Zsh,
        Generated::Fish => Shell::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    out.write_all(&text)
}
