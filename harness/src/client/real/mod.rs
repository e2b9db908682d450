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
pub mod definition;
mod display;
mod driver;
mod engine;
mod nss;
mod page;
mod proof;
mod reading;
mod session;
mod tool;
mod watch;

use std::{process::Stdio, sync::Arc, time::Duration};

use rustls_pki_types::CertificateDer;
use tokio::sync::Mutex;

use self::{
    browser::Browser,
    definition::{Definition, Driving, Programs},
    tool::Tool,
};
use super::{Client, ClientError, Profile, Trouble};
use crate::observation::TlsVersion;

pub use proof::Proof;
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
    /// Where a real one shows that it judges certificates.
    pub proof: Option<Arc<Proof>>,
}

/// A real client that is on this machine.
#[derive(Debug)]
pub struct Real {
    name: String,
    definition: Definition,
    profile: Arc<Profile>,
    programs: Programs,
    version: Option<String>,
    /// Those that have played and can play again.
    idle: Mutex<Vec<Browser>>,
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
    let version = version(&definition, &programs);
    Ok(Real { name, definition, profile, programs, version, idle: Mutex::new(Vec::new()) })
}

impl Real {
    /// The name in reports: `real:` and the definition's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        self.version.as_deref().unwrap_or(&self.name)
    }

    /// What its program says of its version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
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
        let driver = match self.definition.driven_by {
            Driving::Browser(driver) => driver,
            Driving::Tool(tool) => return Ok(Box::new(Tool::new(self, tool, entrance).await?)),
        };
        let idle = {
            let mut idle = self.idle.lock().await;
            let fitting = idle.iter().position(|browser| browser.fits(entrance));
            fitting.map(|index| idle.swap_remove(index))
        };
        match idle {
            Some(browser) => Ok(Box::new(browser)),
            None => Ok(Box::new(Browser::new(self, driver, entrance).await?)),
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
