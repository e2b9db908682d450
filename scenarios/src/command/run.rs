//! `wssure run`: plays the cases and shows the matrix, what is unexpected, and the tally.

use std::{
    io::{self, Write},
    num::NonZero,
    path::PathBuf,
    sync::Arc,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wssure_harness::{
    case::{Case, Suite},
    client::{Actor, Profile},
    report::{details, matrix, repeat::Again, summary},
    run::{self, Plan, Report},
    subject::Subject,
};

use crate::{
    choose,
    exit::{self, Failure, Verdict, even_if_unread},
    interrupt::run_until_interrupted,
    report_file::{Prepared, Wanted},
    suite::Cases,
};

const EXAMPLES: &str = "\
Examples:
  wssure run                                   every case, every browser, the built-in proxy
  wssure run wiki.firefox                      the cases of one of the wiki's claims
  wssure run 'wiki/*' --client firefox,safari  a folder of cases, two clients
  wssure run --subject websockify --report junit=websockify.xml
  wssure run --cases my-cases --client my-browser.toml --subject my-proxy.toml
";

/// The arguments of `wssure run`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n{}", exit::HELP))]
pub struct Arguments {
    /// Which cases: an id, part of one, a pattern such as 'wiki/*', or a claim's id [default: all]
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,

    /// Which clients, by name or by the path of a TOML file [default: every browser that is built in]
    #[arg(long = "client", value_name = "NAME|PATH", value_delimiter = ',')]
    clients: Vec<String>,

    /// Which proxy, by name or by the path of a TOML file
    #[arg(long, value_name = "NAME|PATH", default_value = DEFAULT_SUBJECT)]
    subject: String,

    /// Take the cases (*.toml, and claims.toml) from this folder instead of those that are built in
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,

    /// How many cases to play side by side [default: one a core]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Show what would run, and run nothing
    #[arg(long)]
    list: bool,

    /// Write a report too: json=FILE or junit=FILE; may be given again
    #[arg(long = "report", value_name = "FORMAT=FILE")]
    reports: Vec<Wanted>,

    /// Show no matrix and no progress: only what is unexpected, and the tally
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

const DEFAULT_SUBJECT: &str = "builtin";

/// Runs it.
///
/// # Errors
/// There was no run.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let clients = choose::clients(&arguments.clients)?;
    let known = choose::known_clients(&clients)?;
    let source = Cases::from(arguments.cases.clone());
    let suite = source.read(known.iter().map(AsRef::as_ref))?;
    let subject = Subject::find(&arguments.subject)?;
    check_divergences(&arguments, &subject, &suite, &known)?;
    let cases = choose::cases(&suite, &arguments.filters)?;
    if arguments.list {
        return list(&cases);
    }
    let again = again(&arguments, &clients);
    let prepared =
        arguments.reports.into_iter().map(Wanted::prepare).collect::<Result<Vec<_>, _>>()?;

    let progress = progress(cases.len(), arguments.quiet);
    let plan =
        Plan { cases, clients, subject, wssure: Some(this_program()?), jobs: jobs(arguments.jobs) };
    let report = run_until_interrupted(async {
        Ok(run::run(plan, |finished| {
            progress.set_message(finished.id.clone());
            progress.inc(1);
        })
        .await?)
    });
    progress.finish_and_clear();
    let report = report?;

    prepared.into_iter().try_for_each(|prepared: Prepared| prepared.write(&report))?;
    let shown = if arguments.quiet { Shown::Quiet } else { Shown::Everything };
    even_if_unread(show(&report, &again, shown))?;
    Ok(if report.is_success() { Verdict::AsExpected } else { Verdict::NotAsExpected })
}

/// A pattern of the subject's file that matches no case is an error, but not where cases and subject
/// are not of one origin: what is built in does not know the user's own.
fn check_divergences(
    arguments: &Arguments,
    subject: &Subject,
    suite: &Suite,
    clients: &[Arc<Profile>],
) -> Result<(), Failure> {
    let subject_is_own = arguments.subject.ends_with(".toml");
    if arguments.cases.is_some() && !subject_is_own {
        return Ok(());
    }
    let ids: Vec<&str> = suite.cases.iter().map(|case| case.id.as_str()).collect();
    let clients: Vec<&str> = clients.iter().flat_map(|client| client.known_as()).collect();
    let (ids, clients) = (ids.iter().copied(), clients.iter().copied());
    subject.divergences().iter().try_for_each(|known| known.check(ids.clone(), clients.clone()))?;
    Ok(())
}

fn list(cases: &[Arc<Case>]) -> Result<Verdict, Failure> {
    let mut out = anstream::stdout().lock();
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default();
    for case in cases {
        writeln!(out, "{:width$}  {}", case.id, case.title)?;
    }
    Ok(Verdict::AsExpected)
}

/// How a single cell of this run is played again.
fn again(arguments: &Arguments, clients: &[Actor]) -> Again {
    let mut again = Again::new("wssure");
    if arguments.subject != DEFAULT_SUBJECT {
        again = again.option("--subject", &arguments.subject);
    }
    if let Some(folder) = &arguments.cases {
        again = again.option("--cases", &folder.to_string_lossy());
    }
    // A client of the user's own is known by its file.
    for (given, actor) in arguments.clients.iter().zip(clients) {
        again = again.client(actor.name(), given);
    }
    again
}

fn progress(cases: usize, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    // Drawn on stderr, and only if that is a terminal.
    let bar = ProgressBar::new(u64::try_from(cases).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{bar:24} {pos}/{len} cases  {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|source| Failure::System { doing: "find this program's own file", source })
}

fn jobs(wanted: Option<NonZero<usize>>) -> usize {
    let cores = || std::thread::available_parallelism().ok();
    wanted.or_else(cores).map_or(1, NonZero::get)
}

/// How much of a report is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Everything,
    Quiet,
}

fn show(report: &Report, again: &Again, shown: Shown) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if shown == Shown::Everything {
        matrix::write(report, width(), &mut out)?;
    }
    details::write(report, again, &mut out)?;
    summary::write(report, &mut out)?;
    out.flush()
}

/// The columns of the terminal; what is piped is not cut.
fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map_or(usize::MAX, |(terminal_size::Width(columns), _)| columns.into())
}
