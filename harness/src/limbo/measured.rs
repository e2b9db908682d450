//! Records of what real clients did in handshakes, one readable line a case.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::verdict::{Judged, Verdict};
use crate::{
    compare::{
        REAL,
        measured::{NoFileName, file_of, quoted},
    },
    data::{DataError, Source},
};

static RECORDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/limbo/measured");

/// What a real client did with the cases that could be served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// `real:` and the name of the profile that it is held against.
    pub client: String,
    /// What the client says of its version.
    pub version: String,
    /// The day.
    pub date: String,
    /// By id.
    pub cases: BTreeMap<String, Verdict>,
}

/// Where a simulated client does other than the real one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The case.
    pub id: String,
    /// What the simulated one does.
    pub simulated: Verdict,
    /// What the real one did.
    pub real: Verdict,
}

impl Measured {
    /// Reads a record.
    ///
    /// # Errors
    /// The first place where it is wrong.
    pub fn read(source: &Source) -> Result<Self, DataError> {
        source.parse()
    }

    /// The records that are built into this program, by name.
    ///
    /// # Errors
    /// One of them is wrong; a test sees to it that none is.
    pub fn built_in() -> Result<Vec<Self>, DataError> {
        let mut files: Vec<_> = RECORDS.files().collect();
        files.sort_by_key(|file| file.path());
        let read = files.iter().map(|file| {
            let path = Path::new("harness/limbo/measured").join(file.path());
            Self::read(&Source::new(path, file.contents_utf8().unwrap_or_default()))
        });
        read.collect()
    }

    /// The record of the real client that this simulated one is named after, if there is one.
    ///
    /// # Errors
    /// As [`built_in`](Self::built_in).
    pub fn of(client: &str) -> Result<Option<Self>, DataError> {
        Ok(Self::built_in()?.into_iter().find(|one| one.base() == client))
    }

    /// What was judged, in a record.
    pub fn new(client: &str, version: &str, date: String, judged: &[Judged]) -> Self {
        let cases = judged
            .iter()
            .filter_map(|one| Some((one.id.clone(), one.verdict.as_ref().ok()?.clone())));
        Self {
            client: client.to_owned(),
            version: version.to_owned(),
            date,
            cases: cases.collect(),
        }
    }

    /// Keeps of an older record what this one does not tell.
    pub fn keep_of(&mut self, older: Self) {
        for (id, verdict) in older.cases {
            self.cases.entry(id).or_insert(verdict);
        }
    }

    /// The client's name without `real:`.
    pub fn base(&self) -> &str {
        self.client.strip_prefix(REAL).unwrap_or(&self.client)
    }

    /// The name of its file.
    ///
    /// # Errors
    /// The client's name is no file name.
    pub fn file_name(&self) -> Result<PathBuf, NoFileName> {
        file_of(&self.client)
    }

    /// The text of its file.
    pub fn write(&self) -> String {
        let mut text = String::from(
            "# What a real client did with the cases of x509-limbo that can be served.\n\
             # Written by `wssure limbo --handshake --record DIR`: measure anew rather than edit.\n",
        );
        let header = [("client", &self.client), ("version", &self.version), ("date", &self.date)];
        for (key, value) in header {
            writeln!(text, "{key} = {}", quoted(value)).ok();
        }
        text.push_str("\n[cases]\n");
        for (id, verdict) in &self.cases {
            writeln!(text, "{} = {}", quoted(id), line(verdict)).ok();
        }
        text
    }

    /// Where those simulated judgements are others than were measured, in the code too, where both have one.
    pub fn unlike(&self, simulated: &[Judged]) -> Vec<Unlike> {
        let pairs = simulated.iter().filter_map(|one| {
            let (verdict, real) = (one.verdict.as_ref().ok()?, self.cases.get(&one.id)?);
            Some((&one.id, verdict, real))
        });
        pairs
            .filter(|(_, verdict, real)| !verdict.agrees_with(real))
            .map(|(id, verdict, real)| Unlike {
                id: id.clone(),
                simulated: verdict.clone(),
                real: real.clone(),
            })
            .collect()
    }
}

fn line(verdict: &Verdict) -> String {
    let mut line = String::from("{ verdict = ");
    line.push_str(match verdict {
        Verdict::Connected => "\"connected\"",
        Verdict::Hang => "\"hang\"",
        Verdict::Refused { .. } => "\"refused\"",
    });
    if let Verdict::Refused { code, alert } = verdict {
        for (key, value) in [("code", code.clone()), ("alert", alert.map(String::from))] {
            if let Some(value) = value {
                write!(line, ", {key} = {}", quoted(&value)).ok();
            }
        }
    }
    line.push_str(" }");
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Alert;

    fn record() -> Measured {
        let refused =
            |code: Option<&str>, alert| Verdict::Refused { code: code.map(str::to_owned), alert };
        Measured {
            client: "real:firefox".to_owned(),
            version: "Firefox 153".to_owned(),
            date: "2026-11-23".to_owned(),
            cases: BTreeMap::from([
                ("a::accepted".to_owned(), Verdict::Connected),
                ("a::hangs".to_owned(), Verdict::Hang),
                ("a::refused".to_owned(), refused(Some("SEC_\"ERROR\"\n"), Some(Alert(46)))),
                ("a::silent".to_owned(), refused(None, None)),
            ]),
        }
    }

    #[test]
    fn a_record_is_a_line_a_case_and_reads_back() {
        let text = record().write();
        assert!(text.contains("\n\"a::accepted\" = { verdict = \"connected\" }\n"), "{text}");
        assert!(text.contains("alert = \"certificate_unknown\" }\n"), "{text}");
        assert_eq!(Measured::read(&Source::new("firefox.toml", text)).unwrap(), record());
    }

    #[test]
    fn what_was_not_measured_anew_is_kept() {
        let mut newer = record();
        newer.cases.retain(|id, _| id == "a::hangs");
        let mut older = record();
        older.cases.insert("a::hangs".to_owned(), Verdict::Connected);
        newer.keep_of(older);
        assert_eq!(newer.cases, record().cases);
    }

    #[test]
    fn the_records_that_are_built_in_are_right() {
        for record in Measured::built_in().unwrap_or_else(|error| panic!("{error}")) {
            let file = record.file_name().unwrap();
            assert!(RECORDS.get_file(&file).is_some(), "{}", file.display());
            crate::client::find(record.base()).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
