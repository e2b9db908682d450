//! All figures of a run, by round.

use std::collections::BTreeMap;

use crate::measure::{Figure, Measurement, Unit};
use crate::scheme::Scheme;

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub scheme: Scheme,
    pub measurement: Measurement,
    pub unit: Unit,
}

/// The middle, the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// `None` of nothing.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[half],
            _ => (values[half - 1] + values[half]) / 2.0,
        };
        Some(Self { median, least, most })
    }
}

/// The figures: of each kind, by who was measured, by round.
#[derive(Debug, Default)]
pub struct Book {
    values: BTreeMap<Kind, BTreeMap<String, BTreeMap<usize, f64>>>,
    failures: Vec<Failure>,
}

/// Why there is no figure.
#[derive(Clone, Debug)]
pub struct Failure {
    pub scheme: Scheme,
    pub measurement: Measurement,
    /// Whose.
    pub name: String,
    pub words: String,
}

impl Book {
    pub fn enter(
        &mut self,
        scheme: Scheme,
        measurement: Measurement,
        name: &str,
        round: usize,
        figures: &[Figure],
    ) {
        for Figure { unit, value } in figures {
            let kind = Kind { scheme, measurement, unit: *unit };
            let rounds = self.values.entry(kind).or_default().entry(name.to_owned()).or_default();
            rounds.insert(round, *value);
        }
    }

    pub fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// The kinds there are, in the order of the tables.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.values.keys().copied()
    }

    /// One's figures of one kind.
    pub fn values(&self, kind: Kind, name: &str) -> Vec<f64> {
        let rounds = self.values.get(&kind).and_then(|names| names.get(name));
        rounds.map(|rounds| rounds.values().copied().collect()).unwrap_or_default()
    }

    /// One's figures of one kind, from the least to the most.
    pub fn spread(&self, kind: Kind, name: &str) -> Option<Spread> {
        Spread::of(self.values(kind, name))
    }

    /// How many times the figure of the other, in the rounds that have both.
    pub fn ratio(&self, kind: Kind, name: &str, other: &str) -> Option<Spread> {
        let names = self.values.get(&kind)?;
        let (ours, theirs) = (names.get(name)?, names.get(other)?);
        Spread::of(ours.iter().filter_map(|(round, value)| Some(value / theirs.get(round)?)))
    }

    /// Who of these is best in it.
    pub fn best<'a>(&self, kind: Kind, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let sign = if kind.unit.less_is_better() { 1.0 } else { -1.0 };
        let known = names.filter_map(|name| Some((name, sign * self.spread(kind, name)?.median)));
        known.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_round() {
        let mut book = Book::default();
        let mut enter = |name, round, value| {
            let figure = Figure { unit: Unit::CpuSecondsPerGib, value };
            book.enter(Scheme::Ws, Measurement::Download, name, round, &[figure]);
        };
        // The machine was half as fast in the second round, and only one was measured in the third.
        for (round, factor) in [(0, 1.0), (1, 2.0)] {
            enter("ours", round, 3.0 * factor);
            enter("other", round, 4.0 * factor);
            enter("slow", round, 9.0 * factor);
        }
        enter("ours", 2, 100.0);
        let kind = Kind {
            scheme: Scheme::Ws,
            measurement: Measurement::Download,
            unit: Unit::CpuSecondsPerGib,
        };
        let ratio = book.ratio(kind, "ours", "other").unwrap();
        assert_eq!(ratio, Spread { median: 0.75, least: 0.75, most: 0.75 });
        assert_eq!(book.best(kind, ["slow", "nobody", "other"].into_iter()), Some("other"));
        assert_eq!(book.spread(kind, "ours").unwrap().median, 6.0);
    }
}
