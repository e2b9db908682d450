//! One cell of the matrix: how a case went for a client, as a closed set with a glyph and a meaning each.

use anstyle::Style;

use super::palette::{BAD, FAINT, GOOD, NOTABLE};
use crate::run::{CaseResult, ClientResult, Verdict};

/// How a case went for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// It connected in every step, as expected.
    Connected,
    /// It was refused in every step, as expected.
    Refused,
    /// In one story it was refused and it connected, each as expected.
    Both,
    /// No client has a part in it: the proxy's start, or a dialogue with it, went as expected.
    StartOnly,
    /// It differs in the way that the subject is known to.
    Known,
    /// It differs.
    Unexpected,
    /// The case says nothing of this client.
    NotJudged,
    /// It was not tried.
    Skipped,
    /// The harness failed.
    Trouble,
}

impl Cell {
    /// All of them, in the legend's order.
    pub const ALL: [Self; 9] = [
        Self::Connected,
        Self::Refused,
        Self::Both,
        Self::StartOnly,
        Self::Known,
        Self::Unexpected,
        Self::NotJudged,
        Self::Skipped,
        Self::Trouble,
    ];

    /// How the case went for the client.
    pub fn of(case: &CaseResult, client: &ClientResult) -> Self {
        match case.verdict_on(client) {
            Verdict::AsExpected => Self::as_expected(client),
            Verdict::KnownDivergence => Self::Known,
            Verdict::Unexpected => Self::Unexpected,
            Verdict::NotJudged => Self::NotJudged,
            Verdict::Skipped(_) => Self::Skipped,
            Verdict::Trouble(_) => Self::Trouble,
        }
    }

    fn as_expected(client: &ClientResult) -> Self {
        let seen = client.steps.iter().filter_map(|step| step.observation.as_ref());
        let connected = seen.clone().any(|seen| seen.is_connected());
        let refused = seen.clone().any(|seen| !seen.is_connected());
        match (connected, refused) {
            (true, false) => Self::Connected,
            (false, true) => Self::Refused,
            (true, true) => Self::Both,
            (false, false) => Self::StartOnly,
        }
    }

    /// One character, a column wide.
    pub const fn glyph(self) -> char {
        match self {
            Self::Connected => '●',
            Self::Refused => '○',
            Self::Both => '◐',
            Self::StartOnly => '=',
            Self::Known => '~',
            Self::Unexpected => 'X',
            Self::NotJudged => '?',
            Self::Skipped => '-',
            Self::Trouble => '!',
        }
    }

    /// What the glyph means, for the legend.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Connected => "connected, as expected",
            Self::Refused => "refused, as expected",
            Self::Both => "refused and connected in one story, as expected",
            Self::StartOnly => "without a client (the proxy's start, or a dialogue), as expected",
            Self::Known => "differs in the way this proxy is known to",
            Self::Unexpected => "UNEXPECTED",
            Self::NotJudged => "the case expects nothing of this client",
            Self::Skipped => "skipped",
            Self::Trouble => "trouble of the harness: no verdict",
        }
    }

    /// Its colour.
    pub(super) const fn style(self) -> Style {
        match self {
            Self::Connected | Self::Refused | Self::Both | Self::StartOnly => GOOD,
            Self::Known | Self::NotJudged => NOTABLE,
            Self::Unexpected | Self::Trouble => BAD,
            Self::Skipped => FAINT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_glyph_of_its_own() {
        let mut glyphs = Cell::ALL.map(Cell::glyph).to_vec();
        glyphs.sort_unstable();
        glyphs.dedup();
        assert_eq!(glyphs.len(), Cell::ALL.len());
    }
}
