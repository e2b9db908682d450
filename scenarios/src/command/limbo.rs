//! `wssure limbo`: x509-limbo's harness protocol, spoken by our clients.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Read as _, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use globset::{Glob, GlobMatcher};
use wssure_harness::{
    client::Actor,
    compare::measured::date,
    data::Source,
    limbo::{self, Case, Disagreements, Handshakes, Judged, Measured, NotJudged, Results, Suite},
    report,
};

use crate::{
    exit::{self, Failure, Verdict, even_if_unread},
    interrupt::run_until_interrupted,
    setup::{Shown, progress},
};

const EXAMPLES: &str = "\
Examples:
  wssure limbo --client chromium < limbo.json > results.json
  wssure limbo --client firefox --check < limbo.json     what is not as limbo, or the real Firefox, has it
  wssure limbo --client real:firefox --handshake < limbo.json
  wssure limbo --client real:firefox --handshake --record harness/limbo/measured < limbo.json

limbo.json is the suite of https://x509-limbo.com, and is not part of wssure. Results are in its own form.
";

/// The arguments of `wssure limbo`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n{}", exit::HELP))]
pub struct Arguments {
    /// The client that judges
    #[arg(long, value_name = "NAME")]
    client: Actor,

    /// Read the suite from here [default: standard input]
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,

    /// Judge only the cases that such a pattern matches
    #[arg(long, value_name = "GLOB")]
    filter: Vec<String>,

    /// Serve each case that has a key and a name to the real client, and see what it does
    #[arg(long)]
    handshake: bool,

    /// How many handshakes to make at a time
    #[arg(long, value_name = "N", default_value = "2", requires = "handshake")]
    jobs: NonZeroUsize,

    /// Write what the real client did to this folder, as a file named after it; with --filter what it has of other
    /// cases stays
    #[arg(long, value_name = "DIR", requires = "handshake")]
    record: Option<PathBuf>,

    /// Print no results, but where they are not as they are known to be
    #[arg(long, conflicts_with = "handshake")]
    check: bool,
}

/// Judges the suite.
///
/// # Errors
/// It was not judged.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let suite = Suite::read(&read(arguments.suite.as_deref())?)
        .map_err(|error| Failure::Call(error.to_string()))?;
    let cases = chosen(&suite, &arguments.filter)?;
    let client = &arguments.client;
    let judged = match (client.is_real(), arguments.handshake) {
        (true, true) => handshakes(client, &cases, arguments.jobs)?,
        (false, false) => {
            cases.iter().map(|case| limbo::judge(client.profile(), case)).collect::<Vec<_>>()
        }
        (true, false) => {
            let message = "a real client judges in a handshake: add --handshake";
            return Err(Failure::Call(message.to_owned()));
        }
        (false, true) => {
            let message =
                format!("--handshake is for real clients, such as real:{}", client.name());
            return Err(Failure::Call(message));
        }
    };
    summarize(client, &judged)?;
    if let Some(folder) = &arguments.record {
        let scope = if arguments.filter.is_empty() { Scope::All } else { Scope::Some };
        record(client, &judged, scope, folder)?;
    }
    let mut out = anstream::stdout().lock();
    if arguments.check {
        let clean = check(client, &judged, &mut out)?;
        return Ok(if clean { Verdict::AsExpected } else { Verdict::NotAsExpected });
    }
    let results = Results {
        version: 1,
        harness: format!("wssure-{}-{}", client.name(), env!("CARGO_PKG_VERSION")),
        results: judged.iter().map(Judged::outcome).collect(),
    };
    let written = serde_json::to_writer_pretty(&mut out, &results).map_err(io::Error::from);
    even_if_unread(written.and_then(|()| writeln!(out)))?;
    match judged.iter().find(|one| matches!(one.verdict, Err(NotJudged::Broke(_)))) {
        None => Ok(Verdict::AsExpected),
        Some(broken) => {
            let Judged { id, verdict, .. } = broken;
            let why = verdict.as_ref().map_or_else(ToString::to_string, ToString::to_string);
            Err(Failure::Call(format!("{id}: {why}")))
        }
    }
}

/// The suite's text, from that file or from standard input.
fn read(suite: Option<&Path>) -> Result<Vec<u8>, Failure> {
    if let Some(path) = suite {
        let wrong = |error| Failure::Call(format!("--suite {}: {error}", path.display()));
        return std::fs::read(path).map_err(wrong);
    }
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        let message = "give the suite on standard input (< limbo.json), or name it with --suite";
        return Err(Failure::Call(message.to_owned()));
    }
    let mut text = Vec::new();
    let read = stdin.read_to_end(&mut text);
    read.map_err(|source| Failure::System { doing: "read standard input", source })?;
    Ok(text)
}

/// The cases that any of the patterns matches; all if there is none.
fn chosen<'a>(suite: &'a Suite, patterns: &[String]) -> Result<Vec<&'a Case>, Failure> {
    let wrong = |pattern: &str, why: &str| Failure::Call(format!("--filter `{pattern}` {why}"));
    let mut globs: Vec<GlobMatcher> = Vec::new();
    for pattern in patterns {
        let glob = Glob::new(pattern)
            .map_err(|error| wrong(pattern, &format!("is no pattern: {}", error.kind())))?;
        let glob = glob.compile_matcher();
        if !suite.cases.iter().any(|case| glob.is_match(&case.id)) {
            return Err(wrong(pattern, "matches no case"));
        }
        globs.push(glob);
    }
    let is_chosen = |id: &str| globs.is_empty() || globs.iter().any(|glob| glob.is_match(id));
    Ok(suite.cases.iter().filter(|case| is_chosen(&case.id)).collect())
}

fn handshakes(client: &Actor, cases: &[&Case], jobs: NonZeroUsize) -> Result<Vec<Judged>, Failure> {
    run_until_interrupted(async {
        let handshakes = Handshakes::start(client.clone())
            .await
            .map_err(|error| Failure::Call(error.to_string()))?;
        let bar = progress(cases.len(), Shown::Everything);
        let judged = stream::iter(cases.iter().map(|case| async {
            let judged = handshakes.judge(case).await;
            bar.inc(1);
            judged
        }));
        let judged = judged.buffered(jobs.get()).collect().await;
        bar.finish_and_clear();
        Ok(judged)
    })
}

/// How many are as limbo expects, and why the others were not judged, on standard error.
fn summarize(client: &Actor, judged: &[Judged]) -> io::Result<()> {
    let agrees = judged.iter().filter(|one| one.agrees() == Some(true)).count();
    let count = judged.iter().filter(|one| one.verdict.is_ok()).count();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for why in judged.iter().filter_map(|one| one.verdict.as_ref().err()) {
        *skipped.entry(why.to_string()).or_default() += 1;
    }
    let mut err = anstream::stderr().lock();
    writeln!(err, "{}: {agrees} of {count} as limbo expects", client.title())?;
    for (why, count) in skipped {
        writeln!(err, "  {count:>3} skipped: {why}")?;
    }
    Ok(())
}

/// How many of the suite's cases were judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Some,
}

fn record(client: &Actor, judged: &[Judged], scope: Scope, folder: &Path) -> Result<(), Failure> {
    let today = date(SystemTime::now());
    let version = client.version().unwrap_or(client.title());
    let mut measured = Measured::new(client.name(), version, today, judged);
    let name = measured.file_name().map_err(|error| Failure::Call(error.to_string()))?;
    let path = folder.join(name);
    if scope == Scope::Some && path.exists() {
        measured.keep_of(Measured::read(&Source::read(&path)?)?);
    }
    std::fs::write(&path, measured.write()).map_err(|source| Failure::Unwritable {
        option: "--record",
        path,
        source,
    })
}

/// Prints where the judgements are not as they are known to be, and tells whether there is no such place.
fn check(client: &Actor, judged: &[Judged], out: &mut dyn Write) -> Result<bool, Failure> {
    let check = Disagreements::of(client.name())?.check(judged);
    let unlike = Measured::of(client.name())?.map(|one| one.unlike(judged)).unwrap_or_default();
    even_if_unread(report::limbo::write(&check, &unlike, out))?;
    Ok(check.is_clean() && unlike.is_empty())
}
