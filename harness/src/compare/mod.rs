//! How faithful the simulation is: simulated clients beside real ones, and one release beside the next.
//!
//! ```text
//! report or measured file  ->  records  ->  pairs  ->  steps  ->  cells  ->  comparison
//! ```
//!
//! A *cell* is one [`Aspect`] of one step of one case of a pair of clients. Every aspect that either side shows
//! is a cell, so that silence beside a word disagrees. A side that failed disagrees with everything that the
//! other shows; a step that was visibly skipped, and says why, is counted apart and listed.

mod aspect;
mod cells;
mod known;
mod load;
pub mod measured;
mod pairing;
mod record;
mod result;
#[cfg(test)]
pub(crate) mod samples;
mod word;

use std::collections::{BTreeMap, BTreeSet};

pub use aspect::{Aspect, Words};
pub use known::Known;
pub use load::load;
pub use pairing::Kinship;
pub use record::{Origin, Outcome, REAL, Record, Shown, Story};
pub use result::{
    Agreement, COMPARISON_VERSION, Cause, Comparison, Differing, Disagreement, Group, Pair, Unseen,
};
pub use word::Word;

use crate::report::observation::printable;
use cells::{Cell, Held};
use pairing::{Paired, Pairing};
use result::CellVerdict;

/// Records that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// No client has a partner.
    #[error(
        "{places}: there is nothing to pair among the clients {clients}; a client is held against `real:` and its \
         name, or against itself in another file"
    )]
    NothingToPair {
        /// The files.
        places: String,
        /// The clients in them.
        clients: String,
    },
    /// There are pairs, and not one step that both sides took.
    #[error("{places}: no step was taken by both sides, so there is nothing to compare; {reason}")]
    NothingCompared {
        /// The files.
        places: String,
        /// Why the first step was not.
        reason: String,
    },
}

/// Compares the clients of one report: each real one with the simulated one of its name.
///
/// # Errors
/// There is nothing to compare.
pub fn within(records: &[Record], known: &Known) -> Result<Comparison, CompareError> {
    comparison(&pairing::within(records), known)
}

/// Compares the clients of two reports or measured files: each with itself, and simulated with real ones.
///
/// # Errors
/// There is nothing to compare.
pub fn between(
    left: &[Record],
    right: &[Record],
    known: &Known,
) -> Result<Comparison, CompareError> {
    comparison(&pairing::between(left, right), known)
}

fn comparison(pairing: &Pairing<'_>, known: &Known) -> Result<Comparison, CompareError> {
    if pairing.pairs.is_empty() {
        let clients: BTreeSet<&str> =
            pairing.alone.iter().map(|record| record.origin.client.as_str()).collect();
        return Err(CompareError::NothingToPair {
            places: places(pairing.alone.iter().copied()),
            clients: clients.into_iter().map(printable).collect::<Vec<_>>().join(", "),
        });
    }
    let mut stale = Vec::new();
    let pairs: Vec<Pair> =
        pairing.pairs.iter().map(|pair| compare(*pair, known, &mut stale)).collect();
    if pairs.iter().all(|pair| pair.total.cells == 0) {
        let skipped = pairs.iter().flat_map(|pair| &pair.not_compared).next();
        return Err(CompareError::NothingCompared {
            places: places(pairing.pairs.iter().flat_map(|pair| [pair.left, pair.right])),
            reason: skipped.map_or_else(
                || "their cases have no step".to_owned(),
                |unseen| {
                    let (case, reason) = (printable(&unseen.case), printable(&unseen.reason));
                    format!("the first of them: {case}: {reason}")
                },
            ),
        });
    }
    Ok(Comparison {
        version: COMPARISON_VERSION,
        program: format!("wssure {}", env!("CARGO_PKG_VERSION")),
        pairs,
        alone: pairing.alone.iter().map(|record| record.origin.clone()).collect(),
        stale_known: stale,
    })
}

fn places<'a>(records: impl Iterator<Item = &'a Record>) -> String {
    let places: BTreeSet<&str> = records.map(|record| record.origin.place()).collect();
    places.into_iter().collect::<Vec<_>>().join(" and ")
}

fn compare(paired: Paired<'_>, known: &Known, stale: &mut Vec<String>) -> Pair {
    let client = paired.left.origin.client.as_str();
    let mut pair = Pair {
        kinship: paired.kinship,
        left: paired.left.origin.clone(),
        right: paired.right.origin.clone(),
        fields: BTreeMap::new(),
        total: Agreement::default(),
        disagreements: Vec::new(),
        troubles: Vec::new(),
        not_compared: Vec::new(),
    };
    let steps = cells::steps(paired);
    let mut all_cells: Vec<(&str, Cell)> = Vec::new();
    for (place, compared) in &steps {
        let unseen = |cause: Cause, reason: &String| Unseen {
            case: place.case.clone(),
            step: place.step,
            action: place.action.clone(),
            cause,
            reason: reason.clone(),
        };
        match compared {
            Held::NotCompared { cause, reason } => {
                pair.not_compared.push(unseen(*cause, reason));
            }
            Held::Trouble { reason, aspects } => {
                aspects.iter().for_each(|aspect| pair.count(*aspect, CellVerdict::Disagrees));
                pair.troubles.push(unseen(Cause::Failed, reason));
            }
            Held::Cells { left, right } => {
                let cells = cells::cells(left, right);
                let differing: Vec<Differing> = cells
                    .iter()
                    .filter_map(|cell| pair.judge(cell, known.reason(client, &place.case, cell)))
                    .collect();
                all_cells.extend(cells.into_iter().map(|cell| (place.case.as_str(), cell)));
                if !differing.is_empty() {
                    pair.disagreements.push(Disagreement {
                        case: place.case.clone(),
                        step: place.step,
                        action: place.action.clone(),
                        left: left.clone(),
                        right: right.clone(),
                        cells: differing,
                    });
                }
            }
        }
    }
    stale.extend(known.stale(client, &all_cells).iter().map(ToString::to_string));
    pair
}

impl Pair {
    fn count(&mut self, aspect: Aspect, verdict: CellVerdict) {
        self.fields.entry(aspect).or_default().count(verdict);
        self.total.count(verdict);
    }

    /// Counts a cell, and gives it back if it disagrees.
    fn judge(&mut self, cell: &Cell, known: Option<&str>) -> Option<Differing> {
        if cell.left == cell.right {
            self.count(cell.aspect, CellVerdict::Agrees);
            return None;
        }
        let verdict = if known.is_some() { CellVerdict::Known } else { CellVerdict::Disagrees };
        self.count(cell.aspect, verdict);
        Some(Differing {
            field: cell.aspect,
            left: cell.left.clone(),
            right: cell.right.clone(),
            known: known.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        samples::{real, record, refused_with, seen, simulated},
        *,
    };
    use crate::{
        data::Source,
        report::samples::{connected, refused},
    };

    fn known(right: &str) -> Known {
        let text = format!(
            "[[known]]\nclient = \"ios\"\ncases = [\"a/*\"]\nfield = \"code\"\nsimulated = \"A\"\nreal = \"{right}\"\nreason = \"so it is\"\n"
        );
        Known::read(&Source::new("known.toml", text)).unwrap()
    }

    #[test]
    fn every_cell_is_counted_once_and_nothing_is_left_out() {
        let found = between(&[simulated()], &[real()], &Known::default()).unwrap();
        let pair = &found.pairs[0];
        let of_refusal = Words::of(&refused()).iter().count();
        let of_connection = Words::of(&connected()).iter().count();
        let cells = 3 * of_refusal + 2 * of_connection;
        let agreeing = cells - 2 - of_connection;
        assert_eq!(pair.total, Agreement { cells, agreeing, known: 0 });
        assert_eq!(pair.fields[&Aspect::Code], Agreement { cells: 3, agreeing: 1, known: 0 });
        assert_eq!(pair.fields[&Aspect::Status], Agreement { cells: 2, agreeing: 1, known: 0 });
        assert!(!pair.fields.contains_key(&Aspect::Exception));
        let summed = pair.fields.values().map(|field| field.cells).sum::<usize>();
        assert_eq!(summed, pair.total.cells);
        assert_eq!((pair.troubles.len(), pair.not_compared.len()), (1, 1));
        assert!(!found.is_agreement());
    }

    #[test]
    fn like_disagreements_are_one_group() {
        let found = between(&[simulated()], &[real()], &Known::default()).unwrap();
        let groups = found.pairs[0].groups();
        assert_eq!(groups.len(), 1);
        assert_eq!(
            (groups[0].left.to_string(), groups[0].right.to_string()),
            ("A".into(), "B".into())
        );
        let cases: Vec<&str> = groups[0].places.iter().map(|place| place.case.as_str()).collect();
        assert_eq!(cases, ["a/one-code", "a/same-code"]);
    }

    #[test]
    fn what_is_known_is_counted_and_listed_and_is_no_failure() {
        let (mut simulated, mut real) = (simulated(), real());
        for record in [&mut simulated, &mut real] {
            record.cases.retain(|id, _| id.starts_with("a/"));
        }
        let found = between(&[simulated.clone()], &[real.clone()], &known("B")).unwrap();
        assert_eq!((found.total().known, found.total().unknown()), (2, 0));
        assert_eq!(found.pairs[0].groups()[0].known, Some("so it is"));
        assert!(found.is_agreement());

        let found = between(&[simulated], &[real], &known("C")).unwrap();
        assert_eq!((found.total().known, found.total().unknown()), (0, 2));
        assert_eq!(found.stale_known.len(), 2, "{:?}", found.stale_known);
    }

    #[test]
    fn what_is_known_and_no_longer_happens_is_a_failure() {
        let found = between(
            &[simulated()],
            &[record(
                "real:ios",
                &[
                    ("a/agrees", vec![seen(&refused()), seen(&connected())]),
                    ("a/one-code", vec![refused_with("A")]),
                ],
            )],
            &known("B"),
        )
        .unwrap();
        assert_eq!(found.total().unknown(), 0);
        assert_eq!(found.stale_known.len(), 1, "{:?}", found.stale_known);
        assert!(!found.is_agreement());
    }

    #[test]
    fn nothing_to_pair_and_nothing_compared_are_no_agreement() {
        let error = within(&[simulated()], &Known::default()).unwrap_err().to_string();
        assert!(
            error.starts_with("ios.json: there is nothing to pair among the clients ios;"),
            "{error}"
        );
        let skipped =
            record("real:ios", &[("b/skipped", vec![Outcome::Skipped("none".to_owned())])]);
        let mut simulated = simulated();
        simulated.cases.retain(|id, _| id == "b/skipped");
        let error = within(&[simulated, skipped], &Known::default()).unwrap_err().to_string();
        assert!(error.ends_with("the first of them: b/skipped: real:ios: none"), "{error}");
    }
}
