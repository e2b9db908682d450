//! User and password (RFC 7617).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderValue, header};

use super::NotLetIn;
use super::rules::RuleProblem;

/// What a 401 carries. The realm is websockify's: browsers keep passwords by it. `charset` asks for UTF-8 (RFC 7617
/// section 2.1).
pub(crate) const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Websockify\", charset=\"UTF-8\"");

/// How hashed passwords begin that `htpasswd` and `openssl passwd` write.
const HASHES: [&str; 6] = ["$2", "$apr1$", "$1$", "$5$", "$6$", "{SHA}"];

/// A user with a password. Digests are kept and compared, so that neither what is right nor how long it is shows in the
/// time that a comparison takes.
pub(super) struct User {
    in_utf8: Digest,
    /// For clients that send Latin-1, which is all that websockify reads.
    in_latin1: Option<Digest>,
}

impl User {
    /// Reads `USER:PASSWORD`.
    pub(super) fn parse(text: &str) -> Result<Self, RuleProblem> {
        let (user, password) = text.split_once(':').ok_or(RuleProblem::NoColon)?;
        if user.is_empty() && password.is_empty() {
            return Err(RuleProblem::NoColon);
        }
        // RFC 7617 section 2: no client could send them.
        if text.chars().any(char::is_control) {
            return Err(RuleProblem::ControlCharacter);
        }
        let latin1: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        Ok(Self {
            in_utf8: digest(&SHA256, text.as_bytes()),
            in_latin1: latin1.map(|text| digest(&SHA256, &text)),
        })
    }

    /// Whether the password is written as a hash.
    pub(super) fn is_hashed(text: &str) -> bool {
        text.split_once(':')
            .is_some_and(|(_, password)| HASHES.iter().any(|hash| password.starts_with(hash)))
    }

    fn is(&self, sent: &Digest) -> bool {
        let equal = |known: &Digest| verify_slices_are_equal(known.as_ref(), sent.as_ref()).is_ok();
        equal(&self.in_utf8) | self.in_latin1.as_ref().is_some_and(equal)
    }
}

/// Whether the request comes from one of the users.
pub(super) fn ask(headers: &HeaderMap, users: &[User]) -> Result<(), NotLetIn> {
    let header = headers.get(header::AUTHORIZATION).ok_or(NotLetIn::NoCredentials)?;
    let sent = credentials(header).ok_or(NotLetIn::BadCredentials)?;
    let sent = digest(&SHA256, &sent);
    // All of them, whoever is the right one.
    let known = users.iter().fold(false, |known, user| known | user.is(&sent));
    if known { Ok(()) } else { Err(NotLetIn::WrongCredentials) }
}

/// The bytes of `user:password`.
fn credentials(header: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    // Some programs leave the padding out.
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoder = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let sent = decoder.decode(encoded.trim()).ok()?;
    sent.contains(&b':').then_some(sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    /// The value of an `Authorization` header.
    fn authorization(text: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn asked(header: &str, users: &[&str]) -> Result<(), NotLetIn> {
        let users: Vec<User> = users.iter().map(|user| User::parse(user).unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        ask(&headers, &users)
    }

    #[test]
    fn one_of_the_users_is_let_in() {
        let users = ["anna:one:two", "bert:"];
        for right in ["anna:one:two", "bert:"] {
            assert!(asked(&authorization(right), &users).is_ok(), "{right}");
        }
        for wrong in ["anna:one", "anna:one:two ", "Anna:one:two", "bert:x", ":", "anna:"] {
            let refusal = asked(&authorization(wrong), &users);
            assert!(matches!(refusal, Err(NotLetIn::WrongCredentials)), "{wrong}");
        }
        assert!(matches!(ask(&HeaderMap::new(), &[]), Err(NotLetIn::NoCredentials)));
    }

    #[test]
    fn the_scheme_has_any_case_and_the_base64_any_padding() {
        for header in ["Basic YTpiYg==", "basic YTpiYg", "BASIC  YTpiYg=="] {
            assert!(asked(header, &["a:bb"]).is_ok(), "{header}");
        }
        for header in ["Basic", "Basic !", "Basic YWI=", "Bearer YTpiYg==", "YTpiYg=="] {
            let refusal = asked(header, &["a:bb"]);
            assert!(matches!(refusal, Err(NotLetIn::BadCredentials)), "{header}");
        }
    }

    #[test]
    fn a_password_comes_in_utf8_or_latin1() {
        assert!(asked(&authorization("jürgen:pässe"), &["jürgen:pässe"]).is_ok());
        assert!(asked(&authorization(b"j\xfcrgen:p\xe4sse"), &["jürgen:pässe"]).is_ok());
        assert!(asked(&authorization("a:5€"), &["a:5€"]).is_ok());
        assert!(asked(&authorization(b"a:5\x80"), &["a:5€"]).is_err());
    }

    #[test]
    fn what_is_no_user_with_a_password_is_told() {
        let problem = |text| User::parse(text).err();
        assert_eq!(problem("anna"), Some(RuleProblem::NoColon));
        assert_eq!(problem(":"), Some(RuleProblem::NoColon));
        assert_eq!(problem("anna:a\tb"), Some(RuleProblem::ControlCharacter));
        assert!(User::is_hashed("anna:$2y$05$abc") && User::is_hashed("anna:{SHA}abc="));
        assert!(!User::is_hashed("anna:secret$2y$"));
    }
}
