//! From what a tool says on its error output to its error code.

use crate::client::real::definition::Tool;

/// The error code in these words; [`None`] where the tool has nothing to say.
pub(super) fn code(tool: Tool, words: &str) -> Option<String> {
    match tool {
        Tool::Curl => curl(words),
        Tool::Openssl => openssl(words),
        Tool::Gnutls => gnutls(words),
        Tool::Node => last_line(words),
        Tool::Python => python(words),
    }
}

/// `curl: (60) SSL certificate problem: REASON`: the number, and OpenSSL's reason where it was that.
///
/// While it uploads from a pipe it shows its progress on the same line, `--silent` or not.
fn curl(words: &str) -> Option<String> {
    let said = words.lines().find_map(|line| line.split_once("curl: ("))?.1;
    let said = format!("({said}");
    let (number, said) = said.split_once(' ').unwrap_or((&said, ""));
    Some(match said.strip_prefix("SSL certificate problem: ") {
        Some(reason) => format!("{number} {reason}"),
        None => number.to_owned(),
    })
}

/// `verify error:num=18:self-signed certificate`, or else the reason of the first entry in OpenSSL's error
/// queue: `THREAD:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:DATA`.
fn openssl(words: &str) -> Option<String> {
    let verify = words.lines().find_map(|line| line.strip_prefix("verify error:num="));
    if let Some((number, reason)) = verify.and_then(|line| line.split_once(':')) {
        return Some(format!("{number} {}", reason.trim_end()));
    }
    let queued = words.lines().find_map(|line| line.split_once(":error:"));
    queued.and_then(|(_, entry)| entry.split(':').nth(3)).map(str::to_owned)
}

/// The sentences of its `Status:` that say what is wrong, joined by `+`, or else its fatal error.
fn gnutls(words: &str) -> Option<String> {
    let line = |start| words.lines().find_map(|line| line.trim().strip_prefix(start));
    if let Some(status) = line("- Status: The certificate is NOT trusted.") {
        let sentences: Vec<&str> =
            status.split(". ").map(|one| one.trim().trim_end_matches('.')).collect();
        let sentences: Vec<&str> = sentences.into_iter().filter(|one| !one.is_empty()).collect();
        return Some(sentences.join("+"));
    }
    line("*** Fatal error: ").map(|error| error.trim_end_matches('.').to_owned())
}

/// `62 Hostname mismatch, certificate is not valid for 'HOST'.`: the host is no part of the code.
fn python(words: &str) -> Option<String> {
    let line = last_line(words)?;
    Some(line.split_once(", ").map_or(line.clone(), |(code, _)| code.to_owned()))
}

/// Our own scripts put it there.
fn last_line(words: &str) -> Option<String> {
    words.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}
