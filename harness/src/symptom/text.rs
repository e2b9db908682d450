//! The words as they were pasted: bounded, and line by line.

use std::collections::BTreeSet;

/// How much is read, in bytes. Who pastes more than this pastes a log, and the lines in question are wanted.
pub const LONGEST: usize = 64 * 1024;

/// The words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    read: &'a str,
    unread: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(words: &'a str) -> Self {
        let read = &words[..words.floor_char_boundary(LONGEST)];
        Self { read, unread: words.len() - read.len() }
    }

    /// What is read.
    pub(super) const fn read(&self) -> &'a str {
        self.read
    }

    /// How many bytes are not.
    pub(super) const fn unread(&self) -> usize {
        self.unread
    }

    /// All of it, without the blanks and quotation marks around it.
    pub(super) fn whole(&self) -> &'a str {
        bare(self.read)
    }

    /// Its lines, each different one once, without the blanks around them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a str> {
        let mut met = BTreeSet::new();
        self.read.lines().map(str::trim).filter(move |line| !line.is_empty() && met.insert(*line))
    }
}

/// Without blanks, quotation marks and a full stop at its ends.
pub(super) fn bare(words: &str) -> &str {
    words.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '.' | ':'))
}
