//! Whole sessions: connect, TLS, upgrade, 16 bytes there and back, close.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Figure, Scene, Stopwatch, Unit};
use crate::link::{Dialer, Sessions, Size};
use crate::target::Role;

/// At a time.
const CLIENTS: usize = 16;

const MESSAGE: usize = 16;

/// Of the sessions that were to be resumed, so many were at least. Some peers give no new ticket for a resumed session,
/// so that one in three is new again; what they cost is measured all the same.
const MOSTLY: f64 = 0.5;

pub(super) async fn run(
    scene: &Scene<'_>,
    sessions: Sessions,
    time: Duration,
) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Echo);
    let message = scene.pattern.at(0, MESSAGE).to_vec();
    // The first gives tickets to the others, and wakes the proxy.
    for _ in 0..CLIENTS {
        session(&scene.dialer, &message).await?;
    }
    let watch = Stopwatch::start(scene);
    let end = Instant::now() + time;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (dialer, message) = (scene.dialer.clone(), message.clone());
        clients.spawn(async move {
            let (mut all, mut resumed) = (0_u64, 0_u64);
            while Instant::now() < end {
                resumed += u64::from(session(&dialer, &message).await?);
                all += 1;
            }
            io::Result::Ok((all, resumed))
        });
    }
    let (mut all, mut resumed) = (0, 0);
    while let Some(client) = clients.join_next().await {
        let client = client.map_err(io::Error::other)??;
        all += client.0;
        resumed += client.1;
    }
    let spent = watch.stop(scene);
    if sessions == Sessions::Resumed && (resumed as f64) < all as f64 * MOSTLY {
        return Err(io::Error::other(format!("{resumed} of {all} sessions were resumed")));
    }
    Ok(spent.figures(
        all as f64,
        (Unit::CpuMicrosecondsPerSession, 1e6),
        (Unit::SessionsPerSecond, 1.0),
    ))
}

/// Returns whether it was resumed.
async fn session(dialer: &Dialer, message: &[u8]) -> io::Result<bool> {
    let mut link = dialer.dial(Size::Small).await?;
    let wrapped = link.wrap(message, MESSAGE);
    link.echo(&wrapped, message).await?;
    let resumed = link.resumed;
    link.close().await?;
    Ok(resumed)
}
