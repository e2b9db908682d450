//! The end of a run's report: the tally, and where the time went.

use std::io::{self, Write};

use super::palette::{BAD, FAINT, GOOD};
use crate::run::{Effort, Report};

/// Writes the last two lines.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let style = if report.is_success() { GOOD } else { BAD };
    let word = if report.is_success() { "passed" } else { "FAILED" };
    let stale = match report.stale_divergences.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "stale divergence")),
    };
    let (cases, clients) = (report.cases.len(), report.clients.len());
    let seconds = report.effort.wall_ms / 1e3;
    writeln!(
        out,
        "{style}{word}{style:#}: {}{stale} ({} with {} on {}; {} in {seconds:.1} s, {:.1} cases/s)",
        report.tally(),
        counted(cases, "case"),
        counted(clients, "client"),
        subject(report),
        counted(report.effort.connections, "connection"),
        rate(cases, seconds),
    )?;
    writeln!(out, "{FAINT}time: {}{FAINT:#}", shares(&report.effort))
}

fn subject(report: &Report) -> String {
    let release = report.subject.release.as_deref().unwrap_or("it does not say its version");
    format!("{} ({release})", report.subject.name)
}

fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[allow(clippy::cast_precision_loss, reason = "nobody has 2^52 cases")]
fn rate(cases: usize, seconds: f64) -> f64 {
    if seconds > 0.0 { cases as f64 / seconds } else { 0.0 }
}

/// Where the time went, the most first. Cases run side by side, so this is more than the wall's clock.
fn shares(effort: &Effort) -> String {
    let mut parts = [
        ("starting and stopping the proxy", effort.subjects_ms),
        ("connections under judgement", effort.clients_ms),
        ("the control client", effort.control_ms),
        ("waiting for log lines", effort.log_ms),
        ("making certificates", effort.certificates_ms),
    ];
    parts.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let total: f64 = parts.iter().map(|(_, spent)| spent).sum();
    let share = |spent: f64| if total > 0.0 { spent / total * 100.0 } else { 0.0 };
    parts
        .iter()
        .map(|(what, spent)| format!("{what} {:.1} s ({:.0}%)", spent / 1e3, share(*spent)))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{plain, report};

    #[test]
    fn the_end_counts_everything_and_says_where_the_time_went() {
        insta::assert_snapshot!(plain(|out| write(&report(), out)));
    }

    #[test]
    fn a_run_without_a_case_divides_by_nothing() {
        let mut report = report();
        (report.cases, report.effort) = (Vec::new(), Effort::default());
        let text = plain(|out| write(&report, out));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}
