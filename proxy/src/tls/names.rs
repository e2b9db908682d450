//! Which names a certificate is for, when one of several is chosen.

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How a certificate has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFit {
    /// As it is.
    Exact,
    /// As one of those of a wildcard.
    Wildcard,
}

/// The DNS names of a certificate, in lower case.
#[derive(Debug)]
pub(super) struct DnsNames(Vec<String>);

impl DnsNames {
    /// Those in its subjectAltName: clients read no others.
    pub(super) fn of(certificate: &[u8]) -> Self {
        let parsed = X509Certificate::from_der(certificate).ok().map(|(_, parsed)| parsed);
        let names = parsed.as_ref().and_then(|parsed| parsed.subject_alternative_name().ok()?);
        let names = names.map(|extension| &extension.value.general_names[..]).unwrap_or_default();
        let dns = names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Self(dns.collect())
    }

    /// How a name is among them. A wildcard is the whole left-most label, and stands for one label (RFC 9525, section
    /// 6.3).
    pub(super) fn fit(&self, name: &str) -> Option<NameFit> {
        let name = name.to_ascii_lowercase();
        if self.0.contains(&name) {
            return Some(NameFit::Exact);
        }
        let (label, parent) = name.split_once('.')?;
        let wild = |own: &String| own.strip_prefix("*.") == Some(parent);
        (!label.is_empty() && self.0.iter().any(wild)).then_some(NameFit::Wildcard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_label() {
        let names = DnsNames(vec!["desk.example".to_owned(), "*.desk.example".to_owned()]);
        assert_eq!(names.fit("DESK.example"), Some(NameFit::Exact));
        assert_eq!(names.fit("a.Desk.example"), Some(NameFit::Wildcard));
        for other in
            ["a.b.desk.example", ".desk.example", "example", "", "*.example", "xdesk.example"]
        {
            assert_eq!(names.fit(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_those_of_dns_in_the_subject_alt_name() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let names = ["One.example".to_owned(), "127.0.0.1".to_owned()];
        let parameters = rcgen::CertificateParams::new(names).unwrap();
        let certificate = parameters.self_signed(&pair).unwrap();
        assert_eq!(DnsNames::of(certificate.der()).0, ["one.example"]);
        assert!(DnsNames::of(b"no certificate").0.is_empty());
    }
}
