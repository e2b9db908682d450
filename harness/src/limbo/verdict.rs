//! What a client makes of a case, simulated or real, or why it makes nothing of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    results::{ActualResult, Outcome},
    suite::{Case, Expected, PeerKind, ValidationKind},
};
use crate::{Alert, client::Trouble, host::Host};

/// What a client made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The case's id.
    pub id: String,
    /// What limbo expects.
    pub expected: Expected,
    /// The client's own verdict.
    pub verdict: Result<Verdict, NotJudged>,
    /// What there is to say beside it, for a person.
    pub note: Option<String>,
}

/// A client's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// It connects.
    Connected,
    /// It refuses.
    Refused {
        /// Its own error code, where it tells one.
        code: Option<String>,
        /// The alert that it sends, if it does.
        alert: Option<Alert>,
    },
    /// It comes to no end in time.
    Hang,
}

/// Why a case is not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJudged {
    /// It is no case for a client.
    #[error("a server judges a client in it")]
    ClientCase,
    /// Its answer is in lists that nobody here fetches.
    #[error("it needs revocation lists, and none of the clients fetches any")]
    RevocationLists,
    /// There is nothing to connect to.
    #[error("it has no name to connect to")]
    NoPeer,
    /// A client connects to one name.
    #[error("it has several names, and a client connects to one")]
    SeveralPeers,
    /// A client does not connect to such a name.
    #[error("its name is of the kind {0}")]
    PeerKind(PeerKind),
    /// The name cannot be in a URL.
    #[error("{0}")]
    Host(#[from] crate::host::NotAHost),
    /// It cannot be served.
    #[error("it has no key, so that nobody can serve it")]
    NoKey,
    /// It cannot be served.
    #[error("its key is of a kind with which TLS has no signatures")]
    Key,
    /// The client has no such thing.
    #[error("{0}")]
    Cannot(String),
    /// The client or the harness failed, so that there is no verdict.
    #[error("the harness broke: {0}")]
    Broke(String),
}

impl From<Trouble> for NotJudged {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Cannot(why) => Self::Cannot(why),
            Trouble::Broke(why) => Self::Broke(why),
        }
    }
}

impl Case {
    /// The host that a client asks for.
    ///
    /// # Errors
    /// Why no client here judges the case.
    pub fn host(&self) -> Result<Host, NotJudged> {
        if self.validation_kind == ValidationKind::Client {
            return Err(NotJudged::ClientCase);
        }
        if self.has_crls {
            return Err(NotJudged::RevocationLists);
        }
        match self.peers.as_slice() {
            [] => Err(NotJudged::NoPeer),
            [peer] if peer.kind == PeerKind::Email => Err(NotJudged::PeerKind(peer.kind)),
            [peer] => Ok(peer.value.parse()?),
            _ => Err(NotJudged::SeveralPeers),
        }
    }
}

impl Verdict {
    /// As limbo sees it, if it comes to an end.
    pub const fn result(&self) -> Option<Expected> {
        match self {
            Self::Connected => Some(Expected::Success),
            Self::Refused { .. } => Some(Expected::Failure),
            Self::Hang => None,
        }
    }

    /// Whether both connect, or both do not, with one code where both tell one. Who hangs does not connect, and it
    /// is not known with which code it would have refused.
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused { code: Some(one), .. }, Self::Refused { code: Some(other), .. }) => {
                one == other
            }
            _ => (*self == Self::Connected) == (*other == Self::Connected),
        }
    }
}

impl Judged {
    /// Whether it is as limbo expects; [`None`] if it was not judged.
    pub fn agrees(&self) -> Option<bool> {
        let verdict = self.verdict.as_ref().ok()?;
        Some(verdict.result() == Some(self.expected))
    }

    /// In limbo's own form.
    pub fn outcome(&self) -> Outcome {
        let (actual_result, mut context) = match &self.verdict {
            Ok(verdict) => (verdict.into(), verdict.to_string()),
            Err(why) => (ActualResult::Skipped, why.to_string()),
        };
        if let Some(note) = &self.note {
            context = format!("{context}: {note}");
        }
        Outcome { id: self.id.clone(), actual_result, context: Some(context) }
    }
}

impl From<&Verdict> for ActualResult {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Connected => Self::Success,
            Verdict::Refused { .. } => Self::Failure,
            Verdict::Hang => Self::Hang,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Hang => f.write_str("did not end in time"),
            Self::Refused { code, alert } => {
                write!(f, "refused: {}", code.as_deref().unwrap_or("no code"))?;
                match alert {
                    Some(alert) => write!(f, ", alert {} {alert}", alert.0),
                    None => f.write_str(", no alert"),
                }
            }
        }
    }
}
