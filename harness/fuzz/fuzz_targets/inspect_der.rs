//! Certificates, as sent and as trusted: the engine finds what is wrong with them, and every client judges that.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use wssure_harness::inspect::{Question, describe, inspect};
use wssure_harness_fuzz::{
    CLIENTS,
    input::Input,
    mutation::{Dice, mutate},
    now,
};

fuzz_target!(|bytes: &[u8]| {
    let input = Input::read(bytes);
    let (sent, trusted) = input.split();
    let question = Question::new(input.host(), trusted, now());
    let inspection = inspect(sent, &question);
    assert!(!inspection.paths.is_empty(), "there is always a way, if only a dead end");
    for client in CLIENTS.iter() {
        client.judge(&inspection);
    }
    for certificate in sent {
        describe(certificate);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let mut dice = Dice::new(seed);
    let mut input = Input::read(&data[..size]);
    let count = input.certificates.len();
    if count == 0 || dice.below(16) == 0 {
        return fuzzer_mutate(data, size, most);
    }
    let chosen = dice.below(count);
    let one = &input.certificates[chosen];
    let changed = mutate(one, &mut dice, &mut |bytes| {
        let longest = bytes.len() + 64;
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        bytes.resize(longest, 0);
        let length = fuzzer_mutate(&mut bytes, length, longest);
        bytes.truncate(length);
        bytes
    });
    input.certificates[chosen] = changed.into();
    let bytes = input.write();
    let length = bytes.len().min(most).min(data.len());
    data[..length].copy_from_slice(&bytes[..length]);
    length
});
