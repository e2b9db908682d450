//! Sessions in which nothing passes any more (`--session-idle-timeout`).

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Looks so often in the time that is allowed: that what passes costs nothing, it is a quarter of it late at most.
const LOOKS: u32 = 4;

/// Watches one session.
pub(crate) struct Silence {
    ticks: Interval,
    moved: u64,
    /// Looks in a row at which nothing had moved.
    still: u32,
}

impl Silence {
    pub(crate) fn of(limit: Duration) -> Self {
        let between = (limit / LOOKS).max(Duration::from_millis(1));
        let mut ticks = interval_at(Instant::now() + between, between);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, moved: 0, still: 0 }
    }

    /// Ready when nothing has moved for so long; `moved` counts the bytes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, moved: u64) -> Poll<()> {
        while self.ticks.poll_tick(cx).is_ready() {
            self.still = if moved == self.moved { self.still + 1 } else { 0 };
            self.moved = moved;
            if self.still >= LOOKS {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_over_a_while_after_the_last_byte() {
        let mut silence = Silence::of(Duration::from_secs(8));
        let begun = Instant::now();
        // A byte each second, for 20 seconds.
        let moved = || begun.elapsed().as_secs().min(20);
        poll_fn(|cx| silence.poll(cx, moved())).await;
        let seconds = begun.elapsed().as_secs();
        assert!((28..=30).contains(&seconds), "{seconds}");
    }
}
