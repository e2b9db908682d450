//! The TOML of a case, and its checks.

mod certificates;
mod raw;
mod table;

use std::collections::BTreeMap;

use toml::Spanned;

use super::{
    Action, Case, CertificateNeed, ExpectedLog, MAIN, Start, StartOutcome, Step, SubjectNeed,
    TARGET, Target, Visit, Vocabulary,
    claim::RawStatement,
    expectation::{Expectations, RawExpect, RawLog},
};
use crate::{
    client::{Opener, Scheme},
    data::{DataError, Source},
    dialogue::Dialogue,
    host::Host,
    subject::SubjectOption,
};
use raw::{RawFile, RawStart, RawStep, RawSubject, Restart};
use table::One;

/// The host of a case that names none.
const HOST: &str = "proxy.example.test";

/// Reads a file and checks everything in it: one case, or a table of them. `id` is the file's path
/// without `.toml`; the cases of a table have their names behind it, after a dot.
pub(super) fn read(id: &str, source: &Source, words: &Vocabulary) -> Result<Vec<Case>, DataError> {
    let file: RawFile = source.parse()?;
    let reader = Reader { source, words };
    table::cases(&file, source)?.into_iter().map(|one| reader.case(id, one)).collect()
}

struct Reader<'a> {
    source: &'a Source,
    words: &'a Vocabulary,
}

impl Reader<'_> {
    fn case(&self, id: &str, one: One) -> Result<Case, DataError> {
        let certificates = self.certificates(one.certificate, one.certificates)?;
        let start = self.start(one.start, one.log.as_ref())?;
        let main_host = certificates[MAIN].host.clone();
        self.check_delivery(&certificates, &one.subject)?;
        let steps = one
            .steps
            .into_iter()
            .enumerate()
            .map(|(index, step)| {
                let otherwise = (one.expect.as_ref(), one.log.as_ref());
                self.step(index + 1, step, otherwise, &certificates, &main_host)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() && start.log.is_none() {
            return Err(self
                .source
                .error(0..0, "this case asserts nothing")
                .hint("give it a [[step]] with `expect`, or a [start] with `log`"));
        }
        if start.expect == StartOutcome::Exits && !steps.is_empty() {
            let message = "a subject that exits at its start serves no step";
            return Err(self.source.error(0..0, message));
        }
        let subject = self.subject(one.subject, &certificates)?;
        Ok(Case {
            id: one.name.map_or_else(|| id.to_owned(), |name| format!("{id}.{name}")),
            title: one.title,
            why: one.why,
            certificates,
            subject,
            start,
            tls_up_to: one.tls_up_to,
            steps,
            source: self.source.clone(),
        })
    }

    fn subject(
        &self,
        raw: RawSubject,
        certificates: &BTreeMap<String, CertificateNeed>,
    ) -> Result<SubjectNeed, DataError> {
        let asks = |option| raw.options.iter().any(|asked| *asked.get_ref() == option);
        for option in &raw.options {
            let hint = match option.get_ref() {
                SubjectOption::Cert | SubjectOption::Key => {
                    "how it gets its certificate is `identity`: \"cert\", \"cert-and-key\" or \"default-file\""
                }
                SubjectOption::TargetName => "say which: target-name = \"vnc.example.test\"",
                _ => continue,
            };
            let message = format!("`{}` is no option that stands here", option.get_ref());
            return Err(self.source.error(option.span(), message).hint(hint));
        }
        let names: Vec<String> = certificates.keys().cloned().collect();
        let files = [
            (&raw.cafile, SubjectOption::Cafile),
            (&raw.target_cafile, SubjectOption::TargetCafile),
        ];
        for (name, option) in files {
            let Some(name) = name else { continue };
            self.known(name, &names)?;
            if !asks(option) {
                let message = format!("it is not asked for `{option}`");
                return Err(self
                    .source
                    .error(name.span(), message)
                    .hint(format!("options = [\"{option}\"]")));
            }
        }
        if matches!(raw.target, Target::Tls | Target::TlsAsking)
            && !certificates.contains_key(TARGET)
        {
            return Err(self
                .source
                .error(0..0, "a target that speaks TLS has the certificate `target`")
                .hint("[certificates.target] with its kind and host"));
        }
        Ok(SubjectNeed {
            identity: raw.identity,
            options: raw.options.into_iter().map(Spanned::into_inner).collect(),
            target: raw.target,
            cafile: raw.cafile.map(Spanned::into_inner),
            target_cafile: raw.target_cafile.map(Spanned::into_inner),
            target_name: raw.target_name,
        })
    }

    fn start(
        &self,
        raw: Option<Spanned<RawStart>>,
        otherwise_logged: Option<&Spanned<RawLog>>,
    ) -> Result<Start, DataError> {
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
            log: raw
                .log
                .or_else(|| otherwise_logged.cloned())
                .map(|log| RawLog::read(log, self.source))
                .transpose()?,
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
        (otherwise, otherwise_logged): (Option<&Spanned<RawExpect>>, Option<&Spanned<RawLog>>),
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
        if let Some(text) = &raw.dialogue {
            let dialogue = Dialogue::read(self.source, text.span())?;
            if let Some(missing) =
                dialogue.certificates().find(|name| !certificates.contains_key(*name))
            {
                let message = format!("this case has no certificate `{missing}`");
                return Err(self.source.error(text.span(), message));
            }
            actions.push(Action::Play(dialogue));
        }
        let Ok([action]) = <[Action; 1]>::try_from(actions) else {
            return Err(self.source.error(
                span,
                "a step does exactly one of: open, browse, import, remove, restart, serve, dialogue",
            ));
        };
        let visits = matches!(action, Action::Open(..) | Action::Browse(..));
        let said = match (&action, &raw.log) {
            (Action::Play(_), Some(log)) => Some(RawLog::read(log.clone(), self.source)?),
            (Action::Play(_), None) => Some(ExpectedLog::Nothing),
            _ => None,
        };
        // A step of a table is there for all of its cases: what a case expects of it stands in the case.
        let (expected, line) = match (raw.expect, otherwise) {
            (None, Some(expect)) if visits => (Some(expect.clone()), expect.span().start),
            (own, _) => (own, span.start),
        };
        let expectations = match (visits, expected) {
            (true, Some(expect)) => {
                let wish = matches!(action, Action::Browse(_, Some(_)));
                let log = raw.log.or_else(|| otherwise_logged.cloned());
                Some(Expectations::read(expect, log, wish, self.source, self.words)?)
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
            said,
            line: self.source.line(line),
        })
    }
}
