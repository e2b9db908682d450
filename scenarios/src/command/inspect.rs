//! `wssure inspect`: what is wrong with certificates in files, and who would refuse them.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anstyle::Style;
use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Serialize;
use wssure_harness::{
    client::{self, Profile, profile::Era},
    fault::Command,
    host::Host,
    inspect::describe,
    observation::Certificate,
    opinion::{self, Asked, Judged, Opinion, Opinions},
};
use wssure_proxy::{IdentityError, IdentityFiles};

use crate::{
    certificate_files,
    exit::{self, Failure, Verdict, even_if_unread},
    mending,
};

const EXAMPLES: &str = "\
Examples:
  wssure inspect fullchain.pem --host proxy.example.org
  wssure inspect cert.pem chain.pem --key key.pem --host 192.0.2.7 --client firefox,ios
  wssure inspect self.pem --host proxy.example.test --trust authority.pem --at 2027-01-31
  wssure inspect fullchain.pem --host proxy.example.org --json | jq '.found[] | select(.\"decides-for\" != [])'

The certificates are taken as a server would send them: the first is the server's own. Without --trust clients trust
the roots of this system.";

/// The arguments of `wssure inspect`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Arguments {
    /// The certificates, the server's own first: PEM files, or DER
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The host in the URL
    #[arg(long, value_name = "NAME")]
    host: Host,

    /// The private key, which should be the first certificate's [default: one in the first file, if there is one]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Trust the certificates of this file, and nothing else; may be given again [default: the system's roots]
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,

    /// When: a date, or a moment such as 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<UnixTime>,

    /// Which clients, by name or by the path of a TOML file [default: all of today]
    #[arg(long = "client", value_name = "NAME|PATH", value_delimiter = ',')]
    clients: Vec<String>,

    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
}

fn moment(text: &str) -> Result<UnixTime, String> {
    let moment = text.parse::<Timestamp>().or_else(|error| {
        let date = text.parse::<Date>().map_err(|_| error)?;
        date.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp())
    });
    let seconds = moment.map(|moment| u64::try_from(moment.as_second()));
    match seconds {
        Ok(Ok(seconds)) => Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
        _ => {
            Err("write a date such as 2027-01-31, or a moment such as 2027-01-31T12:00:00Z"
                .to_owned())
        }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Inspected {
    version: u32,
    host: Host,
    certificates: Vec<Option<Certificate>>,
    /// What is wrong with the key file; nothing if there is none, or nothing is.
    key: Option<KeyProblem>,
    #[serde(flatten)]
    opinions: Opinions,
    /// What makes it good for all of these clients, as commands; none where none refuses, or no command helps.
    mend: Vec<Command>,
}

/// A key that does not go with the certificate.
#[derive(Serialize)]
struct KeyProblem {
    reason: String,
    mend: String,
}

/// Inspects them.
///
/// # Errors
/// A file cannot be used, or there is no such client.
pub fn execute(arguments: &Arguments) -> Result<Verdict, Failure> {
    let clients = clients(&arguments.clients)?;
    let files = arguments.files.iter().map(|file| certificate_files::read("FILE", file));
    let sent = files.collect::<Result<Vec<_>, _>>()?.concat();
    let anchors = certificate_files::anchors(&arguments.trust)?;
    let asked = Asked {
        sent: &sent,
        host: &arguments.host,
        anchors: &anchors,
        now: arguments.at.unwrap_or_else(UnixTime::now),
    };
    let opinions = opinion::ask(&clients, &asked);
    let inspected = Inspected {
        version: 1,
        host: arguments.host.clone(),
        certificates: sent.iter().map(describe).collect(),
        key: key_problem(arguments),
        mend: opinions.remedy().commands(Some(&arguments.host)),
        opinions,
    };
    let mut out = anstream::stdout().lock();
    even_if_unread(match arguments.json {
        true => show_json(&inspected, &mut out),
        false => show(&inspected, &sent, &mut out),
    })?;
    let is_refused = inspected.opinions.are_against() || inspected.key.is_some();
    Ok(if is_refused { Verdict::NotAsExpected } else { Verdict::AsExpected })
}

fn clients(wanted: &[String]) -> Result<Vec<std::sync::Arc<Profile>>, Failure> {
    if wanted.is_empty() {
        let all = client::built_in()?.into_iter();
        return Ok(all.filter(|profile| profile.era == Era::Today).collect());
    }
    wanted.iter().map(|name| Ok(client::find(name)?)).collect()
}

/// What the proxy would say of certificate and key, where there is a key.
fn key_problem(arguments: &Arguments) -> Option<KeyProblem> {
    let first = arguments.files.first()?;
    if arguments.key.is_none() && !has_key(first) {
        return None;
    }
    let files = IdentityFiles { cert: first.clone(), key: arguments.key.clone(), password: None };
    match files.load() {
        Ok(_) => None,
        // That needs no key, and the clients say more of it.
        Err(IdentityError::BadCertificate { .. }) => None,
        Err(error) => Some(KeyProblem { reason: error.reason(), mend: error.mend() }),
    }
}

fn has_key(file: &Path) -> bool {
    let content = std::fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&content).contains("PRIVATE KEY-----")
}

fn show_json(inspected: &Inspected, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, inspected)?;
    writeln!(out)
}

const HEADING: Style = Style::new().bold();

fn show(
    inspected: &Inspected,
    sent: &[CertificateDer<'static>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let host = &inspected.host;
    writeln!(out, "{HEADING}{host}{HEADING:#}, {} certificate(s)", sent.len())?;
    for (number, certificate) in inspected.certificates.iter().enumerate() {
        match certificate {
            Some(one) => writeln!(
                out,
                "  {}  {} (issued by {}; {} to {})",
                number + 1,
                one.subject,
                one.issuer,
                one.not_before,
                one.not_after
            )?,
            None => writeln!(out, "  {}  cannot be read", number + 1)?,
        }
    }
    if let Some(problem) = &inspected.key {
        writeln!(
            out,
            "\n{HEADING}The key{HEADING:#}\n  {}\n  mend: {}",
            problem.reason, problem.mend
        )?;
    }
    let (remarks, faults): (Vec<&Judged>, Vec<&Judged>) =
        inspected.opinions.found.iter().partition(|one| one.is_remark());
    if !faults.is_empty() {
        writeln!(out, "\n{HEADING}Faults{HEADING:#}")?;
        faults.iter().try_for_each(|one| show_fault(one, out))?;
    }
    if !remarks.is_empty() {
        writeln!(out, "\n{HEADING}Remarks, which none of these clients minds{HEADING:#}")?;
        remarks.iter().try_for_each(|one| show_finding(one, out))?;
    }
    writeln!(out, "\n{HEADING}Who connects{HEADING:#}")?;
    let width = inspected.opinions.clients.iter().map(|one| one.client.len()).max().unwrap_or(0);
    inspected.opinions.clients.iter().try_for_each(|one| show_opinion(one, width, out))?;
    if !inspected.mend.is_empty() {
        writeln!(out, "\n{HEADING}To mend it, in commands{HEADING:#}")?;
        mending::write(&inspected.mend, out)?;
    }
    Ok(())
}

fn show_finding(one: &Judged, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  {}", one.finding.fault)?;
    if let Some(place) = one.finding.place {
        write!(out, " ({place})")?;
    }
    writeln!(out, ": {}", one.finding.detail)
}

fn show_fault(one: &Judged, out: &mut dyn Write) -> io::Result<()> {
    show_finding(one, out)?;
    let mut who = Vec::new();
    if !one.decides_for.is_empty() {
        who.push(format!("decides for {}", one.decides_for.join(", ")));
    }
    if !one.minded_by.is_empty() {
        who.push(format!("minded by {}", one.minded_by.join(", ")));
    }
    writeln!(out, "      {}", who.join("; "))?;
    writeln!(out, "      mend: {}", one.finding.fault.mend())
}

fn show_opinion(one: &Opinion, width: usize, out: &mut dyn Write) -> io::Result<()> {
    match &one.refuses {
        None => writeln!(out, "  {:width$}  connects", one.client),
        Some(refusing) => {
            write!(out, "  {:width$}  refuses: {}", one.client, refusing.fault)?;
            if let Some(code) = &refusing.code {
                write!(out, ", {code}")?;
            }
            match refusing.alert {
                Some(alert) => writeln!(out, ", alert {} {alert}", alert.0),
                None => writeln!(out, ", no alert"),
            }
        }
    }
}
