//! A table of cases: one file for many that differ in little.
//!
//! What is outside of `[[case]]` holds for all of them. An entry has a name and a title, and says what
//! is its own: the certificate's kind, host, parameters and shape, more certificates, its subject and start; what to
//! expect and what the subject logs where a step or the start does not say it; or steps in place of the file's.

use std::collections::BTreeMap;

use toml::Spanned;

use super::raw::{RawCertificate, RawEntry, RawFile, RawStart, RawStep, RawSubject};
use crate::{
    case::expectation::{RawExpect, RawLog},
    data::{DataError, Source},
    observation::TlsVersion,
};

/// What one case of a file says, with what the file says for all.
pub(super) struct One {
    /// What follows the file's name in the id.
    pub name: Option<String>,
    pub title: String,
    pub why: Option<String>,
    pub tls_up_to: Option<TlsVersion>,
    pub certificate: RawCertificate,
    pub certificates: BTreeMap<Spanned<String>, RawCertificate>,
    pub subject: RawSubject,
    pub start: Option<Spanned<RawStart>>,
    pub steps: Vec<Spanned<RawStep>>,
    /// What the steps expect that do not say it themselves.
    pub expect: Option<Spanned<RawExpect>>,
    /// What the subject logs, at its start and in those steps that do not say it themselves.
    pub log: Option<Spanned<RawLog>>,
}

/// The cases of a file: one, or those of its table.
pub(super) fn cases(file: &RawFile, source: &Source) -> Result<Vec<One>, DataError> {
    if file.case.is_empty() {
        let Some(title) = &file.title else {
            return Err(source.error(0..0, "this case has no title").hint("title = \"...\""));
        };
        return Ok(vec![One {
            name: None,
            title: title.get_ref().clone(),
            why: file.why.clone(),
            tls_up_to: file.tls_up_to,
            certificate: file.certificate.clone(),
            certificates: file.certificates.clone(),
            subject: file.subject.clone(),
            start: file.start.clone(),
            steps: file.step.clone(),
            expect: None,
            log: None,
        }]);
    }
    if let Some(title) = &file.title {
        return Err(source
            .error(title.span(), "a file with [[case]] has no title of its own")
            .hint("each [[case]] has one; what holds for all of them can be said in `why`"));
    }
    let mut names: Vec<&str> = Vec::new();
    let mut cases = Vec::new();
    for entry in &file.case {
        check_name(&entry.get_ref().name, &names, source)?;
        names.push(entry.get_ref().name.get_ref());
        cases.push(one(file, entry.get_ref(), source)?);
    }
    Ok(cases)
}

fn one(file: &RawFile, entry: &RawEntry, source: &Source) -> Result<One, DataError> {
    let steps = entry.step.as_ref().unwrap_or(&file.step).clone();
    if let Some(expect) = &entry.expect
        && !steps.iter().any(|step| wants_expectation(step.get_ref()))
    {
        return Err(source
            .error(expect.span(), "no step of this case is without an `expect` of its own")
            .hint("take the `expect` out of the step that this one is for"));
    }
    if let Some(log) = &entry.log {
        let start = file.start.as_ref().is_some_and(|start| start.get_ref().log.is_none());
        if !start && !steps.iter().any(|step| wants_log(step.get_ref())) {
            return Err(source
                .error(
                    log.span(),
                    "neither the start nor a step of this case is without a `log` of its own",
                )
                .hint("take the `log` out of what this one is for"));
        }
    }
    let common = &file.certificate;
    Ok(One {
        name: Some(entry.name.get_ref().clone()),
        title: entry.title.clone(),
        why: entry.why.clone().or_else(|| file.why.clone()),
        tls_up_to: entry.tls_up_to.or(file.tls_up_to),
        certificate: RawCertificate {
            kind: entry.kind.clone().or_else(|| common.kind.clone()),
            host: entry.host.clone().or_else(|| common.host.clone()),
            signer: common.signer.clone(),
            key: entry.key.clone().or_else(|| common.key.clone()),
            issuer_key: entry.issuer_key.clone().or_else(|| common.issuer_key.clone()),
            days: entry.days.clone().or_else(|| common.days.clone()),
            seconds: entry.seconds.clone().or_else(|| common.seconds.clone()),
            names: entry.names.clone().or_else(|| common.names.clone()),
            common_name: entry.common_name.clone().or_else(|| common.common_name.clone()),
            shape: entry.shape.clone().or_else(|| common.shape.clone()),
        },
        certificates: file
            .certificates
            .iter()
            .chain(&entry.certificates)
            .map(|(name, raw)| (name.clone(), raw.clone()))
            .collect(),
        subject: entry.subject.as_ref().unwrap_or(&file.subject).clone(),
        start: entry.start.as_ref().or(file.start.as_ref()).cloned(),
        steps,
        expect: entry.expect.clone(),
        log: entry.log.clone(),
    })
}

/// Whether a step has something to expect, and does not say what.
fn wants_expectation(step: &RawStep) -> bool {
    step.expect.is_none() && (step.open.is_some() || step.browse.is_some())
}

/// Whether the subject may log something in a step, which does not say what.
fn wants_log(step: &RawStep) -> bool {
    step.log.is_none() && (step.open.is_some() || step.browse.is_some())
}

/// That the name can be a part of an id, and is nobody else's.
fn check_name(name: &Spanned<String>, others: &[&str], source: &Source) -> Result<(), DataError> {
    let text = name.get_ref().as_str();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err(source
            .error(name.span(), format!("`{text}` cannot be a part of a case's id"))
            .hint("small letters, digits and `-`"));
    }
    if others.contains(&text) {
        let message = format!("another case of this file is called `{text}`");
        return Err(source.error(name.span(), message));
    }
    Ok(())
}
