//! No bytes, however cut and in whatever order, stop the reading.

use std::time::SystemTime;

use proptest::prelude::*;

use crate::{
    observation::Party,
    witness::{key_log::KeyLog, recording::Recording, witnessed::Witnessed},
};

/// Bytes that come far: records whose contents begin as handshake messages.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![20..24u8, any::<u8>()];
    let message =
        prop_oneof![Just(1u8), Just(2), Just(8), Just(11), Just(20), Just(24), any::<u8>()];
    let body = proptest::collection::vec(any::<u8>(), 0..80);
    (kind, message, body).prop_map(|(kind, message, body)| {
        let length = body.len() as u8;
        let mut record = vec![kind, 3, 3, 0, length + 4, message, 0, 0, length];
        record.extend(body);
        record
    })
}

/// A ServerHello that takes TLS 1.2 or 1.3, so that keys are asked for.
fn server_hello() -> impl Strategy<Value = Vec<u8>> {
    any::<bool>().prop_map(|tls13| {
        let mut body = vec![3, 3];
        body.extend([1; 32]);
        let rest: &[u8] = if tls13 {
            &[0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]
        } else {
            &[0, 0xc0, 0x2f, 0, 0, 0]
        };
        body.extend(rest);
        let length = body.len() as u8;
        [&[22, 3, 3, 0, length + 4, 2, 0, 0, length][..], &body].concat()
    })
}

fn client_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    let length = body.len() as u8;
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![Just(Party::Client), Just(Party::Server)]
}

fn key_log() -> KeyLog {
    let random = "07".repeat(32);
    let secret = "55".repeat(32);
    let labels = [
        "CLIENT_RANDOM",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    let lines: String = labels.iter().map(|label| format!("{label} {random} {secret}\n")).collect();
    KeyLog::parse(lines.as_bytes())
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_to_their_end(
        pieces in proptest::collection::vec(
            (party(), proptest::collection::vec(any::<u8>(), 0..100)), 0..20),
    ) {
        let mut recording = Recording::new(SystemTime::UNIX_EPOCH);
        pieces.iter().for_each(|(party, bytes)| recording.heard(*party, bytes));
        Witnessed::read(&recording, &key_log());
    }

    #[test]
    fn records_after_a_handshake_are_read_to_their_end(
        hello in server_hello(),
        pieces in proptest::collection::vec((party(), record()), 0..20),
        cut in 1..40usize,
    ) {
        let mut recording = Recording::new(SystemTime::UNIX_EPOCH);
        recording.heard(Party::Client, &client_hello());
        hello.chunks(cut).for_each(|bytes| recording.heard(Party::Server, bytes));
        for (party, bytes) in &pieces {
            bytes.chunks(cut).for_each(|bytes| recording.heard(*party, bytes));
        }
        let (witnessed, _) = Witnessed::read(&recording, &key_log());
        prop_assert!(witnessed.offered.is_some());
        prop_assert!(witnessed.handshake.is_some_and(|tls| tls.cipher_suite.is_some()));
    }
}
