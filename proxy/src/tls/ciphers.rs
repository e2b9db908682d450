//! Lists of ciphers in OpenSSL's language (`--ssl-ciphers`), over the suites of TLS 1.2 that there are here.
//!
//! The language is that of `openssl ciphers` (openssl-ciphers(1)). As there, the suites of TLS 1.3 are not touched.

use std::fmt;
use std::str::FromStr;

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite as suite;

/// A suite with OpenSSL's name for it, and the words of the language that mean it, beside those that mean all.
#[derive(Debug)]
struct Suite {
    name: &'static str,
    words: &'static [&'static str],
    bits: u16,
    rustls: &'static SupportedCipherSuite,
}

/// In the order of OpenSSL.
static SUITES: [Suite; 6] = [
    Suite {
        name: "ECDHE-ECDSA-AES256-GCM-SHA384",
        words: &["ECDSA", "aECDSA", "AES", "AESGCM", "AES256", "FIPS"],
        bits: 256,
        rustls: &suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    },
    Suite {
        name: "ECDHE-RSA-AES256-GCM-SHA384",
        words: &["aRSA", "AES", "AESGCM", "AES256", "FIPS"],
        bits: 256,
        rustls: &suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    },
    Suite {
        name: "ECDHE-ECDSA-CHACHA20-POLY1305",
        words: &["ECDSA", "aECDSA", "CHACHA20"],
        bits: 256,
        rustls: &suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    },
    Suite {
        name: "ECDHE-RSA-CHACHA20-POLY1305",
        words: &["aRSA", "CHACHA20"],
        bits: 256,
        rustls: &suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    },
    Suite {
        name: "ECDHE-ECDSA-AES128-GCM-SHA256",
        words: &["ECDSA", "aECDSA", "AES", "AESGCM", "AES128", "FIPS"],
        bits: 128,
        rustls: &suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    },
    Suite {
        name: "ECDHE-RSA-AES128-GCM-SHA256",
        words: &["aRSA", "AES", "AESGCM", "AES128", "FIPS"],
        bits: 128,
        rustls: &suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    },
];

/// What means every suite.
const ALL: [&str; 8] = ["ALL", "HIGH", "TLSv1.2", "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH"];

/// What means suites that are not here. Names of suites are put together from these, too.
const ELSEWHERE: &[&str] = &[
    "3DES",
    "ADH",
    "AECDH",
    "AESCCM",
    "AESCCM8",
    "ARIA",
    "ARIA128",
    "ARIA256",
    "ARIAGCM",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "CBC",
    "CBC3",
    "CCM",
    "CCM8",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "DES",
    "DH",
    "DHE",
    "DSS",
    "EDH",
    "EXP",
    "EXPORT",
    "GCM",
    "GOST94",
    "IDEA",
    "LOW",
    "MD5",
    "MEDIUM",
    "NULL",
    "POLY1305",
    "PSK",
    "RC2",
    "RC4",
    "RSA",
    "SEED",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA384",
    "SRP",
    "SSLv3",
    "TLSv1",
    "TLSv1.0",
    "aDH",
    "aDSS",
    "aGOST",
    "aNULL",
    "aPSK",
    "aSRP",
    "eNULL",
    "kDHE",
    "kDHEPSK",
    "kECDHEPSK",
    "kEDH",
    "kPSK",
    "kRSA",
    "kRSAPSK",
    "kSRP",
];

/// The suites of TLS 1.2 that are spoken with clients, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphers {
    names: Vec<&'static str>,
    idle: Vec<IdleWord>,
}

/// A word of a list of ciphers that does nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdleWord {
    /// It means suites that are not here.
    Elsewhere(String),
    /// It is a suite of TLS 1.3.
    Tls13(String),
    /// It is a security level.
    Level(String),
}

impl fmt::Display for IdleWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere(word) => {
                write!(f, "{word} in --ssl-ciphers selects no cipher that can be spoken here")
            }
            Self::Tls13(word) => write!(
                f,
                "{word} in --ssl-ciphers has no effect: the list is about TLS 1.2, and all ciphers of TLS 1.3 are spoken"
            ),
            Self::Level(word) => write!(f, "{word} in --ssl-ciphers has no effect"),
        }
    }
}

/// Why a text is no list of ciphers.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CiphersError {
    /// A word that is not known.
    #[error(
        "{0:?} is no word of OpenSSL's list of ciphers: see openssl ciphers -v ALL, and openssl-ciphers(1)"
    )]
    Unknown(String),
    /// Nothing is selected.
    #[error("no cipher left: of TLS 1.2, there are here {}", SUITES.iter().map(|suite| suite.name).collect::<Vec<_>>().join(", "))]
    Empty,
}

impl Ciphers {
    /// What the list has for nothing.
    pub(crate) fn idle(&self) -> &[IdleWord] {
        &self.idle
    }

    /// The suites of TLS 1.3, and those of the list.
    pub(super) fn suites(&self) -> Vec<SupportedCipherSuite> {
        let chosen = self.names.iter().filter_map(|name| SUITES.iter().find(|s| s.name == *name));
        let all = rustls::crypto::aws_lc_rs::DEFAULT_CIPHER_SUITES.iter().copied();
        let tls13 = all.filter(|suite| matches!(suite, SupportedCipherSuite::Tls13(_)));
        tls13.chain(chosen.map(|suite| *suite.rustls)).collect()
    }
}

impl fmt::Display for Ciphers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join(":"))
    }
}

/// A list in the making, as OpenSSL makes it: what is deleted waits at the front, what is added goes to the back.
struct Making(Vec<(&'static Suite, State)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    In,
    Out,
}

impl Making {
    fn take(&mut self, state: State, element: &str) -> Vec<&'static Suite> {
        self.0
            .extract_if(.., |(suite, now)| *now == state && suite.is_meant_by(element))
            .map(|(suite, _)| suite)
            .collect()
    }

    fn append(&mut self, suites: Vec<&'static Suite>) {
        self.0.extend(suites.into_iter().map(|suite| (suite, State::In)));
    }

    fn apply(&mut self, operator: Option<char>, element: &str) {
        match operator {
            Some('!') => self.0.retain(|(suite, _)| !suite.is_meant_by(element)),
            Some('-') => {
                let out = self.take(State::In, element);
                self.0.splice(0..0, out.into_iter().map(|suite| (suite, State::Out)));
            }
            Some('+') => {
                let last = self.take(State::In, element);
                self.append(last);
            }
            _ => {
                let new = self.take(State::Out, element);
                self.append(new);
            }
        }
    }
}

impl Suite {
    /// Whether an element, words with + between them, means it.
    fn is_meant_by(&self, element: &str) -> bool {
        let meant = |word| word == self.name || ALL.contains(&word) || self.words.contains(&word);
        element.split('+').all(meant)
    }
}

/// What a word is.
fn check(word: &str) -> Result<Option<IdleWord>, CiphersError> {
    let here = |word: &str| {
        ALL.contains(&word)
            || SUITES.iter().any(|suite| suite.name == word || suite.words.contains(&word))
    };
    let known = |part: &str| here(part) || ELSEWHERE.contains(&part);
    if here(word) {
        Ok(None)
    } else if ["TLS_AES_", "TLS_CHACHA20_"].iter().any(|begin| word.starts_with(begin)) {
        Ok(Some(IdleWord::Tls13(word.to_owned())))
    } else if !word.is_empty() && word.split('-').all(known) {
        Ok(Some(IdleWord::Elsewhere(word.to_owned())))
    } else {
        Err(CiphersError::Unknown(word.to_owned()))
    }
}

/// A list as `openssl ciphers` takes it.
impl FromStr for Ciphers {
    type Err = CiphersError;

    fn from_str(text: &str) -> Result<Self, CiphersError> {
        let mut list = Making(SUITES.iter().map(|suite| (suite, State::Out)).collect());
        let mut idle = Vec::new();
        let elements = text.split([':', ',', ';', ' ']).filter(|element| !element.is_empty());
        for (position, element) in elements.enumerate() {
            match element {
                "@STRENGTH" => list.0.sort_by_key(|(suite, _)| std::cmp::Reverse(suite.bits)),
                // It is a list of its own, and stands for nothing in the middle.
                "DEFAULT" if position == 0 => list.apply(None, "ALL"),
                "DEFAULT" => idle.push(IdleWord::Elsewhere(element.to_owned())),
                _ if matches!(
                    element.strip_prefix("@SECLEVEL="),
                    Some("0" | "1" | "2" | "3" | "4" | "5")
                ) =>
                {
                    idle.push(IdleWord::Level(element.to_owned()));
                }
                _ => {
                    let operator = element.chars().next().filter(|c| "!-+".contains(*c));
                    let words = if operator.is_some() { &element[1..] } else { element };
                    let mut none = None;
                    for word in words.split('+') {
                        none = none.or(check(word)?);
                    }
                    // What is not here is taken away in every list: that is no news.
                    let selected = SUITES.iter().any(|suite| suite.is_meant_by(words));
                    if operator.is_none() && !selected {
                        idle.push(none.unwrap_or_else(|| IdleWord::Elsewhere(element.to_owned())));
                    }
                    list.apply(operator, words);
                }
            }
        }
        let spoken = list.0.iter().filter(|(_, state)| *state == State::In);
        let names: Vec<_> = spoken.map(|(suite, _)| suite.name).collect();
        if names.is_empty() { Err(CiphersError::Empty) } else { Ok(Self { names, idle }) }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What openssl makes of a list, of the suites that there are here; nothing if it makes nothing of it, or only what
    /// is not here.
    fn of_openssl(list: &str) -> Option<Vec<String>> {
        let output = Command::new("openssl").args(["ciphers", list]).output().ok()?;
        let text = String::from_utf8(output.stdout).unwrap();
        let here = |name: &&str| SUITES.iter().any(|suite| suite.name == *name);
        Some(text.trim().split(':').filter(here).map(str::to_owned).collect())
    }

    #[test]
    fn lists_mean_what_they_mean_to_openssl() {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("skipped: openssl is not installed");
            assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none());
            return;
        }
        for list in [
            "ALL",
            "HIGH",
            "DEFAULT",
            "DEFAULT:!CHACHA20",
            "CHACHA20:DEFAULT",
            "HIGH:!aNULL:!MD5",
            "HIGH,!aNULL AES;-AES128",
            "ECDHE+AESGCM:ECDHE+CHACHA20",
            "EECDH+AESGCM:EDH+AESGCM",
            "AES256+ECDSA",
            "aRSA",
            "RSA",
            "AES128:@STRENGTH:AES256",
            "AES128:AES256:@STRENGTH",
            "AESGCM:+AES256",
            "ALL:-CHACHA20:CHACHA20",
            "ALL:-AES:+CHACHA20:AES128:AES256",
            "ALL:!AES128:AES128",
            "AES128:CHACHA20:ALL",
            "CHACHA20:-ALL:ALL",
            "HIGH:!ALL:HIGH",
            "FIPS:!ECDSA",
            "TLSv1.2:@SECLEVEL=2",
            "kRSA:ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA:RC4",
            "TLS_AES_128_GCM_SHA256:AESGCM",
        ] {
            let ours: Vec<_> = list.parse::<Ciphers>().map_or(vec![], |ciphers| ciphers.names);
            assert_eq!(ours, of_openssl(list).unwrap(), "{list}");
        }
    }

    #[test]
    fn words_that_do_nothing_are_told() {
        let ciphers: Ciphers =
            "TLS_AES_128_GCM_SHA256:RC4:DHE-RSA-AES256-SHA:AESGCM:!MD5:@SECLEVEL=1"
                .parse()
                .unwrap();
        let idle: Vec<_> = ciphers.idle().iter().map(IdleWord::to_string).collect();
        assert_eq!(idle.len(), 4);
        assert!(idle[0].starts_with("TLS_AES_128_GCM_SHA256 in --ssl-ciphers has no effect"));
        assert!(idle[1].starts_with("RC4 in --ssl-ciphers selects no cipher"));
        assert!(idle[2].starts_with("DHE-RSA-AES256-SHA in --ssl-ciphers selects no cipher"));
    }

    #[test]
    fn other_words_are_errors() {
        for (list, word) in [
            ("HIGH:NONSENSE", "NONSENSE"),
            ("ecdhe", "ecdhe"),
            ("HIGH:!", ""),
            ("ECDHE++AES", ""),
            ("ALL:@NONSENSE", "@NONSENSE"),
            ("HIGH:é", "é"),
        ] {
            assert_eq!(list.parse::<Ciphers>(), Err(CiphersError::Unknown(word.into())), "{list}");
        }
        for list in ["", "RC4", "TLS_AES_128_GCM_SHA256", "HIGH:!ALL"] {
            assert_eq!(list.parse::<Ciphers>(), Err(CiphersError::Empty), "{list}");
        }
    }
}
