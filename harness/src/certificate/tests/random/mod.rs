//! Chains drawn at random: a good one has no fault, and one fault planted anywhere in it is found where it is, and
//! nothing else.

mod plan;
mod planting;

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use proptest::prelude::*;
use rustls_pki_types::CertificateDer;

use self::{
    plan::{Made, now, plan, trusted},
    planting::{Planted, planted},
};
use crate::{
    Fault,
    client::{self, Profile, profile::Era},
    inspect::{Question, inspect},
    observation::{Finding, Position},
    opinion::{self, Asked},
};

static CLIENTS: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
    let all = client::built_in().unwrap().into_iter();
    all.filter(|profile| profile.era == Era::Today).collect()
});

/// Where something is: 0 is the server's own certificate, 1 its issuer's, and so on up to the root's.
type Level = usize;

/// What the engine finds, and at which level.
fn found(made: &Made) -> BTreeSet<(Fault, Level)> {
    let anchors = [trusted()];
    let sent = made.sent();
    let question = Question::new(&made.host, &anchors, now());
    let findings = inspect(&sent, &question).findings();
    findings.iter().map(|finding| (finding.fault, level(finding, made, &sent))).collect()
}

/// A certificate that is sent twice is the same one in both places.
fn level(finding: &Finding, made: &Made, sent: &[CertificateDer<'static>]) -> Level {
    let der = match finding.place.expect("a place").certificate {
        Position::Server => return 0,
        Position::Trusted => return made.path.len(),
        Position::Sent(number) => &sent[number],
    };
    made.path.iter().position(|one| one == der).expect("a certificate on the way up")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_good_chain_has_no_fault_in_whatever_order_and_company(plan in plan()) {
        let made = plan.make(None);
        prop_assert_eq!(found(&made), BTreeSet::new());
    }

    #[test]
    fn every_client_of_today_takes_a_good_chain(plan in plan()) {
        let made = plan.make(None);
        let anchors = [trusted()];
        let asked = Asked { sent: &made.sent(), host: &made.host, anchors: &anchors, now: now() };
        let opinions = opinion::ask(&CLIENTS, &asked);
        prop_assert!(!opinions.are_against(), "{opinions:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn a_fault_is_found_where_it_is_planted_and_nothing_else(
        Planted { plan, planting } in planted()
    ) {
        let made = plan.make(Some(planting));
        prop_assert_eq!(found(&made), planting.leads_to(&plan));
    }
}
