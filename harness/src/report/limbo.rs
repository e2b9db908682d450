//! Where a client's judgements of x509-limbo are not as they are known to be.

use std::io::{self, Write};

use crate::limbo::{Check, Expected, Unlike, Verdict};

/// Writes it, the cases grouped by what the client does, so that they can be listed or mended together.
///
/// # Errors
/// The output cannot be written.
pub fn write(check: &Check, unlike: &[Unlike], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} disagreements with limbo are listed, and are so", check.known)?;
    for (expected, heading) in [
        (Expected::Failure, "not listed: it does not refuse, and limbo does"),
        (Expected::Success, "not listed: it does not connect, and limbo would"),
    ] {
        let mut cases: Vec<_> =
            check.unlisted.iter().filter(|one| one.expected == expected).collect();
        if cases.is_empty() {
            continue;
        }
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        writeln!(out, "\n{heading} ({})", cases.len())?;
        for one in cases {
            match &one.verdict {
                Ok(Verdict::Connected) => writeln!(out, "  {}", one.id)?,
                _ => writeln!(out, "  {}: {}", one.id, one.outcome().context.unwrap_or_default())?,
            }
        }
    }
    if !check.stale.is_empty() {
        writeln!(out, "\nlisted, and not so ({})", check.stale.len())?;
    }
    for error in &check.stale {
        writeln!(out, "{error}")?;
    }
    if !unlike.is_empty() {
        writeln!(out, "\nother than the real client ({})", unlike.len())?;
    }
    for Unlike { id, simulated, real } in unlike {
        writeln!(out, "  {id}: simulated {simulated}; real {real}")?;
    }
    Ok(())
}
