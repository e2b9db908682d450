//! Tokens that other servers know, or that are signed, side by side with websockify: APIs over HTTP, JSON Web Tokens,
//! and a real Redis.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use common::openssl::{issue, make_authority};
use common::programs::Program::{self, Ours, Websockify};
use common::programs::free_address;
use common::{DEADLINE, Proxy, closed_port, command, target};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rstest::rstest;
use serde_json::{Value, json};

/// A target that greets.
fn greeter() -> SocketAddr {
    target(|mut stream| stream.write_all(b"hello").unwrap())
}

/// What a session of this path gets: the target's greeting, or none.
#[track_caller]
fn greeting(running: &common::programs::Running, token: &str) -> Option<String> {
    let (_, frame) = running.upgrade(&format!("/?token={token}"), "localhost");
    // Behind an upgrade there may be a close frame.
    frame.starts_with(&[0x82]).then(|| String::from_utf8(frame[2..].to_vec()).unwrap())
}

/// The request's head, whose answer is up to the caller.
fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn answer(status: &str, lines: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A server of targets: `/text/one` and `/json/one` are known, `/auth/one` with a password.
fn api(to: SocketAddr) -> SocketAddr {
    target(move |mut stream| {
        let head = head(&mut stream);
        let (path, port) = (head.split(' ').nth(1).unwrap_or_default(), to.port());
        // "me:secret"
        let is_me = head.to_lowercase().contains("authorization: basic bwu6c2vjcmv0\r\n");
        let answer = match path {
            "/text/one" => answer("200 OK", "", &to.to_string()),
            "/json/one" => {
                answer("200 OK", "", &json!({"host": "127.0.0.1", "port": port}).to_string())
            }
            "/json/two" => answer(
                "200 OK",
                "",
                &json!({"host": "localhost", "port": port.to_string()}).to_string(),
            ),
            "/auth/one" if is_me => answer("200 OK", "", &to.to_string()),
            "/auth/one" => answer("401 Unauthorized", "", ""),
            "/text/down" => answer("500 Internal Server Error", "", ""),
            "/text/moved" => answer("302 Found", "Location: /text/one\r\n", ""),
            "/text/page" => answer("200 OK", "", "<html>Welcome</html>"),
            "/text/long" => answer("200 OK", "", &"1".repeat(1 << 20)),
            "/text/cut" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n127.0".to_owned(),
            "/text/rubbish" => "220 mail.example ESMTP\r\n".to_owned(),
            _ => answer("404 Not Found", "", ""),
        };
        // Who hears enough leaves.
        let _ = stream.write_all(answer.as_bytes());
    })
}

#[rstest]
fn an_api_says_where_a_token_leads(#[values(Ours, Websockify)] program: Program) {
    let folder = tempfile::tempdir().unwrap();
    let api = api(greeter());
    let hello = Some("hello".to_owned());
    for (plugin, path, known, unknown) in [
        ("BaseTokenAPI", "text/%s", "one", "none"),
        ("JSONTokenApi", "json/%s", "one", "none"),
        ("websockify.token_plugins.JSONTokenApi", "json/%s", "two", "down"),
    ] {
        let source = format!("http://{api}/{path}");
        let options = ["--token-plugin", plugin, "--token-source", &source];
        let Some(running) = program.start(folder.path(), &options, &[]) else { return };
        assert_eq!(greeting(&running, known), hello, "{plugin}");
        assert_eq!(greeting(&running, unknown), None, "{plugin}");
    }
    let source = format!("http://me:secret@{api}/auth/%s");
    let options = ["--token-plugin", "BaseTokenAPI", "--token-source", &source];
    let Some(running) = program.start(folder.path(), &options, &[]) else { return };
    assert_eq!(greeting(&running, "one"), hello);
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Claims with a target, and one more.
fn claims(to: SocketAddr, name: &str, value: Value) -> Value {
    let mut claims = json!({"host": "127.0.0.1", "port": to.port()});
    claims[name] = value;
    claims
}

#[rstest]
fn a_signed_token_says_where_it_leads(#[values(Ours, Websockify)] program: Program) {
    let folder = tempfile::tempdir().unwrap();
    let to = greeter();
    let hello = Some("hello".to_owned());
    let pair = rcgen::KeyPair::generate().unwrap();
    fs::write(folder.path().join("public.pem"), pair.public_key_pem()).unwrap();
    let secret = [3_u8; 32];
    fs::write(folder.path().join("secret"), BASE64_URL_SAFE.encode(secret)).unwrap();

    for (file, algorithm, key) in [
        ("public.pem", Algorithm::ES256, EncodingKey::from_ec_der(&pair.serialize_der())),
        ("secret", Algorithm::HS256, EncodingKey::from_secret(&secret)),
    ] {
        let options = ["--token-plugin", "JWTTokenApi", "--token-source", file];
        let Some(running) = program.start(folder.path(), &options, &[]) else { return };
        let sign = |claims: &Value| encode(&Header::new(algorithm), claims, &key).unwrap();
        let asked = |claims: &Value| greeting(&running, &sign(claims));
        assert_eq!(asked(&claims(to, "x", json!(1))), hello, "{file}");
        assert_eq!(asked(&claims(to, "exp", json!(now() + 3600))), hello, "{file}");
        assert_eq!(asked(&claims(to, "nbf", json!(now() - 3600))), hello, "{file}");
        assert_eq!(asked(&claims(to, "port", json!(to.port().to_string()))), hello, "{file}");
        assert_eq!(asked(&claims(to, "exp", json!(now() - 3600))), None, "{file}: expired");
        assert_eq!(asked(&claims(to, "nbf", json!(now() + 3600))), None, "{file}: not yet");
        assert_eq!(asked(&json!({"host": "127.0.0.1"})), None, "{file}: no port");

        let good = sign(&claims(to, "x", json!(1)));
        let parts: Vec<&str> = good.split('.').collect();
        let none = BASE64_URL_SAFE.encode(r#"{"alg":"none"}"#).replace('=', "");
        let other = sign(&claims(to, "x", json!(2)));
        let other = other.rsplit('.').next().unwrap();
        for (what, bad) in [
            ("unsigned", format!("{none}.{}.", parts[1])),
            ("unsigned with a signature", format!("{none}.{}.{}", parts[1], parts[2])),
            ("with another's signature", format!("{}.{}.{other}", parts[0], parts[1])),
            ("cut", format!("{}.{}", parts[0], parts[1])),
            ("nothing of the kind", "one".to_owned()),
        ] {
            assert_eq!(greeting(&running, &bad), None, "{file}: {what}");
        }
    }
}

/// A Redis of our own; it ends with this.
struct RedisServer {
    child: Child,
    address: SocketAddr,
}

impl RedisServer {
    /// `None` if there is none to be had, which is told.
    fn start(folder: &Path, options: &[&str]) -> Option<Self> {
        let address = free_address();
        let child = Command::new("redis-server")
            .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(folder)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("skipped: redis-server is not installed");
            assert!(std::env::var_os("WSSURE_NOTHING_SKIPPED").is_none(), "no redis-server");
            return None;
        };
        let server = Self { child, address };
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "redis-server does not listen");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Some(server)
    }

    /// Says commands over one connection; each must go well.
    fn say(&self, commands: &[&[&str]]) {
        let mut stream = common::connect(self.address);
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for words in commands {
            let mut text = format!("*{}\r\n", words.len());
            for word in *words {
                text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
            }
            stream.write_all(text.as_bytes()).unwrap();
            let mut answer = String::new();
            reader.read_line(&mut answer).unwrap();
            assert!(answer.starts_with(['+', ':']), "{words:?}: {answer}");
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[rstest]
fn a_redis_says_where_a_token_leads(#[values(Ours, Websockify)] program: Program) {
    let folder = tempfile::tempdir().unwrap();
    let to = greeter().to_string();
    let json = json!({"host": to}).to_string();
    let hello = Some("hello".to_owned());
    for password in ["", "open:sesame"] {
        let options = if password.is_empty() { vec![] } else { vec!["--requirepass", password] };
        let Some(server) = RedisServer::start(folder.path(), &options) else { return };
        let login = ["AUTH", password];
        let commands: [&[&str]; 8] = [
            if password.is_empty() { &["PING"] } else { &login },
            &["SET", "plain", &to],
            &["SET", "json", &json],
            &["SET", "app:in", &to],
            &["RPUSH", "list", &to],
            &["SET", "broken", "{"],
            &["SELECT", "1"],
            &["SET", "far", &to],
        ];
        server.say(&commands);
        let port = server.address.port();
        for (source, known, unknown) in [
            (format!("127.0.0.1:{port}::\"{password}\""), "plain", "far"),
            (format!("localhost:{port}:0:\"{password}\""), "json", "list"),
            (format!("127.0.0.1:{port}:1:\"{password}\""), "far", "plain"),
            (format!("127.0.0.1:{port}::\"{password}\":app"), "in", "plain"),
            (format!("127.0.0.1:{port}::\"{password}\":"), "plain", "broken"),
        ] {
            let source = source.replace("\"\"", "");
            let options = ["--token-plugin", "TokenRedis", "--token-source", &source];
            let Some(running) = program.start(folder.path(), &options, &[]) else { return };
            assert_eq!(greeting(&running, known), hello, "{source}: {known}");
            assert_eq!(greeting(&running, unknown), None, "{source}: {unknown}");
        }
    }
}

/// Starts ours, with its log.
fn ours(folder: &Path, plugin: &str, source: &str, more: &[&str]) -> Proxy {
    let options = ["--verbose", "--token-plugin", plugin, "--token-source", source];
    Proxy::run(folder, options.iter().chain(more).chain(&["127.0.0.1:0"]))
}

/// The status of a session's request.
#[track_caller]
fn status(proxy: &Proxy, token: &str) -> u16 {
    let mut stream = proxy.connect();
    let request = format!(
        "GET /?token={token} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let head = head(&mut stream);
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// websockify closes without an answer, and follows redirects.
#[test]
fn what_an_api_says_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let api = api(greeter());
    let source = format!("http://me:secret@{api}/text/%s?key=secret");
    let mut proxy = ours(folder.path(), "BaseTokenAPI", &source, &[]);
    assert_eq!(status(&proxy, "one"), 403, "the query is a part of what is asked");
    drop(proxy);
    let source = format!("http://me:secret@{api}/text/%s");
    proxy = ours(folder.path(), "BaseTokenAPI", &source, &[]);
    assert_eq!(status(&proxy, "one"), 101);
    assert_eq!(status(&proxy, "none"), 403);
    proxy.line(&format!(
        "Token not found in http://{api}/text/%s, which answered 404 (answered 403)"
    ));
    for token in ["..", ".", "%2e%2e", "../text/one"] {
        assert_eq!(status(&proxy, token), 403, "{token}");
    }
    for (token, words) in [
        ("down", "failed: it answered 500"),
        ("moved", "leads elsewhere: it answered 302"),
        ("page", "answered with what is no target"),
        ("long", "answered with more than any target has"),
        ("cut", "cannot be reached: "),
        ("rubbish", "cannot be reached: "),
    ] {
        assert_eq!(status(&proxy, token), 503, "{token}");
        proxy.line(&format!("the token source http://{api}/text/%s {words}"));
    }
    assert_eq!(status(&proxy, "one"), 101);
    assert!(!proxy.lines.iter().any(|line| line.contains("secret")), "{:?}", proxy.lines);
}

/// One that is down is asked anew for each session.
#[test]
fn servers_that_are_down_or_slow_or_lie_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let closed = closed_port();
    let silent = target(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let endless = target(|mut stream| while stream.write_all(&[b'$'; 4096]).is_ok() {});
    let huge = target(|mut stream| {
        let _ = stream.write_all(b"+OK\r\n+OK\r\n+OK\r\n$1000000000\r\n");
        while stream.write_all(&[b'1'; 4096]).is_ok() {}
    });
    let http = target(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    std::thread::scope(|scope| {
        for (plugin, address, words) in [
            ("TokenRedis", closed, "cannot be reached: Connection refused"),
            ("TokenRedis", silent, "does not answer in time"),
            ("TokenRedis", endless, "cannot be reached: "),
            ("TokenRedis", huge, "cannot be reached: "),
            ("TokenRedis", http, "cannot be reached: "),
            ("BaseTokenAPI", closed, "cannot be reached: Connection refused"),
            ("BaseTokenAPI", silent, "does not answer in time"),
            ("JSONTokenApi", endless, "cannot be reached: "),
        ] {
            let folder = folder.path();
            scope.spawn(move || {
                let (source, shown) = match plugin {
                    "TokenRedis" => (address.to_string(), format!("Redis {address}")),
                    _ => (format!("http://{address}/%s"), format!("http://{address}/%s")),
                };
                let mut proxy = ours(folder, plugin, &source, &[]);
                assert_eq!(status(&proxy, "secret"), 503, "{plugin} {words}");
                let line = proxy.line(&format!("the token source {shown} {words}"));
                assert!(!line.contains("secret"), "{line}");
                assert!(proxy.memory() < 100_000, "{} KiB", proxy.memory());
            });
        }
    });
}

#[test]
fn what_a_redis_says_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let to = greeter().to_string();
    let Some(server) = RedisServer::start(folder.path(), &["--requirepass", "sesame"]) else {
        return;
    };
    server.say(&[
        &["AUTH", "sesame"],
        &["SET", "one", &to],
        &["RPUSH", "list", &to],
        &["SET", "nowhere", "nowhere"],
    ]);
    let at = server.address.to_string();
    let source = format!("{at}::secret-word");
    let mut wrong = ours(folder.path(), "TokenRedis", &source, &[]);
    wrong.line("Warning: other users of this machine can read the password in --token-source");
    assert_eq!(status(&wrong, "one"), 503);
    let line = wrong.line(&format!("the token source Redis {at} "));
    assert!(!line.contains("secret-word"), "{line}");

    fs::write(folder.path().join("password"), "sesame\n").unwrap();
    let mut proxy = ours(folder.path(), "TokenRedis", &at, &["--token-password-file", "password"]);
    assert_eq!(status(&proxy, "one"), 101);
    assert_eq!(status(&proxy, "none"), 403);
    proxy.line(&format!("Token not found in Redis {at} (answered 403)"));
    assert_eq!(status(&proxy, "list"), 503);
    proxy.line(&format!("the token source Redis {at} answered with an error: WRONGTYPE"));
    assert_eq!(status(&proxy, "nowhere"), 503);
    proxy.line(&format!("the token source Redis {at} answered with what is no target: "));
    assert!(!proxy.lines.iter().any(|line| line.contains("sesame")), "{:?}", proxy.lines);
    let none = ours(folder.path(), "TokenRedis", &at, &[]);
    assert_eq!(status(&none, "one"), 503, "without a password");
}

/// websockify takes tokens for any audience.
#[test]
fn a_token_is_for_its_audience() {
    let folder = tempfile::tempdir().unwrap();
    let to = greeter();
    let secret = [3_u8; 32];
    fs::write(folder.path().join("secret"), BASE64_URL_SAFE.encode(secret)).unwrap();
    let sign = |claims: Value| {
        encode(&Header::default(), &claims, &EncodingKey::from_secret(&secret)).unwrap()
    };
    let for_desks = sign(claims(to, "aud", json!("desks")));
    let for_all = sign(claims(to, "x", json!(1)));
    let mut nobody = ours(folder.path(), "JWTTokenApi", "secret", &[]);
    assert_eq!(status(&nobody, &for_all), 101);
    assert_eq!(status(&nobody, &for_desks), 403);
    nobody.line("Token not valid: it is for a certain audience (aud): say with --token-audience");
    assert_eq!(status(&nobody, &sign(claims(to, "exp", json!(now() - 60)))), 403);
    nobody.line("Token not valid: its time is over (exp)");
    assert_eq!(status(&nobody, "a.b.c.d.e"), 403);
    nobody.line("Token not valid: it is encrypted (JWE)");

    let mut desks = ours(folder.path(), "JWTTokenApi", "secret", &["--token-audience", "desks"]);
    assert_eq!(status(&desks, &for_desks), 101);
    assert_eq!(status(&desks, &for_all), 403);
    desks.line("Token not valid: it is for others than --token-audience (aud)");
    assert!(!desks.lines.iter().any(|line| line.contains(&for_all)), "{:?}", desks.lines);
}

#[test]
fn an_api_over_tls_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    make_authority(folder.path());
    issue(folder.path(), "server", "subjectAltName=DNS:localhost,IP:127.0.0.1", "");
    let identity = common::tls::identity(folder.path(), "server.pem", "server-key.pem");
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(rustls::sign::SingleCertAndKey::from(identity)));
    let config = std::sync::Arc::new(config);
    let to = greeter();
    let api = target(move |stream| {
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        if !head(&mut stream).is_empty() {
            let _ = stream.write_all(answer("200 OK", "", &to.to_string()).as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    let source = format!("https://{api}/%s");
    let proxy = ours(folder.path(), "BaseTokenAPI", &source, &["--token-cafile", "ca.pem"]);
    assert_eq!(status(&proxy, "one"), 101);
    let source = format!("https://localhost:{}/%s", api.port());
    let proxy = ours(folder.path(), "BaseTokenAPI", &source, &["--token-cafile", "ca.pem"]);
    assert_eq!(status(&proxy, "one"), 101);
    fs::create_dir(folder.path().join("other")).unwrap();
    make_authority(&folder.path().join("other"));
    let mut proxy =
        ours(folder.path(), "BaseTokenAPI", &source, &["--token-cafile", "other/ca.pem"]);
    assert_eq!(status(&proxy, "one"), 503);
    let line = proxy.line(&format!("the token source {source} cannot be reached: "));
    assert!(line.contains("certificate"), "{line}");
}

#[rstest]
#[case("JWTTokenApi", "nothing", &[], "nothing cannot be read: No such file")]
#[case("JWTTokenApi", "short", &[], "a shared secret of 3 bytes could be guessed")]
#[case("TokenRedis", "h", &["--token-password-file", "nothing"], "(--token-password-file): No such file")]
#[case("BaseTokenAPI", "https://h/%s", &["--token-cafile", "nothing"], "(--token-cafile): ")]
fn a_source_that_cannot_serve_ends_the_start(
    #[case] plugin: &str,
    #[case] source: &str,
    #[case] more: &[&str],
    #[case] words: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short"), "c2Vj").unwrap();
    for check in [&["--check"][..], &[]] {
        let output = command()
            .current_dir(folder.path())
            .args(["--token-plugin", plugin, "--token-source", source])
            .args(more)
            .args(check)
            .arg("127.0.0.1:0")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{said}");
    }
}
