//! Where a subject is known to differ from what the cases expect.
//!
//! A divergence is data with a reason. One that matches no case, or that no longer happens, is an
//! error at its own file and line, so that the list stays true.

use std::{fmt, ops::Range};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::{
    case::Pattern,
    data::{DataError, Source},
};

/// What of an observation differs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Field {
    /// The fault that the client named, or `connected`.
    Fault,
    /// The client's error code.
    Code,
    /// The alert that the client sent.
    Alert,
    /// When it sent the alert.
    Moment,
    /// The fault that the proxy's log names when it starts.
    StartLog,
    /// The fault that the proxy's log names of a client.
    Log,
    /// The alert that the proxy's log names.
    LoggedAlert,
    /// The words in the proxy's log.
    LogWords,
    /// Whether, after a refusal, a client that accepts everything is served.
    StillServes,
    /// Whether the proxy starts.
    Start,
    /// The HTTP status of an answer.
    Status,
    /// The media type of an answer.
    MediaType,
    /// Whether an answer held a private key.
    PrivateKey,
    /// What an accepted exception opens.
    Exception,
    /// The code of the WebSocket's close.
    CloseCode,
    /// A turn of a dialogue.
    Dialogue,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault => "fault",
            Self::Code => "code",
            Self::Alert => "alert",
            Self::Moment => "moment",
            Self::StartLog => "start-log",
            Self::Log => "log",
            Self::LoggedAlert => "logged-alert",
            Self::LogWords => "log-words",
            Self::StillServes => "still-serves",
            Self::Start => "start",
            Self::Status => "status",
            Self::MediaType => "media-type",
            Self::PrivateKey => "private-key",
            Self::Exception => "exception",
            Self::CloseCode => "close-code",
            Self::Dialogue => "dialogue",
        })
    }
}

/// One `[[divergence]]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDivergence {
    cases: Vec<Spanned<String>>,
    #[serde(default)]
    clients: Vec<Spanned<String>>,
    field: Field,
    expected: String,
    observed: Spanned<String>,
    reason: Spanned<String>,
}

/// A known difference between what cases expect and what a subject does.
#[derive(Clone, Debug)]
pub struct Divergence {
    cases: Vec<Pattern>,
    /// Only these clients, or their families; all, if empty.
    clients: Vec<Spanned<String>>,
    field: Field,
    expected: String,
    observed: String,
    reason: String,
    source: Source,
    observed_span: Range<usize>,
}

impl Divergence {
    pub(super) fn new(source: &Source, raw: RawDivergence) -> Result<Self, DataError> {
        if raw.reason.get_ref().trim().is_empty() {
            return Err(source.error(raw.reason.span(), "a divergence needs its reason"));
        }
        if *raw.observed.get_ref() == raw.expected {
            return Err(source.error(
                raw.observed.span(),
                "what is observed is what is expected: this is no divergence",
            ));
        }
        let cases =
            raw.cases.iter().map(|glob| Pattern::new(source, glob)).collect::<Result<_, _>>()?;
        Ok(Self {
            cases,
            clients: raw.clients,
            field: raw.field,
            expected: raw.expected,
            observed_span: raw.observed.span(),
            observed: raw.observed.into_inner(),
            reason: raw.reason.into_inner(),
            source: source.clone(),
        })
    }

    /// Whether it speaks of this case. A `*` stays within a part of the id between slashes; `**` does not.
    pub fn covers(&self, case: &str) -> bool {
        self.cases.iter().any(|cases| cases.matches(case))
    }

    /// Whether it speaks of a client that goes by these names; a start has no client.
    pub fn concerns(&self, client: &[String]) -> bool {
        self.clients.is_empty()
            || self.clients.iter().any(|concerned| client.contains(concerned.get_ref()))
    }

    /// What differs.
    pub fn field(&self) -> Field {
        self.field
    }

    /// What the cases expect, as they word it.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What the subject does instead.
    pub fn observed(&self) -> &str {
        &self.observed
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Checks that each of its patterns matches one of all the cases there are, and that its clients
    /// are clients or their families.
    ///
    /// # Errors
    /// The first name that is none, or pattern that matches none.
    pub fn check<'a>(
        &self,
        all_cases: impl IntoIterator<Item = &'a str> + Clone,
        all_clients: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), DataError> {
        let known = |name: &str| all_clients.clone().into_iter().any(|client| client == name);
        if let Some(unknown) = self.clients.iter().find(|client| !known(client.get_ref())) {
            let message = format!("there is no client `{}`", unknown.get_ref());
            let error = self.source.error(unknown.span(), message);
            return Err(error.did_you_mean(unknown.get_ref(), all_clients));
        }
        self.cases.iter().try_for_each(|cases| cases.check(&self.source, all_cases.clone()))
    }

    /// The error that what it says was not seen in this case.
    pub fn no_longer_happens(&self, case: &str, seen: &str) -> DataError {
        let message =
            format!("this divergence did not happen in {case}: the {} was {seen}", self.field);
        let hint = if seen == self.expected {
            "the subject now does what the case expects: remove the case from `cases`"
        } else {
            "mend `observed`, and the reason with it"
        };
        self.source.error(self.observed_span.clone(), message).hint(hint)
    }
}
