//! What `openssl verify` finds in each kind: a second opinion on what is planted.

use std::{fs, path::Path, process::Command};

use super::{LAB, mint};
use crate::certificate::{Kind, make};

/// Its words on a kind's certificate, at its strictest; nothing where it accepts it.
fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::SelfSignedExpired
        | Kind::UnknownIssuerExpired
        | Kind::Expired
        | Kind::ExpiredIntermediate
        | Kind::ExpiredRoot => "certificate has expired",
        Kind::NotYetValid | Kind::NotYetValidIntermediate => "certificate is not yet valid",
        Kind::WrongName
        | Kind::ExpiredWrongName
        | Kind::CaAsServerWrongName
        | Kind::UnknownIssuerWrongName
        | Kind::ExpiredIntermediateWrongName
        | Kind::DottedName
        | Kind::WildcardOverUnderscore
        | Kind::PartialWildcard
        | Kind::BroadWildcard => "hostname mismatch",
        Kind::AddressAsName => "IP address mismatch",
        Kind::WrongPurpose
        | Kind::AnyPurpose
        | Kind::ExpiredWrongPurpose
        | Kind::UnknownIssuerWrongPurpose
        | Kind::NonRepudiationOnly
        | Kind::IntermediateWrongPurpose
        | Kind::IntermediateAnyPurpose => "unsuitable certificate purpose",
        Kind::ServerMaySign => "Key usage keyCertSign invalid for non-CA cert",
        // It is asked with the root of each kind as trusted, so that of the hostile chain as well.
        Kind::NoKeyIdentifiers | Kind::HostileChain => "Missing Authority Key Identifier",
        Kind::UnknownCriticalExtension
        | Kind::CriticalKeyIdentifier
        | Kind::IntermediateUnknownCriticalExtension
        | Kind::RootUnknownCriticalExtension => "unhandled critical extension",
        Kind::WeakKey => "EE certificate key too weak",
        Kind::IntermediateWeakKey | Kind::RootWeakKey => "CA certificate key too weak",
        Kind::Sha1Signature
        | Kind::Md5Signature
        | Kind::Sha1SignatureExpired
        | Kind::IntermediateSha1 => "CA signature digest algorithm too weak",
        Kind::Altered => "certificate signature failure",
        Kind::SignatureAlgorithmMismatch => "signature algorithm mismatch",
        Kind::EmptySubjectNotCritical => "Subject Alt Name extension not critical",
        Kind::EmptyIssuer => "Issuer name empty",
        Kind::PathTooLong => "path length constraint exceeded",
        Kind::IntermediateNotCa
        | Kind::IntermediateNoBasicConstraints
        | Kind::IntermediateVersion1
        | Kind::RootNotCa
        | Kind::RootNoBasicConstraints
        | Kind::RootVersion1 => "invalid CA certificate",
        Kind::IntermediateUncriticalExtension => "Basic Constraints of CA cert not marked critical",
        Kind::TooManyConstraints => "unspecified certificate verification error",
        Kind::IntermediateNoCertSign | Kind::RootNoCertSign => {
            "key usage does not include certificate signing"
        }
        Kind::NameConstraintViolated | Kind::RootNameConstraint => "permitted subtree violation",
        Kind::NameConstraintExcluded => "excluded subtree violation",
        // It takes none for an issuer that it cannot read, or whose key identifier is another, and
        // none for a certificate that it cannot read; and of two issuers it tries the first only.
        Kind::MissingIntermediate
        | Kind::MissingUpperIntermediate
        | Kind::MalformedIntermediate
        | Kind::IntermediateMalformedExtension
        | Kind::MalformedExtension
        | Kind::DuplicateExtension
        | Kind::UnreadableNames
        | Kind::KeyIdentifierMismatch
        | Kind::UnsupportedSignature
        | Kind::CrossSigned
        | Kind::LoopWithAWayOut => "unable to get local issuer certificate",
        Kind::Loop | Kind::RepeatedAuthority | Kind::HostileMesh | Kind::AnchorNotRoot => {
            "unable to get issuer certificate"
        }
        _ => "",
    }
}

fn verify(folder: &Path, host: &str) -> String {
    let host = match host.parse::<std::net::IpAddr>() {
        Ok(_) => ["-verify_ip", host],
        Err(_) => ["-verify_hostname", host],
    };
    let output = Command::new("openssl")
        .args(["verify", "-attime", "1800000000", "-purpose", "sslserver", "-x509_strict"])
        .args(["-auth_level", "2", "-CAfile", "authority.pem", "-untrusted", "cert.pem"])
        .args(host)
        .arg("cert.pem")
        .current_dir(folder)
        .output()
        .expect("these tests need the openssl command");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn openssl_finds_what_is_planted_and_nothing_else() {
    let mut disagreements = Vec::new();
    for &kind in Kind::ALL {
        // Dated today; and openssl reads the next certificate in the file in place of a cut-off one.
        let other = matches!(kind, Kind::OpensslCommand | Kind::MalformedCertificate);
        if other || mint(kind).chain().is_empty() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let host = kind.example_host();
        make(&LAB, kind, &host.parse().unwrap(), folder.path()).unwrap();
        let said = verify(folder.path(), host);
        let expected = words(kind);
        if !said.contains(expected) || said.is_empty() != expected.is_empty() {
            disagreements.push(format!("{kind}: {said}"));
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

#[test]
fn openssl_cannot_read_a_certificate_that_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.der");
    fs::write(&file, mint(Kind::MalformedCertificate).certificate()).unwrap();
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-inform", "DER", "-in"])
        .arg(file)
        .output()
        .expect("these tests need the openssl command");
    assert!(!output.status.success());
}
