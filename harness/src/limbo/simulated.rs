//! A simulated client's judgement of a case, without a connection.

use rustls_pki_types::UnixTime;

use super::{
    suite::Case,
    verdict::{Judged, Verdict},
};
use crate::{
    client::Profile,
    host::Host,
    inspect::{Question, inspect},
    observation::Finding,
};

/// What a client of that profile makes of the case.
///
/// Its limit on lifetimes is off, as limbo's made-up chains live a thousand years: with it, forty of the chains
/// that limbo wants accepted would be refused for that alone.
pub fn judge(profile: &Profile, case: &Case) -> Judged {
    let mut note = None;
    let verdict = case.host().map(|host| match profile.judge(&found(case, &host)) {
        None => Verdict::Connected,
        Some(judgement) => {
            note = Some(format!("{} ({})", judgement.fault, judgement.detail));
            Verdict::Refused { code: judgement.code, alert: judgement.alert }
        }
    });
    if verdict.is_ok() && profile.longest_validity_days != u32::MAX {
        let without =
            format!("its limit of {} days was not applied", profile.longest_validity_days);
        note = Some(note.map_or(without.clone(), |note| format!("{note}; {without}")));
    }
    Judged { id: case.id.clone(), expected: case.expected, verdict, note }
}

/// Every fault that a client finds in the case.
fn found(case: &Case, host: &Host) -> Vec<Finding> {
    let question = Question {
        host,
        anchors: &case.trusted,
        now: case.time.unwrap_or_else(UnixTime::now),
        longest_validity_days: u32::MAX,
    };
    inspect(&case.sent, &question)
}
