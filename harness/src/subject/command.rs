//! Commands with placeholders, such as `["websockify", "{options}", "{listen}", "{target}"]`.
//!
//! A placeholder is a name in braces. Braces around anything else, and `${NAME}` of a shell, are text.

use std::{ffi::OsString, path::Path, sync::LazyLock};

use regex::Regex;
use toml::Spanned;

use super::{Launch, option::Options};
use crate::data::{DataError, Source};

/// Where a command stands, which decides the placeholders that have a meaning there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// The command that starts the subject.
    Start,
    /// The command that prints its version.
    Version,
    /// The arguments of an option.
    Option(super::SubjectOption),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Listen,
    ListenHost,
    ListenPort,
    Target,
    TargetHost,
    TargetPort,
    Options,
    Cert,
    Key,
    KeyPassword,
    Web,
    Cafile,
    TargetCafile,
    TargetName,
    Folder,
    Wssure,
}

impl Placeholder {
    const ALL: &[(&str, Self)] = &[
        ("listen", Self::Listen),
        ("listen-host", Self::ListenHost),
        ("listen-port", Self::ListenPort),
        ("target", Self::Target),
        ("target-host", Self::TargetHost),
        ("target-port", Self::TargetPort),
        ("options", Self::Options),
        ("cert", Self::Cert),
        ("key", Self::Key),
        ("key-password", Self::KeyPassword),
        ("web", Self::Web),
        ("cafile", Self::Cafile),
        ("target-cafile", Self::TargetCafile),
        ("target-name", Self::TargetName),
        ("folder", Self::Folder),
        ("wssure", Self::Wssure),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, placeholder)| *placeholder)
    }

    fn has_meaning_in(self, position: Position) -> bool {
        use super::SubjectOption as O;
        match position {
            Position::Start => !matches!(
                self,
                Self::Cert
                    | Self::Key
                    | Self::KeyPassword
                    | Self::Web
                    | Self::Cafile
                    | Self::TargetCafile
                    | Self::TargetName
            ),
            Position::Version => self == Self::Wssure,
            Position::Option(option) => match self {
                Self::Folder => true,
                Self::Cert => option == O::Cert,
                Self::Key => option == O::Key,
                Self::KeyPassword => option == O::KeyPassword,
                Self::Web => option == O::Web,
                Self::Cafile => option == O::Cafile,
                Self::TargetCafile => option == O::TargetCafile,
                Self::TargetName => option == O::TargetName,
                _ => false,
            },
        }
    }
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Debug)]
enum Argument {
    /// `{options}`: as many arguments as the options in use have.
    Options,
    Parts(Vec<Part>),
}

/// A command, or the arguments of an option, whose placeholders were checked.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Argument>);

/// What placeholders stand for in one start.
pub(super) struct Values<'a> {
    pub(super) launch: &'a Launch,
    pub(super) listen: std::net::SocketAddr,
    pub(super) options: &'a Options,
    pub(super) wssure: &'a Path,
}

impl Template {
    pub(super) fn new(
        source: &Source,
        position: Position,
        arguments: &[Spanned<String>],
    ) -> Result<Self, DataError> {
        arguments
            .iter()
            .map(|argument| check(source, position, argument))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The command line.
    pub(super) fn fill(&self, values: &Values<'_>) -> Vec<OsString> {
        let mut line = Vec::new();
        for argument in &self.0 {
            match argument {
                Argument::Parts(parts) => {
                    line.push(parts.iter().map(|part| text(part, values)).collect())
                }
                Argument::Options => {
                    let asked = values.launch.options().into_iter();
                    line.extend(
                        asked
                            .filter_map(|option| values.options.get(option))
                            .flat_map(|of| of.fill(values)),
                    );
                }
            }
        }
        line
    }
}

fn text(part: &Part, values: &Values<'_>) -> OsString {
    let (listen, target) = (values.listen, values.launch.target);
    let path = |path: Option<&std::path::PathBuf>| path.map(OsString::from).unwrap_or_default();
    match part {
        Part::Text(text) => text.into(),
        Part::Placeholder(placeholder) => match placeholder {
            Placeholder::Listen => listen.to_string().into(),
            Placeholder::ListenHost => listen.ip().to_string().into(),
            Placeholder::ListenPort => listen.port().to_string().into(),
            Placeholder::Target => target.to_string().into(),
            Placeholder::TargetHost => target.ip().to_string().into(),
            Placeholder::TargetPort => target.port().to_string().into(),
            Placeholder::Cert => path(values.launch.cert.as_ref()),
            Placeholder::Key => path(values.launch.key.as_ref()),
            Placeholder::KeyPassword => {
                values.launch.key_password.as_deref().unwrap_or_default().into()
            }
            Placeholder::Web => path(values.launch.web.as_ref()),
            Placeholder::Cafile => path(values.launch.cafile.as_ref()),
            Placeholder::TargetCafile => path(values.launch.target_cafile.as_ref()),
            Placeholder::TargetName => {
                values.launch.target_name.as_ref().map(OsString::from).unwrap_or_default()
            }
            Placeholder::Folder => values.launch.working_folder.clone().into(),
            Placeholder::Wssure => values.wssure.into(),
            // An argument of its own, which `check` made sure of.
            Placeholder::Options => OsString::new(),
        },
    }
}

fn check(
    source: &Source,
    position: Position,
    argument: &Spanned<String>,
) -> Result<Argument, DataError> {
    static BRACES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\$?\{([A-Za-z_-]+)\}").expect("the pattern is a constant, and tested")
    });

    let text = argument.get_ref().as_str();
    let mut parts = Vec::new();
    let mut end = 0;
    for found in BRACES.captures_iter(text) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        if whole.as_str().starts_with('$') {
            continue;
        }
        let wrong =
            |message: String| source.error(place(source, argument, whole.as_str()), message);
        let right = || {
            Placeholder::ALL
                .iter()
                .filter(|(_, known)| known.has_meaning_in(position))
                .map(|(name, _)| *name)
        };
        let placeholder = Placeholder::named(name.as_str()).ok_or_else(|| {
            wrong(format!("there is no placeholder `{}`", whole.as_str()))
                .did_you_mean(name.as_str(), right())
        })?;
        if !placeholder.has_meaning_in(position) {
            return Err(wrong(format!("the placeholder `{}` has no meaning here", whole.as_str()))
                .hint(format!(
                    "here it can be one of: {}; files belong into [options]",
                    right().collect::<Vec<_>>().join(", ")
                )));
        }
        if placeholder == Placeholder::Options {
            if whole.as_str() != text {
                return Err(wrong(
                    "`{options}` stands for several arguments, so it must be one of its own".into(),
                ));
            }
            return Ok(Argument::Options);
        }
        parts.push(Part::Text(text[end..whole.start()].to_owned()));
        parts.push(Part::Placeholder(placeholder));
        end = whole.end();
    }
    parts.push(Part::Text(text[end..].to_owned()));
    Ok(Argument::Parts(parts))
}

/// Where the placeholder stands in the file; the whole string if it is spelled with escapes there.
fn place(source: &Source, argument: &Spanned<String>, placeholder: &str) -> std::ops::Range<usize> {
    let span = argument.span();
    let found = source.text().get(span.clone()).and_then(|literal| literal.find(placeholder));
    found.map_or(span.clone(), |at| span.start + at..span.start + at + placeholder.len())
}
