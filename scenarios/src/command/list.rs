//! `wssure list`: what there is, a line each.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use wssure_harness::{
    Fault,
    case::{Holding, Judged, Shown},
    certificate::Kind,
    client::{
        self, Profile,
        profile::{Era, Provenance, Sort},
    },
};

use super::subjects;
use crate::{
    exit::{Failure, Verdict},
    suite::Cases,
};

const EXAMPLES: &str = "\
Examples:
  wssure list cases
  wssure list claims                           does the wiki page still hold, and for whom?
  wssure list cases --cases my-cases";

/// The arguments of `wssure list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What to list
    #[arg(value_enum)]
    what: What,

    /// Take the cases and claims from this folder instead of those that are built in
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The cases: id and title
    Cases,
    /// The clients: name, time, title, and where their rules come from
    Clients,
    /// The proxies that can be tested, and how to get them
    Subjects,
    /// The faults: name, where it sits, and what it means
    Faults,
    /// The wiki page's claims, and for which of today's clients they hold
    Claims,
    /// What people met, each with the cases that show it, or why none does
    Catalogue,
    /// The kinds of certificate that `make` and the cases know, with the faults that each has
    Kinds,
}

/// Lists it.
///
/// # Errors
/// A data file is wrong, or a claim has no case.
pub fn execute(arguments: &Arguments) -> Result<Verdict, Failure> {
    let mut out = anstream::stdout().lock();
    let source = Cases::from(arguments.cases.clone());
    match arguments.what {
        What::Cases => cases(&source, &mut out)?,
        What::Clients => clients(&mut out)?,
        What::Subjects => subjects::list(&mut out)?,
        What::Faults => faults(&mut out)?,
        What::Claims => return claims(&source, &mut out),
        What::Catalogue => catalogue(&source, &mut out)?,
        What::Kinds => kinds(&mut out)?,
    }
    Ok(Verdict::AsExpected)
}

fn cases(source: &Cases, out: &mut dyn Write) -> Result<(), Failure> {
    let clients = client::built_in()?;
    let suite = source.read(clients.iter().map(AsRef::as_ref))?;
    Ok(table(suite.cases.into_iter().map(|case| [case.id, case.title]), out)?)
}

fn clients(out: &mut dyn Write) -> Result<(), Failure> {
    let rows = client::built_in()?;
    let rows = rows.iter().map(|profile| {
        let sort = match (profile.kind, profile.era) {
            (Sort::Browser, Era::Today) => "today",
            (Sort::Browser, Era::Wiki) => "2012",
            (Sort::Tool, _) => "tool",
        };
        let provenance = match &profile.provenance {
            Provenance::Measured(how) => format!("measured: {how}"),
            Provenance::Documented(source) => format!("documented: {source}"),
        };
        [profile.name.clone(), sort.to_owned(), profile.title.clone(), provenance]
    });
    table(rows, out)?;
    writeln!(out, "\nReal ones, for --client:")?;
    let real = client::real::definition::built_in()?;
    let rows = real.iter().map(|definition| {
        let presence = match definition.programs() {
            Ok(_) => "on this machine".to_owned(),
            Err(missing) => format!("not here: {missing}"),
        };
        [format!("real:{}", definition.name), presence]
    });
    Ok(table(rows, out)?)
}

fn faults(out: &mut dyn Write) -> io::Result<()> {
    let row =
        |fault: &Fault| [fault.to_string(), fault.area().to_string(), fault.meaning().to_owned()];
    table(Fault::ALL.iter().map(row), out)
}

fn catalogue(source: &Cases, out: &mut dyn Write) -> Result<(), Failure> {
    let clients = client::built_in()?;
    let suite = source.read(clients.iter().map(AsRef::as_ref))?;
    let (mut shown, mut not) = (0, 0);
    for incident in &suite.incidents {
        let words = match &incident.shown {
            Shown::By(cases) => {
                shown += 1;
                format!("cases: {}", cases.join(", "))
            }
            Shown::Not(reason) => {
                not += 1;
                format!("not shown: {reason}")
            }
        };
        let sources = incident.sources.join(", ");
        writeln!(out, "{}\n  {}\n  {words}\n  source: {sources}", incident.id, incident.text)?;
    }
    let all = suite.incidents.len();
    writeln!(out, "{all} incidents: {shown} shown by cases, {not} not shown")?;
    Ok(())
}

fn kinds(out: &mut dyn Write) -> io::Result<()> {
    for kind in Kind::ALL {
        let faults: Vec<&str> = kind.plants().iter().map(|fault| fault.name()).collect();
        let faults = if faults.is_empty() { "no fault".to_owned() } else { faults.join(", ") };
        writeln!(out, "{kind}\n  {}\n  {faults}", kind.title())?;
    }
    Ok(())
}

/// How a claim fares with today's clients, as the cases have it.
enum Fares {
    Holds,
    Partly,
    Not,
}

fn claims(source: &Cases, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let clients = client::built_in()?;
    let suite = source.read(clients.iter().map(AsRef::as_ref))?;
    let file = source.claims_file();
    let (mut hold, mut partly, mut not) = (0, 0, 0);
    let mut orphans = Vec::new();
    for claim in &suite.claims {
        let holding = suite.holding(&claim.id, clients.iter().map(AsRef::<Profile>::as_ref));
        if holding.cases.is_empty() {
            orphans.push(claim.id.as_str());
            continue;
        }
        let (fares, words) = fares(&holding);
        match fares {
            Fares::Holds => hold += 1,
            Fares::Partly => partly += 1,
            Fares::Not => not += 1,
        }
        writeln!(
            out,
            "{}\n  {}\n  {words}\n  cases: {}",
            claim.id,
            claim.text,
            holding.cases.join(", ")
        )?;
    }
    writeln!(
        out,
        "{} claims: {hold} hold for every client of today of which they speak, {partly} for some, {not} for none",
        suite.claims.len()
    )?;
    if orphans.is_empty() {
        return Ok(Verdict::AsExpected);
    }
    Err(Failure::Call(format!(
        "{}: no case speaks of {}\n  hint: give a step of some case a [[step.claim]] with that id",
        file.display(),
        orphans.join(", ")
    )))
}

fn fares(holding: &Holding) -> (Fares, String) {
    let named = |wanted| -> Vec<&str> {
        let of = holding.clients.iter().filter(|(_, judged)| *judged == wanted);
        of.map(|(name, _)| name.as_str()).collect()
    };
    let (yes, no) = (named(Judged::Holds), named(Judged::Not));
    match (yes.is_empty(), no.is_empty()) {
        (_, true) => (Fares::Holds, "holds".to_owned()),
        (true, false) => (Fares::Not, "does not hold".to_owned()),
        (false, false) => {
            (Fares::Partly, format!("holds for {}, not for {}", yes.join(", "), no.join(", ")))
        }
    }
}

/// Rows in columns as wide as they need to be.
pub(super) fn table<const N: usize>(
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows: Vec<[String; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}
