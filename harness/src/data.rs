//! Reading our TOML data files (clients, subjects, cases), and saying exactly where one is wrong.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::de::DeserializeOwned;

/// A data file: its path, for messages, and its text.
#[derive(Clone, Debug)]
pub struct Source(Arc<Text>);

#[derive(Debug)]
struct Text {
    path: PathBuf,
    text: String,
}

impl Source {
    /// A data file whose text is at hand, as those that are built in.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self(Arc::new(Text { path: path.into(), text: text.into() }))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => Err(DataError::of_file(path, format!("cannot be read: {error}"))),
        }
    }

    /// Where it came from.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Reads the text as TOML of the given shape.
    ///
    /// # Errors
    /// The first place where the text is not TOML or does not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        toml::from_str(self.text()).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.error(span, error.message().trim_end())
        })
    }

    /// An error at a place in this file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> DataError {
        DataError {
            path: self.path().to_owned(),
            place: Some(Place::of(self.text(), span)),
            message: message.into(),
            hint: None,
        }
    }

    /// The line of a place, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        Place::of(self.text(), at..at).line
    }
}

/// A data file that cannot be used: which one, where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    path: PathBuf,
    place: Option<Place>,
    message: String,
    hint: Option<String>,
}

impl DataError {
    /// An error of a file or folder as a whole.
    pub(crate) fn of_file(path: &Path, message: String) -> Self {
        Self { path: path.to_owned(), place: None, message, hint: None }
    }

    /// The same error with a sentence on what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with the nearest of the names that would have been right as its hint,
    /// or else with all of them.
    #[must_use]
    pub fn did_you_mean<'a>(self, wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Self {
        let right: Vec<&str> = right.into_iter().collect();
        match nearest(wrong, &right) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self.hint(format!("one of: {}", right.join(", "))),
        }
    }
}

/// The name among `right` that `wrong` was most likely meant to be.
pub fn nearest<'a>(wrong: &str, right: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(wrong, name);
    right
        .iter()
        .copied()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|name| likeness(name) > 0.8)
}

/// Line and column, counted from 1, with the line's text and how much of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    text: String,
    width: usize,
}

impl Place {
    fn of(text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = text.floor_char_boundary(span.end).clamp(start, line_end);
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end().to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

impl std::error::Error for DataError {}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        let Some(place) = &self.place else {
            write!(f, ": {}", self.message)?;
            return self.hint.iter().try_for_each(|hint| write!(f, "\n  hint: {hint}"));
        };
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, ":{}:{}: {}", place.line, place.column, self.message)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", place.text)?;
        write!(f, "{margin} | {}{}", " ".repeat(place.column - 1), "^".repeat(place.width))?;
        self.hint.iter().try_for_each(|hint| write!(f, "\n{margin} = hint: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[allow(dead_code)]
        name: String,
    }

    #[test]
    fn an_unknown_key_is_named_with_line_and_column() {
        let source = Source::new("things/a.toml", "name = \"a\"\nnmae = \"b\"\n");
        let error = source.parse::<Thing>().unwrap_err().to_string();
        assert!(error.starts_with("things/a.toml:2:1: unknown field `nmae`"), "{error}");
        assert!(error.ends_with("2 | nmae = \"b\"\n  | ^^^^"), "{error}");
    }

    #[test]
    fn the_nearest_name_is_offered() {
        let source = Source::new("a.toml", "fault = \"self-singed\"\n");
        let error = source
            .error(8..21, "there is no fault `self-singed`")
            .did_you_mean("self-singed", ["expired", "self-signed"]);
        assert!(error.to_string().ends_with("hint: did you mean `self-signed`?"), "{error}");
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        let source = Source::new("a.toml", "é");
        assert!(source.error(40..50, "odd").to_string().starts_with("a.toml:1:2: odd"));
    }
}
