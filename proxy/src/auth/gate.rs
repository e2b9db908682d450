//! Asks who may come in, for each request.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderMap;

use super::rules::Rules;
use super::{
    AuthPlugin, AuthScope, AuthSource, Authentication, AuthenticationError, NotLetIn, Shown,
};
use crate::settings::ClientCertificates;

/// Lets in, or not.
pub(crate) struct Gate {
    plugin: AuthPlugin,
    source: Source,
    scope: AuthScope,
}

enum Source {
    /// What was given, which does not change.
    Given(Arc<Rules>),
    /// A file that is read anew each time.
    File(PathBuf),
}

impl Gate {
    /// Sees whether it can be known who is let in. Returned beside is how many rules there are.
    pub(crate) fn open(
        authentication: &Authentication,
        certificates: ClientCertificates,
    ) -> Result<(Self, usize), AuthenticationError> {
        authentication.fits(certificates)?;
        let Authentication { plugin, ref source, scope } = *authentication;
        let rules = Rules::read(plugin, source)?;
        let count = rules.count();
        let source = match source {
            AuthSource::Given(_) => Source::Given(Arc::new(rules)),
            AuthSource::File(path) => Source::File(path.clone()),
        };
        Ok((Self { plugin, source, scope }, count))
    }

    /// Which requests are asked.
    pub(crate) fn scope(&self) -> AuthScope {
        self.scope
    }

    /// Whether a request is let in.
    pub(crate) async fn ask(&self, headers: &HeaderMap, shown: &Shown) -> Result<(), NotLetIn> {
        self.rules().await.map_err(NotLetIn::Source)?.ask(headers, shown)
    }

    async fn rules(&self) -> Result<Arc<Rules>, AuthenticationError> {
        let (plugin, path) = match &self.source {
            Source::Given(rules) => return Ok(Arc::clone(rules)),
            Source::File(path) => (self.plugin, path.clone()),
        };
        let file = path.clone();
        // A file system may be slow, and others are served meanwhile.
        let read = tokio::task::spawn_blocking(move || Rules::file(plugin, &file)).await;
        let rules = read
            .map_err(|error| AuthenticationError::File { path, error: io::Error::other(error) })?;
        rules.map(Arc::new)
    }
}
