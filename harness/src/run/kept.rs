//! What is kept of a case, so that a person can see by hand what the clients saw: the files that the subject was given,
//! what it printed, and a README with the commands that start it again and show the same.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustls_pki_types::CertificateDer;

use super::{ClientResult, StepResult, Verdict};
use crate::{
    case::{Action, Case, Visit},
    client::{self, Scheme},
    compare::REAL,
    fault::Command,
    host::Host,
    observation::{Outcome, TlsVersion},
};

/// Where the subject listens when it is started by hand: websockify's customary port.
pub(super) const LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 6080);
/// The file with what a case says.
pub const README: &str = "README";
/// The file with the authority that the clients trust from the beginning.
const AUTHORITY: &str = "authority.pem";
/// The file, beside a certificate's own, that a step imports.
const IMPORTED: &str = "imported.pem";
/// How many clients are asked at once.
const ASKED: usize = 3;
/// What is larger is no certificate, and not worth keeping.
const LARGEST: u64 = 1 << 20;

/// A folder for what is kept, with a folder for each case in it.
///
/// Private keys are in it: nobody but its owner may enter the folders that are made in it (mode 0700), or read the
/// files (0600).
#[derive(Clone, Debug)]
pub struct Keep(PathBuf);

/// A folder in which nothing can be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Something is in it: what is there is not ours to replace.
    #[error("{} is not empty; name a new folder", .0.display())]
    NotEmpty(PathBuf),
    /// It cannot be made or written.
    #[error("{}: {source}; name a folder that you may write to", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Keep {
    /// In that folder, which is made if it is not there.
    ///
    /// # Errors
    /// It is not empty, or cannot be made.
    pub fn new(folder: &Path) -> Result<Self, KeepError> {
        let unwritable = |source| KeepError::Unwritable { path: folder.to_owned(), source };
        make_folder(folder).map_err(unwritable)?;
        match fs::read_dir(folder).map_err(unwritable)?.next() {
            Some(_) => Err(KeepError::NotEmpty(folder.to_owned())),
            None => Ok(Self(folder.to_owned())),
        }
    }

    /// The folder of a case.
    pub fn of(&self, case: &str) -> PathBuf {
        self.0.join(case)
    }
}

/// A case that was played.
pub(super) struct Kept<'a> {
    pub case: &'a Case,
    /// The folder of its files, with one for each certificate.
    pub files: &'a Path,
    /// What the clients trust from the beginning.
    pub authority: CertificateDer<'static>,
    /// What its steps import, by the certificates' names.
    pub imported: Vec<(&'a str, CertificateDer<'static>)>,
    /// The command that starts the subject, from the case's folder.
    pub command: String,
    /// What the subject printed.
    pub log: Vec<String>,
    pub clients: &'a [ClientResult],
}

impl Kept<'_> {
    /// Writes it.
    pub(super) fn write(&self, keep: &Keep) -> Result<(), KeepError> {
        let folder = keep.of(&self.case.id);
        let write = |path: &Path| -> io::Result<()> {
            make_folder(path)?;
            copy_files(self.files, path)?;
            create(&path.join(AUTHORITY), &certificate(&self.authority))?;
            for (name, imported) in &self.imported {
                create(&path.join(name).join(IMPORTED), &certificate(imported))?;
            }
            let log = self.log.iter().fold(String::new(), |text, line| text + line + "\n");
            create(&path.join("log.txt"), &log)?;
            create(&path.join(README), &self.readme())
        };
        write(&folder).map_err(|source| KeepError::Unwritable { path: folder.clone(), source })
    }

    fn readme(&self) -> String {
        let mut text = format!("{}\n{}\n", self.case.id, self.case.title);
        // Writing to a string does not fail.
        let _ = self.describe(&mut text);
        text
    }

    fn describe(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "\nPrivate keys are in this folder. They were made for this case; use them for nothing else."
        )?;
        writeln!(
            text,
            "\nStart the proxy again, in this folder (its target matters only once a WebSocket is open):\n"
        )?;
        writeln!(text, "  {}\n", self.command)?;
        writeln!(text, "The same by hand, in this folder, while it runs:")?;
        for visit in self.visits() {
            for command in commands(visit, self.tls(), &self.asked()) {
                writeln!(text, "\n  # {}\n  {}", command.why, command.line)?;
            }
        }
        for (name, _) in &self.imported {
            writeln!(
                text,
                "\nA step imports {name}/{IMPORTED}: from then on it stands in the place of {AUTHORITY}."
            )?;
        }
        writeln!(text, "\nWhat the clients showed:\n")?;
        for client in self.clients {
            for step in &client.steps {
                writeln!(
                    text,
                    "  {}, step {} ({}): {}",
                    client.client,
                    step.number,
                    step.action,
                    came(step)
                )?;
            }
        }
        writeln!(text, "\nWhat the proxy printed is in log.txt.")
    }

    /// Where the case goes, each host and scheme once.
    fn visits(&self) -> Vec<&Visit> {
        let mut visits: Vec<&Visit> = Vec::new();
        for step in &self.case.steps {
            let (Action::Open(visit, _) | Action::Browse(visit, _)) = &step.action else {
                continue;
            };
            let is_alike = |other: &&Visit| {
                other.host == visit.host && other.scheme.is_secure() == visit.scheme.is_secure()
            };
            if !visits.iter().any(is_alike) {
                visits.push(visit);
            }
        }
        visits
    }

    /// The clients to ask by hand: those that were asked here, as far as they go by their names.
    fn asked(&self) -> String {
        let names = self.clients.iter().map(|client| client.client.trim_start_matches(REAL));
        let known: Vec<&str> =
            names.filter(|name| client::find(name).is_ok()).take(ASKED).collect();
        if known.is_empty() { "chromium,firefox".to_owned() } else { known.join(",") }
    }

    fn tls(&self) -> TlsVersion {
        self.case.tls_up_to.unwrap_or(TlsVersion::Tls13)
    }
}

fn came(step: &StepResult) -> String {
    match (&step.observation, &step.verdict) {
        (Some(seen), _) => match &seen.outcome {
            Outcome::Connected => "connected".to_owned(),
            Outcome::Refused(refusal) => format!("refused, {refusal}"),
        },
        (None, Verdict::Skipped(why) | Verdict::Trouble(why)) => why.clone(),
        (None, _) => "not tried".to_owned(),
    }
}

/// What shows the same by hand. Names lead to loopback by options of the tools, without a change to the machine.
fn commands(visit: &Visit, tls: TlsVersion, clients: &str) -> Vec<Command> {
    let port = LISTEN.1;
    let (host, bare) = (&visit.host, visit.host.bare());
    let is_name = matches!(host, Host::Name(_));
    let secure = visit.scheme.is_secure();
    let scheme = if secure { "https" } else { "http" };
    let url = quoted(&format!("{scheme}://{host}:{port}{}", visit.path));
    let resolve = match is_name {
        true => format!(" --resolve {bare}:{port}:127.0.0.1"),
        false => format!(" --connect-to ::127.0.0.1:{port}"),
    };
    let old = tls == TlsVersion::Tls12;
    let mut commands = Vec::new();
    if secure {
        let asked = match is_name {
            true => format!("-servername {bare} -verify_hostname {bare}"),
            false => format!("-noservername -verify_ip {bare}"),
        };
        let version = if old { " -tls1_2" } else { "" };
        commands.push(Command {
            why: "OpenSSL: the chain as it is served, and what it verifies (`verify error:`).",
            line: format!(
                "openssl s_client -connect 127.0.0.1:{port} {asked}{version} -verify_return_error -CAfile {AUTHORITY} < /dev/null"
            ),
        });
    }
    let trust = if secure { format!(" --cacert {AUTHORITY}") } else { String::new() };
    let most = if secure && old { " --tls-max 1.2" } else { "" };
    commands.push(Command {
        why: "curl: one page, as a tool sees it.",
        line: format!("curl -v{trust}{most}{resolve} {url}"),
    });
    let websocket = if secure { Scheme::Wss } else { Scheme::Ws };
    let address = quoted(&format!("{websocket}://{host}:{port}{}", visit.path));
    commands.push(Command {
        why: "A simulated client, with everything that it sees.",
        line: format!(
            "wssure open {address} --connect 127.0.0.1:{port}{}{most} --client {clients}",
            if secure { format!(" --trust {AUTHORITY}") } else { String::new() }
        ),
    });
    commands.push(Command {
        why: "Chromium, with a profile of its own; it trusts authority.pem only once you have imported it.",
        line: format!(
            "chromium --user-data-dir=\"$(mktemp -d)\" --host-resolver-rules={} {url}",
            quoted(&format!("MAP {host} 127.0.0.1"))
        ),
    });
    if is_name {
        commands.push(Command {
            why: "Firefox, with a profile of its own; import authority.pem in its settings.",
            line: format!(
                "profile=\"$(mktemp -d)\" && echo 'user_pref(\"network.dns.localDomains\", \"{bare}\");' > \"$profile/user.js\" && firefox --no-remote --profile \"$profile\" {url}"
            ),
        });
    }
    commands
}

/// As a shell takes it for one word; only a NUL cannot be quoted, and no argument holds one.
pub(super) fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

fn certificate(der: &CertificateDer<'_>) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der.as_ref()))
}

/// The folder, for its owner alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file that was not there before, for its owner alone.
fn create(path: &Path, text: &str) -> io::Result<()> {
    write_new(path, text.as_bytes())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

/// The files of a folder and those below it, as far as they are files that one would look into.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // Links are not followed, and from a pipe nothing would ever come.
        let (kind, target) = (entry.metadata()?, to.join(entry.file_name()));
        if kind.is_dir() {
            make_folder(&target)?;
            copy_files(&entry.path(), &target)?;
        } else if kind.is_file() && kind.len() <= LARGEST {
            write_new(&target, &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
