//! The clients that are built in, and how a name or a path becomes one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use include_dir::{Dir, include_dir};

use super::{Profile, real::definition::NotInstalled};
use crate::data::{DataError, Source, nearest};

static PROFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/clients");

/// A client that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is none of that name.
    #[error(
        "there is no client `{name}`{hint}; `wssure list clients` shows them, and a path to a TOML file works too"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// ` (did you mean ...?)`, or nothing.
        hint: String,
    },
    /// Its file is wrong.
    #[error(transparent)]
    File(#[from] DataError),
    /// It is a real one, and not on this machine.
    #[error("{name}: {missing}")]
    NotInstalled {
        /// Its name.
        name: String,
        /// What is not there, and the command that installs it.
        missing: NotInstalled,
    },
}

/// Every client that is built in, by name.
///
/// # Errors
/// One of the files is wrong; a test sees to it that none is.
pub fn built_in() -> Result<Vec<Arc<Profile>>, DataError> {
    let mut profiles = PROFILES
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .map(|file| {
            let path = PathBuf::from("harness/clients").join(file.path());
            let text = file.contents_utf8().unwrap_or_default();
            Profile::read(&Source::new(path, text)).map(Arc::new)
        })
        .collect::<Result<Vec<_>, _>>()?;
    profiles.sort_by(|a, b| (a.era, &a.name).cmp(&(b.era, &b.name)));
    Ok(profiles)
}

/// The TOML files that hold what real clients were measured to do, by name.
pub(crate) fn measured_files() -> impl Iterator<Item = Source> {
    let mut files: Vec<_> =
        PROFILES.get_dir("measured").map(|folder| folder.files().collect()).unwrap_or_default();
    files.sort_by_key(|file| file.path());
    files
        .into_iter()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
        .map(|file| {
            let path = Path::new("harness/clients").join(file.path());
            Source::new(path, file.contents_utf8().unwrap_or_default())
        })
}

/// The client of that name, or in that file.
///
/// # Errors
/// There is none, or its file is wrong.
pub fn find(name: &str) -> Result<Arc<Profile>, ClientError> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(Arc::new(Profile::load(path)?));
    }
    let profiles = built_in()?;
    if let Some(profile) = profiles.iter().find(|profile| profile.name == name) {
        return Ok(Arc::clone(profile));
    }
    let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    let hint =
        nearest(name, &names).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    Err(ClientError::Unknown { name: name.to_owned(), hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_client_is_named_as_its_file() {
        let profiles = built_in().unwrap_or_else(|error| panic!("{error}"));
        assert!(profiles.len() >= 9);
        for profile in profiles {
            assert!(
                PROFILES.get_file(format!("{}.toml", profile.name)).is_some(),
                "{}",
                profile.name
            );
        }
    }

    #[test]
    fn an_unknown_client_gets_the_nearest_name() {
        let error = find("chromuim").unwrap_err().to_string();
        assert!(error.contains("did you mean `chromium`?"), "{error}");
    }
}
