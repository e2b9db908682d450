//! What good clients notice of two thousand others that stall at some moment.

use std::io;
use std::time::{Duration, Instant};

use super::echo::MESSAGE;
use super::{Figure, Scene, Unit};
use crate::link::{Size, distrusting};
use crate::misdeed::Misdeed;
use crate::target::Role;

/// At a time.
const STALLED: usize = 2000;

/// Sessions of good clients, one after the other, with and without them.
const GOOD: usize = 300;

pub(super) async fn run(scene: &Scene<'_>, misdeed: Misdeed) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Echo);
    let without = good(scene).await?;
    scene.books.begin(if misdeed == Misdeed::NoReading { Role::Source } else { Role::Echo });
    let distrusting = distrusting();
    let mut held = Vec::with_capacity(STALLED);
    for _ in 0..STALLED {
        held.push(misdeed.begin(&scene.dialer, &distrusting).await?);
    }
    scene.books.choose(Role::Echo);
    let with = good(scene).await?;
    drop(held);
    Ok(vec![
        Figure { unit: Unit::Microseconds99, value: with.as_secs_f64() * 1e6 },
        Figure {
            unit: Unit::Microseconds99OfUndisturbed,
            value: with.as_secs_f64() / without.as_secs_f64(),
        },
    ])
}

/// The 99th of a hundred times for a whole beginning of a session, up to its first echo.
async fn good(scene: &Scene<'_>) -> io::Result<Duration> {
    let message = scene.pattern.at(0, MESSAGE).to_vec();
    let mut times = Vec::with_capacity(GOOD);
    for _ in 0..GOOD {
        let begun = Instant::now();
        let mut link = scene.dialer.dial(Size::Small).await?;
        let wrapped = link.wrap(&message, MESSAGE);
        link.echo(&wrapped, &message).await?;
        times.push(begun.elapsed());
        link.close().await?;
    }
    times.sort_unstable();
    Ok(times[GOOD * 99 / 100])
}
