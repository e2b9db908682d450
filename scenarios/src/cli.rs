//! The command line: the commands and what they have in common.

use clap::{Parser, ValueEnum};

use crate::{command::Command, exit};

const EXAMPLES: &str = "\
Examples:
  wssure run                                  the whole suite, with the built-in proxy
  wssure run --subject websockify             the same with Python's websockify
  wssure open wss://proxy.example.org/ --client firefox,ios
                                              what would these clients say to my server?
  wssure explain key-mismatch                 what is it, and how is it mended?
  wssure compare before.json after.json       what changed between two reports?
";

/// Will this wss:// connect, for whom, and if not, why?
///
/// Starts a WebSocket proxy with good and bad certificates, drives browser-like clients at it, and holds what they and
/// the proxy say against what they should.
#[derive(Debug, Parser)]
#[command(name = "wssure", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n{}", exit::HELP))]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes it the choice for everything that is printed.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
