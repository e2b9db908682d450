//! Looking a request's token up, wherever tokens are.

use std::net::IpAddr;
use std::time::Duration;

use http::Request;
use tokio::time::timeout;

use super::api::Api;
use super::files::Files;
use super::jwt::JwtKeyFile;
use super::redis::Redis;
use super::refusal::{NoTarget, ServiceProblem, TokenSourceError};
use super::source::TokenSource;
use super::{Tokens, token};
use crate::event::OptionWarning;
use crate::settings::Target;

/// How long a server may take to say where a token leads.
const DEADLINE: Duration = Duration::from_secs(10);

/// Looks tokens up.
#[derive(Debug)]
pub(crate) struct TokenTargets {
    tokens: Tokens,
    lookup: Lookup,
}

#[derive(Debug)]
enum Lookup {
    Files(Files),
    Api(Api),
    Jwt(JwtKeyFile),
    Redis(Redis),
}

/// What a server that was asked for a token's target had to say.
pub(super) enum Asked {
    Target(Target),
    NotFound,
    /// Not by this HTTP status.
    NotKnown(u16),
}

impl TokenTargets {
    /// Sees whether the source can be read, and reads it if it is read once. Servers are not asked: they may come later.
    ///
    /// Returned beside is what the start should warn of.
    pub(crate) fn open(tokens: &Tokens) -> Result<(Self, Option<OptionWarning>), TokenSourceError> {
        let (lookup, warning) = match &tokens.source {
            TokenSource::Api(api) => {
                let warning = api.is_in_the_clear().then(|| api.to_string());
                (Lookup::Api(Api::open(api)?), warning.map(OptionWarning::TokensInTheClear))
            }
            TokenSource::Jwt(key) => {
                key.read()?;
                (Lookup::Jwt(key.clone()), None)
            }
            TokenSource::Redis(store) => {
                let far = !store.server.host.as_deref().is_some_and(is_here);
                let warning = far.then(|| OptionWarning::TokensInTheClear(store.to_string()));
                (Lookup::Redis(Redis::open(store)?), warning)
            }
            TokenSource::List { .. }
            | TokenSource::FilePerToken(_)
            | TokenSource::SocketPerToken(_) => {
                let (files, bad) = Files::open(&tokens.source)?;
                (Lookup::Files(files), bad.map(OptionWarning::BadTokenLine))
            }
        };
        Ok((Self { tokens: tokens.clone(), lookup }, warning))
    }

    /// How and where it looks.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The target of a request.
    pub(crate) async fn of<B>(&self, request: &Request<B>) -> Result<Target, NoTarget> {
        let token = token(request, self.tokens.from).ok_or(NoTarget::NoToken(self.tokens.from))?;
        let asked = match &self.lookup {
            Lookup::Files(files) => return files.find(token).await,
            Lookup::Jwt(key) => return key.target(token).await,
            Lookup::Api(api) => timeout(DEADLINE, api.ask(&token)).await,
            Lookup::Redis(redis) => timeout(DEADLINE, redis.ask(&token)).await,
        };
        let asked = asked.unwrap_or(Err(ServiceProblem::TimedOut));
        let service = || self.tokens.source.to_string();
        match asked {
            Ok(Asked::Target(target)) => Ok(target),
            Ok(Asked::NotFound) => Err(NoTarget::NotFound { source: service(), bad: None }),
            Ok(Asked::NotKnown(status)) => Err(NoTarget::NotKnown { service: service(), status }),
            Err(problem) => {
                Err(NoTarget::Source(TokenSourceError::Service { service: service(), problem }))
            }
        }
    }
}

/// Whether a host is this machine.
pub(super) fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
