//! A proxy: bound, then serving until it is told to stop.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep, timeout};

use crate::connection::{Connection, Shared};
use crate::event::{ClientEvent, Event, OptionWarning};
use crate::http::Site;
use crate::limits::{self, Crowded, Places};
use crate::listen::Listener;
use crate::log::{self, Log, Manner};
use crate::metrics;
use crate::opening_hours::OpeningHours;
use crate::prepared::Prepared;
use crate::served::{Served, ServedCertificates};
use crate::settings::{Lifetime, Settings};
use crate::start_error::StartError;
use crate::wrap::{self, Ended, Program};

/// How long sessions may take to end when the proxy is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How long to wait when the system gives no more connections: others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A proxy that listens.
///
/// ```
/// use wssure_proxy::{Endpoint, LogSink, Proxy, Settings, Target};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let target = Target::Tcp(Endpoint::new("127.0.0.1", 5900));
/// let mut settings = Settings::new(Endpoint::new("127.0.0.1", 0), target);
/// settings.log = LogSink::callback(|event| println!("{event}"));
/// let proxy = Proxy::bind(settings).await?;
/// let address = proxy.local_addr();
///
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let serving = tokio::spawn(proxy.serve(async { drop(stopped.await) }));
/// let _connection = tokio::net::TcpStream::connect(address).await.unwrap();
/// stop.send(()).unwrap();
/// serving.await.unwrap();
/// # Ok::<(), wssure_proxy::StartError>(()) }).unwrap();
/// ```
pub struct Proxy {
    listener: Listener,
    address: SocketAddr,
    metrics: Option<metrics::Server>,
    lifetime: Lifetime,
    hours: OpeningHours,
    drain: Option<Duration>,
    program: Option<Program>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Loads the certificate, listens, and logs the settings.
    ///
    /// A certificate that cannot serve is an error only with [`PlainClients::Refused`](crate::PlainClients::Refused); otherwise it is logged and
    /// `ws://` is served.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        let log = open_log(&settings)?;
        let prepared = Prepared::load(&settings, &log)?;
        let listener = Listener::open(&settings.listen)
            .await
            .map_err(|error| StartError::Listen { listen: settings.listen.clone(), error })?;
        let address = listener.tcp_address();
        let metrics = match &settings.metrics {
            None => None,
            Some(endpoint) => Some(
                metrics::Server::bind(endpoint)
                    .await
                    .map_err(|error| StartError::Metrics { endpoint: endpoint.clone(), error })?,
            ),
        };

        log.tell(&Event::Settings);
        listener.events().iter().for_each(|event| log.tell(event));
        if !settings.proxy_protocol.is_empty() {
            log.tell(&Event::ProxyProtocol(settings.proxy_protocol.clone()));
        }
        prepared.events.iter().for_each(|event| log.tell(event));
        let Prepared { destination, mut program, gate, setup, identities, web, recorder, .. } =
            prepared;
        let destination = Arc::new(destination);
        if let Some(address) = address
            && let Some(target) = destination.own_listener(address).await
        {
            let warning = OptionWarning::TargetIsOwnPort(target.clone());
            log.tell(&Event::OptionWarning(warning));
        }
        if let Some(server) = &metrics {
            log.tell(&Event::Metrics(server.address));
        }
        for address in &listener.addresses {
            log.tell(&Event::Proxying(address.clone(), destination.targets()));
        }
        if let Some(program) = &mut program {
            program.start()?;
        }

        let served = identities
            .into_iter()
            .map(|(files, loaded)| Served::new(loaded, files, setup.clone(), Arc::clone(&log)));
        let shared = Shared {
            site: Arc::new(Site {
                limits: settings.limits.clone(),
                gate,
                web,
                log: Arc::clone(&log),
                destination: Arc::clone(&destination),
            }),
            served: ServedCertificates::new(served.collect()),
            log,
            proxy_protocol: settings.proxy_protocol,
            plain: settings.plain,
            places: Places::new(settings.limits.connections_per_client),
            limits: settings.limits,
            destination,
            heartbeat: settings.times.heartbeat.filter(|interval| !interval.is_zero()),
            traffic: settings.traffic,
            recorder,
            session_over: Notify::new(),
        };
        let hours = OpeningHours::from_now(settings.times);
        let drain = settings.times.drain.filter(|limit| !limit.is_zero());
        let lifetime = settings.lifetime;
        // Nobody can connect to it.
        let address = address.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        Ok(Self {
            listener,
            address,
            metrics,
            lifetime,
            hours,
            drain,
            program,
            shared: Arc::new(shared),
        })
    }

    /// Reads all that a start reads, and does not listen. Given is what the start would say about it; what of that is a
    /// [`Severity::Error`](crate::Severity::Error) keeps some clients from being served.
    pub fn check(settings: &Settings) -> Result<Vec<Event>, StartError> {
        let log = open_log(settings)?;
        Ok(Prepared::load(settings, &log)?.events)
    }

    /// The TCP address it listens on, the first if there are several, with the real port where 0 was asked for. A proxy
    /// without TCP has 0.0.0.0 and port 0 here.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What loads the certificate anew while the proxy serves.
    pub fn reloader(&self) -> Reloader {
        Reloader(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` is done, until the end of the first session with [`Lifetime::OneSession`], or until one
    /// of its [`Times`](crate::Times) is over. Then no connection is accepted any more, and sessions are closed with
    /// 1001, after [`Times::drain`](crate::Times::drain); only those that are open at the end of
    /// [`Times::accepting`](crate::Times::accepting) may go on to their end. A wrapped program ends with it, and with
    /// [`WrapMode::Exit`](crate::WrapMode::Exit) it ends with that.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Ended {
        let Self { mut listener, metrics, lifetime, mut hours, drain, mut program, shared, .. } =
            self;
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let places = shared.limits.connections.unwrap_or_else(limits::connections_within);
        let mut shutdown = std::pin::pin!(shutdown);
        let mut closing = Closing::Now;
        let mut ended = Ended::AsTold;
        // It ends with this.
        let mut asides = JoinSet::new();
        if let Some(server) = metrics {
            asides.spawn(server.serve(Arc::clone(&shared.log.metrics)));
        }
        let mut counted = interval_at(Instant::now() + log::PERIOD, log::PERIOD);
        loop {
            let open = connections.len();
            tokio::select! {
                () = &mut shutdown => {
                    closing = drain.map_or(Closing::Now, Closing::Within);
                    break;
                }
                () = shared.session_over.notified(), if lifetime == Lifetime::OneSession => break,
                _ = counted.tick() => shared.log.tell_repeats(),
                // Ended ones are taken out as they end.
                Some(_) = connections.join_next() => hours.connection_ended(),
                status = wrap::attend(&mut program) => {
                    ended = Ended::WithProgram(status);
                    break;
                }
                limit = hours.over(open) => {
                    shared.log.tell(&Event::TimeIsUp(limit));
                    closing = Closing::WithTheLastSession;
                    break;
                }
                accepted = listener.accept() => match accepted {
                    Ok(None) => {
                        closing = Closing::WithTheLastSession;
                        break;
                    }
                    Ok(Some((_, peer))) if open >= places.get() => {
                        let crowded = Crowded::Everywhere(places.get());
                        shared.log.tell(&Event::Client(peer, ClientEvent::Crowded(crowded)));
                    }
                    Ok(Some((stream, peer))) => {
                        let open = shared.log.metrics.connection();
                        let connection = Connection { shared: Arc::clone(&shared), peer, stop: stopping.clone() };
                        connections.spawn(async move {
                            connection.serve(stream).await;
                            drop(open);
                        });
                    }
                    Err(error) => {
                        shared.log.tell(&Event::AcceptFailed(error));
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        shared.log.metrics.drain();
        let open = connections.len();
        match closing {
            Closing::Now => {}
            Closing::Within(limit) => {
                shared.log.tell(&Event::Draining(open, limit));
                let _ = timeout(limit, all_of(&mut connections)).await;
            }
            Closing::WithTheLastSession => tokio::select! {
                () = &mut shutdown => {}
                () = all_of(&mut connections) => {}
            },
        }
        // Nobody listens if there is no session.
        let _ = stop.send(true);
        let _ = timeout(GRACE, all_of(&mut connections)).await;
        connections.shutdown().await;
        if let Some(program) = program {
            program.end().await;
        }
        shared.log.tell_all_repeats();
        shared.log.tell(&Event::Stopped);
        shared.log.finish().await;
        ended
    }
}

/// Waits for the end of all connections.
async fn all_of(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// When sessions end whose proxy ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    Now,
    Within(Duration),
    WithTheLastSession,
}

/// Loads a proxy's certificate anew.
///
/// The proxy itself looks at its files at each TLS connection; this is for who wants to know at once, or changed
/// something that does not show in the files' metadata.
#[derive(Clone)]
pub struct Reloader(Arc<Shared>);

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloader").finish_non_exhaustive()
    }
}

impl Reloader {
    /// Loads certificate and key. What came of it is logged; files that cannot serve leave the old certificate.
    pub async fn reload(&self) {
        self.0.served.reload().await;
    }
}

fn open_log(settings: &Settings) -> Result<Arc<Log>, StartError> {
    let manner = Manner {
        verbosity: settings.verbosity,
        format: settings.log_format,
        refusals: settings.refusals,
    };
    let log = Log::open(&settings.log, manner, settings.syslog.as_ref());
    log.map(Arc::new).map_err(|error| StartError::Log {
        path: match &settings.log {
            crate::log::LogSink::File(path) => path.clone(),
            _ => PathBuf::new(),
        },
        error,
    })
}
