//! What of an observation is compared: one line each.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Word;
use crate::observation::{Observation, OfferedVersion, PageEvent, Party, Sight, Step};

/// Declares the aspects: what each is, its name in tables and files, and how it is read from an observation.
/// An observation that has no such thing (a close code of a page, say) gives none, and there is then no cell.
macro_rules! aspects {
    ($($(#[$doc:meta])* $variant:ident $name:literal = $word:expr;)*) => {
        /// What of an observation is compared.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Aspect { $($(#[$doc])* #[serde(rename = $name)] $variant),* }

        impl Aspect {
            /// All of them, in the order of a table's columns.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in tables and files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            fn word(self, seen: &Observation) -> Option<Word> {
                match self { $(Self::$variant => ($word)(seen)),* }
            }
        }
    };
}

aspects! {
    /// Connected or refused.
    Verdict "verdict" = verdict;
    /// The client's own error code. Where it names a set, the order in the set is not compared.
    Code "code" = code;
    /// The TLS alert that the client sent; `none` where it refused in the handshake without a word.
    Alert "alert" = alert;
    /// When it sent the alert.
    Moment "moment" = moment;
    /// Who ended the refused connection, and how.
    Ending "ending" = ending;
    /// The code of the close event that the page saw (RFC 6455 section 7.4).
    CloseCode "close-code" = |seen: &Observation| Some(Word::number(seen.page.as_ref()?.close.as_ref()?.code));
    /// The events that the page saw, in their order.
    Events "events" = events;
    /// How many TCP connections the client made.
    Connections "connections" = |seen: &Observation| Some(Word::number(seen.connections));
    /// What became of the wish to accept an exception.
    Exception "exception" = |seen: &Observation| seen.exception.map(Word::text);
    /// Every alert on the wire, over all connections.
    Alerts "alerts" = alerts;
    /// The versions of TLS that it offered, as far as they may still be spoken (RFC 8996): a simulated client
    /// cannot offer older ones, and no proxy here takes them.
    Versions "versions" = versions;
    /// The application protocols that it offered (ALPN).
    Protocols "protocols" = |seen: &Observation| Some(list(&seen.offered.as_ref()?.protocols));
    /// The host that it asked for (SNI).
    ServerName "server-name" = |seen: &Observation| Some(list(seen.offered.as_ref()?.server_name.as_slice()));
    /// The status of the HTTP answer.
    Status "status" = |seen: &Observation| Some(Word::number(seen.answer.as_ref()?.status));
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[allow(clippy::unnecessary_wraps, reason = "every aspect is read by a function of this shape")]
fn verdict(seen: &Observation) -> Option<Word> {
    Some(Word::text(if seen.is_connected() { "connected" } else { "refused" }))
}

fn code(seen: &Observation) -> Option<Word> {
    let mut names: Vec<&str> = seen.refusal()?.code.as_ref()?.split('+').collect();
    names.sort_unstable();
    Some(Word::text(names.join("+")))
}

fn alert(seen: &Observation) -> Option<Word> {
    let refusal = seen.refusal()?;
    let sent = refusal.alert.filter(|seen| seen.sent_by == Party::Client);
    let heard = seen.sight != Sight::Outside;
    let silent = heard && refusal.step == Step::Tls && refusal.by == Party::Client;
    // A client that leaves the handshake without a word has been heard to say nothing.
    sent.map(|seen| Word::text(seen.alert)).or_else(|| silent.then(Word::none))
}

fn moment(seen: &Observation) -> Option<Word> {
    let sent = seen.refusal()?.alert.filter(|seen| seen.sent_by == Party::Client)?;
    Some(Word::text(sent.moment))
}

fn alerts(seen: &Observation) -> Option<Word> {
    let words =
        seen.alerts.iter().map(|seen| format!("{} {} {}", seen.sent_by, seen.alert, seen.moment));
    (!seen.alerts.is_empty()).then(|| Word::text(words.collect::<Vec<_>>().join(", ")))
}

fn versions(seen: &Observation) -> Option<Word> {
    let offered = seen.offered.as_ref()?.tls.iter().copied();
    let today: Vec<_> = offered.filter(|version| *version >= OfferedVersion::Tls12).collect();
    Some(list(&today))
}

/// Values in their order, or that there are none.
fn list<T: fmt::Display>(values: &[T]) -> Word {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    if words.is_empty() { Word::none() } else { Word::text(words.join(" ")) }
}

fn ending(seen: &Observation) -> Option<Word> {
    let refusal = seen.refusal()?;
    Some(Word::text(format!("{} by the {}", refusal.ending, refusal.by)))
}

fn events(seen: &Observation) -> Option<Word> {
    let names: Vec<&str> =
        seen.page.as_ref()?.events.iter().copied().map(PageEvent::name).collect();
    Some(if names.is_empty() { Word::none() } else { Word::text(names.join(", ")) })
}

/// What a client showed in one step, in the words that are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Words(BTreeMap<Aspect, Word>);

impl Words {
    /// The words of an observation.
    pub fn of(seen: &Observation) -> Self {
        let word = |aspect: &Aspect| Some((*aspect, aspect.word(seen)?));
        Self(Aspect::ALL.iter().filter_map(word).collect())
    }

    /// The word of an aspect, if there is one.
    pub fn get(&self, aspect: Aspect) -> Option<&Word> {
        self.0.get(&aspect)
    }

    /// The aspects that have a word, each with it.
    pub fn iter(&self) -> impl Iterator<Item = (Aspect, &Word)> {
        self.0.iter().map(|(aspect, word)| (*aspect, word))
    }

    /// Whether no aspect has a word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> =
            self.iter().map(|(aspect, word)| format!("{aspect} {word}")).collect();
        f.write_str(&words.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        observation::{Outcome, Refusal},
        report::samples::{connected, refused},
    };

    fn word(seen: &Observation, aspect: Aspect) -> String {
        Words::of(seen).get(aspect).map_or_else(|| "no cell".to_owned(), Word::to_string)
    }

    fn refused_with(change: impl FnOnce(&mut Refusal)) -> Observation {
        let mut refusal = refused().refusal().unwrap().clone();
        change(&mut refusal);
        Observation { outcome: Outcome::Refused(refusal), ..refused() }
    }

    #[test]
    fn every_aspect_of_a_refusal_and_of_a_connection_is_a_word() {
        assert_eq!(
            Words::of(&refused()).to_string(),
            "verdict refused · code MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT · alert bad_certificate · \
             moment during the handshake · ending closed by the client · close-code 1015 · \
             events error, close · connections 1 · alerts client bad_certificate during the handshake · \
             versions 1.3 1.2 · protocols h2 http/1.1 · server-name proxy.example.test"
        );
        assert_eq!(
            Words::of(&connected()).to_string(),
            "verdict connected · close-code 1000 · events open, message, close · connections 1 · \
             versions 1.3 1.2 · protocols h2 http/1.1 · server-name proxy.example.test · status 101"
        );
    }

    #[test]
    fn silence_in_the_handshake_is_a_word_and_the_servers_alert_is_not_the_clients() {
        let silent = refused_with(|refusal| refusal.alert = None);
        assert_eq!(word(&silent, Aspect::Alert), "none");
        assert_eq!(word(&silent, Aspect::Moment), "no cell");
        let by_server = refused_with(|refusal| {
            refusal.by = Party::Server;
            refusal.alert.as_mut().unwrap().sent_by = Party::Server;
        });
        assert_eq!(word(&by_server, Aspect::Alert), "no cell");
        assert_eq!(word(&by_server, Aspect::Ending), "closed by the server");
    }

    #[test]
    fn the_order_in_a_set_of_codes_is_not_compared() {
        let codes = |code: &str| refused_with(|refusal| refusal.code = Some(code.to_owned()));
        assert_eq!(
            word(&codes("unknown_ca+expired"), Aspect::Code),
            word(&codes("expired+unknown_ca"), Aspect::Code)
        );
    }

    #[test]
    fn a_page_has_no_close_code_and_no_events() {
        let page = Observation { page: None, ..connected() };
        assert_eq!(word(&page, Aspect::CloseCode), "no cell");
        assert_eq!(word(&page, Aspect::Events), "no cell");
    }
}
