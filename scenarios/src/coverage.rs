//! Every fault of certificates has a kind that plants it and a case that shows it.

use std::collections::BTreeSet;

use wssure_harness::{
    Fault,
    case::{Action, Case},
    certificate::Kind,
    client,
    fault::Area,
};

use crate::suite::Cases;

/// The faults that no case shows, and why.
const NOT_SHOWN: &[(Fault, &str)] = &[(
    Fault::LargeCertificate,
    "the simulated clients speak TLS by rustls, which takes no message of more than 65535 octets",
)];

fn of_certificates() -> BTreeSet<Fault> {
    Fault::ALL.iter().copied().filter(|fault| fault.area() == Area::Certificate).collect()
}

/// What the certificates of a case have wrong, also once they are imported, where the case does that.
fn shown(case: &Case) -> Vec<Fault> {
    let is_imported =
        |name: &String| case.steps.iter().any(|step| step.action == Action::Import(name.clone()));
    let planted = case.certificates.values().flat_map(|need| need.kind.plants());
    let imported = case.certificates.iter().filter(|(name, _)| is_imported(name));
    let planted_so = imported.flat_map(|(_, need)| need.kind.plants_once_imported());
    planted.chain(planted_so).copied().collect()
}

#[test]
fn every_fault_of_certificates_has_a_kind_that_plants_it() {
    let planted: BTreeSet<Fault> = Kind::ALL
        .iter()
        .flat_map(|kind| kind.plants().iter().chain(kind.plants_once_imported()))
        .copied()
        .collect();
    let without: Vec<Fault> = of_certificates().difference(&planted).copied().collect();
    assert_eq!(without, [], "add a kind to harness/src/certificate/kind/catalogue.rs");
}

#[test]
fn every_fault_of_certificates_has_a_case_that_shows_it_but_those_that_are_told() {
    let clients = client::built_in().unwrap();
    let suite = Cases::BuiltIn.read(clients.iter().map(AsRef::as_ref)).unwrap();
    let shown: BTreeSet<Fault> = suite.cases.iter().flat_map(shown).collect();
    let without: Vec<Fault> = of_certificates().difference(&shown).copied().collect();
    let told: Vec<Fault> = NOT_SHOWN.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(without, told, "add a case; or mend NOT_SHOWN, where what it says is shown by now");
}

#[test]
fn every_fault_is_explained_with_a_mend_and_a_source() {
    for fault in Fault::ALL {
        let words = [fault.meaning(), fault.mend(), fault.source()];
        assert!(!words.contains(&""), "{fault}: {words:?}");
    }
}
