//! Chromium: driven by chromedriver; trusts what is in the NSS database of its home.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::{
    Engine, Home, LOOK_AGAIN, Landing, Saved, Trusting, Window, follow, io_trouble, not_running,
    said, text,
};
use crate::{
    client::{
        Trouble, Wish,
        real::{driver::DriverProcess, nss::Database, session::Session},
    },
    host::Host,
    observation::{ExceptionOutcome, TlsVersion},
};

/// How long a page may take to come after its warning was accepted.
const PROCEED_LIMIT: Duration = Duration::from_secs(15);
/// How long a page may take: one that is saved and not shown never comes.
const PATIENCE: Duration = Duration::from_secs(6);

/// Where it saves what it does not show, in its home.
const DOWNLOADS: &str = "downloads";

/// The warning: its code, and whether there is a link to proceed (components/security_interstitials).
const WARNING: &str = r#"
var code = document.querySelector(".error-code"), link = document.getElementById("proceed-link");
return [location.protocol, code && code.textContent,
        !!link && !link.classList.contains("hidden") && !document.body.classList.contains("no-proceed")];
"#;
const PROCEED: &str = r#"
document.getElementById("details-button").click();
document.getElementById("proceed-link").click();
"#;

/// A Chromium with its profile.
pub(super) struct Chromium {
    home: Home,
    database: Option<Database>,
    driver: Option<DriverProcess>,
    session: Option<Session>,
}

impl Chromium {
    pub(super) fn new(home: Home) -> Self {
        Self { home, database: None, driver: None, session: None }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.home.folder.path().join(name)
    }

    fn capabilities(&self, window: Window) -> Value {
        let profile = self.folder("profile");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-first-run".to_owned(),
            // Connections of its own to the outside, which nobody asked for.
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            // Its own error page loads a page again that failed (net_error_auto_reloader.cc), at its leisure.
            "--disable-auto-reload".to_owned(),
            "--host-resolver-rules=MAP * 127.0.0.1".to_owned(),
            // Pages of its own that nobody sees here, at a third of what a start takes (measured).
            "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
                .to_owned(),
            "--disable-breakpad".to_owned(),
            "--disable-crash-reporter".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        if nix::unistd::geteuid().is_root() {
            // Its process sandbox does not run as root; certificates are none of its business.
            arguments.push("--no-sandbox".to_owned());
        }
        if window == Window::Private {
            arguments.push("--incognito".to_owned());
        }
        if self.home.tls == TlsVersion::Tls12 {
            arguments.push("--ssl-version-max=tls1.2".to_owned());
        }
        json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": self.home.programs.of("browser"),
                "args": arguments,
                "prefs": {
                    // "Preload pages: none": it would connect before it is asked to.
                    "net": { "network_prediction_options": 2 },
                    // Before a warning it looks for a captive portal, for up to 3 s (captive_portal_service.cc,
                    // ssl_error_handler.cc). With this the first of a session comes at once; others wait.
                    "alternate_error_pages": { "enabled": false },
                },
            },
        })
    }

    async fn write_trust(&mut self, trusted: &[CertificateDer<'static>]) -> Result<(), Trouble> {
        if self.database.is_none() {
            let folder = self.folder(".pki/nssdb");
            self.database =
                Some(Database::create(self.home.programs.of("certutil"), &folder).await?);
        }
        match &mut self.database {
            Some(database) => database.trust(trusted).await,
            None => Ok(()),
        }
    }

    /// The console's messages since it was last read.
    async fn console(&self) -> Result<Vec<String>, Trouble> {
        let entries = self.session()?.post("se/log", json!({ "type": "browser" })).await?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        Ok(entries.iter().filter_map(|entry| text(&entry["message"])).collect())
    }
}

#[async_trait]
impl Engine for Chromium {
    async fn start(
        &mut self,
        window: Window,
        trusted: &[CertificateDer<'static>],
    ) -> Result<(), Trouble> {
        self.write_trust(trusted).await?;
        if !self.driver.as_ref().is_some_and(DriverProcess::is_running) {
            let home = self.home.clone();
            let driver = DriverProcess::start(move |port| {
                home.invocation("driver").arguments([format!("--port={port}")])
            });
            self.driver = Some(driver.await?);
        }
        let driver = self.driver.as_ref().ok_or_else(not_running)?;
        let session = Session::begin(&driver.endpoint(), self.capabilities(window)).await?;
        let downloads = self.folder(DOWNLOADS);
        std::fs::create_dir_all(&downloads).map_err(io_trouble("a folder for downloads"))?;
        for (command, parameters) in [
            (
                "Browser.setDownloadBehavior",
                json!({ "behavior": "allow", "downloadPath": downloads }),
            ),
            // An icon is another page, whose connections would be counted or not, by chance.
            ("Network.enable", json!({})),
            ("Network.setBlockedURLs", json!({ "urls": ["*/favicon.ico"] })),
        ] {
            session
                .post("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
                .await?;
        }
        self.session = Some(session);
        Ok(())
    }

    async fn end(&mut self) -> Result<(), Trouble> {
        match self.session.take() {
            Some(session) => Ok(session.end().await?),
            None => Ok(()),
        }
    }

    async fn dismiss(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.end().await;
        }
    }

    async fn trust(&mut self, trusted: &[CertificateDer<'static>]) -> Result<Trusting, Trouble> {
        self.write_trust(trusted).await?;
        // NSS reads the database once, at its start.
        Ok(Trusting::AfterRestart)
    }

    fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or_else(not_running)
    }

    async fn resolve(&mut self, _: &Host) -> Result<(), Trouble> {
        // By --host-resolver-rules.
        Ok(())
    }

    async fn socket_error(&mut self, _: &str) -> Result<Option<String>, Trouble> {
        Ok(self.console().await?.iter().rev().find_map(|message| net_error(message)))
    }

    async fn go(&mut self, url: &str) -> Result<Landing, Trouble> {
        go(self.session()?, url, &Saved::In(self.folder(DOWNLOADS))).await
    }

    async fn accept(&mut self, _: Wish) -> Result<ExceptionOutcome, Trouble> {
        accept(self.session()?).await
    }
}

/// Goes to a page.
pub(super) async fn go(session: &Session, url: &str, saved: &Saved) -> Result<Landing, Trouble> {
    follow(session, url, PATIENCE, saved).await?;
    let warning = session.run(WARNING, Vec::new()).await?;
    if warning[0] == "chrome-error:" {
        let code = text(&warning[1]);
        let code = code.map(|code| code.strip_prefix("net::").unwrap_or(&code).to_owned());
        return Ok(Landing::Refused { code });
    }
    Ok(Landing::Loaded)
}

/// Goes on past the warning that the session shows. It does not ask how long.
pub(super) async fn accept(session: &Session) -> Result<ExceptionOutcome, Trouble> {
    let warning = session.run(WARNING, Vec::new()).await?;
    if warning[2] != true {
        return Ok(ExceptionOutcome::NotOffered);
    }
    session.run(PROCEED, Vec::new()).await?;
    let begun = Instant::now();
    while begun.elapsed() < PROCEED_LIMIT {
        match session.run("return [location.protocol, document.readyState]", Vec::new()).await {
            Ok(page) if page[0] != "chrome-error:" && page[1] == "complete" => {
                return Ok(ExceptionOutcome::Accepted);
            }
            Ok(_) => {}
            // The page is just being left.
            Err(error) => drop(said(error)?),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(Trouble::Broke("the warning was accepted, and no page came".to_owned()))
}

/// The code in a message such as `... net::ERR_CERT_AUTHORITY_INVALID ...`.
fn net_error(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("net::")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    text(&Value::from(&rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_chromiums_words() {
        let words = "WebSocket connection to 'wss://h:1/' failed: Error in connection establishment: net::ERR_CERT_DATE_INVALID";
        assert_eq!(net_error(words).as_deref(), Some("ERR_CERT_DATE_INVALID"));
        let words = "unknown error: net::ERR_CONNECTION_REFUSED\n  (Session info: chrome=156)";
        assert_eq!(net_error(words).as_deref(), Some("ERR_CONNECTION_REFUSED"));
        assert_eq!(net_error("Connection closed before receiving a handshake response"), None);
    }
}
