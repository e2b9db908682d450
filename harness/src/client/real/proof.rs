//! The proof that a browser judges certificates at all, in the very session whose verdicts are kept.

use crate::{
    certificate::{Kind, Lab, Specification},
    client::Destination,
    client::Scheme,
    in_process::{InProcess, InProcessError},
};

/// Two proxies: every session must be refused by its own judgement at the first, and connect to the second.
#[derive(Debug)]
pub struct Proof {
    untrusted: InProcess,
    good: InProcess,
}

impl Proof {
    /// Starts them, with certificates of the run's lab.
    ///
    /// # Errors
    /// A certificate cannot be made, or no port can be had.
    pub async fn start(lab: &Lab) -> Result<Self, InProcessError> {
        let serve = async |kind, host: &str| {
            let host = host.parse().map_err(|error| {
                InProcessError::Io(std::io::Error::other(format!("{host}: {error}")))
            })?;
            InProcess::start(&lab.mint(&Specification::new(kind, host))?).await
        };
        Ok(Self {
            untrusted: serve(Kind::UnknownIssuer, "untrusted.wssure.test").await?,
            good: serve(Kind::Good, "good.wssure.test").await?,
        })
    }

    /// Where a browser must refuse.
    pub(super) fn untrusted(&self) -> Destination {
        self.untrusted.destination(Scheme::Wss)
    }

    /// Where it must connect.
    pub(super) fn good(&self) -> Destination {
        self.good.destination(Scheme::Wss)
    }
}
