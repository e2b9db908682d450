//! What a run needs, from the words of a command line: shared by the commands that play cases.

use std::{num::NonZero, path::PathBuf, sync::Arc};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wssure_harness::{
    case::{Case, Suite},
    certificate::Lab,
    client::{Actor, Profile},
    report::repeat::Again,
    run::{self, Keep, Plan, Report},
    subject::Subject,
};

use crate::{choose, exit::Failure, interrupt::run_until_interrupted, suite::Cases};

/// The subject where none is named.
pub const DEFAULT_SUBJECT: &str = "builtin";

/// The options that every command that plays cases has.
#[derive(Debug, Args)]
pub struct Options {
    /// Which proxy, by name or by the path of a TOML file
    #[arg(long, value_name = "NAME|PATH", default_value = DEFAULT_SUBJECT)]
    pub subject: String,

    /// Take the cases (*.toml, and claims.toml) from this folder instead of those that are built in
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,

    /// Keep the authority that the clients trust in this folder (made if it is not there), so that a remote browser
    /// or a phone can import DIR/authority.pem once
    #[arg(long, value_name = "DIR")]
    pub authority: Option<PathBuf>,

    /// How many cases to play side by side [default: two a core; one a core where a client is real]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZero<usize>>,
}

/// How much is shown, while it runs and at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Progress, and all there is.
    Everything,
    /// Only what is not as it should be, and the last line.
    Quiet,
}

impl Shown {
    /// As `--quiet` says.
    pub const fn unless(quiet: bool) -> Self {
        if quiet { Self::Quiet } else { Self::Everything }
    }
}

/// A run that can begin.
pub struct Setup {
    /// The cases that are played.
    pub cases: Vec<Arc<Case>>,
    /// All cases that there are, played or not, by id.
    pub all_cases: Vec<String>,
    /// How a single cell of this run is played again.
    pub again: Again,
    clients: Vec<Actor>,
    subject: Subject,
    lab: Lab,
    jobs: usize,
    keep: Option<Keep>,
}

impl Setup {
    /// Reads and checks everything that is named.
    ///
    /// # Errors
    /// The first thing that is not there, or is wrong.
    pub fn new(
        options: &Options,
        clients: &[String],
        remote: Vec<Actor>,
        filters: &[String],
    ) -> Result<Self, Failure> {
        let chosen = choose::clients(clients, remote)?;
        let known = choose::known_clients(&chosen)?;
        let suite = Cases::from(options.cases.clone()).read(known.iter().map(AsRef::as_ref))?;
        let subject = Subject::find(&options.subject)?;
        check_divergences(options, &subject, &suite, &known)?;
        let mut again = again(options);
        // A client of the user's own is known by its file.
        for (given, client) in clients.iter().zip(&chosen) {
            again = again.client(client.name(), given);
        }
        Ok(Self {
            cases: choose::cases(&suite, filters)?,
            all_cases: suite.cases.iter().map(|case| case.id.clone()).collect(),
            again,
            jobs: jobs(options.jobs, &chosen),
            clients: chosen,
            subject,
            lab: match &options.authority {
                Some(folder) => Lab::kept_in(folder)?,
                None => Lab::new()?,
            },
            keep: None,
        })
    }

    /// The same, keeping there what is played.
    pub fn keeping(mut self, keep: Option<Keep>) -> Self {
        self.keep = keep;
        self
    }

    /// Plays the cases.
    ///
    /// # Errors
    /// There was no run.
    pub fn play(self, shown: Shown) -> Result<Report, Failure> {
        let progress = progress(self.cases.len(), shown);
        let plan = Plan {
            cases: self.cases,
            clients: self.clients,
            subject: self.subject,
            lab: self.lab,
            wssure: Some(this_program()?),
            jobs: self.jobs,
            keep: self.keep,
        };
        let report = run_until_interrupted(async {
            Ok(run::run(plan, |finished| {
                progress.set_message(finished.id.clone());
                progress.inc(1);
            })
            .await?)
        });
        progress.finish_and_clear();
        report
    }
}

/// A pattern of the subject's file that matches no case is an error, but not where cases and subject
/// are not of one origin: what is built in does not know the user's own.
fn check_divergences(
    options: &Options,
    subject: &Subject,
    suite: &Suite,
    clients: &[Arc<Profile>],
) -> Result<(), Failure> {
    let subject_is_own = options.subject.ends_with(".toml");
    if options.cases.is_some() && !subject_is_own {
        return Ok(());
    }
    let ids: Vec<&str> = suite.cases.iter().map(|case| case.id.as_str()).collect();
    let clients: Vec<&str> = clients.iter().flat_map(|client| client.known_as()).collect();
    let (ids, clients) = (ids.iter().copied(), clients.iter().copied());
    subject.divergences().iter().try_for_each(|known| known.check(ids.clone(), clients.clone()))?;
    Ok(())
}

fn again(options: &Options) -> Again {
    let mut again = Again::new("wssure");
    if options.subject != DEFAULT_SUBJECT {
        again = again.option("--subject", &options.subject);
    }
    if let Some(folder) = &options.cases {
        again = again.option("--cases", &folder.to_string_lossy());
    }
    if let Some(folder) = &options.authority {
        again = again.option("--authority", &folder.to_string_lossy());
    }
    again
}

/// A bar for that many cases.
pub fn progress(cases: usize, shown: Shown) -> ProgressBar {
    if shown == Shown::Quiet {
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

/// A case with simulated clients waits a good part of its time: for a stall to be one, or for a time limit of the proxy.
fn jobs(wanted: Option<NonZero<usize>>, clients: &[Actor]) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let of_itself = if clients.iter().any(Actor::is_real) { cores } else { 2 * cores };
    wanted.map_or(of_itself, NonZero::get)
}
