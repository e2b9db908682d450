//! The matrix: a row for each case, grouped by folder, and a column for each client.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use super::{
    Cell,
    palette::{FAINT, HEADING},
};
use crate::run::{CaseResult, Report};

/// Of an id at least so much is shown, however narrow the terminal.
const NARROWEST_ID: usize = 12;
/// The blanks before an id.
const INDENT: usize = 2;
/// The blanks before a column.
const GAP: usize = 2;

/// Writes the matrix and its legend for a terminal of so many columns.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let layout = Layout::of(report, columns);
    layout.heading(report, out)?;
    let mut group = None;
    for case in &report.cases {
        let (folder, name) = split(&case.id);
        if group != Some(folder) {
            writeln!(out, "{HEADING}{folder}{HEADING:#}")?;
            group = Some(folder);
        }
        layout.row(case, name, out)?;
    }
    writeln!(out)?;
    legend(report, out)?;
    writeln!(out)
}

/// `wiki/self-signed` is `self-signed` in `wiki`.
fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or((".", id))
}

/// How the columns are headed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heads {
    /// With the clients' names.
    Names,
    /// With letters, which a list above explains.
    Letters,
}

struct Layout {
    id: usize,
    heads: Heads,
    widths: Vec<usize>,
}

impl Layout {
    fn of(report: &Report, columns: usize) -> Self {
        let id = report.cases.iter().map(|case| split(&case.id).1.chars().count()).max();
        let id = id.unwrap_or_default().max(NARROWEST_ID);
        let names: Vec<usize> =
            report.clients.iter().map(|client| client.name.chars().count()).collect();
        let needed =
            |widths: &[usize]| INDENT + id + widths.iter().map(|width| width + GAP).sum::<usize>();
        if needed(&names) <= columns {
            return Self { id, heads: Heads::Names, widths: names };
        }
        let narrow = vec![1; names.len()];
        let room = columns.saturating_sub(needed(&narrow) - id).max(NARROWEST_ID);
        Self { id: id.min(room), heads: Heads::Letters, widths: narrow }
    }

    fn heading(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let heads: Vec<String> = match self.heads {
            Heads::Names => report.clients.iter().map(|client| client.name.clone()).collect(),
            Heads::Letters => letters().take(report.clients.len()).collect(),
        };
        if self.heads == Heads::Letters {
            for (letter, client) in heads.iter().zip(&report.clients) {
                writeln!(out, "{letter} {}", client.name)?;
            }
            writeln!(out)?;
        }
        write!(out, "{:width$}", "", width = INDENT + self.id)?;
        for (head, width) in heads.iter().zip(&self.widths) {
            write!(out, "{:GAP$}{head:width$}", "")?;
        }
        writeln!(out)
    }

    fn row(&self, case: &CaseResult, name: &str, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{:INDENT$}{:id$}", "", cut(name, self.id), id = self.id)?;
        let mut gap = 0;
        for (client, width) in case.clients.iter().zip(&self.widths) {
            let cell = Cell::of(case, client);
            let (style, glyph) = (cell.style(), cell.glyph());
            // In the middle of its column, and nothing behind the last one.
            let (before, after) = ((width - 1) / 2, width / 2);
            write!(out, "{:gap$}{style}{glyph}{style:#}", "", gap = gap + GAP + before)?;
            gap = after;
        }
        writeln!(out)
    }
}

/// a, b, c ... z, and then aa.
fn letters() -> impl Iterator<Item = String> {
    let letters = || (b'a'..=b'z').map(char::from);
    let pairs =
        letters().flat_map(move |first| letters().map(move |second| format!("{first}{second}")));
    ('a'..='z').map(String::from).chain(pairs)
}

/// At most so many characters, the last of them a sign that there are more.
fn cut(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    name.chars().take(width - 1).chain(['…']).collect()
}

/// The glyphs that are used, each with its meaning.
fn legend(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let used: BTreeSet<char> = report
        .cases
        .iter()
        .flat_map(|case| case.clients.iter().map(|client| Cell::of(case, client).glyph()))
        .collect();
    for cell in Cell::ALL.iter().filter(|cell| used.contains(&cell.glyph())) {
        let style = cell.style();
        writeln!(out, "{style}{}{style:#} {FAINT}{}{FAINT:#}", cell.glyph(), cell.meaning())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{plain, report};

    #[test]
    fn every_cell_has_its_glyph_and_the_legend_explains_those_that_are_there() {
        insta::assert_snapshot!(plain(|out| write(&report(), usize::MAX, out)));
    }

    #[test]
    fn a_narrow_terminal_gets_letters_and_cut_names() {
        let narrow = plain(|out| write(&report(), 30, out));
        insta::assert_snapshot!(narrow);
        let matrix = narrow.split("\n\n").nth(1).unwrap();
        assert!(matrix.lines().all(|line| line.chars().count() <= 30), "{matrix}");
    }

    #[test]
    fn only_styles_differ_between_a_terminal_and_a_pipe() {
        let mut styled = Vec::new();
        write(&report(), usize::MAX, &mut styled).unwrap();
        assert!(String::from_utf8(styled).unwrap().contains("\u{1b}["));
        assert!(!plain(|out| write(&report(), usize::MAX, out)).contains('\u{1b}'));
    }

    #[test]
    fn there_are_letters_for_many_clients() {
        assert_eq!(letters().nth(25).as_deref(), Some("z"));
        assert_eq!(letters().nth(26).as_deref(), Some("aa"));
    }
}
