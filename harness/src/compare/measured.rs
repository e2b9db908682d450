//! Measured files: what a real client showed, one readable line a step, so that a new version of a
//! browser is a readable difference between two commits.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use time::OffsetDateTime;
use toml::Spanned;

use super::{
    REAL, Word, Words,
    known::Known,
    record::{Origin, Outcome, Record, Shown, Story},
};
use crate::{
    client::measured_files,
    data::{DataError, Source},
};

/// The file beside the measured ones that says where the simulation is known to differ.
const KNOWN: &str = "known.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    client: String,
    title: String,
    version: Option<String>,
    date: Option<String>,
    subject: String,
    #[serde(default)]
    cases: BTreeMap<String, Vec<Spanned<RawStep>>>,
}

/// Its words are the keys beside those that are named here.
#[derive(Deserialize)]
struct RawStep {
    step: usize,
    action: String,
    skipped: Option<String>,
    trouble: Option<String>,
    #[serde(flatten)]
    words: Words,
}

/// Reads a measured file.
///
/// # Errors
/// The first place where it is wrong.
pub fn read(source: &Source) -> Result<Record, DataError> {
    let raw: RawFile = source.parse()?;
    let mut cases = BTreeMap::new();
    for (case, steps) in raw.cases {
        let mut story = Story::new();
        for step in steps {
            let span = step.span();
            let (number, shown) =
                shown(step.into_inner()).map_err(|message| source.error(span.clone(), message))?;
            if story.insert(number, shown).is_some() {
                return Err(source.error(span, format!("step {number} is there twice")));
            }
        }
        cases.insert(case, story);
    }
    Ok(Record {
        origin: Origin {
            client: raw.client,
            title: raw.title,
            version: raw.version,
            date: raw.date,
            subject: raw.subject,
            file: Some(source.path().display().to_string()),
        },
        cases,
    })
}

fn shown(raw: RawStep) -> Result<(usize, Shown), &'static str> {
    let result = match (raw.skipped, raw.trouble) {
        (None, None) if raw.words.is_empty() => {
            return Err("the step says nothing of what was seen");
        }
        (None, None) => Outcome::Seen(raw.words),
        (Some(reason), None) if raw.words.is_empty() => Outcome::Skipped(reason),
        (None, Some(reason)) if raw.words.is_empty() => Outcome::Trouble(reason),
        _ => return Err("a step was seen, or skipped, or is in trouble: only one of the three"),
    };
    Ok((raw.step, Shown { action: raw.action, result }))
}

/// The text of a measured file, its cases sorted by id.
pub fn write(record: &Record) -> String {
    let Origin { client, title, version, date, subject, file: _ } = &record.origin;
    let mut text = String::from(
        "# What a real client showed, step by step, in the words that `wssure compare` compares.\n\
         # Written by `wssure compare REPORT --record DIR`: measure anew rather than edit.\n",
    );
    let header = [
        ("client", Some(client)),
        ("title", Some(title)),
        ("version", version.as_ref()),
        ("date", date.as_ref()),
        ("subject", Some(subject)),
    ];
    for (key, value) in header {
        if let Some(value) = value {
            writeln!(text, "{key} = {}", quoted(value)).ok();
        }
    }
    text.push_str("\n[cases]\n");
    for (case, story) in &record.cases {
        if story.is_empty() {
            writeln!(text, "{} = []", quoted(case)).ok();
            continue;
        }
        writeln!(text, "{} = [", quoted(case)).ok();
        for (number, shown) in story {
            writeln!(text, "  {},", line(*number, shown)).ok();
        }
        text.push_str("]\n");
    }
    text
}

fn line(number: usize, shown: &Shown) -> String {
    let mut fields =
        vec![format!("step = {number}"), format!("action = {}", quoted(&shown.action))];
    match &shown.result {
        Outcome::Seen(words) => fields.extend(words.iter().map(|(aspect, word)| match word {
            Word::Number(number) => format!("{aspect} = {number}"),
            Word::Text(text) => format!("{aspect} = {}", quoted(text)),
        })),
        Outcome::Skipped(reason) => fields.push(format!("skipped = {}", quoted(reason))),
        Outcome::Trouble(reason) => fields.push(format!("trouble = {}", quoted(reason))),
    }
    format!("{{ {} }}", fields.join(", "))
}

/// As TOML reads it, on one line: `toml` itself would spread a text of several lines over several.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(c)).ok();
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A client's name that cannot be part of a file's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the client `{0}` cannot be recorded: its name is no file name; letters, digits, `-`, `_` and `.` are"
)]
pub struct NoFileName(String);

/// The name of a client's measured file: `firefox.toml` for `real:firefox`.
///
/// # Errors
/// The client's name would lead out of the folder, or is no file name.
pub fn file_name(origin: &Origin) -> Result<PathBuf, NoFileName> {
    file_of(&origin.client)
}

/// The name of the file of what was measured of that client.
///
/// # Errors
/// As [`file_name`].
pub(crate) fn file_of(client: &str) -> Result<PathBuf, NoFileName> {
    let base = client.strip_prefix(REAL).unwrap_or(client);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = PathBuf::from(format!("{base}.toml"));
    if base.is_empty()
        || base.starts_with('.')
        || !base.chars().all(plain)
        || name == Path::new(KNOWN)
    {
        return Err(NoFileName(client.to_owned()));
    }
    Ok(name)
}

/// A day as measured files write it.
pub fn date(time: impl Into<OffsetDateTime>) -> String {
    let (year, month, day) = time.into().to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// The measured files that are built into this program, by name.
///
/// # Errors
/// One of them is wrong; a test sees to it that none is.
pub fn built_in() -> Result<Vec<Record>, DataError> {
    measured_files()
        .filter(|source| source.path().file_name() != Some(KNOWN.as_ref()))
        .map(|source| read(&source))
        .collect()
}

/// Where the built-in clients are known to differ from what was measured.
///
/// # Errors
/// The file is wrong; a test sees to it that it is not.
pub fn built_in_known() -> Result<Known, DataError> {
    measured_files()
        .find(|source| source.path().file_name() == Some(KNOWN.as_ref()))
        .map_or_else(|| Ok(Known::default()), |source| Known::read(&source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::report;

    fn firefox() -> Record {
        let mut records = Record::of_report(&report(), Some("2026-11-23"), None);
        let mut record = records.swap_remove(1);
        record.origin.client = "real:firefox".to_owned();
        record.origin.version = Some("Firefox 153.7.0".to_owned());
        record
    }

    #[test]
    fn a_record_is_a_line_a_step() {
        insta::assert_snapshot!(write(&firefox()));
    }

    #[test]
    fn what_is_written_reads_back() {
        let record = firefox();
        let mut read = read(&Source::new("firefox.toml", write(&record))).unwrap();
        assert_eq!(read.origin.file.take().as_deref(), Some("firefox.toml"));
        assert_eq!(read, record);
    }

    #[test]
    fn whatever_a_client_says_is_written_on_one_line_and_reads_back() {
        let odd = "a \"quote\", a \\, a\nline, \u{1b}[31m, é and \u{7f}";
        let mut record = firefox();
        record.cases.clear();
        let shown = Shown { action: odd.to_owned(), result: Outcome::Skipped(odd.to_owned()) };
        record.cases.insert(odd.to_owned(), Story::from([(1, shown)]));
        let text = write(&record);
        assert!(text.lines().all(|line| !line.chars().any(char::is_control)), "{text}");
        assert_eq!(read(&Source::new("a.toml", text)).unwrap().cases, record.cases);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_at_its_line() {
        let error = |step: &str| {
            let text = format!(
                "client = \"real:a\"\ntitle = \"A\"\nsubject = \"builtin\"\n[cases]\n\"x/y\" = [\n{step}\n]\n"
            );
            read(&Source::new("a.toml", text)).unwrap_err().to_string()
        };
        let unknown = error("{ step = 1, action = \"open\", verdit = \"refused\" }");
        assert!(unknown.starts_with("a.toml:"), "{unknown}");
        assert!(unknown.contains("unknown variant `verdit`"), "{unknown}");
        let nothing = error("{ step = 1, action = \"open\" }");
        assert!(nothing.starts_with("a.toml:6:1: the step says nothing"), "{nothing}");
        let both =
            error("{ step = 1, action = \"open\", verdict = \"refused\", skipped = \"no\" }");
        assert!(both.contains("only one of the three"), "{both}");
        let step = "{ step = 1, action = \"open\", verdict = \"refused\" }";
        let twice = error(&format!("{step},\n{step}"));
        assert!(twice.starts_with("a.toml:7:1: step 1 is there twice"), "{twice}");
    }

    #[test]
    fn a_client_is_never_recorded_outside_its_folder() {
        let named =
            |client: &str| file_name(&Origin { client: client.to_owned(), ..firefox().origin });
        assert_eq!(named("real:firefox-12"), Ok("firefox-12.toml".into()));
        for client in ["real:../firefox", "real:", "real:a/b", "real:.hidden", "real:known"] {
            assert!(named(client).is_err(), "{client}");
        }
    }

    #[test]
    fn the_files_that_are_built_in_are_right() {
        for record in built_in().unwrap_or_else(|error| panic!("{error}")) {
            assert!(record.origin.is_real(), "{:?}", record.origin);
            assert_eq!(
                Path::new(record.origin.file.as_deref().unwrap()).file_name(),
                Some(file_name(&record.origin).unwrap().as_os_str())
            );
        }
        built_in_known().unwrap_or_else(|error| panic!("{error}"));
    }
}
