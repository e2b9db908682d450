//! The lines of a token file: `TOKEN: TARGET`.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::target_text::target;
use crate::settings::Target;

/// Tokens and their targets.
#[derive(Debug, Default)]
pub(super) struct List {
    targets: HashMap<String, Target>,
    /// The first line that is none.
    pub(super) bad: Option<BadLine>,
}

/// A line of a token file that cannot be read. It does not show the line: a token is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    file: PathBuf,
    line: usize,
    why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.file.display(), self.line, self.why)
    }
}

impl List {
    /// Adds a file's lines. Of two with the same token the later counts, as in websockify.
    pub(super) fn add(&mut self, file: &Path, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match entry(line) {
                Ok((token, target)) => {
                    self.targets.insert(token.to_owned(), target);
                }
                Err(why) => {
                    self.bad.get_or_insert(BadLine { file: file.to_owned(), line: index + 1, why });
                }
            }
        }
    }

    pub(super) fn find(&self, token: &str) -> Option<&Target> {
        self.targets.get(token)
    }
}

/// The targets that a file with this text names, as they are shown.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn targets_in(text: &str) -> Vec<Target> {
    let mut list = List::default();
    list.add(Path::new("tokens"), text);
    list.targets.into_values().collect()
}

/// A token may have colons: it ends at the last one with a blank behind it.
fn entry(line: &str) -> Result<(&str, Target), String> {
    let ends = line.match_indices(':').map(|(at, _)| at);
    let mut ends = ends.filter(|at| line[at + 1..].starts_with(char::is_whitespace));
    let end = ends
        .next_back()
        .ok_or("it should be TOKEN: HOST:PORT, with a blank behind the token's colon")?;
    let token = line[..end].trim();
    if token.is_empty() {
        return Err("there is no token before the colon".to_owned());
    }
    Ok((token, target(line[end + 1..].trim())?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> List {
        let mut list = List::default();
        list.add(Path::new("tokens"), text);
        list
    }

    #[test]
    fn what_websockify_reads_is_read() {
        let list = list(
            "# desks\n\nalpha: 127.0.0.1:5900\r\nho st:\tlocalhost:5901  \ncol:on: h:1\n\
             s: unix_socket:/run/vnc\nsix: [::1]:5900\nalpha: h:2\n",
        );
        let target = |token| list.find(token).unwrap().to_string();
        assert_eq!(target("alpha"), "h:2");
        assert_eq!(target("ho st"), "localhost:5901");
        assert_eq!(target("col:on"), "h:1");
        assert_eq!(target("s"), "unix_socket:/run/vnc");
        assert_eq!(target("six"), "[::1]:5900");
        assert!(list.find("col").is_none());
        assert_eq!(list.bad, None);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_without_its_token_and_the_others_count() {
        let read = list("secret:127.0.0.1:5900\nb: h:port\nc: h:1\n");
        let bad = read.bad.as_ref().unwrap().to_string();
        assert!(bad.starts_with("tokens line 1: it should be TOKEN: HOST:PORT"), "{bad}");
        assert!(!bad.contains("secret"));
        assert!(read.find("c").is_some());
        let bad = list("t: h:port").bad.unwrap().to_string();
        assert!(bad.contains("\"port\" is not a port"), "{bad}");
    }

    proptest! {
        #[test]
        fn any_text_is_a_list(text in any::<String>()) {
            list(&text);
        }

        #[test]
        fn every_token_that_is_written_down_is_found(token in "[^\\s#:][^\\n\\r]{0,20}[^\\s:]", port in 1_u16..) {
            let list = list(&format!("{token}: h:{port}\n"));
            prop_assert_eq!(list.find(&token).map(ToString::to_string), Some(format!("h:{port}")));
        }
    }
}
