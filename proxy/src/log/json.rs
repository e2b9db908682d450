//! A line of the log as a JSON object (`--log-format json`).

use serde_json::{Map, Value, json};

use crate::event::Event;

/// The line, without its end. `time` is now, in RFC 3339.
pub(super) fn line(event: &Event, time: &str) -> String {
    let mut line = Map::new();
    line.insert("time".to_owned(), json!(time));
    line.insert("level".to_owned(), json!(event.severity().name()));
    line.insert("event".to_owned(), json!(event.kind()));
    if let Some(client) = event.client() {
        line.insert("client".to_owned(), json!(client.to_string()));
    }
    if let Event::TargetFailed { target, .. } | Event::TargetLost { target, .. } = event {
        line.insert("target".to_owned(), json!(target.to_string()));
    }
    // The lines of the start are a list under a heading.
    let words = event.to_string();
    line.insert("message".to_owned(), json!(words.trim_start().trim_start_matches("- ")));
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ClientEvent;
    use crate::listen::Peer;

    #[test]
    fn a_line_says_what_when_who_and_how_bad() {
        let client = Peer::Tcp("192.0.2.1:7".parse().unwrap());
        let event = Event::Client(client, ClientEvent::BadRequest("a \"quote\"\nand more".into()));
        let line: Value = serde_json::from_str(&line(&event, "2026-01-01T00:00:00+00:00")).unwrap();
        assert_eq!(line["time"], "2026-01-01T00:00:00+00:00");
        assert_eq!(line["level"], "warning");
        assert_eq!(line["event"], "bad-request");
        assert_eq!(line["client"], "192.0.2.1:7");
        assert_eq!(
            line["message"],
            "client 192.0.2.1:7: not an HTTP request: a \"quote\"\nand more"
        );
    }
}
