//! Who plays a client in a run: a simulation of it, or the real one.

use std::{str::FromStr, sync::Arc};

use super::{
    Client, ClientError, Profile, Simulated, Trouble,
    real::{self, Entrance, Real},
};
use crate::compare::REAL;

/// A client of a run, of which every case gets one in a fresh state.
#[derive(Clone, Debug)]
pub enum Actor {
    /// The profile's rules over connections of our own.
    Simulated(Arc<Profile>),
    /// A browser or a tool of this machine, or one behind a WebDriver endpoint.
    Real(Arc<Real>),
}

impl Actor {
    /// The name on the command line and in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Simulated(profile) => &profile.name,
            Self::Real(real) => real.name(),
        }
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        match self {
            Self::Simulated(profile) => &profile.title,
            Self::Real(real) => real.title(),
        }
    }

    /// What it says of its own version; only a real client has one.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Simulated(_) => None,
            Self::Real(real) => real.version(),
        }
    }

    /// The rules that it goes by, or that it is held against.
    pub fn profile(&self) -> &Arc<Profile> {
        match self {
            Self::Simulated(profile) => profile,
            Self::Real(real) => real.profile(),
        }
    }

    /// Whether it is a real one.
    pub const fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }

    /// One of these in that state.
    ///
    /// # Errors
    /// It does not start, or cannot be had in that state.
    pub async fn enter(&self, entrance: &Entrance) -> Result<Box<dyn Client>, Trouble> {
        match self {
            Self::Simulated(profile) => Ok(Box::new(
                Simulated::new(Arc::clone(profile))
                    .trusting([entrance.authority.clone()])
                    .tls_up_to(entrance.tls)
                    .at(entrance.clock)
                    .within(entrance.patience),
            )),
            Self::Real(real) => Arc::clone(real).enter(entrance).await,
        }
    }

    /// Shows, before there is a case, that it can be had at all, where that is in doubt.
    ///
    /// # Errors
    /// It cannot, and every case would say so.
    pub async fn rehearse(&self, entrance: &Entrance) -> Result<(), Trouble> {
        match self {
            Self::Simulated(_) => Ok(()),
            Self::Real(real) => Arc::clone(real).rehearse(entrance).await,
        }
    }

    /// The run is over: ends what was kept for the next case.
    pub async fn retire(&self) {
        if let Self::Real(real) = self {
            real.retire().await;
        }
    }
}

impl FromStr for Actor {
    type Err = ClientError;

    /// `real:NAME` is the real client of that name; anything else a profile's name or file.
    fn from_str(name: &str) -> Result<Self, ClientError> {
        match name.strip_prefix(REAL) {
            Some(real) => real::find(real).map(|real| Self::Real(Arc::new(real))),
            None => super::find(name).map(Self::Simulated),
        }
    }
}
