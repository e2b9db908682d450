//! The control client: after a refusal, somebody who accepts everything must still be served.

use std::sync::Arc;

use crate::{
    Fault,
    case::Target,
    client::{Client, Destination, Payload, Profile, Simulated},
    data::{DataError, Source},
};

/// What is said where it is served.
pub(super) const SERVED: &str = "served";

/// The control client of a run.
#[derive(Clone, Debug)]
pub(super) struct Control(Arc<Profile>);

impl Control {
    pub(super) fn new() -> Result<Self, DataError> {
        let source = Source::new("harness/src/run/control.toml", include_str!("control.toml"));
        Profile::read(&source).map(|profile| Self(Arc::new(profile)))
    }

    /// [`SERVED`], or what happened instead.
    pub(super) async fn is_served(&self, to: &Destination, target: Target) -> String {
        let mut client = Simulated::new(Arc::clone(&self.0));
        let payload = Payload::MustReturn(b"still there?".to_vec());
        match (client.open(to, &payload).await, target) {
            (Err(trouble), _) => trouble.to_string(),
            (Ok(seen), _) if seen.is_connected() => SERVED.to_owned(),
            (Ok(seen), Target::Nobody) if seen.fault() == Some(Fault::TargetUnreachable) => {
                SERVED.to_owned()
            }
            (Ok(seen), _) => seen.refusal().map_or_else(String::new, |refusal| {
                format!("{}: {}", refusal.fault, refusal.detail)
            }),
        }
    }
}
