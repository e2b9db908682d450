//! The clients' own codes, as their profiles have them, in the forms in which people meet them.
//!
//! A profile has `18 self-signed certificate`; the tool prints `verify error:num=18:self-signed certificate`, and Python
//! `certificate verify failed: self-signed certificate (_ssl.c:1007)`. The words are the profile's; only what may stand
//! around them is known here.

use std::{ops::Range, sync::Arc};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::{
    Book,
    reading::{Order, Reading, Weight, refused, reported, shown},
    text::{Text, bare},
};
use crate::{
    client::{Profile, profile::Naming},
    data::{DataError, Source},
};

/// All codes of all clients.
#[derive(Debug)]
pub(super) struct Codes {
    codes: Vec<Code>,
    /// Which of them are in a text at all.
    any: RegexSet,
}

/// A code.
#[derive(Debug)]
struct Code {
    /// As the profile has it.
    text: String,
    /// The clients that have it.
    clients: Vec<usize>,
    form: Form,
}

/// Where a code is one.
#[derive(Debug)]
enum Form {
    /// Wherever this is found.
    Within(Regex),
    /// Where it is a whole line, or a part of one between `+`: its word has other meanings, too.
    WholeLine,
}

/// The whole of the patterns' memory; they are built in and small.
const SIZE_LIMIT: usize = 64 << 20;

impl Codes {
    pub(super) fn new(clients: &[Arc<Profile>]) -> Result<Self, DataError> {
        let mut codes: Vec<Code> = Vec::new();
        for (at, profile) in clients.iter().enumerate() {
            let refuses = profile.refuses.iter().filter_map(|rule| rule.code.as_deref());
            let reports = profile.reports.iter().filter_map(|rule| rule.code.as_deref());
            for text in refuses.chain(reports) {
                match codes.iter_mut().find(|code| code.text == text) {
                    Some(code) if code.clients.contains(&at) => {}
                    Some(code) => code.clients.push(at),
                    None => codes.push(Code {
                        text: text.to_owned(),
                        clients: vec![at],
                        form: Form::of(text, profile)?,
                    }),
                }
            }
        }
        let patterns = codes.iter().map(|code| match &code.form {
            Form::Within(pattern) => pattern.as_str(),
            Form::WholeLine => "[^\\s\\S]",
        });
        let any = RegexSetBuilder::new(patterns).size_limit(SIZE_LIMIT).build();
        Ok(Self { any: any.map_err(|error| wrong("*", &error))?, codes })
    }

    /// The codes in a text. Of codes of which one is part of another, the longer is meant.
    pub(super) fn read(&self, book: &Book, text: &Text<'_>) -> Vec<Reading> {
        let within = self.any.matches(text.read()).into_iter().filter_map(|at| self.codes.get(at));
        let mut found: Vec<(Range<usize>, &Code)> = within
            .flat_map(|code| match &code.form {
                Form::Within(pattern) => pattern
                    .captures_iter(text.read())
                    .filter_map(|found| Some((found.get(1).or(found.get(0))?.range(), code)))
                    .collect(),
                Form::WholeLine => Vec::new(),
            })
            .collect();
        let all = found.clone();
        let is_part = |one: &Range<usize>| {
            all.iter().any(|(other, _)| {
                other.start <= one.start && one.end <= other.end && other.len() > one.len()
            })
        };
        found.retain(|(range, _)| !is_part(range));
        found.sort_by_key(|(range, _)| range.start);
        let mut met: Vec<Vec<&Code>> = Vec::new();
        let mut places: Vec<Range<usize>> = Vec::new();
        for (range, code) in found {
            match places.iter().position(|place| *place == range) {
                Some(at) => met.get_mut(at).into_iter().for_each(|codes| codes.push(code)),
                None => {
                    places.push(range);
                    met.push(vec![code]);
                }
            }
        }
        let within = places.into_iter().map(Some).zip(met);
        let whole = self.whole_lines(text).into_iter().map(|code| (None, vec![code]));
        let mut once: Vec<Vec<&str>> = Vec::new();
        let new = within.chain(whole).filter(|(_, codes)| {
            let texts: Vec<&str> = codes.iter().map(|code| code.text.as_str()).collect();
            let is_new = !once.contains(&texts);
            once.push(texts);
            is_new
        });
        new.map(|(span, codes)| {
            let reading = reading(book, &codes);
            let words = span.clone().and_then(|span| text.read().get(span));
            Reading { words: words.map_or(reading.words.clone(), shown), span, ..reading }
        })
        .collect()
    }

    fn whole_lines(&self, text: &Text<'_>) -> Vec<&Code> {
        let whole = |line: &str| {
            let code = |part: &str| {
                self.codes
                    .iter()
                    .find(|code| matches!(code.form, Form::WholeLine) && code.text == part)
            };
            match code(line) {
                Some(code) => Some(vec![code]),
                None => line.split('+').map(|part| code(bare(part))).collect::<Option<Vec<_>>>(),
            }
        };
        let mut found: Vec<&Code> =
            text.lines().filter_map(|line| whole(bare(line))).flatten().collect();
        // A set of flags has no order; a profile names first what its client looks at first.
        found.sort_by_key(|code| self.codes.iter().position(|other| other.text == code.text));
        found
    }

    /// The codes, for who looks for the nearest.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|code| code.text.as_str())
    }

    /// What the code of that text stands for, for a table that calls it by another name.
    pub(super) fn reading_of(&self, book: &Book, text: &str) -> Option<Reading> {
        let code = self.codes.iter().find(|code| code.text == text)?;
        Some(reading(book, &[code]))
    }
}

fn reading(book: &Book, codes: &[&Code]) -> Reading {
    let mut titles: Vec<&str> = Vec::new();
    let mut suspects = Vec::new();
    for code in codes {
        for &at in &code.clients {
            let Some(profile) = book.clients.get(at) else { continue };
            titles.push(&profile.title);
            let is_it = |told: Option<&String>| told == Some(&code.text);
            suspects.extend(refused(at, profile, |rule| is_it(rule.code.as_ref())));
            suspects.extend(reported(at, profile, |rule| is_it(rule.code.as_ref())));
        }
    }
    titles.sort_unstable();
    titles.dedup();
    Reading {
        weight: Weight::Code,
        words: shown(codes.first().map_or("", |code| &code.text)),
        span: None,
        as_what: format!("said by {}", titles.join(", ")),
        order: Order::Common,
        suspects,
    }
}

fn wrong(text: &str, error: &regex::Error) -> DataError {
    Source::new("harness/clients", text).error(0..text.len(), format!("is no code: {error}"))
}

impl Form {
    /// How a code is told from other words.
    fn of(text: &str, profile: &Profile) -> Result<Self, DataError> {
        let is_flag = profile.refusal.names == Naming::AllFromTheTop && !text.contains(' ');
        let has = |is: fn(char) -> bool| text.chars().any(is);
        let is_in_capitals = has(char::is_uppercase) && !has(char::is_lowercase);
        let is_plain_word = !text.contains([' ', '_', '(', '-']) && !is_in_capitals;
        if is_flag || is_plain_word {
            return Ok(Self::WholeLine);
        }
        let pattern = pattern(text, profile);
        RegexBuilder::new(&pattern)
            .size_limit(SIZE_LIMIT)
            .build()
            .map(Self::Within)
            .map_err(|error| wrong(text, &error))
    }
}

/// A pattern for a code; its first group, or else the whole, is the code itself.
fn pattern(text: &str, profile: &Profile) -> String {
    // curl's number, with OpenSSL's words behind it where it was that.
    if let Some((number, words)) = numbered(text, '(') {
        let number = regex::escape(number);
        return match words {
            "" => format!(r"(?m)(?:\b{}: |^)({number})", regex::escape(&profile.name)),
            words => phrase(words, &format!("{number} (?:SSL certificate problem: )?")),
        };
    }
    // OpenSSL's number and words: each of them alone says it.
    if let Some((number, words)) = numbered(text, '0') {
        let words = phrase(words, &format!("{number}[ :]"));
        return format!(r"(?i)\b(?:num|x509_v_err)\s*=\s*{number}\b|{words}");
    }
    match text.rsplit_once(' ') {
        // Apple's: the number alone is in use, too.
        Some((kind, number)) if number.starts_with('-') => {
            format!(r"(?i)(?:\b{}(?: error)?[: ]*|(?:^|[^\w.-])){number}\b", regex::escape(kind))
        }
        Some(_) => phrase(text, ""),
        // One word in capitals has a meaning in sentences, too.
        None if !text.contains('_') => format!(r"\b{}\b", regex::escape(text)),
        None => format!(r"(?i)(?:\b|_){}\b", regex::escape(text)),
    }
}

/// A number at the beginning, in brackets (`(`) or bare, and the words behind it.
fn numbered(text: &str, form: char) -> Option<(&str, &str)> {
    let (number, words) = text.split_once(' ').unwrap_or((text, ""));
    let digits = number.trim_start_matches('(').trim_end_matches(')');
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    (is_number && number.starts_with('(') == (form == '(')).then_some((number, words))
}

/// Words as they stand in sentences, with what may stand before them: OpenSSL 1 wrote `self signed`. Short ones are in
/// many sentences, and count between colons only.
fn phrase(words: &str, before: &str) -> String {
    let before = if before.is_empty() { String::new() } else { format!("(?:{before})?") };
    let words = words.trim_end_matches('.');
    let escaped: Vec<String> = words.split('-').map(regex::escape).collect();
    let escaped = escaped.join("[ -]");
    match words.split(' ').count() {
        0..3 => format!(r"(?im)(?:^|[:\]] ?|[\d)] )({before}{escaped})(?:$|[:,.(]| \()"),
        _ => format!(r"(?i)(?:^|\b|[^\w])({before}{escaped})\b"),
    }
}
