//! A case's stage: its certificates on disk, its subject running, its folder gone at the end.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    RunError,
    beside::Beside,
    installed::Installed,
    kept::{LISTEN, quoted},
    rights,
    target::{Admits, Behind, Targets},
};
use crate::{
    case::{Case, Identity, MAIN, Port, TARGET, Target},
    certificate::{
        KEY_PASSWORD, Kind, Lab, MintError, Minted, Owner, Paths, Shape, Specification, encode,
    },
    client::{Route, Scheme},
    dialogue::{self, Dialogue, Met, PlayedTarget, Renewal, Stand},
    subject::{
        Launch, Line, ListenAt, PlainClients, Running, StartFailure, Subject, SubjectOption,
    },
};

/// How long a subject may take to be ready.
pub(super) const START_LIMIT: Duration = Duration::from_secs(15);

/// What a subject that is started by hand relays to: a VNC server, where there is one.
const TARGET_BY_HAND: ([u8; 4], u16) = ([127, 0, 0, 1], 5900);

/// The certificates of a case, in files.
pub(super) struct Props {
    folder: TempDir,
    minted: BTreeMap<String, (Minted, Paths)>,
    web: Option<PathBuf>,
    /// The main certificate's files, where they are to be renewed while they are served.
    installed: Option<Installed>,
    authority: CertificateDer<'static>,
    /// What the subject is started through, where a file is not for it to read.
    through: Vec<String>,
}

impl Props {
    /// Makes and writes them.
    pub(super) fn make(case: &Case, lab: &Lab) -> Result<Self, PropsError> {
        let folder = temporary_folder()?;
        let owner = Owner::new()?;
        let mut minted: BTreeMap<String, (Minted, Paths)> = BTreeMap::new();
        // Those that need no signer first: a signer is never signed by another of its case.
        let (alone, signed): (Vec<_>, Vec<_>) =
            case.certificates.iter().partition(|(_, need)| need.signer.is_none());
        for (name, need) in alone.into_iter().chain(signed) {
            let signer = need.signer.as_ref().and_then(|signer| minted.get(signer));
            let specification = match signer {
                Some((signer, _)) => Specification::issued_by(signer, need.host.clone()),
                None => Specification::new(need.kind, need.host.clone()),
            };
            let specification = Specification {
                owner: owner.clone(),
                parameters: need.parameters.clone(),
                shape: need.shape,
                ..specification
            };
            let certificate = lab.mint(&specification)?;
            let delivery = case.subject.identity.delivery();
            let paths =
                certificate.write(&folder.path().join(name), delivery, &delivery.names())?;
            minted.insert(name.clone(), (certificate, paths));
        }
        let through = bind(&minted)?;
        let authority = lab.authority();
        let mut props = Self { folder, minted, web: None, installed: None, authority, through };
        if let Some(renewal) = case.first_renewal() {
            let (_, from) = &props.minted[MAIN];
            let folder = props.folder.path().join("served");
            props.installed = Some(Installed::new(folder, from, renewal)?);
        }
        if case.subject.options.contains(&SubjectOption::Web) {
            props.web = Some(props.make_web()?);
        }
        Ok(props)
    }

    /// A web folder as an operator might have it, with the mistake that many make: the key in it.
    fn make_web(&self) -> std::io::Result<PathBuf> {
        let web = self.folder.path().join("web-root");
        std::fs::create_dir(&web)?;
        std::fs::write(web.join("index.html"), "<!doctype html><title>web root</title>\n")?;
        if let Some((main, _)) = self.minted.get(MAIN) {
            let files = main.files();
            if let Some(certificate) = &files.certificate {
                std::fs::write(web.join("proxy.crt"), certificate.bytes())?;
            }
            if let Some(both) = &files.one_file {
                std::fs::write(web.join("self.pem"), both.bytes())?;
            }
        }
        Ok(web)
    }

    /// A file with an authority: that of a certificate of the case, or the run's.
    fn authority_file(&self, name: &str, of: Option<&str>) -> std::io::Result<PathBuf> {
        let certificate =
            of.and_then(|of| self.certificate(of)).map_or(&self.authority, Minted::anchor);
        let path = self.folder.path().join(name);
        std::fs::write(&path, encode("CERTIFICATE", certificate))?;
        Ok(path)
    }

    /// Puts that certificate's files in the place of those that are served.
    fn renew(&self, name: &str, renewal: Renewal) -> Result<(), String> {
        let (Some(installed), Some((_, from))) = (&self.installed, self.minted.get(name)) else {
            return Err(format!("there is no certificate {name} to renew with"));
        };
        installed.renew(from, renewal).map_err(|error| error.to_string())
    }

    pub(super) fn certificate(&self, name: &str) -> Option<&Minted> {
        self.minted.get(name).map(|(minted, _)| minted)
    }

    /// Where they are, each certificate in a folder of its name.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The command for a shell that starts the subject with what the case begins with, in a folder with these files.
    pub(super) fn command(
        &self,
        case: &Case,
        subject: &Subject,
        wssure: Option<PathBuf>,
    ) -> String {
        let relative = |path: &Path| path.strip_prefix(self.folder()).unwrap_or(path).to_owned();
        let paths = self.minted.get(MAIN).map(|(_, paths)| paths);
        let mut launch = Launch::new(TARGET_BY_HAND.into(), "");
        launch.listen = ListenAt::Exactly(LISTEN.into());
        launch.wssure = wssure;
        launch.web = self.web.as_deref().map(relative);
        if case.subject.options.contains(&SubjectOption::SslOnly) {
            launch.plain = PlainClients::Refused;
        }
        let folder = match case.subject.identity {
            Identity::DefaultFile => format!("cd {MAIN} && "),
            Identity::Cert | Identity::CertAndKey => {
                launch.cert = paths.map(|paths| relative(&paths.certificate));
                launch.key = paths.and_then(|paths| paths.key.as_deref()).map(relative);
                String::new()
            }
        };
        let words = subject.command_line(&launch, LISTEN.into());
        let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        format!("{folder}{}", words.join(" "))
    }
}

/// What has to start the subject so that it cannot read those that nobody may read.
fn bind(minted: &BTreeMap<String, (Minted, Paths)>) -> Result<Vec<String>, PropsError> {
    let forbidden = minted.values().find_map(|(minted, paths)| match minted.shape() {
        Shape::Unreadable | Shape::Unreachable => Some(paths.certificate.as_path()),
        Shape::UnreadableKey => paths.key.as_deref(),
        _ => None,
    });
    let through = forbidden.map(rights::bound_by_mode).transpose();
    Ok(through.map_err(PropsError::NotHere)?.unwrap_or_default())
}

/// The folder cannot be removed while one in it cannot be entered.
impl Drop for Props {
    fn drop(&mut self) {
        for name in self.minted.keys() {
            rights::give_back(&self.folder.path().join(name));
        }
    }
}

/// A case's files that could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PropsError {
    #[error(transparent)]
    Certificate(#[from] MintError),
    #[error("{0}")]
    NotHere(&'static str),
    #[error("a case's files cannot be written below {place}: {0}; TMPDIR names another place", place = std::env::temp_dir().display())]
    Folder(#[from] std::io::Error),
}

impl From<PropsError> for RunError {
    fn from(error: PropsError) -> Self {
        match error {
            PropsError::Certificate(error) => Self::Certificates(error),
            PropsError::Folder(_) | PropsError::NotHere(_) => Self::Setup(error.to_string()),
        }
    }
}

fn temporary_folder() -> Result<TempDir, PropsError> {
    Ok(tempfile::Builder::new().prefix("wssure-").tempdir()?)
}

/// A case's subjects.
pub(super) struct Stage<'a> {
    case: &'a Case,
    subject: &'a Subject,
    props: &'a Props,
    target: Behind,
    wssure: Option<PathBuf>,
    first: Option<Running>,
    other: Option<Running>,
    /// What clients meet that come to none of the two.
    beside: BTreeMap<Port, Beside>,
    serving: String,
    /// What those have printed that were stopped.
    printed: Vec<Line>,
}

impl<'a> Stage<'a> {
    /// Starts what the case needs.
    pub(super) async fn set(
        case: &'a Case,
        subject: &'a Subject,
        props: &'a Props,
        targets: &Targets,
        wssure: Option<PathBuf>,
    ) -> Result<Self, StartFailure> {
        let target = behind(case, props, targets).await.map_err(|source| StartFailure::Io {
            subject: subject.name().to_owned(),
            doing: "making a target for it".to_owned(),
            source,
        })?;
        let mut stage = Self {
            case,
            subject,
            props,
            target,
            wssure,
            first: None,
            other: None,
            beside: BTreeMap::new(),
            serving: MAIN.to_owned(),
            printed: Vec::new(),
        };
        stage.first = Some(stage.start(MAIN, None).await?);
        for port in case.ports() {
            match port {
                Port::Same => {}
                Port::Other => stage.other = Some(stage.start(MAIN, None).await?),
                Port::Closed => {
                    stage.beside.insert(port, Beside::nobody(targets.nobody));
                }
                _ => {
                    let beside = Beside::start(port, props.certificate(MAIN)).await;
                    let beside = beside.map_err(|source| StartFailure::Io {
                        subject: subject.name().to_owned(),
                        doing: "making a server beside it".to_owned(),
                        source,
                    })?;
                    stage.beside.insert(port, beside);
                }
            }
        }
        Ok(stage)
    }

    /// Stops the first subject and starts it on the same port with another certificate.
    pub(super) async fn serve(&mut self, certificate: &str) -> Result<(), StartFailure> {
        let address = self.first.as_ref().map(Running::address);
        if let Some(first) = self.first.take() {
            self.printed.extend(stopped(first).await);
        }
        self.first = Some(self.start(certificate, address).await?);
        self.serving = certificate.to_owned();
        Ok(())
    }

    /// Plays a dialogue with the first subject: what came of each turn that waits, and how many connections it took.
    pub(super) async fn play(&mut self, dialogue: &Dialogue) -> Result<(Vec<Met>, u64), String> {
        let Some(subject) = self.first.as_ref().map(Running::address) else {
            return Err("the subject is not running".to_owned());
        };
        let props = self.props;
        let stand = Stand {
            subject,
            host: &self.case.main_certificate().host,
            target: self.target.played(),
            certificate: &|name| props.certificate(name).cloned(),
            renew: &|name, renewal| props.renew(name, renewal),
        };
        dialogue::play(dialogue, stand).await
    }

    /// The subject at that port; the first for a port that is none's, where nothing must reach it.
    pub(super) fn running(&self, port: Port) -> Option<&Running> {
        match port {
            Port::Other => self.other.as_ref(),
            _ => self.first.as_ref(),
        }
    }

    /// The way to what listens at that port.
    pub(super) fn route(&self, port: Port) -> Option<Route> {
        if port.is_of_subject() {
            return self.running(port).map(|running| Route::To(running.address()));
        }
        self.beside.get(&port).map(Beside::route)
    }

    /// How a client that accepts everything reaches the first subject.
    pub(super) fn control_scheme(&self) -> Scheme {
        match self.props.certificate(&self.serving).is_none_or(Minted::is_servable) {
            true => Scheme::Wss,
            false => Scheme::Ws,
        }
    }

    /// Whether what it serves is judged by the trust in the run's authority.
    pub(super) fn relies_on_authority(&self) -> bool {
        self.props
            .certificate(&self.serving)
            .is_some_and(|minted| minted.is_servable() && minted.kind().relies_on_authority())
    }

    fn authority_file(&self, name: &str, of: Option<&str>) -> Result<PathBuf, StartFailure> {
        self.props.authority_file(name, of).map_err(|source| StartFailure::Io {
            subject: self.subject.name().to_owned(),
            doing: format!("writing {name} for it"),
            source,
        })
    }

    /// Stops them, and gives all that they have printed.
    pub(super) async fn end(self) -> Vec<Line> {
        let mut printed = self.printed;
        for running in [self.first, self.other].into_iter().flatten() {
            printed.extend(stopped(running).await);
        }
        printed
    }

    async fn start(
        &self,
        certificate: &str,
        at: Option<SocketAddr>,
    ) -> Result<Running, StartFailure> {
        let (_, paths) = &self.props.minted[certificate];
        let paths = match &self.props.installed {
            Some(installed) if certificate == MAIN => installed.paths(),
            _ => paths,
        };
        let folder = self.props.folder.path();
        let target = self.target.address();
        let need = &self.case.subject;
        let mut launch = match need.identity {
            Identity::DefaultFile => Launch::new(target, folder.join(certificate)),
            Identity::Cert | Identity::CertAndKey => {
                let mut launch = Launch::new(target, folder);
                launch.cert = Some(paths.certificate.clone());
                launch.key.clone_from(&paths.key);
                launch
            }
        };
        if let Some(address) = at {
            launch.listen = ListenAt::Exactly(address);
        }
        launch.through.clone_from(&self.props.through);
        launch.wssure.clone_from(&self.wssure);
        launch.web.clone_from(&self.props.web);
        launch.target_name.clone_from(&need.target_name);
        for option in &need.options {
            match option {
                SubjectOption::SslOnly => launch.plain = PlainClients::Refused,
                SubjectOption::KeyPassword => launch.key_password = Some(KEY_PASSWORD.to_owned()),
                SubjectOption::Cafile => {
                    launch.cafile =
                        Some(self.authority_file("cafile.pem", need.cafile.as_deref())?);
                }
                SubjectOption::TargetCafile => {
                    let of = need.target_cafile.as_deref();
                    launch.target_cafile = Some(self.authority_file("target-cafile.pem", of)?);
                }
                SubjectOption::VerifyClient
                | SubjectOption::AskClient
                | SubjectOption::SslTarget
                | SubjectOption::TargetInsecure
                | SubjectOption::Tls13Only
                | SubjectOption::Tls12Only => launch.switches.push(*option),
                // What they need is in its place already.
                SubjectOption::Cert
                | SubjectOption::Key
                | SubjectOption::Web
                | SubjectOption::TargetName => {}
            }
        }
        self.subject.start(&launch, Instant::now() + START_LIMIT).await
    }
}

/// What the case has behind its subject.
async fn behind(case: &Case, props: &Props, targets: &Targets) -> std::io::Result<Behind> {
    let tls = async |admits| match props.certificate(TARGET) {
        Some(certificate) => Behind::tls(certificate, admits).await,
        None => Err(std::io::Error::other("the target has no certificate")),
    };
    match case.subject.target {
        Target::Echo if case.has_dialogue() => PlayedTarget::start().await.map(Behind::Played),
        Target::Echo => Ok(Behind::Shared(targets.echo())),
        Target::Nobody => Ok(Behind::Shared(targets.nobody)),
        Target::Vnc => Behind::vnc().await,
        Target::Tls => tls(Admits::Everybody).await,
        Target::TlsAsking => tls(Admits::HoldersFrom(props.authority.clone())).await,
    }
}

/// Stops it, and gives what it has printed to its end.
async fn stopped(running: Running) -> Vec<Line> {
    let log = running.log().clone();
    running.stop().await;
    log.lines()
}

/// Starts the subject once with a good certificate, so that one that cannot be started is told once and
/// not for every case.
pub(super) async fn rehearse(
    subject: &Subject,
    lab: &Lab,
    targets: &Targets,
    wssure: Option<PathBuf>,
) -> Result<Option<String>, RunError> {
    let folder = temporary_folder()?;
    let host = "localhost".parse().map_err(|error| RunError::Setup(format!("{error}")))?;
    let minted = lab.mint(&Specification::new(Kind::Good, host))?;
    let delivery = Identity::Cert.delivery();
    let paths = minted.write(folder.path(), delivery, &delivery.names())?;
    let mut launch = Launch::new(targets.echo(), folder.path());
    launch.cert = Some(paths.certificate);
    launch.wssure = wssure;
    let deadline = Instant::now() + START_LIMIT;
    let running = subject.start(&launch, deadline).await?;
    running.stop().await;
    Ok(subject.version(&launch, deadline).await)
}
