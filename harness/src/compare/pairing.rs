//! Which record is held against which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Record;

/// What two records have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kinship {
    /// A simulated client on the left, the real one on the right.
    SimulatedAndReal,
    /// The same client in two reports: before on the left, after on the right.
    BeforeAndAfter,
}

impl Kinship {
    /// What the left and the right side are called.
    pub const fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::SimulatedAndReal => ("simulated", "real"),
            Self::BeforeAndAfter => ("before", "after"),
        }
    }
}

/// Two records that are held against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paired<'a> {
    pub kinship: Kinship,
    pub left: &'a Record,
    pub right: &'a Record,
}

/// The pairs, and the records that have no partner.
pub(super) struct Pairing<'a> {
    pub pairs: Vec<Paired<'a>>,
    pub alone: Vec<&'a Record>,
}

/// Pairs the records of one file: each real client with the simulated one of its name.
pub(super) fn within(records: &[Record]) -> Pairing<'_> {
    let mut pairs = Vec::new();
    pair_kinds(records, records, &mut pairs);
    Pairing { alone: alone(&pairs, records.iter()), pairs }
}

/// Pairs the records of two files: each client with itself, and what is then left with its counterpart.
pub(super) fn between<'a>(left: &'a [Record], right: &'a [Record]) -> Pairing<'a> {
    let mut pairs = Vec::new();
    for before in left {
        let same = right.iter().find(|after| after.origin.client == before.origin.client);
        pairs.extend(same.map(|after| Paired {
            kinship: Kinship::BeforeAndAfter,
            left: before,
            right: after,
        }));
    }
    pair_kinds(left, right, &mut pairs);
    pair_kinds(right, left, &mut pairs);
    Pairing { alone: alone(&pairs, left.iter().chain(right)), pairs }
}

/// Adds a pair for each simulated and real client of one name, unless both have partners already.
fn pair_kinds<'a>(simulated: &'a [Record], real: &'a [Record], pairs: &mut Vec<Paired<'a>>) {
    for left in simulated.iter().filter(|record| !record.origin.is_real()) {
        let counterpart = |record: &&Record| {
            record.origin.is_real() && record.origin.base() == left.origin.client
        };
        let Some(right) = real.iter().find(counterpart) else { continue };
        if !(is_in(pairs, left) && is_in(pairs, right)) {
            pairs.push(Paired { kinship: Kinship::SimulatedAndReal, left, right });
        }
    }
}

fn is_in(pairs: &[Paired<'_>], record: &Record) -> bool {
    pairs.iter().any(|pair| std::ptr::eq(pair.left, record) || std::ptr::eq(pair.right, record))
}

fn alone<'a>(pairs: &[Paired<'a>], records: impl Iterator<Item = &'a Record>) -> Vec<&'a Record> {
    records.filter(|record| !is_in(pairs, record)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::samples::record;

    fn records(names: &[&str]) -> Vec<Record> {
        names.iter().map(|name| record(name, &[])).collect()
    }

    fn named(pairing: &Pairing<'_>) -> (Vec<(String, String)>, Vec<String>) {
        let name = |record: &Record| record.origin.client.clone();
        let pair = |pair: &Paired<'_>| (name(pair.left), name(pair.right));
        (
            pairing.pairs.iter().map(pair).collect(),
            pairing.alone.iter().map(|record| name(record)).collect(),
        )
    }

    #[track_caller]
    fn assert_pairs(pairing: &Pairing<'_>, pairs: &[(&str, &str)], alone: &[&str]) {
        let owned = |(left, right): &(&str, &str)| ((*left).to_owned(), (*right).to_owned());
        let (found, without) = named(pairing);
        assert_eq!(found, pairs.iter().map(owned).collect::<Vec<_>>());
        assert_eq!(without, alone);
    }

    #[test]
    fn one_report_is_paired_within_itself() {
        let all = records(&["chromium", "firefox", "real:chromium", "real:curl"]);
        let pairs = [("chromium", "real:chromium")];
        assert_pairs(&within(&all), &pairs, &["firefox", "real:curl"]);
    }

    #[test]
    fn the_simulated_one_is_on_the_left_whichever_file_comes_first() {
        let (simulated, real) = (records(&["chromium", "ios"]), records(&["real:chromium"]));
        let pairs = [("chromium", "real:chromium")];
        assert_pairs(&between(&simulated, &real), &pairs, &["ios"]);
        assert_pairs(&between(&real, &simulated), &pairs, &["ios"]);
    }

    #[test]
    fn two_releases_are_before_and_after() {
        let (before, after) = (records(&["ios", "real:curl"]), records(&["real:curl", "ios"]));
        let pairing = between(&before, &after);
        assert_pairs(&pairing, &[("ios", "ios"), ("real:curl", "real:curl")], &[]);
        assert!(pairing.pairs.iter().all(|pair| pair.kinship == Kinship::BeforeAndAfter));
    }

    #[test]
    fn a_client_whose_counterpart_is_taken_is_still_held_against_it() {
        let (before, after) = (records(&["ios"]), records(&["ios", "real:ios"]));
        assert_pairs(&between(&before, &after), &[("ios", "ios"), ("ios", "real:ios")], &[]);
    }

    #[test]
    fn both_kinds_in_both_reports_are_paired_with_themselves_only() {
        let both = records(&["ios", "real:ios"]);
        let again = both.clone();
        let pairs = [("ios", "ios"), ("real:ios", "real:ios")];
        assert_pairs(&between(&both, &again), &pairs, &[]);
    }
}
