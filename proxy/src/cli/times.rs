//! The options that go by the clock.

use std::time::Duration;

use clap::Args;

use crate::settings::Times;

#[derive(Debug, Args)]
pub(super) struct TimeOptions {
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
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse::<u32>()
        .map(|seconds| Duration::from_secs(seconds.into()))
        .map_err(|_| "give whole seconds, such as 30, or 0 for none")
}

impl From<TimeOptions> for Times {
    fn from(options: TimeOptions) -> Self {
        let given = |time: Option<Duration>| time.filter(|time| !time.is_zero());
        Self {
            accepting: given(options.timeout),
            idle: given(options.idle_timeout),
            heartbeat: given(options.heartbeat),
        }
    }
}
