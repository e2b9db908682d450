//! What the fuzz targets and their seeds have in common.

pub mod input;
pub mod mutation;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use rustls_pki_types::UnixTime;
use wssure_harness::{
    client::{self, Profile},
    host::Host,
};

/// Every client that is built in.
pub static CLIENTS: LazyLock<Vec<Arc<Profile>>> =
    LazyLock::new(|| client::built_in().expect("the built-in profiles are sound"));

/// One host of each form. The kinds are made for the first that they can be made for.
pub static HOSTS: LazyLock<Vec<Host>> = LazyLock::new(|| {
    [
        "proxy.example.test",
        "192.0.2.1",
        "[2001:db8::1]",
        "proxy.co.uk",
        "proxy.test",
        "proxy.example.test.",
    ]
    .map(|host| host.parse().expect("a host"))
    .to_vec()
});

/// When the seeds are made, and when they are judged: always the same, so that an input means the same tomorrow.
pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}
