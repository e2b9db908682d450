//! `wssure proxy`: the proxy itself, so that one installed program does everything.

use std::{ffi::OsString, process::ExitCode};

use clap::Args;

/// What follows `wssure proxy`, which the proxy reads by itself.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Runs the proxy to its end, with its own exit codes: `wssure proxy --help` has them.
pub fn execute(arguments: Arguments) -> ExitCode {
    wssure_proxy::main(std::iter::once("wssure proxy".into()).chain(arguments.arguments))
}
