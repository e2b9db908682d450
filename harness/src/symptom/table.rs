//! Messages of programs that are neither a client nor a proxy of this suite: `harness/symptoms.toml`.

use regex::{Regex, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::{
    Book, Speaker, alerts,
    reading::{Order, Reading, Suspect, Weight, shown},
    text::Text,
};
use crate::{
    Alert, Fault,
    data::{DataError, Source},
};

const TEXT: &str = include_str!("../../symptoms.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    #[serde(default)]
    symptom: Vec<Spanned<RawSymptom>>,
}

/// One `[[symptom]]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSymptom {
    /// A regular expression of the message.
    pattern: Spanned<String>,
    /// The program that says so.
    speaker: String,
    /// Who refuses whom, where that is not to be seen from the fault.
    who: Option<Speaker>,
    /// The faults, the likeliest first.
    #[serde(default)]
    causes: Vec<Spanned<Fault>>,
    /// The alert that it is another name of.
    alert: Option<Alert>,
    /// The client's code that it is another name of.
    code: Option<Spanned<String>>,
    /// Where it was seen.
    source: Spanned<String>,
    /// A message as people meet it; a test sees to it that the first cause is found in it.
    example: Spanned<String>,
}

/// The table.
#[derive(Debug)]
pub(super) struct Table {
    symptoms: Vec<Symptom>,
    any: RegexSet,
}

/// A message of some program.
#[derive(Debug)]
pub(super) struct Symptom {
    pattern: Regex,
    speaker: String,
    who: Option<Speaker>,
    pub(super) stands_for: StandsFor,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the test of the table"))]
    pub(super) example: String,
}

/// What a message stands for.
#[derive(Debug)]
pub(super) enum StandsFor {
    /// These faults, the likeliest first.
    Faults(Vec<Fault>),
    /// An alert, under another name.
    Alert(Alert),
    /// A client's code, under another name.
    Code(String),
}

impl Table {
    pub(super) fn built_in() -> Result<Self, DataError> {
        Self::read_source(&Source::new("harness/symptoms.toml", TEXT))
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The first place where it is wrong.
    pub(super) fn read_source(source: &Source) -> Result<Self, DataError> {
        let raw: RawTable = source.parse()?;
        let symptoms = raw.symptom.into_iter().map(|raw| Symptom::new(source, raw));
        let symptoms: Vec<Symptom> = symptoms.collect::<Result<_, _>>()?;
        let patterns = symptoms.iter().map(|symptom| symptom.pattern.as_str());
        let any = RegexSetBuilder::new(patterns).size_limit(64 << 20).build();
        let any = any.map_err(|error| source.error(0..0, format!("is too large: {error}")))?;
        Ok(Self { symptoms, any })
    }

    /// The messages in a text. Of messages of which one is part of another, the longer is meant, and of those in the same
    /// words the first.
    pub(super) fn read(&self, book: &Book, text: &Text<'_>) -> Vec<Reading> {
        let found = self.any.matches(text.read()).into_iter().filter_map(|at| {
            let symptom = self.symptoms.get(at)?;
            let found = symptom.pattern.find(text.read())?;
            let reading = symptom.reading(book, found.as_str().trim())?;
            Some(Reading { span: Some(found.range()), ..reading })
        });
        let mut kept: Vec<Reading> = Vec::new();
        for reading in found {
            if !kept.iter().any(|other| other.span == reading.span || reading.is_part_of(other)) {
                kept.retain(|other| !other.is_part_of(&reading));
                kept.push(reading);
            }
        }
        kept
    }

    /// The faults behind an alert that no client here sends for a certificate.
    pub(super) fn of_alert(&self, alert: Alert) -> Vec<Suspect> {
        let name = format!("TLS alert {} {alert}", alert.0);
        let symptoms = self.symptoms.iter().filter(|symptom| symptom.pattern.is_match(&name));
        let faults = symptoms.flat_map(|symptom| match &symptom.stands_for {
            StandsFor::Faults(faults) => faults.clone(),
            StandsFor::Alert(_) | StandsFor::Code(_) => Vec::new(),
        });
        faults.map(Suspect::of).collect()
    }

    #[cfg(test)]
    pub(super) fn symptoms(&self) -> &[Symptom] {
        &self.symptoms
    }
}

impl Symptom {
    fn new(source: &Source, raw: Spanned<RawSymptom>) -> Result<Self, DataError> {
        let span = raw.span();
        let raw = raw.into_inner();
        let pattern = Regex::new(raw.pattern.get_ref()).map_err(|error| {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            source.error(raw.pattern.span(), format!("is no regular expression: {reason}"))
        })?;
        if raw.source.get_ref().trim().is_empty() {
            return Err(source.error(raw.source.span(), "a symptom needs its source"));
        }
        if !pattern.is_match(raw.example.get_ref()) {
            return Err(source.error(raw.example.span(), "the pattern does not fit its example"));
        }
        let faults: Vec<Fault> = raw.causes.iter().map(|fault| *fault.get_ref()).collect();
        let stands_for = match (faults.is_empty(), raw.alert, raw.code) {
            (false, None, None) => StandsFor::Faults(faults),
            (true, Some(alert), None) => StandsFor::Alert(alert),
            (true, None, Some(code)) => StandsFor::Code(code.into_inner()),
            _ => {
                let message =
                    "a symptom has `causes`, or an `alert`, or a `code`: one of the three";
                return Err(source.error(span, message));
            }
        };
        Ok(Self {
            pattern,
            speaker: raw.speaker,
            who: raw.who,
            stands_for,
            example: raw.example.into_inner(),
        })
    }

    fn reading(&self, book: &Book, words: &str) -> Option<Reading> {
        let reading = match &self.stands_for {
            StandsFor::Faults(faults) => Reading {
                weight: Weight::Table,
                words: String::new(),
                span: None,
                as_what: format!("said by {}", self.speaker),
                order: Order::Given,
                suspects: faults.iter().map(|fault| Suspect::of(*fault)).collect(),
            },
            StandsFor::Alert(alert) => Reading {
                weight: Weight::Table,
                words: String::new(),
                span: None,
                as_what: format!("{}, said by {}", alerts::as_what(*alert), self.speaker),
                order: Order::Common,
                suspects: alerts::suspects(book, *alert),
            },
            StandsFor::Code(code) => {
                let reading = book.codes.reading_of(book, code)?;
                let as_what = format!("{code}, said by {}", self.speaker);
                Reading { weight: Weight::Code, as_what, ..reading }
            }
        };
        let speaker =
            |suspect: Suspect| Suspect { speaker: self.who.unwrap_or(suspect.speaker), ..suspect };
        Some(Reading {
            words: shown(words),
            suspects: reading.suspects.into_iter().map(speaker).collect(),
            ..reading
        })
    }
}
