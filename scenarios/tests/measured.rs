//! The simulated clients are held against what the real ones were measured to do, where no browser is installed.

mod common;

use common::Folder;
use wssure_harness::{
    client,
    compare::{self, Cause, measured},
};

/// The real clients whose measured file must be there: a client is added once it is recorded.
const MUST_BE_MEASURED: [&str; 8] =
    ["chromium", "firefox", "webkitgtk", "curl", "gnutls", "node", "openssl", "python"];

#[test]
fn the_clients_that_must_be_measured_are() {
    let measured = measured::built_in().unwrap();
    let is_there = |client: &&str| measured.iter().any(|record| record.origin.base() == *client);
    let missing: Vec<&str> =
        MUST_BE_MEASURED.iter().copied().filter(|client| !is_there(client)).collect();
    assert!(missing.is_empty(), "harness/clients/measured/ has no file of: {missing:?}");
}

#[test]
fn the_simulated_clients_do_what_the_real_ones_were_measured_to_do() {
    let measured = measured::built_in().unwrap();
    if measured.is_empty() {
        eprintln!("skipped: harness/clients/measured/ has no file yet, so nothing is compared");
        return;
    }
    // A tool that has no simulation is not held against one.
    let simulated = client::built_in().unwrap();
    let is_simulated = |base: &str| simulated.iter().any(|profile| profile.name == base);
    let (measured, not_simulated): (Vec<_>, Vec<_>) =
        measured.into_iter().partition(|record| is_simulated(record.origin.base()));
    for record in not_simulated {
        eprintln!("skipped: {} is measured and not simulated", record.origin.base());
    }
    if measured.is_empty() {
        return;
    }

    let folder = Folder::new();
    let simulated: Vec<&str> = measured.iter().map(|record| record.origin.base()).collect();
    let ran = folder.run(&[
        "run",
        "--quiet",
        "--client",
        &simulated.join(","),
        "--report",
        "json=simulated.json",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let simulated = compare::load(&folder.path().join("simulated.json")).unwrap();

    let known = measured::built_in_known().unwrap();
    let found = compare::between(&simulated, &measured, &known).unwrap();
    assert!(found.alone.is_empty(), "not compared at all: {:#?}", found.alone);
    let unknown: Vec<String> = found
        .pairs
        .iter()
        .flat_map(|pair| pair.groups().into_iter().map(move |group| (pair, group)))
        .filter(|(_, group)| group.known.is_none())
        .map(|(pair, group)| {
            let cases: Vec<&str> = group.places.iter().map(|place| place.case.as_str()).collect();
            let (client, field) = (pair.name(), group.field);
            format!("{client}: {field}: {} and not {}: {cases:?}", group.left, group.right)
        })
        .collect();
    assert!(found.is_agreement(), "{unknown:#?} {:#?}", found.stale_known);
    // A step that does something else by now was not measured.
    let changed: Vec<_> = found
        .pairs
        .iter()
        .flat_map(|pair| &pair.not_compared)
        .filter(|step| step.cause != Cause::Skipped)
        .collect();
    assert!(changed.is_empty(), "measure the real clients anew: {changed:#?}");
}
