//! How good the answers of `wssure explain` are: everything that real clients were measured to say in the built-in cases,
//! and what the proxy logs of it, is asked, and the fault that the case plants must be named.

use std::collections::BTreeMap;

use clap::Parser;
use wssure_harness::{
    Alert, Fault,
    case::{ExpectedLog, Suite},
    certificate::{Lab, Specification},
    client::{self, Profile},
    compare::{Aspect, Outcome, Words, measured},
    fault::Area,
    subject::{Field, Subject},
    symptom,
};
use wssure_proxy::IdentityFiles;

use crate::{cli::Cli, suite::Cases};

/// A message and the fault that is behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    words: String,
    fault: Fault,
}

/// Of how many messages the fault is where in the answer.
#[derive(Debug, Default)]
struct Figures {
    messages: usize,
    /// In the first cause, or its family.
    first: usize,
    /// In the first two causes, or their families.
    of_two: usize,
    /// The very first fault that is named.
    strictly_first: usize,
    /// One of the first two faults that are named.
    strictly_of_two: usize,
    /// What the two could be at best, since some words are said of several faults.
    at_best: [usize; 2],
    /// The same for every time that a message was met.
    met: usize,
    met_strictly_first: usize,
    met_strictly_of_two: usize,
    /// How many faults the first cause has.
    named: usize,
    missed: Vec<(Message, Vec<Fault>)>,
}

impl Figures {
    fn of(messages: &Messages) -> Self {
        let mut figures = Self::default();
        for (message, times) in messages {
            figures.count(message, *times);
        }
        let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
        for message in messages.keys() {
            *faults.entry(&message.words).or_default() += 1;
        }
        figures.at_best = [1, 2].map(|named| faults.values().map(|count| *count.min(&named)).sum());
        figures
    }

    fn count(&mut self, message: &Message, times: usize) {
        let answer = symptom::answer(&message.words).unwrap();
        let names = |causes: usize| -> Vec<Fault> {
            answer.causes.iter().take(causes).flat_map(symptom::Cause::faults).collect()
        };
        let strictly = |faults: usize| names(2).iter().take(faults).any(|f| *f == message.fault);
        self.messages += 1;
        self.met += times;
        self.named += names(1).len();
        self.first += usize::from(names(1).contains(&message.fault));
        self.of_two += usize::from(names(2).contains(&message.fault));
        self.strictly_first += usize::from(strictly(1));
        self.strictly_of_two += usize::from(strictly(2));
        self.met_strictly_first += times * usize::from(strictly(1));
        self.met_strictly_of_two += times * usize::from(strictly(2));
        if !names(2).contains(&message.fault) {
            self.missed.push((message.clone(), names(9)));
        }
    }

    fn percent(&self, count: usize) -> usize {
        count * 100 / self.messages.max(1)
    }

    fn show(&self, what: &str) {
        let met = |count: usize| count * 100 / self.met.max(1);
        let [best, best_of_two] = self.at_best;
        eprintln!(
            "{what}: {} messages, met {} times\n  \
             with families: first {} %, of two {} %; the first cause has {} faults\n  \
             strictly: first {} % (at best {} %), of two {} % (at best {} %); as often as met: {} % and {} %",
            self.messages,
            self.met,
            self.percent(self.first),
            self.percent(self.of_two),
            self.named.div_ceil(self.messages.max(1)),
            self.percent(self.strictly_first),
            self.percent(best),
            self.percent(self.strictly_of_two),
            self.percent(best_of_two),
            met(self.met_strictly_first),
            met(self.met_strictly_of_two),
        );
    }
}

/// What was said in one step of a real client, in the ways in which somebody may meet it.
#[derive(Clone, Debug)]
struct Said {
    fault: Fault,
    code: Option<String>,
    alert: Option<Alert>,
    close_code: Option<String>,
    /// The line of our proxy, as far as its fault and alert decide it.
    line: Option<String>,
}

/// What our proxy logs of a refusal: the beginning of its line, in the words of its own table.
fn line(log: &ExpectedLog, seen: Option<Alert>) -> Option<String> {
    let ExpectedLog::Says { fault, .. } = log else { return None };
    let peer = "2026-11-23 10:00:00 client 192.0.2.7:51234";
    match (fault, seen.map(|alert| wssure_proxy::Alert(alert.0))) {
        (Fault::ClientRefusedCertificate, Some(alert)) => Some(format!(
            "{peer}: refused our certificate: TLS alert {alert} during the handshake (OpenSSL: {}): {}; it asked for \
             proxy.example.test",
            alert.openssl_words(),
            alert.meaning(),
        )),
        (Fault::ClientCertificateRequired, Some(alert)) => Some(format!(
            "{peer}: TLS handshake failed, we sent alert {alert} (OpenSSL: peer did not return a certificate): the \
             client showed no certificate, and --verify-client requires one",
        )),
        (Fault::ClientCertificateRequired, None) => Some(format!(
            "{peer}: closed the connection during the TLS handshake, without an alert, after our certificate was sent \
             (OpenSSL: EOF occurred in violation of protocol): some clients (older Safari) refuse a certificate in \
             this way; this proxy asked it for a certificate of its own (--verify-client)",
        )),
        (_, Some(alert)) => Some(format!(
            "{peer}: sent TLS alert {alert} during the handshake (OpenSSL: {}): {}",
            alert.openssl_words(),
            alert.meaning(),
        )),
        (Fault::ClientHungUp, None) => Some(format!(
            "{peer}: reset the connection during the TLS handshake, without an alert, after our certificate was sent \
             (OpenSSL: Connection reset by peer): some clients (older Safari) refuse a certificate in this way"
        )),
        _ => None,
    }
}

fn text(words: &Words, aspect: Aspect) -> Option<String> {
    words.get(aspect).map(ToString::to_string).filter(|word| word != "none")
}

/// Everything that the real clients said when they refused, where the case expects a refusal.
fn said(suite: &Suite, clients: &[&Profile]) -> Vec<Said> {
    let cases: BTreeMap<&str, _> =
        suite.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let mut said = Vec::new();
    for record in measured::built_in().unwrap() {
        let Some(client) = clients.iter().find(|client| client.name == record.origin.base()) else {
            continue;
        };
        for (id, story) in &record.cases {
            let Some(case) = cases.get(id.as_str()) else { continue };
            for step in &case.steps {
                let Some(Outcome::Seen(words)) = story.get(&step.number).map(|shown| &shown.result)
                else {
                    continue;
                };
                let Some(expected) = step.expected(client, case.tls_of(client)) else { continue };
                let fault = expected.refusal.as_ref().and_then(|refusal| refusal.fault);
                let (Some(fault), Some("refused")) =
                    (fault, text(words, Aspect::Verdict).as_deref())
                else {
                    continue;
                };
                let alert = text(words, Aspect::Alert).and_then(|name| Alert::try_from(name).ok());
                said.push(Said {
                    fault,
                    code: text(words, Aspect::Code),
                    alert,
                    close_code: text(words, Aspect::CloseCode),
                    line: line(&expected.log, alert),
                });
            }
        }
    }
    said
}

/// The messages, and how often each was met.
type Messages = BTreeMap<Message, usize>;

fn messages(said: &[Said], of: &dyn Fn(&Said) -> Option<String>) -> Messages {
    let mut messages = Messages::new();
    for one in said {
        if let Some(words) = of(one) {
            *messages.entry(Message { words, fault: one.fault }).or_default() += 1;
        }
    }
    messages
}

/// The proxy's own words for certificate files that cannot serve, of every case that plants such a file; and those of
/// websockify, which has one line for nearly all of them.
fn of_files(suite: &Suite) -> Messages {
    let lab = Lab::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut messages = Messages::new();
    for (number, case) in suite.cases.iter().enumerate() {
        let Some(ExpectedLog::Says { fault, .. }) = case.start.log else { continue };
        let need = case.main_certificate();
        if need.signer.is_some() {
            continue;
        }
        let specification = Specification {
            parameters: need.parameters.clone(),
            ..Specification::new(need.kind, need.host.clone())
        };
        let delivery = case.subject.identity.delivery();
        let place = folder.path().join(number.to_string());
        let paths = lab.mint(&specification).unwrap();
        let paths = paths.write(&place, delivery, &delivery.names()).unwrap();
        let files = IdentityFiles { cert: paths.certificate, key: paths.key, password: None };
        if let Err(error) = files.load() {
            // The folder's name says nothing, and differs.
            let words = error.to_string().replace(&place.display().to_string(), "/etc/proxy");
            messages
                .insert(Message { words: format!("  - No SSL/TLS support: {words}"), fault }, 1);
        }
    }
    let websockify = Subject::find("websockify").unwrap();
    let said = websockify.divergences().iter().filter(|divergence| {
        divergence.field() == Field::Log
            && divergence.observed() == Fault::UnloadableIdentity.name()
    });
    let faults = said.filter_map(|divergence| divergence.expected().parse::<Fault>().ok());
    let line = "handler exception: [SSL] PEM lib (_ssl.c:4067)";
    let of_files = faults.filter(|fault| fault.area() == Area::File);
    messages.extend(of_files.map(|fault| (Message { words: line.to_owned(), fault }, 1)));
    messages
}

/// With families; and strictly, how far the figures may stay behind what any order of the faults could reach.
const FIRST: usize = 90;
const OF_TWO: usize = 100;
const BEHIND_THE_BEST: usize = 6;

impl Figures {
    /// `strictly`: the very first fault, and one of the first two, in percent at least.
    #[track_caller]
    fn assert(&self, what: &str, strictly: [usize; 2]) {
        self.show(what);
        assert!(self.messages > 10, "{what}: only {} messages", self.messages);
        let missed = &self.missed;
        assert!(self.percent(self.of_two) >= OF_TWO, "{what}: not named: {missed:#?}");
        assert!(self.percent(self.first) >= FIRST, "{what}: {self:#?}");
        let reached = [self.strictly_first, self.strictly_of_two];
        for ((reached, best), least) in reached.into_iter().zip(self.at_best).zip(strictly) {
            assert!(self.percent(reached) >= least, "{what}: {self:#?}");
            assert!(
                self.percent(reached) + BEHIND_THE_BEST >= self.percent(best),
                "{what}: {self:#?}"
            );
        }
    }
}

/// With families it is nearly always right, because it says what it does not know; strictly, it is bound by the clients:
/// where one has a code for twenty faults, no answer can have more than one of them in the first place. `at best` is how
/// far any order of the faults could come.
#[test]
fn what_real_clients_say_is_answered_with_the_fault_that_was_planted() {
    let clients = client::built_in().unwrap();
    let clients: Vec<&Profile> = clients.iter().map(AsRef::as_ref).collect();
    let suite = Cases::BuiltIn.read(clients.iter().copied()).unwrap();
    let said = said(&suite, &clients);
    assert!(said.len() > 500, "only {} refusals were measured", said.len());

    let ask = |of: &dyn Fn(&Said) -> Option<String>| Figures::of(&messages(&said, of));
    let alert = |one: &Said| Some(format!("alert {}", one.alert?.0));
    let together = |one: &Said| {
        let close_code = one.close_code.as_ref().map(|code| format!("code: {code}"));
        let parts = [one.code.clone(), close_code, one.line.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (parts.len() > 1).then(|| parts.join("\n"))
    };
    ask(&|one| one.code.clone()).assert("codes", [38, 52]);
    ask(&|one| one.line.clone()).assert("lines of the proxy", [5, 9]);
    ask(&alert).assert("alerts", [5, 9]);
    ask(&together).assert("code, close code and line", [38, 50]);
    Figures::of(&of_files(&suite)).assert("own files", [54, 58]);
}

/// A command that does not exist helps nobody.
#[test]
fn every_command_of_an_answer_is_one() {
    let codes = [
        "1006",
        "1011",
        "PEM lib",
        "Mixed Content",
        "alert 42",
        "alert 40",
        "alert 116",
        "EACCES: permission denied, open '/etc/my certs/privkey.pem'",
    ];
    let places = [
        "",
        " wss://vnc.example.org:6080/websockify?token=x",
        " at https://[2001:db8::1]/ and '/etc/ssl/it''s.pem' with /etc/ssl/a.key",
    ];
    for (code, place) in codes.iter().flat_map(|code| places.map(|place| (code, place))) {
        let answer = symptom::answer(&format!("{code}{place}")).unwrap();
        assert!(!answer.causes.is_empty(), "{code}{place}");
        for cause in answer.causes {
            let words = shlex::split(&cause.check.line).unwrap();
            let read = Cli::try_parse_from(&words);
            assert!(
                read.is_ok(),
                "{}: {:?}",
                cause.check.line,
                read.err().map(|error| error.to_string())
            );
        }
    }
}
