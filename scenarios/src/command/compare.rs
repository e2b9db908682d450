//! `wssure compare`: how faithful the simulation is, and what changed between two reports.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Args;
use wssure_harness::{
    client,
    compare::{self, Comparison, Known, Outcome, REAL, Record, measured},
    data::Source,
    report::{agreement, disagreements, json, repeat::Again},
};

use crate::{
    exit::{self, Failure, Verdict, even_if_unread},
    report_file::Place,
    setup::{DEFAULT_SUBJECT, Options, Setup, Shown},
    suite::Cases,
    terminal,
};

const EXAMPLES: &str = "\
Examples:
  wssure compare --real chromium,firefox           run simulated and real clients side by side
  wssure compare --real firefox 'trust/*'          the same, in some cases
  wssure compare run.json                          the simulated and the real clients of one report
  wssure compare run.json harness/clients/measured/firefox.toml
                                                   beside what the real one was measured to do
  wssure compare before.json after.json            two releases: what changed?
  wssure compare real.json --record harness/clients/measured
                                                   keep what the real clients showed, one file each

A report is what `wssure run --report json=FILE` writes. A client is held against `real:` and
its name, or against itself in the other file. A cell is one field of one step of one case.

A file of known disagreements has tables such as:
  [[known]]
  client = \"webkitgtk\"
  cases = [\"trust/*\"]
  field = \"code\"
  simulated = \"unknown_ca\"
  real = \"none\"
  reason = \"WebKitGTK gives a page no code for a WebSocket\"
";

/// The option that names the folder of measured files.
const RECORD: &str = "--record";

/// The arguments of `wssure compare`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n{}", exit::HELP))]
pub struct Arguments {
    /// One or two files: JSON reports, or measured files (*.toml). With --simulated or --real instead: which cases
    #[arg(value_name = "FILE|FILTER")]
    words: Vec<String>,

    /// Run these simulated clients [default: those of --real]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    simulated: Vec<String>,

    /// Run these real clients beside them [default: those of --simulated]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    real: Vec<String>,

    #[command(flatten)]
    options: Options,

    /// Disagreements that are known, with their reasons: they are shown, and are no failure while they happen
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,

    /// Write what the real clients showed to this folder, one measured file each; of one FILE, do only that
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// Write the whole comparison as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    json: Option<PathBuf>,

    /// Show no table and no progress: only what disagrees, and the last line
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

/// Compares.
///
/// # Errors
/// There was no run, or nothing to compare.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let known = match &arguments.known {
        Some(path) => Known::read(&Source::read(path)?)?,
        // What is built in is known of the built-in cases.
        None if arguments.options.cases.is_none() => measured::built_in_known()?,
        None => Known::default(),
    };
    let wanted = Wanted {
        known,
        json: arguments.json.clone().map(|path| Place::take("--json", path)).transpose()?,
        shown: Shown::unless(arguments.quiet),
    };
    if arguments.simulated.is_empty() && arguments.real.is_empty() {
        compare_files(&arguments, wanted)
    } else {
        compare_live(&arguments, wanted)
    }
}

/// What is wanted of a comparison, whatever is compared.
struct Wanted {
    known: Known,
    json: Option<Place>,
    shown: Shown,
}

fn compare_files(arguments: &Arguments, wanted: Wanted) -> Result<Verdict, Failure> {
    let options = &arguments.options;
    let is_for_a_run = options.cases.is_some()
        || options.jobs.is_some()
        || options.authority.is_some()
        || options.subject != DEFAULT_SUBJECT;
    if is_for_a_run {
        return Err(Failure::Call(
            "--subject, --cases, --authority and --jobs are for a run: add --simulated or --real"
                .to_owned(),
        ));
    }
    let files: Vec<&Path> = arguments.words.iter().map(Path::new).collect();
    let (left, right) = match *files.as_slice() {
        [one] => (compare::load(one)?, None),
        [one, other] => (compare::load(one)?, Some(compare::load(other)?)),
        _ => {
            return Err(Failure::Call(format!(
                "compare takes one or two files, and {} were given; to run clients side by side: --real NAME",
                files.len()
            )));
        }
    };
    if let Some(folder) = &arguments.record {
        if right.is_some() || wanted.json.is_some() || arguments.known.is_some() {
            return Err(Failure::Call(
                "--record of a report takes one FILE and compares nothing: no --json, no --known"
                    .to_owned(),
            ));
        }
        return record(&left, folder);
    }
    let records = || left.iter().chain(right.iter().flatten());
    // A report of some cases is no reason to doubt a pattern for the others.
    let suite = Cases::BuiltIn.read(client::built_in()?.iter().map(AsRef::as_ref))?;
    let built_in = suite.cases.iter().map(|case| case.id.as_str());
    let cases = records().flat_map(|record| record.cases.keys()).map(String::as_str);
    let clients = records().map(|record| record.origin.client.as_str());
    check_known(&wanted.known, cases.chain(built_in).collect(), clients.collect())?;
    let comparison = match &right {
        Some(right) => compare::between(&left, right, &wanted.known)?,
        None => compare::within(&left, &wanted.known)?,
    };
    wanted.give(&comparison, &again(&left))
}

fn compare_live(arguments: &Arguments, wanted: Wanted) -> Result<Verdict, Failure> {
    let clients = side_by_side(&arguments.simulated, &arguments.real);
    let setup = Setup::new(&arguments.options, &clients, Vec::new(), &arguments.words)?;
    let (again, cases) =
        (setup.again.clone(), setup.all_cases.iter().map(String::as_str).collect());
    check_known(&wanted.known, cases, clients.iter().map(String::as_str).collect())?;
    if let Some(folder) = &arguments.record {
        make(folder)?;
    }
    let report = setup.play(wanted.shown)?;
    let today = measured::date(SystemTime::now());
    let records = Record::of_report(&report, Some(&today), None);
    let recorded = match &arguments.record {
        Some(folder) => record(&records, folder)?,
        None => Verdict::AsExpected,
    };
    let comparison = compare::within(&records, &wanted.known)?;
    let compared = wanted.give(&comparison, &again)?;
    Ok(if recorded == Verdict::AsExpected { compared } else { recorded })
}

/// A known disagreement may speak of any of these cases, and of any client that is here or built in.
fn check_known(known: &Known, cases: Vec<&str>, clients: Vec<&str>) -> Result<(), Failure> {
    let built_in = client::built_in()?;
    let mut names = clients;
    names.extend(built_in.iter().map(|profile| profile.name.as_str()));
    Ok(known.check(cases, names)?)
}

/// The clients of a run in which each that is named on one side has its partner on the other.
fn side_by_side(simulated: &[String], real: &[String]) -> Vec<String> {
    let bare = |name: &String| name.strip_prefix(REAL).unwrap_or(name).to_owned();
    let real: Vec<String> = real.iter().map(bare).collect();
    let (simulated, real) = match (simulated, real.as_slice()) {
        ([], real) => (real, real),
        (simulated, []) => (simulated, simulated),
        both => both,
    };
    let real = real.iter().map(|name| format!("{REAL}{name}"));
    simulated.iter().cloned().chain(real).collect()
}

/// How a file's cells are played again: on the subject that it names.
fn again(records: &[Record]) -> Again {
    let subject = records.first().map_or(DEFAULT_SUBJECT, |record| &record.origin.subject);
    let again = Again::new("wssure");
    if subject == DEFAULT_SUBJECT { again } else { again.option("--subject", subject) }
}

impl Wanted {
    /// Writes and shows the comparison.
    fn give(self, comparison: &Comparison, again: &Again) -> Result<Verdict, Failure> {
        if let Some(place) = self.json {
            place.write(|out| json::write(comparison, out))?;
        }
        even_if_unread(show(comparison, again, self.shown))?;
        Ok(if comparison.is_agreement() { Verdict::AsExpected } else { Verdict::NotAsExpected })
    }
}

fn show(comparison: &Comparison, again: &Again, shown: Shown) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if shown == Shown::Everything {
        agreement::write(comparison, terminal::width(), &mut out)?;
    }
    disagreements::write(comparison, again, &mut out)?;
    agreement::summary(comparison, &mut out)?;
    out.flush()
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|source| Failure::Unwritable {
        option: RECORD,
        path: folder.to_owned(),
        source,
    })
}

/// Writes a measured file for each real client, and keeps what is there of other cases. One that was in trouble has not been measured well.
fn record(records: &[Record], folder: &Path) -> Result<Verdict, Failure> {
    let real: Vec<&Record> = records.iter().filter(|record| record.origin.is_real()).collect();
    if real.is_empty() {
        let message = format!("{RECORD}: there is no real client; its name begins with `{REAL}`");
        return Err(Failure::Call(message));
    }
    let unwritable = |path: &Path, source| Failure::Unwritable {
        option: "--record",
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
    let mut verdict = Verdict::AsExpected;
    let mut out = anstream::stdout().lock();
    for record in real {
        let name = measured::file_name(&record.origin)
            .map_err(|error| Failure::Call(format!("{RECORD}: {error}")))?;
        let path = folder.join(name);
        let kept = match path.exists() {
            true => compare::load(&path)?.into_iter().fold(record.clone(), Record::beside),
            false => record.clone(),
        };
        Place::take(RECORD, path.clone())?
            .write(|out| out.write_all(measured::write(&kept).as_bytes()))?;
        let results = record.cases.values().flat_map(|story| story.values());
        let (mut steps, mut skipped, mut trouble) = (0, 0, 0);
        for shown in results {
            match shown.result {
                Outcome::Seen(_) => steps += 1,
                Outcome::Skipped(_) => skipped += 1,
                Outcome::Trouble(_) => trouble += 1,
            }
        }
        if trouble > 0 {
            verdict = Verdict::NotAsExpected;
        }
        even_if_unread(writeln!(
            out,
            "{}: {steps} steps seen, {skipped} skipped, {trouble} in trouble",
            path.display()
        ))?;
    }
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(simulated: &[&str], real: &[&str]) -> Vec<String> {
        let owned =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        side_by_side(&owned(simulated), &owned(real))
    }

    #[test]
    fn one_side_implies_the_other() {
        let both = ["ios", "safari", "real:ios", "real:safari"];
        assert_eq!(clients(&[], &["ios", "real:safari"]), both);
        assert_eq!(clients(&["ios", "safari"], &[]), both);
        assert_eq!(clients(&["ios"], &["safari"]), ["ios", "real:safari"]);
    }
}
