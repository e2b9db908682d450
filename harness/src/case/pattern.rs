//! A pattern over the ids of cases, in a data file that must stay true.

use std::ops::Range;

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;

use crate::data::{DataError, Source};

/// A glob over case ids. A `*` stays within a part of the id between slashes; `**` does not.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    glob: GlobMatcher,
    span: Range<usize>,
}

impl Pattern {
    /// Reads it where it stands in `source`.
    ///
    /// # Errors
    /// It is no pattern.
    pub(crate) fn new(source: &Source, glob: &Spanned<String>) -> Result<Self, DataError> {
        let built = GlobBuilder::new(glob.get_ref()).literal_separator(true).build();
        let matcher = built.map_err(|error| {
            source.error(glob.span(), format!("is no pattern: {}", error.kind()))
        })?;
        Ok(Self { glob: matcher.compile_matcher(), span: glob.span() })
    }

    /// Whether it matches this case.
    pub(crate) fn matches(&self, case: &str) -> bool {
        self.glob.is_match(case)
    }

    /// An error at its place in `source`.
    pub(crate) fn error(&self, source: &Source, message: String) -> DataError {
        source.error(self.span.clone(), message)
    }

    /// Checks that it matches one of all the cases there are.
    ///
    /// # Errors
    /// It matches none, at its place in `source`.
    pub(crate) fn check<'a>(
        &self,
        source: &Source,
        all_cases: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), DataError> {
        if all_cases.into_iter().any(|case| self.matches(case)) {
            return Ok(());
        }
        let message = format!("no case matches `{}`", self.glob.glob());
        Err(self.error(source, message).hint("remove the pattern, or mend it"))
    }
}
