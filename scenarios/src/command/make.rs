//! `wssure make`: a certificate of some kind in a folder.

use std::{io::Write, path::PathBuf};

use clap::Args;
use wssure_harness::{
    certificate::{Kind, Lab, UnknownKind, make},
    data::nearest,
    host::Host,
};

use crate::exit::{Failure, Verdict};

const EXAMPLES: &str = "\
Examples:
  wssure make good --host localhost --out certs
  wssure make expired --host proxy.example.test --out expired
  wssure list kinds                            every kind there is

The authority is a new one each time. Nothing that is in the folder is overwritten.";

/// The arguments of `wssure make`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What kind: `wssure list kinds`
    #[arg(value_name = "KIND", value_parser = kind)]
    kind: Kind,

    /// The host that it is for: a name or an address, without scheme and port
    #[arg(long, value_name = "NAME")]
    host: Host,

    /// The folder to write to; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn kind(name: &str) -> Result<Kind, String> {
    name.parse().map_err(|UnknownKind { .. }| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`wssure list kinds` shows them all".to_owned(),
        };
        format!("there is no certificate kind `{name}`; {hint}")
    })
}

/// Makes it.
///
/// # Errors
/// It cannot be made or written.
pub fn execute(arguments: &Arguments) -> Result<Verdict, Failure> {
    let made = make(&Lab::new()?, arguments.kind, &arguments.host, &arguments.out)?;
    let mut out = anstream::stdout().lock();
    for file in made {
        writeln!(out, "{}\n  {}", file.path.display(), file.what)?;
    }
    Ok(Verdict::AsExpected)
}
