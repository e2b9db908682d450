//! What browsers have each their own way for: being started, trusting a certificate, telling an error,
//! accepting a warning.

mod chromium;
mod firefox;
mod remote;
mod webkitgtk;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rustls_pki_types::CertificateDer;
use serde_json::Value;

use super::{
    clock,
    definition::{Driver, Programs},
    session::{CommandError, Session},
};
use crate::{
    client::{Clock, Trouble, Wish},
    host::Host,
    observation::{ExceptionOutcome, TlsVersion},
    process::Invocation,
};

/// Where a browser of ours lives, and what it may use.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Its own home folder, gone at the end.
    pub folder: Arc<tempfile::TempDir>,
    /// Where it writes the secrets of its connections (SSLKEYLOGFILE).
    pub secrets: PathBuf,
    pub programs: Programs,
    /// It offers no version of TLS above this.
    pub tls: TlsVersion,
    /// What time it is there.
    pub clock: Clock,
}

impl Home {
    /// A program that lives here: what it keeps, leaves behind and tells of its connections is in the folder.
    fn invocation(&self, role: &'static str) -> Invocation {
        let folder = self.folder.path();
        clock::invocation(self.clock, self.programs.of(role), folder)
            .environment("HOME", folder)
            .environment("TMPDIR", self.temporary())
            .environment("SSLKEYLOGFILE", &self.secrets)
    }

    /// For temporary files, which some leave behind when they are killed.
    pub(super) fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }
}

/// Where a navigation has led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// To the page, or to a download.
    Loaded,
    /// To a page of the browser's own that says why not, with its error code where that tells one.
    Refused { code: Option<String> },
    /// Nowhere: the browser has cancelled it by itself, for no reason that it tells.
    Cancelled,
}

/// In what kind of window a browser runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// One that keeps and uses what its profile has.
    Normal,
    /// One that forgets ("incognito").
    Private,
}

/// A browser that can be driven.
#[async_trait]
pub(super) trait Engine: Send + Sync {
    /// Starts it with what it has kept, trusting these certificates, imported as a user would, in such a window.
    async fn start(
        &mut self,
        window: Window,
        trusted: &[CertificateDer<'static>],
    ) -> Result<(), Trouble>;

    /// Closes it properly, so that it keeps what it keeps.
    async fn end(&mut self) -> Result<(), Trouble>;

    /// Ends the programs behind it too, and waits until they are gone. It is not started again.
    async fn dismiss(&mut self) {}

    /// Makes it trust these certificates and no others of ours while it runs, if it can.
    async fn trust(&mut self, trusted: &[CertificateDer<'static>]) -> Result<Trusting, Trouble>;

    /// Drops what it remembers of earlier connections and would judge by, where it does.
    async fn forget(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// The session, while it runs.
    fn session(&self) -> Result<&Session, Trouble>;

    /// Sees to it that this name leads to loopback.
    async fn resolve(&mut self, host: &Host) -> Result<(), Trouble>;

    /// Where on this machine it comes to under that name, or that address.
    fn comes_to(&self, _: &Host) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }

    /// The browser's own error code for the WebSocket to that URL, which has just failed.
    async fn socket_error(&mut self, url: &str) -> Result<Option<String>, Trouble>;

    /// Goes to a page.
    async fn go(&mut self, url: &str) -> Result<Landing, Trouble>;

    /// Does on the warning what a user does who wants to go on.
    async fn accept(&mut self, wish: Wish) -> Result<ExceptionOutcome, Trouble>;
}

pub(super) use remote::Remote;

/// Whether a change of what is trusted has come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trusting {
    /// It has.
    Now,
    /// It will, once the browser is started again.
    AfterRestart,
}

/// The engine that drives so.
pub(super) fn of(driver: Driver, home: Home) -> Box<dyn Engine> {
    match driver {
        Driver::Chromium => Box::new(chromium::Chromium::new(home)),
        Driver::Firefox => Box::new(firefox::Firefox::new(home)),
        Driver::Webkitgtk => Box::new(webkitgtk::WebkitGtk::new(home)),
    }
}

const LEAVE: &str = "window.wssureIsLeft = true; location.href = arguments[0];";
const ARRIVED: &str = "return !window.wssureIsLeft && document.readyState === 'complete'";
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// Where what a browser saves, and does not show, turns up.
#[derive(Clone, Debug)]
pub(super) enum Saved {
    /// In this folder.
    In(PathBuf),
    /// Somewhere out of our sight.
    Unseen,
}

impl Saved {
    /// The files that are there as a whole.
    fn files(&self) -> Vec<PathBuf> {
        let Self::In(folder) = self else { return Vec::new() };
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = files.map(|file| file.path());
        // Chromium's ending of what is on its way.
        files.filter(|file| file.extension().is_none_or(|end| end != "crdownload")).collect()
    }

    /// Deletes them: one of the same name would not be seen to come.
    fn forget(&self) -> std::io::Result<()> {
        self.files().iter().try_for_each(std::fs::remove_file)
    }
}

/// Goes there as a link on a page leads there, and waits for the page, or for what is saved, which leaves the page
/// where it is; where nothing is seen of that, for as long as a page may take.
///
/// WebDriver's own command is no such thing: chromedriver repeats it where it fails, and WebKitGTK connects
/// ahead of need to what is typed into its address bar; each makes connections that nobody can count on.
async fn follow(
    session: &Session,
    url: &str,
    patience: Duration,
    saved: &Saved,
) -> Result<(), Trouble> {
    saved.forget().map_err(io_trouble("what was saved before"))?;
    session.run(LEAVE, vec![Value::from(url)]).await?;
    let begun = Instant::now();
    while begun.elapsed() < patience {
        match session.run(ARRIVED, Vec::new()).await {
            Ok(arrived) if arrived == true => return Ok(()),
            Ok(_) => {}
            // The page is just being left.
            Err(error) => drop(said(error)?),
        }
        if !saved.files().is_empty() {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

fn not_running() -> Trouble {
    Trouble::Broke("the browser is not running".to_owned())
}

/// A script's result as text, or nothing.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The words of a command that failed because the page did.
fn said(error: CommandError) -> Result<(String, String), Trouble> {
    match error {
        CommandError::Said { error, message } => Ok((error, message)),
        CommandError::Broke(trouble) => Err(trouble),
    }
}

fn io_trouble(doing: &str) -> impl Fn(std::io::Error) -> Trouble + '_ {
    move |error| Trouble::Broke(format!("{doing}: {error}"))
}
