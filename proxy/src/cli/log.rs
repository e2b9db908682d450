//! The options that say what is told of the proxy's doings, and where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::PlaceToRun;
use crate::log::{
    LogFormat, LogSink, Refusals, Syslog, SyslogAddress, SyslogFacility, SyslogFormat, Verbosity,
};
use crate::settings::{Endpoint, Settings};
use crate::traffic::Traffic;

#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub(super) struct LogOptions {
    /// Log more: empty connections, requests, ends of sessions; with times
    #[arg(short, long)]
    verbose: bool,

    /// Append log lines to FILE instead of writing them to stderr
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    /// Write lines for people, or for programs: a JSON object each
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: Format,

    /// Tell each refusal; or the first of a client for the same reason, and count those of the next minute
    #[arg(long, value_name = "WHICH", default_value = "counted")]
    log_refusals: Which,

    /// Send log lines to syslog, too: to a local socket such as /dev/log, or to HOST:PORT over UDP
    #[arg(long, value_name = "ADDRESS")]
    syslog: Option<SyslogAddress>,

    /// Write lines for --syslog as RFC 3164 has them, instead of RFC 5424
    #[arg(long, requires = "syslog")]
    legacy_syslog: bool,

    /// Answer /metrics (for Prometheus) and /healthz (200, or 503 once it is told to end) there, over http://; without an
    /// address, on 127.0.0.1
    #[arg(long, value_name = "[ADDR:]PORT")]
    metrics: Option<Endpoint>,

    /// Show each piece of a session that passes by a mark on standard output; the log has the legend
    #[arg(long)]
    traffic: bool,

    /// Record each session in a file of its own, FILE.1, FILE.2 and so on, beside those that are there. All that is typed
    /// is in it, passwords too, and only you may read it
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// The values of `--log-format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The values of `--log-refusals`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Counted,
    Each,
}

impl LogOptions {
    pub(super) fn put(self, place: PlaceToRun, settings: &mut Settings) {
        let legacy = self.legacy_syslog;
        settings.syslog = self.syslog.map(|address| Syslog {
            address,
            format: if legacy { SyslogFormat::Rfc3164 } else { SyslogFormat::Rfc5424 },
            facility: match place {
                PlaceToRun::Foreground => SyslogFacility::User,
                PlaceToRun::Background => SyslogFacility::Daemon,
            },
        });
        settings.record = self.record;
        settings.log = self.log_file.map_or(LogSink::Stderr, LogSink::File);
        settings.verbosity = if self.verbose { Verbosity::Verbose } else { Verbosity::Normal };
        settings.log_format = match self.log_format {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        };
        settings.refusals = match self.log_refusals {
            Which::Counted => Refusals::Counted,
            Which::Each => Refusals::Each,
        };
        settings.metrics = self.metrics;
        settings.traffic = if self.traffic { Traffic::Shown } else { Traffic::Hidden };
    }
}
