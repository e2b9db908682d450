//! Claims: sentences of the wiki page, held against what the cases expect.
//!
//! A step says what the page claims of it; whether the claim holds for a client follows from what
//! the step expects of that client, and a run confirms the expectations.

use serde::Deserialize;
use toml::Spanned;

use super::{Case, Expected, Suite, Vocabulary};
use crate::{
    Alert, Fault,
    client::{
        Profile,
        profile::{Era, Sort},
    },
    data::{DataError, Source},
    observation::ExceptionOutcome,
};

/// A sentence of the wiki page, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id, such as `wiki.no-prompt`.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// What a claim says of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which claim.
    pub claim: String,
    /// Of which clients or families it speaks; of all, if empty.
    pub of: Vec<String>,
    /// How the step ends by it.
    pub says: Says,
    /// The alert that the proxy sees by it.
    pub alert: Option<Alert>,
    /// The fault that the client names by it.
    pub fault: Option<Fault>,
}

/// How a step ends, in a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// The client connects.
    Connected,
    /// The client or the server refuses.
    Refused,
    /// The warning lets the user go on.
    Accepted,
    /// It does not.
    NotOffered,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatement {
    id: Spanned<String>,
    #[serde(default)]
    of: Vec<Spanned<String>>,
    says: Says,
    alert: Option<Alert>,
    fault: Option<Fault>,
}

impl RawStatement {
    pub(super) fn read(self, source: &Source, words: &Vocabulary) -> Result<Statement, DataError> {
        if !words.claims.contains(self.id.get_ref()) {
            return Err(source
                .error(self.id.span(), format!("there is no claim `{}`", self.id.get_ref()))
                .did_you_mean(self.id.get_ref(), words.claims.iter().map(String::as_str)));
        }
        if let Some(client) =
            self.of.iter().find(|client| !words.clients.contains(client.get_ref()))
        {
            return Err(source
                .error(client.span(), format!("there is no client `{}`", client.get_ref()))
                .did_you_mean(client.get_ref(), words.clients.iter().map(String::as_str)));
        }
        Ok(Statement {
            claim: self.id.into_inner(),
            of: self.of.into_iter().map(Spanned::into_inner).collect(),
            says: self.says,
            alert: self.alert,
            fault: self.fault,
        })
    }
}

impl Statement {
    /// Whether it speaks of that client.
    fn speaks_of(&self, client: &Profile) -> bool {
        self.of.is_empty() || client.known_as().any(|name| self.of.iter().any(|of| of == name))
    }

    /// Whether what is expected is what it says.
    fn agrees(&self, expected: &Expected) -> bool {
        let refusal = expected.refusal.as_ref();
        let ends = match self.says {
            Says::Connected => refusal.is_none(),
            Says::Refused => refusal.is_some(),
            Says::Accepted => expected.exception == Some(ExceptionOutcome::Accepted),
            Says::NotOffered => expected.exception == Some(ExceptionOutcome::NotOffered),
        };
        let alert = refusal.and_then(|refusal| refusal.alert).map(|(alert, _)| alert);
        let fault = refusal.and_then(|refusal| refusal.fault);
        ends && (self.alert.is_none() || self.alert == alert)
            && (self.fault.is_none() || self.fault == fault)
    }
}

/// Whether a claim holds for the browsers of today: a tool is nothing that the wiki page speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The cases that speak of it.
    pub cases: Vec<String>,
    /// For each of today's browsers of which it speaks, whether it holds in every step.
    pub clients: Vec<(String, Judged)>,
}

/// Whether a claim holds for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// In every step.
    Holds,
    /// In some step it does not.
    Not,
}

impl Suite {
    /// Holds a claim against the expectations of all cases that speak of it.
    pub fn holding<'a>(
        &self,
        claim: &str,
        clients: impl IntoIterator<Item = &'a Profile>,
    ) -> Holding {
        let cases: Vec<&Case> =
            self.cases.iter().filter(|case| case.claims().any(|id| id == claim)).collect();
        let mut judged = Vec::new();
        let of_now = |client: &&Profile| client.era == Era::Today && client.kind == Sort::Browser;
        for client in clients.into_iter().filter(of_now) {
            let verdicts: Vec<bool> =
                cases.iter().flat_map(|case| case.agreements(claim, client)).collect();
            if !verdicts.is_empty() {
                let all = verdicts.iter().all(|agrees| *agrees);
                judged.push((client.name.clone(), if all { Judged::Holds } else { Judged::Not }));
            }
        }
        Holding { cases: cases.iter().map(|case| case.id.clone()).collect(), clients: judged }
    }
}

impl Case {
    fn agreements(&self, claim: &str, client: &Profile) -> Vec<bool> {
        let tls = self.tls_of(client);
        let of_start = self
            .start
            .claims
            .iter()
            .filter(|statement| statement.claim == claim && statement.speaks_of(client))
            .map(|statement| {
                let serves = self.start.expect == super::StartOutcome::Serves;
                serves == (statement.says == Says::Connected)
            });
        let of_steps = self.steps.iter().flat_map(|step| {
            step.claims
                .iter()
                .filter(|statement| statement.claim == claim && statement.speaks_of(client))
                .filter_map(move |statement| Some(statement.agrees(&step.expected(client, tls)?)))
        });
        of_start.chain(of_steps).collect()
    }

    /// The version of TLS that a client comes to here, with a server that speaks 1.2 and 1.3.
    pub fn tls_of(&self, client: &Profile) -> crate::observation::TlsVersion {
        let highest = client.highest_tls();
        self.tls_up_to.map_or(highest, |limit| limit.min(highest))
    }
}
