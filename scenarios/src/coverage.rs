//! Every fault of certificates has a kind that plants it and a case that shows it, and every fault of files a case, or a
//! subject that is known to say no more than it.

use std::collections::BTreeSet;

use wssure_harness::{
    Fault,
    case::{Action, Case, ExpectedLog},
    certificate::{Kind, Shape},
    client,
    fault::Area,
    subject::{Field, Subject},
};

use crate::suite::Cases;

/// The faults that no case shows, and why.
const NOT_SHOWN: &[(Fault, &str)] = &[(
    Fault::LargeCertificate,
    "the simulated clients speak TLS by rustls, which takes no message of more than 65535 octets",
)];

fn of(area: Area) -> BTreeSet<Fault> {
    Fault::ALL.iter().copied().filter(|fault| fault.area() == area).collect()
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
    let without: Vec<Fault> = of(Area::Certificate).difference(&planted).copied().collect();
    assert_eq!(without, [], "add a kind to harness/src/certificate/kind/catalogue.rs");
}

#[test]
fn every_fault_of_certificates_has_a_case_that_shows_it_but_those_that_are_told() {
    let clients = client::built_in().unwrap();
    let suite = Cases::BuiltIn.read(clients.iter().map(AsRef::as_ref)).unwrap();
    let shown: BTreeSet<Fault> = suite.cases.iter().flat_map(shown).collect();
    let without: Vec<Fault> = of(Area::Certificate).difference(&shown).copied().collect();
    let told: Vec<Fault> = NOT_SHOWN.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(without, told, "add a case; or mend NOT_SHOWN, where what it says is shown by now");
}

/// What the subject must say in a case, at its start or in a step.
fn logged(case: &Case) -> Vec<Fault> {
    let clients = client::built_in().unwrap();
    let in_steps = case.steps.iter().flat_map(|step| {
        let of = |client: &_| step.expected(client, case.tls_of(client));
        clients.iter().filter_map(|client| Some(of(client)?.log)).collect::<Vec<_>>()
    });
    let said = case.start.log.iter().cloned().chain(in_steps);
    said.filter_map(|log| match log {
        ExpectedLog::Says { fault, .. } => Some(fault),
        _ => None,
    })
    .collect()
}

/// What a subject that is built in is known to say instead.
fn known_to_be_said() -> BTreeSet<Fault> {
    let subjects = Subject::builtin_definitions().unwrap();
    let all = subjects.iter().flat_map(Subject::divergences);
    let of_log = all.filter(|one| matches!(one.field(), Field::Log | Field::StartLog));
    of_log.filter_map(|one| one.observed().parse().ok()).collect()
}

#[test]
fn every_fault_of_files_has_a_case_that_shows_it_or_a_subject_that_says_no_more() {
    let clients = client::built_in().unwrap();
    let suite = Cases::BuiltIn.read(clients.iter().map(AsRef::as_ref)).unwrap();
    let shown: BTreeSet<Fault> = suite.cases.iter().flat_map(logged).collect();
    let without: Vec<Fault> = of(Area::File).difference(&shown).copied().collect();
    assert_eq!(without, [Fault::UnloadableIdentity], "add a case to scenarios/files/");
    assert!(known_to_be_said().contains(&Fault::UnloadableIdentity));
}

#[test]
fn every_shape_of_files_has_a_case() {
    let clients = client::built_in().unwrap();
    let suite = Cases::BuiltIn.read(clients.iter().map(AsRef::as_ref)).unwrap();
    let needs = suite.cases.iter().flat_map(|case| case.certificates.values());
    let shown: BTreeSet<Shape> = needs.map(|need| need.shape).collect();
    let without: Vec<Shape> =
        Shape::ALL.iter().copied().filter(|one| !shown.contains(one)).collect();
    assert_eq!(without, [], "add a case to scenarios/files/");
}

#[test]
fn every_fault_is_explained_with_a_mend_and_a_source() {
    for fault in Fault::ALL {
        let words = [fault.meaning(), fault.mend(), fault.source()];
        assert!(!words.contains(&""), "{fault}: {words:?}");
    }
}
