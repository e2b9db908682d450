//! A browser behind a WebDriver endpoint: only what every endpoint can do.

use std::net::IpAddr;

use async_trait::async_trait;
use rustls_pki_types::CertificateDer;
use serde_json::Value;

use super::{Engine, Landing, Saved, Trusting, Window, chromium, not_running, said, text};
use crate::{
    client::{
        Trouble, Wish,
        real::{remote::Remote as Asked, session::Session},
    },
    host::Host,
    observation::ExceptionOutcome,
};

/// A browser somewhere else.
pub(in crate::client::real) struct Remote {
    asked: Asked,
    session: Option<Session>,
}

impl Remote {
    pub(in crate::client::real) fn new(asked: Asked) -> Self {
        Self { asked, session: None }
    }

    /// Whether its warnings are Chromium's.
    fn is_chromium(&self) -> bool {
        let capabilities = self.session.as_ref().map(Session::capabilities).unwrap_or_default();
        let name = capabilities.get("browserName").and_then(text).unwrap_or_default();
        ["chrome", "chromium", "chrome-headless-shell", "msedge", "MicrosoftEdge"].contains(&&*name)
    }
}

#[async_trait]
impl Engine for Remote {
    async fn start(
        &mut self,
        window: Window,
        _: &[CertificateDer<'static>],
    ) -> Result<(), Trouble> {
        if window == Window::Private {
            return Err(self.asked.cannot("has private windows that WebDriver does not open"));
        }
        let endpoint = self.asked.endpoint_url();
        self.session = Some(Session::begin(endpoint, self.asked.capabilities()).await?);
        Ok(())
    }

    async fn end(&mut self) -> Result<(), Trouble> {
        match self.session.take() {
            Some(session) => Ok(session.end().await?),
            None => Ok(()),
        }
    }

    async fn trust(&mut self, _: &[CertificateDer<'static>]) -> Result<Trusting, Trouble> {
        // What it trusts is its own affair.
        Ok(Trusting::Now)
    }

    fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or_else(not_running)
    }

    async fn resolve(&mut self, _: &Host) -> Result<(), Trouble> {
        // By its own means, which are tried and not made.
        Ok(())
    }

    fn comes_to(&self, _: &Host) -> IpAddr {
        self.asked.address
    }

    async fn socket_error(&mut self, _: &str) -> Result<Option<String>, Trouble> {
        // WebDriver has no command that tells.
        Ok(None)
    }

    async fn go(&mut self, url: &str) -> Result<Landing, Trouble> {
        let session = self.session()?;
        if self.is_chromium() {
            return chromium::go(session, url, &Saved::Unseen).await;
        }
        let Err(error) = session.go(url).await else {
            return Ok(Landing::Loaded);
        };
        let (error, message) = said(error)?;
        match error.as_str() {
            "timeout" => Ok(Landing::Loaded),
            // Section 10.1: a navigation that fails is one of these two.
            "insecure certificate" | "unknown error" => {
                // A session that has died is known by a command that cannot fail.
                session.run("return true", Vec::<Value>::new()).await?;
                Ok(Landing::Refused { code: None })
            }
            _ => Err(Trouble::Broke(format!("{url}: {error}: {message}"))),
        }
    }

    async fn accept(&mut self, _: Wish) -> Result<ExceptionOutcome, Trouble> {
        if !self.is_chromium() {
            return Err(self.asked.cannot("has a warning that WebDriver does not go past"));
        }
        chromium::accept(self.session()?).await
    }
}
