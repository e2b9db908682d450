//! From the faults that were found to what a client makes of them: its profile's rules, applied.

use rustls_pki_types::{CertificateDer, UnixTime};

use super::profile::{Leaving, Naming, Offer, Profile, Refuses, Search};
use crate::{
    Alert, Fault,
    host::Host,
    inspect::{Inspection, Path, Question},
    observation::{Finding, Moment, TlsVersion},
};

/// What a client makes of the faults that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The fault that it reports.
    pub fault: Fault,
    /// What exactly is wrong.
    pub detail: String,
    /// Its error code.
    pub code: Option<String>,
    /// The alert that it sends.
    pub alert: Option<Alert>,
    /// The versions of TLS under which it leaves without it.
    pub silent_under: Vec<TlsVersion>,
    /// Whether it offers to go on.
    pub exception: Offer,
    /// When it says so, where that is another moment than for its other refusals.
    pub moment: Option<Moment>,
    /// How it then leaves.
    pub leaves: Leaving,
    /// How many connections it makes before it gives up.
    pub tries: u32,
}

impl Judgement {
    /// As it is told under that version of TLS.
    pub(crate) fn under(self, version: Option<TlsVersion>) -> Self {
        let is_silent = version.is_some_and(|version| self.silent_under.contains(&version));
        Self { alert: self.alert.filter(|_| !is_silent), ..self }
    }
}

/// What a client makes of a server's certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is wrong with the certificates, on the way that it judged by.
    pub found: Vec<Finding>,
    /// Its refusal, if it minds.
    pub refused: Option<Judgement>,
}

impl Profile {
    /// What is asked of certificates for this client.
    pub fn question<'a>(
        &'a self,
        host: &'a Host,
        anchors: &'a [CertificateDer<'static>],
        now: UnixTime,
    ) -> Question<'a> {
        Question { limits: self.limits.limits(), ..Question::new(host, anchors, now) }
    }

    /// Whether it minds that finding, beside the others.
    pub fn minds(&self, finding: &Finding, all: &[&Finding]) -> bool {
        self.refuses.iter().any(|rule| {
            let is_listed = rule.faults.iter().any(|fault| *fault.get_ref() == finding.fault);
            is_listed && rule.is_about(finding, all)
        })
    }

    /// What this client makes of what was found.
    pub fn judge(&self, inspection: &Inspection) -> Verdict {
        let path = self.choose(inspection);
        let found: Vec<&Finding> =
            inspection.server.iter().chain(path.into_iter().flat_map(|path| &path.found)).collect();
        let mut refused = self.refusal_of(&found);
        if let Some(judgement) = &mut refused
            && self.refusal.paths == Search::AllAndAgreed
            && self.disagree(inspection)
            && let Some(other) = self.refusal_of(&[&Finding {
                fault: Fault::UnknownIssuer,
                place: None,
                detail: judgement.detail.clone(),
            }])
        {
            *judgement = other;
        }
        Verdict { found: found.into_iter().cloned().collect(), refused }
    }

    /// The way by which it judges.
    fn choose<'i>(&self, inspection: &'i Inspection) -> Option<&'i Path> {
        let paths = &inspection.paths;
        match self.refusal.paths {
            Search::First => Some(&inspection.straight),
            Search::FirstCurrent => Some(&inspection.current),
            Search::All | Search::AllAndAgreed => {
                let good = paths.iter().find(|path| self.first_minded(path).is_none());
                good.or(paths.first())
            }
        }
    }

    /// Whether there is something else wrong on one way than on another.
    fn disagree(&self, inspection: &Inspection) -> bool {
        let ways = inspection.paths.iter().chain(&inspection.loops);
        let mut faults = ways.map(|path| self.first_minded(path));
        let first = faults.next().flatten();
        first.is_some() && faults.any(|fault| fault.is_some() && fault != first)
    }

    fn first_minded(&self, path: &Path) -> Option<Fault> {
        let found: Vec<&Finding> = path.found.iter().collect();
        self.minded(&found).next().map(|(_, finding)| finding.fault)
    }

    /// The findings that it minds, in the order of its rules, each with its rule.
    fn minded<'a>(
        &'a self,
        found: &'a [&'a Finding],
    ) -> impl Iterator<Item = (&'a Refuses, &'a Finding)> + Clone {
        self.refuses.iter().flat_map(move |rule| {
            rule.faults.iter().filter_map(move |fault| {
                let mut of_it = found.iter().filter(|finding| finding.fault == *fault.get_ref());
                Some((rule, *of_it.find(|finding| rule.is_about(finding, found))?))
            })
        })
    }

    /// What this client makes of what was found on one way: [`None`] if it does not mind.
    pub fn refusal_of(&self, found: &[&Finding]) -> Option<Judgement> {
        let minded = self.minded(found);
        let (first, finding) = minded.clone().next()?;
        let offered = minded.clone().all(|(rule, _)| rule.exception == Some(Offer::Offered));
        let code = match self.refusal.names {
            _ if first.alone => first.code.clone(),
            Naming::First => first.code.clone(),
            naming @ Naming::AllFromTheTop => {
                let reached = minded.filter(|(_, one)| naming.reaches(one.fault, found));
                let mut codes: Vec<&str> =
                    reached.filter_map(|(rule, _)| rule.code.as_deref()).collect();
                codes.dedup();
                (!codes.is_empty()).then(|| codes.join("+"))
            }
        };
        Some(Judgement {
            fault: finding.fault,
            detail: finding.detail.clone(),
            code,
            alert: first.alert.as_ref().map(|alert| *alert.get_ref()),
            silent_under: first.silent_under.clone(),
            tries: first.tries,
            exception: if offered { Offer::Offered } else { Offer::Never },
            moment: first.moment,
            leaves: first.leaves.unwrap_or(self.refusal.leaves),
        })
    }
}

impl Naming {
    /// Whether this fault is looked at, with what else was found.
    fn reaches(self, fault: Fault, found: &[&Finding]) -> bool {
        let has = |fault| found.iter().any(|finding| finding.fault == fault);
        let is_leafs_own =
            matches!(fault, Fault::Expired | Fault::NotYetValid | Fault::BadSignature);
        // Otherwise the server's certificate is itself what the path ends with.
        let ends_above = has(Fault::UnknownIssuer)
            && !has(Fault::SelfSigned)
            && !has(Fault::MissingIntermediate);
        self == Self::First || !is_leafs_own || !ends_above
    }
}
