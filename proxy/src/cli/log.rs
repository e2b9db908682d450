//! The options that say what is told of the proxy's doings, and where.

use std::path::PathBuf;

use clap::Args;

use crate::log::{LogSink, Verbosity};
use crate::settings::Settings;
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

    /// Show each piece of a session that passes by a mark on standard output; the log has the legend
    #[arg(long)]
    traffic: bool,
}

impl LogOptions {
    pub(super) fn put(self, settings: &mut Settings) {
        settings.log = self.log_file.map_or(LogSink::Stderr, LogSink::File);
        settings.verbosity = if self.verbose { Verbosity::Verbose } else { Verbosity::Normal };
        settings.traffic = if self.traffic { Traffic::Shown } else { Traffic::Hidden };
    }
}
