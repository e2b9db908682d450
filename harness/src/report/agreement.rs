//! The table of a comparison: a row for each pair of clients, a column for each field; and the last line.

use std::io::{self, Write};

use anstyle::Style;

use super::{
    observation::printable,
    palette::{BAD, FAINT, GOOD, HEADING, NOTABLE},
};
use crate::compare::{Agreement, Aspect, Comparison, Origin, Pair};

/// The blanks between columns.
const GAP: usize = 2;

/// Writes who is compared with whom, and the table of agreement for a terminal of so many columns. What does
/// not fit goes into further tables below.
///
/// # Errors
/// Those of `out`.
pub fn write(comparison: &Comparison, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for pair in &comparison.pairs {
        let (left, right) = pair.kinship.sides();
        writeln!(out, "{HEADING}{}{HEADING:#}", printable(&pair.name()))?;
        writeln!(out, "  {FAINT}{left:9}{FAINT:#}  {}", origin(&pair.left))?;
        writeln!(out, "  {FAINT}{right:9}{FAINT:#}  {}", origin(&pair.right))?;
    }
    writeln!(out)?;
    let names: Vec<String> = comparison.pairs.iter().map(|pair| printable(&pair.name())).collect();
    let head = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    for block in blocks(&table(comparison), columns.saturating_sub(head)) {
        write_block(block, &names, head, out)?;
    }
    alone(comparison, out)
}

fn origin(origin: &Origin) -> String {
    let said = [
        origin.version.as_deref().unwrap_or(&origin.title),
        origin.date.as_deref().unwrap_or_default(),
        &format!("on {}", origin.subject),
        origin.file.as_deref().unwrap_or_default(),
    ];
    let said: Vec<&str> = said.into_iter().filter(|word| !word.is_empty()).collect();
    format!("{}: {}", printable(&origin.client), printable(&said.join(", ")))
}

/// One column: its head, and a styled text for each pair.
struct Column {
    head: &'static str,
    cells: Vec<(Style, String)>,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|(_, text)| text.chars().count());
        cells.max().unwrap_or_default().max(self.head.len()) + GAP
    }
}

fn table(comparison: &Comparison) -> Vec<Column> {
    let column = |head, cell: &dyn Fn(&Pair) -> (Style, String)| Column {
        head,
        cells: comparison.pairs.iter().map(cell).collect(),
    };
    let fields = Aspect::ALL.iter().map(|aspect| {
        column(aspect.name(), &|pair| share(pair.fields.get(aspect).copied().unwrap_or_default()))
    });
    let percent = |pair: &Pair| {
        let (style, _) = share(pair.total);
        (style, pair.total.percent().unwrap_or_else(|| "-".to_owned()))
    };
    let rest = [
        column("all", &|pair| share(pair.total)),
        column("agree", &percent),
        column("known", &|pair| (NOTABLE, pair.total.known.to_string())),
        column("trouble", &|pair| (BAD, pair.troubles.len().to_string())),
        column("not-compared", &|pair| (NOTABLE, pair.not_compared.len().to_string())),
    ];
    fields.chain(rest).map(faint_where_nothing).collect()
}

fn share(agreement: Agreement) -> (Style, String) {
    let style = match (agreement.unknown(), agreement.known) {
        (0, 0) => GOOD,
        (0, _) => NOTABLE,
        _ => BAD,
    };
    (style, agreement.to_string())
}

fn faint_where_nothing(mut column: Column) -> Column {
    for (style, text) in &mut column.cells {
        if text == "-" || text == "0" {
            *style = FAINT;
        }
    }
    column
}

/// The columns, in as many runs as are needed for so much room.
fn blocks(columns: &[Column], room: usize) -> Vec<&[Column]> {
    let mut blocks = Vec::new();
    let (mut from, mut used) = (0, 0);
    for (at, column) in columns.iter().enumerate() {
        if at > from && used + column.width() > room {
            blocks.extend(columns.get(from..at));
            (from, used) = (at, 0);
        }
        used += column.width();
    }
    blocks.extend(columns.get(from..));
    blocks
}

fn write_block(
    block: &[Column],
    names: &[String],
    head: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "{:head$}", "")?;
    for column in block {
        write!(out, "{HEADING}{:>width$}{HEADING:#}", column.head, width = column.width())?;
    }
    writeln!(out)?;
    for (row, name) in names.iter().enumerate() {
        write!(out, "{name:head$}")?;
        for column in block {
            if let Some((style, text)) = column.cells.get(row) {
                write!(out, "{style}{text:>width$}{style:#}", width = column.width())?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn alone(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    if comparison.alone.is_empty() {
        return Ok(());
    }
    let names: Vec<String> =
        comparison.alone.iter().map(|origin| printable(&origin.client)).collect();
    writeln!(out, "{FAINT}without a partner: {}{FAINT:#}\n", names.join(", "))
}

/// Writes the last line: how many cells agree, and what else there is.
///
/// # Errors
/// Those of `out`.
pub fn summary(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let total = comparison.total();
    let (style, word) =
        if comparison.is_agreement() { (GOOD, "agreed") } else { (BAD, "DISAGREED") };
    let percent = total.percent().unwrap_or_else(|| "-".to_owned());
    write!(out, "{style}{word}{style:#}: {} of {} cells ({percent})", total.agreeing, total.cells)?;
    let rest = [
        (total.known, "known to disagree"),
        (total.unknown(), "not known to disagree"),
        (comparison.stale_known.len(), "known and did not happen"),
    ];
    for (count, what) in rest.iter().filter(|(count, _)| *count > 0) {
        write!(out, ", {count} {what}")?;
    }
    match comparison.not_compared() {
        0 => writeln!(out),
        1 => writeln!(out, "; 1 step was not compared"),
        count => writeln!(out, "; {count} steps were not compared"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::samples::comparison, report::samples::plain};

    #[test]
    fn the_table_has_every_field_and_hides_nothing() {
        insta::assert_snapshot!(plain(|out| write(&comparison(), usize::MAX, out)));
        insta::assert_snapshot!(plain(|out| summary(&comparison(), out)));
    }

    #[test]
    fn a_narrow_terminal_gets_several_tables_and_loses_no_column() {
        let narrow = plain(|out| write(&comparison(), 60, out));
        let (_, tables) = narrow.split_once("\n\n").unwrap();
        assert!(tables.lines().all(|line| line.chars().count() <= 60), "{tables}");
        let names = Aspect::ALL.iter().map(|aspect| aspect.name());
        for head in names.chain(["all", "agree", "known", "trouble", "not-compared"]) {
            assert!(tables.contains(head), "{head} is missing: {tables}");
        }
        let no_room = plain(|out| write(&comparison(), 0, out));
        assert!(no_room.contains("close-code"), "{no_room}");
    }
}
