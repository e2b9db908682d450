//! What disagrees in a comparison, grouped so that a pattern shows: what, where, and how to see it again.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{
    observation::printable,
    palette::{BAD, FAINT, HEADING, NOTABLE},
    repeat::Again,
};
use crate::compare::{Comparison, Disagreement, Group, Kinship, Pair, Unseen};

/// Writes every disagreement, known or not, and every step that failed or was skipped.
///
/// # Errors
/// Those of `out`.
pub fn write(comparison: &Comparison, again: &Again, out: &mut dyn Write) -> io::Result<()> {
    for pair in &comparison.pairs {
        for group in pair.groups() {
            write_group(pair, &group, again, out)?;
        }
        for (reason, steps) in by_reason(&pair.troubles) {
            writeln!(out, "{BAD}TROUBLE{BAD:#} {HEADING}{}{HEADING:#}", printable(reason))?;
            places(&steps, out)?;
            repeat(pair, steps.iter().map(|step| step.case.as_str()), again, out)?;
        }
        for (reason, steps) in by_reason(&pair.not_compared) {
            let name = printable(&pair.name());
            writeln!(out, "{NOTABLE}NOT COMPARED{NOTABLE:#} {name}: {}", printable(reason))?;
            places(&steps, out)?;
            writeln!(out)?;
        }
    }
    for stale in &comparison.stale_known {
        writeln!(out, "{BAD}STALE{BAD:#} {stale}\n")?;
    }
    Ok(())
}

fn write_group(
    pair: &Pair,
    group: &Group<'_>,
    again: &Again,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, word) = match group.known {
        Some(_) => (NOTABLE, "known"),
        None => (BAD, "DISAGREES"),
    };
    let (left, right) = pair.kinship.sides();
    writeln!(
        out,
        "{style}{word}{style:#} {HEADING}{}: {}{HEADING:#}, {left} {HEADING}{}{HEADING:#}, {right} {style}{}{style:#}",
        printable(&pair.name()),
        group.field,
        printable(&group.left.to_string()),
        printable(&group.right.to_string()),
    )?;
    if let Some(reason) = group.known {
        writeln!(out, "  {FAINT}reason:{FAINT:#} {}", printable(reason))?;
    }
    // Neighbours that look alike in every field are shown with one look.
    let alike = |one: &&Disagreement, next: &&Disagreement| {
        (&one.left, &one.right) == (&next.left, &next.right)
    };
    for places in group.places.chunk_by(alike) {
        for place in places {
            write_place(&place.case, place.step, &place.action, out)?;
        }
        if let Some(place) = places.last() {
            writeln!(out, "    {FAINT}{left:9}  {}{FAINT:#}", printable(&place.left.to_string()))?;
            writeln!(
                out,
                "    {FAINT}{right:9}  {}{FAINT:#}",
                printable(&place.right.to_string())
            )?;
        }
    }
    repeat(pair, group.places.iter().map(|place| place.case.as_str()), again, out)
}

fn by_reason(unseen: &[Unseen]) -> BTreeMap<&str, Vec<&Unseen>> {
    let mut reasons: BTreeMap<&str, Vec<&Unseen>> = BTreeMap::new();
    for step in unseen {
        reasons.entry(&step.reason).or_default().push(step);
    }
    reasons
}

fn places(steps: &[&Unseen], out: &mut dyn Write) -> io::Result<()> {
    steps.iter().try_for_each(|step| write_place(&step.case, step.step, &step.action, out))
}

fn write_place(case: &str, step: usize, action: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {} step {step}: {}", printable(case), printable(action))
}

/// The command that plays all these cases again, each named once.
fn repeat<'a>(
    pair: &Pair,
    cases: impl Iterator<Item = &'a str>,
    again: &Again,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut cases: Vec<&str> = cases.collect();
    cases.dedup();
    let client = &pair.left.client;
    let command = match pair.kinship {
        Kinship::SimulatedAndReal => again.comparison(&cases, client, pair.right.base()),
        Kinship::BeforeAndAfter => again.cases(&cases, client),
    };
    writeln!(out, "  {FAINT}again:{FAINT:#} {}\n", printable(&command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::samples::comparison, report::samples::plain};

    #[test]
    fn like_disagreements_stand_together_with_both_observations_and_the_command() {
        let again = Again::new("wssure").option("--subject", "websockify");
        insta::assert_snapshot!(plain(|out| write(&comparison(), &again, out)));
    }

    #[test]
    fn what_a_client_says_cannot_drive_the_terminal() {
        let mut comparison = comparison();
        comparison.pairs[0].troubles[0].reason = "\u{1b}[31mred".to_owned();
        let text = plain(|out| write(&comparison, &Again::new("wssure"), out));
        assert!(text.contains(r"\u{1b}[31mred"), "{text}");
    }
}
