//! From the words of a command line to cases and clients.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use globset::GlobBuilder;
use wssure_harness::{
    case::{Case, Suite},
    client::{
        self, Actor, Profile,
        profile::Sort,
        real::{Endpoint, REMOTE, Real},
    },
    data::nearest,
};

use crate::exit::Failure;

/// The clients of those names or files, in that order, and those remote ones; the browsers that are built in if
/// there are none.
///
/// # Errors
/// There is no such client, its file is wrong, it is not installed, or two have one name.
pub fn clients(wanted: &[String], remote: Vec<Actor>) -> Result<Vec<Actor>, Failure> {
    if wanted.is_empty() && remote.is_empty() {
        // A tool cannot play most of what users do: unasked, it would fill a run with skipped steps.
        let browsers = client::built_in()?.into_iter().filter(|one| one.kind == Sort::Browser);
        return Ok(browsers.map(Actor::Simulated).collect());
    }
    let mut chosen: Vec<Actor> = Vec::new();
    let named = wanted.iter().map(|name| Ok(name.parse()?));
    for actor in named.chain(remote.into_iter().map(Ok::<Actor, Failure>)) {
        let actor = actor?;
        if chosen.iter().any(|other| other.name() == actor.name()) {
            let option = if actor.name().starts_with(REMOTE) { "--webdriver" } else { "--client" };
            let message = format!("{option}: the name `{}` is there twice", actor.name());
            return Err(Failure::Call(message));
        }
        chosen.push(actor);
    }
    Ok(chosen)
}

/// The browsers behind those WebDriver endpoints, which find this machine at that address.
///
/// # Errors
/// One is no endpoint, or the rules that it is to be held against are not there.
pub fn remote(given: &[String], address: IpAddr) -> Result<Vec<Actor>, Failure> {
    let one = |text: &String| {
        // What was given may hold a password, and is not repeated.
        let endpoint: Endpoint =
            text.parse().map_err(|error| Failure::Call(format!("--webdriver: {error}")))?;
        Ok(Actor::Real(Arc::new(Real::behind(endpoint, address)?)))
    };
    given.iter().map(one).collect()
}

/// All clients that a case may name: those that are built in, and the chosen ones.
///
/// # Errors
/// A file that is built in is wrong; a test sees to it that none is.
pub fn known_clients(chosen: &[Actor]) -> Result<Vec<Arc<Profile>>, Failure> {
    let mut known: Vec<Arc<Profile>> = Vec::new();
    let chosen = chosen.iter().map(|actor| Arc::clone(actor.profile()));
    for profile in chosen.chain(client::built_in()?) {
        if known.iter().all(|other| other.name != profile.name) {
            known.push(profile);
        }
    }
    Ok(known)
}

/// The cases that any of the filters matches, in the suite's order; all if there is no filter.
///
/// A filter is a case's id, a glob over ids, part of an id, or a claim's id.
///
/// # Errors
/// A filter is no glob, or matches no case.
pub fn cases(suite: &Suite, filters: &[String]) -> Result<Vec<Arc<Case>>, Failure> {
    if suite.cases.is_empty() {
        return Err(Failure::Call("there is no case: the folder has no TOML file".to_owned()));
    }
    let mut chosen = BTreeSet::new();
    for filter in filters {
        let matching = matching(suite, filter)?;
        if matching.is_empty() {
            return Err(Failure::Call(no_match(suite, filter)));
        }
        chosen.extend(matching);
    }
    let is_chosen = |case: &&Case| filters.is_empty() || chosen.contains(case.id.as_str());
    Ok(suite.cases.iter().filter(is_chosen).cloned().map(Arc::new).collect())
}

fn matching<'a>(suite: &'a Suite, filter: &str) -> Result<Vec<&'a str>, Failure> {
    let ids = suite.cases.iter().map(|case| case.id.as_str());
    if let Some(exact) = ids.clone().find(|id| *id == filter) {
        return Ok(vec![exact]);
    }
    if suite.claims.iter().any(|claim| claim.id == filter) {
        let speaks = |case: &&Case| case.claims().any(|claim| claim == filter);
        return Ok(suite.cases.iter().filter(speaks).map(|case| case.id.as_str()).collect());
    }
    if !filter.contains(['*', '?', '[', '{']) {
        return Ok(ids.filter(|id| id.contains(filter)).collect());
    }
    let glob = GlobBuilder::new(filter).literal_separator(true).build().map_err(|error| {
        Failure::Call(format!("FILTER `{filter}` is no pattern: {}", error.kind()))
    })?;
    let glob = glob.compile_matcher();
    Ok(ids.filter(|id| glob.is_match(id)).collect())
}

fn no_match(suite: &Suite, filter: &str) -> String {
    let ids = suite.cases.iter().map(|case| case.id.as_str());
    let claims = suite.claims.iter().map(|claim| claim.id.as_str());
    let names: Vec<&str> = ids.chain(claims).collect();
    let hint = match nearest(filter, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`wssure list cases` and `wssure list claims` show what there is".to_owned(),
    };
    format!("FILTER `{filter}` matches no case\n  hint: {hint}")
}
