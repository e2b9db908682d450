//! The report for programs: JSON in the shape of [`Report`], with a version and a schema.

use std::io::{self, Write};

use schemars::{Schema, schema_for};

use crate::run::Report;

/// Writes the report as one JSON document.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// The JSON Schema of the report; `harness/schema/report-v1.json` holds it.
pub fn schema() -> Schema {
    schema_for!(Report)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::samples::report;

    /// Set it to write the schema anew.
    const BLESS: &str = "BLESS";

    #[test]
    fn the_schema_in_the_repository_is_this_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report-v1.json");
        let current = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == current,
            "{} is out of date; {BLESS}=1 cargo test writes it anew. If a reader of the old shape would go wrong, REPORT_VERSION must change",
            path.display()
        );
    }

    #[test]
    fn a_report_is_as_its_schema_says_and_reads_back() {
        let mut written = Vec::new();
        write(&report(), &mut written).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let validator = jsonschema::validator_for(schema().as_value()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert_eq!(serde_json::from_value::<Report>(value).unwrap(), report());
    }

    #[test]
    fn the_schema_refuses_what_is_no_report() {
        let validator = jsonschema::validator_for(schema().as_value()).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({ "version": 1 })));
    }
}
