//! A browser behind a WebDriver endpoint: on a Selenium Grid, in a device farm, on a phone beside this machine.
//!
//! It comes to this machine over the network, finds names by its own means and trusts what it trusts: what
//! cannot be done or seen from here is said, and is not held against it.

mod endpoint;
mod words;

use std::net::IpAddr;

use serde_json::{Value, json};

pub(super) use endpoint::shown;
pub use endpoint::{Endpoint, EndpointError, Problem};

use crate::{client::Trouble, host::Host};

/// How long a page may take, in milliseconds: one that is saved and not shown never comes.
const PAGE_LIMIT_MS: u32 = 5_000;

/// A browser that is asked for at an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub endpoint: Endpoint,
    /// Where this machine is for it.
    pub address: IpAddr,
}

impl Remote {
    /// What it is called in messages.
    pub(super) fn name(&self) -> &str {
        &self.endpoint.name
    }

    /// The endpoint's URL, its password in it.
    pub(super) fn endpoint_url(&self) -> &str {
        self.endpoint.url.as_str()
    }

    /// What is asked for in a new session.
    pub(super) fn capabilities(&self) -> Value {
        let mut capabilities = self.endpoint.capabilities.clone();
        capabilities.entry("timeouts").or_insert_with(|| json!({ "pageLoad": PAGE_LIMIT_MS }));
        Value::Object(capabilities)
    }

    /// It cannot reach us under that name.
    pub(super) fn finds_not(&self, host: &Host) -> Trouble {
        Trouble::Cannot(format!(
            "the browser at {} does not find {host} at {}; name it in its hosts file, or (Chrome) give --host-resolver-rules in goog:chromeOptions",
            self.name(),
            self.address
        ))
    }

    /// It came to no port of ours.
    pub(super) fn did_not_come(&self) -> Trouble {
        Trouble::Cannot(format!(
            "the browser at {} opened no connection to {}: let it in through the firewall, or name with --address where it finds this machine",
            self.name(),
            self.address
        ))
    }

    /// It refuses what the run's authority has issued.
    pub(super) fn trusts_not(&self) -> Trouble {
        Trouble::Cannot(format!(
            "the browser at {} does not trust this run's authority; keep one with --authority FOLDER and import FOLDER/authority.pem there once",
            self.name()
        ))
    }

    /// What a user does there is not done through WebDriver.
    pub(super) fn cannot(&self, what: &str) -> Trouble {
        Trouble::Cannot(format!("the browser at {} {what}", self.name()))
    }
}
