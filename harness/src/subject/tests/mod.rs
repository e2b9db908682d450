//! Tests with subjects of a few lines, written as TOML.

mod builtin_definitions;
mod definitions;
mod processes;
mod reading;

use super::Subject;
use crate::data::{DataError, Source};

/// A definition whose parts but the given ones are right.
fn define(command: &str, rest: &str) -> Result<Subject, DataError> {
    let text = format!(
        "name = \"tiny\"\ntitle = \"Tiny\"\ninstall = \"write it\"\ncommand = {command}\n{rest}\n"
    );
    Subject::define(Source::new("tiny.toml", text))
}
