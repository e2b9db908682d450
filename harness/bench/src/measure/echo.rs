//! Small messages there and back, one after the other on each connection.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Figure, Scene, Stopwatch, Unit};
use crate::link::{Link, Size};
use crate::target::Role;

/// A key press or a movement of the mouse with what is around it.
pub(super) const MESSAGE: usize = 64;

pub(super) async fn run(
    scene: &Scene<'_>,
    connections: usize,
    time: Duration,
) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Echo);
    let message: Vec<u8> = scene.pattern.at(0, MESSAGE).to_vec();
    let mut links = Vec::new();
    for _ in 0..connections {
        let mut link = scene.dialer.dial(Size::Small).await?;
        let wrapped = link.wrap(&message, MESSAGE);
        link.echo(&wrapped, &message).await?;
        links.push(link);
    }
    let watch = Stopwatch::start(scene);
    let end = Instant::now() + time;
    let mut players = JoinSet::new();
    for link in links {
        players.spawn(play(link, message.clone(), end));
    }
    let mut times = Vec::new();
    while let Some(played) = players.join_next().await {
        times.extend(played.map_err(io::Error::other)??);
    }
    let spent = watch.stop(scene);
    times.sort_unstable();
    let at = |part: f64| Figure {
        unit: if part < 0.9 { Unit::MicrosecondsMedian } else { Unit::Microseconds99 },
        value: times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6,
    };
    let mut figures = spent.figures(
        times.len() as f64,
        (Unit::CpuMicrosecondsPerMessage, 1e6),
        (Unit::MessagesPerSecond, 1.0),
    );
    figures.extend([at(0.5), at(0.99)]);
    Ok(figures)
}

async fn play(mut link: Link, message: Vec<u8>, end: Instant) -> io::Result<Vec<Duration>> {
    let wrapped = link.wrap(&message, MESSAGE);
    let mut times = Vec::new();
    loop {
        let begun = Instant::now();
        link.echo(&wrapped, &message).await?;
        let now = Instant::now();
        times.push(now - begun);
        if now > end {
            return Ok(times);
        }
    }
}
