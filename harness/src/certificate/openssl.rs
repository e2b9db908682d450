//! openssl, run as a person runs it: the wiki's command, and what turns files into other forms.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use wait_timeout::ChildExt;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::{Key, MintError, Owner};
use crate::host::Host;

/// The command on the wiki page "Encrypted Connections" (novnc/websockify).
pub const COMMAND: &str = "openssl req -new -x509 -days 365 -nodes -out self.pem -keyout self.pem";

/// The file that it writes.
const FILE: &str = "self.pem";

/// The file that [`make`]'s commands write.
const MADE: &str = "made";

/// Where openssl's questions go, in the folder that it runs in.
const QUESTIONS: &str = "questions";

/// What runs, found in `PATH`; its arguments are the command's.
pub(super) fn program() -> Command {
    Command::new("openssl")
}

/// How long it may run: an RSA-2048 key takes a fraction of a second.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// What openssl wrote: each part of its file as it stands there, the key first.
pub(super) struct SelfPem {
    pub certificate: CertificateDer<'static>,
    pub certificate_text: String,
    pub key: Key,
    pub key_text: Zeroizing<String>,
}

/// Runs the command for a host in a folder of its own.
pub(super) fn run(
    program: Command,
    host: &Host,
    owner: &Owner,
    deadline: Duration,
) -> Result<SelfPem, MintError> {
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    answer(program, COMMAND, &answers_for(host, owner), deadline, folder.path())?;
    let text = fs::read_to_string(folder.path().join(FILE))
        .map_err(|error| failed(format!("it ended well, but {FILE} cannot be read: {error}")))?;
    read(Zeroizing::new(text), host)
}

/// A file that a command reads.
pub(super) struct Input<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// What an openssl command makes of some files, in a folder of its own, where it writes [`MADE`].
pub(super) fn make(arguments: &str, inputs: &[Input<'_>]) -> Result<Zeroizing<Vec<u8>>, MintError> {
    let command = format!("openssl {arguments}");
    let system = |error: io::Error| failed_at(&command, error.to_string());
    let folder = tempfile::tempdir().map_err(system)?;
    for input in inputs {
        fs::write(folder.path().join(input.name), input.bytes).map_err(system)?;
    }
    answer(program(), &command, "", DEADLINE, folder.path())?;
    fs::read(folder.path().join(MADE)).map(Zeroizing::new).map_err(system)
}

/// Starts the program, answers its questions, and waits for its good end, but no longer than the deadline.
/// Questions and answers pass through files, so that neither side can wait for the other.
fn answer(
    mut program: Command,
    command: &str,
    words: &str,
    deadline: Duration,
    folder: &Path,
) -> Result<(), MintError> {
    let system = |error: io::Error| failed_at(command, error.to_string());
    let answers = folder.join("answers");
    fs::write(&answers, words).map_err(system)?;
    let mut child = program
        .args(command.split_whitespace().skip(1))
        .current_dir(folder)
        .stdin(File::open(&answers).map_err(system)?)
        .stdout(Stdio::null())
        .stderr(File::create(folder.join(QUESTIONS)).map_err(system)?)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => MintError::OpensslMissing,
            _ => failed_at(command, error.to_string()),
        })?;
    let Some(outcome) = child.wait_timeout(deadline).map_err(system)? else {
        child.kill().and_then(|()| child.wait()).map_err(system)?;
        return Err(MintError::OpensslHung { command: command.to_owned(), after: deadline });
    };
    if outcome.success() {
        return Ok(());
    }
    let said = fs::read_to_string(folder.join(QUESTIONS)).unwrap_or_default();
    let last = said.trim().lines().last().unwrap_or("it said nothing").to_owned();
    Err(failed_at(command, format!("{outcome}; its last words: {last}")))
}

/// What a person types: the defaults for country, state and city, the organization, the default for the unit,
/// then the common name, then no mail address.
fn answers_for(host: &Host, owner: &Owner) -> String {
    format!("\n\n\n{}\n\n{}\n\n", owner.name(), host.bare())
}

/// Takes the file apart, and looks whether the answers met the questions that they were for: an
/// openssl.cnf may ask others.
fn read(text: Zeroizing<String>, host: &Host) -> Result<SelfPem, MintError> {
    let start = text
        .find("-----BEGIN CERTIFICATE-----")
        .ok_or_else(|| failed(format!("no certificate is in the {FILE} that it wrote")))?;
    let (key_text, certificate_text) = text.split_at(start);
    let unreadable = |error: rustls_pki_types::pem::Error| {
        failed(format!("the {FILE} that it wrote cannot be read: {error:?}"))
    };
    let certificate =
        CertificateDer::from_pem_slice(certificate_text.as_bytes()).map_err(unreadable)?;
    let key = match PrivateKeyDer::from_pem_slice(key_text.as_bytes()).map_err(unreadable)? {
        PrivateKeyDer::Pkcs8(key) => Key::from_pkcs8(key.secret_pkcs8_der()),
        _ => return Err(failed(format!("the key in the {FILE} that it wrote is not PKCS#8"))),
    };
    let name = common_name(&certificate);
    if name.as_deref() != Some(host.bare().as_ref()) {
        let name = name.unwrap_or_else(|| "none".to_owned());
        return Err(failed(format!(
            "its certificate's common name is `{name}`, not `{host}`: does its openssl.cnf ask other questions than the usual?"
        )));
    }
    Ok(SelfPem {
        certificate,
        certificate_text: certificate_text.to_owned(),
        key,
        key_text: Zeroizing::new(key_text.to_owned()),
    })
}

fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

fn failed(reason: String) -> MintError {
    failed_at(COMMAND, reason)
}

fn failed_at(command: &str, reason: String) -> MintError {
    MintError::OpensslFailed { command: command.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        "proxy.example.test".parse().unwrap()
    }

    fn error_of(program: Command, deadline: Duration) -> MintError {
        run(program, &host(), &Owner::default(), deadline).err().unwrap()
    }

    /// A program in openssl's place that does not look at its arguments.
    fn shell(script: &str) -> Command {
        let mut program = Command::new("sh");
        program.args(["-c", script]);
        program
    }

    #[test]
    fn without_openssl_that_is_the_error() {
        let error = error_of(Command::new("/nonexistent/openssl"), DEADLINE);
        assert!(matches!(error, MintError::OpensslMissing), "{error}");
    }

    #[test]
    fn an_openssl_that_fails_is_quoted() {
        let error = error_of(shell("echo 'no such day' >&2; exit 3"), DEADLINE).to_string();
        assert!(error.starts_with("`openssl req -new -x509 -days 365"), "{error}");
        assert!(error.ends_with("exit status: 3; its last words: no such day"), "{error}");
    }

    #[test]
    fn an_openssl_that_writes_nothing_is_an_error() {
        let error = error_of(shell("exit 0"), DEADLINE).to_string();
        assert!(error.contains("it ended well, but self.pem cannot be read"), "{error}");
    }

    #[test]
    fn an_openssl_that_never_ends_is_ended() {
        let error = error_of(shell("exec sleep 3600"), Duration::from_millis(50));
        assert!(matches!(error, MintError::OpensslHung { .. }), "{error}");
    }

    #[test]
    fn a_configuration_that_asks_otherwise_is_noticed() {
        let made = run(program(), &host(), &Owner::default(), DEADLINE).unwrap();
        let text = format!("{}{}", *made.key_text, made.certificate_text);
        let error = read(Zeroizing::new(text), &"other.example.test".parse().unwrap());
        let error = error.err().unwrap().to_string();
        assert!(error.contains("common name is `proxy.example.test`, not `other"), "{error}");
    }
}
