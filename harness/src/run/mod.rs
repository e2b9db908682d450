//! Runs cases: every client against one subject, cases side by side.

mod beside;
mod control;
mod execute;
mod installed;
mod judge;
mod kept;
mod rights;
mod stage;
mod target;
mod verdict;

use std::{path::PathBuf, sync::Arc, time::Instant};

use tokio::task::JoinSet;

pub use kept::{Keep, KeepError, README};
pub use verdict::{
    CaseResult, ClientResult, ClientUsed, Difference, Effort, REPORT_VERSION, Report, SaidFault,
    StartResult, StepResult, SubjectUnderTest, Tally, Verdict,
};

use crate::{
    case::Case,
    certificate::{Lab, MintError},
    client::{
        Actor, Clock, PATIENCE, Trouble,
        profile::Provenance,
        real::{Entrance, Proof},
    },
    data::DataError,
    in_process::InProcessError,
    subject::{StartFailure, Subject},
};
use execute::{Company, Played};

/// What to run.
#[derive(Debug)]
pub struct Plan {
    /// The cases.
    pub cases: Vec<Arc<Case>>,
    /// The clients, in the order of the report's columns.
    pub clients: Vec<Actor>,
    /// The proxy.
    pub subject: Subject,
    /// Whose certificates it serves.
    pub lab: Lab,
    /// The `wssure` program itself, for subjects whose command asks for it.
    pub wssure: Option<PathBuf>,
    /// How many cases to play side by side.
    pub jobs: usize,
    /// Where to keep what was played; nothing is kept if absent.
    pub keep: Option<Keep>,
}

/// A run that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The subject does not start with a good certificate, so there is nothing to test.
    #[error("{0}")]
    Subject(#[from] StartFailure),
    /// Certificates cannot be made or written.
    #[error(transparent)]
    Certificates(#[from] MintError),
    /// One of our own files is wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The proxies at which real clients prove themselves do not start.
    #[error(transparent)]
    Proof(#[from] InProcessError),
    /// A client cannot be had.
    #[error("{name}: {trouble}")]
    Client {
        /// Which.
        name: String,
        /// Why.
        trouble: Trouble,
    },
    /// The machine does not let us.
    #[error("the run could not be set up: {0}")]
    Setup(String),
}

/// Plays the plan's cases, telling `finished` of each as it ends.
///
/// Whatever happens, and if this is dropped half way, no process and no file is left.
///
/// # Errors
/// There is no run: see [`RunError`]. A case that goes wrong is no error but a verdict.
pub async fn run(plan: Plan, mut finished: impl FnMut(&CaseResult)) -> Result<Report, RunError> {
    let start = Instant::now();
    let targets = target::Targets::start()
        .await
        .map_err(|error| RunError::Setup(format!("no socket on 127.0.0.1: {error}")))?;
    let lab = plan.lab;
    let release = stage::rehearse(&plan.subject, &lab, &targets, plan.wssure.clone()).await?;
    let proof = match plan.clients.iter().any(Actor::is_real) {
        true => Some(Arc::new(Proof::start(&lab).await?)),
        false => None,
    };
    for client in &plan.clients {
        let entrance = Entrance {
            authority: lab.authority(),
            clock: Clock::System,
            tls: client.profile().highest_tls(),
            patience: PATIENCE,
            proof: proof.clone(),
        };
        let rehearsed = client.rehearse(&entrance).await;
        rehearsed
            .map_err(|trouble| RunError::Client { name: client.name().to_owned(), trouble })?;
    }
    let control = control::Control::new(&lab)?;
    let company = Arc::new(Company {
        control,
        lab,
        proof,
        clients: plan.clients,
        subject: plan.subject,
        targets,
        wssure: plan.wssure,
        keep: plan.keep,
    });

    // Each is begun in its turn: what a client has seen before does not depend on the machine's mood.
    let mut waiting = plan.cases.iter().enumerate();
    let mut playing = JoinSet::new();
    let mut played: Vec<(usize, Played)> = Vec::new();
    loop {
        let free = plan.jobs.max(1).saturating_sub(playing.len());
        for (index, case) in waiting.by_ref().take(free) {
            let (company, case) = (Arc::clone(&company), Arc::clone(case));
            playing.spawn(async move { (index, execute::play(case, company).await) });
        }
        let Some(joined) = playing.join_next().await else { break };
        let (index, one) = joined
            .map_err(|error| RunError::Setup(format!("a case broke the harness: {error}")))?;
        finished(&one.result);
        played.push((index, one));
    }
    played.sort_by_key(|(index, _)| *index);
    for client in &company.clients {
        client.retire().await;
    }

    let mut effort = Effort::default();
    played.iter().for_each(|(_, one)| effort.add(&one.effort));
    effort.wall_ms = verdict::milliseconds(start.elapsed());
    let stale_divergences = stale(&company.subject, &played);
    Ok(Report {
        version: REPORT_VERSION,
        program: format!("wssure {}", env!("CARGO_PKG_VERSION")),
        subject: SubjectUnderTest {
            name: company.subject.name().to_owned(),
            title: company.subject.title().to_owned(),
            release,
        },
        clients: company
            .clients
            .iter()
            .map(|client| ClientUsed {
                name: client.name().to_owned(),
                title: client.title().to_owned(),
                measured: client.is_real()
                    || matches!(client.profile().provenance, Provenance::Measured(_)),
                version: client.version().map(str::to_owned),
            })
            .collect(),
        cases: played.into_iter().map(|(_, one)| one.result).collect(),
        stale_divergences,
        effort,
    })
}

/// Divergences that were due in a case and did not happen there, though no other one did in their place.
fn stale(subject: &Subject, played: &[(usize, Played)]) -> Vec<String> {
    let (mut stale, all) = (Vec::new(), subject.divergences());
    for divergence in all {
        for (_, one) in played {
            let case = one.result.id.as_str();
            let mut due = one
                .comparisons
                .iter()
                .filter(|comparison| comparison.is_due(divergence, case))
                .filter(|comparison| {
                    comparison.shows(divergence)
                        || !all
                            .iter()
                            .any(|other| comparison.is_due(other, case) && comparison.shows(other))
                })
                .peekable();
            let Some(first) = due.peek().map(|comparison| comparison.observed.clone()) else {
                continue;
            };
            if !due.any(|comparison| comparison.shows(divergence)) {
                stale.push(divergence.no_longer_happens(case, &first).to_string());
            }
        }
    }
    stale
}
