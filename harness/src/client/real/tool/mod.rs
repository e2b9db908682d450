//! A tool of the command line as a client: it is run for each connection, with what it should trust in a file.
//!
//! All of them are pipes through their own TLS. We speak WebSocket and HTTP through that; what they say of a
//! refusal is in their [words], and what went over the wire is seen by a witness.

mod command;
mod pipe;
mod words;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use async_trait::async_trait;
use pem::Pem;
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use self::command::{Asks, Line};
use super::{
    Entrance, Proof, Real,
    definition::{self, Programs},
    reading::{Came, Evidence},
    watch::{Watch, Watched},
};
use crate::{
    client::{
        Client, Clock, Destination, OnWarning, Opener, Payload, Profile, Trouble,
        connection::{Progress, Stream},
        exchange::{self, SpeechError, Spoken},
    },
    observation::{ExceptionOutcome, Observation, PageEvent, Sight, TlsVersion},
    process::Piped,
    witness::Secrets,
};

pub(crate) use pipe::Pipe;

/// How long one attempt may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a tool may take to end by itself after its connection has failed, and say why.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long it may take to end after the WebSocket was closed: it has nothing left to say.
const FAREWELL: Duration = Duration::from_millis(200);

/// A tool with what it trusts.
#[derive(Debug)]
pub(super) struct Tool {
    real: Arc<Real>,
    programs: Programs,
    kind: definition::Tool,
    /// Its scripts, its trust and its secrets.
    folder: TempDir,
    tls: TlsVersion,
    clock: Clock,
    imported: Vec<CertificateDer<'static>>,
    watch: Watch,
}

impl Tool {
    pub(super) async fn new(
        real: Arc<Real>,
        programs: Programs,
        kind: definition::Tool,
        entrance: &Entrance,
    ) -> Result<Self, Trouble> {
        let folder = tempfile::Builder::new().prefix("wssure-tool-").tempdir();
        let folder = folder.map_err(|error| Trouble::Broke(format!("a folder for it: {error}")))?;
        let secrets = Secrets::written_to(folder.path().join(command::SECRETS));
        let mut tool = Self {
            real,
            programs,
            kind,
            folder,
            tls: entrance.tls,
            clock: entrance.clock,
            imported: vec![entrance.authority.clone()],
            watch: Watch::new(secrets),
        };
        tool.write_authorities()?;
        let proof = entrance.proof.as_deref();
        let proof = proof.ok_or_else(|| Trouble::Broke("nothing to prove itself at".to_owned()))?;
        tool.prove(proof).await?;
        Ok(tool)
    }

    /// Shows that it judges certificates, and by the trust that it was given.
    async fn prove(&mut self, proof: &Proof) -> Result<(), Trouble> {
        let name = self.real.name().to_owned();
        let untrusted = self.open(&proof.untrusted(), &Payload::Nothing).await?;
        if untrusted.refusal().is_none() {
            return Err(Trouble::Broke(format!(
                "{name} accepts an unknown issuer, so its verdicts are worth nothing"
            )));
        }
        match self.open(&proof.good(), &Payload::Nothing).await?.refusal() {
            None => Ok(()),
            Some(refusal) => Err(Trouble::Broke(format!(
                "{name} refuses a good certificate under the imported authority: {}",
                refusal.detail
            ))),
        }
    }

    fn write_authorities(&self) -> Result<(), Trouble> {
        let file = self.folder.path().join(command::AUTHORITIES);
        let text: String = self
            .imported
            .iter()
            .map(|der| pem::encode(&Pem::new("CERTIFICATE", der.as_ref())))
            .collect();
        std::fs::write(&file, text)
            .map_err(|error| Trouble::Broke(format!("{}: {error}", file.display())))
    }

    fn run(&self, asks: &Asks<'_>) -> Result<(Piped, Pipe), Trouble> {
        let line = Line {
            program: self.programs.of("tool"),
            folder: self.folder.path(),
            highest: self.tls,
            clock: self.clock,
        };
        let broke = |error| Trouble::Broke(format!("{}: {error}", self.real.name()));
        let invocation = command::of(self.kind, &line, asks).map_err(broke)?;
        let (piped, through) = Piped::spawn(invocation).map_err(broke)?;
        let speaks = match (self.kind, asks) {
            // It writes its requests itself.
            (definition::Tool::Curl, _) => pipe::Speaks::Requests,
            _ => pipe::Speaks::Nothing,
        };
        Ok((piped, Pipe::new(through, speaks)))
    }

    async fn evidence<'a>(
        &'a self,
        to: &'a Destination,
        watched: &Watched,
        code: Option<String>,
        begun: Instant,
    ) -> Evidence<'a> {
        let took = begun.elapsed();
        let connections = self.watch.seen(watched).await;
        let profile = self.real.profile();
        Evidence {
            profile,
            to,
            anchors: &self.imported,
            clock: self.clock,
            sees: Sight::Whole,
            connections,
            code,
            took,
        }
    }
}

#[async_trait]
impl Client for Tool {
    fn profile(&self) -> &Profile {
        self.real.profile()
    }

    async fn open(&mut self, to: &Destination, payload: &Payload) -> Result<Observation, Trouble> {
        if let Some(trouble) = self.real.profile().cannot(to.scheme, OnWarning::Leave) {
            return Err(trouble);
        }
        let watched = self.watch.over(Ipv4Addr::LOCALHOST.into(), to).await?;
        let begun = Instant::now();
        let request = exchange::upgrade_request(&watched.url)
            .map_err(|error| Trouble::Broke(format!("{}: {error}", watched.url)))?;
        let (piped, pipe) = self.run(&Asks::Upgrade(&watched.url, &request))?;
        let mut progress = Progress::default();
        let speaking = exchange::speak_after(request, Stream::Piped(pipe), payload, &mut progress);
        let spoken = timeout(LIMIT, speaking).await.unwrap_or_else(|_| late(&progress));
        // Once the upgrade is done, a tool has nothing more to say, and waits for more from us.
        let patience = if spoken.events.contains(&PageEvent::Open) { FAREWELL } else { LAST_WORDS };
        let code = words::code(self.kind, &piped.last_words(patience).await);
        Ok(self.evidence(to, &watched, code, begun).await.of_spoken(spoken))
    }

    async fn open_in(
        &mut self,
        opener: Opener,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble> {
        match self.real.profile().cannot_open_in(opener) {
            Some(trouble) => Err(trouble),
            None => self.open(to, payload).await,
        }
    }

    async fn browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble> {
        if let Some(trouble) = self.real.profile().cannot(to.scheme, on_warning) {
            return Err(trouble);
        }
        let watched = self.watch.over(Ipv4Addr::LOCALHOST.into(), to).await?;
        let begun = Instant::now();
        let (piped, pipe) = self.run(&Asks::Page(&watched.url))?;
        let answer = timeout(LIMIT, exchange::get(Stream::Piped(pipe), &watched.url)).await;
        let patience = if matches!(answer, Ok(Ok(_))) { FAREWELL } else { LAST_WORDS };
        let code = words::code(self.kind, &piped.last_words(patience).await);
        // What it answered stands in the witness's account too.
        let exception = None::<ExceptionOutcome>;
        let came = if matches!(answer, Ok(Ok(_))) { Came::ThePage } else { Came::Nothing };
        Ok(self.evidence(to, &watched, code, begun).await.of_page(came, exception))
    }

    async fn import(&mut self, certificate: CertificateDer<'static>) -> Result<(), Trouble> {
        if !self.imported.contains(&certificate) {
            self.imported.push(certificate);
        }
        self.write_authorities()
    }

    async fn remove(&mut self, certificate: &CertificateDer<'static>) -> Result<(), Trouble> {
        self.imported.retain(|imported| imported != certificate);
        self.write_authorities()
    }

    async fn restart(&mut self) -> Result<(), Trouble> {
        // It is started for each connection anyway.
        Ok(())
    }
}

/// What is told of a conversation that was cut short.
fn late(progress: &Progress) -> Spoken {
    let events = match progress.step {
        Some(crate::observation::Step::WebSocket) => vec![PageEvent::Open],
        _ => Vec::new(),
    };
    let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
    let end = Err(SpeechError::Broken(tokio_tungstenite::tungstenite::Error::Io(error)));
    Spoken { events, close: None, end }
}
