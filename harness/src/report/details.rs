//! What is not as expected, cell by cell: where, what was expected and what happened, and how to see it again.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{
    observation::{printable, sentence},
    palette::{BAD, FAINT, HEADING, NOTABLE},
    repeat::Again,
};
use crate::run::{CaseResult, Difference, Report, StepResult, Verdict};

/// How many log lines of one cell are shown.
const LOG_LINES: usize = 12;

/// Writes every unexpected verdict, trouble and skipped case, the known divergences by reason, and those
/// that did not happen.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, again: &Again, out: &mut dyn Write) -> io::Result<()> {
    let places = places(report);
    for place in places.iter().filter(|place| *place.verdict == Verdict::Unexpected) {
        unexpected(place, again, out)?;
    }
    for place in &places {
        match place.verdict {
            Verdict::Trouble(reason) => trouble(place, reason, again, out)?,
            Verdict::Skipped(reason) => {
                writeln!(
                    out,
                    "{NOTABLE}SKIPPED{NOTABLE:#} {}: {}\n",
                    place.headline(),
                    printable(reason)
                )?;
            }
            _ => {}
        }
    }
    known(&places, out)?;
    stale(report, out)
}

/// One start, one dialogue, or one step of one client.
struct Place<'a> {
    case: &'a CaseResult,
    client: Option<&'a str>,
    line: usize,
    action: String,
    verdict: &'a Verdict,
    differences: &'a [Difference],
    seen: Option<String>,
    log: &'a [String],
}

fn places(report: &Report) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for case in &report.cases {
        places.push(Place {
            case,
            client: None,
            line: case.start.line,
            action: "the proxy's start".to_owned(),
            verdict: &case.start.verdict,
            differences: &case.start.differences,
            seen: None,
            log: &case.start.log,
        });
        places.extend(case.dialogues.iter().map(|step| place(case, None, step)));
        for client in &case.clients {
            let name = Some(client.client.as_str());
            places.extend(client.steps.iter().map(|step| place(case, name, step)));
        }
    }
    places
}

fn place<'a>(case: &'a CaseResult, client: Option<&'a str>, step: &'a StepResult) -> Place<'a> {
    Place {
        case,
        client,
        line: step.line,
        action: format!("step {}: {}", step.number, step.action),
        verdict: &step.verdict,
        differences: &step.differences,
        seen: step.observation.as_ref().map(sentence),
        log: &step.log,
    }
}

impl Place<'_> {
    fn headline(&self) -> String {
        let client = self.client.map_or_else(String::new, |client| format!("{client}, "));
        format!("{}:{} {client}{}", self.case.file, self.line, self.action)
    }
}

fn unexpected(place: &Place<'_>, again: &Again, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BAD}UNEXPECTED{BAD:#} {HEADING}{}{HEADING:#}", place.headline())?;
    let width = place.differences.iter().map(|one| one.field.to_string().len()).max();
    let width = width.unwrap_or_default();
    for difference in place.differences {
        let Difference { field, expected, observed, known } = difference;
        let field = field.to_string();
        write!(
            out,
            "  {field:width$}  expected {HEADING}{}{HEADING:#}, observed {BAD}{}{BAD:#}",
            printable(expected),
            printable(observed)
        )?;
        match known {
            Some(reason) => writeln!(out, " {FAINT}(known: {reason}){FAINT:#}")?,
            None => writeln!(out)?,
        }
    }
    if let Some(seen) = &place.seen {
        writeln!(out, "  {FAINT}seen:{FAINT:#}  {}", printable(seen))?;
    }
    if place.log.is_empty() {
        writeln!(out, "  {FAINT}log:{FAINT:#}   the proxy printed nothing")?;
    } else {
        writeln!(out, "  {FAINT}log:{FAINT:#}")?;
        log(place.log, out)?;
    }
    repeat(place, again, out)
}

fn trouble(place: &Place<'_>, reason: &str, again: &Again, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BAD}TROUBLE{BAD:#} {HEADING}{}{HEADING:#}", place.headline())?;
    reason.lines().try_for_each(|line| writeln!(out, "  {}", printable(line)))?;
    repeat(place, again, out)
}

fn repeat(place: &Place<'_>, again: &Again, out: &mut dyn Write) -> io::Result<()> {
    let command = again.command(&place.case.id, place.client);
    writeln!(out, "  {FAINT}again:{FAINT:#} {command}\n")
}

fn log(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in lines.iter().take(LOG_LINES) {
        writeln!(out, "    {FAINT}|{FAINT:#} {}", printable(line))?;
    }
    match lines.len().saturating_sub(LOG_LINES) {
        0 => Ok(()),
        more => writeln!(out, "    {FAINT}| and {more} lines more{FAINT:#}"),
    }
}

/// The known divergences, each reason once with how often it was seen.
fn known(places: &[Place<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in
        places.iter().flat_map(|place| place.differences).filter_map(|one| one.known.as_deref())
    {
        *reasons.entry(reason).or_default() += 1;
    }
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(out, "{NOTABLE}Known to differ{NOTABLE:#}, by reason:")?;
    for (reason, count) in reasons {
        writeln!(out, "  {count:4} x {reason}")?;
    }
    writeln!(out)
}

fn stale(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for stale in &report.stale_divergences {
        writeln!(out, "{BAD}STALE{BAD:#} {stale}\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{plain, report};

    #[test]
    fn what_is_not_as_expected_is_shown_with_its_place_and_the_way_to_see_it_again() {
        let again = Again::new("wssure").option("--subject", "websockify");
        insta::assert_snapshot!(plain(|out| write(&report(), &again, out)));
    }

    #[test]
    fn what_a_proxy_prints_cannot_drive_the_terminal() {
        let text = plain(|out| write(&report(), &Again::new("wssure"), out));
        assert!(text.contains(r"colour: \u{1b}[31mred"), "{text}");
    }
}
