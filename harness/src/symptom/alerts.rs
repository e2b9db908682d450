//! Alerts by number and name, in the spellings of OpenSSL, Python, rustls, GnuTLS and curl.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Book, openssl,
    reading::{Order, Reading, Suspect, Weight, refused, reported, shown},
    text::Text,
};
use crate::{Alert, Fault};

/// The names and OpenSSL's words as one pattern each, with the alerts in the order of the groups.
struct Names {
    in_words: Regex,
    alone: Regex,
    numbers: Regex,
    alerts: Vec<Alert>,
}

static NAMES: LazyLock<Option<Names>> = LazyLock::new(Names::new);

impl Names {
    fn new() -> Option<Self> {
        let mut named: Vec<(Alert, &str)> =
            (0..=u8::MAX).map(Alert).filter_map(|alert| Some((alert, alert.name()?))).collect();
        // Of two that begin alike, the longer is meant where it fits.
        named.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        let alerts = named.iter().map(|(alert, _)| *alert).collect();
        let names: Vec<String> =
            named.iter().map(|(_, name)| format!("({})", name.replace('_', "[ _-]?"))).collect();
        let names = names.join("|");
        let before = r"(?:alert(?:received|description)?[\W_]{1,3}(?:number[ :]*)?(?:\[?\d{1,3}\]?[\W_]{1,3})?|tlsv1[\W_])";
        Some(Self {
            in_words: Regex::new(&format!("(?i){before}(?:{names})(?:[^a-z]|$)")).ok()?,
            alone: Regex::new(&format!("(?i)^(?:alert )?(?:{names})(?: \\(\\d+\\))?$")).ok()?,
            numbers: Regex::new(
                r"(?i)\balert(?:[ _]number| code| description)?[ :=]*[\[(]?(\d{1,3})\b",
            )
            .ok()?,
            alerts,
        })
    }

    /// The alerts in these words, each with the words in which it is.
    fn find<'a>(&self, text: &Text<'a>) -> Vec<(&'a str, Alert)> {
        let named = |pattern: &Regex, words: &'a str| -> Vec<(&'a str, Alert)> {
            let all = pattern.captures_iter(words);
            all.filter_map(|found| {
                let group = found.iter().skip(1).position(|group| group.is_some())?;
                Some((found.get(0)?.as_str(), *self.alerts.get(group)?))
            })
            .collect()
        };
        let numbered = self.numbers.captures_iter(text.read()).filter_map(|found| {
            Some((found.get(0)?.as_str(), Alert(found.get(1)?.as_str().parse().ok()?)))
        });
        let mut found = named(&self.alone, text.whole());
        found.extend(named(&self.in_words, text.read()));
        found.extend(numbered);
        found.extend(openssl::alerts(text.read()));
        found.extend(text.whole().parse().ok().map(|number| (text.whole(), Alert(number))));
        found
    }
}

pub(super) fn read(book: &Book, text: &Text<'_>) -> Vec<Reading> {
    let mut met = Vec::new();
    let found = NAMES.as_ref().map(|names| names.find(text)).unwrap_or_default();
    let new = found.into_iter().filter(|(_, alert)| {
        let is_new = !met.contains(alert);
        met.push(*alert);
        is_new
    });
    new.map(|(words, alert)| Reading {
        weight: Weight::Alert,
        words: shown(super::text::bare(words)),
        span: None,
        as_what: as_what(alert),
        order: Order::Common,
        suspects: suspects(book, alert),
    })
    .filter(|reading| !reading.suspects.is_empty())
    .collect()
}

/// An alert, in words.
pub(super) fn as_what(alert: Alert) -> String {
    format!("TLS alert {} {alert}", alert.0)
}

/// Whom an alert may come from, and for what.
pub(super) fn suspects(book: &Book, alert: Alert) -> Vec<Suspect> {
    let sends = |sent: Option<Alert>| sent == Some(alert);
    let of_clients = book.clients.iter().enumerate().flat_map(|(at, profile)| {
        let mut suspects =
            refused(at, profile, |rule| sends(rule.alert.as_ref().map(|alert| *alert.get_ref())));
        suspects.extend(reported(at, profile, |rule| sends(rule.alert)));
        suspects
    });
    let mut suspects: Vec<Suspect> = of_clients.collect();
    suspects.extend(book.table.of_alert(alert));
    // What our own proxy makes of a client that sends it, if that is more than that it left.
    let line = format!("client -: sent TLS alert {alert} ", alert = alert.0);
    let said = book.subjects.iter().find_map(|subject| subject.read_line(&line));
    let named = said.map(|said| said.fault).filter(|fault| *fault != Fault::ClientHungUp);
    suspects.extend(named.map(Suspect::of));
    if suspects.is_empty() && alert.name().is_some() {
        let general = match alert.is_of_certificate() {
            true => Fault::ClientRefusedCertificate,
            false => Fault::ClientHungUp,
        };
        suspects.push(Suspect::of(general));
    }
    suspects
}
