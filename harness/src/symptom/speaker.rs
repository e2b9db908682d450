//! Who refuses whom: the first question of every message, and the one that is most often answered wrong.

use std::fmt;

use serde::Deserialize;

use crate::{Fault, fault::Area};

/// Who refuses whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Speaker {
    /// The client refuses the certificate of the proxy.
    ClientRefusesProxy,
    /// Client and server do not come together: nobody answers, or not in a way that the other understands.
    NoConnection,
    /// The browser does not even try.
    BrowserRefusesPage,
    /// The proxy cannot use its own certificate or key.
    ProxyOfItsFiles,
    /// The proxy refuses the client.
    ProxyRefusesClient,
    /// The proxy refuses its target, or does not reach it.
    ProxyRefusesTarget,
    /// Something between the two.
    SomethingBetween,
    /// The proxy fails.
    ProxyFails,
}

impl Speaker {
    /// Who says so of that fault, where nothing else is known.
    pub(super) fn of(fault: Fault) -> Self {
        match (fault, fault.area()) {
            (_, Area::Certificate)
            | (Fault::ClientRefusedCertificate | Fault::ClientHungUp, Area::Connection) => {
                Self::ClientRefusesProxy
            }
            (_, Area::File) => Self::ProxyOfItsFiles,
            (Fault::MixedContent | Fault::LocalNetworkBlocked, _) => Self::BrowserRefusesPage,
            (
                Fault::TargetUnreachable
                | Fault::TargetCertificateRefused
                | Fault::TargetNotTls
                | Fault::TargetRefusedProxy
                | Fault::TargetLost,
                _,
            ) => Self::ProxyRefusesTarget,
            (Fault::UpgradeStripped, _) => Self::SomethingBetween,
            (Fault::HandlerCrashed | Fault::PayloadDamaged | Fault::TlsViolation, _) => {
                Self::ProxyFails
            }
            (
                Fault::NameNotResolved
                | Fault::ConnectionRefused
                | Fault::ConnectionClosed
                | Fault::ConnectionReset
                | Fault::TimedOut
                | Fault::NotTls
                | Fault::ProtocolVersion
                | Fault::NoCommonCipher
                | Fault::NoCommonSignature
                | Fault::NoCommonProtocol
                | Fault::ClientCertificateRequired
                | Fault::NotHttp,
                _,
            ) => Self::NoConnection,
            (_, Area::Connection) => Self::ProxyRefusesClient,
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientRefusesProxy => "the client refuses the proxy's certificate",
            Self::NoConnection => "client and server do not come together",
            Self::BrowserRefusesPage => "the browser refuses the page: nothing reaches the proxy",
            Self::ProxyOfItsFiles => {
                "the proxy speaks of its own certificate and key files: any client brings it up, and none is to blame"
            }
            Self::ProxyRefusesClient => "the proxy refuses the client",
            Self::ProxyRefusesTarget => {
                "the proxy refuses its target, or does not reach it: the client's side is fine"
            }
            Self::SomethingBetween => "something between the client and the proxy",
            Self::ProxyFails => "the proxy itself fails",
        })
    }
}
