//! How long the engine takes for one chain: an ordinary one, and the worst that a server could send.
//!
//! `cargo bench -p wssure-harness`; with x509-limbo's pathological cases, if `WSSURE_LIMBO` names its limbo.json. Each
//! line is the median of many runs, in milliseconds. Nothing may take longer than [`MOST`]: a client has to judge what
//! anybody sends.

use std::{
    error::Error,
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use rustls_pki_types::{CertificateDer, UnixTime};
use wssure_harness::{
    certificate::{Kind, Lab, Specification},
    host::Host,
    inspect::{Question, inspect},
    limbo::Suite,
};

/// The longest median that is no failure.
const MOST: Duration = Duration::from_millis(50);

/// How long each chain is inspected again and again, and how often at most.
const ENOUGH: Duration = Duration::from_millis(500);
const OFTEN: usize = 1000;

const KINDS: [Kind; 4] = [Kind::Good, Kind::ManyNames, Kind::HostileChain, Kind::HostileMesh];

/// A chain, and what it is held against.
struct Bench {
    name: String,
    sent: Vec<CertificateDer<'static>>,
    host: Host,
    anchors: Vec<CertificateDer<'static>>,
    now: UnixTime,
}

impl Bench {
    fn once(&self) -> Duration {
        let question = Question::new(&self.host, &self.anchors, self.now);
        let start = Instant::now();
        black_box(inspect(black_box(&self.sent), &question));
        start.elapsed()
    }

    fn median(&self) -> Duration {
        let start = Instant::now();
        let mut times = vec![self.once()];
        while times.len() < OFTEN && start.elapsed() < ENOUGH {
            times.push(self.once());
        }
        times.sort();
        times[times.len() / 2]
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut benches = kinds()?;
    benches.extend(pathological()?);
    // cargo test runs benches too, without optimisation: there they have to end, and no more.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let mut is_slow = false;
    for bench in &benches {
        let median = if is_measured { bench.median() } else { bench.once() };
        is_slow |= is_measured && median > MOST;
        println!("{:9.3} ms  {}", median.as_secs_f64() * 1000.0, bench.name);
    }
    Ok(if is_slow { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn kinds() -> Result<Vec<Bench>, Box<dyn Error>> {
    let lab = Lab::new()?;
    let host: Host = "proxy.example.test".parse()?;
    let bench = |kind: Kind| {
        let minted = lab.mint(&Specification::new(kind, host.clone()))?;
        Ok(Bench {
            name: kind.name().to_owned(),
            sent: minted.chain().to_vec(),
            host: host.clone(),
            anchors: vec![lab.authority()],
            now: UnixTime::now(),
        })
    };
    KINDS.into_iter().map(bench).collect()
}

/// What x509-limbo has in store for those who follow every way, or compare every name.
fn pathological() -> Result<Vec<Bench>, Box<dyn Error>> {
    let Some(path) = std::env::var_os("WSSURE_LIMBO") else {
        eprintln!("skipped: WSSURE_LIMBO names no limbo.json (https://x509-limbo.com)");
        return Ok(Vec::new());
    };
    let cases = Suite::read(&std::fs::read(path)?)?.cases.into_iter();
    let cases = cases.filter(|case| case.id.starts_with("pathological::"));
    let bench = |case: wssure_harness::limbo::Case| {
        let host = case.host()?;
        let now = case.time.unwrap_or_else(UnixTime::now);
        Ok(Bench { name: case.id, sent: case.sent, host, anchors: case.trusted, now })
    };
    cases.map(bench).collect()
}
