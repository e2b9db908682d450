//! What somebody reads in the words: a sign, how strong it is, and the faults that it points to.

use std::ops::Range;

use super::Speaker;
use crate::{
    Fault,
    client::{
        Profile,
        profile::{Refuses, Reports},
    },
    fault::Area,
};

/// How strong a sign is; the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// A fault's own name, or a client's own code: it is about one connection, and says why.
    Code,
    /// A line of a proxy under test.
    Log,
    /// A message of some other program.
    Table,
    /// An alert alone: clients have few, and use them for much.
    Alert,
    /// A close code alone: it says next to nothing.
    CloseCode,
}

/// In which order a sign names its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// In that of how common they are.
    Common,
    /// In its own, the likeliest first.
    Given,
}

/// A fault that a sign may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    pub fault: Fault,
    /// The client, by its place among all, that says so of this fault.
    pub client: Option<usize>,
    pub speaker: Speaker,
    /// Whether the client has no word of its own for this fault, and says another's.
    pub in_guise_of: Option<Fault>,
}

/// A sign.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub weight: Weight,
    /// The words in which it is.
    pub words: String,
    /// Where in the text they begin and end, if they are a part of it as they stand.
    pub span: Option<Range<usize>>,
    /// Who says so, and of what.
    pub as_what: String,
    pub order: Order,
    pub suspects: Vec<Suspect>,
}

/// How much of a pasted line is shown again, in characters.
const SHOWN: usize = 100;

impl Reading {
    /// A fault, called by its name.
    pub(super) fn of_name(fault: Fault) -> Self {
        Self {
            weight: Weight::Code,
            words: fault.name().to_owned(),
            span: None,
            as_what: "the name of a fault".to_owned(),
            order: Order::Given,
            suspects: vec![Suspect::of(fault)],
        }
    }

    /// Whether its words are some of the other's, which then say more than it does.
    pub(super) fn is_part_of(&self, other: &Self) -> bool {
        let (Some(own), Some(whole)) = (&self.span, &other.span) else { return false };
        whole.start <= own.start && own.end <= whole.end && own.len() < whole.len()
    }

    /// What points to its faults, in words.
    pub(super) fn because(&self) -> String {
        format!("`{}` is {}", self.words, self.as_what)
    }
}

/// The words, cut to what is worth showing, without what could drive a terminal.
pub(super) fn shown(words: &str) -> String {
    let printable = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = printable.clone().take(SHOWN).collect();
    if printable.count() > SHOWN {
        shown.push_str("...");
    }
    shown
}

impl Suspect {
    /// A fault, whoever says so.
    pub(super) fn of(fault: Fault) -> Self {
        Self { fault, client: None, speaker: Speaker::of(fault), in_guise_of: None }
    }

    /// The same, told by the proxy of its own files.
    pub(super) const fn in_own_files(mut self) -> Self {
        self.speaker = Speaker::ProxyOfItsFiles;
        self
    }
}

/// What a client refuses in certificates under rules like this.
pub(super) fn refused(
    at: usize,
    profile: &Profile,
    is_wanted: impl Fn(&Refuses) -> bool,
) -> Vec<Suspect> {
    let rules = profile.refuses.iter().filter(|rule| is_wanted(rule));
    let faults = rules.flat_map(|rule| rule.faults.iter().map(|fault| *fault.get_ref()));
    let suspects = faults.flat_map(|fault| {
        let own = Suspect { client: Some(at), ..Suspect::of(fault) };
        let known_by_it = move |other: &&Fault| {
            other.comes_with() == Some(fault) && profile.refuses(**other).is_none()
        };
        let guises = Fault::ALL.iter().filter(known_by_it);
        std::iter::once(own).chain(guises.map(move |&other| Suspect {
            fault: other,
            in_guise_of: Some(fault),
            ..own
        }))
    });
    suspects.collect()
}

/// What a client says of connections under rules like this.
pub(super) fn reported(
    at: usize,
    profile: &Profile,
    is_wanted: impl Fn(&Reports) -> bool,
) -> Vec<Suspect> {
    let rules = profile.reports.iter().filter(|rule| is_wanted(rule));
    let faults = rules.flat_map(|rule| rule.faults.iter().map(|fault| *fault.get_ref()));
    faults.map(|fault| Suspect { client: Some(at), ..Suspect::of(fault) }).collect()
}

/// Whether a fault is only seen from outside: it says that there is one, and not which.
pub(super) const fn is_umbrella(fault: Fault) -> bool {
    matches!(fault, Fault::ClientRefusedCertificate | Fault::UnloadableIdentity)
}

/// Whether the proxy alone can tell of it.
pub(super) fn is_of_files(fault: Fault) -> bool {
    fault.area() == Area::File
}
