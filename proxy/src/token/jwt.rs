//! Tokens that hold their target and are signed: JSON Web Tokens (RFC 7519) as JWS (RFC 7515), for `JWTTokenApi`.
//!
//! Encrypted ones (JWE, RFC 7516) are refused: there is no maintained library for them on the one crypto provider that
//! this program has.

use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::refusal::{NoTarget, TokenSourceError};
use super::target_text::target_of;
use crate::settings::Target;
use crate::text_file;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 10;

/// The least that a shared secret has, in bytes: the size of HMAC-SHA256's output (RFC 7518, section 3.2).
const SHORTEST_SECRET: usize = 32;

/// The least that an RSA key has, in bits (RFC 7518, section 3.3).
const SMALLEST_RSA: usize = 2048;

/// base64url as it is written, with or without padding.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file with the key that verifies signed tokens, read anew for each session: a public key or a certificate in PEM, or
/// a shared secret in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtKeyFile {
    /// The file.
    pub path: PathBuf,
    /// For whom tokens are (`--token-audience`): their claim `aud` must name it. Without it, tokens with that claim are
    /// refused, which are for somebody else (RFC 7519, section 4.1.3).
    pub audience: Option<String>,
}

/// A key that verifies, with the algorithms that it is for: a token does not choose how its key is used.
struct Key {
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

/// Why a file holds no key that verifies tokens. It does not show what is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It is neither PEM nor base64url.
    Neither,
    /// A shared secret of so many bytes.
    ShortSecret(usize),
    /// A private key, which nobody needs to verify.
    Private,
    /// PEM of another kind, or a key that cannot be read.
    Unreadable,
    /// An RSA key of so many bits.
    SmallRsa(usize),
    /// A key of another kind.
    Kind,
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Neither => f.write_str(
                "it should hold a public key (PEM) or a shared secret in base64url; a secret is made with \
                 `openssl rand -base64 32 | tr +/ -_`",
            ),
            Self::ShortSecret(bytes) => write!(
                f,
                "a shared secret of {bytes} bytes could be guessed: it should have {SHORTEST_SECRET} at least"
            ),
            Self::Private => f.write_str(
                "it holds a private key; give the public one only: openssl pkey -in FILE -pubout",
            ),
            Self::Unreadable => f.write_str("it is PEM without a public key or certificate that can be read"),
            Self::SmallRsa(bits) => {
                write!(f, "an RSA key of {bits} bits is too small: it should have {SMALLEST_RSA} at least")
            }
            Self::Kind => f.write_str("its key is none of RSA, P-256, P-384 and Ed25519"),
        }
    }
}

/// Why a signed token does not hold. Nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtRefusal {
    /// It is no such token.
    NoJwt,
    /// It is encrypted.
    Encrypted,
    /// It is not signed (`alg: none`).
    Unsigned,
    /// It is signed by an algorithm that is not the key's.
    Algorithm,
    /// The signature is not by the key.
    Signature,
    /// Its time is over (`exp`).
    Expired,
    /// Its time has not come (`nbf`).
    NotYet,
    /// It is for others than the audience (`aud`), or names nobody.
    Audience,
    /// It is for somebody (`aud`), and who we are is not known.
    NoAudience,
    /// Its claims name no target.
    NoTarget(String),
}

impl fmt::Display for JwtRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJwt => f.write_str("it is no signed JSON Web Token"),
            Self::Encrypted => {
                f.write_str("it is encrypted (JWE); only signed tokens (JWS) are read here")
            }
            Self::Unsigned => f.write_str("it is not signed (alg is none)"),
            Self::Algorithm => f.write_str("it is signed by an algorithm that the key is not for"),
            Self::Signature => f.write_str("it is not signed by the key of --token-source"),
            Self::Expired => f.write_str("its time is over (exp); or a clock is wrong"),
            Self::NotYet => f.write_str("its time has not come (nbf); or a clock is wrong"),
            Self::Audience => f.write_str("it is for others than --token-audience (aud)"),
            Self::NoAudience => f.write_str(
                "it is for a certain audience (aud): say with --token-audience who this is",
            ),
            Self::NoTarget(why) => write!(f, "it is signed, and names no target: {why}"),
        }
    }
}

impl JwtKeyFile {
    /// Reads the key, to see whether there is one.
    pub(super) fn read(&self) -> Result<(), TokenSourceError> {
        self.key().map(drop)
    }

    fn key(&self) -> Result<Key, TokenSourceError> {
        let path = || self.path.clone();
        let text = text_file::read(&self.path)
            .map_err(|error| TokenSourceError::File { path: path(), error })?;
        Key::parse(&text).map_err(|problem| TokenSourceError::Key { path: path(), problem })
    }

    /// The target in a token that holds.
    pub(super) async fn target(&self, token: String) -> Result<Target, NoTarget> {
        let file = self.clone();
        let verified = tokio::task::spawn_blocking(move || {
            let key = file.key().map_err(NoTarget::Source)?;
            key.verify(&token, file.audience.as_deref()).map_err(NoTarget::Signed)
        });
        verified.await.unwrap_or_else(|error| {
            let (path, error) = (self.path.clone(), std::io::Error::other(error));
            Err(NoTarget::Source(TokenSourceError::File { path, error }))
        })
    }
}

impl Key {
    fn parse(text: &str) -> Result<Self, KeyProblem> {
        if text.contains("-----BEGIN ") {
            return Self::of_pem(text);
        }
        let secret = BASE64URL.decode(text.trim().replace('+', "-").replace('/', "_"));
        let secret = secret.map_err(|_| KeyProblem::Neither)?;
        let algorithms: Vec<Algorithm> =
            [(32, Algorithm::HS256), (48, Algorithm::HS384), (64, Algorithm::HS512)]
                .into_iter()
                .filter(|(least, _)| secret.len() >= *least)
                .map(|(_, algorithm)| algorithm)
                .collect();
        if secret.len() < SHORTEST_SECRET {
            return Err(match secret.len() {
                0 => KeyProblem::Neither,
                bytes => KeyProblem::ShortSecret(bytes),
            });
        }
        Ok(Self { key: DecodingKey::from_secret(&secret), algorithms })
    }

    fn of_pem(text: &str) -> Result<Self, KeyProblem> {
        let (_, pem) = x509_parser::pem::parse_x509_pem(text.as_bytes())
            .map_err(|_| KeyProblem::Unreadable)?;
        match pem.label.as_str() {
            "PUBLIC KEY" => {
                let (_, info) = SubjectPublicKeyInfo::from_der(&pem.contents)
                    .map_err(|_| KeyProblem::Unreadable)?;
                Self::of(&info)
            }
            "CERTIFICATE" => {
                let (_, certificate) =
                    X509Certificate::from_der(&pem.contents).map_err(|_| KeyProblem::Unreadable)?;
                Self::of(certificate.public_key())
            }
            label if label.ends_with("PRIVATE KEY") => Err(KeyProblem::Private),
            _ => Err(KeyProblem::Unreadable),
        }
    }

    fn of(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, KeyProblem> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let bytes = &*info.subject_public_key.data;
        let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let curve = curve.map(|oid| oid.to_id_string());
        match (info.algorithm.algorithm.to_id_string().as_str(), curve.as_deref()) {
            // rsaEncryption
            ("1.2.840.113549.1.1.1", _) => match info.parsed() {
                Ok(PublicKey::RSA(rsa)) if rsa.key_size() >= SMALLEST_RSA => Ok(Self {
                    key: DecodingKey::from_rsa_der(bytes),
                    algorithms: vec![RS256, RS384, RS512, PS256, PS384, PS512],
                }),
                Ok(PublicKey::RSA(rsa)) => Err(KeyProblem::SmallRsa(rsa.key_size())),
                _ => Err(KeyProblem::Unreadable),
            },
            // id-ecPublicKey with secp256r1, and with secp384r1
            ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => {
                Ok(Self { key: DecodingKey::from_ec_der(bytes), algorithms: vec![ES256] })
            }
            ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => {
                Ok(Self { key: DecodingKey::from_ec_der(bytes), algorithms: vec![ES384] })
            }
            // id-Ed25519
            ("1.3.101.112", _) => {
                Ok(Self { key: DecodingKey::from_ed_der(bytes), algorithms: vec![EdDSA] })
            }
            _ => Err(KeyProblem::Kind),
        }
    }

    fn verify(&self, token: &str, audience: Option<&str>) -> Result<Target, JwtRefusal> {
        let algorithm = algorithm(token)?;
        if !self.algorithms.contains(&algorithm) {
            return Err(JwtRefusal::Algorithm);
        }
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        // As websockify has it: tokens need not end.
        validation.required_spec_claims.clear();
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        let read = jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &validation);
        let claims = read.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => JwtRefusal::Signature,
            ErrorKind::ExpiredSignature => JwtRefusal::Expired,
            ErrorKind::ImmatureSignature => JwtRefusal::NotYet,
            ErrorKind::InvalidAudience if audience.is_none() => JwtRefusal::NoAudience,
            ErrorKind::InvalidAudience | ErrorKind::MissingRequiredClaim(_) => JwtRefusal::Audience,
            _ => JwtRefusal::NoJwt,
        })?;
        target_of(&claims.claims).map_err(JwtRefusal::NoTarget)
    }
}

/// By which algorithm a token says that it is signed.
fn algorithm(token: &str) -> Result<Algorithm, JwtRefusal> {
    let header = match token.split('.').collect::<Vec<_>>()[..] {
        [header, _, _] => header,
        [_, _, _, _, _] => return Err(JwtRefusal::Encrypted),
        _ => return Err(JwtRefusal::NoJwt),
    };
    let header = BASE64URL.decode(header).map_err(|_| JwtRefusal::NoJwt)?;
    let header: Map<String, Value> =
        serde_json::from_slice(&header).map_err(|_| JwtRefusal::NoJwt)?;
    match header.get("alg") {
        Some(Value::String(name)) if name.eq_ignore_ascii_case("none") => Err(JwtRefusal::Unsigned),
        Some(Value::String(name)) => name.parse().map_err(|_| JwtRefusal::Algorithm),
        _ => Err(JwtRefusal::NoJwt),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use jsonwebtoken::{EncodingKey, Header, encode};
    use proptest::prelude::*;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
    use serde_json::json;

    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn secret() -> Key {
        Key::parse(&format!("{}\n", BASE64URL.encode(SECRET))).unwrap_or_else(|_| panic!("a key"))
    }

    fn token(claims: &Value) -> String {
        encode(&Header::default(), claims, &EncodingKey::from_secret(&SECRET)).unwrap()
    }

    fn verified(claims: &Value, audience: Option<&str>) -> Result<String, JwtRefusal> {
        secret().verify(&token(claims), audience).map(|target| target.to_string())
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn a_signed_token_holds_its_target() {
        let target = Ok("h:1".to_owned());
        assert_eq!(verified(&json!({"host": "h", "port": 1}), None), target);
        assert_eq!(verified(&json!({"host": "h", "port": "1", "exp": now() + 60}), None), target);
        assert_eq!(verified(&json!({"host": "h", "port": 1, "nbf": now() - 60}), None), target);
        let desks = json!({"host": "h", "port": 1, "aud": ["desks", "others"]});
        assert_eq!(verified(&desks, Some("desks")), target);
    }

    #[test]
    fn one_that_does_not_hold_is_refused_with_its_reason() {
        let with = |name: &str, value: Value| {
            let mut claims = json!({"host": "h", "port": 1});
            claims[name] = value;
            claims
        };
        let refused = |claims: Value, audience| verified(&claims, audience).unwrap_err();
        assert_eq!(refused(with("exp", json!(now() - 60)), None), JwtRefusal::Expired);
        assert_eq!(refused(with("nbf", json!(now() + 60)), None), JwtRefusal::NotYet);
        assert_eq!(refused(with("aud", json!("desks")), None), JwtRefusal::NoAudience);
        assert_eq!(refused(with("aud", json!("desks")), Some("other")), JwtRefusal::Audience);
        assert_eq!(refused(with("x", json!(1)), Some("desks")), JwtRefusal::Audience);
        assert_eq!(refused(with("exp", json!("soon")), None), JwtRefusal::NoJwt);
        assert!(matches!(refused(with("port", json!(0)), None), JwtRefusal::NoTarget(_)));
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_verified() {
        let claims = BASE64URL.encode(r#"{"host":"h","port":1}"#).replace('=', "");
        let header = |alg: &str| BASE64URL.encode(format!(r#"{{"alg":"{alg}"}}"#)).replace('=', "");
        let refused = |token: &str| secret().verify(token, None).unwrap_err();
        for none in ["none", "None", "NONE"] {
            assert_eq!(refused(&format!("{}.{claims}.", header(none))), JwtRefusal::Unsigned);
        }
        assert_eq!(refused(&format!("{}.{claims}.AAAA", header("HS512"))), JwtRefusal::Algorithm);
        assert_eq!(refused(&format!("{}.{claims}.AAAA", header("XX"))), JwtRefusal::Algorithm);
        assert_eq!(refused(&format!("{}.{claims}.AAAA", header("HS256"))), JwtRefusal::Signature);
        assert_eq!(refused("a.b.c.d.e"), JwtRefusal::Encrypted);
        assert_eq!(refused("alpha"), JwtRefusal::NoJwt);

        // A public key that everybody has is no secret.
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = pair.public_key_pem();
        let forged = encode(
            &Header::default(),
            &json!({"host": "h", "port": 1}),
            &EncodingKey::from_secret(pem.as_bytes()),
        );
        let key = Key::parse(&pem).unwrap_or_else(|_| panic!("a key"));
        assert_eq!(key.verify(&forged.unwrap(), None).unwrap_err(), JwtRefusal::Algorithm);
    }

    #[test]
    fn keys_of_each_kind_verify() {
        let claims = json!({"host": "h", "port": 1});
        for (kind, algorithm) in [
            (&PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
            (&PKCS_ECDSA_P384_SHA384, Algorithm::ES384),
            (&PKCS_ED25519, Algorithm::EdDSA),
        ] {
            let pair = KeyPair::generate_for(kind).unwrap();
            let private = pair.serialize_der();
            let private = match algorithm {
                Algorithm::EdDSA => EncodingKey::from_ed_der(&private),
                _ => EncodingKey::from_ec_der(&private),
            };
            let token = encode(&Header::new(algorithm), &claims, &private).unwrap();
            let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
            for pem in [pair.public_key_pem(), certificate.pem()] {
                let key = Key::parse(&pem).unwrap_or_else(|problem| panic!("{problem}"));
                assert_eq!(key.verify(&token, None).unwrap().to_string(), "h:1", "{algorithm:?}");
                let other = KeyPair::generate_for(kind).unwrap().public_key_pem();
                let other = Key::parse(&other).unwrap_or_else(|problem| panic!("{problem}"));
                assert_eq!(other.verify(&token, None).unwrap_err(), JwtRefusal::Signature);
            }
        }
    }

    #[test]
    fn a_file_without_such_a_key_is_told() {
        let problem = |text: &str| Key::parse(text).map(drop).unwrap_err();
        assert_eq!(problem(""), KeyProblem::Neither);
        assert_eq!(problem("not base64!"), KeyProblem::Neither);
        assert_eq!(problem("c2VjcmV0"), KeyProblem::ShortSecret(6));
        let pair = KeyPair::generate().unwrap();
        assert_eq!(problem(&pair.serialize_pem()), KeyProblem::Private);
        assert_eq!(problem("-----BEGIN X-----\nAAAA\n-----END X-----\n"), KeyProblem::Unreadable);
        assert_eq!(problem("-----BEGIN PUBLIC KEY-----\n"), KeyProblem::Unreadable);
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_none_and_a_token_or_none(text in any::<String>()) {
            let _ = Key::parse(&text);
            let _ = Key::parse(&format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"));
            prop_assert!(secret().verify(&text, None).is_err());
        }
    }
}
