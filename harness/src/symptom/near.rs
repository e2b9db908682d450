//! What somebody may have meant whose words are not known here.

use super::{Book, text::Text};
use crate::{Alert, Fault};

/// How many are offered.
const OFFERED: usize = 3;
/// Less alike than this is not alike.
const ALIKE: f64 = 0.8;
/// Longer words are no name, in characters.
const LONGEST_NAME: usize = 80;

/// The names and codes that are nearest to the words, the nearest first.
pub(super) fn nearest(book: &Book, text: &Text<'_>) -> Vec<String> {
    let wrong = text.whole().to_lowercase();
    if wrong.is_empty() || wrong.chars().count() > LONGEST_NAME {
        return Vec::new();
    }
    let faults = Fault::ALL.iter().map(|fault| fault.name().to_owned());
    let alerts = (0..=u8::MAX).filter_map(|number| Alert(number).name()).map(str::to_owned);
    let codes = book.codes.texts().map(str::to_owned);
    let mut known: Vec<(f64, String)> = faults
        .chain(alerts)
        .chain(codes)
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    known.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    known.dedup_by(|a, b| a.1 == b.1);
    known.into_iter().take(OFFERED).map(|(_, name)| name).collect()
}
