//! A lab at a constant time, and what holds for all that it makes.

mod agreement;
mod chain;
mod content;
mod faults;
mod loading;
mod openssl;
mod parameters;
mod random;

use std::{collections::HashSet, sync::LazyLock, time::Duration};

use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Kind, Lab, MintError, Minted, Owner, Specification};
use crate::host::Host;

/// 2027-01-15 08:00:00 UTC.
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 24 * 60 * 60;

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    Lab::at(UnixTime::since_unix_epoch(Duration::from_secs(NOW.unsigned_abs()))).unwrap()
});

fn host() -> Host {
    "proxy.example.test".parse().unwrap()
}

/// One for the host that the kind is shown with.
fn mint(kind: Kind) -> Minted {
    mint_for(kind, &kind.example_host().parse().unwrap())
}

fn mint_for(kind: Kind, host: &Host) -> Minted {
    let specification = match kind {
        Kind::IssuedBy => {
            let imported = "imported.example.test".parse().unwrap();
            let signer = LAB.mint(&Specification::new(Kind::SelfSigned, imported)).unwrap();
            Specification::issued_by(&signer, host.clone())
        }
        _ => Specification::new(kind, host.clone()),
    };
    mint_of(specification)
}

fn mint_of(specification: Specification) -> Minted {
    LAB.mint(&specification).unwrap()
}

fn read<'a>(certificate: &'a CertificateDer<'_>) -> X509Certificate<'a> {
    let (rest, certificate) = X509Certificate::from_der(certificate).unwrap();
    assert!(rest.is_empty());
    certificate
}

#[test]
fn no_two_certificates_share_a_serial_number_or_a_key() {
    let minted: Vec<Minted> = (0..20).map(|_| mint(Kind::Good)).collect();
    let certificates: Vec<_> = minted.iter().map(|it| read(it.certificate())).collect();
    let serials: HashSet<_> = certificates.iter().map(|it| it.raw_serial().to_vec()).collect();
    let keys: HashSet<_> = certificates.iter().map(|it| it.public_key().raw.to_vec()).collect();
    assert_eq!((serials.len(), keys.len()), (20, 20));
    assert!(serials.iter().all(|serial| serial.len() == 16 && serial[0] < 0x80));
}

#[test]
fn a_signer_is_asked_for_and_refused_where_it_belongs() {
    let alone = LAB.mint(&Specification::new(Kind::IssuedBy, host())).unwrap_err();
    assert!(matches!(alone, MintError::SignerMissing), "{alone}");
    let signer = Some(mint(Kind::Good));
    let specification = Specification { signer, ..Specification::new(Kind::Good, host()) };
    let error = LAB.mint(&specification).unwrap_err();
    assert!(matches!(error, MintError::SignerNotUsed { kind: Kind::Good }), "{error}");
}

#[test]
fn no_certificate_has_the_name_of_another_owners_issuer() {
    let of = |owner: &Owner, kind| {
        let specification =
            Specification { owner: owner.clone(), ..Specification::new(kind, host()) };
        let minted = LAB.mint(&specification).unwrap();
        let (_, certificate) = X509Certificate::from_der(minted.certificate()).unwrap();
        (certificate.subject().to_string(), certificate.issuer().to_string())
    };
    let (one, other) = (Owner::new().unwrap(), Owner::new().unwrap());
    for kind in [Kind::SelfSigned, Kind::OpensslCommand] {
        let (first, renewed, others) = (of(&one, kind), of(&one, kind), of(&other, kind));
        assert_eq!(first.0, first.1, "{kind} is self-signed");
        assert_eq!(first, renewed, "{kind}");
        assert!(![&first.0, &first.1].contains(&&others.1), "{kind}: {others:?}");
    }
    // Whoever is behind the trusted authority trusts it for all.
    assert_eq!(of(&one, Kind::Good).1, of(&other, Kind::Good).1);
}

#[test]
fn a_clock_beyond_all_calendars_is_an_error() {
    for seconds in [u64::MAX, 253_402_300_799] {
        let error = Lab::at(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).unwrap_err();
        assert!(matches!(error, MintError::Clock { .. }), "{error}");
    }
}

#[test]
fn a_lab_is_shared_between_threads() {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| mint(Kind::Good))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap().chain().len(), 2);
        }
    });
}

#[test]
fn no_secret_is_printed() {
    let minted = mint(Kind::Good);
    let shown = format!("{minted:?} {:?} {:?} {:?}", minted.files(), minted.key(), *LAB);
    assert!(!shown.contains("PRIVATE"), "{shown}");
    assert!(shown.len() < 500, "{shown}");
}
