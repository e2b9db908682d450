//! Who is measured: definitions of the harness (`peers/*.toml`), and the table `peers.toml` of what each can do.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wssure_harness::data::DataError;
use wssure_harness::subject::Subject;

use crate::link::Speaks;
use crate::scheme::Scheme;

/// What somebody is measured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// To be compared with everybody else.
    Ours,
    /// A proxy that does the same.
    Peer,
    /// Something that does less.
    Limit,
}

/// One that is measured.
#[derive(Clone, Debug)]
pub struct Peer {
    pub name: String,
    pub role: Role,
    pub speaks: Speaks,
    pub schemes: Vec<Scheme>,
    /// How many idle connections it is given at most.
    pub idle: Option<usize>,
    /// `None` is no process: the load against itself.
    pub subject: Option<Subject>,
    /// What `{wssure}` stands for in its command.
    pub program: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    peer: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    role: Role,
    speaks: Speaks,
    schemes: Vec<Scheme>,
    idle: Option<usize>,
}

/// The name of the load against itself.
pub const DIRECT: &str = "direct";

/// All that the table names, and the load itself as the last.
///
/// # Errors
/// A definition is wrong.
pub fn all(ours: &Path, this: &Path) -> Result<Vec<Peer>, Box<dyn std::error::Error>> {
    let table: Table = toml::from_str(include_str!("../peers.toml"))?;
    let mut peers = Vec::new();
    for Row { name, role, speaks, schemes, idle } in table.peer {
        let program = if role == Role::Ours { ours } else { this }.to_owned();
        let subject = Some(subject(&name)?);
        peers.push(Peer { name, role, speaks, schemes, idle, subject, program });
    }
    peers.push(Peer {
        name: DIRECT.to_owned(),
        role: Role::Limit,
        speaks: Speaks::WebSocket,
        schemes: vec![Scheme::Wss, Scheme::Ws],
        idle: Some(0),
        subject: None,
        program: this.to_owned(),
    });
    Ok(peers)
}

fn subject(name: &str) -> Result<Subject, DataError> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(format!("{name}.toml"));
    if file.exists() { Subject::load(&file) } else { Subject::find(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_in_the_folder_is_measured() {
        let nowhere = Path::new("nowhere");
        let peers = all(nowhere, nowhere).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
            assert!(peers.iter().any(|peer| peer.name == name), "{name}");
        }
    }
}
