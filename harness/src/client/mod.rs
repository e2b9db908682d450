//! Clients: what opens a URL and reports what it saw, simulated or real.

mod actor;
pub(crate) mod asked;
mod catalogue;
mod connection;
mod exceptions;
mod exchange;
mod failure;
pub mod judge;
pub mod profile;
pub mod real;
mod sealed_alert;
mod simulated;
mod tls;
mod verifier;

use std::{fmt, net::SocketAddr, str::FromStr};

use async_trait::async_trait;
use rustls_pki_types::CertificateDer;
use serde::Deserialize;

pub use actor::Actor;
pub(crate) use catalogue::measured_files;
pub use catalogue::{ClientError, built_in, find};
pub use exceptions::Wish;
pub use exchange::{Echo, Payload};
pub use judge::{Judgement, Verdict};
pub use profile::Profile;
pub use simulated::{Clock, PATIENCE, Simulated};

use crate::{
    host::{Host, NotAHost},
    observation::Observation,
};

/// A browser or a tool that connects, with its state: what it trusts, which exceptions it has.
#[async_trait]
pub trait Client: Send {
    /// Its rules and words.
    fn profile(&self) -> &Profile;

    /// Opens a WebSocket from a page and sends the payload.
    async fn open(&mut self, to: &Destination, payload: &Payload) -> Result<Observation, Trouble>;

    /// Opens a WebSocket from another place than a page, and sends the payload.
    async fn open_in(
        &mut self,
        opener: Opener,
        to: &Destination,
        payload: &Payload,
    ) -> Result<Observation, Trouble>;

    /// Goes to a page, and does on its certificate warning, if there is one, what is wished.
    async fn browse(
        &mut self,
        to: &Destination,
        on_warning: OnWarning,
    ) -> Result<Observation, Trouble>;

    /// Trusts a certificate, as a user who imports it does.
    async fn import(&mut self, certificate: CertificateDer<'static>) -> Result<(), Trouble>;

    /// Forgets a certificate that was imported.
    async fn remove(&mut self, certificate: &CertificateDer<'static>) -> Result<(), Trouble>;

    /// Ends and starts again, with what it keeps over that.
    async fn restart(&mut self) -> Result<(), Trouble>;

    /// Sees to it that the run's authority is trusted, before something that it has issued is judged.
    ///
    /// # Errors
    /// [`Trouble::Cannot`] where it is not, and cannot be.
    async fn rely_on_authority(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// Starts it now, and has it prove itself, where that would else be part of its next connection.
    async fn be_ready(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// Its part is over: what it holds may serve the next.
    async fn leave(self: Box<Self>) {}

    /// Its part is over, and it serves no other.
    async fn dismiss(self: Box<Self>) {}
}

/// The client itself failed, so that there is no verdict: trouble of the harness, not of the subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It broke, hung or behaved as nobody expects.
    #[error("{0}")]
    Broke(String),
    /// It has no such thing: a tool has no warning to accept, a remote browser no trust store that we reach.
    #[error("{0}")]
    Cannot(String),
}

/// What to do on a certificate warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWarning {
    /// Go away.
    Leave,
    /// Accept the certificate, if the warning offers it.
    Accept(Wish),
}

/// What opens a WebSocket. In the suite its page is always another site's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opener {
    /// A page.
    #[default]
    Page,
    /// A dedicated worker of a page.
    Worker,
    /// A page in a private window: the browser is ended, started with such a window alone, and ended again.
    PrivateWindow,
}

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// How.
    pub scheme: Scheme,
    /// The host in the URL: what the certificate must name.
    pub host: Host,
    /// The port in the URL.
    pub port: u16,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// The way there.
    pub route: Route,
}

/// The way to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// By looking its name up.
    ByName,
    /// To this address, whatever the name.
    To(SocketAddr),
    /// To this address, where nothing listens: nobody can stand in between.
    ToNobody(SocketAddr),
}

/// A URL's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// A WebSocket without TLS.
    Ws,
    /// A WebSocket over TLS.
    Wss,
    /// A page without TLS.
    Http,
    /// A page over TLS.
    Https,
}

impl Scheme {
    /// Whether the connection begins with a TLS handshake.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Wss | Self::Https)
    }

    /// Whether it is a WebSocket.
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    const fn default_port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl Destination {
    /// `host:port` as it stands in a URL.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.path)
    }
}

/// A URL that we cannot open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It has no scheme of ours.
    #[error("`{0}` does not begin with wss://, ws://, https:// or http://")]
    Scheme(String),
    /// Its host is none.
    #[error("`{url}`: {error}")]
    Host {
        /// The URL.
        url: String,
        /// What is wrong with its host.
        error: NotAHost,
    },
    /// Its port is none.
    #[error("`{url}`: `{port}` is not a port (1 to 65535)")]
    Port {
        /// The URL.
        url: String,
        /// What stands where the port should.
        port: String,
    },
    /// It names a user or password.
    #[error("a URL with a user name in it is not opened")]
    User,
}

impl FromStr for Destination {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = [Scheme::Wss, Scheme::Ws, Scheme::Https, Scheme::Http]
            .into_iter()
            .find_map(|scheme| Some((scheme, strip_scheme(url, scheme)?)))
            .ok_or_else(|| UrlError::Scheme(url.to_owned()))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::User);
        }
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        // The last colon is the port's, but not one inside an IPv6 address's brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(text) => match text.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(UrlError::Port { url: url.to_owned(), port: text.to_owned() }),
            },
        };
        let host = host.parse().map_err(|error| UrlError::Host { url: url.to_owned(), error })?;
        Ok(Self { scheme, host, port, path, route: Route::ByName })
    }
}

fn strip_scheme(url: &str, scheme: Scheme) -> Option<&str> {
    let (found, rest) = url.split_once("://")?;
    found.eq_ignore_ascii_case(&scheme.to_string()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_a_browser_reads_it() {
        let to: Destination = "WSS://Proxy.example.test:6080/websockify?token=a#x".parse().unwrap();
        assert_eq!(to.to_string(), "wss://proxy.example.test:6080/websockify?token=a");
        let to: Destination = "https://[::1]".parse().unwrap();
        assert_eq!((to.port, to.to_string().as_str()), (443, "https://[::1]/"));
        let to: Destination = "ws://h?q".parse().unwrap();
        assert_eq!((to.port, to.path.as_str()), (80, "/?q"));
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_reason() {
        let error = |url: &str| url.parse::<Destination>().unwrap_err().to_string();
        assert!(error("proxy.example.test").contains("does not begin with wss://"));
        assert!(error("wss://h:70000/").contains("`70000` is not a port"));
        assert!(error("wss://user@h/").contains("user name"));
        assert!(error("wss:///path").contains("wss:///path"));
    }
}
