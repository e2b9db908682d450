//! The measurements: each makes its connections to one proxy that was started for it, and gives figures.

mod bulk;
mod echo;
mod idle;
mod sessions;
mod stall;
mod stalled;

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::link::{Dialer, Sessions};
use crate::misdeed::Misdeed;
use crate::pattern::Pattern;
use crate::target::Books;
use crate::usage;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measurement {
    Download,
    /// Frames of so many bytes.
    Upload(usize),
    /// So many connections at once.
    Echo(usize),
    Sessions(Sessions),
    /// So many connections.
    Idle(usize),
    Stall,
    /// Good clients beside many of these.
    Beside(Misdeed),
}

impl Measurement {
    /// The name on the command line.
    pub fn name(self) -> String {
        match self {
            Self::Download => "download".to_owned(),
            Self::Upload(frame) if frame % 1024 == 0 => format!("upload-{}k", frame / 1024),
            Self::Upload(frame) => format!("upload-{frame}"),
            Self::Echo(connections) => format!("echo-{connections}"),
            Self::Sessions(Sessions::New) => "sessions-full".to_owned(),
            Self::Sessions(Sessions::Resumed) => "sessions-resumed".to_owned(),
            Self::Idle(connections) => format!("idle-{connections}"),
            Self::Stall => "stall".to_owned(),
            Self::Beside(misdeed) => format!("beside-{}", misdeed.name()),
        }
    }

    /// Which sessions its connections have.
    pub fn sessions(self) -> Sessions {
        match self {
            Self::Sessions(sessions) => sessions,
            _ => Sessions::New,
        }
    }

    /// Measures for about `time`.
    ///
    /// # Errors
    /// A connection failed, a byte was wrong, or something did not come in time: the proxy has no figures then.
    pub async fn run(self, scene: &Scene<'_>, time: Duration) -> io::Result<Vec<Figure>> {
        match self {
            Self::Download => bulk::download(scene, time).await,
            Self::Upload(frame) => bulk::upload(scene, frame, time).await,
            Self::Echo(connections) => echo::run(scene, connections, time).await,
            Self::Sessions(sessions) => sessions::run(scene, sessions, time).await,
            Self::Idle(connections) => idle::run(scene, connections).await,
            Self::Stall => stall::run(scene).await,
            Self::Beside(misdeed) => stalled::run(scene, misdeed).await,
        }
    }
}

/// One proxy that runs.
pub struct Scene<'a> {
    pub dialer: Dialer,
    pub pattern: &'a Pattern,
    pub books: &'a Books,
    /// Its processes now; none for the load against itself.
    pub processes: Box<dyn Fn() -> Vec<u32> + 'a>,
}

impl Scene<'_> {
    /// The proxy's processor time so far.
    fn cpu(&self) -> Option<Duration> {
        let processes = (self.processes)();
        (!processes.is_empty()).then(|| usage::cpu(&processes))
    }
}

/// What a figure tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// The proxy's processor time for a GiB of payload.
    CpuSecondsPerGib,
    /// ... for a frame.
    CpuNanosecondsPerFrame,
    /// ... for a message there and back.
    CpuMicrosecondsPerMessage,
    /// ... for a session from its first byte to its last.
    CpuMicrosecondsPerSession,
    /// Payload, in 10^6 bytes.
    MegabytesPerSecond,
    MessagesPerSecond,
    SessionsPerSecond,
    /// There and back, median.
    MicrosecondsMedian,
    /// The 99th of a hundred.
    Microseconds99,
    /// So many times what it is without the others.
    Microseconds99OfUndisturbed,
    KibPerConnection,
    /// What the proxy took from the target and the client did not get, without what sockets hold.
    KibHoarded,
    /// Of the load itself, a part of one processor.
    PercentOfLoad,
}

impl Unit {
    /// Whether less of it is better.
    pub fn less_is_better(self) -> bool {
        !matches!(
            self,
            Self::MegabytesPerSecond | Self::MessagesPerSecond | Self::SessionsPerSecond
        )
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CpuSecondsPerGib => "CPU s/GiB",
            Self::CpuNanosecondsPerFrame => "CPU ns/frame",
            Self::CpuMicrosecondsPerMessage => "CPU µs/message",
            Self::CpuMicrosecondsPerSession => "CPU µs/session",
            Self::MegabytesPerSecond => "MB/s",
            Self::MessagesPerSecond => "messages/s",
            Self::SessionsPerSecond => "sessions/s",
            Self::MicrosecondsMedian => "p50 µs",
            Self::Microseconds99 => "p99 µs",
            Self::Microseconds99OfUndisturbed => "p99 of undisturbed",
            Self::KibPerConnection => "KiB/connection",
            Self::KibHoarded => "KiB hoarded",
            Self::PercentOfLoad => "% of a CPU for the load",
        })
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub unit: Unit,
    pub value: f64,
}

/// From now until it is asked: time, the proxy's processor time, and the load's.
struct Stopwatch {
    begun: Instant,
    cpu: Option<Duration>,
    own: Duration,
}

/// What a stopwatch shows.
struct Spent {
    time: Duration,
    cpu: Option<Duration>,
    own: Duration,
}

impl Stopwatch {
    fn start(scene: &Scene<'_>) -> Self {
        Self { cpu: scene.cpu(), own: usage::own_cpu(), begun: Instant::now() }
    }

    fn stop(&self, scene: &Scene<'_>) -> Spent {
        let time = self.begun.elapsed();
        let cpu = scene.cpu().zip(self.cpu).map(|(now, then)| now.saturating_sub(then));
        Spent { time, cpu, own: usage::own_cpu() - self.own }
    }
}

impl Spent {
    /// Processor time for each of `count`, with `scale` units in a second; then how many there were in a second.
    fn figures(
        &self,
        count: f64,
        (cost, scale): (Unit, f64),
        (rate, per): (Unit, f64),
    ) -> Vec<Figure> {
        let seconds = self.time.as_secs_f64();
        let cpu =
            self.cpu.map(|cpu| Figure { unit: cost, value: cpu.as_secs_f64() * scale / count });
        let share = 100.0 * self.own.as_secs_f64() / seconds;
        let rate = Figure { unit: rate, value: count * per / seconds };
        let load = Figure { unit: Unit::PercentOfLoad, value: share };
        cpu.into_iter().chain([rate, load]).collect()
    }
}
