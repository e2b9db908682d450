//! The common name in the certificate that a client showed.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{NotLetIn, Shown};

/// Whether the client has a certificate with one of the names.
pub(super) fn ask(shown: &Shown, names: &[String]) -> Result<(), NotLetIn> {
    let certificate = match shown {
        Shown::Plain => return Err(NotLetIn::NoTls),
        Shown::NoCertificate => return Err(NotLetIn::NoCertificate),
        Shown::Certificate(certificate) => certificate,
    };
    let name = common_name(certificate).ok_or(NotLetIn::UnclearName)?;
    if names.contains(&name) { Ok(()) } else { Err(NotLetIn::WrongName { name }) }
}

/// The common name of a certificate that has just one.
fn common_name(certificate: &[u8]) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let mut names = parsed.subject().iter_common_name();
    let name = names.next()?.as_str().ok()?.to_owned();
    names.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn certificate(name: Option<&str>) -> Shown {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        let key = KeyPair::generate().unwrap();
        Shown::Certificate(params.self_signed(&key).unwrap().der().clone())
    }

    #[test]
    fn the_whole_name_must_be_listed() {
        let names = ["alice".to_owned(), "Bob Example".to_owned()];
        assert!(ask(&certificate(Some("alice")), &names).is_ok());
        assert!(ask(&certificate(Some("Bob Example")), &names).is_ok());
        for other in ["Alice", "alice ", "Bob", ""] {
            let refusal = ask(&certificate(Some(other)), &names);
            assert!(matches!(refusal, Err(NotLetIn::WrongName { .. })), "{other}: {refusal:?}");
        }
        assert!(matches!(ask(&certificate(None), &names), Err(NotLetIn::UnclearName)));
        assert!(matches!(ask(&Shown::NoCertificate, &names), Err(NotLetIn::NoCertificate)));
        assert!(matches!(ask(&Shown::Plain, &names), Err(NotLetIn::NoTls)));
    }
}
