//! Naming kinds of keys, and telling two public keys apart.

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::der_parser::ber::BerObjectContent;
use x509_parser::der_parser::der::{DerObject, parse_der};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use super::problem::PublicKeyPrint;

/// The print of a SubjectPublicKeyInfo in DER.
pub(super) fn print(spki: &[u8]) -> PublicKeyPrint {
    let kind = match sequence(spki).as_deref() {
        Some([algorithm, key]) => {
            let bits = key.content.as_bitstring().ok().and_then(|bits| rsa_bits(bits.data, 0));
            kind_of_algorithm(algorithm, bits)
        }
        _ => None,
    };
    PublicKeyPrint { kind: kind.unwrap_or_else(|| "unknown kind".to_owned()), sha256: sha256(spki) }
}

/// Whether two SubjectPublicKeyInfos hold the same key. Parameters are not compared: they are written in more than
/// one way.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let bits = |spki| {
        SubjectPublicKeyInfo::from_der(spki)
            .map(|(_, info)| info.subject_public_key.data.into_owned())
    };
    match (bits(one), bits(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `RSA 2048` and the like.
pub(super) fn rsa(bits: usize) -> String {
    format!("RSA {bits}")
}

/// The size of the modulus in a PKCS#1 private key.
pub(super) fn rsa_bits_of_pkcs1(der: &[u8]) -> Option<usize> {
    rsa_bits(der, 1)
}

/// The curve in a SEC1 private key.
pub(super) fn curve_in(der: &[u8]) -> Option<String> {
    let fields = sequence(der)?;
    let tagged = fields.iter().find_map(|field| match &field.content {
        // [0] EXPLICIT, the parameters.
        BerObjectContent::Unknown(any) if field.header.tag().0 == 0 => Some(any.data.to_vec()),
        _ => None,
    });
    let (_, oid) = parse_der(tagged.as_deref()?).ok()?;
    Some(curve(&oid.as_oid().ok()?.to_id_string()))
}

/// The kind of a PKCS#8 private key.
pub(super) fn kind_of_pkcs8(der: &[u8]) -> Option<String> {
    let fields = sequence(der)?;
    let key = fields.get(2).and_then(|key| key.as_slice().ok()).unwrap_or_default();
    kind_of_algorithm(fields.get(1)?, rsa_bits(key, 1))
}

fn kind_of_algorithm(algorithm: &DerObject<'_>, rsa_bits: Option<usize>) -> Option<String> {
    let fields = algorithm.as_sequence().ok()?;
    let oid = fields.first()?.as_oid().ok()?.to_id_string();
    Some(match oid.as_str() {
        "1.2.840.113549.1.1.1" => rsa_bits.map_or_else(|| "RSA".to_owned(), rsa),
        "1.2.840.113549.1.1.10" => "RSA-PSS".to_owned(),
        "1.2.840.10045.2.1" => {
            match fields.get(1).and_then(|parameters| parameters.as_oid().ok()) {
                Some(oid) => curve(&oid.to_id_string()),
                None => "EC with explicit parameters".to_owned(),
            }
        }
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        "1.3.101.110" => "X25519".to_owned(),
        "1.3.101.111" => "X448".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        other => format!("algorithm {other}"),
    })
}

fn curve(oid: &str) -> String {
    match oid {
        "1.2.840.10045.3.1.7" => "EC P-256".to_owned(),
        "1.3.132.0.33" => "EC P-224".to_owned(),
        "1.3.132.0.34" => "EC P-384".to_owned(),
        "1.3.132.0.35" => "EC P-521".to_owned(),
        "1.3.132.0.10" => "EC secp256k1".to_owned(),
        "1.3.36.3.3.2.8.1.1.7" => "EC brainpoolP256r1".to_owned(),
        "1.3.36.3.3.2.8.1.1.11" => "EC brainpoolP384r1".to_owned(),
        other => format!("EC curve {other}"),
    }
}

/// The size of the modulus that is field `index` of a SEQUENCE.
fn rsa_bits(der: &[u8], index: usize) -> Option<usize> {
    let modulus = sequence(der)?.get(index)?.as_biguint().ok()?;
    usize::try_from(modulus.bits()).ok()
}

fn sequence(der: &[u8]) -> Option<Vec<DerObject<'_>>> {
    let (_, object) = parse_der(der).ok()?;
    match object.content {
        BerObjectContent::Sequence(fields) => Some(fields),
        _ => None,
    }
}
