//! `wssure explain`: a fault's page, or the causes behind words that somebody has met.

mod page;
mod symptom;

use std::io::{self, Read};

use anstyle::Style;
use clap::Args;
use wssure_harness::{Fault, symptom::LONGEST};

use crate::exit::{Failure, Verdict};

const EXAMPLES: &str = "\
Examples:
  wssure explain self-signed                   a fault: its meaning, its mend, each client's words for it
  wssure list faults                           every fault there is
  wssure explain ERR_CERT_COMMON_NAME_INVALID  a client's code, an alert, a close code, a message
  wssure explain 'sslv3 alert certificate unknown'
  wssure explain -9807
  journalctl -u websockify | tail -5 | wssure explain -

Several words together say more than each of them: paste the code that the browser shows, the close code and the line in
the proxy's log. Nothing is connected to, and nothing is sent anywhere.

Exit codes:
  0    there is an answer
  2    the words are not known here";

/// The arguments of `wssure explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A fault, an alert, a close code, a client's error code, a line of a log; `-` reads lines from standard input
    #[arg(value_name = "WORDS", required = true, allow_negative_numbers = true)]
    words: Vec<String>,
}

const HEADING: Style = Style::new().bold();

/// Explains it.
///
/// # Errors
/// The words are not known, or a file that is built in is wrong; a test sees to it that none is.
pub fn execute(arguments: &Arguments) -> Result<Verdict, Failure> {
    let words = match arguments.words.as_slice() {
        [only] if only == "-" => standard_input()?,
        words => words.join(" "),
    };
    match words.trim().parse::<Fault>() {
        Ok(fault) => page::write(fault)?,
        Err(_) => symptom::write(&words)?,
    }
    Ok(Verdict::AsExpected)
}

/// What is there to read, and no more of it than is looked at: somebody may pipe a whole journal.
fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.map_err(|source| Failure::System { doing: "read standard input", source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
