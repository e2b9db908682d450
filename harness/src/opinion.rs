//! What clients make of certificates that lie in files: no connection, but the engine and the profiles that judge
//! one.
//!
//! ```
//! use wssure_harness::{certificate::{Kind, Lab, Specification}, client, opinion, Fault};
//!
//! let lab = Lab::new()?;
//! let expired = lab.mint(&Specification::new(Kind::Expired, "proxy.example.test".parse()?))?;
//! let anchors = [lab.authority()];
//! let asked = opinion::Asked {
//!     sent: expired.chain(),
//!     host: expired.host(),
//!     anchors: &anchors,
//!     now: rustls_pki_types::UnixTime::now(),
//! };
//! let opinions = opinion::ask(&client::built_in()?, &asked);
//! assert_eq!(opinions.found[0].finding.fault, Fault::Expired);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Serialize;

use crate::{
    Alert, Fault,
    client::{Profile, Verdict},
    fault::Remedy,
    host::Host,
    inspect::{Inspection, Limits, Question, inspect},
    observation::Finding,
};

/// What clients are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The certificates as a server would send them.
    pub sent: &'a [CertificateDer<'static>],
    /// The host in the URL.
    pub host: &'a Host,
    /// What the clients trust.
    pub anchors: &'a [CertificateDer<'static>],
    /// What time they believe it is.
    pub now: UnixTime,
}

/// What they say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Opinions {
    /// Everything that was found, first what decides for the most clients, last what none minds.
    pub found: Vec<Judged>,
    /// Each client's own word.
    pub clients: Vec<Opinion>,
}

/// A finding, and who minds it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Judged {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// The clients for which it decides.
    pub decides_for: Vec<String>,
    /// Those that mind it too, and name something else first.
    pub minded_by: Vec<String>,
}

impl Judged {
    /// Whether no client minds it.
    pub fn is_remark(&self) -> bool {
        self.decides_for.is_empty() && self.minded_by.is_empty()
    }
}

/// A client's word.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Opinion {
    /// The client's name.
    pub client: String,
    /// Its name for people.
    pub title: String,
    /// Why it refuses; nothing if it does not.
    pub refuses: Option<Refusing>,
}

/// Why a client refuses.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Refusing {
    /// The fault that it names.
    pub fault: Fault,
    /// Its own error code.
    pub code: Option<String>,
    /// The alert that it sends.
    pub alert: Option<Alert>,
}

impl Opinions {
    /// Whether some client refuses.
    pub fn are_against(&self) -> bool {
        self.clients.iter().any(|one| one.refuses.is_some())
    }

    /// What makes it good for all of them.
    pub fn remedy(&self) -> Remedy {
        let minded = self.found.iter().filter(|one| !one.is_remark());
        minded.map(|one| one.finding.fault.remedy()).max().unwrap_or(Remedy::Words)
    }
}

/// Asks them.
pub fn ask(clients: &[Arc<Profile>], asked: &Asked<'_>) -> Opinions {
    let mut found: Vec<Judged> = Vec::new();
    let mut opinions = Vec::new();
    let mut inspections = Inspections::default();
    for profile in clients {
        let question = profile.question(asked.host, asked.anchors, asked.now);
        let verdict = profile.judge(inspections.of(asked.sent, &question));
        enter(&mut found, profile, &verdict);
        opinions.push(Opinion {
            client: profile.name.clone(),
            title: profile.title.clone(),
            refuses: verdict.refused.map(|judgement| Refusing {
                fault: judgement.fault,
                code: judgement.code,
                alert: judgement.alert,
            }),
        });
    }
    found.sort_by_key(|one| {
        (std::cmp::Reverse(one.decides_for.len()), std::cmp::Reverse(one.minded_by.len()))
    });
    Opinions { found, clients: opinions }
}

/// What was found for clients with these limits: there are fewer of them than clients, and to look once more at a chain of a
/// hundred certificates takes as long as it did before.
#[derive(Default)]
struct Inspections<'p>(Vec<(Limits<'p>, Inspection)>);

impl<'p> Inspections<'p> {
    fn of(&mut self, sent: &[CertificateDer<'_>], question: &Question<'p>) -> &Inspection {
        let known = self.0.iter().position(|(limits, _)| *limits == question.limits);
        let index = known.unwrap_or_else(|| {
            self.0.push((question.limits, inspect(sent, question)));
            self.0.len() - 1
        });
        &self.0[index].1
    }
}

/// Enters what a client found, and what it minds of it.
fn enter(found: &mut Vec<Judged>, profile: &Profile, verdict: &Verdict) {
    let all: Vec<&Finding> = verdict.found.iter().collect();
    for finding in &verdict.found {
        let index = found.iter().position(|one| one.finding == *finding).unwrap_or_else(|| {
            let finding = finding.clone();
            found.push(Judged { finding, decides_for: Vec::new(), minded_by: Vec::new() });
            found.len() - 1
        });
        let Some(entry) = found.get_mut(index) else { continue };
        let decides = verdict.refused.as_ref().is_some_and(|refused| {
            refused.fault == finding.fault && refused.detail == finding.detail
        });
        if decides {
            entry.decides_for.push(profile.name.clone());
        } else if profile.minds(finding, &all) {
            entry.minded_by.push(profile.name.clone());
        }
    }
}
