//! A client whose rules and words come from its profile, and whose connections are real.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rustls::{ClientConfig, client::Resumption, crypto::CryptoProvider};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{
    Client, Destination, OnWarning, Opener, Profile, Scheme, Trouble, asked,
    connection::{self, Progress, Stream},
    exceptions::Exceptions,
    exchange::{self, Echo, Payload, Spoken},
    failure::{self, Failure},
    profile::{Applied, Offer, PrivateWindows, WithSession, supported},
    verifier::{Accepted, Seen, Verifier},
};
use crate::{
    Fault,
    certificate::Minted,
    host::Host,
    observation::{
        Answer, Close, Ending, ExceptionOutcome, Observation, Outcome, Page, PageEvent, Refusal,
        Sight, Step, Timing, TlsVersion,
    },
};

/// How long one attempt of a simulated client may take, unless it is told otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How many of the certificates that it has met a client remembers.
const MOST_MET: usize = 32;

/// A simulated client with its state.
///
/// It trusts nothing but what is imported.
#[derive(Debug)]
pub struct Simulated {
    profile: Arc<Profile>,
    provider: Arc<CryptoProvider>,
    anchors: Vec<CertificateDer<'static>>,
    /// What its user has accepted; [`None`] for a client that never asks.
    exceptions: Option<Exceptions>,
    /// The certificates that servers have shown it since its start; the oldest are forgotten.
    met: VecDeque<CertificateDer<'static>>,
    /// The servers with which there is a TLS session that could be resumed.
    sessions: HashSet<(Host, u16)>,
    highest_tls: TlsVersion,
    /// The certificate that it has for servers that ask for one.
    own: Option<Minted>,
    clock: Clock,
    deadline: Duration,
}

/// What time a client believes it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Always this.
    Fixed(UnixTime),
}

impl Clock {
    pub(super) fn now(self) -> UnixTime {
        match self {
            Self::System => UnixTime::now(),
            Self::Fixed(time) => time,
        }
    }
}

impl Simulated {
    /// A fresh client of that profile.
    pub fn new(profile: Arc<Profile>) -> Self {
        Self {
            exceptions: profile.exceptions.map(Exceptions::new),
            met: VecDeque::new(),
            sessions: HashSet::new(),
            highest_tls: profile.highest_tls(),
            profile,
            provider: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            anchors: Vec::new(),
            own: None,
            clock: Clock::System,
            deadline: PATIENCE,
        }
    }

    /// A fresh client of that name, or with the profile in that file.
    ///
    /// # Errors
    /// There is none, or its file is wrong.
    pub fn named(name: &str) -> Result<Self, super::ClientError> {
        super::find(name).map(Self::new)
    }

    /// The same client, trusting these certificates from the start.
    #[must_use]
    pub fn trusting(mut self, anchors: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.anchors.extend(anchors);
        self
    }

    /// The same client, offering no version of TLS above this.
    #[must_use]
    pub fn tls_up_to(mut self, version: TlsVersion) -> Self {
        self.highest_tls = self.highest_tls.min(version);
        self
    }

    /// The same client with a certificate of its own, which it shows to servers that ask for one.
    #[must_use]
    pub fn holding(mut self, own: Minted) -> Self {
        self.own = Some(own);
        self
    }

    /// The same client with another clock.
    #[must_use]
    pub fn at(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same client with another time limit for each attempt.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Accepts a certificate for a destination, as if its user had done so before; a client that has no
    /// exceptions goes on as it was.
    pub fn accept(
        &mut self,
        to: &Destination,
        certificate: CertificateDer<'static>,
        wish: super::Wish,
    ) {
        if let Some(exceptions) = &mut self.exceptions {
            exceptions.add(to, certificate, wish);
        }
    }

    /// This client as it starts with a private window.
    fn private_window(&self) -> Self {
        let rules = self.profile.exceptions;
        let exceptions = match rules.and_then(|rules| rules.private_windows) {
            Some(PrivateWindows::Know) => self.exceptions.clone(),
            Some(PrivateWindows::DoNotKnow) | None => rules.map(Exceptions::new),
        };
        Self {
            profile: Arc::clone(&self.profile),
            provider: Arc::clone(&self.provider),
            anchors: self.anchors.clone(),
            exceptions,
            met: VecDeque::new(),
            sessions: HashSet::new(),
            highest_tls: self.highest_tls,
            own: self.own.clone(),
            clock: self.clock,
            deadline: self.deadline,
        }
    }

    fn verifier(&self, to: &Destination, exceptions: Option<&Exceptions>) -> Verifier {
        let (exceptions, destination) = (exceptions.cloned(), to.clone());
        Verifier {
            profile: Arc::clone(&self.profile),
            host: to.host.clone(),
            anchors: self.anchors.clone(),
            now: self.clock.now(),
            met: self.met.iter().cloned().collect(),
            accepted: Accepted(Box::new(move |leaf| {
                exceptions.as_ref().is_some_and(|exceptions| exceptions.cover(&destination, leaf))
            })),
            provider: Arc::clone(&self.provider),
            seen: Mutex::new(Seen::default()),
        }
    }

    fn config(&self, to: &Destination, verifier: Arc<Verifier>) -> Result<ClientConfig, Trouble> {
        let hello = &self.profile.hello;
        let versions: Vec<_> = hello
            .tls
            .iter()
            .filter(|version| **version <= self.highest_tls)
            .map(|version| supported(*version))
            .collect();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&versions)
            .map_err(|error| Trouble::Broke(format!("{}: {error}", self.profile.name)))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match self.own.as_ref().and_then(|own| own.key().map(|key| (own, key))) {
            Some((own, key)) => {
                let own = asked::showing(own, key)
                    .map_err(|error| Trouble::Broke(format!("{}: {error}", self.profile.name)))?;
                builder.with_client_cert_resolver(own)
            }
            None => builder.with_no_client_auth(),
        };
        let protocols = match to.scheme {
            Scheme::Wss | Scheme::Ws => &hello.alpn_wss,
            Scheme::Https | Scheme::Http => &hello.alpn_https,
        };
        config.alpn_protocols = protocols.iter().map(|name| name.clone().into_bytes()).collect();
        // Every connection is judged anew, and a late refusal needs the traffic secrets.
        config.resumption = Resumption::disabled();
        config.enable_secret_extraction = true;
        Ok(config)
    }

    async fn connect(&self, to: &Destination, progress: &mut Progress) -> Result<Stream, Stop> {
        let stream = self.connect_with_exceptions(to, progress).await?;
        // A browser opens a WebSocket over HTTP/2 only where the server takes it (RFC 8441), and else
        // connects again with HTTP/1.1.
        if to.scheme == Scheme::Wss && stream.protocol() == Some(b"h2") {
            return self
                .connect_offering(to, progress, Offering::Http1, self.exceptions.as_ref())
                .await;
        }
        Ok(stream)
    }

    async fn connect_with_exceptions(
        &self,
        to: &Destination,
        progress: &mut Progress,
    ) -> Result<Stream, Stop> {
        let exceptions = self.exceptions.as_ref();
        let rules = self.profile.exceptions;
        if rules.is_none_or(|rules| rules.applied == Applied::AtOnce) {
            return self.connect_offering(to, progress, Offering::Everything, exceptions).await;
        }
        let first = self.connect_offering(to, progress, Offering::Everything, None).await;
        let covered = progress
            .leaf
            .as_ref()
            .is_some_and(|leaf| exceptions.is_some_and(|exceptions| exceptions.cover(to, leaf)));
        match &first {
            Err(Stop::Failure(failure)) if failure.judgement.is_some() && covered => {
                self.connect_offering(to, progress, Offering::Everything, exceptions).await
            }
            _ => first,
        }
    }

    async fn connect_offering(
        &self,
        to: &Destination,
        progress: &mut Progress,
        offering: Offering,
        exceptions: Option<&Exceptions>,
    ) -> Result<Stream, Stop> {
        let tcp = connection::tcp(to, progress).await?;
        if !to.scheme.is_secure() {
            return Ok(Stream::Plain(tcp));
        }
        let verifier = Arc::new(self.verifier(to, exceptions));
        let mut config = self.config(to, Arc::clone(&verifier))?;
        if offering == Offering::Http1 {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let connected = connection::tls(tcp, to, config, &verifier, progress).await;
        if let Err(failure) = &connected {
            progress.alerts.extend(failure.alert);
        }
        Ok(connected?)
    }

    /// Runs one attempt under the deadline.
    async fn attempt<T>(
        &self,
        progress: &mut Progress,
        work: impl AsyncFnOnce(&mut Progress) -> Result<T, Stop>,
    ) -> Result<Result<T, Failure>, Trouble> {
        let start = Instant::now();
        let result = tokio::time::timeout(self.deadline, work(progress)).await;
        progress.timing.total_ms = Timing::milliseconds(start.elapsed());
        match result {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(Stop::Failure(failure))) => Ok(Err(*failure)),
            Ok(Err(Stop::Trouble(trouble))) => Err(trouble),
            Err(_) => Ok(Err(Failure::of_server(
                progress.step.unwrap_or(Step::Tcp),
                Fault::TimedOut,
                Ending::Abandoned,
                format!("no answer within {} s", self.deadline.as_secs_f64()),
            ))),
        }
    }

    /// What the page's script sees: an error and a close without a reason, unless the server closed
    /// properly.
    fn page_sees(&self, mut page: Page, failure: Option<&Failure>, scheme: Scheme) -> Page {
        let Some(failure) = failure else { return page };
        if failure.fault == Fault::TimedOut {
            // Its own patience is longer than ours: it has seen nothing yet.
            return page;
        }
        if page.close.is_none() && failure.fault != Fault::PayloadDamaged {
            let code = match &failure.judgement {
                Some(_) => self.profile.refusal.close_code,
                None => {
                    self.profile.reports(failure.fault, scheme).map_or(1006, |rule| rule.close_code)
                }
            };
            // Measured: one that was open just closes.
            if failure.step != Step::WebSocket {
                page.events.push(PageEvent::Error);
            }
            page.events.push(PageEvent::Close);
            page.close = Some(Close { code, reason: String::new(), clean: false });
        }
        page
    }

    /// A failure in this client's own words.
    fn refusal(&self, failure: Failure, scheme: Scheme) -> Refusal {
        let code = match failure.judgement {
            Some(judgement) => self.profile.tells(judgement.code, scheme),
            // Measured: a WebSocket that was open has no code, whatever ends it.
            None if failure.step == Step::WebSocket => None,
            None => self
                .profile
                .reports_under(failure.fault, scheme, failure.agreed)
                .and_then(|rule| rule.code.clone()),
        };
        Refusal {
            by: failure.by,
            step: failure.step,
            fault: failure.fault,
            code,
            alert: failure.alert,
            ending: failure.ending,
            detail: failure.detail,
        }
    }

    async fn page(&self, to: &Destination) -> Result<(Progress, Result<Answer, Failure>), Trouble> {
        let mut progress = Progress::default();
        let mut tried = 0;
        loop {
            tried += 1;
            let result = self
                .attempt(&mut progress, async |progress| {
                    let stream = self.connect(to, progress).await?;
                    progress.step = Some(Step::Http);
                    Ok(exchange::get(stream, to).await.map_err(|error| failure::page(&*error.0))?)
                })
                .await?;
            if !self.tries_again(&result, to.scheme, tried) {
                return Ok((progress, result));
            }
        }
    }

    /// A page, and what the sessions of earlier connections make of it.
    async fn page_with_sessions(
        &mut self,
        to: &Destination,
    ) -> Result<(Progress, Result<Answer, Failure>), Trouble> {
        let (mut progress, mut result) = self.page(to).await?;
        self.meet(progress.leaf.as_ref());
        let had_session = self.note_session(to, &result);
        let refused = result.as_ref().is_err_and(|failure| failure.judgement.is_some());
        let twice = self.profile.refusal.with_session == WithSession::RefusesTwice;
        if had_session && refused && twice {
            let before = progress;
            (progress, result) = self.page(to).await?;
            progress.follows(before);
        }
        Ok((progress, result))
    }

    /// Remembers a certificate that a server has shown.
    fn meet(&mut self, certificate: Option<&CertificateDer<'static>>) {
        let Some(certificate) = certificate.filter(|one| !self.met.contains(one)) else { return };
        if self.met.len() == MOST_MET {
            self.met.pop_front();
        }
        self.met.push_back(certificate.clone());
    }

    /// Keeps or drops the session with a server, and says whether there was one.
    fn note_session<T>(&mut self, to: &Destination, result: &Result<T, Failure>) -> bool {
        let server = (to.host.clone(), to.port);
        match result {
            Ok(_) if to.scheme.is_secure() => !self.sessions.insert(server),
            Ok(_) => false,
            Err(_) => self.sessions.remove(&server),
        }
    }

    /// Whether this client connects once more after such a failure.
    fn tries_again<T>(&self, result: &Result<T, Failure>, scheme: Scheme, tried: u32) -> bool {
        let Err(failure) = result else { return false };
        let tries = match &failure.judgement {
            Some(judgement) => judgement.tries,
            None => self.profile.reports(failure.fault, scheme).map_or(1, |rule| rule.tries),
        };
        tried < tries
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Offering {
    Everything,
    Http1,
}

/// What an attempt showed beside the connection itself.
struct Shown {
    page: Option<Page>,
    answer: Option<Answer>,
    echo: Option<Echo>,
    exception: Option<ExceptionOutcome>,
}

fn observation(progress: Progress, refusal: Option<Refusal>, shown: Shown) -> Observation {
    Observation {
        outcome: refusal.map_or(Outcome::Connected, Outcome::Refused),
        page: shown.page,
        answer: shown.answer,
        echo: shown.echo,
        exception: shown.exception,
        offered: progress.offered,
        alerts: progress.alerts,
        tls: progress.tls,
        found: progress.found,
        connections: progress.connections,
        timing: progress.timing,
        sight: Sight::Whole,
    }
}

/// Why an attempt stops: the connection failed, or the harness did.
enum Stop {
    Failure(Box<Failure>),
    Trouble(Trouble),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

#[async_trait]
impl Client for Simulated {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn open(&mut self, to: &Destination, payload: &Payload) -> Result<Observation, Trouble> {
        if let Some(trouble) = self.profile.cannot(to.scheme, OnWarning::Leave) {
            return Err(trouble);
        }
        let mut progress = Progress::default();
        let mut tried = 0;
        let result = loop {
            tried += 1;
            let result = self
                .attempt(&mut progress, async |progress| {
                    let stream = self.connect(to, progress).await?;
                    progress.step = Some(Step::Http);
                    Ok(exchange::speak(stream, to, payload, progress).await)
                })
                .await?;
            if !self.tries_again(&result, to.scheme, tried) {
                break result;
            }
        };
        self.meet(progress.leaf.as_ref());
        self.note_session(to, &result);
        let mut answer = None;
        let mut echo = None;
        let (page, failure) = match result {
            Ok(Spoken { events, close, end: Ok(came) }) => {
                echo = came;
                (Page { events, close }, None)
            }
            Ok(Spoken { events, close, end: Err(error) }) => {
                answer = error.answer();
                let step = progress.step.unwrap_or(Step::Http);
                let failure = failure::speech(step, error);
                progress.alerts.extend(failure.alert);
                (Page { events, close }, Some(failure))
            }
            Err(failure) => (Page { events: Vec::new(), close: None }, Some(failure)),
        };
        if page.events.contains(&PageEvent::Open) {
            answer = Some(Answer::switching_protocols());
        }
        let page = self.page_sees(page, failure.as_ref(), to.scheme);
        Ok(observation(
            progress,
            failure.map(|failure| self.refusal(failure, to.scheme)),
            Shown { page: Some(page), answer, echo, exception: None },
        ))
    }

    async fn open_in(
        &mut self,
        opener: Opener,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble> {
        if let Some(trouble) = self.profile.cannot_open_in(opener) {
            return Err(trouble);
        }
        match opener {
            // No browser that was measured judges a worker's otherwise than a page's.
            Opener::Page | Opener::Worker => self.open(to, payload).await,
            Opener::PrivateWindow => {
                self.restart().await?;
                self.private_window().open(to, payload).await
            }
        }
    }

    async fn browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble> {
        if let Some(trouble) = self.profile.cannot(to.scheme, on_warning) {
            return Err(trouble);
        }
        let (mut progress, mut result) = self.page_with_sessions(to).await?;
        let mut exception = None;
        if let OnWarning::Accept(wish) = on_warning {
            let judgement = result.as_ref().err().and_then(|failure| failure.judgement.as_ref());
            exception = Some(match (&result, judgement) {
                (Ok(_), _) => ExceptionOutcome::NotNeeded,
                (Err(_), Some(judgement)) if judgement.exception == Offer::Offered => {
                    ExceptionOutcome::Accepted
                }
                (Err(_), _) => ExceptionOutcome::NotOffered,
            });
            if exception == Some(ExceptionOutcome::Accepted) {
                if let Some(leaf) = progress.leaf.take() {
                    self.accept(to, leaf, wish);
                }
                let before = progress;
                (progress, result) = self.page_with_sessions(to).await?;
                progress.follows(before);
            }
        }
        let (answer, failure) = match result {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        Ok(observation(
            progress,
            failure.map(|failure| self.refusal(failure, to.scheme)),
            Shown { page: None, answer, echo: None, exception },
        ))
    }

    async fn import(&mut self, certificate: CertificateDer<'static>) -> Result<(), Trouble> {
        // A change of trust ends what was judged by it before.
        self.sessions.clear();
        if !self.anchors.contains(&certificate) {
            self.anchors.push(certificate);
        }
        Ok(())
    }

    async fn remove(&mut self, certificate: &CertificateDer<'static>) -> Result<(), Trouble> {
        self.sessions.clear();
        self.anchors.retain(|anchor| anchor != certificate);
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), Trouble> {
        self.sessions.clear();
        self.met.clear();
        if let Some(exceptions) = &mut self.exceptions {
            exceptions.restart();
        }
        Ok(())
    }
}
