//! [`wssure_proxy::fuzzing::frames`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wssure_proxy::fuzzing::frames(bytes));
