//! A case file as it is written, before anything in it is checked.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::Deserialize;
use toml::Spanned;

use super::super::{
    Identity, Port, StartOutcome, Target,
    claim::RawStatement,
    expectation::{RawExpect, RawLog},
};
use crate::{
    certificate::{KeyType, Kind, Shape},
    client::{Opener, Scheme, Wish},
    host::Host,
    observation::TlsVersion,
    subject::SubjectOption,
};

/// One case, or what the cases of a table have in common.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFile {
    pub title: Option<Spanned<String>>,
    pub why: Option<String>,
    pub tls_up_to: Option<TlsVersion>,
    #[serde(default)]
    pub certificate: RawCertificate,
    #[serde(default)]
    pub certificates: BTreeMap<Spanned<String>, RawCertificate>,
    #[serde(default)]
    pub subject: RawSubject,
    pub start: Option<Spanned<RawStart>>,
    #[serde(default)]
    pub step: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub case: Vec<Spanned<RawEntry>>,
}

/// One case of a table: what it has of its own.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawEntry {
    pub name: Spanned<String>,
    pub title: String,
    pub why: Option<String>,
    pub tls_up_to: Option<TlsVersion>,
    pub kind: Option<Spanned<Kind>>,
    pub host: Option<Spanned<Host>>,
    pub key: Option<Spanned<KeyType>>,
    pub issuer_key: Option<Spanned<KeyType>>,
    pub days: Option<Spanned<NonZeroU32>>,
    pub seconds: Option<Spanned<NonZeroU32>>,
    pub names: Option<Spanned<Vec<Spanned<String>>>>,
    pub common_name: Option<Spanned<String>>,
    pub shape: Option<Spanned<Shape>>,
    #[serde(default)]
    pub certificates: BTreeMap<Spanned<String>, RawCertificate>,
    pub subject: Option<RawSubject>,
    pub start: Option<Spanned<RawStart>>,
    pub expect: Option<Spanned<RawExpect>>,
    pub log: Option<Spanned<RawLog>>,
    pub step: Option<Vec<Spanned<RawStep>>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCertificate {
    pub kind: Option<Spanned<Kind>>,
    pub host: Option<Spanned<Host>>,
    pub signer: Option<Spanned<String>>,
    pub key: Option<Spanned<KeyType>>,
    pub issuer_key: Option<Spanned<KeyType>>,
    pub days: Option<Spanned<NonZeroU32>>,
    pub seconds: Option<Spanned<NonZeroU32>>,
    pub names: Option<Spanned<Vec<Spanned<String>>>>,
    pub common_name: Option<Spanned<String>>,
    pub shape: Option<Spanned<Shape>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSubject {
    #[serde(default)]
    pub identity: Identity,
    #[serde(default)]
    pub options: Vec<Spanned<SubjectOption>>,
    #[serde(default)]
    pub target: Target,
    pub cafile: Option<Spanned<String>>,
    pub target_cafile: Option<Spanned<String>>,
    pub target_name: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawStart {
    #[serde(default)]
    pub expect: StartOutcome,
    pub log: Option<Spanned<RawLog>>,
    #[serde(default)]
    pub claim: Vec<RawStatement>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawStep {
    pub open: Option<Spanned<Scheme>>,
    #[serde(rename = "in")]
    pub opener: Option<Spanned<Opener>>,
    pub browse: Option<Spanned<Scheme>>,
    pub accept_exception: Option<Wish>,
    pub import: Option<Spanned<String>>,
    pub remove: Option<Spanned<String>>,
    pub restart: Option<Restart>,
    pub serve: Option<Spanned<String>>,
    pub dialogue: Option<Spanned<String>>,
    pub host: Option<Host>,
    #[serde(default)]
    pub port: Port,
    pub path: Option<String>,
    pub expect: Option<Spanned<RawExpect>>,
    pub log: Option<Spanned<RawLog>>,
    #[serde(default)]
    pub claim: Vec<RawStatement>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Restart {
    Client,
}
