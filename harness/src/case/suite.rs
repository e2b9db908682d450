//! All cases of a run, read and checked together.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{Case, Claim, Incident, catalogue::Catalogue, format};
use crate::{
    client::Profile,
    data::{DataError, Source},
};

/// The names that a case may use.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Clients and their families.
    pub clients: BTreeSet<String>,
    /// Claims.
    pub claims: BTreeSet<String>,
}

impl Vocabulary {
    /// The names of these clients, and of these claims.
    pub fn new<'a>(clients: impl IntoIterator<Item = &'a Profile>, claims: &[Claim]) -> Self {
        Self {
            clients: clients.into_iter().flat_map(Profile::known_as).map(str::to_owned).collect(),
            claims: claims.iter().map(|claim| claim.id.clone()).collect(),
        }
    }
}

/// Cases and the claims that they speak of.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The cases, by id.
    pub cases: Vec<Case>,
    /// The claims, in their order.
    pub claims: Vec<Claim>,
    /// What people met, in the catalogue's order.
    pub incidents: Vec<Incident>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    claim: Vec<RawClaim>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClaim {
    id: Spanned<String>,
    text: String,
}

/// The file that lists the claims.
const CLAIMS: &str = "claims.toml";

/// The file that lists what people met.
const CATALOGUE: &str = "catalogue.toml";

impl Suite {
    /// Reads all cases, every one of them, used or not.
    ///
    /// `files` are TOML files with their paths below the suite's folder; `claims.toml` among them
    /// lists the claims, and `catalogue.toml` what people met.
    ///
    /// # Errors
    /// The first thing that is wrong in any of them.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (PathBuf, Source)>,
        clients: impl IntoIterator<Item = &'a Profile>,
    ) -> Result<Self, DataError> {
        let (lists, cases): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(path, _)| path == Path::new(CLAIMS));
        let (catalogues, cases): (Vec<_>, Vec<_>) =
            cases.into_iter().partition(|(path, _)| path == Path::new(CATALOGUE));
        let mut claims = Vec::new();
        for (_, source) in &lists {
            for raw in source.parse::<Claims>()?.claim {
                if claims.iter().any(|claim: &Claim| claim.id == *raw.id.get_ref()) {
                    let message = format!("the claim `{}` is listed twice", raw.id.get_ref());
                    return Err(source.error(raw.id.span(), message));
                }
                claims.push(Claim { id: raw.id.into_inner(), text: raw.text });
            }
        }
        let words = Vocabulary::new(clients, &claims);
        let mut read: Vec<Case> = Vec::new();
        for (path, source) in &cases {
            read.extend(format::read(&id(path), source, &words)?);
        }
        read.sort_by(|a, b| a.id.cmp(&b.id));
        let twice = read.windows(2).find_map(|pair| match pair {
            [one, other] if one.id == other.id => Some(other),
            _ => None,
        });
        if let Some(case) = twice {
            let message = format!("another file has a case `{}`", case.id);
            return Err(case.source.error(0..0, message).hint("give one of them another name"));
        }
        let mut incidents = Vec::new();
        for (_, source) in &catalogues {
            incidents.extend(source.parse::<Catalogue>()?.read(source, &read)?);
        }
        Ok(Self { cases: read, claims, incidents })
    }

    /// Reads all cases below a folder.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the folder cannot be read.
    pub fn load<'a>(
        folder: &Path,
        clients: impl IntoIterator<Item = &'a Profile>,
    ) -> Result<Self, DataError> {
        let mut files = Vec::new();
        collect(folder, folder, &mut files)?;
        Self::read(files, clients)
    }
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut Vec<(PathBuf, Source)>,
) -> Result<(), DataError> {
    let unreadable = |error: std::io::Error| {
        DataError::of_file(folder, format!("the folder cannot be read: {error}"))
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let below = path.strip_prefix(root).unwrap_or(&path).to_owned();
            files.push((below, Source::read(&path)?));
        }
    }
    Ok(())
}

/// `wiki/self-signed.toml` is the case `wiki/self-signed`.
fn id(path: &Path) -> String {
    let parts: Vec<_> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}
