//! Visits something that runs: sessions of any length come without pause, and each has to be served to its end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::task::JoinSet;

use crate::link::{Dialer, Sessions, Size, Speaks};
use crate::pattern::Pattern;

/// Where to, and how long.
#[derive(Debug, clap::Args)]
pub struct Visit {
    /// Where it listens
    address: SocketAddr,
    /// Come over wss://, and trust this certificate, which is for bench.example.test
    #[arg(long)]
    cafile: Option<PathBuf>,
    /// What is asked for
    #[arg(long, default_value = "/")]
    path: String,
    /// Begin sessions for so many seconds
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// No session goes on for longer
    #[arg(long, default_value_t = 3.0)]
    longest: f64,
    /// So many at a time
    #[arg(long, default_value_t = 20)]
    clients: usize,
}

/// Between two messages of a session.
const PAUSE: Duration = Duration::from_millis(20);

/// No longer may an echo take.
const PATIENCE: Duration = Duration::from_secs(10);

const MESSAGE: usize = 200;

/// Visits, and prints how many sessions there were.
///
/// # Errors
/// A session did not begin, or ended before its client ended it.
pub async fn run(visit: &Visit) -> Result<(), Box<dyn Error>> {
    let authority = visit.cafile.as_ref().map(CertificateDer::from_pem_file).transpose()?;
    let dialer =
        Dialer::new(visit.address, authority.as_ref(), Speaks::WebSocket, Sessions::Resumed);
    let dialer = dialer.path(&visit.path);
    let end = Instant::now() + Duration::try_from_secs_f64(visit.seconds)?;
    let longest = Duration::try_from_secs_f64(visit.longest)?;
    let message = Pattern::new().at(0, MESSAGE).to_vec();
    let mut clients = JoinSet::new();
    for _ in 0..visit.clients {
        let (dialer, message) = (dialer.clone(), message.clone());
        clients.spawn(async move {
            let mut sessions = 0_u64;
            while Instant::now() < end {
                session(&dialer, &message, longest.mul_f64(fastrand::f64())).await?;
                sessions += 1;
            }
            io::Result::Ok(sessions)
        });
    }
    let mut sessions = 0;
    while let Some(client) = clients.join_next().await {
        sessions += client??;
    }
    println!("{sessions} sessions, each served to its end");
    Ok(())
}

async fn session(dialer: &Dialer, message: &[u8], time: Duration) -> io::Result<()> {
    let begun = Instant::now();
    let mut link = dialer.dial(Size::Small).await?;
    let wrapped = link.wrap(message, MESSAGE);
    loop {
        let echo = tokio::time::timeout(PATIENCE, link.echo(&wrapped, message));
        echo.await.map_err(|_| io::ErrorKind::TimedOut)?.map_err(|error| {
            let after = begun.elapsed().as_secs_f64();
            io::Error::new(
                error.kind(),
                format!("after {after:.1} s of {:.1} s: {error}", time.as_secs_f64()),
            )
        })?;
        if begun.elapsed() > time {
            return link.close().await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
