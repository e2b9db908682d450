//! How a client keeps what its user has accepted.

use serde::Deserialize;

/// How a client keeps exceptions.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exceptions {
    /// For which server an exception holds.
    pub scope: Scope,
    /// Whether a host with a dot at its end is the same for it.
    #[serde(default)]
    pub trailing_dot: TrailingDot,
    /// What it keeps when a second one is made for the same scope.
    pub keeps: Keeps,
    /// Whether an exception made while browsing opens `wss` too.
    pub hold_for: HoldFor,
    /// How long a permanent one lasts.
    pub permanent: Lasts,
    /// How long a temporary one lasts.
    pub temporary: Lasts,
    /// How a connection to an accepted certificate begins.
    #[serde(default)]
    pub applied: Applied,
    /// Whether private windows know of it; absent where that is not known.
    pub private_windows: Option<PrivateWindows>,
}

/// What a private window makes of exceptions that were made in normal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivateWindows {
    /// They hold there too.
    Know,
    /// They do not hold there.
    DoNotKnow,
}

/// How a connection to an accepted certificate begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// As any other.
    #[default]
    AtOnce,
    /// With a connection that is refused as if there were no exception; a second one then goes through.
    AfterARefusal,
}

/// For which server an exception holds; it is always for one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The host, on any port.
    Host,
    /// The host and port.
    HostAndPort,
}

/// What a dot at the end of a URL's host is for an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrailingDot {
    /// It makes another host of it.
    #[default]
    Counts,
    /// It is the same host.
    Ignored,
}

/// What happens to an exception when another certificate is accepted for the same server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// All stand side by side.
    All,
    /// The new one takes the old one's place.
    Latest,
}

/// For which connections an exception holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldFor {
    /// Pages and WebSockets.
    HttpsAndWss,
    /// Pages only: a WebSocket is refused all the same.
    HttpsOnly,
}

/// How long an exception lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lasts {
    /// Until the client is restarted.
    UntilRestart,
    /// Over a restart.
    ForGood,
}
