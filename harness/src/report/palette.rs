//! The few styles of the terminal's reports, by meaning.

use anstyle::{AnsiColor, Style};

/// As it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Not as it should be.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Worth a look.
pub(super) const NOTABLE: Style = AnsiColor::Yellow.on_default();
/// Of less interest.
pub(super) const FAINT: Style = Style::new().dimmed();
/// What stands above something.
pub(super) const HEADING: Style = Style::new().bold();
