//! Close codes of a page's WebSocket (RFC 6455 section 7.4.1): what is left of a reason where a script looks.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    Book, Speaker,
    reading::{Order, Reading, Suspect, Weight, refused, reported, shown},
    text::Text,
};
use crate::{Fault, fault::Area};

/// What a client gives for a failure for which its profile has no other word.
const ABNORMAL: u16 = 1006;

/// With a word beside it that says what it is, or at the beginning of a line.
static IN_WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let beside = r"(?:close|closed|code|status|event|connection|websocket)";
    let between = r"\W{0,3}(?:event|code|with|status|was)?\W{0,3}(?:code|with)?[\W_]{0,4}";
    Regex::new(&format!(r"(?im)(?:\b{beside}\b{between}|^ *)(1\d{{3}})\b")).ok()
});

pub(super) fn read(book: &Book, text: &Text<'_>) -> Vec<Reading> {
    let alone = text.whole().parse().ok();
    let in_words = IN_WORDS.as_ref().and_then(|pattern| pattern.captures(text.read()));
    let in_words = in_words.and_then(|found| found.get(1)?.as_str().parse().ok());
    let reading = |code| {
        let suspects = suspects(book, code);
        (!suspects.is_empty()).then(|| Reading {
            weight: Weight::CloseCode,
            words: shown(&format!("{code}")),
            span: None,
            as_what: "the code of a WebSocket's close event, which clients give for many faults"
                .to_owned(),
            order: Order::Common,
            suspects,
        })
    };
    alone.or(in_words).and_then(reading).into_iter().collect()
}

fn suspects(book: &Book, code: u16) -> Vec<Suspect> {
    let of_clients = book.clients.iter().enumerate().flat_map(|(at, profile)| {
        let mut suspects = reported(at, profile, |rule| rule.close_code == code);
        if profile.refusal.close_code == code {
            suspects.extend(refused(at, profile, |_| true));
        }
        suspects
    });
    let mut suspects: Vec<Suspect> = of_clients.collect();
    if code == ABNORMAL {
        suspects.extend(Fault::ALL.iter().copied().filter(ends_without_a_close).map(Suspect::of));
    }
    suspects
}

/// Whether a page sees a WebSocket end without a close frame.
fn ends_without_a_close(fault: &Fault) -> bool {
    let told_by_the_proxy = matches!(
        fault,
        Fault::ClientRefusedCertificate | Fault::ClientHungUp | Fault::PayloadDamaged
    );
    fault.area() == Area::Connection
        && !told_by_the_proxy
        && Speaker::of(*fault) != Speaker::ProxyRefusesTarget
}
