//! From a symptom to its causes: what a person pastes (a browser's code, an alert, a line of a log), read by what this
//! suite knows of clients and proxies, and answered with the faults that may stand behind it, the likeliest first.
//!
//! There is no second list of messages here. The words are those that the suite asserts: the clients' codes, alerts and
//! close codes ([`Profile`]), the alerts' numbers and names ([`Alert`](crate::Alert)), and the lines of the proxies under
//! test ([`Subject`]). Only for programs that are neither there is a table of its own, `harness/symptoms.toml`.
//!
//! ```
//! use wssure_harness::{Fault, symptom};
//!
//! let answer = symptom::answer("net::ERR_CERT_COMMON_NAME_INVALID at wss://proxy.example.org:6080/")?;
//! assert_eq!(answer.causes[0].fault, Fault::WrongName);
//! assert_eq!(
//!     answer.causes[0].check.line,
//!     "wssure open wss://proxy.example.org:6080/ --client chromium"
//! );
//! # Ok::<(), wssure_harness::data::DataError>(())
//! ```

mod alerts;
mod check;
mod close_codes;
mod codes;
mod logs;
mod near;
mod openssl;
mod place;
mod ranking;
mod reading;
mod speaker;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::sync::{Arc, LazyLock};

use self::{
    codes::Codes,
    reading::{Reading, Suspect},
    table::Table,
    text::Text,
};
pub use self::{place::Place, speaker::Speaker, text::LONGEST};
use crate::{
    Fault,
    client::{
        self, Profile,
        profile::{Era, Sort},
    },
    data::DataError,
    fault::Command,
    subject::Subject,
};

/// What stands behind the words that somebody has pasted.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was recognised in them; nothing if they are unknown here.
    pub recognised: Vec<Recognised>,
    /// What may be the cause, the likeliest first.
    pub causes: Vec<Cause>,
    /// Where the words say that it happened.
    pub place: Place,
    /// Where nothing was recognised: the words known here that are nearest.
    pub nearest: Vec<String>,
    /// How many bytes were not read, because they stand behind the first [`LONGEST`].
    pub unread: usize,
}

/// Words that were recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The words.
    pub words: String,
    /// As what: who says so, and of what.
    pub as_what: String,
    /// Whether they count: what contradicts a stronger sign is set aside.
    pub counts: bool,
}

/// A cause, with those that the words do not tell apart from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The likeliest.
    pub fault: Fault,
    /// What else it may be: nothing in the words tells these apart from it. The commonest first.
    pub family: Vec<Fault>,
    /// Who refuses whom.
    pub speaker: Speaker,
    /// What in the words points to it.
    pub because: String,
    /// How to make sure, and to tell the family apart.
    pub check: Command,
}

impl Cause {
    /// The likeliest and its family.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        std::iter::once(self.fault).chain(self.family.iter().copied())
    }
}

/// What is behind these words.
///
/// It looks at the first [`LONGEST`] bytes, and at nothing else than its argument.
///
/// # Errors
/// A data file that is built in is wrong; a test sees to it that none is.
pub fn answer(words: &str) -> Result<Answer, DataError> {
    static BUILT_IN: LazyLock<Result<Book, DataError>> = LazyLock::new(Book::built_in);
    BUILT_IN.as_ref().map(|book| book.answer(words)).map_err(Clone::clone)
}

/// All that is known of messages.
#[derive(Debug)]
struct Book {
    clients: Vec<Arc<Profile>>,
    subjects: Vec<Subject>,
    codes: Codes,
    table: Table,
}

impl Book {
    fn built_in() -> Result<Self, DataError> {
        let clients = client::built_in()?;
        Ok(Self {
            subjects: Subject::builtin_definitions()?,
            codes: Codes::new(&clients)?,
            table: Table::built_in()?,
            clients,
        })
    }

    fn answer(&self, words: &str) -> Answer {
        let text = Text::new(words);
        let place = Place::find(&text);
        let readings = self.read(&text);
        let ranked = ranking::rank(&readings);
        let causes = ranked.groups.iter().flat_map(|group| self.causes(group, &readings, &place));
        let causes = ranking::once_each(causes.collect());
        Answer {
            nearest: if causes.is_empty() { near::nearest(self, &text) } else { Vec::new() },
            recognised: readings
                .iter()
                .zip(&ranked.counts)
                .map(|(reading, counts)| Recognised {
                    words: reading.words.clone(),
                    as_what: reading.as_what.clone(),
                    counts: *counts,
                })
                .collect(),
            causes,
            place,
            unread: text.unread(),
        }
    }

    /// Everything that anybody here knows to read in it, the strongest signs first.
    fn read(&self, text: &Text<'_>) -> Vec<Reading> {
        let mut readings = self.fault_name(text);
        let table = self.table.read(self, text);
        let mut codes = self.codes.read(self, text);
        codes.retain(|code| !table.iter().any(|message| code.is_part_of(message)));
        readings.extend(codes);
        readings.extend(logs::read(self, text));
        readings.extend(table);
        readings.extend(alerts::read(self, text));
        readings.extend(close_codes::read(self, text));
        readings.sort_by_key(|reading| reading.weight);
        readings
    }

    /// The group's causes, one for each speaker.
    fn causes(&self, group: &ranking::Group, readings: &[Reading], place: &Place) -> Vec<Cause> {
        let because: Vec<String> =
            group.telling.iter().filter_map(|&at| Some(readings.get(at)?.because())).collect();
        let mut speakers: Vec<Speaker> = Vec::new();
        for suspect in &group.suspects {
            if !speakers.contains(&suspect.speaker) {
                speakers.push(suspect.speaker);
            }
        }
        let of = |speaker: Speaker| {
            let suspects = group.suspects.iter().filter(|suspect| suspect.speaker == speaker);
            let suspects: Vec<_> = suspects.collect();
            let faults = ranking::faults(suspects.iter().copied());
            let (&fault, family) = faults.split_first()?;
            Some(Cause {
                fault,
                family: family.to_vec(),
                speaker,
                because: because.join("; "),
                check: check::command(speaker, fault, &self.witnesses(&suspects), place),
            })
        };
        speakers.into_iter().filter_map(of).collect()
    }

    /// The clients to which the words point, those first that are most asked for: of today, and browsers.
    fn witnesses(&self, suspects: &[&Suspect]) -> Vec<&str> {
        let is_named = |at: usize| suspects.iter().any(|suspect| suspect.client == Some(at));
        let clients = self.clients.iter().enumerate();
        let mut named: Vec<&Profile> =
            clients.filter(|(at, _)| is_named(*at)).map(|(_, client)| client.as_ref()).collect();
        if named.iter().any(|client| client.era == Era::Today) {
            named.retain(|client| client.era == Era::Today);
        }
        named.sort_by_key(|client| client.kind == Sort::Tool);
        named.into_iter().map(|client| client.name.as_str()).collect()
    }

    /// The name of a fault, alone.
    fn fault_name(&self, text: &Text<'_>) -> Vec<Reading> {
        let named = text.whole().parse().ok();
        named.map(Reading::of_name).into_iter().collect()
    }
}
