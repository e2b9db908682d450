//! Where the simulation is known to disagree with the real client.
//!
//! Like a subject's divergence, a known disagreement is data with a reason; one that matches no case, or that
//! no longer happens, is an error at its own file and line, so that the list stays true.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Aspect, Word, cells::Cell};
use crate::{
    case::Pattern,
    data::{DataError, Source},
    report::observation::printable,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    known: Vec<RawEntry>,
}

/// One `[[known]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    client: Spanned<String>,
    cases: Vec<Spanned<String>>,
    field: Aspect,
    #[serde(alias = "before")]
    simulated: Word,
    #[serde(alias = "after")]
    real: Spanned<Word>,
    reason: Spanned<String>,
    #[serde(default)]
    happens: Happens,
}

/// Whether a known disagreement must happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Happens {
    /// In every run: one that does not is no longer true.
    #[default]
    Always,
    /// By chance, as where two things race.
    Sometimes,
}

/// The known disagreements of a file; none by default.
#[derive(Clone, Debug, Default)]
pub struct Known(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    client: Spanned<String>,
    cases: Vec<Pattern>,
    aspect: Aspect,
    left: Word,
    right: Word,
    reason: String,
    happens: Happens,
    source: Source,
    right_span: Range<usize>,
}

impl Known {
    /// Reads a file of `[[known]]` tables: `client`, `cases` (patterns over ids), `field`, `simulated`, `real`,
    /// `reason`, and `happens = "sometimes"` for what happens by chance. For two reports of one client it is `before` and `after`.
    ///
    /// # Errors
    /// The first place where it is wrong.
    pub fn read(source: &Source) -> Result<Self, DataError> {
        let raw: RawFile = source.parse()?;
        raw.known.into_iter().map(|raw| Entry::new(source, raw)).collect::<Result<_, _>>().map(Self)
    }

    /// Checks that each pattern matches one of all the cases there are, and that each client is one.
    ///
    /// # Errors
    /// The first pattern that matches none, or name that is none.
    pub fn check<'a>(
        &self,
        all_cases: impl IntoIterator<Item = &'a str> + Clone,
        all_clients: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), DataError> {
        for entry in &self.0 {
            let client = entry.client.get_ref();
            if !all_clients.clone().into_iter().any(|name| name == client) {
                let message = format!("there is no client `{client}` here");
                let error = entry.source.error(entry.client.span(), message);
                return Err(error.did_you_mean(client, all_clients));
            }
            entry
                .cases
                .iter()
                .try_for_each(|cases| cases.check(&entry.source, all_cases.clone()))?;
        }
        Ok(())
    }

    /// Why this cell is known to disagree, if it is.
    pub(super) fn reason(&self, client: &str, case: &str, cell: &Cell) -> Option<&str> {
        let entry = self.of(client).find(|entry| entry.covers(case, cell) && entry.shows(cell))?;
        Some(&entry.reason)
    }

    /// What the file says of this client and did not happen, an error for each case: `cells` are all of
    /// the client's, each with its case.
    pub(super) fn stale(&self, client: &str, cells: &[(&str, Cell)]) -> Vec<DataError> {
        self.of(client).flat_map(|entry| entry.stale(cells)).collect()
    }

    fn of(&self, client: &str) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.client.get_ref() == client)
    }
}

impl Entry {
    fn new(source: &Source, raw: RawEntry) -> Result<Self, DataError> {
        if raw.reason.get_ref().trim().is_empty() {
            return Err(source.error(raw.reason.span(), "a known disagreement needs its reason"));
        }
        if *raw.real.get_ref() == raw.simulated {
            return Err(
                source.error(raw.real.span(), "both sides show the same: this is no disagreement")
            );
        }
        let cases =
            raw.cases.iter().map(|glob| Pattern::new(source, glob)).collect::<Result<_, _>>()?;
        Ok(Self {
            client: raw.client,
            cases,
            aspect: raw.field,
            left: raw.simulated,
            right_span: raw.real.span(),
            right: raw.real.into_inner(),
            reason: raw.reason.into_inner(),
            happens: raw.happens,
            source: source.clone(),
        })
    }

    fn covers(&self, case: &str, cell: &Cell) -> bool {
        self.aspect == cell.aspect && self.cases.iter().any(|cases| cases.matches(case))
    }

    fn shows(&self, cell: &Cell) -> bool {
        self.left == cell.left && self.right == cell.right
    }

    /// A cell in which one side is as the entry says, so that the other should be too.
    fn is_due(&self, cell: &Cell) -> bool {
        self.left == cell.left || self.right == cell.right
    }

    fn stale(&self, cells: &[(&str, Cell)]) -> Vec<DataError> {
        if self.happens == Happens::Sometimes {
            return Vec::new();
        }
        let covered: Vec<&(&str, Cell)> =
            cells.iter().filter(|(case, cell)| self.covers(case, cell)).collect();
        let shows = |case: &str| covered.iter().any(|(of, cell)| *of == case && self.shows(cell));
        let mut stale: Vec<&(&str, Cell)> = covered
            .iter()
            .copied()
            .filter(|(case, cell)| self.is_due(cell) && !shows(case))
            .collect();
        stale.dedup_by_key(|(case, _)| *case);
        // Nothing of it is left at all: one place says so.
        if stale.is_empty() && !covered.iter().any(|(_, cell)| self.shows(cell)) {
            stale.extend(covered.first().copied());
        }
        stale.iter().map(|(case, cell)| self.no_longer_happens(case, cell)).collect()
    }

    fn no_longer_happens(&self, case: &str, cell: &Cell) -> DataError {
        let message = format!(
            "this known disagreement did not happen in {case}: the {} was {} beside {}",
            self.aspect,
            printable(&cell.left.to_string()),
            printable(&cell.right.to_string()),
        );
        let hint = if cell.left == cell.right {
            "both sides agree now: remove the case from `cases`"
        } else {
            "mend both values, and the reason with them"
        };
        self.source.error(self.right_span.clone(), message).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[[known]]
client = "ios"
cases = ["trust/*"]
field = "code"
simulated = "A"
real = "B"
reason = "it names them in another order"
"#;

    fn read(text: &str) -> Result<Known, DataError> {
        Known::read(&Source::new("known.toml", text))
    }

    fn known() -> Known {
        read(FILE).unwrap()
    }

    fn cell(left: &str, right: &str) -> Cell {
        Cell { aspect: Aspect::Code, left: Word::text(left), right: Word::text(right) }
    }

    fn stale(cells: &[(&str, Cell)]) -> Vec<String> {
        known().stale("ios", cells).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_known_has_its_reason_and_nothing_else_has() {
        let known = known();
        let reason = Some("it names them in another order");
        assert_eq!(known.reason("ios", "trust/a", &cell("A", "B")), reason);
        assert_eq!(known.reason("ios", "trust/a", &cell("A", "C")), None);
        assert_eq!(known.reason("ios", "wiki/a", &cell("A", "B")), None);
        assert_eq!(known.reason("safari", "trust/a", &cell("A", "B")), None);
        let ending = Cell { aspect: Aspect::Ending, ..cell("A", "B") };
        assert_eq!(known.reason("ios", "trust/a", &ending), None);
    }

    #[test]
    fn what_still_happens_is_not_stale_whatever_else_the_pattern_covers() {
        let cells =
            [("trust/a", cell("X", "X")), ("trust/a", cell("A", "B")), ("trust/b", cell("C", "C"))];
        assert_eq!(stale(&cells), [""; 0]);
        assert_eq!(stale(&[("wiki/a", cell("A", "A"))]), [""; 0], "it speaks of other cases");
    }

    #[test]
    fn what_no_longer_happens_is_told_with_its_place_and_what_to_do() {
        let told = stale(&[("trust/a", cell("A", "B")), ("trust/b", cell("A", "A"))]);
        assert_eq!(told.len(), 1);
        let begins = "known.toml:7:8: this known disagreement did not happen in trust/b: the code was A beside A";
        assert!(told[0].starts_with(begins), "{told:?}");
        assert!(told[0].contains("both sides agree now"), "{told:?}");
        let mended = stale(&[("trust/a", cell("B", "B"))]);
        assert!(mended[0].contains("both sides agree now"), "{mended:?}");
        let gone = stale(&[("trust/a", cell("X", "Y")), ("trust/b", cell("X", "Y"))]);
        assert_eq!(gone.len(), 1, "{gone:?}");
    }

    #[test]
    fn a_wrong_file_is_told_at_its_line() {
        let wrong = |from: &str, to: &str| read(&FILE.replace(from, to)).unwrap_err().to_string();
        let reason = wrong("it names them in another order", " ");
        assert!(reason.starts_with("known.toml:8:10: a known disagreement needs"), "{reason}");
        assert!(wrong("\"B\"", "\"A\"").starts_with("known.toml:7:8: both sides show the same"));
        assert!(wrong("\"code\"", "\"cod\"").starts_with("known.toml:5:9: unknown variant `cod`"));
        assert!(wrong("trust/*", "trust/[").starts_with("known.toml:4:10: is no pattern"));
    }

    #[test]
    fn a_pattern_without_a_case_and_a_name_without_a_client_are_told() {
        let check = |cases: &[&str], clients: &[&str]| {
            known().check(cases.iter().copied(), clients.iter().copied())
        };
        assert_eq!(check(&["trust/a"], &["ios"]), Ok(()));
        let pattern = check(&["wiki/a"], &["ios"]).unwrap_err().to_string();
        assert!(pattern.starts_with("known.toml:4:10: no case matches `trust/*`"), "{pattern}");
        let client = check(&["trust/a"], &["iso"]).unwrap_err().to_string();
        assert!(client.starts_with("known.toml:3:10: there is no client `ios` here"), "{client}");
    }
}
