//! Plays one case: all clients do the first step, then all the second, so that the subject is
//! restarted once a step and not once a client.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    control::{Control, Reach, SERVED},
    judge::{self, Comparison},
    kept::{Keep, Kept},
    stage::{Props, PropsError, Stage},
    target::Targets,
    verdict::{
        CaseResult, ClientResult, Difference, Effort, SaidFault, StartResult, StepResult, Verdict,
        milliseconds,
    },
};
use crate::{
    case::{Action, Case, ExpectedLog, Port, StartOutcome, Step, SubjectNeed, Target, Visit},
    certificate::{Lab, MintError},
    client::{
        Actor, Client, Clock, Destination, OnWarning, Opener, Payload, Route, Trouble,
        real::{Entrance, Proof},
    },
    dialogue::Dialogue,
    observation::{ExceptionOutcome, Observation},
    subject::{Field, Line, Mark, Running, StartFailure, Subject, SubjectOption},
};

/// How long a subject may take to say what it must. It is waited for that long only where it does not.
const SAYING_LIMIT: Duration = Duration::from_secs(5);
/// What goes through the proxy and must come back: long enough for every length form of a frame's header
/// but the longest (RFC 6455 section 5.2), and with every byte in it.
const PAYLOAD: usize = 4_096;

/// What the cases of a run share.
pub(super) struct Company {
    pub lab: Lab,
    pub clients: Vec<Actor>,
    /// Where real clients prove themselves; only in a run that has some.
    pub proof: Option<Arc<Proof>>,
    pub subject: Subject,
    pub targets: Targets,
    pub control: Control,
    pub wssure: Option<PathBuf>,
    pub keep: Option<Keep>,
}

/// What playing a case gave.
pub(super) struct Played {
    pub result: CaseResult,
    pub comparisons: Vec<Comparison>,
    pub effort: Effort,
}

/// Plays a case on the run's subject with the run's clients.
pub(super) async fn play(case: Arc<Case>, company: Arc<Company>) -> Played {
    let start = Instant::now();
    let making = {
        let (case, company) = (Arc::clone(&case), Arc::clone(&company));
        // openssl is run for some, so this may take a while.
        tokio::task::spawn_blocking(move || Props::make(&case, &company.lab))
    };
    let props = making.await;
    let effort = Effort { certificates_ms: milliseconds(start.elapsed()), ..Effort::default() };
    let (case, company) = (&*case, &*company);
    let mut performance = Performance {
        case,
        company,
        effort,
        comparisons: Vec::new(),
        clients: company
            .clients
            .iter()
            .map(|actor| ClientResult { client: actor.name().to_owned(), steps: Vec::new() })
            .collect(),
        dialogues: Vec::new(),
    };
    let start_result = match props {
        Ok(Ok(props)) => performance.play(&props).await,
        Ok(Err(
            error @ (PropsError::Certificate(MintError::OpensslMissing) | PropsError::NotHere(_)),
        )) => performance.no_start(Verdict::Skipped(error.to_string())),
        Ok(Err(error)) => performance.no_start(Verdict::Trouble(error.to_string())),
        Err(error) => performance.no_start(Verdict::Trouble(error.to_string())),
    };
    let result = CaseResult {
        id: case.id.clone(),
        title: case.title.clone(),
        claims: {
            let mut claims: Vec<String> = case.claims().map(str::to_owned).collect();
            claims.sort();
            claims.dedup();
            claims
        },
        file: case.source.path().display().to_string(),
        start: start_result,
        dialogues: performance.dialogues,
        clients: performance.clients,
        took_ms: milliseconds(start.elapsed()),
    };
    Played { result, comparisons: performance.comparisons, effort: performance.effort }
}

/// How a client visits a URL.
#[derive(Clone, Copy)]
enum Way {
    Open(Opener),
    Browse(OnWarning),
}

struct Performance<'a> {
    case: &'a Case,
    company: &'a Company,
    effort: Effort,
    comparisons: Vec<Comparison>,
    clients: Vec<ClientResult>,
    dialogues: Vec<StepResult>,
}

impl Performance<'_> {
    /// The verdict on the subject's start; the steps are then in `clients`.
    async fn play(&mut self, props: &Props) -> StartResult {
        let (case, company) = (self.case, self.company);
        let time = Instant::now();
        let wssure = company.wssure.clone();
        let stage = Stage::set(case, &company.subject, props, &company.targets, wssure).await;
        self.effort.subjects_ms += milliseconds(time.elapsed());
        match stage {
            Ok(mut stage) => {
                let result = self.judge_start(stage.running(Port::Same)).await;
                if case.start.expect == StartOutcome::Serves {
                    self.play_steps(&mut stage, props).await;
                }
                let time = Instant::now();
                let log = stage.end().await;
                self.effort.subjects_ms += milliseconds(time.elapsed());
                self.keep(props, texts(&log)).unwrap_or(result)
            }
            Err(StartFailure::Exited { log, .. }) => {
                let result = self.judge_exit(&log);
                self.keep(props, texts(&log)).unwrap_or(result)
            }
            Err(error @ StartFailure::Lacks { .. }) => {
                self.no_start(Verdict::Skipped(error.to_string()))
            }
            Err(error) => self.no_start(Verdict::Trouble(error.to_string())),
        }
    }

    /// Keeps what was played, where that is wanted; the result, if it cannot be kept.
    fn keep(&self, props: &Props, log: Vec<String>) -> Option<StartResult> {
        let keep = self.company.keep.as_ref()?;
        let imported = self.case.steps.iter().filter_map(|step| match &step.action {
            Action::Import(name) => {
                Some((name.as_str(), props.certificate(name)?.anchor().clone()))
            }
            _ => None,
        });
        let kept = Kept {
            case: self.case,
            files: props.folder(),
            authority: self.company.lab.authority(),
            imported: imported.collect(),
            command: props.command(self.case, &self.company.subject, self.company.wssure.clone()),
            log,
            clients: &self.clients,
        };
        let failed = kept.write(keep).err()?;
        Some(self.no_start(Verdict::Trouble(format!("it cannot be kept: {failed}"))))
    }

    fn no_start(&self, verdict: Verdict) -> StartResult {
        let line = self.case.start.line;
        StartResult { verdict, line, differences: Vec::new(), log: Vec::new() }
    }

    async fn judge_start(&mut self, running: Option<&Running>) -> StartResult {
        let mut compared = vec![self.start_outcome(StartOutcome::Serves)];
        let mut lines = Vec::new();
        if let (Some(expected), Some(running)) = (&self.case.start.log, running) {
            let mark = running.log().start();
            let at_start = |compared: Comparison| compared.at_start();
            let (heard, said) = self.listen(running, mark, expected, at_start).await;
            compared.extend(judge::log(expected, &said, &heard).into_iter().map(at_start));
            lines = heard;
        }
        self.start_result(compared, lines)
    }

    fn judge_exit(&mut self, log: &[Line]) -> StartResult {
        let mut compared = vec![self.start_outcome(StartOutcome::Exits)];
        let lines = texts(log);
        if let Some(expected) = &self.case.start.log {
            let compared_log = judge::log(expected, &self.said(log), &lines);
            compared.extend(compared_log.into_iter().map(Comparison::at_start));
        }
        self.start_result(compared, lines)
    }

    fn start_outcome(&self, observed: StartOutcome) -> Comparison {
        let word = |outcome| match outcome {
            StartOutcome::Serves => "serves",
            StartOutcome::Exits => "exits",
        };
        Comparison::new(Field::Start, word(self.case.start.expect), word(observed))
    }

    fn start_result(&mut self, compared: Vec<Comparison>, lines: Vec<String>) -> StartResult {
        let differences = self.differences(compared);
        StartResult {
            verdict: Verdict::of(&differences),
            line: self.case.start.line,
            log: if differences.is_empty() { Vec::new() } else { lines },
            differences,
        }
    }

    fn differences(&mut self, compared: Vec<Comparison>) -> Vec<Difference> {
        let divergences = self.company.subject.divergences();
        let found = compared
            .iter()
            .filter_map(|comparison| comparison.difference(&self.case.id, divergences))
            .collect();
        self.comparisons.extend(compared);
        found
    }

    async fn play_steps(&mut self, stage: &mut Stage<'_>, props: &Props) {
        let mut parts = Vec::new();
        // In a dialogue nobody else has a part.
        let actors = if self.case.has_clients() { &self.company.clients[..] } else { &[] };
        for actor in actors {
            let entrance = Entrance {
                authority: self.company.lab.authority(),
                clock: Clock::System,
                tls: self.case.tls_of(actor.profile()),
                patience: self.case.patience(),
                proof: self.company.proof.clone(),
            };
            let time = Instant::now();
            parts.push(actor.enter(&entrance).await);
            self.effort.clients_ms += milliseconds(time.elapsed());
        }
        for step in &self.case.steps {
            if let Action::Serve(certificate) = &step.action {
                let time = Instant::now();
                let served = stage.serve(certificate).await;
                self.effort.subjects_ms += milliseconds(time.elapsed());
                if let Err(error) = served {
                    self.give_up(step, &error);
                    break;
                }
                continue;
            }
            if let Action::Play(dialogue) = &step.action {
                let result = self.converse(step, dialogue, stage).await;
                self.dialogues.push(result);
                continue;
            }
            for (index, part) in parts.iter_mut().enumerate() {
                let profile = self.company.clients[index].profile();
                let is_judged = step.expected(profile, self.case.tls_of(profile)).is_some();
                let result = match part {
                    Ok(client) => self.act(step, client.as_mut(), stage, props).await,
                    Err(trouble) => Err(trouble.clone()),
                };
                match result {
                    Ok(Some(result)) => self.clients[index].steps.push(result),
                    Ok(None) => {}
                    Err(trouble) => {
                        let verdict = match &trouble {
                            Trouble::Broke(why) => Verdict::Trouble(why.clone()),
                            Trouble::Cannot(_) if !is_judged => Verdict::NotJudged,
                            Trouble::Cannot(why) => Verdict::Skipped(why.clone()),
                        };
                        self.clients[index].steps.push(unseen(step, verdict));
                        // What it would do now is another story than the case's.
                        if let Ok(client) = std::mem::replace(part, Err(trouble)) {
                            client.leave().await;
                        }
                    }
                }
            }
        }
        for client in parts.into_iter().flatten() {
            client.leave().await;
        }
    }

    /// The subject is gone, so no client can do this step or those after it.
    fn give_up(&mut self, step: &Step, error: &StartFailure) {
        for client in &mut self.clients {
            client.steps.push(unseen(step, Verdict::Trouble(error.to_string())));
        }
    }

    async fn act(
        &mut self,
        step: &Step,
        client: &mut dyn Client,
        stage: &Stage<'_>,
        props: &Props,
    ) -> Result<Option<StepResult>, Trouble> {
        let certificate = |name: &String| {
            props
                .certificate(name)
                .map(|minted| minted.anchor().clone())
                .ok_or_else(|| Trouble::Broke(format!("the certificate {name} was not made")))
        };
        match &step.action {
            Action::Import(name) => client.import(certificate(name)?).await?,
            Action::Remove(name) => client.remove(&certificate(name)?).await?,
            Action::RestartClient => client.restart().await?,
            Action::Serve(_) | Action::Play(_) => {}
            Action::Open(visit, opener) => {
                return self.visit(step, visit, Way::Open(*opener), client, stage).await.map(Some);
            }
            Action::Browse(visit, wish) => {
                let way = Way::Browse(wish.map_or(OnWarning::Leave, OnWarning::Accept));
                return self.visit(step, visit, way, client, stage).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Plays a dialogue; then, whatever it was, a client that accepts everything must be served.
    async fn converse(
        &mut self,
        step: &Step,
        dialogue: &Dialogue,
        stage: &mut Stage<'_>,
    ) -> StepResult {
        let expected = step.said.clone().unwrap_or(ExpectedLog::Nothing);
        let Some(mark) = stage.running(Port::Same).map(|running| running.log().mark()) else {
            return unseen(step, Verdict::Trouble("the subject is not running".to_owned()));
        };
        let time = Instant::now();
        let played = stage.play(dialogue).await;
        self.effort.clients_ms += milliseconds(time.elapsed());
        let (met, connections) = match played {
            Ok(played) => played,
            Err(why) => return unseen(step, Verdict::Trouble(why)),
        };
        self.effort.connections += connections;
        let Some(running) = stage.running(Port::Same) else {
            return unseen(step, Verdict::Trouble("the subject is not running".to_owned()));
        };
        let mut compared: Vec<Comparison> = met
            .into_iter()
            .map(|met| Comparison::new(Field::Dialogue, met.turn, met.observed))
            .collect();
        self.listen(running, mark, &expected, |compared| compared).await;
        let to = Destination {
            scheme: stage.control_scheme(),
            host: self.case.main_certificate().host.clone(),
            port: running.address().port(),
            path: "/".to_owned(),
            route: Route::To(running.address()),
        };
        compared.push(self.control(&to, stage, running).await);
        // What was said until somebody else had been served: a line that comes late is no silence.
        let (lines, said) = self.heard(running, mark);
        compared.extend(judge::log(&expected, &said, &lines));
        let differences = self.differences(compared);
        StepResult {
            log: if differences.is_empty() { Vec::new() } else { lines },
            said,
            observation: None,
            number: step.number,
            line: step.line,
            action: step.action.to_string(),
            verdict: Verdict::of(&differences),
            differences,
        }
    }

    async fn visit(
        &mut self,
        step: &Step,
        visit: &Visit,
        way: Way,
        client: &mut dyn Client,
        stage: &Stage<'_>,
    ) -> Result<StepResult, Trouble> {
        let running = stage
            .running(visit.port)
            .ok_or_else(|| Trouble::Broke("the subject is not running".to_owned()))?;
        if visit.scheme.is_secure() && stage.relies_on_authority() {
            client.rely_on_authority().await?;
        }
        let route = stage.route(visit.port);
        let route = route.ok_or_else(|| Trouble::Broke("nothing is at that port".to_owned()))?;
        let to = destination(visit, route, running);
        let mark = running.log().mark();
        let time = Instant::now();
        let payload = Payload::MustReturn(payload());
        let observation = match way {
            Way::Open(opener) => client.open_in(opener, &to, &payload).await?,
            Way::Browse(warning) => client.browse(&to, warning).await?,
        };
        self.effort.clients_ms += milliseconds(time.elapsed());
        self.effort.connections += u64::from(observation.connections);

        let tls = self.case.tls_of(client.profile());
        let Some(expected) = step.expected_of(client.profile(), tls, &observation.found) else {
            if was_refused_once(&observation) {
                self.hear_something(running, mark).await;
                if observation.connections > 1 {
                    // Of the last of them it has spoken once somebody else has been served.
                    self.control(&to, stage, running).await;
                }
            }
            let said = self.said(&running.log().since(mark));
            let mut result = unseen(step, Verdict::NotJudged);
            (result.observation, result.said) = (Some(observation), said);
            return Ok(result);
        };
        let profile = client.profile();
        let with = |compared: Comparison| compared.with(profile);
        let expected = expected.after_refusals(&observation, profile);
        let (mut lines, mut said) = self.listen(running, mark, &expected.log, with).await;
        let mut compared: Vec<Comparison> = judge::observation(&expected, &observation)
            .into_iter()
            .map(|compared| compared.at(visit.port))
            .collect();
        if was_refused_once(&observation) {
            compared.push(self.control(&to, stage, running).await);
            if said.is_empty() {
                // Silence is no proof until somebody else has been served: the line may just be late.
                (lines, said) = self.heard(running, mark);
                if self.case.subject.reach() == Reach::Proxy {
                    // This was said of the control client.
                    said.retain(|said| !said.fault.is_of_target());
                }
            }
        }
        compared.extend(judge::log(&expected.log, &said, &lines));
        let compared = compared.into_iter().map(with).collect();
        Ok(self.step_result(step, observation, said, lines, compared))
    }

    fn step_result(
        &mut self,
        step: &Step,
        observation: Observation,
        said: Vec<SaidFault>,
        lines: Vec<String>,
        compared: Vec<Comparison>,
    ) -> StepResult {
        let differences = self.differences(compared);
        StepResult {
            number: step.number,
            line: step.line,
            action: step.action.to_string(),
            verdict: Verdict::of(&differences),
            log: if differences.is_empty() { Vec::new() } else { lines },
            differences,
            observation: Some(observation),
            said,
        }
    }

    /// After a refusal, a client that accepts everything must still be served.
    async fn control(
        &mut self,
        to: &Destination,
        stage: &Stage<'_>,
        running: &Running,
    ) -> Comparison {
        let time = Instant::now();
        let to = Destination {
            scheme: stage.control_scheme(),
            port: running.address().port(),
            route: Route::To(running.address()),
            ..to.clone()
        };
        let reach = self.case.subject.reach();
        let mark = running.log().mark();
        let served = self.company.control.is_served(&to, reach).await;
        if reach == Reach::Proxy && served == SERVED {
            // The subject logs this after the client has gone, and the next step must not hear it.
            self.hear_of_target(running, mark).await;
        }
        self.effort.control_ms += milliseconds(time.elapsed());
        self.effort.connections += 1;
        Comparison::new(Field::StillServes, SERVED, served)
    }

    /// Waits until the subject has said what it must, or what it is known to say on that `occasion`,
    /// and gives all that it has said.
    async fn listen(
        &mut self,
        running: &Running,
        mark: Mark,
        expected: &ExpectedLog,
        occasion: impl Fn(Comparison) -> Comparison,
    ) -> (Vec<String>, Vec<SaidFault>) {
        let subject = &self.company.subject;
        let time = Instant::now();
        if *expected != ExpectedLog::Nothing {
            let (case, divergences) = (self.case.id.as_str(), subject.divergences());
            let enough = |lines: &[Line]| {
                let said: Vec<SaidFault> =
                    subject.read(lines).into_iter().map(Into::into).collect();
                judge::log(expected, &said, &texts(lines))
                    .into_iter()
                    .map(&occasion)
                    .filter_map(|comparison| comparison.difference(case, divergences))
                    .all(|difference| difference.known.is_some())
            };
            let deadline = tokio::time::Instant::now() + SAYING_LIMIT;
            // What is missing then shows in the comparison.
            running.log().wait_for(mark, deadline, enough).await.ok();
        }
        self.effort.log_ms += milliseconds(time.elapsed());
        self.heard(running, mark)
    }

    /// Waits until the subject has spoken of a refusal of which nobody knows what it should say: the line would
    /// otherwise be taken for the next client's.
    async fn hear_something(&mut self, running: &Running, mark: Mark) {
        let subject = &self.company.subject;
        let time = Instant::now();
        let deadline = tokio::time::Instant::now() + SAYING_LIMIT;
        let enough = |lines: &[Line]| !subject.read(lines).is_empty();
        // It may have nothing to say.
        running.log().wait_for(mark, deadline, enough).await.ok();
        self.effort.log_ms += milliseconds(time.elapsed());
    }

    /// Waits until the subject has spoken of its target.
    async fn hear_of_target(&mut self, running: &Running, mark: Mark) {
        let subject = &self.company.subject;
        let time = Instant::now();
        let deadline = tokio::time::Instant::now() + SAYING_LIMIT;
        let enough =
            |lines: &[Line]| subject.read(lines).iter().any(|said| said.fault.is_of_target());
        // It may have nothing to say.
        running.log().wait_for(mark, deadline, enough).await.ok();
        self.effort.log_ms += milliseconds(time.elapsed());
    }

    /// What the subject has said since then, and the faults in it.
    fn heard(&self, running: &Running, mark: Mark) -> (Vec<String>, Vec<SaidFault>) {
        let lines = running.log().since(mark);
        (texts(&lines), self.said(&lines))
    }

    fn said(&self, lines: &[Line]) -> Vec<SaidFault> {
        self.company.subject.read(lines).into_iter().map(Into::into).collect()
    }
}

impl SubjectNeed {
    /// How far a client that accepts everything comes: no further than the proxy where the case is about its target.
    fn reach(&self) -> Reach {
        let speaks_tls = self.options.contains(&SubjectOption::SslTarget);
        match self.target {
            Target::Nobody => Reach::Proxy,
            _ if speaks_tls => Reach::Proxy,
            _ => Reach::Target,
        }
    }
}

fn was_refused_once(observation: &Observation) -> bool {
    !observation.is_connected() || observation.exception == Some(ExceptionOutcome::Accepted)
}

fn destination(visit: &Visit, route: Route, running: &Running) -> Destination {
    let port = match route {
        Route::To(address) | Route::ToNobody(address) => address.port(),
        Route::ByName => running.address().port(),
    };
    Destination {
        scheme: visit.scheme,
        host: visit.host.clone(),
        port,
        path: visit.path.clone(),
        route,
    }
}

fn payload() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(PAYLOAD).collect()
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.text.clone()).collect()
}

fn unseen(step: &Step, verdict: Verdict) -> StepResult {
    StepResult {
        number: step.number,
        line: step.line,
        action: step.action.to_string(),
        verdict,
        differences: Vec::new(),
        observation: None,
        said: Vec::new(),
        log: Vec::new(),
    }
}
