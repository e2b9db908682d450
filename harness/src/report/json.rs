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
