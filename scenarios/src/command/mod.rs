//! The commands, each in a file of its own.

mod compare;
mod explain;
mod inspect;
mod limbo;
mod list;
mod make;
mod open;
mod proxy;
mod run;
mod subjects;

use std::process::ExitCode;

use clap::Subcommand;

use crate::exit;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the cases and hold what happens against what is expected
    Run(run::Arguments),
    /// Hold simulated clients against real ones, or one report against another, cell by cell
    Compare(compare::Arguments),
    /// List cases, clients, subjects, faults, claims or certificate kinds
    List(list::Arguments),
    /// Say what a fault means, how each client words it, and how to mend it
    Explain(explain::Arguments),
    /// Open one URL as a client would, and say what happens
    Open(open::Arguments),
    /// Say what is wrong with certificates in files, and which clients would refuse them
    Inspect(inspect::Arguments),
    /// Write a certificate of some kind, with its key and authority, to a folder
    Make(make::Arguments),
    /// Judge the cases of x509-limbo as a client would, or by the real one in a handshake
    Limbo(limbo::Arguments),
    /// Be the proxy: `wssure proxy --help` has its options
    Proxy(proxy::Arguments),
}

/// Does it, prints what there is to print, and gives the exit code.
pub fn execute(command: Command) -> ExitCode {
    exit::report(match command {
        Command::Run(arguments) => run::execute(arguments),
        Command::Compare(arguments) => compare::execute(arguments),
        Command::List(arguments) => list::execute(&arguments),
        Command::Explain(arguments) => explain::execute(&arguments),
        Command::Open(arguments) => open::execute(arguments),
        Command::Inspect(arguments) => inspect::execute(&arguments),
        Command::Make(arguments) => make::execute(&arguments),
        Command::Limbo(arguments) => limbo::execute(arguments),
        Command::Proxy(arguments) => return proxy::execute(arguments),
    })
}
