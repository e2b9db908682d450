//! Certificates in parts, to be altered and signed: also into what no honest issuer makes.

use der::{
    Any, Decode, Encode, Sequence, Tag,
    asn1::{BitString, ObjectIdentifier, OctetString},
};
use pkcs8::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use rustls_pki_types::CertificateDer;

use super::{MintError, error::Making, signature::Scheme};

/// `id-ce-subjectKeyIdentifier` (RFC 5280 section 4.2.1.2), and so on.
pub(super) const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = extension("2.5.29.14");
pub(super) const KEY_USAGE: ObjectIdentifier = extension("2.5.29.15");
pub(super) const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = extension("2.5.29.17");
pub(super) const BASIC_CONSTRAINTS: ObjectIdentifier = extension("2.5.29.19");
pub(super) const NAME_CONSTRAINTS: ObjectIdentifier = extension("2.5.29.30");
pub(super) const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = extension("2.5.29.35");
pub(super) const EXTENDED_KEY_USAGE: ObjectIdentifier = extension("2.5.29.37");
/// `id-pe-tlsfeature`, known as must-staple (RFC 7633 section 4).
pub(super) const TLS_FEATURE: ObjectIdentifier = extension("1.3.6.1.5.5.7.1.24");
/// One that nobody knows, below the number for examples (RFC 5612).
pub(super) const UNKNOWN_EXTENSION: ObjectIdentifier = extension("1.3.6.1.4.1.32473.1");
/// A signature algorithm that nobody knows, beside it.
const UNKNOWN_ALGORITHM: ObjectIdentifier = extension("1.3.6.1.4.1.32473.2");

const fn extension(oid: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(oid)
}

const WHAT: &str = "a forged certificate";

/// Something that an honest issuer would not write, or not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Alteration {
    /// Version 1: without version number and extensions.
    Version1,
    /// The serial number in these octets, as they are (two's complement, X.690 section 8.3).
    Serial(Vec<u8>),
    /// An extension more, at the end.
    With(Extension),
    /// Without that extension.
    Without(ObjectIdentifier),
    /// That extension with another value.
    Value(ObjectIdentifier, Vec<u8>),
    /// That extension with the other mark.
    Mark(ObjectIdentifier, Mark),
    /// That extension twice.
    Twice(ObjectIdentifier),
    /// Another signature algorithm stated inside than the one outside, with which it is signed.
    Stated(Scheme),
    /// A signature algorithm that nobody knows stated in both places.
    UnknownAlgorithm,
    /// One bit of the signature flipped.
    FlippedSignature,
    /// The end cut off, as if nobody had noticed that it is missing.
    CutShort,
}

impl Alteration {
    /// An extension more, which nobody knows.
    pub(super) fn unknown_extension(mark: Mark) -> Result<Self, MintError> {
        const NULL: [u8; 2] = [0x05, 0x00];
        Ok(Self::With(Extension::new(UNKNOWN_EXTENSION, mark, &NULL)?))
    }
}

/// How an extension is marked (RFC 5280 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Critical,
    NotCritical,
}

/// An extension (RFC 5280 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct Extension {
    oid: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    critical: bool,
    value: OctetString,
}

impl Extension {
    pub(super) fn new(oid: ObjectIdentifier, mark: Mark, value: &[u8]) -> Result<Self, MintError> {
        let value = OctetString::new(value).making("an extension")?;
        Ok(Self { oid, critical: mark == Mark::Critical, value })
    }
}

/// What is signed (RFC 5280 section 4.1, TBSCertificate): only as far apart as it is altered.
#[derive(Clone, Debug, Sequence)]
pub(super) struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<u8>,
    serial: Any,
    signature: AlgorithmIdentifierOwned,
    issuer: Any,
    validity: Any,
    subject: Any,
    key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

/// A certificate (RFC 5280 section 4.1).
#[derive(Sequence)]
struct Certificate {
    tbs: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Tbs {
    /// Out of a certificate, whose signature does not matter.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, MintError> {
        let certificate = Certificate::from_der(certificate).making(WHAT)?;
        certificate.tbs.decode_as().making(WHAT)
    }

    /// Puts in whose certificate it is, and how it is signed.
    pub(super) fn state(
        &mut self,
        key: SubjectPublicKeyInfoOwned,
        scheme: Scheme,
    ) -> Result<(), MintError> {
        self.key = key;
        self.signature = scheme.identifier()?;
        Ok(())
    }

    /// Makes an alteration, if it is one of what is signed.
    pub(super) fn alter(&mut self, alteration: &Alteration) -> Result<(), MintError> {
        match alteration {
            Alteration::Version1 => (self.version, self.extensions) = (None, None),
            Alteration::Serial(octets) => {
                self.serial = Any::new(Tag::Integer, octets.as_slice()).making(WHAT)?;
            }
            Alteration::With(extension) => {
                self.extensions.get_or_insert_default().push(extension.clone());
            }
            Alteration::Without(oid) => {
                self.extensions.get_or_insert_default().retain(|extension| extension.oid != *oid);
            }
            Alteration::Value(oid, value) => {
                self.extension(*oid)?.value = OctetString::new(value.as_slice()).making(WHAT)?;
            }
            Alteration::Mark(oid, mark) => {
                self.extension(*oid)?.critical = *mark == Mark::Critical;
            }
            Alteration::Twice(oid) => {
                let extension = self.extension(*oid)?.clone();
                self.extensions.get_or_insert_default().push(extension);
            }
            Alteration::Stated(scheme) => self.signature = scheme.identifier()?,
            Alteration::UnknownAlgorithm => self.signature = unknown_algorithm(),
            Alteration::FlippedSignature | Alteration::CutShort => {}
        }
        Ok(())
    }

    fn extension(&mut self, oid: ObjectIdentifier) -> Result<&mut Extension, MintError> {
        let all = self.extensions.iter_mut().flatten();
        all.into_iter().find(|extension| extension.oid == oid).ok_or_else(|| MintError::Make {
            what: WHAT,
            reason: format!("it has no extension {oid} to alter"),
        })
    }

    /// What is to be signed.
    pub(super) fn message(&self) -> Result<Vec<u8>, MintError> {
        self.to_der().making(WHAT)
    }
}

/// The certificate out of what was signed and the signature, with what is altered afterwards.
pub(super) fn seal(
    message: &[u8],
    scheme: Scheme,
    mut signature: Vec<u8>,
    alterations: &[Alteration],
) -> Result<CertificateDer<'static>, MintError> {
    if let (true, Some(last)) =
        (alterations.contains(&Alteration::FlippedSignature), signature.last_mut())
    {
        *last ^= 1;
    }
    let algorithm = match alterations.contains(&Alteration::UnknownAlgorithm) {
        true => unknown_algorithm(),
        false => scheme.identifier()?,
    };
    let certificate = Certificate {
        tbs: Any::from_der(message).making(WHAT)?,
        algorithm,
        signature: BitString::from_bytes(&signature).making(WHAT)?,
    };
    if alterations.contains(&Alteration::CutShort) {
        return cut_short(&certificate);
    }
    Ok(certificate.to_der().making(WHAT)?.into())
}

const fn unknown_algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: UNKNOWN_ALGORITHM, parameters: None }
}

/// A certificate whose first half alone is there, in a frame of that length: as long as it says, and
/// cut off inside.
fn cut_short(certificate: &Certificate) -> Result<CertificateDer<'static>, MintError> {
    let whole = Any::encode_from(certificate).making(WHAT)?;
    let (half, _) = whole.value().split_at(whole.value().len() / 2);
    let cut = Any::new(Tag::Sequence, half).making(WHAT)?;
    Ok(cut.to_der().making(WHAT)?.into())
}
