//! `wssure`: will this `wss://` connect, for whom, and if not, why?
//!
//! The command line is in [`cli`], each command in a file of its own in [`command`], and how a process ends in
//! [`exit`]. What is done is in the library `wssure-harness`; what is printed, in its `report`.

mod certificate_files;
mod choose;
mod cli;
mod command;
#[cfg(test)]
mod coverage;
mod exit;
mod interrupt;
mod mending;
mod report_file;
mod setup;
mod suite;
#[cfg(test)]
mod symptoms;
mod terminal;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are "errors" on stdout. If nobody reads them there is nobody to tell.
            let _ = error.print();
            return exit::of_usage(&error).into();
        }
    };
    cli.color.apply();
    command::execute(cli.command)
}
