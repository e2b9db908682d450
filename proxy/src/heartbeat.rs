//! Pings to a client (`--heartbeat`): they keep middle boxes from dropping an idle session, and show when nobody is
//! there any more.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// A client may leave so many pings unanswered.
const PATIENCE: u32 = 3;

/// However short the interval is: a pong may wait behind much data on a slow line, or in a browser that sleeps.
const LEAST_PATIENCE: Duration = Duration::from_secs(30);

/// The pings of one session.
pub(crate) struct Heartbeat {
    ticks: Interval,
    count: Count,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Send a ping.
    Ping,
    /// The client has been silent for so long that it is gone.
    GiveUp,
}

/// What a client did since the last beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It sent something: any byte is a sign of life.
    Something,
    /// It could have sent something and did not.
    Nothing,
    /// A side takes no more, so that it was not read from, or could not be pinged.
    NotListened,
}

impl Heartbeat {
    /// The first ping is due after one interval, which is not zero.
    pub(crate) fn every(interval: Duration) -> Self {
        let mut ticks = interval_at(Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, count: Count::new(interval) }
    }

    /// Waits for the next beat; `heard` is asked when it is there.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        heard: impl FnOnce() -> Heard,
    ) -> Poll<Beat> {
        self.ticks.poll_tick(cx).map(|_| self.count.beat(heard()))
    }
}

/// How many pings in a row had no answer.
struct Count {
    unanswered: u32,
    most: u32,
}

impl Count {
    fn new(interval: Duration) -> Self {
        let least = LEAST_PATIENCE.as_secs().div_ceil(interval.as_secs().max(1));
        Self { unanswered: 0, most: PATIENCE.max(u32::try_from(least).unwrap_or(PATIENCE)) }
    }

    fn beat(&mut self, heard: Heard) -> Beat {
        match heard {
            Heard::Something => self.unanswered = 1,
            Heard::NotListened => {}
            Heard::Nothing if self.unanswered >= self.most => return Beat::GiveUp,
            Heard::Nothing => self.unanswered += 1,
        }
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pings are sent to a client that never answers.
    fn pings(interval: u64) -> usize {
        let mut count = Count::new(Duration::from_secs(interval));
        (0..).take_while(|_| count.beat(Heard::Nothing) == Beat::Ping).count()
    }

    #[test]
    fn a_silent_client_is_given_up_after_three_pings_and_half_a_minute() {
        assert_eq!(pings(60), 3);
        assert_eq!(pings(10), 3);
        assert_eq!(pings(1), 30);
    }

    #[test]
    fn any_byte_is_an_answer() {
        let mut count = Count::new(Duration::from_secs(60));
        for _ in 0..10 {
            assert_eq!(count.beat(Heard::Nothing), Beat::Ping);
            assert_eq!(count.beat(Heard::Nothing), Beat::Ping);
            assert_eq!(count.beat(Heard::Something), Beat::Ping);
        }
    }
}
