//! The control client: after a refusal, somebody who accepts everything must still be served.

use std::sync::Arc;

use super::RunError;
use crate::{
    Fault,
    certificate::{Kind, Lab, Minted, Specification},
    client::{Client, Destination, Payload, Profile, Simulated},
    data::Source,
};

/// What is said where it is served.
pub(super) const SERVED: &str = "served";

/// The control client of a run.
#[derive(Clone, Debug)]
pub(super) struct Control {
    profile: Arc<Profile>,
    /// What it shows where it is asked for a certificate.
    own: Minted,
}

/// How far it must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the target, and back.
    Target,
    /// To the proxy: the case is about a target that cannot be reached.
    Proxy,
}

impl Control {
    pub(super) fn new(lab: &Lab) -> Result<Self, RunError> {
        let source = Source::new("harness/src/run/control.toml", include_str!("control.toml"));
        // From the run's authority, with an extendedKeyUsage of clientAuth: good for clients, that is.
        let host =
            "control.example.test".parse().map_err(|error| RunError::Setup(format!("{error}")))?;
        let own = lab.mint(&Specification::new(Kind::WrongPurpose, host))?;
        Ok(Self { profile: Arc::new(Profile::read(&source)?), own })
    }

    /// [`SERVED`], or what happened instead.
    pub(super) async fn is_served(&self, to: &Destination, reach: Reach) -> String {
        let mut client = Simulated::new(Arc::clone(&self.profile)).holding(self.own.clone());
        let payload = Payload::MustReturn(b"still there?".to_vec());
        match (client.open(to, &payload).await, reach) {
            (Err(trouble), _) => trouble.to_string(),
            (Ok(seen), _) if seen.is_connected() => SERVED.to_owned(),
            (Ok(seen), Reach::Proxy) if seen.fault().is_some_and(Fault::is_of_target) => {
                SERVED.to_owned()
            }
            (Ok(seen), _) => seen.refusal().map_or_else(String::new, |refusal| {
                format!("{}: {}", refusal.fault, refusal.detail)
            }),
        }
    }
}
