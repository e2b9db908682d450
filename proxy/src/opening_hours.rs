//! When a proxy ends by itself: `--timeout` and `--idle-timeout`.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::event::TimeLimit;
use crate::settings::Times;

/// How long connections are accepted.
pub(crate) struct OpeningHours {
    start: Instant,
    accepting: Option<Duration>,
    idle: Option<Duration>,
    /// Since when there was no connection, if there is none.
    idle_since: Instant,
}

impl OpeningHours {
    pub(crate) fn from_now(times: Times) -> Self {
        let start = Instant::now();
        let given = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        Self {
            start,
            accepting: given(times.accepting),
            idle: given(times.idle),
            idle_since: start,
        }
    }

    /// A connection ended, perhaps the last.
    pub(crate) fn connection_ended(&mut self) {
        self.idle_since = Instant::now();
    }

    /// Waits for the end, which there may not be. With open connections it is not idle.
    pub(crate) async fn over(&self, connections: usize) -> TimeLimit {
        let accepting = async {
            match self.accepting {
                Some(limit) => {
                    end(self.start, limit).await;
                    TimeLimit::SinceStart(limit)
                }
                None => pending().await,
            }
        };
        let idle = async {
            match self.idle {
                Some(limit) if connections == 0 => {
                    end(self.idle_since, limit).await;
                    TimeLimit::Idle(limit)
                }
                _ => pending().await,
            }
        };
        tokio::select! {
            limit = accepting => limit,
            limit = idle => limit,
        }
    }
}

async fn end(since: Instant, limit: Duration) {
    match since.checked_add(limit) {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}
