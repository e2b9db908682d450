//! One TOML file with the options of the command line (`--config`), by the same names.
//!
//! It is made into arguments that stand before those of the command line, so that each value is read, refused and
//! explained by the same code; what the command line gives as well counts there.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::event::cause;

/// The names of the arguments that are no options.
const POSITIONALS: [(&str, &str); 2] = [("source", "listen"), ("target", "target")];

/// The name of a wrapped program and its arguments.
const COMMAND: &str = "command";

/// Options whose values are secrets.
const SECRETS: [&str; 2] = ["key-password", "auth-source"];

/// Options that make no sense in the file.
const CALL_ONLY: [&str; 5] = ["config", "check", "generate", "help", "version"];

/// A file that was read.
pub(super) struct Config {
    path: PathBuf,
    given: Vec<Given>,
    readable_by: ReadableBy,
}

/// Who may read the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadableBy {
    Owner,
    Others,
}

/// An option that the file gives.
struct Given {
    name: String,
    place: Place,
    value: Value,
}

enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// One value or, for what may be given several times, several.
    Values(Vec<OsString>),
}

/// Where something stands in the file, counted from 1; a column is a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Place {
    fn of(text: &str, span: Option<Range<usize>>) -> Self {
        let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }
}

/// Why a file gives no options.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfigError {
    #[error("--config {}: {}", path.display(), cause(error))]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} {place}: {why}", path.display())]
    Wrong { path: PathBuf, place: Place, why: String },
}

/// The file that the arguments name.
pub(super) fn named_in(arguments: &[OsString]) -> Option<PathBuf> {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(option) = options.next() {
        if option == "--config" {
            return options.next().map(PathBuf::from);
        }
        if let Some(path) = option.to_str().and_then(|option| option.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    None
}

impl Config {
    /// Reads a file with options of `command`.
    pub(super) fn read(path: &Path, command: &Command) -> Result<Self, ConfigError> {
        let failed = |error| ConfigError::Unreadable { path: path.to_owned(), error };
        let text = fs::read_to_string(path).map_err(failed)?;
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        let readable_by = if mode & 0o044 == 0 { ReadableBy::Owner } else { ReadableBy::Others };
        Ok(Self { readable_by, ..Self::parse(path, &text, command)? })
    }

    /// Reads what stands in a file that nobody else can read.
    pub(super) fn parse(path: &Path, text: &str, command: &Command) -> Result<Self, ConfigError> {
        let wrong = |span, why| ConfigError::Wrong {
            path: path.to_owned(),
            place: Place::of(text, span),
            why,
        };
        let table = DeTable::parse(text)
            .map_err(|error| wrong(error.span(), error.message().to_owned()))?;
        let mut given = Vec::new();
        for (key, value) in table.get_ref() {
            let name = key.get_ref().to_string();
            let value_place = Some(value.span());
            let value = match known(command, &name) {
                Ok(Takes::Flag) => flag(value).map(Value::Flag),
                Ok(takes) => values(value, takes).map(Value::Values),
                Err(why) => return Err(wrong(Some(key.span()), why)),
            };
            let value = value.map_err(|why| wrong(value_place, format!("`{name}`: {why}")))?;
            given.push(Given { name, place: Place::of(text, Some(key.span())), value });
        }
        Ok(Self { path: path.to_owned(), given, readable_by: ReadableBy::Owner })
    }

    /// Whether the option stands in it.
    pub(super) fn gives(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.name == name)
    }

    /// Whether an option stands in it that is always a secret.
    pub(super) fn gives_a_secret(&self) -> bool {
        SECRETS.iter().any(|name| self.gives(name))
    }

    /// The file, if others can read it.
    pub(super) fn readable_by_others(&self) -> Option<&Path> {
        (self.readable_by == ReadableBy::Others).then_some(self.path.as_path())
    }

    /// The arguments of a call with what the file gives: its options in front, and what is no option behind, where the
    /// call has none.
    pub(super) fn with(&self, arguments: Vec<OsString>, command: &Command) -> Vec<OsString> {
        let called = called_with(&arguments, command);
        let mut arguments = arguments.into_iter();
        let mut all: Vec<OsString> = arguments.next().into_iter().collect();
        // What the command line gives as well counts there.
        let own: Vec<&str> = long_options(arguments.as_slice());
        for given in self.given.iter().filter(|given| !own.contains(&given.name.as_str())) {
            all.extend(given.options());
        }
        let (mut behind, mut program) = (Vec::new(), Vec::new());
        for argument in arguments.by_ref() {
            if argument == "--" {
                program.extend(arguments.by_ref());
                break;
            }
            behind.push(argument);
        }
        all.extend(behind);
        let of_file = |name| self.given.iter().find(|given| given.name == name);
        for (name, _) in POSITIONALS.iter().skip(called) {
            all.extend(of_file(*name).into_iter().flat_map(Given::values));
        }
        if program.is_empty() {
            program.extend(of_file(COMMAND).into_iter().flat_map(Given::values));
        }
        if !program.is_empty() {
            all.push("--".into());
            all.extend(program);
        }
        all
    }

    /// An error that is about what the file gives, with the place there.
    pub(super) fn placed(&self, error: clap::Error, command: &mut Command) -> clap::Error {
        let named = |kind| match error.get(kind) {
            Some(ContextValue::String(name)) => Some(name.clone()),
            Some(ContextValue::Strings(names)) => names.first().cloned(),
            _ => None,
        };
        let names = [ContextKind::InvalidArg, ContextKind::PriorArg].map(named);
        let is_named = |given: &&Given| {
            let words =
                names.iter().flatten().filter_map(|name| name.split([' ', '=', '[']).next());
            words.into_iter().any(|word| word.strip_prefix("--") == Some(given.name.as_str()))
        };
        let Some(given) = self.given.iter().find(is_named) else { return error };
        let words = error.to_string();
        let words = words.strip_prefix("error: ").unwrap_or(&words);
        let words = words.split("\n\nUsage:").next().unwrap_or(words);
        let words = words.split("\n\nFor more information").next().unwrap_or(words);
        let (path, place) = (self.path.display(), given.place);
        command.error(error.kind(), format!("{path} {place}: {words}"))
    }
}

impl Given {
    fn options(&self) -> Vec<OsString> {
        let name = format!("--{}", self.name);
        match &self.value {
            Value::Flag(true) => vec![name.into()],
            Value::Flag(false) => Vec::new(),
            Value::Values(_) if !self.is_option() => Vec::new(),
            Value::Values(values) => {
                let option = |value: &OsString| {
                    let mut option = OsString::from(format!("{name}="));
                    option.push(value);
                    option
                };
                values.iter().map(option).collect()
            }
        }
    }

    fn is_option(&self) -> bool {
        self.name != COMMAND && POSITIONALS.iter().all(|(name, _)| self.name != *name)
    }

    fn values(&self) -> Vec<OsString> {
        match &self.value {
            Value::Flag(_) => Vec::new(),
            Value::Values(values) => values.clone(),
        }
    }
}

/// How many arguments a call has that are no options.
fn called_with(arguments: &[OsString], command: &Command) -> usize {
    // Errors are told when the whole is read.
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments);
    let given = |id: &str| matches.as_ref().is_ok_and(|matches| matches.contains_id(id));
    POSITIONALS.iter().filter(|(_, id)| given(id)).count()
}

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Flag,
    One,
    Several,
}

fn known(command: &Command, name: &str) -> Result<Takes, String> {
    if name == COMMAND {
        return Ok(Takes::Several);
    }
    if POSITIONALS.iter().any(|(positional, _)| *positional == name) {
        return Ok(Takes::One);
    }
    if CALL_ONLY.contains(&name) {
        return Err(format!("`{name}` is for the command line only"));
    }
    let options: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    let found = command.get_arguments().find(|option| option.get_long() == Some(name));
    match found.map(|option| option.get_action()) {
        Some(ArgAction::SetTrue) => Ok(Takes::Flag),
        Some(ArgAction::Append) => Ok(Takes::Several),
        Some(_) => Ok(Takes::One),
        None => {
            let near = options
                .into_iter()
                .chain(POSITIONALS.map(|(positional, _)| positional))
                .map(|other| (strsim::jaro(name, other), other))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|(one, _), (other, _)| one.total_cmp(other));
            let hint = near.map(|(_, other)| format!("; did you mean `{other}`?"));
            Err(format!("there is no option `{name}`{}", hint.unwrap_or_default()))
        }
    }
}

fn flag(value: &Spanned<DeValue<'_>>) -> Result<bool, String> {
    match value.get_ref() {
        DeValue::Boolean(value) => Ok(*value),
        _ => Err("give true or false".to_owned()),
    }
}

fn values(value: &Spanned<DeValue<'_>>, takes: Takes) -> Result<Vec<OsString>, String> {
    match (value.get_ref(), takes) {
        (DeValue::Array(values), Takes::Several) => {
            values.iter().map(|value| one(value.get_ref())).collect()
        }
        (DeValue::Array(_), _) => Err("it takes one value, and no array".to_owned()),
        (value, _) => Ok(vec![one(value)?]),
    }
}

fn one(value: &DeValue<'_>) -> Result<OsString, String> {
    match value {
        DeValue::String(text) => Ok(OsStr::new(text.as_ref()).to_owned()),
        DeValue::Integer(number) => Ok(number.as_str().to_owned().into()),
        DeValue::Boolean(_) => Err("it takes a value, and not true or false".to_owned()),
        _ => Err("give a string or a whole number".to_owned()),
    }
}

impl From<ConfigError> for clap::Error {
    fn from(error: ConfigError) -> Self {
        clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n"))
    }
}

/// The names of the long options among arguments, up to the program.
fn long_options(arguments: &[OsString]) -> Vec<&str> {
    let own = arguments.iter().take_while(|argument| *argument != "--");
    let long = own.filter_map(|argument| argument.to_str()?.strip_prefix("--"));
    long.filter_map(|option| option.split('=').next()).collect()
}
