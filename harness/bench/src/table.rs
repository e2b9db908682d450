//! The tables, in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::book::{Book, Failure, Kind, Spread};
use crate::goal::GOALS;
use crate::peer::{Peer, Role};
use crate::scheme::Scheme;

/// The limit that goals name.
const LIMIT: &str = "tls-tokio";

/// Everything, as Markdown.
pub fn tables(book: &Book, peers: &[Peer]) -> String {
    let mut text = String::new();
    for scheme in [Scheme::Wss, Scheme::Ws] {
        goals(&mut text, book, peers, scheme);
        all(&mut text, book, peers, scheme);
    }
    failures(&mut text, book);
    text
}

/// What one fails in for the same reason is one line.
fn failures(text: &mut String, book: &Book) {
    let mut reasons: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for Failure { scheme, measurement, name, words } in book.failures() {
        let what = format!("{scheme} {}", measurement.name());
        let all = reasons.entry((name, words.lines().next().unwrap_or_default())).or_default();
        if !all.contains(&what) {
            all.push(what);
        }
    }
    if !reasons.is_empty() {
        text.push_str("### Not measured\n\n");
    }
    for ((name, words), what) in reasons {
        let _ = writeln!(text, "- {name} in {}: {words}", what.join(", "));
    }
}

/// Ours beside the best peer and the limit, where there is a goal.
fn goals(text: &mut String, book: &Book, peers: &[Peer], scheme: Scheme) {
    for ours in peers.iter().filter(|peer| peer.role == Role::Ours) {
        let mut rows = String::new();
        for goal in GOALS.iter().filter(|goal| goal.scheme == scheme) {
            let kind = Kind { scheme, measurement: goal.measurement, unit: goal.unit };
            let Some(own) = book.spread(kind, &ours.name) else { continue };
            let others = peers.iter().filter(|peer| peer.role == Role::Peer);
            let best = book.best(kind, others.map(|peer| peer.name.as_str()));
            let ratio = best.and_then(|best| book.ratio(kind, &ours.name, best));
            let limit = book.ratio(kind, &ours.name, LIMIT);
            let reached = ratio.is_none_or(|ratio| ratio.median <= goal.of_best_peer)
                && goal.most.is_none_or(|most| own.median <= most)
                && goal.of_limit.zip(limit).is_none_or(|(goal, limit)| limit.median <= goal);
            let peer = best.map_or_else(String::new, |best| {
                let theirs = book.spread(kind, best).map(|spread| number(spread.median));
                format!("{best} {}", theirs.unwrap_or_default())
            });
            let most = goal.most.map(|most| format!("{most}")).unwrap_or_default();
            let _ = writeln!(
                rows,
                "| {} {} | {} | {peer} | {} | {} | {} | {} | {most} | {} |",
                goal.measurement.name(),
                goal.unit,
                shown(own),
                ratio.map(times).unwrap_or_default(),
                if goal.of_best_peer.is_finite() {
                    number(goal.of_best_peer)
                } else {
                    String::new()
                },
                limit.map(times).unwrap_or_default(),
                goal.of_limit.map(number).unwrap_or_default(),
                if reached { "yes" } else { "**no**" },
            );
        }
        if !rows.is_empty() {
            let _ = writeln!(
                text,
                "### {scheme}: {}\n\n| | {0} | best peer | of it | goal | of {LIMIT} | goal | at most | reached |\n\
                 |---|---|---|---|---|---|---|---|---|\n{rows}",
                ours.name
            );
        }
    }
}

/// Everybody's figures.
fn all(text: &mut String, book: &Book, peers: &[Peer], scheme: Scheme) {
    let kinds: Vec<Kind> = book.kinds().filter(|kind| kind.scheme == scheme).collect();
    let measured = |peer: &&Peer| kinds.iter().any(|kind| book.spread(*kind, &peer.name).is_some());
    let peers: Vec<&Peer> = peers.iter().filter(measured).collect();
    if peers.is_empty() {
        return;
    }
    let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
    let _ = writeln!(text, "### {scheme}: all\n\n| | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
    for kind in kinds {
        let cells =
            names.iter().map(|name| book.spread(kind, name).map_or_else(|| "–".to_owned(), shown));
        let cells: Vec<String> = cells.collect();
        let _ =
            writeln!(text, "| {} {} | {} |", kind.measurement.name(), kind.unit, cells.join(" | "));
    }
    text.push('\n');
}

fn shown(spread: Spread) -> String {
    let Spread { median, least, most } = spread;
    if least == most {
        return number(median);
    }
    format!("{} ({}–{})", number(median), number(least), number(most))
}

fn times(spread: Spread) -> String {
    format!("×{}", shown(spread))
}

/// Three digits say all that there is to know.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
