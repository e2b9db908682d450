//! Refusals that repeat themselves: a page whose WebSocket is refused tries again every second. The first is told whole,
//! those after it are counted, and their number is told when the time is over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::event::Event;
use crate::listen::Peer;

/// How long refusals are counted before their number is told.
pub(crate) const PERIOD: Duration = Duration::from_secs(60);

/// How many are told apart. Who comes from more places, or is refused for more reasons, is told whole each time.
const MOST: usize = 1024;

/// Who was refused, and in which words. Clients have another port each time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refusal {
    /// `None` for a Unix socket.
    client: Option<IpAddr>,
    words: String,
}

struct Counted {
    client: Peer,
    since: Instant,
    more: u64,
}

/// What was told already.
#[derive(Default)]
pub(super) struct Repeats {
    known: HashMap<Refusal, Counted>,
    /// When the eldest period began, at the earliest.
    eldest: Option<Instant>,
}

/// What to do with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// Tell it.
    Whole,
    /// It is counted.
    Counted,
}

impl Repeats {
    /// Takes note of a refusal of `client` in these words.
    pub(super) fn see(&mut self, client: Peer, words: String, now: Instant) -> Telling {
        let refusal = Refusal { client: client.address(), words };
        if let Some(counted) = self.known.get_mut(&refusal) {
            counted.more += 1;
            return Telling::Counted;
        }
        if self.known.len() < MOST {
            self.known.insert(refusal, Counted { client, since: now, more: 0 });
            self.eldest.get_or_insert(now);
        }
        Telling::Whole
    }

    /// What is to be told of those whose period is over: how often they came again.
    pub(super) fn over(&mut self, now: Instant) -> Vec<Event> {
        if self.eldest.is_none_or(|eldest| now.saturating_duration_since(eldest) < PERIOD) {
            return Vec::new();
        }
        self.take(|counted| now.saturating_duration_since(counted.since) >= PERIOD, now)
    }

    /// The same of all, at the end.
    pub(super) fn all(&mut self, now: Instant) -> Vec<Event> {
        self.take(|_| true, now)
    }

    fn take(&mut self, is_over: impl Fn(&Counted) -> bool, now: Instant) -> Vec<Event> {
        let over = self.known.extract_if(|_, counted| is_over(counted));
        let mut told: Vec<(Refusal, Counted)> =
            over.filter(|(_, counted)| counted.more > 0).collect();
        told.sort_by_key(|(_, counted)| counted.since);
        self.eldest = self.known.values().map(|counted| counted.since).min();
        let event = |(refusal, counted): (Refusal, Counted)| Event::Repeated {
            client: counted.client,
            more: counted.more,
            within: now.saturating_duration_since(counted.since),
            words: refusal.words,
        };
        told.into_iter().map(event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> Peer {
        Peer::Tcp(text.parse().unwrap())
    }

    fn words(events: &[Event]) -> Vec<String> {
        events.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_is_told_and_the_others_are_counted() {
        let mut repeats = Repeats::default();
        let start = Instant::now();
        let mut see = |from, what: &str, after| {
            repeats.see(client(from), what.to_owned(), start + Duration::from_secs(after))
        };
        assert_eq!(see("192.0.2.1:1", "no", 0), Telling::Whole);
        assert_eq!(see("192.0.2.1:2", "no", 1), Telling::Counted);
        assert_eq!(see("192.0.2.1:3", "another no", 1), Telling::Whole);
        assert_eq!(see("192.0.2.2:1", "no", 2), Telling::Whole);
        assert_eq!(see("192.0.2.1:4", "no", 30), Telling::Counted);
        assert!(repeats.over(start + Duration::from_secs(59)).is_empty());
        let told = repeats.over(start + Duration::from_secs(60));
        assert_eq!(words(&told), ["client 192.0.2.1: 2 times more in 60 s: no"]);
        assert_eq!(
            repeats.see(client("192.0.2.1:5"), "no".into(), start + Duration::from_secs(61)),
            Telling::Whole
        );
        assert!(repeats.all(start + Duration::from_secs(62)).is_empty(), "nothing was counted");
    }

    #[test]
    fn at_the_end_all_are_told() {
        let mut repeats = Repeats::default();
        let start = Instant::now();
        for _ in 0..3 {
            repeats.see(Peer::Unix, "no".to_owned(), start);
        }
        let told = repeats.all(start + Duration::from_secs(5));
        assert_eq!(words(&told), ["client unix: 2 times more in 5 s: no"]);
    }

    #[test]
    fn no_crowd_takes_more_memory() {
        let mut repeats = Repeats::default();
        let start = Instant::now();
        for number in 0..2 * MOST {
            let telling = repeats.see(client("192.0.2.1:1"), number.to_string(), start);
            assert_eq!(telling, Telling::Whole);
        }
        assert_eq!(repeats.known.len(), MOST);
    }
}
