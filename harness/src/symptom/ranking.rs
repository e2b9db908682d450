//! Which faults stand behind several signs at once, and which of them comes first.
//!
//! Signs narrow each other down: a client's code and the alert in the proxy's log name together what neither names
//! alone. A weak sign that contradicts a strong one is set aside; a strong one that contradicts another is about
//! something else, and an answer of its own.

use std::cmp::Ordering;

use super::{
    Cause,
    reading::{Order, Reading, Suspect},
};
use crate::Fault;

/// What came of all signs.
#[derive(Debug)]
pub(super) struct Ranked {
    pub groups: Vec<Group>,
    /// For each sign, whether it counts.
    pub counts: Vec<bool>,
}

/// Signs that agree, and the faults on which they do, the likeliest first.
#[derive(Debug)]
pub(super) struct Group {
    pub readings: Vec<usize>,
    /// Those that said more than the ones before.
    pub telling: Vec<usize>,
    pub suspects: Vec<Suspect>,
}

/// Puts signs together; they come in the order of their weight.
pub(super) fn rank(readings: &[Reading]) -> Ranked {
    let mut ranked = Ranked { groups: Vec::new(), counts: vec![false; readings.len()] };
    let strongest = readings.first().map(|reading| reading.weight);
    for (at, reading) in readings.iter().enumerate() {
        let narrowed = ranked
            .groups
            .iter_mut()
            .find_map(|group| Some((narrow(&group.suspects, &reading.suspects)?, group)));
        let counts = match narrowed {
            Some((suspects, group)) => {
                if faults(&suspects).len() < faults(&group.suspects).len() {
                    group.telling.push(at);
                }
                group.suspects = suspects;
                group.readings.push(at);
                true
            }
            None if Some(reading.weight) == strongest => {
                ranked.groups.push(Group {
                    readings: vec![at],
                    telling: vec![at],
                    suspects: reading.suspects.clone(),
                });
                true
            }
            None => false,
        };
        if let Some(place) = ranked.counts.get_mut(at) {
            *place = counts;
        }
    }
    for group in &mut ranked.groups {
        let given = given(group, readings);
        group.suspects.sort_by(|a, b| compare(a, b, &given));
    }
    ranked
}

/// The suspects of both: of the same client where there are such, and else of whatever client, since programs stand on
/// one another (Python and Node speak OpenSSL's words).
fn narrow(strong: &[Suspect], weak: &[Suspect]) -> Option<Vec<Suspect>> {
    let same_client = |a: &Suspect, b: &Suspect| {
        a.fault == b.fault && (a.client == b.client || a.client.is_none() || b.client.is_none())
    };
    let same_fault = |a: &Suspect, b: &Suspect| a.fault == b.fault;
    let both = |agree: &dyn Fn(&Suspect, &Suspect) -> bool| -> Vec<Suspect> {
        let agreed = strong.iter().filter(|a| weak.iter().any(|b| agree(a, b)));
        agreed.copied().collect()
    };
    let narrowed = both(&same_client);
    if !narrowed.is_empty() {
        return Some(narrowed);
    }
    let narrowed = both(&same_fault);
    (!narrowed.is_empty()).then_some(narrowed)
}

/// The order of the first sign that has one of its own.
fn given(group: &Group, readings: &[Reading]) -> Vec<Fault> {
    let mut of_group = group.readings.iter().filter_map(|&at| readings.get(at));
    let ordered = of_group.find(|reading| reading.order == Order::Given);
    ordered.map_or_else(Vec::new, |reading| {
        reading.suspects.iter().map(|suspect| suspect.fault).collect()
    })
}

fn compare(a: &Suspect, b: &Suspect, given: &[Fault]) -> Ordering {
    let place = |suspect: &Suspect| given.iter().position(|fault| *fault == suspect.fault);
    let place = |suspect: &Suspect| place(suspect).unwrap_or(usize::MAX);
    place(a).cmp(&place(b)).then_with(|| commonness(a).cmp(&commonness(b)))
}

/// How far down it stands in its area; one that goes by another's name stands behind that one.
fn commonness(suspect: &Suspect) -> (usize, bool, Fault) {
    let named = suspect.in_guise_of.unwrap_or(suspect.fault);
    (named.commonness(), suspect.in_guise_of.is_some(), suspect.fault)
}

/// The faults of suspects, each once, in their order.
pub(super) fn faults<'a>(suspects: impl IntoIterator<Item = &'a Suspect>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for suspect in suspects {
        if !faults.contains(&suspect.fault) {
            faults.push(suspect.fault);
        }
    }
    faults
}

/// Each cause once: two lines of a log often say the same.
pub(super) fn once_each(causes: Vec<Cause>) -> Vec<Cause> {
    let mut kept: Vec<Cause> = Vec::new();
    for cause in causes {
        let is_known = |other: &Cause| {
            other.speaker == cause.speaker
                && cause.faults().all(|fault| other.faults().any(|f| f == fault))
        };
        if !kept.iter().any(is_known) {
            kept.push(cause);
        }
    }
    kept
}
