//! Where it happened: the host, the port, the file and the target, as far as the words name them.

use std::{path::PathBuf, sync::LazyLock};

use regex::Regex;
use url::Url;

use super::text::Text;
use crate::host::Host;

/// What the words name, for the commands of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The host of the proxy.
    pub host: Option<Host>,
    /// Its port, where it is not the scheme's own.
    pub port: Option<u16>,
    /// The path in the URL, without what stands behind `?`: that may be a secret.
    pub path: Option<String>,
    /// The certificate file.
    pub file: Option<PathBuf>,
    /// The key file.
    pub key: Option<PathBuf>,
    /// What the proxy connects to.
    pub target: Option<(Host, u16)>,
}

static URLS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b(wss?|https?)://[^\s'"<>`()\[\]]*[^\s'"<>`(),.;:]"#).ok());

/// The words of our proxy, Python, rustls, curl and OpenSSL before the name that was asked for.
static ASKED_FOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:it asked for|not valid for(?: name)?|target host(?: ?name)?|connect(?:ing)? to host|in connection to|server_name[:=]?) ['"“]?([a-z0-9._:-]+)"#).ok()
});

static TARGET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:failed to connect to|connecting to:?) ([a-z0-9._-]+|\[[0-9a-f:]+\]):(\d{1,5})",
    )
    .ok()
});

static FILES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)[^\s'"`=:,;()<>]+\.(?:pem|crt|cer|cert|key|p12|pfx|der|p7b)\b"#).ok()
});

impl Place {
    pub(super) fn find(text: &Text<'_>) -> Self {
        let (file, key) = files(text.read());
        let target = target(text.read());
        let mut place = Self { file, key, target, ..Self::default() };
        match url(text.read()) {
            Some(url) => place.take(&url),
            None => (place.host, place.port) = asked_for(text.read()),
        }
        place
    }

    fn take(&mut self, url: &Url) {
        self.host = url.host_str().and_then(|host| host.parse().ok());
        self.port = url.port();
        let path = Some(url.path()).filter(|path| *path != "/" && !path.is_empty());
        self.path = path.map(str::to_owned);
    }
}

/// The first URL of a WebSocket, or else the first of all. Tools name their own pages in their messages.
fn url(words: &str) -> Option<Url> {
    let of_the_tool = |line: &&str| !line.trim_start().starts_with("More details here:");
    let lines = words.lines().filter(of_the_tool);
    let pattern = URLS.as_ref()?;
    let urls = lines.flat_map(|line| pattern.find_iter(line));
    let urls: Vec<Url> = urls.filter_map(|found| Url::parse(found.as_str()).ok()).collect();
    let websocket = urls.iter().find(|url| url.scheme().starts_with("ws"));
    websocket.or(urls.first()).cloned()
}

fn asked_for(words: &str) -> (Option<Host>, Option<u16>) {
    let found = ASKED_FOR.as_ref().and_then(|pattern| pattern.captures(words)?.get(1));
    let Some(found) = found else { return (None, None) };
    let name = found.as_str().trim_end_matches([':', '.', ',']);
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
        _ => (name, None),
    };
    // `not valid for any names`
    let host = host.contains(['.', ':']).then(|| host.parse().ok()).flatten();
    (host, port)
}

fn target(words: &str) -> Option<(Host, u16)> {
    let found = TARGET.as_ref()?.captures(words)?;
    Some((found.get(1)?.as_str().parse().ok()?, found.get(2)?.as_str().parse().ok()?))
}

fn files(words: &str) -> (Option<PathBuf>, Option<PathBuf>) {
    let Some(pattern) = FILES.as_ref() else { return (None, None) };
    let is_key = |file: &&str| {
        let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        name.contains("key")
    };
    let is_local = |file: &&str| !file.contains("//") && !file.starts_with('-');
    let found: Vec<&str> =
        pattern.find_iter(words).map(|found| found.as_str()).filter(is_local).collect();
    let key = found.iter().copied().find(is_key);
    let file = found.iter().copied().find(|file| !is_key(file));
    (file.or(key).map(PathBuf::from), file.and(key).map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(words: &str) -> Place {
        Place::find(&Text::new(words))
    }

    #[test]
    fn a_websocket_url_comes_before_other_urls_and_keeps_no_secret() {
        let place = find(
            "at https://a.test/vnc.html: WebSocket to 'wss://b.test:6080/websockify?token=secret' failed: x",
        );
        assert_eq!(place.host.unwrap().to_string(), "b.test");
        assert_eq!((place.port, place.path.as_deref()), (Some(6080), Some("/websockify")));
        let place = find("curl: (60) x\nMore details here: https://curl.se/docs/sslcerts.html");
        assert_eq!(place, Place::default());
    }

    #[test]
    fn a_client_s_address_is_not_the_proxy_s() {
        let place = find(
            "client 192.0.2.7:51234: refused our certificate: TLS alert 48 unknown_ca; it asked for proxy.example.test",
        );
        assert_eq!(place.host.unwrap().to_string(), "proxy.example.test");
        assert_eq!(find("client 192.0.2.7:51234: closed the connection").host, None);
    }

    #[test]
    fn files_and_targets_are_found() {
        let place = find(
            r#"nginx: cannot load certificate "/etc/ssl/a.crt": and key /etc/ssl/private/a.key"#,
        );
        assert_eq!(place.file, Some("/etc/ssl/a.crt".into()));
        assert_eq!(place.key, Some("/etc/ssl/private/a.key".into()));
        assert_eq!(
            find("open '/etc/letsencrypt/privkey.pem'").file,
            Some("/etc/letsencrypt/privkey.pem".into())
        );
        let target = find("Failed to connect to localhost:5900: refused").target;
        assert_eq!(target, Some(("localhost".parse().unwrap(), 5900)));
    }
}
