//! [`wssure_proxy::fuzzing::config`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wssure_proxy::fuzzing::config(bytes));
