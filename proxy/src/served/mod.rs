//! The certificate in use, which follows its files: a renewed one is served from the next connection on, and a broken
//! one is told and not served.

mod offer;
mod stamp;

pub(crate) use offer::ServedCertificates;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Reload};
use crate::identity::{Identity, IdentityError, IdentityFiles, Summary, Warning};
use crate::log::Log;
use crate::tls::{TlsServer, TlsSetup};
use stamp::Stamp;

/// Whether TLS can be served.
#[derive(Debug)]
pub(crate) enum Tls {
    Ready(TlsServer),
    /// There is no such file.
    Missing(PathBuf),
    Broken(Arc<IdentityError>),
}

/// What loading the files gave: what to serve, what is known about it, and the warnings.
pub(crate) struct Loaded {
    pub(crate) tls: Tls,
    pub(crate) summary: Option<Summary>,
    pub(crate) warnings: Vec<Warning>,
    stamp: Stamp,
}

/// The certificate in use.
pub(crate) struct Served {
    files: IdentityFiles,
    setup: TlsSetup,
    log: Arc<Log>,
    state: Mutex<State>,
    /// Held by who loads; others go on with what is there.
    loading: tokio::sync::Mutex<()>,
}

struct State {
    tls: Arc<Tls>,
    summary: Option<Summary>,
    /// The files when they were loaded.
    stamp: Stamp,
    /// What was said last about files that cannot serve, so that it is said once.
    trouble: Option<String>,
    /// Whether the end of the certificate's time was told.
    expiry: Expiry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expiry {
    ToTell,
    Told,
}

/// Why the files are loaded again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// They changed.
    Change,
    /// Somebody asked for it, and wants an answer.
    Request,
}

impl Loaded {
    /// Loads the files. Blocks.
    pub(crate) fn load(files: &IdentityFiles, setup: &TlsSetup) -> Result<Self, rustls::Error> {
        // Taken before: what is written meanwhile shows at the next look.
        let stamp = Stamp::of(files);
        let (tls, summary, warnings) = match files.load() {
            Ok(Identity { certified, summary, warnings }) => {
                (Tls::Ready(TlsServer::new(certified, setup)?), Some(summary), warnings)
            }
            Err(IdentityError::Missing { file }) if file == files.cert => {
                (Tls::Missing(std::path::absolute(&file).unwrap_or(file)), None, Vec::new())
            }
            Err(error) => (Tls::Broken(Arc::new(error)), None, Vec::new()),
        };
        Ok(Self { tls, summary, warnings, stamp })
    }
}

impl Tls {
    fn ready(&self) -> Option<&TlsServer> {
        match self {
            Self::Ready(server) => Some(server),
            Self::Missing(_) | Self::Broken(_) => None,
        }
    }

    /// What keeps it from being served.
    pub(crate) fn error(&self) -> Option<Arc<IdentityError>> {
        match self {
            Self::Ready(_) => None,
            Self::Missing(path) => Some(Arc::new(IdentityError::Missing { file: path.clone() })),
            Self::Broken(error) => Some(Arc::clone(error)),
        }
    }

    /// What is said about files that cannot serve.
    fn trouble(&self) -> Option<String> {
        self.error().map(|error| error.to_string())
    }
}

impl Served {
    /// Serves what was loaded at the start, whose events are told already.
    pub(crate) fn new(
        loaded: Loaded,
        files: IdentityFiles,
        setup: TlsSetup,
        log: Arc<Log>,
    ) -> Self {
        let state = State {
            trouble: loaded.tls.trouble(),
            expiry: Expiry::of(&loaded.warnings),
            tls: Arc::new(loaded.tls),
            summary: loaded.summary,
            stamp: loaded.stamp,
        };
        Self { files, setup, log, state: Mutex::new(state), loading: tokio::sync::Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to serve to a new connection. Looks at the files, and loads them if they changed.
    pub(crate) async fn current(&self) -> Arc<Tls> {
        let unchanged = self.state().stamp.still_holds(&self.files);
        if !unchanged && let Ok(_loading) = self.loading.try_lock() {
            self.load(Occasion::Change).await;
        }
        self.tell_expiry();
        Arc::clone(&self.state().tls)
    }

    /// Loads the files whether they changed or not, and says what came of it.
    pub(crate) async fn reload(&self) {
        let _loading = self.loading.lock().await;
        self.load(Occasion::Request).await;
    }

    async fn load(&self, occasion: Occasion) {
        let (files, setup) = (self.files.clone(), self.setup.clone());
        let loaded = tokio::task::spawn_blocking(move || Loaded::load(&files, &setup)).await;
        // rustls could set up TLS before; if it cannot now, or the runtime ends, what is there stays.
        if let Ok(Ok(loaded)) = loaded {
            let events = self.state().take(loaded, &self.files.cert, occasion);
            events.iter().for_each(|event| self.log.tell(event));
        }
    }

    fn tell_expiry(&self) {
        let mut state = self.state();
        let State { summary: Some(summary), expiry: expiry @ Expiry::ToTell, .. } = &mut *state
        else {
            return;
        };
        if jiff::Timestamp::now().as_second() > summary.expires {
            *expiry = Expiry::Told;
            let not_after = summary.not_after.clone();
            drop(state);
            self.log.tell(&Event::CertificateWarning(Warning::Expired { not_after }));
        }
    }
}

impl Expiry {
    fn of(warnings: &[Warning]) -> Self {
        let told = warnings.iter().any(|warning| matches!(warning, Warning::Expired { .. }));
        if told { Self::Told } else { Self::ToTell }
    }
}

impl State {
    /// Takes over what was loaded, if it is better than what is there. Returns what to tell.
    fn take(&mut self, loaded: Loaded, file: &Path, occasion: Occasion) -> Vec<Event> {
        self.stamp = loaded.stamp;
        let trouble = loaded.tls.trouble();
        let news = occasion == Occasion::Request || trouble != self.trouble;
        let tell = |reload| Event::Reload(file.to_owned(), reload);
        let events = match (&*self.tls, loaded.tls, loaded.summary) {
            (Tls::Ready(old), Tls::Ready(new), Some(summary)) if old.serves_the_same_as(&new) => {
                let event = tell(Reload::Unchanged(Box::new(summary)));
                if news { vec![event] } else { vec![] }
            }
            (old, Tls::Ready(new), Some(summary)) => {
                let first = !matches!(old, Tls::Ready(_));
                self.tls = Arc::new(Tls::Ready(new));
                self.expiry = Expiry::of(&loaded.warnings);
                self.summary = Some(summary.clone());
                let summary = Box::new(summary);
                let reload = if first { Reload::First(summary) } else { Reload::Done(summary) };
                let warnings = loaded.warnings.into_iter().map(Event::CertificateWarning);
                std::iter::once(tell(reload)).chain(warnings).collect()
            }
            (Tls::Ready(_), _, _) => {
                let reload = Reload::OldStays(trouble.clone().unwrap_or_default());
                if news { vec![tell(reload)] } else { vec![] }
            }
            (_, unusable, _) => {
                self.tls = Arc::new(unusable);
                let reload = Reload::StillUnusable(trouble.clone().unwrap_or_default());
                if news { vec![tell(reload)] } else { vec![] }
            }
        };
        self.trouble = trouble;
        events
    }
}
