//! What is sent of each kind, and who signed it.

use rstest::rstest;

use super::{LAB, mint, read};
use crate::{Fault, certificate::Kind};

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
        let mut path = vec![minted.certificate()];
        path.extend(minted.intermediates());
        path.push(minted.root());
        for pair in path.windows(2) {
            let [subject, issuer] = [read(pair[0]), read(pair[1])];
            assert_eq!(subject.issuer(), issuer.subject(), "{kind}");
            subject.verify_signature(Some(issuer.public_key())).unwrap();
        }
        let from_trusted = minted.root() == &LAB.authority();
        let planted = kind.plants().contains(&Fault::UnknownIssuer);
        assert_eq!(from_trusted, !planted || kind == Kind::MissingIntermediate, "{kind}");
    }
}
