//! A file, as `wssure inspect FILE` reads it, and what the clients make of what is in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wssure_harness::{
    inspect::{certificates_in, describe},
    opinion::{self, Asked},
};
use wssure_harness_fuzz::{CLIENTS, HOSTS, now};

fuzz_target!(|content: &[u8]| {
    let sent = match certificates_in(content) {
        Ok(sent) => sent,
        Err(error) => return drop(error.to_string()),
    };
    for certificate in &sent {
        describe(certificate);
    }
    // The last one, for there to be ways that lead somewhere.
    let anchors = &sent[sent.len() - 1..];
    let asked = Asked { sent: &sent, host: &HOSTS[0], anchors, now: now() };
    let opinions = opinion::ask(&CLIENTS, &asked);
    assert_eq!(opinions.clients.len(), CLIENTS.len(), "every client has a word");
});
