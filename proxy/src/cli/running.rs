//! The options that say where the program runs, and when it ends.

use std::time::Duration;

use clap::Args;

use crate::event::OptionWarning;
use crate::settings::{Lifetime, Settings, Times};

#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct RunOptions {
    /// Go on in the background once the port is open, with log lines to --log-file only. The working directory stays
    #[arg(short = 'D', long, conflicts_with = "inetd")]
    daemon: bool,

    /// End after one WebSocket session
    #[arg(long)]
    run_once: bool,

    /// Accept connections for so many seconds, and end with the last of them; 0 sets no limit
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    timeout: Option<Duration>,

    /// End when there was no connection for so many seconds; 0 sets no limit
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    idle_timeout: Option<Duration>,

    /// Ping each WebSocket client every so many seconds; 0 sends no pings. A client that sends nothing at all over three
    /// pings and half a minute is taken for gone, and its session ends
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    heartbeat: Option<Duration>,

    /// When told to end (SIGTERM, SIGINT), accept no more connections, and let open sessions go on for so many seconds at
    /// most; a second signal ends them. With 0 they are closed at once
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0", allow_negative_numbers = true)]
    drain: Duration,

    /// Accepted and ignored: websockify's choice of another engine
    #[arg(long)]
    libserver: bool,
}

pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse::<u32>()
        .map(|seconds| Duration::from_secs(seconds.into()))
        .map_err(|_| "give whole seconds, such as 30, or 0 for none")
}

/// Where the program goes on once it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceToRun {
    /// Where it was called.
    Foreground,
    /// In a process of its own (`--daemon`).
    Background,
}

impl RunOptions {
    pub(super) fn place(&self) -> PlaceToRun {
        if self.daemon { PlaceToRun::Background } else { PlaceToRun::Foreground }
    }

    pub(super) fn put(self, settings: &mut Settings) {
        let given = |time: Option<Duration>| time.filter(|time| !time.is_zero());
        settings.lifetime =
            if self.run_once { Lifetime::OneSession } else { Lifetime::UntilStopped };
        settings.times = Times {
            accepting: given(self.timeout),
            idle: given(self.idle_timeout),
            heartbeat: given(self.heartbeat),
            drain: given(Some(self.drain)),
        };
        settings.command_line_warnings.extend(self.libserver.then_some(OptionWarning::Libserver));
    }
}
