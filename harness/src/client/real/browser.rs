//! A real browser as a client: its session, what it trusts, and the witnesses on its connections.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    Entrance, Proof, Real,
    definition::Programs,
    engine::{Engine, Home, Landing, Trusting, Window},
    page::{self, PageServer},
    reading::{Came, Evidence, Told},
    watch::{Watch, Watched},
};
use crate::{
    Fault,
    client::{Client, Clock, Destination, OnWarning, Opener, Payload, Profile, Trouble},
    host::Host,
    observation::{ExceptionOutcome, Observation, Sight, TlsVersion},
    witness::Secrets,
};

/// How long a page waits for its WebSocket.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an import may take to come into force after a start.
const TRUST_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How often a page is gone to again that the browser has cancelled by itself.
const CANCELLED_TRIED: usize = 4;

/// The longest name of a folder in which a browser can live. It makes sockets in its own, whose names are limited
/// to 107 bytes (unix(7)); Chromium's is 82 longer.
const LONGEST_PLACE: usize = 25;

/// Why a remote browser imports nothing.
const NO_STORE: &str =
    "has a trust store that WebDriver does not open: no certificate is imported or removed there";

/// A browser.
pub(super) struct Browser {
    real: Arc<Real>,
    engine: Box<dyn Engine>,
    page: PageServer,
    tls: TlsVersion,
    clock: Clock,
    proof: Arc<Proof>,
    authority: CertificateDer<'static>,
    /// The run's authority, and what the user of this case has imported by now.
    imported: Vec<CertificateDer<'static>>,
    /// What the running browser trusts.
    trusted: Vec<CertificateDer<'static>>,
    /// What users of earlier cases have imported. It goes when it is no trouble, as what has another
    /// [`Owner`](crate::certificate::Owner) is nobody's issuer in this case.
    left_over: Vec<CertificateDer<'static>>,
    /// Whether the run's authority is trusted at all; only a remote one may not.
    trust: Trust,
    /// Which names it finds, where it finds them by itself.
    finds: HashMap<Host, Finds>,
    state: State,
    /// In what kind of window it runs.
    window: Window,
    /// It has played in another case since it was started.
    has_played: bool,
    /// Held while it plays.
    place: Option<OwnedSemaphorePermit>,
    /// The witnesses on the ways to the subjects of the case.
    watch: Watch,
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("name", &self.real.name()).finish_non_exhaustive()
    }
}

/// Whether a browser trusts the run's authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Given,
    NotGiven,
}

/// Whether a browser finds this machine under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finds {
    Us,
    NotUs,
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
    pub(super) async fn new(real: Arc<Real>, entrance: &Entrance) -> Result<Self, Trouble> {
        let broke = |what: &str, error: std::io::Error| Trouble::Broke(format!("{what}: {error}"));
        let folder = tempfile::Builder::new().prefix("wssure-browser-").tempdir_in(place());
        let folder = folder.map_err(|error| broke("a folder for the browser", error))?;
        let secrets = folder.path().join("secrets");
        std::fs::write(&secrets, "").map_err(|error| broke("a file for its secrets", error))?;
        let page = PageServer::start((real.address(), 0).into()).await;
        let page = page.map_err(|error| {
            broke(&format!("a server for its page at {} (--address)", real.address()), error)
        })?;
        let home = Home {
            folder: Arc::new(folder),
            secrets: secrets.clone(),
            programs: Programs::default(),
            tls: entrance.tls,
            clock: entrance.clock,
        };
        std::fs::create_dir(home.temporary())
            .map_err(|error| broke("a folder for its temporary files", error))?;
        let secrets = match real.remote() {
            None => Secrets::written_to(secrets),
            Some(_) => Secrets::kept(),
        };
        let watch = Watch::new(secrets);
        let proof = entrance.proof.clone();
        Ok(Self {
            engine: real.engine(home)?,
            real,
            page,
            tls: entrance.tls,
            clock: entrance.clock,
            proof: proof.ok_or_else(|| Trouble::Broke("nothing to prove itself at".to_owned()))?,
            authority: entrance.authority.clone(),
            imported: vec![entrance.authority.clone()],
            trusted: Vec::new(),
            left_over: Vec::new(),
            trust: Trust::Given,
            finds: HashMap::new(),
            state: State::Ended,
            window: Window::Normal,
            has_played: false,
            place: None,
            watch,
        })
    }

    /// Whether it can play for a client that enters so.
    pub(super) fn fits(&self, entrance: &Entrance) -> bool {
        (self.tls, self.clock, &self.authority)
            == (entrance.tls, entrance.clock, &entrance.authority)
    }

    /// Keeps this place for as long as it plays.
    pub(super) fn take(&mut self, place: Option<OwnedSemaphorePermit>) {
        self.place = place;
    }

    /// Ends it for good.
    pub(super) async fn end(mut self) {
        // Whatever is left of it goes with its processes.
        let _ = self.engine.end().await;
        self.engine.dismiss().await;
    }

    /// Sees to it that it runs in such a window, for which it is started anew.
    async fn be_in(&mut self, window: Window) -> Result<(), Trouble> {
        if self.window != window {
            self.pause().await?;
            self.window = window;
        }
        self.be_ready().await
    }

    async fn try_be_ready(&mut self) -> Result<(), Trouble> {
        if let Some(trouble) = self.real.cannot.get() {
            return Err(trouble.clone());
        }
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
            State::AtPage | State::Elsewhere if !self.trusts_what_it_should() => {
                match self.engine.trust(&self.imported).await? {
                    Trusting::Now => self.note_trust(),
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

    /// Whether all that this case's user has imported is trusted, and nothing that he has removed.
    fn trusts_what_it_should(&self) -> bool {
        let may_be = |one| self.imported.contains(one) || self.left_over.contains(one);
        self.imported.iter().all(|one| self.trusted.contains(one))
            && self.trusted.iter().all(may_be)
    }

    /// Notes that what is imported has come into force, and nothing else.
    fn note_trust(&mut self) {
        self.trusted.clone_from(&self.imported);
        self.left_over.clear();
    }

    async fn start(&mut self) -> Result<(), Trouble> {
        self.engine.start(self.window, &self.imported).await?;
        self.note_trust();
        self.state = State::Elsewhere;
        self.finds.clear();
        if self.real.remote().is_some()
            && let Some(version) = self.engine.session()?.version()
        {
            self.real.version.get_or_init(|| version);
        }
        let proven = self.prove().await;
        if let Err(trouble) = &proven {
            // Nothing that it says without a proof is worth anything.
            self.engine.end().await.ok();
            self.state = State::Ended;
            if matches!(trouble, Trouble::Cannot(_)) {
                self.real.cannot.get_or_init(|| trouble.clone());
            }
        }
        proven
    }

    /// The URL of a site of the proof. Only this machine reaches it by itself.
    async fn way_to(&mut self, site: &Destination) -> Result<(String, Option<Watched>), Trouble> {
        if self.real.remote().is_none() {
            return Ok((site.to_string(), None));
        }
        let watched = self.watch.over(self.engine.comes_to(&site.host), site).await?;
        Ok((watched.url.to_string(), Some(watched)))
    }

    /// Shows that this session judges certificates, and by the trust that it was given.
    async fn prove(&mut self) -> Result<(), Trouble> {
        let (untrusted, good) = (self.proof.untrusted(), self.proof.good());
        let (url, watched) = self.way_to(&untrusted).await?;
        if self.tell(&url, &untrusted, &Payload::Nothing).await?.is_open() {
            return Err(Trouble::Broke(
                "this session accepts an unknown issuer, so its verdicts are worth nothing"
                    .to_owned(),
            ));
        }
        if let (Some(watched), Some(remote)) = (&watched, self.real.remote())
            && self.watch.seen(watched).await.is_empty()
        {
            return Err(remote.did_not_come());
        }
        self.settle(&good).await?;
        let (url, _) = self.way_to(&good).await?;
        self.trust = Trust::Given;
        if self.tell(&url, &good, &Payload::Nothing).await?.is_open() {
            return Ok(());
        }
        if self.real.remote().is_some() {
            self.trust = Trust::NotGiven;
            return Ok(());
        }
        let code = self.engine.socket_error(&url).await?;
        Err(Trouble::Broke(format!(
            "this session refuses a good certificate under the imported authority, with {}",
            code.as_deref().unwrap_or("no code")
        )))
    }

    /// Waits until its store of trusted certificates has been read.
    ///
    /// Chromium reads it in the background, judges without it until it has, and remembers that judgement for
    /// the host and certificate. So it is asked of hosts that the good certificate does not name, a new one each
    /// time, until the name is all that it minds. A remote one has read its store before we come.
    async fn settle(&mut self, good: &Destination) -> Result<(), Trouble> {
        let untrusted = self.real.profile().refuses(Fault::UnknownIssuer);
        let untrusted = untrusted.and_then(|rule| rule.code.clone());
        let deadline = Instant::now() + TRUST_LIMIT;
        for trial in 0_u32.. {
            if self.real.remote().is_some() || Instant::now() > deadline {
                break;
            }
            let host = format!("trial-{trial}.wssure.test").parse();
            let host = host.map_err(|error| Trouble::Broke(format!("{error}")))?;
            let to = Destination { host, ..good.clone() };
            self.tell(&to.to_string(), &to, &Payload::Nothing).await?;
            let code = self.engine.socket_error(&to.to_string()).await?;
            if code.is_none() || code != untrusted {
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
        self.tell_from(Opener::Page, url, to, payload).await
    }

    async fn tell_from(
        &mut self,
        opener: Opener,
        url: &str,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Told, Trouble> {
        self.reach(&to.host).await?;
        if self.state != State::AtPage {
            let page = self.page_url().await?;
            let landing = self.engine.go(&page).await?;
            let there = self.engine.session()?.run("return location.href", Vec::new()).await?;
            // A remote one may be led there over a page of its farm's.
            let is_there = self.real.remote().is_some() || there == page;
            if landing != Landing::Loaded || !is_there {
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
        let mut arguments = vec![Value::from(url), bytes, Value::from(must), json!(patience)];
        let script = match opener {
            Opener::Page | Opener::PrivateWindow => page::SOCKET,
            Opener::Worker => {
                arguments.insert(0, Value::from(page::SOCKET));
                page::SOCKET_IN_WORKER
            }
        };
        let told = self.engine.session()?.run_async(script, arguments).await?;
        serde_json::from_value(told)
            .map_err(|error| Trouble::Broke(format!("the page told something else: {error}")))
    }

    /// The URL of our own page. A remote browser need not know its name.
    async fn page_url(&mut self) -> Result<String, Trouble> {
        if self.real.remote().is_some() {
            return Ok(format!("http://{}/", self.page.address()));
        }
        let host = page::HOST.parse().map_err(|error| Trouble::Broke(format!("{error}")))?;
        self.engine.resolve(&host).await?;
        Ok(self.page.url(page::HOST))
    }

    /// Sees to it that the browser finds us under that name. Where that is not in our hands, it is tried once
    /// in a session, with our own page.
    async fn reach(&mut self, host: &Host) -> Result<(), Trouble> {
        self.engine.resolve(host).await?;
        let Some(remote) = self.real.remote() else { return Ok(()) };
        let finds = match self.finds.entry(host.clone()) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                self.state = State::Elsewhere;
                let landing = self.engine.go(&self.page.url(&host.to_string())).await?;
                let is_ours = landing == Landing::Loaded
                    && self.engine.session()?.run(page::IS_OURS, Vec::new()).await? == true;
                *entry.insert(if is_ours { Finds::Us } else { Finds::NotUs })
            }
        };
        if finds == Finds::Us { Ok(()) } else { Err(remote.finds_not(host)) }
    }

    /// What it trusts of ours.
    fn anchors(&self) -> &[CertificateDer<'static>] {
        match self.trust {
            Trust::Given => &self.imported,
            Trust::NotGiven => &[],
        }
    }

    async fn try_open(
        &mut self,
        opener: Opener,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble> {
        let window = match opener {
            Opener::Page | Opener::Worker => Window::Normal,
            Opener::PrivateWindow => Window::Private,
        };
        self.be_in(window).await?;
        let watched = self.watch.over(self.engine.comes_to(&to.host), to).await?;
        let url = watched.url.to_string();
        let begun = Instant::now();
        let told = self.tell_from(opener, &url, to, payload).await?;
        let took = begun.elapsed();
        let code = match told.is_open() {
            true => None,
            false => self.engine.socket_error(&url).await?,
        };
        Ok(self.evidence(to, &watched, code, took).await.of_socket(told, payload))
    }

    async fn try_browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble> {
        self.be_in(Window::Normal).await?;
        self.reach(&to.host).await?;
        self.state = State::Elsewhere;
        let mut begun = Instant::now();
        let mut watched = self.watch.over(self.engine.comes_to(&to.host), to).await?;
        let mut landing = self.engine.go(&watched.url.to_string()).await?;
        for _ in 0..CANCELLED_TRIED {
            if landing != Landing::Cancelled {
                break;
            }
            // What was seen of it is of no attempt.
            self.watch.hang_up(&watched);
            (begun, watched) =
                (Instant::now(), self.watch.over(self.engine.comes_to(&to.host), to).await?);
            landing = self.engine.go(&watched.url.to_string()).await?;
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
        let came = match (&landing, exception) {
            (Landing::Loaded, _) | (_, Some(ExceptionOutcome::Accepted)) => Came::ThePage,
            _ => Came::Nothing,
        };
        if came == Came::ThePage {
            // It is all there, and the browser keeps the connection for a next page.
            self.watch.hang_up(&watched);
        }
        let code = match landing {
            Landing::Refused { code } => code,
            Landing::Cancelled => {
                return Err(Trouble::Broke("the browser cancels every load".to_owned()));
            }
            Landing::Loaded => None,
        };
        Ok(self.evidence(to, &watched, code, took).await.of_page(came, exception))
    }

    /// What an attempt can be read from.
    async fn evidence<'a>(
        &'a self,
        to: &'a Destination,
        watched: &Watched,
        code: Option<String>,
        took: Duration,
    ) -> Evidence<'a> {
        Evidence {
            profile: self.real.profile(),
            to,
            anchors: self.anchors(),
            clock: self.clock,
            sees: self.sees(),
            connections: self.watch.seen(watched).await,
            code,
            took,
        }
    }

    /// What can be seen of it, if the wire can be read.
    fn sees(&self) -> Sight {
        if self.real.remote().is_some() { Sight::NoCode } else { Sight::Whole }
    }

    /// That this is not done with a remote browser, and why.
    fn only_here(&self, why: &str) -> Result<(), Trouble> {
        self.real.remote().map_or(Ok(()), |remote| Err(remote.cannot(why)))
    }

    /// Ends its session, with what it keeps over that; the next connection starts another.
    async fn pause(&mut self) -> Result<(), Trouble> {
        if matches!(self.state, State::AtPage | State::Elsewhere) {
            let ended = self.engine.end().await;
            self.noting(ended)?;
            self.state = State::Ended;
        }
        Ok(())
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
        self.open_in(Opener::Page, to, payload).await
    }

    async fn open_in(
        &mut self,
        opener: Opener,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble> {
        let result = self.try_open(opener, to, payload).await;
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
        self.only_here(NO_STORE)?;
        if !self.imported.contains(&certificate) {
            // It comes into force before the next connection.
            self.imported.push(certificate);
        }
        Ok(())
    }

    async fn remove(&mut self, certificate: &CertificateDer<'static>) -> Result<(), Trouble> {
        self.only_here(NO_STORE)?;
        self.imported.retain(|imported| imported != certificate);
        Ok(())
    }

    async fn restart(&mut self) -> Result<(), Trouble> {
        self.only_here(
            "is new in each session: it cannot be ended and started with what it keeps",
        )?;
        self.pause().await
    }

    async fn rely_on_authority(&mut self) -> Result<(), Trouble> {
        let Some(remote) = self.real.remote().cloned() else { return Ok(()) };
        self.be_ready().await?;
        match self.trust {
            Trust::Given => Ok(()),
            Trust::NotGiven => Err(remote.trusts_not()),
        }
    }

    async fn be_ready(&mut self) -> Result<(), Trouble> {
        let result = self.try_be_ready().await;
        self.noting(result)
    }

    async fn leave(mut self: Box<Self>) {
        self.watch.clear();
        self.has_played = true;
        let others = self.imported.iter().filter(|one| **one != self.authority);
        self.left_over.extend(others.cloned());
        self.imported = vec![self.authority.clone()];
        if self.state == State::Broken {
            self.end().await;
            return;
        }
        let (real, place) = (Arc::clone(&self.real), self.place.take());
        real.idle.lock().await.push(*self);
        // Whoever has waited for it finds the session.
        drop(place);
    }

    async fn dismiss(self: Box<Self>) {
        self.end().await;
    }
}

/// Where browsers live: with the other temporary files, if the sockets can have names there.
fn place() -> PathBuf {
    let usual = std::env::temp_dir();
    if usual.as_os_str().len() <= LONGEST_PLACE { usual } else { PathBuf::from("/tmp") }
}
