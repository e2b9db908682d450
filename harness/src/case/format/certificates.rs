//! The certificates that a case names, and whether such can be made.

use std::{collections::BTreeMap, ops::Range};

use toml::Spanned;

use super::{
    HOST, Reader,
    raw::{RawCertificate, RawSubject},
};
use crate::{
    case::{CertificateNeed, MAIN},
    certificate::{Kind, Parameter, Parameters, Shape, SubjectName},
    data::DataError,
    host::Host,
};

impl Reader<'_> {
    pub(super) fn certificates(
        &self,
        main: RawCertificate,
        others: BTreeMap<Spanned<String>, RawCertificate>,
    ) -> Result<BTreeMap<String, CertificateNeed>, DataError> {
        let main_host = match &main.host {
            Some(host) => host.get_ref().clone(),
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
        let its_own = raw.host.as_ref().map(|host| host.get_ref().clone());
        let host = its_own.unwrap_or_else(|| host.clone());
        kind.check_host(&host).map_err(|error| {
            let at = raw.host.as_ref().map(Spanned::span);
            let at = at.or_else(|| raw.kind.as_ref().map(Spanned::span)).unwrap_or_default();
            self.source.error(at, error.to_string())
        })?;
        let parameters = self.parameters(kind, &raw)?;
        let shape = self.shape(kind, &parameters, raw.shape.as_ref())?;
        let signer = raw.signer.map(Spanned::into_inner);
        Ok(CertificateNeed { kind, host, signer, parameters, shape })
    }

    fn shape(
        &self,
        kind: Kind,
        parameters: &Parameters,
        raw: Option<&Spanned<Shape>>,
    ) -> Result<Shape, DataError> {
        let Some(shape) = raw else { return Ok(Shape::default()) };
        let checked = shape.get_ref().check(kind, parameters.key);
        checked.map_err(|error| self.source.error(shape.span(), error.to_string()))?;
        Ok(*shape.get_ref())
    }

    /// Checks that the subject is given each of them in a way that its shape is for.
    pub(super) fn check_delivery(
        &self,
        certificates: &BTreeMap<String, CertificateNeed>,
        subject: &RawSubject,
    ) -> Result<(), DataError> {
        let delivery = subject.identity.delivery();
        certificates.values().try_for_each(|need| {
            let checked = need.shape.check_delivery(delivery);
            checked.map_err(|error| self.source.error(0..0, error.to_string()))
        })
    }

    fn parameters(&self, kind: Kind, raw: &RawCertificate) -> Result<Parameters, DataError> {
        let names = raw.names.as_ref().map(|names| {
            names.get_ref().iter().map(|name| self.subject_name(name)).collect::<Result<_, _>>()
        });
        let parameters = Parameters {
            key: raw.key.as_ref().map(|key| *key.get_ref()),
            issuer_key: raw.issuer_key.as_ref().map(|key| *key.get_ref()),
            days: raw.days.as_ref().map(|days| *days.get_ref()),
            seconds: raw.seconds.as_ref().map(|seconds| *seconds.get_ref()),
            names: names.transpose()?,
            common_name: raw.common_name.as_ref().map(|name| name.get_ref().clone()),
        };
        if let Some(parameter) = parameters.given().find(|given| !kind.takes(*given)) {
            return Err(self
                .source
                .error(place(raw, parameter), format!("`{kind}` takes no `{parameter}`"))
                .hint("leave it out, or take a kind that leaves it open, such as `good`"));
        }
        if let (Some(_), Some(seconds)) = (&raw.days, &raw.seconds) {
            return Err(self.source.error(
                seconds.span(),
                "a certificate lasts for `days` or for `seconds`, not both",
            ));
        }
        Ok(parameters)
    }

    fn subject_name(&self, name: &Spanned<String>) -> Result<SubjectName, DataError> {
        name.get_ref().parse().map_err(|error| self.source.error(name.span(), format!("{error}")))
    }

    /// Checks that the case has that certificate.
    pub(super) fn known(&self, name: &Spanned<String>, names: &[String]) -> Result<(), DataError> {
        if names.contains(name.get_ref()) {
            return Ok(());
        }
        Err(self
            .source
            .error(name.span(), format!("this case has no certificate `{}`", name.get_ref()))
            .did_you_mean(name.get_ref(), names.iter().map(String::as_str)))
    }
}

fn place(raw: &RawCertificate, parameter: Parameter) -> Range<usize> {
    match parameter {
        Parameter::Key => raw.key.as_ref().map(Spanned::span),
        Parameter::IssuerKey => raw.issuer_key.as_ref().map(Spanned::span),
        Parameter::Days => raw.days.as_ref().map(Spanned::span),
        Parameter::Seconds => raw.seconds.as_ref().map(Spanned::span),
        Parameter::Names => raw.names.as_ref().map(Spanned::span),
        Parameter::CommonName => raw.common_name.as_ref().map(Spanned::span),
    }
    .unwrap_or_default()
}
