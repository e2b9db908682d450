//! All that a proxy reads before it listens: certificate, authorities, tokens, rules, the web folder.

use std::fs;
use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::auth::{self, AuthSource, Authentication, Gate};
use crate::authorities::Authorities;
use crate::event::{Event, OptionWarning};
use crate::http::{OwnFile, ProtectedFiles, WebFolder};
use crate::identity::IdentityFiles;
use crate::log::Log;
use crate::record::Recorder;
use crate::served::{Loaded, Tls};
use crate::settings::{
    CertificateFiles, ClientCertificates, Password, PlainClients, Settings, Target, TargetTrust,
    Targets, TlsVersions,
};
use crate::start_error::StartError;
use crate::target::{Destination, Listed, TargetTlsSetup, Verified};
use crate::tls::{ClientCheck, TlsSetup};
use crate::token::TokenTargets;
use crate::traffic::Traffic;
use crate::wrap::Program;

/// What was read.
pub(crate) struct Prepared {
    pub(crate) destination: Destination,
    /// Not started yet.
    pub(crate) program: Option<Program>,
    pub(crate) gate: Option<Gate>,
    pub(crate) setup: TlsSetup,
    /// The first is for whoever asks for no name of the others.
    pub(crate) identities: Vec<(IdentityFiles, Loaded)>,
    pub(crate) web: Option<WebFolder>,
    pub(crate) recorder: Option<Recorder>,
    /// What the start says about it.
    pub(crate) events: Vec<Event>,
}

/// The errors of a start, all that can be found at once.
#[derive(Default)]
struct Errors(Vec<StartError>);

impl Errors {
    /// Keeps the error of a result.
    fn of<T>(&mut self, result: Result<T, StartError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }
}

impl Prepared {
    /// Reads it. The error is all that can be told at once.
    pub(crate) fn load(settings: &Settings, log: &Arc<Log>) -> Result<Self, StartError> {
        let mut errors = Errors::default();
        let TlsVersions { oldest, newest } = settings.tls_versions;
        if oldest > newest {
            errors.0.push(StartError::NoTlsVersion { oldest, newest });
        }
        let destination = errors.of(destination(settings, log));
        let clients = errors.of(client_check(settings));
        let gate = errors.of(gate(settings));
        let tls = errors.of(key_password(settings)).and_then(|password| {
            let (clients, client_events) = clients?;
            let setup = TlsSetup {
                clients,
                versions: settings.tls_versions,
                ciphers: settings.ciphers.clone(),
            };
            // Without a version there is nothing to set up.
            let files = (oldest <= newest).then(|| identity_files(settings, password.as_ref()))?;
            let loaded = files.into_iter().map(|files| {
                let loaded = load(&files, &setup, settings.plain);
                errors.of(loaded).map(|loaded| (files, loaded))
            });
            // Each is looked at, whatever is wrong with the others.
            let loaded: Vec<_> = loaded.collect();
            let identities: Option<Vec<_>> = loaded.into_iter().collect();
            Some((identities?, setup, client_events))
        });
        let web = errors.of(web_folder(settings));
        errors.of(record_folder(settings));
        let (
            Some((destination, token_warning, program)),
            Some((gate, gate_events)),
            Some((identities, setup, client_events)),
            Some(web),
            [],
        ) = (destination, gate, tls, web, &errors.0[..])
        else {
            return Err(StartError::all(errors.0));
        };

        let mut events = Vec::new();
        if let Some(path) = &settings.web {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            events.push(Event::WebRoot(path, settings.listing));
        }
        if settings.tls_versions != TlsVersions::default() {
            events.push(Event::TlsVersions(settings.tls_versions));
        }
        if let Some(ciphers) = &settings.ciphers {
            events.push(Event::Ciphers(ciphers.clone()));
            let idle = ciphers.idle().iter().cloned().map(OptionWarning::IdleCipher);
            events.extend(idle.map(Event::OptionWarning));
        }
        events.extend(tls_events(&identities));
        events.extend(client_events);
        events.extend(gate_events);
        if settings.plain == PlainClients::Refused {
            events.push(Event::PlainRefused);
        }
        if let Some(tls) = &destination.tls {
            events.push(Event::TargetTls(
                tls.name(),
                tls.authorities().cloned(),
                tls.pins().to_vec(),
            ));
            if tls.verified() == Verified::No {
                events.push(Event::OptionWarning(OptionWarning::TargetNotVerified));
            }
        }
        if settings.traffic == Traffic::Shown {
            events.push(Event::TrafficShown);
        }
        let recorder = settings.record.as_deref().map(Recorder::new);
        if let Some(recorder) = &recorder {
            events.push(Event::Recording(recorder.path().to_owned()));
            events.push(Event::OptionWarning(OptionWarning::Recorded));
        }
        let warnings = settings.command_line_warnings.iter().cloned();
        let warnings = warnings.chain(token_warning);
        events.extend(warnings.map(Event::OptionWarning));
        Ok(Self { destination, program, gate, setup, identities, web, recorder, events })
    }
}

/// Sees whether there is a folder to record in; whether it takes a file shows with the first session.
fn record_folder(settings: &Settings) -> Result<(), StartError> {
    let Some(path) = &settings.record else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.map(fs::metadata) {
        Some(Err(error)) => Err(StartError::Record { path: path.clone(), error }),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn web_folder(settings: &Settings) -> Result<Option<WebFolder>, StartError> {
    let Some(path) = &settings.web else { return Ok(None) };
    WebFolder::open(path, settings.listing, own_files(settings))
        .map(Some)
        .map_err(|error| StartError::Web { path: path.clone(), error })
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

/// Where sessions go, and how; what to warn of about their tokens; and the program to be started.
fn destination(
    settings: &Settings,
    log: &Arc<Log>,
) -> Result<(Destination, Option<OptionWarning>, Option<Program>), StartError> {
    let mut program = None;
    let limit = settings.limits.target;
    let (listed, warning) = match &settings.targets {
        Targets::One(target) => (Listed::One(target.clone()), None),
        Targets::Program(wrap) => {
            let (prepared, door) = Program::prepare(wrap, &settings.listen, Arc::clone(log))?;
            program = Some(prepared);
            (Listed::Program(door), None)
        }
        Targets::ByToken(tokens) => {
            let (tokens, warning) = TokenTargets::open(tokens)?;
            (Listed::ByToken(Box::new(tokens)), warning)
        }
    };
    let Some(tls) = &settings.target_tls else {
        return Ok((Destination { listed, tls: None, limit }, warning, program));
    };
    let authorities = match &tls.trust {
        TargetTrust::Anything | TargetTrust::Key => None,
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
    let tls = TargetTlsSetup::new(name.transpose()?, authorities, tls.pins.clone())
        .map_err(StartError::Tls)?;
    Ok((Destination { listed, tls: Some(tls), limit }, warning, program))
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
    let mut files: Vec<_> = identity_files(settings, None)
        .into_iter()
        .map(|files| (files.key.unwrap_or(files.cert), OwnFile::Key))
        .collect();
    if let Some(path) = &settings.key_password_file {
        files.push((path.clone(), OwnFile::KeyPassword));
    }
    if let Some(Authentication { source: AuthSource::File(path), .. }) = &settings.authentication {
        files.push((path.clone(), OwnFile::WhoMayComeIn));
    }
    if let Targets::ByToken(tokens) = &settings.targets {
        files.extend(tokens.source.own_file().map(|(path, file)| (path.to_owned(), file)));
    }
    files.extend(settings.options_file.clone().map(|path| (path, OwnFile::Options)));
    ProtectedFiles::new(files)
}

/// Who may come in, and what to log about it.
fn gate(settings: &Settings) -> Result<(Option<Gate>, Vec<Event>), StartError> {
    let Some(authentication) = &settings.authentication else { return Ok((None, Vec::new())) };
    let (gate, count) = Gate::open(authentication, settings.client_certificates)?;
    let events = auth::announce(authentication, count, settings);
    Ok((Some(gate), events))
}

/// The files of all certificates, that for all clients first.
fn identity_files(settings: &Settings, password: Option<&Password>) -> Vec<IdentityFiles> {
    let first = CertificateFiles { cert: settings.cert.clone(), key: settings.key.clone() };
    std::iter::once(&first)
        .chain(&settings.further_certificates)
        .map(|CertificateFiles { cert, key }| IdentityFiles {
            cert: cert.clone(),
            key: key.clone(),
            password: password.cloned(),
        })
        .collect()
}

/// Loads a certificate for the start.
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
fn tls_events(identities: &[(IdentityFiles, Loaded)]) -> Vec<Event> {
    let some_serve = identities.iter().any(|(_, loaded)| matches!(loaded.tls, Tls::Ready(_)));
    let mut events = Vec::new();
    for (files, Loaded { tls, summary, warnings, .. }) in identities {
        events.push(match (tls, tls.error(), summary) {
            (_, Some(error), _) if some_serve => Event::CertificateLeftOut(error),
            (Tls::Broken(error), _, _) => Event::TlsBroken(Arc::clone(error)),
            (_, _, Some(summary)) => Event::Tls(files.cert.clone(), Box::new(summary.clone())),
            (_, _, None) => Event::TlsMissing,
        });
        events.extend(warnings.iter().cloned().map(Event::TlsWarning));
    }
    events
}
