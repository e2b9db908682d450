//! The way up of clients that never turn back, such as OpenSSL's and GnuTLS's: at each step one certificate, good or not.

use super::{DeadEnd, Search, may_be_above};
use crate::{
    Fault,
    inspect::{
        Path,
        certificate::Held,
        ends, key_identifiers,
        server::{Period, period},
    },
    observation::Position,
};

/// How many there may be for who never turns back. OpenSSL allows 100 (crypto/x509/x509_vpm.c), GnuTLS less.
const LONGEST_STRAIGHT: usize = 100;

/// Which of several certificates that may have issued one somebody takes who never turns back.
#[derive(Clone, Copy)]
pub(super) enum Preference {
    /// As they came. One with another key than the certificate below says is no anchor, and the last choice of what
    /// was sent (GnuTLS, `is_issuer` and `_gnutls_check_if_same_key`).
    AsTheyCame,
    /// Those that are valid today first. One with another key is none (OpenSSL, `X509_check_issued`).
    CurrentFirst,
}

impl<'s, 'd> Search<'s, 'd> {
    /// Takes, from the leaf upwards, an anchor where one may have issued the certificate below, and else one that was
    /// sent, up to one that is its own issuer.
    pub(super) fn go_straight(
        &mut self,
        leaf: &Held<'_>,
        preference: Preference,
    ) -> Result<Path, DeadEnd<'s, 'd>> {
        // It looks at one signature a step.
        self.signatures = LONGEST_STRAIGHT;
        let (mut issuers, mut edges) = (Vec::<&Held<'_>>::new(), Vec::new());
        while issuers.len() < LONGEST_STRAIGHT
            && !issuers.last().is_some_and(|top| ends::is_its_own_issuer(top))
        {
            let below = issuers.last().copied().unwrap_or(leaf);
            let Some(next) = self.next_straight(below, &issuers, preference) else { break };
            issuers.push(next);
            edges.extend(self.edge(below, next).unwrap_or_default());
            if next.position == Position::Trusted {
                return Ok(self.path(leaf, &issuers, &edges));
            }
        }
        Err(DeadEnd { issuers, edges })
    }

    /// The one that it takes next: what is trusted before what is not, and then as they came, not as they are good.
    fn next_straight(
        &self,
        below: &Held<'_>,
        used: &[&'s Held<'d>],
        preference: Preference,
    ) -> Option<&'s Held<'d>> {
        let is_of_another_key = |candidate: &Held<'_>| {
            let found = key_identifiers::between(below, candidate);
            found.iter().any(|finding| finding.fault == Fault::KeyIdentifierMismatch)
        };
        let is_late = |candidate: &Held<'_>| {
            !matches!(period(&candidate.read, self.question), Period::Within)
        };
        let candidates = self.candidates.iter().copied();
        candidates
            .filter(|candidate| may_be_above(candidate, below, used))
            .map(|candidate| (candidate, is_of_another_key(candidate)))
            .filter(|(candidate, is_of_another_key)| match preference {
                Preference::AsTheyCame => {
                    candidate.position != Position::Trusted || !is_of_another_key
                }
                Preference::CurrentFirst => !is_of_another_key,
            })
            .min_by_key(|(candidate, is_of_another_key)| {
                let is_late = match preference {
                    Preference::AsTheyCame => false,
                    Preference::CurrentFirst => is_late(candidate),
                };
                (*is_of_another_key, candidate.position != Position::Trusted, is_late)
            })
            .map(|(candidate, _)| candidate)
    }
}
