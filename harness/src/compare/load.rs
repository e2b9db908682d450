//! Records from a file: a run's JSON report, or a measured TOML file.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{measured, record::Record};
use crate::{
    data::{DataError, Source},
    run::{REPORT_VERSION, Report},
};

const HOW_TO_WRITE: &str = "`wssure run --report json=FILE` writes a report, and `wssure compare REPORT --record DIR` measured files";

#[derive(Deserialize)]
struct Versioned {
    version: Option<u32>,
}

/// Reads the records of a file. What ends in `.toml` is a measured file, anything else a JSON report, whose
/// day is the file's own.
///
/// # Errors
/// The file cannot be read, is neither, or is a report of another version.
pub fn load(path: &Path) -> Result<Vec<Record>, DataError> {
    let source = Source::read(path)?;
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(vec![measured::read(&source)?]);
    }
    let report = report(&source)?;
    let written = fs::metadata(path).and_then(|file| file.modified()).ok().map(measured::date);
    Ok(Record::of_report(&report, written.as_deref(), Some(&path.display().to_string())))
}

fn report(source: &Source) -> Result<Report, DataError> {
    let wrong = |message: String| DataError::of_file(source.path(), message);
    let not_json = |error| wrong(format!("is no JSON report: {error}")).hint(HOW_TO_WRITE);
    match serde_json::from_str::<Versioned>(source.text()).map_err(not_json)?.version {
        Some(REPORT_VERSION) => serde_json::from_str(source.text()).map_err(|error| {
            wrong(format!("is no report of version {REPORT_VERSION}: {error}")).hint(HOW_TO_WRITE)
        }),
        Some(version) => Err(wrong(format!(
            "is a report of version {version}, and this program reads version {REPORT_VERSION}"
        ))
        .hint("write it anew with this program, or read it with the one that wrote it")),
        None => Err(wrong("is no report: it has no `version`".to_owned()).hint(HOW_TO_WRITE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{json, samples};

    fn error(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let error = load(&path).unwrap_err().to_string();
        error.strip_prefix(&folder.path().display().to_string()).unwrap().to_owned()
    }

    #[test]
    fn a_report_and_a_measured_file_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = Vec::new();
        json::write(&samples::report(), &mut written).unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, written).unwrap();
        let records = load(&path).unwrap();
        assert_eq!(records.len(), 2);
        let path = folder.path().join("firefox.toml");
        fs::write(&path, measured::write(&records[1])).unwrap();
        let read = load(&path).unwrap();
        assert_eq!((read.len(), &read[0].cases), (1, &records[1].cases));
        assert_eq!(read[0].origin.date, records[1].origin.date);
    }

    #[test]
    fn what_is_no_report_is_told_with_its_file() {
        let cut = error("cut.json", "{ \"version\": 1, ");
        assert!(cut.starts_with("/cut.json: is no JSON report: EOF while parsing"), "{cut}");
        let other = error("other.json", "{ \"name\": \"x\" }");
        assert!(other.starts_with("/other.json: is no report: it has no `version`"), "{other}");
        let newer = error("newer.json", "{ \"version\": 7 }");
        assert!(newer.starts_with("/newer.json: is a report of version 7, and this"), "{newer}");
        let bare = error("bare.json", "{ \"version\": 1 }");
        assert!(bare.starts_with("/bare.json: is no report of version 1: missing field"), "{bare}");
        let toml = error("a.toml", "client = 1\n");
        assert!(toml.starts_with("/a.toml:1:10: invalid type"), "{toml}");
    }
}
