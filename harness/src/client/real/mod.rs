//! Real clients: the browsers and tools of this machine behind the same interface as the simulated ones.
//!
//! ```text
//! definition (TOML)  ->  Real  ->  enter: a Browser from the pool, or a new one  ->  Observation
//! ```
//!
//! What a browser tells (events, close code, its own error code) comes from the browser; what went over the wire
//! (alerts and their moment, connections, what was offered) from a [witness](crate::witness) between it and
//! the subject. A tool is a pipe through its TLS, over which we speak HTTP and WebSocket ourselves.

mod browser;
mod clock;
pub mod definition;
mod display;
mod driver;
mod engine;
mod nss;
mod page;
mod proof;
mod reading;
mod remote;
mod session;
mod tool;
mod watch;

use std::{
    net::{IpAddr, Ipv4Addr},
    process::Stdio,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls_pki_types::CertificateDer;
use tokio::sync::{Mutex, Semaphore};

use self::{
    browser::Browser,
    definition::{Definition, Driving, Programs},
    engine::{Engine, Home},
    remote::Remote,
    tool::Tool,
};
use super::{Client, ClientError, Clock, Profile, Trouble};
use crate::observation::TlsVersion;

pub use proof::Proof;
pub use remote::{Endpoint, EndpointError, Problem};
pub(super) use tool::Pipe;

/// How long a program may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// In which state a case wants its clients.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// What they trust, and nothing else.
    pub authority: CertificateDer<'static>,
    /// They offer no version of TLS above this.
    pub tls: TlsVersion,
    /// What time they believe it is.
    pub clock: Clock,
    /// How long a simulated one waits for an attempt to end; a real one has its own.
    pub patience: Duration,
    /// Where a real one shows that it judges certificates.
    pub proof: Option<Arc<Proof>>,
}

/// What the names of remote browsers begin with.
pub const REMOTE: &str = "remote:";

/// A real client: one that is on this machine, or a browser behind a WebDriver endpoint.
#[derive(Debug)]
pub struct Real {
    name: String,
    profile: Arc<Profile>,
    whereabouts: Whereabouts,
    /// What it says of its version; a remote one says it once it is there.
    version: OnceLock<String>,
    /// Why it cannot play in this run at all, once that is known.
    cannot: OnceLock<Trouble>,
    /// The places of an endpoint that has not enough for every case at once.
    places: Option<Arc<Semaphore>>,
    /// Those that have played and can play again.
    idle: Mutex<Vec<Browser>>,
}

/// Where a real client is.
#[derive(Debug)]
enum Whereabouts {
    Here { definition: Definition, programs: Programs },
    Behind(Remote),
}

/// The real client of that name, or in that file.
///
/// # Errors
/// There is none, its file is wrong, or a program of it is not on this machine.
pub fn find(name: &str) -> Result<Real, ClientError> {
    let definition = definition::find(name)?;
    let profile = super::find(&definition.profile)?;
    let name = format!("real:{}", definition.name);
    let programs = definition
        .programs()
        .map_err(|missing| ClientError::NotInstalled { name: name.clone(), missing })?;
    let version = version(&definition, &programs).map(OnceLock::from).unwrap_or_default();
    Ok(Real::new(name, profile, Whereabouts::Here { definition, programs }, version))
}

impl Real {
    fn new(
        name: String,
        profile: Arc<Profile>,
        whereabouts: Whereabouts,
        version: OnceLock<String>,
    ) -> Self {
        let (cannot, idle) = (OnceLock::new(), Mutex::new(Vec::new()));
        let places = match &whereabouts {
            Whereabouts::Here { .. } => None,
            Whereabouts::Behind(remote) => remote.endpoint.places,
        };
        let places = places.map(|places| Arc::new(Semaphore::new(places.get())));
        Self { name, profile, whereabouts, version, cannot, places, idle }
    }

    /// A browser behind a WebDriver endpoint, which finds this machine at that address.
    ///
    /// # Errors
    /// There is no profile of the name that it is to be held against, or its file is wrong.
    pub fn behind(endpoint: Endpoint, address: IpAddr) -> Result<Self, ClientError> {
        let profile = super::find(&endpoint.profile)?;
        let name = format!("{REMOTE}{}", endpoint.name);
        let whereabouts = Whereabouts::Behind(Remote { endpoint, address });
        Ok(Self::new(name, profile, whereabouts, OnceLock::new()))
    }

    /// The endpoint, if it is behind one.
    fn remote(&self) -> Option<&Remote> {
        match &self.whereabouts {
            Whereabouts::Here { .. } => None,
            Whereabouts::Behind(remote) => Some(remote),
        }
    }

    /// Where it finds this machine.
    fn address(&self) -> IpAddr {
        self.remote().map_or(Ipv4Addr::LOCALHOST.into(), |remote| remote.address)
    }

    fn engine(&self, mut home: Home) -> Result<Box<dyn Engine>, Trouble> {
        match &self.whereabouts {
            Whereabouts::Here { definition, programs } => {
                home.programs.clone_from(programs);
                match definition.driven_by {
                    Driving::Browser(driver) => Ok(engine::of(driver, home)),
                    Driving::Tool(_) => Err(Trouble::Broke(format!("{} is no browser", self.name))),
                }
            }
            Whereabouts::Behind(remote) => Ok(Box::new(engine::Remote::new(remote.clone()))),
        }
    }

    /// The name in reports: `real:` and the definition's, or `remote:` and the one it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        self.version().unwrap_or(&self.name)
    }

    /// What its program says of its version, or the session of a remote one, once there was one.
    pub fn version(&self) -> Option<&str> {
        self.version.get().map(String::as_str)
    }

    /// What it is held against.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// One of these in that state: one that is idle, or a new one.
    pub(super) async fn enter(
        self: Arc<Self>,
        entrance: &Entrance,
    ) -> Result<Box<dyn Client>, Trouble> {
        clock::can_be(entrance.clock)?;
        if let Whereabouts::Here { definition, programs } = &self.whereabouts
            && let Driving::Tool(tool) = definition.driven_by
        {
            let programs = programs.clone();
            return Ok(Box::new(Tool::new(self, programs, tool, entrance).await?));
        }
        if let (Some(remote), TlsVersion::Tls12) = (self.remote(), entrance.tls) {
            return Err(remote.cannot("offers what it offers, and this case wants TLS 1.2 at most"));
        }
        if let (Some(remote), Clock::Fixed(_)) = (self.remote(), entrance.clock) {
            return Err(remote.cannot("has its machine's clock"));
        }
        // Who has left has left its session too: with a place there is a session to be had.
        let place = match &self.places {
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        let idle = {
            let mut idle = self.idle.lock().await;
            let fitting = idle.iter().position(|browser| browser.fits(entrance));
            fitting.map(|index| idle.swap_remove(index))
        };
        let mut browser = match idle {
            Some(browser) => browser,
            None => Browser::new(self, entrance).await?,
        };
        browser.take(place);
        Ok(Box::new(browser))
    }

    /// Shows, before there is a case, that a remote one can be had; it is then idle.
    pub(super) async fn rehearse(self: Arc<Self>, entrance: &Entrance) -> Result<(), Trouble> {
        if self.remote().is_none() {
            return Ok(());
        }
        let mut browser = Browser::new(self, entrance).await?;
        match browser.be_ready().await {
            // That concerns its cases, which say so.
            Ok(()) | Err(Trouble::Cannot(_)) => {
                Box::new(browser).leave().await;
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Ends those that are idle.
    pub(super) async fn retire(&self) {
        for browser in std::mem::take(&mut *self.idle.lock().await) {
            browser.end().await;
        }
    }
}

/// The first line that the definition's version command prints.
fn version(definition: &Definition, programs: &Programs) -> Option<String> {
    let (program, arguments) = definition.version.split_first()?;
    let role = program.strip_prefix('{').and_then(|role| role.strip_suffix('}'))?;
    let mut command = std::process::Command::new(programs.get(role)?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    use wait_timeout::ChildExt as _;
    if child.wait_timeout(VERSION_LIMIT).ok()?.is_none() {
        child.kill().ok();
        child.wait().ok();
        return None;
    }
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
