//! The TOML of a case, and its checks.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Action, Case, CertificateNeed, Identity, MAIN, Port, Start, StartOutcome, Step, SubjectNeed,
    Target, Visit, Vocabulary,
    claim::RawStatement,
    expectation::{Expectations, RawExpect, RawLog},
};
use crate::{
    certificate::Kind,
    client::{Opener, Scheme, Wish},
    data::{DataError, Source},
    host::Host,
    observation::TlsVersion,
    subject::SubjectOption,
};

/// The host of a case that names none.
const HOST: &str = "proxy.example.test";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCase {
    title: String,
    why: Option<String>,
    tls_up_to: Option<TlsVersion>,
    #[serde(default)]
    certificate: RawCertificate,
    #[serde(default)]
    certificates: BTreeMap<Spanned<String>, RawCertificate>,
    #[serde(default)]
    subject: RawSubject,
    start: Option<Spanned<RawStart>>,
    #[serde(default)]
    step: Vec<Spanned<RawStep>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCertificate {
    kind: Option<Spanned<Kind>>,
    host: Option<Host>,
    signer: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSubject {
    #[serde(default)]
    identity: Identity,
    #[serde(default)]
    options: Vec<Spanned<SubjectOption>>,
    #[serde(default)]
    target: Target,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawStart {
    #[serde(default)]
    expect: StartOutcome,
    log: Option<Spanned<RawLog>>,
    #[serde(default)]
    claim: Vec<RawStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawStep {
    open: Option<Spanned<Scheme>>,
    #[serde(rename = "in")]
    opener: Option<Spanned<Opener>>,
    browse: Option<Spanned<Scheme>>,
    accept_exception: Option<Wish>,
    import: Option<Spanned<String>>,
    remove: Option<Spanned<String>>,
    restart: Option<Restart>,
    serve: Option<Spanned<String>>,
    host: Option<Host>,
    #[serde(default)]
    port: Port,
    path: Option<String>,
    expect: Option<Spanned<RawExpect>>,
    log: Option<Spanned<RawLog>>,
    #[serde(default)]
    claim: Vec<RawStatement>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Restart {
    Client,
}

/// Reads a case and checks everything in it.
pub(super) fn read(id: &str, source: &Source, words: &Vocabulary) -> Result<Case, DataError> {
    let raw: RawCase = source.parse()?;
    let reader = Reader { source, words };
    let certificates = reader.certificates(raw.certificate, raw.certificates)?;
    let start = reader.start(raw.start)?;
    let main_host = certificates[MAIN].host.clone();
    let steps = raw
        .step
        .into_iter()
        .enumerate()
        .map(|(index, step)| reader.step(index + 1, step, &certificates, &main_host))
        .collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() && start.log.is_none() {
        return Err(source
            .error(0..0, "this case asserts nothing")
            .hint("give it a [[step]] with `expect`, or a [start] with `log`"));
    }
    if start.expect == StartOutcome::Exits && !steps.is_empty() {
        return Err(source.error(0..0, "a subject that exits at its start serves no step"));
    }
    Ok(Case {
        id: id.to_owned(),
        title: raw.title,
        why: raw.why,
        certificates,
        subject: reader.subject(raw.subject)?,
        start,
        tls_up_to: raw.tls_up_to,
        steps,
        source: source.clone(),
    })
}

struct Reader<'a> {
    source: &'a Source,
    words: &'a Vocabulary,
}

impl Reader<'_> {
    fn certificates(
        &self,
        main: RawCertificate,
        others: BTreeMap<Spanned<String>, RawCertificate>,
    ) -> Result<BTreeMap<String, CertificateNeed>, DataError> {
        let main_host = match &main.host {
            Some(host) => host.clone(),
            None => HOST.parse().map_err(|error| self.source.error(0..0, format!("{error}")))?,
        };
        let mut names: Vec<String> = others.keys().map(|name| name.get_ref().clone()).collect();
        names.push(MAIN.to_owned());
        let mut needs = BTreeMap::new();
        for (name, raw) in others {
            if name.get_ref() == MAIN {
                let message = "the certificate `main` is the one under [certificate]";
                return Err(self.source.error(name.span(), message));
            }
            needs.insert(name.into_inner(), self.certificate(raw, &main_host, &names)?);
        }
        needs.insert(MAIN.to_owned(), self.certificate(main, &main_host, &names)?);
        Ok(needs)
    }

    fn certificate(
        &self,
        raw: RawCertificate,
        host: &Host,
        names: &[String],
    ) -> Result<CertificateNeed, DataError> {
        let kind = raw.kind.as_ref().map_or(Kind::Good, |kind| *kind.get_ref());
        match (&raw.signer, &raw.kind) {
            (None, Some(at)) if kind == Kind::IssuedBy => {
                return Err(self
                    .source
                    .error(at.span(), "`issued-by` needs a `signer`, a certificate of this case"));
            }
            (Some(signer), _) if kind != Kind::IssuedBy => {
                let message = "`signer` goes with kind = \"issued-by\" only";
                return Err(self.source.error(signer.span(), message));
            }
            (Some(signer), _) => self.known(signer, names)?,
            _ => {}
        }
        Ok(CertificateNeed {
            kind,
            host: raw.host.unwrap_or_else(|| host.clone()),
            signer: raw.signer.map(Spanned::into_inner),
        })
    }

    fn known(&self, name: &Spanned<String>, names: &[String]) -> Result<(), DataError> {
        if names.contains(name.get_ref()) {
            return Ok(());
        }
        Err(self
            .source
            .error(name.span(), format!("this case has no certificate `{}`", name.get_ref()))
            .did_you_mean(name.get_ref(), names.iter().map(String::as_str)))
    }

    fn subject(&self, raw: RawSubject) -> Result<SubjectNeed, DataError> {
        for option in &raw.options {
            if matches!(option.get_ref(), SubjectOption::Cert | SubjectOption::Key) {
                return Err(self
                    .source
                    .error(option.span(), "how the subject gets its certificate is `identity`")
                    .hint("identity = \"cert\", \"cert-and-key\" or \"default-file\""));
            }
        }
        Ok(SubjectNeed {
            identity: raw.identity,
            options: raw.options.into_iter().map(Spanned::into_inner).collect(),
            target: raw.target,
        })
    }

    fn start(&self, raw: Option<Spanned<RawStart>>) -> Result<Start, DataError> {
        let Some(raw) = raw else {
            return Ok(Start {
                expect: StartOutcome::Serves,
                log: None,
                claims: Vec::new(),
                line: 1,
            });
        };
        let line = self.source.line(raw.span().start);
        let raw = raw.into_inner();
        Ok(Start {
            expect: raw.expect,
            log: raw.log.map(|log| RawLog::read(log, self.source)).transpose()?,
            claims: self.claims(raw.claim)?,
            line,
        })
    }

    fn claims(&self, raw: Vec<RawStatement>) -> Result<Vec<super::Statement>, DataError> {
        raw.into_iter().map(|statement| statement.read(self.source, self.words)).collect()
    }

    fn step(
        &self,
        number: usize,
        raw: Spanned<RawStep>,
        certificates: &BTreeMap<String, CertificateNeed>,
        main_host: &Host,
    ) -> Result<Step, DataError> {
        let span = raw.span();
        let raw = raw.into_inner();
        let names: Vec<String> = certificates.keys().cloned().collect();
        for name in [&raw.import, &raw.remove, &raw.serve].into_iter().flatten() {
            self.known(name, &names)?;
        }
        let visit = |scheme: &Spanned<Scheme>| Visit {
            scheme: *scheme.get_ref(),
            host: raw.host.clone().unwrap_or_else(|| main_host.clone()),
            port: raw.port,
            path: raw.path.clone().unwrap_or_else(|| "/".to_owned()),
        };
        let mut actions = Vec::new();
        if let Some(scheme) = &raw.open {
            if !scheme.get_ref().is_websocket() {
                return Err(self
                    .source
                    .error(scheme.span(), "`open` is for wss and ws")
                    .hint("use `browse`"));
            }
            let opener = raw.opener.as_ref().map_or(Opener::Page, |opener| *opener.get_ref());
            actions.push(Action::Open(visit(scheme), opener));
        } else if let Some(opener) = &raw.opener {
            return Err(self.source.error(opener.span(), "`in` goes with `open` only"));
        }
        if let Some(scheme) = &raw.browse {
            if scheme.get_ref().is_websocket() {
                return Err(self
                    .source
                    .error(scheme.span(), "`browse` is for https and http")
                    .hint("use `open`"));
            }
            actions.push(Action::Browse(visit(scheme), raw.accept_exception));
        }
        actions.extend(raw.import.map(|name| Action::Import(name.into_inner())));
        actions.extend(raw.remove.map(|name| Action::Remove(name.into_inner())));
        actions.extend(raw.serve.map(|name| Action::Serve(name.into_inner())));
        actions.extend(raw.restart.map(|Restart::Client| Action::RestartClient));
        let Ok([action]) = <[Action; 1]>::try_from(actions) else {
            return Err(self.source.error(
                span,
                "a step does exactly one of: open, browse, import, remove, restart, serve",
            ));
        };
        let visits = matches!(action, Action::Open(..) | Action::Browse(..));
        let expectations = match (visits, raw.expect) {
            (true, Some(expect)) => {
                let wish = matches!(action, Action::Browse(_, Some(_)));
                Some(Expectations::read(expect, raw.log, wish, self.source, self.words)?)
            }
            (true, None) => {
                return Err(self
                    .source
                    .error(span, "this step says not what is expected")
                    .hint("expect = \"connected\", a fault, or a table of clients"));
            }
            (false, Some(expect)) => {
                return Err(self
                    .source
                    .error(expect.span(), "only `open` and `browse` have something to expect"));
            }
            (false, None) => None,
        };
        Ok(Step {
            number,
            action,
            claims: self.claims(raw.claim)?,
            expectations,
            line: self.source.line(span.start),
        })
    }
}
