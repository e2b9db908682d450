//! What is sent of each kind, and who signed it.

use rstest::rstest;
use x509_parser::prelude::*;

use super::{LAB, mint, mint_of, read};
use crate::certificate::{Kind, Owner, Specification};

#[rstest]
#[case::sent_with_its_intermediate(Kind::Good, 2, 1)]
#[case(Kind::UnknownIssuer, 2, 1)]
#[case(Kind::MissingIntermediate, 1, 1)]
#[case(Kind::IssuedBy, 1, 0)]
#[case(Kind::SelfSigned, 1, 0)]
#[case(Kind::OpensslCommand, 1, 0)]
#[case(Kind::MismatchedKey, 2, 1)]
#[case(Kind::CertificateWithoutKey, 2, 1)]
#[case(Kind::KeyWithoutCertificate, 0, 1)]
#[case(Kind::EmptyFile, 0, 1)]
#[case(Kind::MissingFile, 0, 1)]
#[case(Kind::ExpiredRoot, 2, 1)]
#[case(Kind::RootSent, 3, 1)]
#[case(Kind::RootBeforeIntermediate, 3, 1)]
#[case(Kind::TwoIntermediates, 3, 2)]
#[case(Kind::SwappedIntermediates, 3, 2)]
#[case(Kind::MissingUpperIntermediate, 2, 2)]
#[case(Kind::UnrelatedSent, 3, 1)]
#[case(Kind::DuplicateLeaf, 3, 1)]
#[case(Kind::DuplicateIntermediate, 3, 1)]
#[case(Kind::TooManyCertificates, 17, 1)]
#[case(Kind::PathTooLongIfAllCount, 3, 2)]
#[case(Kind::AnchorNotRoot, 2, 1)]
#[case(Kind::CrossSigned, 3, 1)]
#[case::of_two_each_of_which_may_be_the_root(Kind::Loop, 3, 1)]
#[case(Kind::LoopWithAWayOut, 4, 2)]
#[case(Kind::HostileChain, 101, 100)]
#[case(Kind::RepeatedAuthority, 7, 1)]
#[case(Kind::HostileMesh, 91, 1)]
fn a_server_sends_what_its_files_hold(
    #[case] kind: Kind,
    #[case] sent: usize,
    #[case] above: usize,
) {
    let minted = mint(kind);
    assert_eq!((minted.chain().len(), minted.intermediates().len()), (sent, above));
}

#[test]
fn each_is_signed_by_the_next_up_to_its_root() {
    for &kind in Kind::ALL {
        let minted = mint(kind);
        let path: Vec<_> = [minted.certificate()]
            .into_iter()
            .chain(minted.intermediates())
            .chain([minted.root()])
            .filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1))
            .collect();
        let cut_off = matches!(kind, Kind::MalformedCertificate | Kind::MalformedIntermediate);
        assert_eq!(path.len(), 2 + minted.intermediates().len() - usize::from(cut_off), "{kind}");
        let broken = matches!(kind, Kind::Altered)
            // What x509-parser does not verify; openssl does.
            || matches!(
                kind,
                Kind::Md5Signature
                    | Kind::UnsupportedSignature
                    | Kind::UnsupportedCurve
                    | Kind::IntermediateWeakKey
                    | Kind::RootWeakKey
            );
        for pair in path.windows(2).filter(|_| !cut_off) {
            assert_eq!(pair[0].issuer(), pair[1].subject(), "{kind}");
            let verified = pair[0].verify_signature(Some(pair[1].public_key()));
            assert!(verified.is_ok() || broken, "{kind}: {verified:?}");
        }
    }
}

#[test]
fn a_kind_that_relies_on_the_authority_ends_there_and_no_other_does() {
    for &kind in Kind::ALL {
        let ends_there = mint(kind).root() == &LAB.authority();
        let cut_away = matches!(
            kind,
            Kind::MalformedCertificate
                | Kind::WeakKey
                | Kind::UnusableKey
                | Kind::DamagedPem
                | Kind::MissingIntermediate
                | Kind::MissingUpperIntermediate
                | Kind::MalformedIntermediate
                | Kind::MismatchedKey
                | Kind::CertificateWithoutKey
                | Kind::KeyWithoutCertificate
                | Kind::EncryptedKey
                | Kind::EmptyFile
                | Kind::NotPem
                | Kind::MissingFile
        );
        assert_eq!(kind.relies_on_authority(), ends_there && !cut_away, "{kind}");
    }
}

#[test]
fn an_own_root_signs_itself_and_nobody_knows_it() {
    for kind in Kind::ALL.iter().filter(|kind| kind.brings_its_own_root()) {
        let minted = mint(*kind);
        let root = read(minted.root());
        assert_eq!(root.subject() == root.issuer(), *kind != Kind::AnchorNotRoot, "{kind}");
        assert_ne!(minted.root(), &LAB.authority(), "{kind}");
    }
}

#[test]
fn two_certificates_of_one_owner_have_the_same_issuer_and_serial_number() {
    let of = |owner: &Owner| {
        let minted = mint_of(Specification {
            owner: owner.clone(),
            ..Specification::new(Kind::ReusedSerial, "proxy.example.test".parse().unwrap())
        });
        let certificate = read(minted.certificate());
        (certificate.issuer().to_string(), certificate.raw_serial().to_vec())
    };
    let (one, other) = (Owner::new().unwrap(), Owner::new().unwrap());
    assert_eq!(of(&one), of(&one));
    assert_ne!(of(&one).0, of(&other).0);
    assert_eq!(of(&one).1, [1]);
}
