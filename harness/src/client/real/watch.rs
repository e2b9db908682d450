//! The ways to the subjects of a case, with a witness on each.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    client::{Destination, Route, Trouble},
    witness::{Mark, Secrets, Witness, Witnessed},
};

/// How long connections may take to end after the client has told how they went.
const ENDING: Duration = Duration::from_secs(3);

/// One witness for each subject, so that a URL's port stays the same over a case's steps.
#[derive(Debug)]
pub(super) struct Watch {
    secrets: Secrets,
    /// By the subject, and by where the client comes.
    witnesses: HashMap<(SocketAddr, IpAddr), Witness>,
}

/// The way to a subject, with a witness on it.
#[derive(Debug)]
pub(super) struct Watched {
    witness: Option<Passage>,
    /// The URL that leads through the witness.
    pub url: Destination,
}

/// Which witness, and since when.
#[derive(Debug)]
struct Passage {
    way: (SocketAddr, IpAddr),
    /// Before the connections that are to come.
    mark: Mark,
}

impl Watch {
    /// With what the client leaves of its secrets.
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { secrets, witnesses: HashMap::new() }
    }

    /// Puts a witness on the way to that destination, if there is none yet, at the address of this machine to which
    /// the client comes.
    pub(super) async fn over(&mut self, at: IpAddr, to: &Destination) -> Result<Watched, Trouble> {
        let subject = match to.route {
            Route::To(address) => address,
            // A witness would accept the connection, and there would be one.
            Route::ToNobody(_) => return Ok(Watched { witness: None, url: to.clone() }),
            Route::ByName => look_up(to).await?,
        };
        let witness = match self.witnesses.entry((subject, at)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let secrets = self.secrets.clone();
                let witness = Witness::start_at(at, subject, secrets).await;
                entry.insert(witness.map_err(|error| no_witness(at, &error))?)
            }
        };
        let address = witness.address();
        let url = Destination { port: address.port(), route: Route::To(address), ..to.clone() };
        let passage = Passage { way: (subject, at), mark: witness.mark() };
        Ok(Watched { witness: Some(passage), url })
    }

    /// Ends the connections that the client keeps open for a next page.
    pub(super) fn hang_up(&self, watched: &Watched) {
        if let Some((witness, mark)) = self.witness(watched) {
            witness.hang_up(mark);
        }
    }

    /// The case is over: its witnesses go.
    pub(super) fn clear(&mut self) {
        self.witnesses.clear();
    }

    /// What the witness has seen since then.
    pub(super) async fn seen(&self, watched: &Watched) -> Vec<Witnessed> {
        match self.witness(watched) {
            Some((witness, mark)) => witness.since(mark, Instant::now() + ENDING).await,
            None => Vec::new(),
        }
    }

    fn witness(&self, watched: &Watched) -> Option<(&Witness, Mark)> {
        let passage = watched.witness.as_ref()?;
        Some((self.witnesses.get(&passage.way)?, passage.mark))
    }
}

fn no_witness(at: IpAddr, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => Trouble::Cannot(format!(
            "it comes to {at} itself, and this machine has no such address (ip address add {at} dev lo)"
        )),
        _ => Trouble::Broke(format!("no port for a witness: {error}")),
    }
}

async fn look_up(to: &Destination) -> Result<SocketAddr, Trouble> {
    let host = to.host.bare().into_owned();
    let found = tokio::net::lookup_host((host.as_str(), to.port)).await;
    let mut found = found.map_err(|error| Trouble::Broke(format!("{host}: {error}")))?;
    found.next().ok_or_else(|| Trouble::Broke(format!("{host} has no address")))
}
