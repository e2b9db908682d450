//! Lines of the proxies under test, read by the readers that the suite uses.

use super::{
    Book, alerts,
    reading::{Order, Reading, Suspect, Weight, is_of_files, is_umbrella, refused, shown},
    text::Text,
};
use crate::{
    Alert, Fault,
    fault::Area,
    subject::{Field, Said, Subject},
};

/// How many words may stand before a line's own beginning: the time, the host, the program.
const BEFORE: usize = 8;

pub(super) fn read(book: &Book, text: &Text<'_>) -> Vec<Reading> {
    let mut met: Vec<(Fault, Option<Alert>)> = Vec::new();
    let mut readings = Vec::new();
    for line in text.lines().filter(|line| !is_of_client(book, line)) {
        let Some((subject, said)) = said(book, line) else { continue };
        if met.contains(&(said.fault, said.alert)) {
            continue;
        }
        met.push((said.fault, said.alert));
        readings.push(Reading {
            weight: Weight::Log,
            words: shown(line),
            span: None,
            as_what: format!("a line of {} for `{}`", subject.title(), said.fault),
            order: Order::Common,
            suspects: suspects(book, subject, &said),
        });
    }
    readings
}

/// Whether a client says so, and no proxy: tools put their name in front.
fn is_of_client(book: &Book, line: &str) -> bool {
    let first = line.split_once(": ").map(|(first, _)| first);
    first.is_some_and(|first| book.clients.iter().any(|client| client.name == first))
}

/// What the first subject that knows the line reads in it, wherever in the line it begins.
fn said<'a>(book: &'a Book, line: &str) -> Option<(&'a Subject, Said)> {
    book.subjects.iter().find_map(|subject| {
        let said = beginnings(line).find_map(|rest| subject.read_line(rest))?;
        Some((subject, said))
    })
}

/// The line, and what is left of it behind each of its first words.
fn beginnings(line: &str) -> impl Iterator<Item = &str> {
    let starts = line.match_indices(' ').map(|(at, _)| at + 1).take(BEFORE);
    std::iter::once(0).chain(starts).filter_map(|at| line.get(at..))
}

fn suspects(book: &Book, subject: &Subject, said: &Said) -> Vec<Suspect> {
    match (said.fault, said.alert) {
        (Fault::ClientRefusedCertificate | Fault::ClientHungUp, Some(alert)) => {
            alerts::suspects(book, alert)
        }
        (Fault::ClientRefusedCertificate, None) => of_clients(book, Wordiness::Alert),
        (Fault::ClientHungUp, None) => {
            let mut suspects = of_clients(book, Wordiness::Silence);
            suspects.push(Suspect::of(Fault::ClientHungUp));
            suspects
        }
        (Fault::TargetUnreachable, _) => {
            [Fault::TargetUnreachable, Fault::TargetCertificateRefused, Fault::TargetNotTls]
                .map(Suspect::of)
                .to_vec()
        }
        (fault, _) if is_umbrella(fault) => {
            let mut suspects = said_for(subject, fault);
            suspects.push(Suspect::of(fault));
            suspects
        }
        (fault, _) if fault.area() == Area::Connection => vec![Suspect::of(fault)],
        // With no alert to it, what is said of a certificate is said of the proxy's own file.
        (fault, _) => vec![Suspect::of(fault).in_own_files()],
    }
}

/// How a client leaves that refuses a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wordiness {
    Alert,
    Silence,
}

fn of_clients(book: &Book, wordiness: Wordiness) -> Vec<Suspect> {
    let clients = book.clients.iter().enumerate();
    clients
        .flat_map(|(at, profile)| {
            refused(at, profile, |rule| match wordiness {
                Wordiness::Alert => rule.alert.is_some(),
                Wordiness::Silence => rule.alert.is_none() || !rule.silent_under.is_empty(),
            })
        })
        .collect()
}

/// The faults for which a subject is known to say just this one: its divergences name them.
fn said_for(subject: &Subject, fault: Fault) -> Vec<Suspect> {
    let divergences = subject.divergences().iter().filter(|divergence| {
        matches!(divergence.field(), Field::Log | Field::StartLog)
            && divergence.observed() == fault.name()
    });
    let expected = divergences.filter_map(|divergence| divergence.expected().parse().ok());
    expected
        .filter(|fault: &Fault| is_of_files(*fault) || fault.area() == Area::Certificate)
        .map(|fault| Suspect::of(fault).in_own_files())
        .collect()
}
