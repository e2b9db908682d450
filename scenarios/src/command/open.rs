//! `wssure open`: one URL, as one client or several would open it.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use wssure_harness::{
    certificate::Lab,
    client::{
        Actor, Client, Clock, Destination, OnWarning, PATIENCE, Payload, Profile, Route, Simulated,
        Wish,
        real::{Entrance, Proof},
    },
    observation::{Observation, TlsVersion},
    report,
    run::RunError,
};

use crate::{
    certificate_files, choose,
    exit::{self, Failure, Verdict, even_if_unread},
    interrupt::run_until_interrupted,
};

const EXAMPLES: &str = "\
Examples:
  wssure open wss://proxy.example.org/websockify
  wssure open wss://proxy.example.org/ --client firefox,ios,chrome-19
  wssure open wss://proxy.example.test/ --connect 127.0.0.1:6080 --trust authority.pem
  wssure open https://proxy.example.org:6080/    the page on which a browser would show its warning
  wssure open wss://proxy.example.org/ --json | jq '.clients[].observation.outcome'

Without --trust the client trusts the roots of this system, in place of those that its browser brings along.";

/// The arguments of `wssure open`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Arguments {
    /// What to open: wss://, ws://, https:// or http://
    #[arg(value_name = "URL")]
    url: Destination,

    /// Which clients, by name or by the path of a TOML file
    #[arg(
        long = "client",
        value_name = "NAME|PATH",
        value_delimiter = ',',
        default_value = "chromium"
    )]
    clients: Vec<String>,

    /// Trust the certificates of this PEM file, and nothing else; may be given again [default: the system's roots]
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,

    /// Connect there, whatever the URL's host and port
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,

    /// Offer no version of TLS above this
    #[arg(long, value_name = "VERSION")]
    tls_max: Option<TlsMax>,

    /// Have accepted the certificate of this PEM file (its first) on a warning before
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,

    /// Send this over the WebSocket, and see whether it comes back
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,

    /// How long an attempt may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,

    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// A version of TLS, for `--tls-max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TlsMax {
    /// RFC 5246
    #[value(name = "1.2")]
    Tls12,
    /// RFC 8446
    #[value(name = "1.3")]
    Tls13,
}

impl From<TlsMax> for TlsVersion {
    fn from(version: TlsMax) -> Self {
        match version {
            TlsMax::Tls12 => Self::Tls12,
            TlsMax::Tls13 => Self::Tls13,
        }
    }
}

/// More than a day is a mistake.
const LONGEST: f64 = 86_400.0;

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("write a number of seconds between 0 and {LONGEST}")),
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Opened {
    version: u32,
    url: String,
    clients: Vec<OpenedBy>,
}

#[derive(Serialize)]
struct OpenedBy {
    client: String,
    title: String,
    observation: Observation,
}

/// Opens it.
///
/// # Errors
/// It was not tried.
pub fn execute(arguments: Arguments) -> Result<Verdict, Failure> {
    let actors = choose::clients(&arguments.clients, Vec::new())?;
    let anchors = anchors(&arguments)?;
    let accepted = arguments.accept.as_deref().map(|file| first_certificate("--accept", file));
    let accepted = accepted.transpose()?;
    let opened = run_until_interrupted(async {
        let to = destination(&arguments).await?;
        let mut clients = Vec::new();
        for actor in &actors {
            let client = match actor {
                Actor::Simulated(profile) => {
                    let accepted = accepted.clone();
                    Box::new(simulated(
                        &arguments,
                        Arc::clone(profile),
                        anchors.clone(),
                        accepted,
                        &to,
                    ))
                }
                Actor::Real(_) => real(&arguments, actor, &anchors).await?,
            };
            clients.push(open(client, actor, &to, &arguments).await?);
            actor.retire().await;
        }
        Ok(Opened { version: 1, url: to.to_string(), clients })
    })?;
    let mut out = anstream::stdout().lock();
    even_if_unread(match arguments.json {
        true => show_json(&opened, &mut out),
        false => show(&opened, &mut out),
    })?;
    let all_connected = opened.clients.iter().all(|one| one.observation.is_connected());
    Ok(if all_connected { Verdict::AsExpected } else { Verdict::NotAsExpected })
}

async fn destination(arguments: &Arguments) -> Result<Destination, Failure> {
    let mut to = arguments.url.clone();
    if let Some(connect) = &arguments.connect {
        to.route = Route::To(look_up(connect).await?);
    }
    Ok(to)
}

async fn look_up(connect: &str) -> Result<SocketAddr, Failure> {
    let wrong = |reason: String| Failure::Call(format!("--connect {connect}: {reason}"));
    let mut found = tokio::net::lookup_host(connect)
        .await
        .map_err(|error| wrong(format!("{error}; write ADDR:PORT or HOST:PORT")))?;
    found.next().ok_or_else(|| wrong("this host has no address".to_owned()))
}

fn simulated(
    arguments: &Arguments,
    profile: Arc<Profile>,
    anchors: Vec<CertificateDer<'static>>,
    accepted: Option<CertificateDer<'static>>,
    to: &Destination,
) -> Simulated {
    let mut client = Simulated::new(profile).trusting(anchors).within(arguments.timeout);
    if let Some(version) = arguments.tls_max {
        client = client.tls_up_to(version.into());
    }
    if let Some(certificate) = accepted {
        client.accept(to, certificate, Wish::Permanent);
    }
    client
}

/// A real client that has shown that it judges certificates, and trusts what was asked for.
async fn real(
    arguments: &Arguments,
    actor: &Actor,
    anchors: &[CertificateDer<'static>],
) -> Result<Box<dyn Client>, Failure> {
    let trouble = |trouble| Failure::Trouble { client: actor.name().to_owned(), trouble };
    if arguments.accept.is_some() {
        let message = "--accept is for simulated clients; a real one is asked on its warning page";
        return Err(Failure::Call(message.to_owned()));
    }
    let lab = Lab::new()?;
    let entrance = Entrance {
        authority: lab.authority(),
        clock: Clock::System,
        tls: arguments.tls_max.map_or(TlsVersion::Tls13, TlsVersion::from),
        patience: PATIENCE,
        proof: Some(Arc::new(Proof::start(&lab).await.map_err(RunError::from)?)),
    };
    let mut client = actor.enter(&entrance).await.map_err(trouble)?;
    if !arguments.trust.is_empty() {
        // Without --trust it has the roots that it brings along.
        for anchor in anchors {
            client.import(anchor.clone()).await.map_err(trouble)?;
        }
    }
    Ok(client)
}

async fn open(
    mut client: Box<dyn Client>,
    actor: &Actor,
    to: &Destination,
    arguments: &Arguments,
) -> Result<OpenedBy, Failure> {
    let seen = if to.scheme.is_websocket() {
        let payload = arguments
            .send
            .as_ref()
            .map_or(Payload::Nothing, |text| Payload::MayReturn(text.clone().into_bytes()));
        client.open(to, &payload).await
    } else {
        client.browse(to, OnWarning::Leave).await
    };
    client.leave().await;
    let (client, title) = (actor.name().to_owned(), actor.title().to_owned());
    match seen {
        Ok(observation) => Ok(OpenedBy { client, title, observation }),
        Err(trouble) => Err(Failure::Trouble { client, trouble }),
    }
}

fn anchors(arguments: &Arguments) -> Result<Vec<CertificateDer<'static>>, Failure> {
    if arguments.trust.is_empty() && !arguments.url.scheme.is_secure() {
        return Ok(Vec::new());
    }
    certificate_files::anchors(&arguments.trust)
}

fn first_certificate(option: &str, file: &Path) -> Result<CertificateDer<'static>, Failure> {
    // `read` gives at least one.
    certificate_files::read(option, file).map(|mut found| found.swap_remove(0))
}

fn show_json(opened: &Opened, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, opened)?;
    writeln!(out)
}

fn show(opened: &Opened, out: &mut dyn Write) -> io::Result<()> {
    for (index, one) in opened.clients.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{} as {} would open it", opened.url, one.title)?;
        report::observation::write(&one.observation, out)?;
    }
    Ok(())
}
