//! An answer to a symptom, for a terminal.

use std::io::{self, Write};

use anstyle::Style;
use wssure_harness::{
    fault::Remedy,
    symptom::{self, Answer, Cause, LONGEST},
};

use super::HEADING;
use crate::{exit::Failure, mending};

const FAULT: Style = Style::new().bold();
const COMMENT: Style = Style::new().dimmed();

/// How many of a family are shown with what they mean.
const FAMILY: usize = 5;
/// How many more are shown by their names.
const NAMES: usize = 12;

/// Prints the causes.
///
/// # Errors
/// The words are not known; or a file that is built in is wrong, which a test rules out.
pub(super) fn write(words: &str) -> Result<(), Failure> {
    let answer = symptom::answer(words)?;
    if answer.causes.is_empty() {
        return Err(Failure::Call(unknown(words, &answer)));
    }
    let mut out = anstream::stdout().lock();
    recognised(&answer, &mut out)?;
    for (index, cause) in answer.causes.iter().enumerate() {
        writeln!(out)?;
        write_cause(index + 1, cause, &answer, &mut out)?;
    }
    Ok(())
}

/// How much of unknown words is shown again, in characters.
const SHOWN: usize = 60;

fn unknown(words: &str, answer: &Answer) -> String {
    let shown: String = words.trim().escape_debug().take(SHOWN).collect();
    let dots = if words.trim().chars().count() > SHOWN { "..." } else { "" };
    let nearest = match answer.nearest.as_slice() {
        [] => String::new(),
        [nearest] => format!("; did you mean `{nearest}`?"),
        nearest => format!("; the nearest that are: `{}`", nearest.join("`, `")),
    };
    format!(
        "`{shown}{dots}` is not known here{nearest}\n  Paste what the browser's console says (net::ERR_..., a close code), \
         or the line that the proxy logs when the client\n  comes, whole; or ask the server itself: wssure open \
         wss://HOST/ --client chromium,firefox"
    )
}

fn recognised(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    for one in &answer.recognised {
        let aside = if one.counts { "" } else { " (set aside: it does not go with the rest)" };
        writeln!(out, "`{}`: {}{aside}", one.words, one.as_what)?;
    }
    if answer.unread > 0 {
        let unread = answer.unread;
        writeln!(out, "What is behind the first {LONGEST} bytes was not read ({unread} bytes).")?;
    }
    Ok(())
}

fn write_cause(
    number: usize,
    cause: &Cause,
    answer: &Answer,
    out: &mut dyn Write,
) -> io::Result<()> {
    let fault = cause.fault;
    writeln!(out, "{HEADING}{number}. {fault}{HEADING:#}: {}", cause.speaker)?;
    writeln!(out, "   {}", fault.meaning())?;
    writeln!(out, "   {COMMENT}because {}{COMMENT:#}", cause.because)?;
    if !cause.family.is_empty() {
        write_family(cause, out)?;
    }
    writeln!(out, "   {HEADING}Make sure{HEADING:#}: {}", cause.check.why)?;
    writeln!(out, "     {}", cause.check.line)?;
    writeln!(out, "   {HEADING}Mend{HEADING:#}: {}", fault.mend())?;
    match (fault.remedy(), cause.family.len()) {
        (Remedy::Words, _) => Ok(()),
        // Where it may be anything, commands for one of many only get in the way.
        (_, 0..=FAMILY) if number == 1 => {
            mending::write(&fault.remedy().commands(answer.place.host.as_ref()), out)
        }
        _ => writeln!(out, "   {COMMENT}The commands for it: wssure explain {fault}{COMMENT:#}"),
    }
}

/// What nothing in the words tells apart from the first.
fn write_family(cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    let others = match cause.family.len() {
        1 => "another fault".to_owned(),
        count => format!("{count} other faults"),
    };
    writeln!(
        out,
        "   Nothing in these words tells it apart from {others}; the command below does:"
    )?;
    for fault in cause.family.iter().take(FAMILY) {
        writeln!(out, "     {FAULT}{fault}{FAULT:#}  {}", fault.meaning())?;
    }
    let rest: Vec<&str> = cause.family.iter().skip(FAMILY).map(|fault| fault.name()).collect();
    let more = rest.len().saturating_sub(NAMES);
    let names = rest.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    match (rest.is_empty(), more) {
        (true, _) => Ok(()),
        (false, 0) => writeln!(out, "     and, less common: {names}"),
        (false, more) => writeln!(out, "     and, less common: {names}, and {more} more"),
    }
}
