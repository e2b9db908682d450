//! What is counted, for Prometheus (`--metrics`): everything that has a line in the log, and what is open.

mod server;

pub(crate) use server::Server;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::event::{ClientEvent, Event, Reload};

/// The counters.
pub(crate) struct Metrics {
    registry: Registry,
    connections: Counter,
    open_connections: Gauge,
    sessions: Family<Transport, Counter>,
    open_sessions: Gauge,
    bytes: Family<Direction, Counter>,
    failures: Family<Reason, Counter>,
    requests: Family<Status, Counter>,
    reloads: Family<Outcome, Counter>,
    certificate_ends: Family<File, Gauge>,
    /// No connection is accepted any more.
    draining: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Transport {
    transport: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    to: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct File {
    file: String,
}

/// Counts as open until it is dropped.
pub(crate) struct Open(Gauge);

impl Open {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("wssure"),
            connections: Counter::default(),
            open_connections: Gauge::default(),
            sessions: Family::default(),
            open_sessions: Gauge::default(),
            bytes: Family::default(),
            failures: Family::default(),
            requests: Family::default(),
            reloads: Family::default(),
            certificate_ends: Family::default(),
            draining: AtomicBool::new(false),
        };
        metrics.register();
        metrics
    }

    /// Gives each its name and its help.
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("connections", "Connections accepted", self.connections.clone());
        registry.register(
            "open_connections",
            "Connections that are open, with or without a session",
            self.open_connections.clone(),
        );
        registry.register("sessions", "WebSocket sessions begun", self.sessions.clone());
        registry.register(
            "open_sessions",
            "WebSocket sessions that are open",
            self.open_sessions.clone(),
        );
        registry.register_with_unit(
            "session",
            "Payload of sessions that are over",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register(
            "failures",
            "Clients that were refused, or refused us, and sessions that failed, by the name of the log's event",
            self.failures.clone(),
        );
        registry.register(
            "requests",
            "Requests for pages, by the status of the answer",
            self.requests.clone(),
        );
        registry.register(
            "certificate_reloads",
            "Certificates loaded while serving",
            self.reloads.clone(),
        );
        registry.register_with_unit(
            "certificate_not_after",
            "End of the validity of the certificate that is served, since 1970",
            Unit::Seconds,
            self.certificate_ends.clone(),
        );
    }

    /// Counts a connection, for as long as what is given lives.
    pub(crate) fn connection(&self) -> Open {
        self.connections.inc();
        Open::new(&self.open_connections)
    }

    /// The same for a session; what begins it is an event.
    pub(crate) fn session(&self) -> Open {
        Open::new(&self.open_sessions)
    }

    /// From now on no connection is accepted.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Counts an event.
    pub(crate) fn count(&self, event: &Event) {
        if event.is_failure() {
            self.failures.get_or_create(&Reason { reason: event.kind() }).inc();
        }
        match event {
            Event::Client(_, ClientEvent::SecureSession) => self.begun("wss"),
            Event::Client(_, ClientEvent::PlainSession) => self.begun("ws"),
            Event::Client(_, ClientEvent::SessionOver { up, down }) => {
                self.bytes.get_or_create(&Direction { to: "target" }).inc_by(*up);
                self.bytes.get_or_create(&Direction { to: "client" }).inc_by(*down);
            }
            Event::Client(_, ClientEvent::Request { status, .. }) => {
                self.requests.get_or_create(&Status { status: *status }).inc();
            }
            Event::Tls(file, summary) => self.served(file, summary.expires),
            Event::Reload(file, reload) => {
                let outcome = match reload {
                    Reload::Done(summary) | Reload::First(summary) => {
                        self.served(file, summary.expires);
                        "loaded"
                    }
                    Reload::Unchanged(_) => "unchanged",
                    Reload::OldStays(_) | Reload::StillUnusable(_) => "failed",
                };
                self.reloads.get_or_create(&Outcome { outcome }).inc();
            }
            _ => {}
        }
    }

    fn begun(&self, transport: &'static str) {
        self.sessions.get_or_create(&Transport { transport }).inc();
    }

    fn served(&self, file: &Path, expires: i64) {
        let file = File { file: file.display().to_string() };
        self.certificate_ends.get_or_create(&file).set(expires);
    }

    /// All of them, in the text format of OpenMetrics 1.0, which Prometheus reads.
    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Peer;

    #[test]
    fn events_are_counted_and_what_is_open_is_seen() {
        let metrics = Metrics::new();
        let connection = metrics.connection();
        metrics.count(&Event::Client(Peer::Unix, ClientEvent::SecureSession));
        let session = metrics.session();
        metrics.count(&Event::Client(Peer::Unix, ClientEvent::BadRequest("x".into())));
        let text = metrics.text();
        for line in [
            "wssure_connections_total 1",
            "wssure_open_connections 1",
            "wssure_sessions_total{transport=\"wss\"} 1",
            "wssure_open_sessions 1",
            "wssure_failures_total{reason=\"bad-request\"} 1",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
        drop((connection, session));
        metrics.count(&Event::Client(Peer::Unix, ClientEvent::SessionOver { up: 7, down: 9 }));
        let text = metrics.text();
        for line in [
            "wssure_open_connections 0",
            "wssure_open_sessions 0",
            "wssure_session_bytes_total{to=\"target\"} 7",
            "wssure_session_bytes_total{to=\"client\"} 9",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
    }
}
