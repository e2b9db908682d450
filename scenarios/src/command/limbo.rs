//! `wssure limbo`: x509-limbo's harness protocol, spoken by our clients.

use std::{
    io::{Read as _, Write as _},
    num::NonZeroUsize,
    path::PathBuf,
};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use wssure_harness::{
    client::Actor,
    limbo::{ActualResult, Handshakes, Results, Suite},
};

use crate::{
    exit::{self, Failure, Verdict, even_if_unread},
    interrupt::run_until_interrupted,
};

/// The arguments of `wssure limbo`.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub struct Arguments {
    /// The client that judges
    #[arg(long, value_name = "NAME")]
    client: Actor,

    /// Serve each case that has a key and a name to the real client, and see what it does
    #[arg(long)]
    handshake: bool,

    /// The suite [default: standard input]
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,

    /// How many handshakes at a time
    #[arg(long, value_name = "N", default_value = "2")]
    jobs: NonZeroUsize,

    /// Only the cases that such a pattern matches
    #[arg(long, value_name = "GLOB")]
    filter: Vec<String>,
}

/// Judges the suite.
///
/// # Errors
/// It was not judged.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let mut text = Vec::new();
    match &arguments.suite {
        Some(path) => text = std::fs::read(path).map_err(|e| Failure::Call(e.to_string()))?,
        None => drop(std::io::stdin().read_to_end(&mut text)?),
    }
    let suite = Suite::read(&text).map_err(|error| Failure::Call(error.to_string()))?;
    let globs: Vec<globset::GlobMatcher> = arguments
        .filter
        .iter()
        .map(|glob| globset::Glob::new(glob).map(|glob| glob.compile_matcher()))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Call(error.to_string()))?;
    let chosen: Vec<_> = suite
        .cases
        .iter()
        .filter(|case| globs.is_empty() || globs.iter().any(|glob| glob.is_match(&case.id)))
        .collect();
    let results = run_until_interrupted(async {
        let handshakes = Handshakes::start(arguments.client.clone())
            .await
            .map_err(|error| Failure::Call(error.to_string()))?;
        let played = stream::iter(chosen.iter().map(|case| async {
            let outcome = handshakes.play(case).await;
            if outcome.actual_result != ActualResult::Skipped {
                eprintln!("{}: {}", outcome.id, outcome.context.as_deref().unwrap_or_default());
            }
            outcome
        }));
        let results = played.buffered(arguments.jobs.get()).collect().await;
        Ok(Results { version: 1, harness: arguments.client.name().to_owned(), results })
    })?;
    let mut out = std::io::stdout().lock();
    let written = serde_json::to_writer_pretty(&mut out, &results).map_err(std::io::Error::from);
    even_if_unread(written.and_then(|()| writeln!(out)))?;
    Ok(Verdict::AsExpected)
}
