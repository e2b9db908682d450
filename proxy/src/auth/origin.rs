//! The site whose page opens a WebSocket: its origin (RFC 6454), as browsers send it.

use http::{HeaderMap, header};
use url::{Host, Url};

use super::NotLetIn;
use super::refusal::PageFrom;
use super::rules::RuleProblem;

/// Most of an origin that is shown.
const SHOWN: usize = 200;

/// An origin in the form in which browsers send it (RFC 6454 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin(String);

impl Origin {
    /// Reads `SCHEME://HOST[:PORT]` in any case, or `null`, which is what pages without an origin send.
    pub(super) fn parse(text: &str) -> Result<Self, RuleProblem> {
        if text == "null" {
            return Ok(Self(text.to_owned()));
        }
        let problem = || RuleProblem::NoOrigin(text.chars().take(SHOWN).collect());
        let (scheme, place) = text.split_once("://").ok_or_else(problem)?;
        let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty()
            || !scheme.chars().all(letters)
            || place.contains(['/', '?', '#', '@', '*'])
        {
            return Err(problem());
        }
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                let url = Url::parse(text).map_err(|_| problem())?;
                Ok(Self(url.origin().ascii_serialization()))
            }
            "ws" | "wss" => Err(RuleProblem::WebSocketOrigin(text.chars().take(SHOWN).collect())),
            // Apps and extensions of browsers have their own, and local files on some systems "file://".
            _ => Ok(Self(text.to_ascii_lowercase())),
        }
    }

    /// Whether it is that of a page that comes from `host`, as the `Host` header names it.
    fn is_of(&self, host: &str) -> bool {
        let Ok(origin) = Url::parse(&self.0) else { return false };
        let own = Url::parse(&format!("{}://{host}", origin.scheme()));
        let place = |url: &Url| (url.host().map(|host: Host<&str>| host.to_string()), url.port());
        own.is_ok_and(|own| place(&own) == place(&origin))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the request comes from a page of one of the origins.
pub(super) fn ask(headers: &HeaderMap, expected: &[Origin]) -> Result<(), NotLetIn> {
    let mut sent = headers.get_all(header::ORIGIN).iter();
    let header = sent.next().ok_or(NotLetIn::NoOrigin)?;
    let text = String::from_utf8_lossy(header.as_bytes());
    // Two are none: no browser sends them.
    let origin = Origin::parse(&text).ok().filter(|_| sent.next().is_none());
    match origin {
        Some(origin) if expected.contains(&origin) => Ok(()),
        origin => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let own = origin.zip(host).is_some_and(|(origin, host)| origin.is_of(host));
            Err(NotLetIn::WrongOrigin {
                origin: text.chars().take(SHOWN).collect(),
                expected: expected.iter().map(Origin::to_string).collect(),
                from: if own { PageFrom::SameHost } else { PageFrom::Elsewhere },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> String {
        Origin::parse(text).unwrap().to_string()
    }

    #[test]
    fn case_and_default_ports_make_no_difference() {
        assert_eq!(origin("HTTPS://Desk.Example:443"), "https://desk.example");
        assert_eq!(origin("http://desk.example:443"), "http://desk.example:443");
        assert_eq!(origin("http://[::0:1]:8080"), "http://[::1]:8080");
        assert_eq!(origin("https://bücher.example"), "https://xn--bcher-kva.example");
        assert_eq!(origin("null"), "null");
        assert_eq!(origin("moz-extension://1b2C"), "moz-extension://1b2c");
        assert_eq!(origin("file://"), "file://");
    }

    #[test]
    fn what_no_browser_sends_is_told() {
        for text in ["desk.example", "https://", "https://desk.example/", "https://*.example", "*"]
        {
            assert_eq!(Origin::parse(text), Err(RuleProblem::NoOrigin(text.to_owned())), "{text}");
        }
        assert!(matches!(Origin::parse("wss://h"), Err(RuleProblem::WebSocketOrigin(_))));
    }

    #[test]
    fn a_page_of_the_proxy_itself_is_recognised() {
        let asked = |lines: &[(&'static str, &str)]| {
            let headers = lines.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), value.parse().unwrap())
            });
            let mut all = HeaderMap::new();
            headers.for_each(|(name, value)| {
                all.append(name, value);
            });
            ask(&all, &[Origin::parse("https://a.example").unwrap()])
        };
        let from = |lines: &[(&'static str, &str)]| match asked(lines) {
            Err(NotLetIn::WrongOrigin { from, .. }) => from,
            other => panic!("{other:?}"),
        };
        assert!(asked(&[("origin", "https://A.example:443")]).is_ok());
        assert!(matches!(asked(&[("host", "h")]), Err(NotLetIn::NoOrigin)));
        let host = ("host", "Desk:6080");
        assert_eq!(from(&[("origin", "http://desk:6080"), host]), PageFrom::SameHost);
        assert_eq!(from(&[("origin", "https://desk"), ("host", "desk:443")]), PageFrom::SameHost);
        assert_eq!(from(&[("origin", "http://desk:80"), host]), PageFrom::Elsewhere);
        let twice = [("origin", "https://a.example"), ("origin", "https://a.example")];
        assert_eq!(from(&twice), PageFrom::Elsewhere);
    }
}
