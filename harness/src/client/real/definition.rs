//! A real client as data: which programs it takes, and how to get them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::{
    client::ClientError,
    data::{DataError, Source, nearest},
};

static DEFINITIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/clients/real");

/// A real client: its programs, and the profile that says what it should do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Definition {
    /// The name after `real:`.
    pub name: String,
    /// The profile that it is held against.
    pub profile: String,
    /// How it is driven.
    pub driven_by: Driving,
    /// The command that installs it.
    pub install: String,
    /// The command that tells its version; `{ROLE}` stands for a program.
    #[serde(default)]
    pub version: Vec<String>,
    /// The programs that it needs, by the role they play, each with the names it goes by.
    #[serde(default)]
    pub programs: BTreeMap<String, Vec<String>>,
}

/// How a real client is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "DrivenBy")]
pub enum Driving {
    /// A browser, which keeps running.
    Browser(Driver),
    /// A program of the command line, which is run for each connection.
    Tool(Tool),
}

/// What stands in the file for it: one list, so that a wrong word is told with all the right ones.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DrivenBy {
    Chromium,
    Firefox,
    Webkitgtk,
    Curl,
    Openssl,
    Gnutls,
    Node,
    Python,
}

impl From<DrivenBy> for Driving {
    fn from(named: DrivenBy) -> Self {
        match named {
            DrivenBy::Chromium => Self::Browser(Driver::Chromium),
            DrivenBy::Firefox => Self::Browser(Driver::Firefox),
            DrivenBy::Webkitgtk => Self::Browser(Driver::Webkitgtk),
            DrivenBy::Curl => Self::Tool(Tool::Curl),
            DrivenBy::Openssl => Self::Tool(Tool::Openssl),
            DrivenBy::Gnutls => Self::Tool(Tool::Gnutls),
            DrivenBy::Node => Self::Tool(Tool::Node),
            DrivenBy::Python => Self::Tool(Tool::Python),
        }
    }
}

impl Driving {
    /// The roles of the programs that it takes.
    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Browser(driver) => driver.roles(),
            Self::Tool(_) => &["tool"],
        }
    }
}

/// A program of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// curl, with OpenSSL or another library behind it.
    Curl,
    /// `openssl s_client`
    Openssl,
    /// gnutls-cli
    Gnutls,
    /// A script for Node.js on `tls.connect`.
    Node,
    /// A script for Python on `ssl.create_default_context`.
    Python,
}

/// How a browser is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// chromedriver and the DevTools protocol.
    Chromium,
    /// geckodriver, and Firefox's own services in its chrome context.
    Firefox,
    /// WebKitWebDriver.
    Webkitgtk,
}

impl Driver {
    /// The roles of the programs that it takes.
    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["browser", "driver", "certutil"],
            Self::Firefox => &["browser", "driver"],
            Self::Webkitgtk => &["browser", "driver", "display", "bus", "unshare"],
        }
    }
}

/// The programs of a definition, as they are on this machine.
#[derive(Clone, Debug, Default)]
pub struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// The program of that role, if there is one.
    pub(super) fn get(&self, role: &str) -> Option<&Path> {
        self.0.get(role).map(PathBuf::as_path)
    }

    /// The program of that role; the role's name itself if the definition has none, which the check of
    /// the file rules out.
    pub(super) fn of(&self, role: &'static str) -> &Path {
        self.get(role).unwrap_or(Path::new(role))
    }
}

/// A real client that is not on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{program} is not installed; {install}")]
pub struct NotInstalled {
    /// The program that is not there.
    pub program: String,
    /// The command that installs it.
    pub install: String,
}

impl Definition {
    /// Reads one.
    ///
    /// # Errors
    /// The first thing in the file that is not as it must be, with its place.
    pub fn read(source: &Source) -> Result<Self, DataError> {
        let definition: Self = source.parse()?;
        let roles = definition.driven_by.roles();
        if let Some(missing) = roles.iter().find(|role| !definition.programs.contains_key(**role)) {
            return Err(source.error(0..0, format!("`programs.{missing}` names no program")));
        }
        Ok(definition)
    }

    /// Its programs on this machine.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn programs(&self) -> Result<Programs, NotInstalled> {
        let mut found = BTreeMap::new();
        for (role, names) in &self.programs {
            let program = names.iter().find_map(|name| on_path(name));
            let program = program.ok_or_else(|| NotInstalled {
                program: names.join(" or "),
                install: self.install.clone(),
            })?;
            found.insert(role.clone(), program);
        }
        Ok(Programs(found))
    }
}

/// Every real client that is built in, by name.
///
/// # Errors
/// One of the files is wrong; a test sees to it that none is.
pub fn built_in() -> Result<Vec<Definition>, DataError> {
    let mut found = DEFINITIONS
        .files()
        .map(|file| {
            let path = PathBuf::from("harness/clients/real").join(file.path());
            Definition::read(&Source::new(path, file.contents_utf8().unwrap_or_default()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The real client of that name, or in that file.
///
/// # Errors
/// There is none, or its file is wrong.
pub(super) fn find(name: &str) -> Result<Definition, ClientError> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(Definition::read(&Source::read(path)?)?);
    }
    let all = built_in()?;
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let hint = nearest(name, &names)
        .map_or_else(String::new, |near| format!(" (did you mean `real:{near}`?)"));
    let found = all.iter().find(|one| one.name == name).cloned();
    found.ok_or_else(|| ClientError::Unknown { name: format!("real:{name}"), hint })
}

/// The file that the shell would run for that name.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let named = PathBuf::from(name);
    if named.components().count() > 1 {
        return named.is_file().then_some(named);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_definition_is_sound_and_has_a_profile() {
        for definition in built_in().unwrap_or_else(|error| panic!("{error}")) {
            crate::client::find(&definition.profile).unwrap_or_else(|error| panic!("{error}"));
            let file = format!("{}.toml", definition.name);
            assert!(DEFINITIONS.get_file(&file).is_some(), "{file}");
        }
    }

    #[test]
    fn an_unknown_real_client_gets_the_nearest_name() {
        let error = find("firefoks").unwrap_err().to_string();
        assert!(error.contains("did you mean `real:firefox`?"), "{error}");
    }

    #[test]
    fn what_is_not_installed_is_told_with_the_command_that_installs_it() {
        let text = "name = 'a'\nprofile = 'firefox'\ndriven-by = 'firefox'\ninstall = 'get it'\n\
                    [programs]\nbrowser = ['no-such-browser']\ndriver = ['no-such-driver']\n";
        let definition = Definition::read(&Source::new("a.toml", text)).unwrap();
        let error = definition.programs().unwrap_err().to_string();
        assert_eq!(error, "no-such-browser is not installed; get it");
    }
}
