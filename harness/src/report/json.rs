//! The documents for programs: JSON, each with a version and a schema in the repository.

use std::io::{self, Write};

use schemars::{Schema, schema_for};
use serde::Serialize;

use crate::{compare::Comparison, run::Report};

/// Writes a [`Report`] or a [`Comparison`] as one JSON document.
///
/// # Errors
/// Those of `out`.
pub fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

/// The JSON Schema of a run's report; `harness/schema/report-v1.json` holds it.
pub fn schema() -> Schema {
    schema_for!(Report)
}

/// The JSON Schema of a comparison; `harness/schema/comparison-v1.json` holds it.
pub fn comparison_schema() -> Schema {
    schema_for!(Comparison)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{compare::samples::comparison, report::samples::report};

    /// Set it to write the schemas anew.
    const BLESS: &str = "BLESS";

    #[rstest]
    #[case::report("report-v1.json", schema())]
    #[case::comparison("comparison-v1.json", comparison_schema())]
    fn the_schema_in_the_repository_is_this_one(#[case] file: &str, #[case] schema: Schema) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(file);
        let current = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == current,
            "{} is out of date; {BLESS}=1 cargo test writes it anew. If a reader of the old shape would go wrong, its version must change",
            path.display()
        );
    }

    #[rstest]
    #[case::report(report(), schema())]
    #[case::comparison(comparison(), comparison_schema())]
    fn a_document_is_as_its_schema_says_and_reads_back<T>(
        #[case] document: T,
        #[case] schema: Schema,
    ) where
        T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let mut written = Vec::new();
        write(&document, &mut written).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert_eq!(serde_json::from_value::<T>(value).unwrap(), document);
    }

    #[rstest]
    #[case::report(schema())]
    #[case::comparison(comparison_schema())]
    fn the_schema_refuses_what_is_no_such_document(#[case] schema: Schema) {
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({ "version": 1 })));
    }
}
