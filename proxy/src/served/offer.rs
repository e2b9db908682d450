//! Several certificates on one port: each client gets the one of the name that it asks for (SNI, RFC 6066 section 3).

use std::sync::Arc;

use super::{Served, Tls};
use crate::tls::{NameFit, TlsServer};

/// The certificates in use, each of which follows its own files. The first is for whoever asks for no name, or for one
/// that none has.
pub(crate) struct ServedCertificates(Vec<Served>);

impl ServedCertificates {
    /// Certificates in the order in which they are given.
    pub(crate) fn new(served: Vec<Served>) -> Self {
        Self(served)
    }

    /// What to serve to a new connection.
    pub(crate) async fn current(&self) -> Offer {
        let mut offer = Vec::with_capacity(self.0.len());
        for served in &self.0 {
            offer.push(served.current().await);
        }
        Offer(offer)
    }

    /// Loads all files, and says what came of each.
    pub(crate) async fn reload(&self) {
        for served in &self.0 {
            served.reload().await;
        }
    }
}

/// What can be served to one connection.
pub(crate) struct Offer(Vec<Arc<Tls>>);

impl Offer {
    /// A certificate that can be served; the trouble of the first if there is none.
    pub(crate) fn any(&self) -> Result<&TlsServer, &Tls> {
        let mut ready = self.0.iter().filter_map(|tls| tls.ready());
        ready.next().ok_or(&*self.0[0])
    }

    /// What a client gets that asks for this name. One that has the name itself goes before one with a wildcard
    /// (RFC 9525, section 6.3), and of two alike the first.
    pub(crate) fn of(&self, name: Option<&str>) -> &Tls {
        let fitting = |wanted| {
            let fits = |tls: &&Arc<Tls>| {
                tls.ready().zip(name).and_then(|(server, name)| server.fits(name)) == Some(wanted)
            };
            self.0.iter().find(fits)
        };
        fitting(NameFit::Exact).or_else(|| fitting(NameFit::Wildcard)).unwrap_or(&self.0[0])
    }
}
