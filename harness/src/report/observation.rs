//! An observation in words: in one sentence for a run's details, in full for `open`.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use super::palette::{BAD, FAINT, GOOD, HEADING};
use crate::{
    client::Echo,
    observation::{
        AlertSeen, Certificate, Ending, ExceptionOutcome, Handshake, Observation, Offered, Outcome,
        Page, PageEvent, Party, Refusal, Sight, Step, Timing,
    },
};

/// What happened, in a sentence.
pub fn sentence(observation: &Observation) -> String {
    let mut text = match &observation.outcome {
        Outcome::Connected => connected(observation),
        Outcome::Refused(refusal) => refused(refusal, observation.sight),
    };
    if let Some(exception) = observation.exception {
        write!(text, "; {}", exception_in_words(exception)).ok();
    }
    if let Some(close) = observation.page.as_ref().and_then(|page| page.close.as_ref()) {
        write!(text, "; the page saw close code {}", close.code).ok();
    }
    text
}

fn connected(observation: &Observation) -> String {
    let mut text = "connected".to_owned();
    if let Some(version) = observation.tls.as_ref().and_then(|tls| tls.version) {
        write!(text, " over TLS {version}").ok();
    }
    if let Some(answer) = &observation.answer {
        write!(text, ", answered {}", answer.status).ok();
    }
    text
}

fn refused(refusal: &Refusal, sight: Sight) -> String {
    let mut text = format!("the {} refused at {}: {}", refusal.by, refusal.step, refusal.fault);
    if let Some(code) = &refusal.code {
        write!(text, " ({code})").ok();
    }
    match (refusal.alert, refusal.step) {
        (Some(seen), _) => write!(text, ", alert {}", alert(&seen)).ok(),
        (None, Step::Tls) if sight == Sight::Outside => write!(text, ", alerts unread").ok(),
        (None, Step::Tls) => write!(text, ", no alert").ok(),
        (None, _) => None,
    };
    if refusal.ending != Ending::NotConnected {
        write!(text, ", then {}", ending(refusal.ending)).ok();
    }
    if !refusal.detail.is_empty() {
        write!(text, ": {}", refusal.detail).ok();
    }
    text
}

fn alert(seen: &AlertSeen) -> String {
    format!("{} ({}) from the {} {}", seen.alert, seen.alert.0, seen.sent_by, seen.moment)
}

const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::NotConnected => "there was no connection",
        Ending::Closed => "closed (FIN)",
        Ending::Reset => "reset (RST)",
        Ending::Abandoned => "given up",
    }
}

const fn exception_in_words(exception: ExceptionOutcome) -> &'static str {
    match exception {
        ExceptionOutcome::Accepted => "the warning was accepted",
        ExceptionOutcome::NotNeeded => "there was no warning to accept",
        ExceptionOutcome::NotOffered => "the warning offered no way on",
    }
}

/// Writes everything that was seen, with the reported fault's meaning and mend.
///
/// # Errors
/// Those of `out`.
pub fn write(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    match &observation.outcome {
        Outcome::Connected => writeln!(out, "  {GOOD}connected{GOOD:#}")?,
        Outcome::Refused(refusal) => write_refusal(refusal, out)?,
    }
    write_exchange(observation, out)?;
    if let Some(offered) = &observation.offered {
        field("offered", &offered_in_words(offered), out)?;
    }
    if let Some(tls) = &observation.tls {
        write_handshake(tls, out)?;
    }
    for (name, finding) in named("found", &observation.found) {
        field(name, &format!("{}: {}", finding.fault, finding.detail), out)?;
    }
    if let Some(fault) = observation.fault() {
        field("meaning", fault.meaning(), out)?;
        field("mend", fault.mend(), out)?;
    }
    let Timing { tcp_ms, tls_ms, total_ms } = observation.timing;
    let (count, s) = (observation.connections, if observation.connections == 1 { "" } else { "s" });
    let times = format!(
        "TCP {tcp_ms:.1} ms, TLS {tls_ms:.1} ms, all {total_ms:.1} ms; {count} TCP connection{s}"
    );
    field("time", &times, out)
}

/// What went over the connection: the page's events, the answer, the payload.
fn write_exchange(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    if let Some(page) = &observation.page {
        field("page", &page_in_words(page), out)?;
    }
    if let Some(answer) = &observation.answer {
        let media_type =
            answer.media_type.as_ref().map_or_else(String::new, |name| format!(", {name}"));
        field("answer", &format!("HTTP status {}{media_type}", answer.status), out)?;
        if answer.holds_private_key {
            field(
                "DANGER",
                "the answer holds a private key: take it off that server, and renew it",
                out,
            )?;
        }
    }
    match &observation.echo {
        Some(Echo::Same) => field("payload", "what was sent came back", out),
        Some(Echo::Different) => field("payload", "something else came back than was sent", out),
        Some(Echo::Nothing) => field("payload", "nothing came back in time", out),
        None => Ok(()),
    }
}

fn offered_in_words(offered: &Offered) -> String {
    let Offered { tls, protocols, server_name } = offered;
    let versions: Vec<String> = tls.iter().map(ToString::to_string).collect();
    format!(
        "TLS {}; ALPN {}; server name {}",
        or_none(&versions.join(" ")),
        or_none(&protocols.join(" ")),
        or_none(server_name.as_deref().unwrap_or_default())
    )
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn write_handshake(tls: &Handshake, out: &mut dyn Write) -> io::Result<()> {
    let version =
        tls.version.map_or_else(|| "no version".to_owned(), |version| version.to_string());
    let cipher_suite = tls.cipher_suite.as_deref().unwrap_or("no cipher suite");
    let protocol = tls.protocol.as_deref().unwrap_or("none");
    field("TLS", &format!("{version}, {cipher_suite}, ALPN {protocol}"), out)?;
    for (index, (name, certificate)) in named("chain", &tls.chain).enumerate() {
        let Certificate { subject, issuer, names, not_before, not_after, sha256 } = certificate;
        field(name, &format!("{index} {subject}, from {issuer}"), out)?;
        if !names.is_empty() {
            field("", &format!("  names {}", names.join(", ")), out)?;
        }
        field("", &format!("  valid {not_before} to {not_after}"), out)?;
        field("", &format!("  sha256 {sha256}"), out)?;
    }
    Ok(())
}

/// The name stands before the first of several things only.
fn named<'a, T>(name: &'a str, things: &'a [T]) -> impl Iterator<Item = (&'a str, &'a T)> {
    std::iter::once(name).chain(std::iter::repeat("")).zip(things)
}

fn write_refusal(refusal: &Refusal, out: &mut dyn Write) -> io::Result<()> {
    let Refusal { by, step, fault, .. } = refusal;
    let who = match by {
        Party::Client => "this client",
        Party::Server => "the server",
    };
    writeln!(out, "  {BAD}refused{BAD:#} by {who} at {step}: {HEADING}{fault}{HEADING:#}")?;
    if !refusal.detail.is_empty() {
        field("detail", &refusal.detail, out)?;
    }
    field("code", refusal.code.as_deref().unwrap_or("none"), out)?;
    field("alert", &refusal.alert.map_or_else(|| "none".to_owned(), |seen| alert(&seen)), out)?;
    field("ending", ending(refusal.ending), out)
}

fn page_in_words(page: &Page) -> String {
    let events: Vec<&str> = page.events.iter().copied().map(PageEvent::name).collect();
    let mut text = events.join(", ");
    if let Some(close) = &page.close {
        let clean = if close.clean { "clean" } else { "not clean" };
        write!(text, " (code {}, {clean}", close.code).ok();
        if !close.reason.is_empty() {
            write!(text, ", {:?}", close.reason).ok();
        }
        text.push(')');
    }
    text
}

fn field(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {FAINT}{name:8}{FAINT:#} {}", printable(value))
}

/// What a server sends must not drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{connected, plain, refused};

    #[test]
    fn a_sentence_says_who_refused_where_how_and_why() {
        insta::assert_snapshot!(sentence(&refused()));
        insta::assert_snapshot!(sentence(&connected()));
    }

    #[test]
    fn in_full_everything_is_named_and_the_fault_is_explained() {
        insta::assert_snapshot!(plain(|out| write(&refused(), out)));
        insta::assert_snapshot!(plain(|out| write(&connected(), out)));
    }
}
