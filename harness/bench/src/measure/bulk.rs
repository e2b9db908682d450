//! As many bytes as possible over one connection, one way.

use std::io;
use std::time::{Duration, Instant};

use super::{Figure, Scene, Stopwatch, Unit};
use crate::link::Size;
use crate::pattern::{PERIOD, Verifier};
use crate::target::Role;

const GIB: f64 = (1_u64 << 30) as f64;

/// How long what was sent may take to arrive after the last of it was sent.
const ARRIVAL: Duration = Duration::from_secs(10);

/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) async fn download(scene: &Scene<'_>, time: Duration) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Source);
    let mut link = scene.dialer.dial(Size::Bulk).await?;
    let mut verifier = Verifier::new(scene.pattern);
    link.receive(|bytes| verifier.take(bytes)).await?;
    let before = verifier.verified();
    let watch = Stopwatch::start(scene);
    let end = Instant::now() + time;
    while Instant::now() < end {
        let piece = link.receive(|bytes| verifier.take(bytes));
        tokio::time::timeout(SILENCE, piece).await.map_err(|_| stuck("nothing came"))??;
    }
    let spent = watch.stop(scene);
    Ok(spent.figures(
        (verifier.verified() - before) as f64,
        (Unit::CpuSecondsPerGib, GIB),
        (Unit::MegabytesPerSecond, 1e-6),
    ))
}

pub(super) async fn upload(
    scene: &Scene<'_>,
    frame: usize,
    time: Duration,
) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Sink);
    let mut link = scene.dialer.dial(Size::Bulk).await?;
    let block = link.wrap(scene.pattern.period(), frame);
    let watch = Stopwatch::start(scene);
    let end = Instant::now() + time;
    let mut sent = 0;
    while Instant::now() < end {
        let send = link.send(&block);
        tokio::time::timeout(SILENCE, send).await.map_err(|_| stuck("nothing was taken"))??;
        sent += PERIOD as u64;
    }
    let end = Instant::now() + ARRIVAL;
    while scene.books.taken()? < sent {
        if Instant::now() > end {
            let taken = scene.books.taken()?;
            return Err(stuck(&format!("{taken} of {sent} bytes came")));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let spent = watch.stop(scene);
    let rate = (Unit::MegabytesPerSecond, 1e-6);
    Ok(if frame < 1024 {
        let frames = sent as f64 / frame as f64;
        let rate = (Unit::MegabytesPerSecond, frame as f64 * 1e-6);
        spent.figures(frames, (Unit::CpuNanosecondsPerFrame, 1e9), rate)
    } else {
        spent.figures(sent as f64, (Unit::CpuSecondsPerGib, GIB), rate)
    })
}

fn stuck(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}
