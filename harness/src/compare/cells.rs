//! Holds one story against another: the cells of each step, and the steps that give none.

use std::collections::BTreeSet;

use super::{
    Aspect, Cause, Word, Words,
    pairing::Paired,
    record::{Outcome, Shown, Story},
};

/// One step of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub case: String,
    pub step: usize,
    pub action: String,
}

/// What comparing one step gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Both sides showed something.
    Cells {
        /// What the left one showed.
        left: Words,
        /// What the right one showed.
        right: Words,
    },
    /// A side failed: these aspects of the other all disagree with it.
    Trouble { reason: String, aspects: Vec<Aspect> },
    /// Nothing is known of a side: it did not try, or did something else.
    NotCompared { cause: Cause, reason: String },
}

/// One aspect of one step: what each side showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub aspect: Aspect,
    pub left: Word,
    pub right: Word,
}

/// The cells of a step: every aspect that either side shows. A word that only one has stands beside `none`.
pub(super) fn cells(left: &Words, right: &Words) -> Vec<Cell> {
    let cell = |aspect: &Aspect| {
        let (left, right) = (left.get(*aspect), right.get(*aspect));
        let word = |word: Option<&Word>| word.cloned().unwrap_or_else(Word::none);
        (left.is_some() || right.is_some()).then(|| Cell {
            aspect: *aspect,
            left: word(left),
            right: word(right),
        })
    };
    Aspect::ALL.iter().filter_map(cell).collect()
}

/// Every step that either side of the pair has, in the order of cases and steps.
pub(super) fn steps(pair: Paired<'_>) -> Vec<(Place, Held)> {
    let ids: BTreeSet<&String> = pair.left.cases.keys().chain(pair.right.cases.keys()).collect();
    let mut compared = Vec::new();
    for id in ids {
        let (left, right) = (pair.left.cases.get(id), pair.right.cases.get(id));
        let empty = Story::new();
        let numbers: BTreeSet<usize> =
            [left, right].into_iter().flatten().flat_map(Story::keys).copied().collect();
        for number in numbers {
            let sides = Sides {
                left: Side::at(left.unwrap_or(&empty), number),
                right: Side::at(right.unwrap_or(&empty), number),
            };
            let Some(action) = sides.action() else { continue };
            let result = match (left, right) {
                (None, _) => not_there(pair.left.origin.place()),
                (_, None) => not_there(pair.right.origin.place()),
                _ => sides.compare(pair),
            };
            compared.push((Place { case: id.clone(), step: number, action }, result));
        }
    }
    compared
}

fn not_there(place: &str) -> Held {
    let reason = format!("the case is not in {place}");
    Held::NotCompared { cause: Cause::CaseAbsent, reason }
}

struct Sides<'a> {
    left: Side<'a>,
    right: Side<'a>,
}

/// One side of a step.
struct Side<'a> {
    shown: Option<&'a Shown>,
    /// Where there is none: the step before it after which the client could not go on.
    ended: Option<&'a Outcome>,
}

impl<'a> Side<'a> {
    fn at(story: &'a Story, number: usize) -> Self {
        let before = story.range(..number).map(|(_, shown)| &shown.result);
        let ended = before.rev().find(|result| !matches!(result, Outcome::Seen(_)));
        Self { shown: story.get(&number), ended }
    }

    /// What it showed; a step that is not there fared as the one that ended the story.
    fn result(&self) -> Option<&'a Outcome> {
        self.shown.map_or(self.ended, |shown| Some(&shown.result))
    }

    fn words(&self) -> Words {
        match self.result() {
            Some(Outcome::Seen(words)) => words.clone(),
            _ => Words::default(),
        }
    }
}

impl Sides<'_> {
    fn action(&self) -> Option<String> {
        self.left.shown.or(self.right.shown).map(|shown| shown.action.clone())
    }

    fn compare(&self, pair: Paired<'_>) -> Held {
        if let (Some(left), Some(right)) = (self.left.shown, self.right.shown)
            && left.action != right.action
        {
            let reason = format!(
                "the case has changed: in {} this step is `{}`, in {} it is `{}`",
                pair.left.origin.place(),
                left.action,
                pair.right.origin.place(),
                right.action
            );
            return Held::NotCompared { cause: Cause::CaseChanged, reason };
        }
        let of = |client: &str, reason: &str| format!("{client}: {reason}");
        let sides = [
            (&pair.left.origin.client, self.left.result()),
            (&pair.right.origin.client, self.right.result()),
        ];
        let (left, right) = (self.left.words(), self.right.words());
        // Who was not tried cannot be held against anything; who failed is held against everything.
        for (client, result) in sides {
            if let Some(Outcome::Skipped(reason)) = result {
                return Held::NotCompared { cause: Cause::Skipped, reason: of(client, reason) };
            }
        }
        for (client, result) in sides {
            if let Some(Outcome::Trouble(reason)) = result {
                let mut aspects: Vec<Aspect> =
                    cells(&left, &right).iter().map(|cell| cell.aspect).collect();
                if aspects.is_empty() {
                    aspects.push(Aspect::Verdict);
                }
                return Held::Trouble { reason: of(client, reason), aspects };
            }
        }
        Held::Cells { left, right }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{
            pairing::Kinship,
            record::Record,
            samples::{record, refused_with, seen, story},
        },
        report::samples::{connected, refused},
    };

    fn skipped() -> Outcome {
        Outcome::Skipped("it has no such window".to_owned())
    }

    fn trouble() -> Outcome {
        Outcome::Trouble("the driver went away".to_owned())
    }

    fn compare(left: &[Outcome], right: &[Outcome]) -> Vec<Held> {
        let simulated = record("ios", &[("a/b", left.to_vec())]);
        let real = record("real:ios", &[("a/b", right.to_vec())]);
        of(&simulated, &real)
    }

    fn of(left: &Record, right: &Record) -> Vec<Held> {
        let pair = Paired { kinship: Kinship::SimulatedAndReal, left, right };
        steps(pair).into_iter().map(|(_, compared)| compared).collect()
    }

    fn differing(compared: &Held) -> Vec<(Aspect, String, String)> {
        let Held::Cells { left, right } = compared else { panic!("{compared:?}") };
        cells(left, right)
            .into_iter()
            .filter(|cell| cell.left != cell.right)
            .map(|cell| (cell.aspect, cell.left.to_string(), cell.right.to_string()))
            .collect()
    }

    /// That no step is compared, for a reason that begins like this.
    #[track_caller]
    fn assert_not_compared(compared: &[Held], expected: Cause, begins: &str) {
        for one in compared {
            let Held::NotCompared { cause, reason } = one else { panic!("{one:?}") };
            assert_eq!(*cause, expected);
            assert!(reason.starts_with(begins), "{reason}");
        }
    }

    #[test]
    fn every_aspect_that_either_side_has_is_a_cell() {
        let compared = compare(&[seen(&refused())], &[seen(&connected())]);
        let Held::Cells { left, right } = &compared[0] else { panic!() };
        let aspects: Vec<&str> = cells(left, right).iter().map(|cell| cell.aspect.name()).collect();
        let all_but_exception =
            Aspect::ALL.iter().map(|aspect| aspect.name()).filter(|name| *name != "exception");
        assert_eq!(aspects, all_but_exception.collect::<Vec<_>>());
        let status = differing(&compared[0]).pop();
        assert_eq!(status, Some((Aspect::Status, "none".to_owned(), "101".to_owned())));
    }

    #[test]
    fn one_other_code_is_one_cell() {
        let compared = compare(&[refused_with("A")], &[refused_with("B")]);
        assert_eq!(differing(&compared[0]), [(Aspect::Code, "A".to_owned(), "B".to_owned())]);
    }

    #[test]
    fn who_fails_disagrees_with_everything_that_the_other_shows() {
        let compared = compare(&[seen(&refused())], &[trouble()]);
        let Held::Trouble { reason, aspects } = &compared[0] else { panic!() };
        assert_eq!(reason, "real:ios: the driver went away");
        assert_eq!(aspects.len(), Words::of(&refused()).iter().count());
        let both = compare(&[trouble()], &[trouble()]);
        let Held::Trouble { aspects, .. } = &both[0] else { panic!() };
        assert_eq!(aspects, &[Aspect::Verdict], "a failure is never no cell");
    }

    #[test]
    fn the_steps_after_a_failure_failed_too() {
        let compared = compare(&[seen(&refused()), seen(&connected())], &[trouble()]);
        assert!(matches!(compared[1], Held::Trouble { .. }), "{compared:?}");
    }

    #[test]
    fn what_was_skipped_is_not_compared_and_says_why() {
        let compared = compare(&[seen(&refused()), seen(&connected())], &[skipped()]);
        assert_not_compared(&compared, Cause::Skipped, "real:ios: it has no such window");
        assert_eq!(compared.len(), 2);
    }

    #[test]
    fn a_step_that_only_one_side_has_without_a_reason_disagrees() {
        let compared = compare(&[seen(&refused())], &[seen(&refused()), seen(&connected())]);
        assert_eq!(differing(&compared[0]), []);
        assert_eq!(differing(&compared[1]).len(), Words::of(&connected()).iter().count());
    }

    #[test]
    fn a_case_that_now_ends_at_the_start_disagrees() {
        let compared = compare(&[seen(&connected())], &[]);
        assert_eq!(differing(&compared[0]).len(), Words::of(&connected()).iter().count());
    }

    #[test]
    fn a_case_that_one_file_lacks_is_not_compared() {
        let left = record("ios", &[("a/b", vec![seen(&refused()), seen(&refused())])]);
        let right = record("real:ios", &[]);
        let compared = of(&left, &right);
        assert_not_compared(&compared, Cause::CaseAbsent, "the case is not in real-ios.json");
        assert_eq!(compared.len(), 2);
    }

    #[test]
    fn a_step_that_does_something_else_by_now_is_not_compared() {
        let left = record("ios", &[("a/b", vec![seen(&refused())])]);
        let mut right = left.clone();
        let mut changed = story(&[seen(&refused())]);
        changed.get_mut(&1).unwrap().action = "browse https://a.test/".to_owned();
        right.cases.insert("a/b".to_owned(), changed);
        let compared = of(&left, &right);
        let begins = "the case has changed: in ios.json this step is `open wss://";
        assert_not_compared(&compared, Cause::CaseChanged, begins);
    }
}
