//! `wssure run`: plays the cases and shows the matrix, what is unexpected, and the tally.

use std::{
    fs,
    io::{self, Write},
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
};

use clap::Args;
use wssure_harness::{
    case::Case,
    report::{details, matrix, repeat::Again, summary},
    run::{Keep, README, Report},
};

use crate::{
    choose,
    exit::{self, Failure, Verdict, even_if_unread},
    report_file::{Prepared, Wanted},
    setup::{Options, Setup, Shown},
    terminal,
};

const EXAMPLES: &str = "\
Examples:
  wssure run                                   every case, every browser, the built-in proxy
  wssure run wiki.firefox                      the cases of one of the wiki's claims
  wssure run 'wiki/*' --client firefox,safari  a folder of cases, two clients
  wssure run --subject websockify --report junit=websockify.xml
  wssure run --webdriver 'edge=http://grid.example:4444,browserName=MicrosoftEdge' --address 192.0.2.7
  wssure run certificates/expired --keep kept  and what to type to see it by hand
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

    /// A browser behind a WebDriver endpoint (a Selenium Grid, a device farm, a phone), as client remote:NAME; VALUE is JSON
    /// or a string; profile=NAME says whose rules it is held against, places=N how many sessions there may be at once; may be given again
    #[arg(
        long = "webdriver",
        value_name = "NAME=URL[,KEY=VALUE...]",
        help_heading = "Remote browsers"
    )]
    webdriver: Vec<String>,

    /// Where remote browsers find this machine: its address in their network
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1",
        help_heading = "Remote browsers"
    )]
    address: IpAddr,

    #[command(flatten)]
    options: Options,

    /// Keep in this folder, which must be new or empty, for each case the certificates as served, their private keys
    /// (readable by you alone), the subject's command line and log, and a README with the openssl, curl and browser
    /// commands that show the same by hand
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

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

/// Runs it.
///
/// # Errors
/// There was no run.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let remote = choose::remote(&arguments.webdriver, arguments.address)?;
    let setup = Setup::new(&arguments.options, &arguments.clients, remote, &arguments.filters)?;
    if arguments.list {
        return list(&setup.cases);
    }
    let again = setup.again.clone();
    let prepared =
        arguments.reports.into_iter().map(Wanted::prepare).collect::<Result<Vec<_>, _>>()?;
    let shown = Shown::unless(arguments.quiet);
    let keep = arguments.keep.as_deref().map(Keep::new).transpose();
    let keep = keep.map_err(|error| Failure::Call(format!("--keep: {error}")))?;
    let report = setup.keeping(keep.clone()).play(shown)?;

    prepared.into_iter().try_for_each(|prepared: Prepared| prepared.write(&report))?;
    even_if_unread(show(&report, &again, shown))?;
    if let Some(keep) = keep {
        even_if_unread(show_kept(&report, &keep))?;
    }
    Ok(if report.is_success() { Verdict::AsExpected } else { Verdict::NotAsExpected })
}

fn list(cases: &[Arc<Case>]) -> Result<Verdict, Failure> {
    let mut out = anstream::stdout().lock();
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default();
    for case in cases {
        writeln!(out, "{:width$}  {}", case.id, case.title)?;
    }
    Ok(Verdict::AsExpected)
}

/// A case alone is shown with its commands; of several, where they are.
fn show_kept(report: &Report, keep: &Keep) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "\nKept, with the private keys, for you alone:")?;
    for case in &report.cases {
        writeln!(out, "  {}", keep.of(&case.id).join(README).display())?;
    }
    if let [only] = report.cases.as_slice()
        && let Ok(readme) = fs::read_to_string(keep.of(&only.id).join(README))
    {
        writeln!(out, "\n{}", readme.trim_end())?;
    }
    Ok(())
}

fn show(report: &Report, again: &Again, shown: Shown) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if shown == Shown::Everything {
        matrix::write(report, terminal::width(), &mut out)?;
    }
    details::write(report, again, &mut out)?;
    summary::write(report, &mut out)?;
    out.flush()
}
