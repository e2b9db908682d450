//! What a comparison found: its types, from the whole down to one cell, and how they are counted and grouped.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Aspect, Kinship, Origin, Word, Words};

/// The version of the comparison's shape. It changes when a reader of the old shape would go wrong.
pub const COMPARISON_VERSION: u32 = 1;

/// How far clients agree, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The version of this shape: 1.
    pub version: u32,
    /// The program and its version.
    pub program: String,
    /// The pairs of clients that were compared.
    pub pairs: Vec<Pair>,
    /// The clients that have no partner.
    pub alone: Vec<Origin>,
    /// Known disagreements that did not happen, each with its place.
    pub stale_known: Vec<String>,
}

/// Two clients, or one in two reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Pair {
    /// What the two sides have to do with each other.
    pub kinship: Kinship,
    /// The simulated client, or the earlier report.
    pub left: Origin,
    /// The real client, or the later report.
    pub right: Origin,
    /// How far they agree, by field.
    pub fields: BTreeMap<Aspect, Agreement>,
    /// How far they agree in all.
    pub total: Agreement,
    /// The steps in which something disagrees.
    pub disagreements: Vec<Disagreement>,
    /// The steps in which a side failed. Everything that the other side shows there disagrees with it.
    pub troubles: Vec<Unseen>,
    /// The steps that were not compared. They are no cells.
    pub not_compared: Vec<Unseen>,
}

/// How many cells agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Agreement {
    /// All cells.
    pub cells: usize,
    /// Those in which both sides show the same.
    pub agreeing: usize,
    /// Those in which they are known not to.
    pub known: usize,
}

/// One step in which something disagrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Disagreement {
    /// The case's id.
    pub case: String,
    /// The step's number, from 1.
    pub step: usize,
    /// What was done.
    pub action: String,
    /// What the left side showed in all fields.
    pub left: Words,
    /// What the right side showed in all fields.
    pub right: Words,
    /// The cells that disagree.
    pub cells: Vec<Differing>,
}

/// One cell that disagrees. A word that only one side has stands beside `none`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Differing {
    /// Which field.
    pub field: Aspect,
    /// What the left side showed.
    pub left: Word,
    /// What the right side showed.
    pub right: Word,
    /// Why this is known; none if it is not.
    pub known: Option<String>,
}

/// A step in which a side showed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Unseen {
    /// The case's id.
    pub case: String,
    /// The step's number, from 1; 0 is the proxy's start.
    pub step: usize,
    /// What was to be done.
    pub action: String,
    /// What kept it from being compared.
    pub cause: Cause,
    /// The same in words, with whose it was.
    pub reason: String,
}

/// What keeps a step from being compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A client, or the harness, failed.
    Failed,
    /// A client did not try.
    Skipped,
    /// One side does not have the case.
    CaseAbsent,
    /// The step does something else on each side: the case has changed between them.
    CaseChanged,
}

impl Agreement {
    pub(super) fn count(&mut self, verdict: CellVerdict) {
        self.cells += 1;
        match verdict {
            CellVerdict::Agrees => self.agreeing += 1,
            CellVerdict::Known => self.known += 1,
            CellVerdict::Disagrees => {}
        }
    }

    fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.agreeing += other.agreeing;
        self.known += other.known;
    }

    /// Those that disagree and are not known to.
    pub const fn unknown(&self) -> usize {
        self.cells - self.agreeing - self.known
    }

    /// The share that agrees, in percent to one decimal, rounded down: 100.0 only where all agree.
    /// None where there is no cell.
    pub fn percent(&self) -> Option<String> {
        let per_mille = (self.agreeing * 1000).checked_div(self.cells)?;
        Some(format!("{}.{}%", per_mille / 10, per_mille % 10))
    }
}

/// As `agreeing/cells`; `-` where there is no cell.
impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cells {
            0 => f.pad("-"),
            cells => f.pad(&format!("{}/{cells}", self.agreeing)),
        }
    }
}

/// How one cell is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellVerdict {
    Agrees,
    Known,
    Disagrees,
}

/// The places at which one field shows the same two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Which field.
    pub field: Aspect,
    /// What the left side showed.
    pub left: &'a Word,
    /// What the right side showed.
    pub right: &'a Word,
    /// Why this is known; none if it is not.
    pub known: Option<&'a str>,
    /// Where.
    pub places: Vec<&'a Disagreement>,
}

impl Pair {
    /// What the row of this pair is called.
    pub fn name(&self) -> String {
        match self.kinship {
            Kinship::SimulatedAndReal => self.left.client.clone(),
            Kinship::BeforeAndAfter => format!("{}, before and after", self.left.client),
        }
    }

    /// The disagreements by field and values, those that are not known first, then the largest first.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<_, Vec<&Disagreement>> = BTreeMap::new();
        for place in &self.disagreements {
            for cell in &place.cells {
                let key = (cell.known.as_deref(), cell.field, &cell.left, &cell.right);
                groups.entry(key).or_default().push(place);
            }
        }
        let mut groups: Vec<Group<'_>> = groups
            .into_iter()
            .map(|((known, field, left, right), places)| Group {
                field,
                left,
                right,
                known,
                places,
            })
            .collect();
        groups.sort_by_key(|group| (group.known, std::cmp::Reverse(group.places.len())));
        groups
    }
}

impl Comparison {
    /// How far all pairs agree.
    pub fn total(&self) -> Agreement {
        let mut total = Agreement::default();
        self.pairs.iter().for_each(|pair| total.add(pair.total));
        total
    }

    /// How many steps were not compared.
    pub fn not_compared(&self) -> usize {
        self.pairs.iter().map(|pair| pair.not_compared.len()).sum()
    }

    /// Whether every cell agrees or is known not to, and everything that is known has happened.
    pub fn is_agreement(&self) -> bool {
        self.total().unknown() == 0 && self.stale_known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_all_only_where_all_agree() {
        let share = |agreeing, cells| Agreement { cells, agreeing, known: 0 }.percent();
        assert_eq!(share(2000, 2000).as_deref(), Some("100.0%"));
        assert_eq!(share(1999, 2000).as_deref(), Some("99.9%"));
        assert_eq!(share(0, 3).as_deref(), Some("0.0%"));
        assert_eq!(share(0, 0), None);
    }
}
