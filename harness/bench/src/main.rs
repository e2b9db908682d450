//! Measures WebSocket-to-TCP proxies side by side: processor time, memory and latency, with every byte verified.
//!
//! ```text
//! peers.toml, peers/  ->  Plan  ->  rounds of measurements, a proxy started for each  ->  Book  ->  tables
//! ```

mod book;
mod direct;
mod forward;
mod frame;
mod goal;
mod link;
mod measure;
mod misdeed;
mod pattern;
mod peer;
mod queues;
mod round;
mod scheme;
mod soak;
mod table;
mod target;
mod usage;
mod visit;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::book::Failure;
use crate::link::Sessions;
use crate::measure::Measurement;
use crate::misdeed::Misdeed;
use crate::peer::{Peer, Role};
use crate::round::Plan;
use crate::scheme::Scheme;

/// Measures WebSocket-to-TCP proxies side by side, every byte verified. Ratios within a run mean something; the
/// figures themselves are those of the machine and the hour.
#[derive(Parser)]
#[command(name = "wssure-bench")]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    /// One short round with fewer connections: whether all works, and the order of magnitude
    #[arg(long)]
    quick: bool,
    /// How often everybody has a turn [default: 5, or 1 with --quick]
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds for each measurement [default: 1, or 0.3 with --quick]
    #[arg(long)]
    seconds: Option<f64>,
    /// Who is measured, of peers.toml; `direct` is the load against itself [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    peers: Vec<String>,
    /// Another build of ours besides, such as one from before a change
    #[arg(long, value_name = "NAME=PROGRAM")]
    also: Vec<String>,
    /// What is measured: a name of a line of the tables, or how it begins [default: all]
    #[arg(long, value_delimiter = ',', value_name = "MEASUREMENT")]
    measure: Vec<String>,
    /// Over which of the two [default: both]
    #[arg(long, value_delimiter = ',', value_name = "SCHEME")]
    scheme: Vec<Scheme>,
    /// Program of ours [default: wssure-proxy beside this one]
    #[arg(long, value_name = "PROGRAM")]
    proxy: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Task {
    /// Forward bytes, as the limit of the stack
    #[command(hide = true)]
    Forward(forward::Forward),
    /// Good clients and bad ones for a long time: every good byte arrives, and what is held at rest does not grow
    Soak(soak::Soak),
    /// Sessions without pause at something that runs, each of which has to be served to its end
    Visit(visit::Visit),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.task {
        Some(Task::Forward(forward)) => forward::run(forward).map_err(Into::into),
        Some(Task::Visit(visit)) => visit_address(visit),
        Some(Task::Soak(soak)) => soak_ours(&arguments, soak),
        None => bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wssure-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the tables. What could not be measured is in them; of ours that is an error.
fn bench(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let plan = plan(arguments)?;
    let descriptors = usage::allow_descriptors()?;
    // A client and a target's connection for each.
    let plan = within(plan, descriptors);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let book = runtime.block_on(round::run(&plan, |line| eprintln!("{line}")))?;
    print!("{}", table::tables(&book, &plan.peers));
    let ours = |failure: &&Failure| {
        plan.peers.iter().any(|peer| peer.name == failure.name && peer.role == Role::Ours)
    };
    match book.failures().iter().find(ours) {
        None => Ok(()),
        Some(Failure { scheme, measurement, name, words }) => {
            Err(format!("{name} failed in {scheme} {}: {words}", measurement.name()).into())
        }
    }
}

fn visit_address(visit: &visit::Visit) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(visit::run(visit))
}

fn soak_ours(arguments: &Arguments, soak: &soak::Soak) -> Result<(), Box<dyn Error>> {
    let plan = plan(arguments)?;
    usage::allow_descriptors()?;
    let peer = plan.peers.iter().find(|peer| peer.role == Role::Ours).ok_or("ours is not there")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(soak::run(soak, peer))
}

fn plan(arguments: &Arguments) -> Result<Plan, Box<dyn Error>> {
    let this = std::env::current_exe()?;
    let ours = match &arguments.proxy {
        Some(program) => std::path::absolute(program)?,
        None => this.with_file_name("wssure-proxy"),
    };
    let mut peers = peer::all(&ours, &this)?;
    if let Some(unknown) =
        arguments.peers.iter().find(|name| peers.iter().all(|peer| peer.name != **name))
    {
        let known: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
        return Err(format!("nobody is named {unknown:?}; known are {}", known.join(", ")).into());
    }
    let mut also = Vec::new();
    for build in &arguments.also {
        let (name, program) =
            build.split_once('=').ok_or_else(|| format!("--also {build}: give NAME=PROGRAM"))?;
        let ours = peers.iter().find(|peer| peer.role == Role::Ours).ok_or("ours is not there")?;
        let program = std::path::absolute(program)?;
        also.push(Peer { name: name.to_owned(), program, ..ours.clone() });
    }
    if !arguments.peers.is_empty() {
        peers.retain(|peer| arguments.peers.contains(&peer.name));
    }
    peers.splice(0..0, also);
    let mut measurements = all_measurements(arguments.quick);
    let wanted = |measurement: &Measurement| {
        let name = measurement.name();
        arguments.measure.iter().any(|begin| name.starts_with(begin.as_str()))
    };
    if !arguments.measure.is_empty() {
        measurements.retain(wanted);
    }
    if measurements.is_empty() {
        let names =
            all_measurements(arguments.quick).iter().map(|one| one.name()).collect::<Vec<_>>();
        return Err(format!("nothing of that is measured; known are {}", names.join(", ")).into());
    }
    let schemes = match arguments.scheme.as_slice() {
        [] => vec![Scheme::Wss, Scheme::Ws],
        some => some.to_vec(),
    };
    let (rounds, seconds) = if arguments.quick { (1, 0.3) } else { (5, 1.0) };
    let time = Duration::try_from_secs_f64(arguments.seconds.unwrap_or(seconds))?;
    Ok(Plan { peers, schemes, measurements, rounds: arguments.rounds.unwrap_or(rounds), time })
}

fn all_measurements(quick: bool) -> Vec<Measurement> {
    use Measurement::{Download, Echo, Idle, Sessions as Session, Stall, Upload};
    let mut all = vec![
        Download,
        Upload(64 * 1024),
        Upload(16 * 1024),
        Upload(64),
        Echo(1),
        Echo(64),
        Session(Sessions::New),
        Session(Sessions::Resumed),
        Idle(100),
        Idle(1000),
        Idle(9000),
        Stall,
    ];
    all.extend(Misdeed::STALLS.map(Measurement::Beside));
    if quick {
        let slow = |one: &Measurement| matches!(one, Idle(9000) | Measurement::Beside(_));
        all.retain(|one| !slow(one));
    }
    all
}

/// Leaves out what this system's descriptors do not allow, and says so.
fn within(mut plan: Plan, descriptors: u64) -> Plan {
    plan.measurements.retain(|measurement| match measurement {
        Measurement::Idle(connections) if (2 * connections + 200) as u64 > descriptors => {
            eprintln!("{} needs more than {descriptors} descriptors: left out", measurement.name());
            false
        }
        _ => true,
    });
    plan
}
