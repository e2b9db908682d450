//! WebKitGTK: GNOME Web (Epiphany), driven by WebKitWebDriver on a display and a message bus of its own, in a
//! view of the machine where the bundle of roots (GnuTLS's trust store) and the hosts file are ours.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
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
        real::{display::Display, driver::DriverProcess, session::Session},
    },
    host::Host,
    observation::{ExceptionOutcome, TlsVersion},
};

/// What Debian's GnuTLS takes for its trust store.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
const HOSTS: &str = "/etc/hosts";
/// Puts the two files in place of the machine's, for what comes after them, and for nothing else: the mounts
/// are of a namespace of their own (mount_namespaces(7)).
const ENTER: &str = r#"mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@""#;

/// A message bus that starts no services: accessibility's, which the usual one starts, make sessions of their own
/// and stay. Its socket is in XDG_RUNTIME_DIR (dbus-daemon(1), "Configuration file").
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:runtime=yes</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Epiphany 43 falls over its own feet where it is asked for a session before its window is there
/// (`assertion failed: (EPHY_IS_EMBED_CONTAINER (container))`), about every third time here.
const STARTS_TRIED: usize = 8;
const PROCEED_LIMIT: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(3);

/// Epiphany's warning, and its sentences for the flags of GTlsCertificateFlags (embed/ephy-web-view.c).
const WARNING: &str = r#"
var details = document.querySelector("details");
return [typeof hiddenButtonAction === "function" || typeof buttonAction === "function",
        details ? details.textContent : "", document.body ? document.body.textContent : "",
        !!document.querySelector("button.destructive-action.visible")];
"#;
const SENTENCES: &[(&str, &str)] = &[
    ("was not issued by a trusted organization", "unknown_ca"),
    ("belongs to a different website", "bad_identity"),
    ("only valid for future dates", "not_activated"),
    ("too old to trust", "expired"),
    ("has been revoked", "revoked"),
    ("very weak encryption", "insecure"),
    ("could not be processed", "generic_error"),
];

/// What some loads end with, one in a hundred or so, whatever the certificate (measured).
const CANCELLED: &str = "Operation was cancelled";

/// An Epiphany; it keeps nothing over a restart.
pub(super) struct WebkitGtk {
    home: Home,
    display: Option<Display>,
    driver: Option<DriverProcess>,
    session: Option<Session>,
    names: BTreeSet<String>,
    /// Where it was last gone to.
    asked: String,
}

impl WebkitGtk {
    pub(super) fn new(home: Home) -> Self {
        let names = BTreeSet::from(["localhost".to_owned()]);
        Self { home, display: None, driver: None, session: None, names, asked: String::new() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.folder.path().join(name)
    }

    /// Writes into the file that is there, for a new one would not be seen through the mount.
    fn write_names(&self) -> Result<(), Trouble> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let line = format!("127.0.0.1 {}\n", names.join(" "));
        std::fs::write(self.file("hosts"), line).map_err(io_trouble("the names of the cases"))
    }

    fn write_bundle(&self, trusted: &[CertificateDer<'static>]) -> Result<(), Trouble> {
        let mut bundle = String::new();
        for certificate in trusted {
            let block = pem::Pem::new("CERTIFICATE", certificate.as_ref());
            // Writing to a String cannot fail.
            let _ = write!(bundle, "{}", pem::encode(&block));
        }
        std::fs::write(self.file("bundle.pem"), bundle).map_err(io_trouble("the bundle of roots"))
    }

    async fn start_driver(&mut self) -> Result<(), Trouble> {
        let runtime = self.file("run");
        std::fs::create_dir_all(&runtime).map_err(io_trouble("a folder for Epiphany"))?;
        restrict(&runtime)?;
        let display = match self.display.take() {
            Some(display) => display,
            None => {
                Display::start(self.home.programs.of("display"), self.home.folder.path()).await?
            }
        };
        let (home, name) = (self.home.clone(), display.name());
        self.display = Some(display);
        let (hosts, bundle, bus) =
            (self.file("hosts"), self.file("bundle.pem"), self.file("bus.conf"));
        std::fs::write(&bus, BUS).map_err(io_trouble("a message bus for Epiphany"))?;
        let driver = DriverProcess::start(move |port| {
            let programs = &home.programs;
            let mut invocation = home.invocation("unshare");
            if !nix::unistd::geteuid().is_root() {
                invocation = invocation.arguments(["--user", "--map-root-user"]);
            }
            let mut invocation = invocation
                // In a namespace of processes nobody stays when the first of them goes (pid_namespaces(7)).
                .arguments(["--mount", "--pid", "--mount-proc", "--fork", "--kill-child"])
                .arguments(["sh", "-c", ENTER, "sh"])
                .arguments([hosts.as_os_str(), HOSTS.as_ref()])
                .arguments([bundle.as_os_str(), BUNDLE.as_ref()])
                .arguments([programs.of("bus"), "--config-file".as_ref(), &bus])
                .arguments([Path::new("--"), programs.of("driver")])
                .arguments([format!("--port={port}")])
                .environment("XDG_RUNTIME_DIR", &runtime)
                .environment("DISPLAY", &name)
                .environment("GDK_BACKEND", "x11")
                .environment("GIO_USE_VFS", "local")
                .environment("GSETTINGS_BACKEND", "memory")
                .environment("GTK_A11Y", "none")
                .environment("NO_AT_BRIDGE", "1")
                .environment("LIBGL_ALWAYS_SOFTWARE", "1");
            if home.tls == TlsVersion::Tls12 {
                // glib-networking's own default, without TLS 1.3.
                invocation =
                    invocation.environment("G_TLS_GNUTLS_PRIORITY", "NORMAL:%COMPAT:-VERS-TLS1.3");
            }
            invocation
        });
        self.driver = Some(driver.await?);
        Ok(())
    }
}

#[async_trait]
impl Engine for WebkitGtk {
    async fn start(
        &mut self,
        window: Window,
        trusted: &[CertificateDer<'static>],
    ) -> Result<(), Trouble> {
        if window == Window::Private {
            return Err(Trouble::Cannot(
                "GNOME Web is automated or incognito, and not both at once".to_owned(),
            ));
        }
        self.write_names()?;
        self.write_bundle(trusted)?;
        if !self.driver.as_ref().is_some_and(DriverProcess::is_running) {
            self.start_driver().await?;
        }
        let driver = self.driver.as_ref().ok_or_else(not_running)?;
        let capabilities = json!({ "webkitgtk:browserOptions": {
            "binary": self.home.programs.of("browser"),
            "args": ["--automation-mode"],
        }});
        let mut failed = not_running();
        for _ in 0..STARTS_TRIED {
            match Session::begin(&driver.endpoint(), capabilities.clone()).await {
                Ok(session) => {
                    self.session = Some(session);
                    return Ok(());
                }
                Err(trouble) => {
                    failed = Trouble::Broke(format!("{trouble}{}", driver.words()));
                }
            }
        }
        Err(failed)
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
        if let Some(display) = self.display.take() {
            display.end().await;
        }
    }

    async fn trust(&mut self, trusted: &[CertificateDer<'static>]) -> Result<Trusting, Trouble> {
        self.write_bundle(trusted)?;
        // The network process reads the bundle once.
        Ok(Trusting::AfterRestart)
    }

    fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or_else(not_running)
    }

    async fn resolve(&mut self, host: &Host) -> Result<(), Trouble> {
        let Host::Name(name) = host else { return Ok(()) };
        if self.names.insert(name.clone()) { self.write_names() } else { Ok(()) }
    }

    fn comes_to(&self, host: &Host) -> IpAddr {
        match host {
            Host::Name(_) => Ipv4Addr::LOCALHOST.into(),
            // The hosts file is not for these.
            Host::Address(address) => *address,
        }
    }

    async fn socket_error(&mut self, _: &str) -> Result<Option<String>, Trouble> {
        // It tells nobody.
        Ok(None)
    }

    async fn go(&mut self, url: &str) -> Result<Landing, Trouble> {
        self.asked = url.to_owned();
        let session = self.session()?;
        follow(session, url, PATIENCE, &Saved::Unseen).await?;
        let page = session.run(WARNING, Vec::new()).await?;
        if page[0] != true {
            return Ok(Landing::Loaded);
        }
        let code = flags(&page[1]).or_else(|| precise_error(&page[1]));
        if code.as_deref() == Some(CANCELLED) {
            return Ok(Landing::Cancelled);
        }
        Ok(Landing::Refused { code })
    }

    async fn accept(&mut self, _: Wish) -> Result<ExceptionOutcome, Trouble> {
        // It does not ask how long.
        let session = self.session()?;
        if session.run(WARNING, Vec::new()).await?[3] != true {
            return Ok(ExceptionOutcome::NotOffered);
        }
        let click = r#"document.querySelector("button.destructive-action").click()"#;
        session.run(click, Vec::new()).await?;
        let begun = Instant::now();
        let mut asked_again = false;
        while begun.elapsed() < PROCEED_LIMIT {
            if !asked_again && begun.elapsed() > PATIENCE {
                // The load that follows may be cancelled too; its user would load the page again.
                asked_again = true;
                session.go(&self.asked).await?;
            }
            let script = "return [location.protocol, document.readyState]";
            match session.run(script, Vec::new()).await {
                Ok(page) if page[0] == "https:" && page[1] == "complete" => {
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

/// The flags that Epiphany's sentences stand for, joined as the profile joins them.
fn flags(details: &Value) -> Option<String> {
    let details = details.as_str()?;
    let found: Vec<&str> = SENTENCES
        .iter()
        .filter(|(sentence, _)| details.contains(sentence))
        .map(|(_, flag)| *flag)
        .collect();
    (!found.is_empty()).then(|| found.join("+"))
}

/// What went wrong where it is not the certificate, in the words of libsoup and glib-networking.
fn precise_error(details: &Value) -> Option<String> {
    let (_, rest) = details.as_str()?.split_once("The precise error was: ")?;
    let error = rest.lines().next()?.trim();
    // `Could not connect to HOST: REASON`: the host is no part of the code.
    match error.strip_prefix("Could not connect to ").and_then(|rest| rest.split_once(": ")) {
        Some((_, reason)) => Some(format!("Could not connect: {reason}")),
        None => text(&Value::from(error)),
    }
}

/// A runtime folder must be its owner's alone (XDG Base Directory Specification).
fn restrict(folder: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .map_err(io_trouble("a folder for Epiphany"))
}
