//! [`wssure_proxy::fuzzing::identity`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wssure_proxy::fuzzing::identity(bytes));
