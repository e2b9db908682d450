//! Firefox: driven by geckodriver; what WebDriver cannot see or do is asked of Firefox's own services, in its
//! chrome context, as its certificate manager and its error page do.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::{Engine, Home, Landing, Trusting, Window, io_trouble, not_running, said, text};
use crate::{
    client::{
        Trouble, Wish,
        real::{driver::DriverProcess, session::Session},
    },
    host::Host,
    observation::{ExceptionOutcome, TlsVersion},
};

/// The button to go on comes alive 1.2 s after the page (measured), so that nobody hits it by accident.
const PROCEED_LIMIT: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Listens for the end of every request, a WebSocket's handshake being one, with the error of its TLS.
const LISTEN: &str = r#"
window.wssure = { ended: [], observe(subject) {
  const channel = subject.QueryInterface(Ci.nsIChannel);
  let code = "";
  try { code = channel.securityInfo?.errorCodeString ?? ""; } catch {}
  this.ended.push([channel.URI.spec, code]);
  if (this.ended.length > 200) this.ended.shift();
} };
Services.obs.addObserver(window.wssure, "http-on-stop-request");
// A certificate that is sent as one to import: its dialog would wait for ever.
Services.ww.registerNotification({ observe(opened, topic) {
  if (topic !== "domwindowopened") return;
  opened.addEventListener("load", () => {
    const dialog = opened.document.documentURI.includes("/pippki/") && opened.document.querySelector("dialog");
    if (dialog) dialog.cancelDialog();
  }, { once: true });
} });
"#;
/// How long a page may take: one that is no page, but saved or imported, never comes.
const PAGE_LIMIT_MS: u32 = 4_000;
/// The last end of a request to that origin.
const ENDED: &str = r#"
const last = window.wssure.ended.findLast(([url]) => url.startsWith(arguments[0]));
window.wssure.ended = [];
return last ? last[1] : null;
"#;
/// Drops sessions, which would be resumed and not judged again, and the certificates that connections, pages
/// and garbage still hold: NSS takes any that it knows for an issuer of that name, and where several do not
/// fit, says SEC_ERROR_UNKNOWN_ISSUER in place of what is wrong with the one that matters
/// (mozilla::pkix, pkixbuild.cpp).
const FORGET: &str = r#"
Services.obs.notifyObservers(null, "net:prune-all-connections");
Cc["@mozilla.org/psm;1"].getService(Ci.nsISupports).QueryInterface(Ci.nsINSSComponent)
  .clearSSLExternalAndInternalSessionCache();
Cu.forceGC();
Cu.forceCC();
"#;
/// Imports and deletes as the certificate manager does.
const TRUST: &str = r#"
const store = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
const [wanted, unwanted] = arguments;
for (const one of wanted) store.addCertFromBase64(one, "C,,");
for (const one of unwanted) {
  const certificate = store.constructX509FromBase64(one);
  const stored = store.getCerts().find(other => other.sha256Fingerprint === certificate.sha256Fingerprint);
  if (stored) store.deleteCertificate(stored);
}
"#;
const PREFERENCE: &str = "Services.prefs.setBoolPref(arguments[0], arguments[1]);";

/// Finds an element of the warning by its id, in shadow roots too.
const FIND: &str = r#"
const find = (root, id) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.id === id) return element;
    const inside = element.shadowRoot && find(element.shadowRoot, id);
    if (inside) return inside;
  }
  return null;
};
const first = (...ids) => ids.map(id => find(document, id)).find(Boolean);
"#;
/// Opens the warning's details, and tells whether there is a button to go on and whether it can be clicked.
/// The ids are those of the page of today and of the older one, which some errors still get.
const LOOK: &str = r#"
const onward = first("exception-button", "exceptionDialogButton");
const shown = first("errorCode", "badCertTechnicalInfo", "certificateErrorText", "viewCertificate");
if (!onward) first("advanced-button", "advancedButton")?.click();
return [!!onward, !!onward && !onward.disabled, !!shown];
"#;
const PROCEED: &str = r#"first("exception-button", "exceptionDialogButton").click();"#;

/// A Firefox with its profile.
pub(super) struct Firefox {
    home: Home,
    driver: Option<DriverProcess>,
    session: Option<Session>,
    trusted: Vec<CertificateDer<'static>>,
    /// The origin that was last gone to, in the form of its requests.
    asked: String,
}

impl Firefox {
    pub(super) fn new(home: Home) -> Self {
        Self { home, driver: None, session: None, trusted: Vec::new(), asked: String::new() }
    }

    fn capabilities(&self, window: Window) -> Value {
        let profile = self.home.folder.path().join("profile");
        // The highest version of TLS: 3 is 1.2, 4 is 1.3.
        let highest = if self.home.tls == TlsVersion::Tls12 { 3 } else { 4 };
        let mut arguments =
            vec!["-headless".to_owned(), "-profile".to_owned(), profile.display().to_string()];
        if window == Window::Private {
            // "-private" alone makes windows that are not (`originAttributes.privateBrowsingId` is 0).
            arguments.push("-private-window".to_owned());
        }
        json!({
            "browserName": "firefox",
            "timeouts": { "pageLoad": PAGE_LIMIT_MS },
            "moz:firefoxOptions": {
                "binary": self.home.programs.of("browser"),
                "args": arguments,
                "prefs": {
                    "network.dns.forceResolve": "127.0.0.1",
                    "security.tls.version.max": highest,
                    // Connections that nobody asked for, and pauses after a failed one.
                    "network.http.speculative-parallel-limit": 0,
                    "network.captive-portal-service.enabled": false,
                    "network.connectivity-service.enabled": false,
                    "network.websocket.delay-failed-reconnects": false,
                    "browser.chrome.site_icons": false,
                    "browser.safebrowsing.provider.mozilla.updateURL": "",
                    "services.settings.server": "data:,#remote-settings-dummy/v1",
                },
            },
        })
    }

    /// Runs a script with Firefox's own rights.
    async fn chrome(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Trouble> {
        let session = self.session()?;
        session.post("moz/context", json!({ "context": "chrome" })).await?;
        let result = session.run(script, arguments).await;
        session.post("moz/context", json!({ "context": "content" })).await?;
        Ok(result?)
    }

    /// The NSS error of the last request to what was asked for.
    async fn error(&self) -> Result<Option<String>, Trouble> {
        Ok(text(&self.chrome(ENDED, vec![Value::from(self.asked.as_str())]).await?))
    }
}

#[async_trait]
impl Engine for Firefox {
    async fn start(
        &mut self,
        window: Window,
        trusted: &[CertificateDer<'static>],
    ) -> Result<(), Trouble> {
        let profile = self.home.folder.path().join("profile");
        std::fs::create_dir_all(&profile).map_err(io_trouble("a profile for Firefox"))?;
        if !self.driver.as_ref().is_some_and(DriverProcess::is_running) {
            let home = self.home.clone();
            let driver = DriverProcess::start(move |port| {
                home.invocation("driver")
                    .arguments([format!("--port={port}"), "--allow-system-access".to_owned()])
                    // Firefox' own remote agent would else take one fixed port in every instance.
                    .arguments(["--websocket-port=0"])
            });
            self.driver = Some(driver.await?);
        }
        let driver = self.driver.as_ref().ok_or_else(not_running)?;
        self.session = Some(Session::begin(&driver.endpoint(), self.capabilities(window)).await?);
        self.chrome(LISTEN, Vec::new()).await?;
        self.trust(trusted).await?;
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
        let list = |of: &[CertificateDer<'static>], without: &[CertificateDer<'static>]| {
            let rest = of.iter().filter(|one| !without.contains(one));
            Value::from_iter(rest.map(|one| STANDARD.encode(one)))
        };
        let wanted = list(trusted, &self.trusted);
        let unwanted = list(&self.trusted, trusted);
        self.chrome(TRUST, vec![wanted, unwanted]).await?;
        self.trusted = trusted.to_vec();
        self.forget().await?;
        Ok(Trusting::Now)
    }

    async fn forget(&mut self) -> Result<(), Trouble> {
        self.chrome(FORGET, Vec::new()).await.map(drop)
    }

    fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or_else(not_running)
    }

    async fn resolve(&mut self, _: &Host) -> Result<(), Trouble> {
        // By network.dns.forceResolve.
        Ok(())
    }

    async fn socket_error(&mut self, url: &str) -> Result<Option<String>, Trouble> {
        self.asked = url.replacen("ws", "http", 1);
        self.error().await
    }

    async fn go(&mut self, url: &str) -> Result<Landing, Trouble> {
        self.asked = url.to_owned();
        let Err(error) = self.session()?.go(url).await else {
            return Ok(Landing::Loaded);
        };
        let (error, message) = said(error)?;
        if error == "timeout" {
            return Ok(Landing::Loaded);
        }
        let page = message.split_once("about:neterror?e=").map(|(_, rest)| rest);
        if error != "insecure certificate" && page.is_none() {
            return Err(Trouble::Broke(format!("{url}: {error}: {message}")));
        }
        // Without TLS there is no error but the page's.
        let name = page.and_then(|rest| rest.split('&').next());
        let code = self.error().await?.or_else(|| name.map(str::to_owned));
        Ok(Landing::Refused { code })
    }

    async fn accept(&mut self, wish: Wish) -> Result<ExceptionOutcome, Trouble> {
        let permanent = Value::from(wish == Wish::Permanent);
        let name = Value::from("security.certerrors.permanentOverride");
        self.chrome(PREFERENCE, vec![name, permanent]).await?;
        let session = self.session()?;
        let script = |rest: &str| format!("{FIND}{rest}");
        let begun = Instant::now();
        let mut looks_without = 0;
        loop {
            let seen = session.run(&script(LOOK), Vec::new()).await?;
            if seen[1] == true {
                break;
            }
            // Where the details are there and no button, there is none.
            looks_without += usize::from(seen[0] != true && seen[2] == true);
            if looks_without > 5 || begun.elapsed() > PROCEED_LIMIT {
                return Ok(ExceptionOutcome::NotOffered);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        session.run(&script(PROCEED), Vec::new()).await?;
        while begun.elapsed() < 2 * PROCEED_LIMIT {
            let script = "return [document.documentURI.startsWith('about:'), document.readyState]";
            match session.run(script, Vec::new()).await {
                Ok(page) if page[0] == false && page[1] == "complete" => {
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
}
