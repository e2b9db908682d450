//! The shape of a subject's TOML file, and its checks.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Divergence, Subject, SubjectOption,
    command::{Position, Template},
    divergence::RawDivergence,
    option::Options,
    ready::{RawReady, Ready},
    rule::{RawRule, Rules},
};
use crate::data::{DataError, Source};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    name: Spanned<String>,
    title: String,
    install: String,
    command: Spanned<Vec<Spanned<String>>>,
    version: Option<Vec<Spanned<String>>>,
    ready: Spanned<RawReady>,
    #[serde(default)]
    options: BTreeMap<SubjectOption, Vec<Spanned<String>>>,
    #[serde(default)]
    log: Vec<RawRule>,
    #[serde(default)]
    divergence: Vec<RawDivergence>,
}

impl Subject {
    /// Reads a definition.
    ///
    /// # Errors
    /// The first place where it is wrong.
    pub fn define(source: Source) -> Result<Self, DataError> {
        let raw: Definition = source.parse()?;
        check_name(&source, &raw.name)?;
        if raw.command.get_ref().is_empty() {
            return Err(source.error(raw.command.span(), "the command is empty"));
        }
        let options = raw.options.iter().map(|(&option, arguments)| {
            Template::new(&source, Position::Option(option), arguments)
                .map(|template| (option, template))
        });
        let version =
            raw.version.as_ref().map(|command| Template::new(&source, Position::Version, command));
        Ok(Self {
            command: Template::new(&source, Position::Start, raw.command.get_ref())?,
            version: version.transpose()?,
            ready: Ready::new(&source, &raw.ready)?,
            options: Options(options.collect::<Result<_, _>>()?),
            rules: Rules::new(&source, &raw.log)?,
            divergences: raw
                .divergence
                .into_iter()
                .map(|raw| Divergence::new(&source, raw))
                .collect::<Result<_, _>>()?,
            name: raw.name.into_inner(),
            title: raw.title,
            install: raw.install,
            folder: None,
            source,
        })
    }
}

/// A name stands in file names, on command lines and in cases' tables.
fn check_name(source: &Source, name: &Spanned<String>) -> Result<(), DataError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.get_ref().is_empty() || !name.get_ref().chars().all(fits) {
        return Err(source.error(name.span(), "a name has small letters, digits and hyphens only"));
    }
    Ok(())
}

/// Compiles a regular expression, with an error at its place.
pub(super) fn regex(source: &Source, pattern: &Spanned<String>) -> Result<Regex, DataError> {
    Regex::new(pattern.get_ref()).map_err(|error| {
        // The library draws the pattern over several lines; its last line says what is wrong.
        let text = error.to_string();
        let reason =
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        source.error(pattern.span(), format!("is no regular expression: {reason}"))
    })
}
