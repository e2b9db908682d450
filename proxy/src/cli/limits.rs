//! The options that say how much a client may take.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::running::seconds;
use crate::limits::{LEAST_REQUEST_SIZE, Limits};

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitOptions {
    /// Serve so many connections at a time; more are closed at once [default: half of the descriptors that the process
    /// may have]
    #[arg(long, value_name = "NUMBER", value_parser = number, hide_default_value = true)]
    max_connections: Option<NonZeroUsize>,

    /// Serve so many connections of one address at a time [default: all]. Behind a reverse proxy without
    /// --proxy-protocol everybody has one address
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    max_connections_per_client: Option<NonZeroUsize>,

    /// Wait so long for a connection's first byte
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, default_value = "3")]
    first_byte_timeout: Duration,

    /// Wait so long for a whole TLS handshake
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, default_value = "10")]
    tls_timeout: Duration,

    /// Wait so long for the head of a request
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, default_value = "10")]
    request_timeout: Duration,

    /// Try so long to reach a target, with its TLS handshake
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, default_value = "20")]
    target_timeout: Duration,

    /// End a session in which nothing passed for so long, either way; pings do not count. 0 sets no limit
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0", allow_negative_numbers = true)]
    session_idle_timeout: Duration,

    /// Read so many bytes of a request's head; a longer one is answered with 431
    #[arg(long, value_name = "BYTES", value_parser = size, default_value = "65536")]
    max_request_size: usize,

    /// Read so many header lines of a request
    #[arg(long, value_name = "NUMBER", value_parser = number, default_value = "100")]
    max_request_headers: NonZeroUsize,
}

fn number(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "give a whole number from 1 on")
}

fn some_seconds(text: &str) -> Result<Duration, &'static str> {
    match seconds(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give whole seconds from 1 on: without a limit, who stalls would stay for ever"),
    }
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size @ LEAST_REQUEST_SIZE..=LARGEST_REQUEST_SIZE) => Ok(size),
        _ => Err(format!("give {LEAST_REQUEST_SIZE} to {LARGEST_REQUEST_SIZE} bytes")),
    }
}

/// More than any client has a use for.
const LARGEST_REQUEST_SIZE: usize = 16 * 1024 * 1024;

impl LimitOptions {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            connections_per_client: self.max_connections_per_client,
            first_byte: self.first_byte_timeout,
            handshake: self.tls_timeout,
            request: self.request_timeout,
            target: self.target_timeout,
            silence: Some(self.session_idle_timeout).filter(|limit| !limit.is_zero()),
            request_size: self.max_request_size,
            request_headers: self.max_request_headers.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitOptions,
    }

    #[test]
    fn the_defaults_of_the_help_are_those_of_the_library() {
        assert_eq!(Line::parse_from(["program"]).limits.limits(), Limits::default());
    }
}
