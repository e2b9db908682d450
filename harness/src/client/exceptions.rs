//! The exceptions that a client's user has made, with the scope that its browser gives them.

use rustls_pki_types::CertificateDer;

use super::{
    Destination, Scheme,
    profile::{Exceptions as Rules, HoldFor, Keeps, Lasts, Scope, TrailingDot},
};
use crate::host::Host;

/// How long the user wants an exception to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// For now.
    Temporary,
    /// "Permanently store this exception".
    Permanent,
}

/// The exceptions of one client.
#[derive(Clone, Debug)]
pub(super) struct Exceptions {
    rules: Rules,
    kept: Vec<Exception>,
}

#[derive(Clone, Debug)]
struct Exception {
    host: Host,
    port: u16,
    certificate: CertificateDer<'static>,
    lasts: Lasts,
}

impl Exceptions {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, kept: Vec::new() }
    }

    /// Whether the user has accepted this certificate for this destination.
    /// It covers every fault of that certificate, and no other certificate.
    pub(super) fn cover(&self, to: &Destination, certificate: &CertificateDer<'_>) -> bool {
        if self.rules.hold_for == HoldFor::HttpsOnly && to.scheme != Scheme::Https {
            return false;
        }
        self.kept.iter().any(|kept| self.same_server(kept, to) && kept.certificate == *certificate)
    }

    pub(super) fn add(
        &mut self,
        to: &Destination,
        certificate: CertificateDer<'static>,
        wish: Wish,
    ) {
        if self.rules.keeps == Keeps::Latest {
            let (rules, kept) = (self.rules, std::mem::take(&mut self.kept));
            self.kept = kept.into_iter().filter(|kept| !same_server(rules, kept, to)).collect();
        }
        let lasts = match wish {
            Wish::Temporary => self.rules.temporary,
            Wish::Permanent => self.rules.permanent,
        };
        self.kept.push(Exception { host: to.host.clone(), port: to.port, certificate, lasts });
    }

    pub(super) fn restart(&mut self) {
        self.kept.retain(|kept| kept.lasts == Lasts::ForGood);
    }

    fn same_server(&self, kept: &Exception, to: &Destination) -> bool {
        same_server(self.rules, kept, to)
    }
}

fn same_server(rules: Rules, kept: &Exception, to: &Destination) -> bool {
    let same_host = match rules.trailing_dot {
        TrailingDot::Counts => kept.host == to.host,
        TrailingDot::Ignored => kept.host.bare() == to.host.bare(),
    };
    same_host && (rules.scope == Scope::Host || kept.port == to.port)
}
