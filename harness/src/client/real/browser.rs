//! A real browser as a client: its session, what it trusts, and the witnesses on its connections.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Entrance, Proof, Real,
    definition::Driver,
    engine::{self, Engine, Home, Landing, Trusting},
    page::{self, PageServer},
    reading::{Evidence, Told},
};
use crate::{
    Fault,
    client::{Client, Destination, OnWarning, Payload, Profile, Route, Trouble},
    observation::{ExceptionOutcome, Observation, TlsVersion},
    witness::{Mark, Secrets, Witness, Witnessed},
};

/// How long a page waits for its WebSocket.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an import may take to come into force after a start.
const TRUST_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How often a page is gone to again that the browser has cancelled by itself.
const CANCELLED_TRIED: usize = 4;
/// How long connections may take to end after the browser has told how they went.
const ENDING: Duration = Duration::from_secs(3);

/// A browser.
pub(super) struct Browser {
    real: Arc<Real>,
    engine: Box<dyn Engine>,
    page: PageServer,
    secrets: Secrets,
    tls: TlsVersion,
    proof: Arc<Proof>,
    authority: CertificateDer<'static>,
    /// What the user has imported by now, and what the running browser knows of it.
    imported: Vec<CertificateDer<'static>>,
    trusted: Vec<CertificateDer<'static>>,
    state: State,
    /// It has played in another case since it was started.
    has_played: bool,
    /// One for each subject of the case, so that a URL's port stays the same over its steps.
    witnesses: HashMap<SocketAddr, Witness>,
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("name", &self.real.name()).finish_non_exhaustive()
    }
}

/// The way to a subject, with a witness on it.
struct Watched {
    subject: SocketAddr,
    /// Before the connections that are to come.
    mark: Mark,
    /// The URL that leads through the witness.
    url: String,
}

/// Where a browser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is not running.
    Ended,
    /// On the page from which WebSockets are opened.
    AtPage,
    /// On another page.
    Elsewhere,
    /// It has failed, and is not used again.
    Broken,
}

impl Browser {
    pub(super) async fn new(
        real: Arc<Real>,
        driver: Driver,
        entrance: &Entrance,
    ) -> Result<Self, Trouble> {
        let broke = |what: &str, error: std::io::Error| Trouble::Broke(format!("{what}: {error}"));
        let folder = tempfile::Builder::new().prefix("wssure-browser-").tempdir();
        let folder = folder.map_err(|error| broke("a folder for the browser", error))?;
        let secrets = folder.path().join("secrets");
        std::fs::write(&secrets, "").map_err(|error| broke("a file for its secrets", error))?;
        let page = PageServer::start((Ipv4Addr::LOCALHOST, 0).into()).await;
        let page = page.map_err(|error| broke("a server for its page", error))?;
        let home = Home {
            folder: Arc::new(folder),
            secrets: secrets.clone(),
            programs: real.programs.clone(),
            tls: entrance.tls,
        };
        let proof = entrance.proof.clone();
        Ok(Self {
            engine: engine::of(driver, home),
            real,
            page,
            secrets: Secrets::written_to(secrets),
            tls: entrance.tls,
            proof: proof.ok_or_else(|| Trouble::Broke("nothing to prove itself at".to_owned()))?,
            authority: entrance.authority.clone(),
            imported: vec![entrance.authority.clone()],
            trusted: Vec::new(),
            state: State::Ended,
            has_played: false,
            witnesses: HashMap::new(),
        })
    }

    /// Whether it can play for a client that enters so.
    pub(super) fn fits(&self, entrance: &Entrance) -> bool {
        self.tls == entrance.tls && self.authority == entrance.authority
    }

    /// Ends it for good.
    pub(super) async fn end(mut self) {
        // Whatever is left of it goes with its processes.
        let _ = self.engine.end().await;
    }

    /// Sees to it that it runs and trusts what it should.
    async fn be_ready(&mut self) -> Result<(), Trouble> {
        if std::mem::take(&mut self.has_played)
            && matches!(self.state, State::AtPage | State::Elsewhere)
        {
            self.engine.forget().await?;
        }
        match self.state {
            State::Broken => {
                return Err(Trouble::Broke("the browser has failed before".to_owned()));
            }
            State::Ended => self.start().await?,
            State::AtPage | State::Elsewhere if self.trusted != self.imported => {
                match self.engine.trust(&self.imported).await? {
                    Trusting::Now => self.trusted.clone_from(&self.imported),
                    Trusting::AfterRestart => {
                        self.engine.end().await?;
                        self.start().await?;
                    }
                }
            }
            State::AtPage | State::Elsewhere => {}
        }
        Ok(())
    }

    async fn start(&mut self) -> Result<(), Trouble> {
        self.engine.start(&self.imported).await?;
        self.trusted.clone_from(&self.imported);
        self.state = State::Elsewhere;
        self.prove().await
    }

    /// Shows that this session judges certificates, and by the trust that it was given.
    async fn prove(&mut self) -> Result<(), Trouble> {
        let (untrusted, good) = (self.proof.untrusted(), self.proof.good());
        if self.tell(&untrusted.to_string(), &untrusted, &Payload::Nothing).await?.is_open() {
            return Err(Trouble::Broke(
                "this session accepts an unknown issuer, so its verdicts are worth nothing"
                    .to_owned(),
            ));
        }
        self.settle(&good).await?;
        if !self.tell(&good.to_string(), &good, &Payload::Nothing).await?.is_open() {
            let code = self.engine.socket_error(&good.to_string()).await?;
            return Err(Trouble::Broke(format!(
                "this session refuses a good certificate under the imported authority, with {}",
                code.as_deref().unwrap_or("no code")
            )));
        }
        Ok(())
    }

    /// Waits until its store of trusted certificates has been read.
    ///
    /// Chromium reads it in the background, judges without it until it has, and remembers that judgement for
    /// the host and certificate. So it is asked of hosts that the good certificate does not name, a new one each
    /// time, until the name is all that it minds.
    async fn settle(&mut self, good: &Destination) -> Result<(), Trouble> {
        let untrusted = self.real.profile().refuses(Fault::UnknownIssuer);
        let untrusted = untrusted.and_then(|rule| rule.code.clone());
        let deadline = Instant::now() + TRUST_LIMIT;
        for trial in 0_u32.. {
            let host = format!("trial-{trial}.wssure.test").parse();
            let host = host.map_err(|error| Trouble::Broke(format!("{error}")))?;
            let to = Destination { host, ..good.clone() };
            self.tell(&to.to_string(), &to, &Payload::Nothing).await?;
            let code = self.engine.socket_error(&to.to_string()).await?;
            if code.is_none() || code != untrusted || Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Opens a WebSocket from the page, and gives what the page saw.
    async fn tell(
        &mut self,
        url: &str,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Told, Trouble> {
        self.engine.resolve(&to.host).await?;
        if self.state != State::AtPage {
            let host = page::HOST.parse().map_err(|error| Trouble::Broke(format!("{error}")))?;
            self.engine.resolve(&host).await?;
            let page = self.page.url(page::HOST);
            let landing = self.engine.go(&page).await?;
            let there = self.engine.session()?.run("return location.href", Vec::new()).await?;
            if landing != Landing::Loaded || there != page {
                return Err(Trouble::Broke(format!(
                    "our own page does not load: {landing:?}, {there}"
                )));
            }
            self.state = State::AtPage;
        }
        let (bytes, must) = match payload {
            Payload::Nothing => (Value::Null, false),
            Payload::MustReturn(bytes) => (Value::from(STANDARD.encode(bytes)), true),
            Payload::MayReturn(bytes) => (Value::from(STANDARD.encode(bytes)), false),
        };
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
        let arguments = vec![Value::from(url), bytes, Value::from(must), json!(patience)];
        let told = self.engine.session()?.run_async(page::SOCKET, arguments).await?;
        serde_json::from_value(told)
            .map_err(|error| Trouble::Broke(format!("the page told something else: {error}")))
    }

    /// Puts a witness on the way to that destination, if there is none yet.
    async fn watch(&mut self, to: &Destination) -> Result<Watched, Trouble> {
        let subject = match to.route {
            Route::To(address) => address,
            Route::ByName => look_up(to).await?,
        };
        let witness =
            match self.witnesses.entry(subject) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    let witness = Witness::start(subject, self.secrets.clone()).await;
                    entry.insert(witness.map_err(|error| {
                        Trouble::Broke(format!("no port for a witness: {error}"))
                    })?)
                }
            };
        let url = Destination { port: witness.address().port(), ..to.clone() }.to_string();
        Ok(Watched { subject, mark: witness.mark(), url })
    }

    fn hang_up(&self, watched: &Watched) {
        if let Some(witness) = self.witnesses.get(&watched.subject) {
            witness.hang_up(watched.mark);
        }
    }

    /// What the witness has seen since then.
    async fn seen(&self, watched: &Watched) -> Vec<Witnessed> {
        match self.witnesses.get(&watched.subject) {
            Some(witness) => witness.since(watched.mark, Instant::now() + ENDING).await,
            None => Vec::new(),
        }
    }

    async fn try_open(
        &mut self,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble> {
        self.be_ready().await?;
        let watched = self.watch(to).await?;
        let begun = Instant::now();
        let told = self.tell(&watched.url, to, payload).await?;
        let took = begun.elapsed();
        let code = match told.is_open() {
            true => None,
            false => self.engine.socket_error(&watched.url).await?,
        };
        let connections = self.seen(&watched).await;
        let evidence = Evidence {
            profile: self.real.profile(),
            to,
            anchors: &self.imported,
            connections,
            code,
            took,
        };
        Ok(evidence.of_socket(told, payload))
    }

    async fn try_browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble> {
        self.be_ready().await?;
        self.engine.resolve(&to.host).await?;
        self.state = State::Elsewhere;
        let mut begun = Instant::now();
        let mut watched = self.watch(to).await?;
        let mut landing = self.engine.go(&watched.url).await?;
        for _ in 0..CANCELLED_TRIED {
            if landing != Landing::Cancelled {
                break;
            }
            // What was seen of it is of no attempt.
            self.hang_up(&watched);
            (begun, watched) = (Instant::now(), self.watch(to).await?);
            landing = self.engine.go(&watched.url).await?;
        }
        let exception = match (&landing, on_warning) {
            (_, OnWarning::Leave) => None,
            (Landing::Loaded, OnWarning::Accept(_)) => Some(ExceptionOutcome::NotNeeded),
            (Landing::Cancelled, OnWarning::Accept(_)) => None,
            (Landing::Refused { .. }, OnWarning::Accept(wish)) => {
                Some(self.engine.accept(wish).await?)
            }
        };
        let took = begun.elapsed();
        if landing == Landing::Loaded || exception == Some(ExceptionOutcome::Accepted) {
            // It is all there, and the browser keeps the connection for a next page.
            self.hang_up(&watched);
        }
        let code = match landing {
            Landing::Refused { code } => code,
            Landing::Cancelled => {
                return Err(Trouble::Broke("the browser cancels every load".to_owned()));
            }
            Landing::Loaded => None,
        };
        let connections = self.seen(&watched).await;
        let evidence = Evidence {
            profile: self.real.profile(),
            to,
            anchors: &self.imported,
            connections,
            code,
            took,
        };
        Ok(evidence.of_page(exception))
    }

    /// Notes that it is not to be used again, where it is not.
    fn noting<T>(&mut self, result: Result<T, Trouble>) -> Result<T, Trouble> {
        if matches!(result, Err(Trouble::Broke(_))) {
            self.state = State::Broken;
        }
        result
    }
}

#[async_trait]
impl Client for Browser {
    fn profile(&self) -> &Profile {
        self.real.profile()
    }

    async fn open(&mut self, to: &Destination, payload: &Payload) -> Result<Observation, Trouble> {
        let result = self.try_open(to, payload).await;
        self.noting(result)
    }

    async fn browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble> {
        let result = self.try_browse(to, on_warning).await;
        self.noting(result)
    }

    async fn import(&mut self, certificate: CertificateDer<'static>) -> Result<(), Trouble> {
        // It comes into force before the next connection.
        if !self.imported.contains(&certificate) {
            self.imported.push(certificate);
        }
        Ok(())
    }

    async fn remove(&mut self, certificate: &CertificateDer<'static>) -> Result<(), Trouble> {
        self.imported.retain(|imported| imported != certificate);
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), Trouble> {
        if matches!(self.state, State::AtPage | State::Elsewhere) {
            let ended = self.engine.end().await;
            self.noting(ended)?;
            self.state = State::Ended;
        }
        Ok(())
    }

    async fn leave(mut self: Box<Self>) {
        self.witnesses.clear();
        self.has_played = true;
        let has_imported = self.trusted.iter().any(|one| *one != self.authority);
        self.imported = vec![self.authority.clone()];
        if has_imported && matches!(self.state, State::AtPage | State::Elsewhere) {
            // Firefox goes on to take a certificate that was deleted for a possible issuer until it ends.
            let ended = self.engine.end().await;
            self.state = State::Ended;
            // One that does not even end is not used again.
            let _ = self.noting(ended);
        }
        if self.state == State::Broken {
            self.end().await;
            return;
        }
        let real = Arc::clone(&self.real);
        real.idle.lock().await.push(*self);
    }
}

async fn look_up(to: &Destination) -> Result<SocketAddr, Trouble> {
    let host = to.host.bare().into_owned();
    let found = tokio::net::lookup_host((host.as_str(), to.port)).await;
    let mut found = found.map_err(|error| Trouble::Broke(format!("{host}: {error}")))?;
    found.next().ok_or_else(|| Trouble::Broke(format!("{host} has no address")))
}
