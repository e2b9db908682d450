//! A simulated client's judgement of a case, without a connection.

use rustls_pki_types::UnixTime;

use super::{
    identity::identity,
    suite::Case,
    verdict::{Judged, NotJudged, Verdict},
};
use crate::{
    client::{Judgement, Profile},
    host::Host,
    inspect::{Limits, Question, inspect},
    observation::TlsVersion,
};

/// No limit on lifetimes.
const ANY: u32 = u32::MAX;

/// What a client of that profile makes of the case, under TLS 1.3.
///
/// Its limit on lifetimes is off, as limbo's made-up chains live a thousand years: with it, forty of the chains
/// that limbo wants accepted would be refused for that alone.
pub fn judge(profile: &Profile, case: &Case) -> Judged {
    let mut notes = Vec::new();
    let verdict = askable(case).map(|host| match refused(profile, case, &host) {
        None => Verdict::Connected,
        Some(judgement) => {
            notes.push(format!("{} ({})", judgement.fault, judgement.detail));
            Verdict::Refused { code: judgement.code, alert: judgement.alert }
        }
    });
    let longest = profile.limits.limits().longest_validity_days;
    if verdict.is_ok() && longest != ANY {
        notes.push(format!("its limit of {longest} days was not applied"));
    }
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Judged { id: case.id.clone(), expected: case.expected, verdict, note }
}

/// The host to ask for. That nobody has the key is no matter here; that nobody could use it is.
fn askable(case: &Case) -> Result<Host, NotJudged> {
    match identity(case) {
        Err(NotJudged::Key) => Err(NotJudged::Key),
        Ok(_) | Err(_) => case.host(),
    }
}

/// Its refusal of the case, if it minds.
fn refused(profile: &Profile, case: &Case, host: &Host) -> Option<Judgement> {
    let now = case.time.unwrap_or_else(UnixTime::now);
    let limits = Limits { longest_validity_days: ANY, ..profile.limits.limits() };
    let question = Question { limits, ..profile.question(host, &case.trusted, now) };
    let verdict = profile.judge(&inspect(&case.sent, &question));
    verdict.refused.map(|judgement| judgement.under(Some(TlsVersion::Tls13)))
}
