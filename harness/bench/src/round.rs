//! A run: everybody's turn in each measurement, round by round, so that what the machine does meanwhile hits all.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use tokio::time::Instant;
use wssure_harness::certificate::{Delivery, Kind, Lab, Specification};
use wssure_harness::host::Host;
use wssure_harness::subject::{Launch, Running, SubjectOption};

use crate::book::{Book, Failure};
use crate::direct;
use crate::link::{Dialer, HOST, Sessions, Speaks};
use crate::measure::{Figure, Measurement, Scene};
use crate::misdeed::Misdeed;
use crate::pattern::Pattern;
use crate::peer::Peer;
use crate::scheme::Scheme;
use crate::target::Target;

/// How long a proxy may take to listen.
const START: Duration = Duration::from_secs(10);

/// What is to be measured.
pub struct Plan {
    pub peers: Vec<Peer>,
    pub schemes: Vec<Scheme>,
    pub measurements: Vec<Measurement>,
    pub rounds: usize,
    /// For each measurement that goes by time.
    pub time: Duration,
}

/// What all measurements share.
pub struct Stage {
    folder: tempfile::TempDir,
    cert: PathBuf,
    pub authority: CertificateDer<'static>,
    pub pattern: Arc<Pattern>,
    pub target: Target,
}

/// Measures all, and tells `progress` of each.
///
/// # Errors
/// What everything needs could not be set up. A proxy that fails is in the book.
pub async fn run(plan: &Plan, progress: impl Fn(&str)) -> Result<Book, Box<dyn Error>> {
    let stage = Stage::set()?;
    let mut book = Book::default();
    for round in 0..plan.rounds {
        for &scheme in &plan.schemes {
            for &measurement in &plan.measurements {
                let able = plan.peers.iter().filter(|peer| peer.schemes.contains(&scheme));
                for peer in able.filter(|peer| can(peer, scheme, measurement)) {
                    progress(&format!(
                        "round {} of {}: {scheme} {}, {}",
                        round + 1,
                        plan.rounds,
                        measurement.name(),
                        peer.name
                    ));
                    match stage.measure(peer, scheme, measurement, plan.time).await {
                        Ok(figures) => book.enter(scheme, measurement, &peer.name, round, &figures),
                        Err(error) => {
                            let words = error.to_string();
                            book.fail(Failure {
                                scheme,
                                measurement,
                                name: peer.name.clone(),
                                words,
                            });
                        }
                    }
                }
            }
        }
    }
    Ok(book)
}

/// Whether it makes sense to ask it for this.
fn can(peer: &Peer, scheme: Scheme, measurement: Measurement) -> bool {
    match measurement {
        Measurement::Idle(connections) => peer.idle.is_none_or(|most| connections <= most),
        // There is nothing between the two ends that could hoard.
        Measurement::Stall => peer.subject.is_some(),
        Measurement::Sessions(Sessions::Resumed) => scheme == Scheme::Wss,
        // One that is a process for each connection has no room for so many.
        Measurement::Beside(misdeed) => {
            let tls = !matches!(misdeed, Misdeed::HalfHello | Misdeed::NoRequest);
            peer.speaks == Speaks::WebSocket
                && peer.idle.is_none()
                && (tls || scheme == Scheme::Wss)
        }
        _ => true,
    }
}

impl Stage {
    /// A certificate, and a target.
    ///
    /// # Errors
    /// One of them could not be made.
    pub fn set() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let lab = Lab::new()?;
        let minted = lab.mint(&Specification::new(Kind::Good, Host::Name(HOST.to_owned())))?;
        let names = Delivery::OneFile.names();
        let paths = minted.write(folder.path(), Delivery::OneFile, &names)?;
        let pattern = Arc::new(Pattern::new());
        let target = Target::start(Arc::clone(&pattern))?;
        Ok(Self { cert: paths.certificate, authority: lab.authority(), folder, pattern, target })
    }

    async fn measure(
        &self,
        peer: &Peer,
        scheme: Scheme,
        measurement: Measurement,
        time: Duration,
    ) -> Result<Vec<Figure>, Box<dyn Error>> {
        let running = match &peer.subject {
            Some(_) => Some(self.start(peer, scheme).await?),
            None => None,
        };
        let address = match &running {
            Some(running) => running.address(),
            None => direct::start(self.cert_for(scheme), &self.pattern, &self.target.books)?,
        };
        let authority = (scheme == Scheme::Wss).then_some(&self.authority);
        let scene = Scene {
            dialer: Dialer::new(address, authority, peer.speaks, measurement.sessions()),
            pattern: &self.pattern,
            books: &self.target.books,
            processes: Box::new(|| running.as_ref().map(Running::processes).unwrap_or_default()),
        };
        let figures = measurement.run(&scene, time).await;
        let ended = running.as_ref().and_then(Running::exited);
        let log = running.as_ref().map(|running| running.log().lines()).unwrap_or_default();
        drop(scene);
        if let Some(running) = running {
            running.stop().await;
        }
        figures.map_err(|error| {
            let last = log.last().map(|line| format!("; its last words: {}", line.text));
            let status = ended.map(|status| format!("; it ended: {status}"));
            let more = status.or(last).unwrap_or_default();
            io::Error::new(error.kind(), format!("{error}{more}")).into()
        })
    }

    fn cert_for(&self, scheme: Scheme) -> Option<&Path> {
        (scheme == Scheme::Wss).then_some(self.cert.as_path())
    }

    /// Starts one of them.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&self, peer: &Peer, scheme: Scheme) -> Result<Running, Box<dyn Error>> {
        let subject = peer.subject.as_ref().ok_or("nothing to start")?;
        let folder = tempfile::tempdir_in(&self.folder)?.keep();
        let mut launch = Launch::new(self.target.address, folder);
        launch.wssure = Some(peer.program.clone());
        if subject.offers(SubjectOption::Cert) {
            launch.cert = self.cert_for(scheme).map(Path::to_owned);
        }
        Ok(subject.start(&launch, Instant::now() + START).await?)
    }
}
