//! A proxy: bound, then serving until it is told to stop.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep, timeout};

use crate::auth::{self, AuthSource, Authentication, AuthenticationError, Gate};
use crate::authorities::{Authorities, AuthoritiesError};
use crate::connection::{Connection, Shared};
use crate::event::{Event, OptionWarning, cause};
use crate::http::{OwnFile, ProtectedFiles, Site, WebFolder};
use crate::identity::{IdentityError, IdentityFiles};
use crate::listen::Listener;
use crate::log::{self, Log, Manner};
use crate::opening_hours::OpeningHours;
use crate::record::Recorder;
use crate::served::{Loaded, Served, Tls};
use crate::settings::{
    ClientCertificates, Lifetime, Listen, Password, PlainClients, Settings, Target, TargetTrust,
    Targets, TlsVersion, TlsVersions,
};
use crate::target::{Destination, Listed, TargetTlsSetup};
use crate::tls::{ClientCheck, TlsSetup};
use crate::token::{BadLine, TokenSourceError, TokenTargets};
use crate::traffic::Traffic;
use crate::wrap::{self, Ended, Program, WrapError};

/// How long sessions may take to end when the proxy is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How long to wait when the system gives no more connections: others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a proxy cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The log file cannot be opened.
    #[error("cannot write the log file {}: {}", path.display(), cause(error))]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {}{}", cause(error), listen_hint(listen, error))]
    Listen {
        /// The address.
        listen: Listen,
        /// Why.
        error: io::Error,
    },
    /// The web folder cannot be opened.
    #[error("cannot serve the web folder {}: {}", path.display(), cause(error))]
    Web {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The password of the private key cannot be read.
    #[error("no password of the private key in {} (--key-password-file): {}", path.display(), cause(error))]
    KeyPassword {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// TLS only, and no certificate file.
    #[error("SSL only and {} not found", path.display())]
    SslOnlyWithoutFile {
        /// The file.
        path: PathBuf,
    },
    /// TLS only, and a broken certificate or key file.
    #[error("SSL only and no usable certificate: {0}")]
    SslOnlyWithBrokenFile(Arc<IdentityError>),
    /// The authorities of client certificates cannot be loaded.
    #[error("no authorities for client certificates (--cafile): {0}")]
    ClientAuthorities(AuthoritiesError),
    /// The authorities of the target's certificate cannot be loaded.
    #[error("no authorities for the target's certificate (--ssl-target-cafile): {0}")]
    TargetAuthorities(AuthoritiesError),
    /// What the target's certificate should name is neither a name nor an address.
    #[error(
        "{name:?} cannot be the name of a certificate: give one with --ssl-target-name, host.example or 192.0.2.1"
    )]
    TargetName {
        /// What was given.
        name: String,
    },
    /// The tokens cannot be read.
    #[error(transparent)]
    Tokens(#[from] TokenSourceError),
    /// It cannot be known who may come in.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// The wrapped program cannot be started.
    #[error(transparent)]
    Program(#[from] WrapError),
    /// The oldest TLS version is newer than the newest.
    #[error(
        "no TLS version to speak: {oldest} at least (--ssl-version) and {newest} at most (--ssl-max-version)"
    )]
    NoTlsVersion {
        /// The least.
        oldest: TlsVersion,
        /// The most.
        newest: TlsVersion,
    },
    /// rustls does not start.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

fn listen_hint(listen: &Listen, error: &io::Error) -> &'static str {
    let Listen::Tcp(..) = listen else { return "" };
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program listens there: choose another port, or end that program"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 are for privileged users",
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        _ => "",
    }
}

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
    /// A certificate that cannot serve is an error only with [`PlainClients::Refused`]; otherwise it is logged and
    /// `ws://` is served.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        let TlsVersions { oldest, newest } = settings.tls_versions;
        if oldest > newest {
            return Err(StartError::NoTlsVersion { oldest, newest });
        }
        let log = open_log(&settings)?;
        let (destination, bad_line, mut program) = destination(&settings, &log)?;
        let destination = Arc::new(destination);
        let (clients, client_events) = client_check(&settings)?;
        let (gate, gate_events) = gate(&settings)?;
        let setup = TlsSetup {
            clients,
            versions: settings.tls_versions,
            ciphers: settings.ciphers.clone(),
        };
        let files = IdentityFiles {
            cert: settings.cert.clone(),
            key: settings.key.clone(),
            password: key_password(&settings)?,
        };
        let loaded = load(&files, &setup, settings.plain)?;
        let protected = own_files(&settings);
        let web = match &settings.web {
            None => None,
            Some(path) => Some(
                WebFolder::open(path, settings.listing, protected)
                    .map_err(|error| StartError::Web { path: path.clone(), error })?,
            ),
        };
        let listener = Listener::open(&settings.listen)
            .await
            .map_err(|error| StartError::Listen { listen: settings.listen.clone(), error })?;
        let address = listener.tcp_address();

        log.tell(&Event::Settings);
        listener.events().iter().for_each(|event| log.tell(event));
        if let Some(path) = &settings.web {
            log.tell(&Event::WebRoot(
                path.canonicalize().unwrap_or_else(|_| path.clone()),
                settings.listing,
            ));
        }
        if settings.tls_versions != TlsVersions::default() {
            log.tell(&Event::TlsVersions(settings.tls_versions));
        }
        if let Some(ciphers) = &settings.ciphers {
            log.tell(&Event::Ciphers(ciphers.clone()));
            for word in ciphers.idle() {
                log.tell(&Event::OptionWarning(OptionWarning::IdleCipher(word.clone())));
            }
        }
        tls_events(&loaded, &files).iter().for_each(|event| log.tell(event));
        client_events.iter().chain(&gate_events).for_each(|event| log.tell(event));
        if settings.plain == PlainClients::Refused {
            log.tell(&Event::PlainRefused);
        }
        if let Some(tls) = &destination.tls {
            log.tell(&Event::TargetTls(tls.name(), tls.authorities().cloned()));
            if tls.authorities().is_none() {
                log.tell(&Event::OptionWarning(OptionWarning::TargetNotVerified));
            }
        }
        if settings.traffic == Traffic::Shown {
            log.tell(&Event::TrafficShown);
        }
        let recorder = settings.record.as_deref().map(Recorder::new);
        if let Some(recorder) = &recorder {
            log.tell(&Event::Recording(recorder.path().to_owned()));
            log.tell(&Event::OptionWarning(OptionWarning::Recorded));
        }
        for warning in &settings.command_line_warnings {
            log.tell(&Event::OptionWarning(warning.clone()));
        }
        if let Some(line) = bad_line {
            log.tell(&Event::OptionWarning(OptionWarning::BadTokenLine(line)));
        }
        if let Some(address) = address
            && let Some(target) = destination.own_listener(address).await
        {
            let warning = OptionWarning::TargetIsOwnPort(target.clone());
            log.tell(&Event::OptionWarning(warning));
        }
        for address in &listener.addresses {
            log.tell(&Event::Proxying(address.clone(), destination.targets()));
        }
        if let Some(program) = &mut program {
            program.start()?;
        }

        let shared = Shared {
            site: Arc::new(Site {
                gate,
                web,
                log: Arc::clone(&log),
                destination: Arc::clone(&destination),
            }),
            served: Served::new(loaded, files, setup, Arc::clone(&log)),
            log,
            plain: settings.plain,
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
        Ok(Self { listener, address, lifetime, hours, drain, program, shared: Arc::new(shared) })
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
        let Self { mut listener, lifetime, mut hours, drain, mut program, shared, .. } = self;
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        let mut closing = Closing::Now;
        let mut ended = Ended::AsTold;
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
                    Ok(Some((stream, peer))) => {
                        let connection = Connection { shared: Arc::clone(&shared), peer, stop: stopping.clone() };
                        connections.spawn(connection.serve(stream));
                    }
                    Err(error) => {
                        shared.log.tell(&Event::AcceptFailed(error));
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
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

fn key_password(settings: &Settings) -> Result<Option<Password>, StartError> {
    match (&settings.key_password, &settings.key_password_file) {
        (Some(password), _) => Ok(Some(password.clone())),
        (None, Some(path)) => Password::from_file(path)
            .map(Some)
            .map_err(|error| StartError::KeyPassword { path: path.clone(), error }),
        (None, None) => Ok(None),
    }
}

/// Where sessions go, and how; the first line of a token file that cannot be read; and the program to be started.
fn destination(
    settings: &Settings,
    log: &Arc<Log>,
) -> Result<(Destination, Option<BadLine>, Option<Program>), StartError> {
    let mut program = None;
    let (listed, bad_line) = match &settings.targets {
        Targets::One(target) => (Listed::One(target.clone()), None),
        Targets::Program(wrap) => {
            let (prepared, door) = Program::prepare(wrap, &settings.listen, Arc::clone(log))?;
            program = Some(prepared);
            (Listed::Program(door), None)
        }
        Targets::ByToken(tokens) => {
            let (tokens, bad_line) = TokenTargets::open(tokens)?;
            (Listed::ByToken(tokens), bad_line)
        }
    };
    let Some(tls) = &settings.target_tls else {
        return Ok((Destination { listed, tls: None }, bad_line, program));
    };
    let authorities = match &tls.trust {
        TargetTrust::Anything => None,
        TargetTrust::System => Some(Authorities::load(None)),
        TargetTrust::File(file) => Some(Authorities::load(Some(file))),
    };
    let authorities = authorities.transpose().map_err(StartError::TargetAuthorities)?;
    let host = match &listed {
        Listed::One(Target::Tcp(endpoint)) => endpoint.host.as_ref(),
        Listed::One(Target::Unix(_)) | Listed::ByToken(_) | Listed::Program(_) => None,
    };
    let name = tls.name.as_ref().or(host).map(|name| {
        ServerName::try_from(name.to_owned())
            .map_err(|_| StartError::TargetName { name: name.to_owned() })
    });
    let tls = TargetTlsSetup::new(name.transpose()?, authorities).map_err(StartError::Tls)?;
    Ok((Destination { listed, tls: Some(tls) }, bad_line, program))
}

/// What is asked of clients, and what to log about it.
fn client_check(settings: &Settings) -> Result<(Option<ClientCheck>, Vec<Event>), StartError> {
    let asked = settings.client_certificates;
    if asked == ClientCertificates::NotAsked {
        let unused = settings.client_authorities.as_ref();
        let warning = unused.map(|_| OptionWarning::CafileWithoutVerifyClient);
        return Ok((None, warning.map(Event::OptionWarning).into_iter().collect()));
    }
    let authorities = Authorities::load(settings.client_authorities.as_deref())
        .map_err(StartError::ClientAuthorities)?;
    let mut events = vec![Event::ClientCertificates(asked, authorities.origin.clone())];
    if settings.plain == PlainClients::Allowed {
        events.push(Event::OptionWarning(OptionWarning::PlainClientsNotVerified));
    }
    let check = ClientCheck::new(asked, authorities).map_err(StartError::Tls)?;
    Ok((Some(check), events))
}

/// The files that the web folder keeps to itself.
fn own_files(settings: &Settings) -> ProtectedFiles {
    let key = settings.key.as_ref().unwrap_or(&settings.cert);
    let mut files = vec![(key.clone(), OwnFile::Key)];
    if let Some(Authentication { source: AuthSource::File(path), .. }) = &settings.authentication {
        files.push((path.clone(), OwnFile::WhoMayComeIn));
    }
    if let Targets::ByToken(tokens) = &settings.targets {
        files.push((tokens.source.clone(), OwnFile::Tokens));
    }
    ProtectedFiles::new(files)
}

/// Who may come in, and what to log about it.
fn gate(settings: &Settings) -> Result<(Option<Gate>, Vec<Event>), StartError> {
    let Some(authentication) = &settings.authentication else { return Ok((None, Vec::new())) };
    let (gate, count) = Gate::open(authentication, settings.client_certificates)?;
    let events = auth::announce(authentication, count, settings);
    Ok((Some(gate), events))
}

/// Loads the certificate for the start.
fn load(
    files: &IdentityFiles,
    setup: &TlsSetup,
    plain: PlainClients,
) -> Result<Loaded, StartError> {
    let loaded = Loaded::load(files, setup).map_err(StartError::Tls)?;
    match (&loaded.tls, plain) {
        (Tls::Missing(_), PlainClients::Refused) => {
            Err(StartError::SslOnlyWithoutFile { path: files.cert.clone() })
        }
        (Tls::Broken(error), PlainClients::Refused) => {
            Err(StartError::SslOnlyWithBrokenFile(Arc::clone(error)))
        }
        _ => Ok(loaded),
    }
}

/// What the start says about TLS.
fn tls_events(loaded: &Loaded, files: &IdentityFiles) -> Vec<Event> {
    let first = match (&loaded.tls, &loaded.summary) {
        (Tls::Broken(error), _) => Event::TlsBroken(Arc::clone(error)),
        (_, Some(summary)) => Event::Tls(files.cert.clone(), Box::new(summary.clone())),
        (_, None) => Event::TlsMissing,
    };
    let warnings = loaded.warnings.iter().cloned().map(Event::TlsWarning);
    std::iter::once(first).chain(warnings).collect()
}
