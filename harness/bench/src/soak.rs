//! Good clients and bad ones, hour after hour, with targets that are restarted and clients that leave: every good byte
//! has to arrive, and what the proxy holds at rest has to stay the same.
//!
//! ```text
//! wave of clients  ->  rest  ->  memory, descriptors, threads, open connections  ->  next wave
//! ```

use std::error::Error;
use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinSet;

use crate::link::{Dialer, Sessions, Size, Speaks, distrusting};
use crate::misdeed::Misdeed;
use crate::pattern::{Pattern, Verifier};
use crate::peer::Peer;
use crate::round::Stage;
use crate::scheme::Scheme;
use crate::target::{Books, Role};
use crate::usage;

/// How long clients come before the proxy is looked at.
const WAVE: Duration = Duration::from_secs(8);

/// How long the proxy may take to come to rest.
const REST: Duration = Duration::from_secs(20);

/// At a time, over each of the two schemes.
const GOOD: usize = 6;
const BAD: usize = 6;

/// No message is longer.
const LONGEST_MESSAGE: usize = 60_000;

/// Messages of a session.
const MESSAGES: usize = 20;

/// Of the time, so much is for the proxy to get what it needs; what it needs more later is a leak.
const BEGINNING: f64 = 1.0 / 6.0;

/// By so much may memory at rest differ.
const TOLERANCE: f64 = 1.10;
const SLACK: f64 = 1024.0 * 1024.0;

/// How long.
#[derive(Debug, clap::Args)]
pub struct Soak {
    /// For so many minutes
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// What chance does, for a run that is like another
    #[arg(long)]
    seed: Option<u64>,
}

/// What clients saw in a wave.
#[derive(Debug, Default)]
struct Wave {
    sessions: u64,
    bytes: u64,
    /// Left by the client in the middle.
    left: u64,
    /// Lost with a target that was restarted.
    restarted: u64,
    misdeeds: u64,
}

/// What the proxy holds at rest.
#[derive(Clone, Copy, Debug)]
struct Held {
    at: Duration,
    memory: u64,
    descriptors: usize,
    threads: usize,
}

/// Runs it, and prints a line for each wave.
///
/// # Errors
/// A good client was not served, or the proxy holds more and more.
pub async fn run(soak: &Soak, peer: &Peer) -> Result<(), Box<dyn Error>> {
    let seed = soak.seed.unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    println!("seed {seed}");
    let stage = Stage::set()?;
    let running = stage.start(peer, Scheme::Wss).await?;
    stage.target.books.begin(Role::Echo);
    let processes = running.processes();
    let dialers = [Some(&stage.authority), None].map(|authority| {
        Dialer::new(running.address(), authority, Speaks::WebSocket, Sessions::Resumed)
    });
    // What a first client makes is there for good.
    good(&dialers[0], &stage.pattern, &stage.target.books).await?;
    tokio::time::sleep(WAVE / 8).await;
    let base = held(&processes, Duration::ZERO)?;
    let (begun, whole) = (Instant::now(), Duration::try_from_secs_f64(soak.minutes * 60.0)?);
    println!(
        "minute  sessions        MB   left  restarted  misdeeds  KiB at rest  descriptors  threads"
    );
    let mut curve = Vec::new();
    let mut total = Wave::default();
    while begun.elapsed() < whole {
        let wave = wave(&dialers, &stage).await?;
        if fastrand::u8(..3) == 0 {
            let id = processes.first().ok_or("the proxy is gone")?;
            kill(Pid::from_raw(i32::try_from(*id)?), Signal::SIGHUP)?;
        }
        let now = at_rest(&processes, base, begun).await?;
        println!(
            "{:6.1} {:9} {:9.1} {:6} {:10} {:9} {:12} {:12} {:8}",
            now.at.as_secs_f64() / 60.0,
            wave.sessions,
            wave.bytes as f64 / 1e6,
            wave.left,
            wave.restarted,
            wave.misdeeds,
            now.memory / 1024,
            now.descriptors,
            now.threads
        );
        total.add(&wave);
        curve.push(now);
        if running.exited().is_some() {
            return Err("the proxy ended".into());
        }
    }
    running.stop().await;
    println!(
        "{} sessions with {:.1} MB both ways, all of it right; {} left in the middle, {} lost with the target, {} misdeeds",
        total.sessions,
        2.0 * total.bytes as f64 / 1e6,
        total.left,
        total.restarted,
        total.misdeeds
    );
    judge(&curve, whole)
}

impl Wave {
    fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.bytes += other.bytes;
        self.left += other.left;
        self.restarted += other.restarted;
        self.misdeeds += other.misdeeds;
    }
}

/// Clients for a while, and a restart of the target somewhere in it.
async fn wave(dialers: &[Dialer; 2], stage: &Stage) -> io::Result<Wave> {
    let end = Instant::now() + WAVE;
    let mut clients = JoinSet::new();
    for dialer in dialers {
        for _ in 0..GOOD {
            let (dialer, pattern) = (dialer.clone(), Arc::clone(&stage.pattern));
            let books = Arc::clone(&stage.target.books);
            clients.spawn(async move {
                let mut seen = Wave::default();
                while Instant::now() < end {
                    seen.add(&good(&dialer, &pattern, &books).await?);
                }
                io::Result::Ok(seen)
            });
        }
        for _ in 0..BAD {
            let dialer = dialer.clone();
            clients.spawn(async move {
                let (mut seen, distrusting) = (Wave::default(), distrusting());
                while Instant::now() < end {
                    let misdeed = Misdeed::ALL[fastrand::usize(..Misdeed::ALL.len())];
                    // What becomes of it is the proxy's to choose.
                    if let Ok(mut held) = misdeed.begin(&dialer, &distrusting).await {
                        held.wait(Duration::from_millis(fastrand::u64(..300))).await;
                    }
                    seen.misdeeds += 1;
                }
                Ok(seen)
            });
        }
    }
    tokio::time::sleep(Duration::from_secs_f64(fastrand::f64() * WAVE.as_secs_f64())).await;
    stage.target.books.restart();
    let mut all = Wave::default();
    while let Some(seen) = clients.join_next().await {
        all.add(&seen.map_err(io::Error::other)??);
    }
    Ok(all)
}

/// One session of a good client, which may leave in the middle.
async fn good(dialer: &Dialer, pattern: &Pattern, books: &Books) -> io::Result<Wave> {
    let (restarts, began_away) = (books.restarts(), books.is_away());
    let leaves_after = if fastrand::u8(..5) == 0 { fastrand::usize(..MESSAGES) } else { MESSAGES };
    match messages(dialer, pattern, leaves_after).await {
        Ok(bytes) if leaves_after < MESSAGES => Ok(Wave { bytes, left: 1, ..Wave::default() }),
        Ok(bytes) => Ok(Wave { sessions: 1, bytes, ..Wave::default() }),
        Err(_) if began_away || books.restarts() != restarts => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(Wave { restarted: 1, ..Wave::default() })
        }
        Err(error) => Err(io::Error::new(error.kind(), format!("a good client: {error}"))),
    }
}

/// Sends messages of any length and waits for each to come back; says how many bytes came.
async fn messages(dialer: &Dialer, pattern: &Pattern, count: usize) -> io::Result<u64> {
    let mut link = dialer.dial(Size::Small).await?;
    let mut verifier = Verifier::new(pattern);
    for _ in 0..count {
        let (begin, length) = (verifier.verified(), fastrand::usize(1..LONGEST_MESSAGE));
        let wrapped = link.wrap(pattern.at(begin, length), fastrand::usize(1..LONGEST_MESSAGE));
        link.send(&wrapped).await?;
        while verifier.verified() < begin + length as u64 {
            let piece = link.receive(|bytes| verifier.take(bytes));
            tokio::time::timeout(REST, piece).await.map_err(|_| io::ErrorKind::TimedOut)??;
        }
    }
    if count == MESSAGES {
        link.close().await?;
    } else if fastrand::bool() {
        // Something is on its way that nobody will read.
        let wrapped = link.wrap(pattern.at(0, LONGEST_MESSAGE), LONGEST_MESSAGE);
        link.send(&wrapped).await?;
    }
    Ok(verifier.verified())
}

/// Waits until no connection is left of the wave.
async fn at_rest(processes: &[u32], base: Held, begun: Instant) -> Result<Held, Box<dyn Error>> {
    let end = Instant::now() + REST;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = held(processes, begun.elapsed())?;
        if now.descriptors <= base.descriptors {
            return Ok(now);
        }
        if Instant::now() > end {
            let (now, before) = (now.descriptors, base.descriptors);
            return Err(format!("{now} descriptors are open at rest, and {before} were").into());
        }
    }
}

fn held(processes: &[u32], at: Duration) -> io::Result<Held> {
    let count = |what: &str| {
        let folders =
            processes.iter().map(|process| fs::read_dir(format!("/proc/{process}/{what}")));
        folders.map(|folder| Ok(folder?.count())).sum::<io::Result<usize>>()
    };
    Ok(Held {
        at,
        memory: usage::memory(processes)?,
        descriptors: count("fd")?,
        threads: count("task")?,
    })
}

/// That the later part of the curve is no higher than the earlier.
fn judge(curve: &[Held], whole: Duration) -> Result<(), Box<dyn Error>> {
    let settled: Vec<&Held> =
        curve.iter().filter(|held| held.at > whole.mul_f64(BEGINNING)).collect();
    let third = settled.len() / 3;
    if third == 0 {
        println!("too short to judge memory");
        return Ok(());
    }
    let most =
        |part: &[&Held]| part.iter().map(|held| held.memory).max().unwrap_or_default() as f64;
    let (early, late) = (most(&settled[..third]), most(&settled[settled.len() - third..]));
    let threads = |part: &[&Held]| part.iter().map(|held| held.threads).max().unwrap_or_default();
    println!(
        "at rest, at most: {:.0} KiB in the first third after the beginning, {:.0} KiB in the last; {} threads",
        early / 1024.0,
        late / 1024.0,
        threads(&settled)
    );
    if late > early * TOLERANCE + SLACK {
        return Err("memory at rest grows".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(memory: impl Fn(u64) -> u64) -> Vec<Held> {
        let held = |minute| Held {
            at: Duration::from_secs(60 * minute),
            memory: memory(minute) * 1024 * 1024,
            descriptors: 10,
            threads: 3,
        };
        (1..=60).map(held).collect()
    }

    #[test]
    fn only_what_grows_after_the_beginning_is_a_leak() {
        let hour = Duration::from_secs(3600);
        assert!(judge(&curve(|minute| minute.min(9) + 10), hour).is_ok());
        assert!(judge(&curve(|minute| minute / 3 + 10), hour).is_err());
    }
}
