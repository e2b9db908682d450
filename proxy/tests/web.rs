//! The web folder: what is served, and what never is.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::openssl::{folder_with_self_pem, join, openssl};
use common::tls;
use common::websocket::WebSocket;
use common::{Proxy, echo, get, request};

/// A proxy with a web folder that `fill` fills.
fn with_web(options: &[&str], fill: impl FnOnce(&Path)) -> (tempfile::TempDir, Proxy) {
    let folder = folder_with_self_pem();
    let web = folder.path().join("web");
    fs::create_dir(&web).unwrap();
    fill(&web);
    let options: Vec<&str> = ["--web", "web"].into_iter().chain(options.iter().copied()).collect();
    let proxy = Proxy::start(folder.path(), &options, echo());
    (folder, proxy)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn files_come_with_their_media_types() {
    let files = [
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("a b.css", "text/css; charset=utf-8"),
        // What noVNC is made of.
        ("rfb.mjs", "text/javascript; charset=utf-8"),
        ("en.json", "application/json"),
        ("icon.SVG", "image/svg+xml"),
        ("icon.png", "image/png"),
        ("favicon.ico", "image/x-icon"),
        ("Orbitron.woff2", "font/woff2"),
        ("Orbitron.ttf", "font/ttf"),
        ("decoder.wasm", "application/wasm"),
        ("bell.mp3", "audio/mpeg"),
        ("bell.oga", "audio/ogg"),
        ("app.webmanifest", "application/manifest+json"),
        ("ca.crt", "application/x-x509-ca-cert"),
        ("ca.cer", "application/x-x509-ca-cert"),
        ("ca.pem", "application/x-x509-ca-cert"),
        ("other", "application/octet-stream"),
    ];
    let (_folder, mut proxy) = with_web(&[], |web| {
        files
            .iter()
            .for_each(|(name, _)| fs::write(web.join(name), format!("this is {name}")).unwrap());
    });
    for (name, media_type) in files {
        let answer = get(&mut proxy.connect(), &format!("/{}?query", name.replace(' ', "%20")));
        assert_eq!(status(&answer), "200", "{name}");
        assert!(answer.contains(&format!("content-type: {media_type}\r\n")), "{answer}");
        assert_eq!(body(&answer), format!("this is {name}"));
    }
    assert_eq!(body(&get(&mut tls::accept_all(proxy.connect()), "/")), "this is index.html");
    WebSocket::open(proxy.connect()).echo(b"and sessions, too");
    proxy.line("  - Web server. Web root: ");
    // What a query holds may be a secret.
    proxy.line("GET /app.js?...: 200");
}

#[test]
fn head_and_conditions_are_answered_without_a_body() {
    let (_folder, proxy) = with_web(&[], |web| fs::write(web.join("a.txt"), "hello").unwrap());
    let head = request(
        &mut proxy.connect(),
        "HEAD /a.txt HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n",
    );
    assert!(head.contains("content-length: 5\r\n") && body(&head).is_empty(), "{head}");
    let modified = head.lines().find_map(|line| line.strip_prefix("last-modified: ")).unwrap();
    let again = request(
        &mut proxy.connect(),
        &format!(
            "GET /a.txt HTTP/1.1\r\nHost: p\r\nConnection: close\r\nIf-Modified-Since: {modified}\r\n\r\n"
        ),
    );
    assert_eq!((status(&again), body(&again)), ("304", ""));
    let post = request(
        &mut proxy.connect(),
        "POST /a.txt HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(status(&post), "501");
}

/// A request for `/file` with a further header line: status, headers in small letters, body.
fn ask(proxy: &Proxy, method: &str, line: &str) -> (String, String, String) {
    let text = format!("{method} /file HTTP/1.1\r\nHost: p\r\nConnection: close\r\n{line}\r\n\r\n");
    let answer = request(&mut proxy.connect(), &text);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (status(&answer).to_owned(), head.to_lowercase() + "\r\n", body.to_owned())
}

#[test]
fn a_part_of_a_file_is_sent_where_it_is_asked_for() {
    let data: String = (0..200_000).map(|i| char::from(b'a' + (i % 23) as u8)).collect();
    let (_folder, proxy) = with_web(&[], |web| fs::write(web.join("file"), &data).unwrap());
    for (range, begin, end) in [
        ("0-0", 0, 1),
        ("100-199", 100, 200),
        ("65536-131072", 65536, 131_073),
        ("150000-", 150_000, 200_000),
        ("-70000", 130_000, 200_000),
        ("199999-300000", 199_999, 200_000),
    ] {
        let (status, head, body) = ask(&proxy, "GET", &format!("Range: bytes={range}"));
        assert_eq!(status, "206", "{range}");
        assert!(body == data[begin..end], "{range}: {} bytes", body.len());
        let header = format!("content-range: bytes {begin}-{}/200000\r\n", end - 1);
        assert!(head.contains(&header), "{range}: {head}");
        assert!(head.contains(&format!("content-length: {}\r\n", end - begin)), "{range}: {head}");
    }
    let (status, head, _) = ask(&proxy, "GET", "Range: bytes=200000-");
    assert!(status == "416" && head.contains("content-range: bytes */200000\r\n"), "{head}");
    for (method, line) in [("GET", "Range: bytes=0-1, 5-6"), ("HEAD", "Range: bytes=0-1")] {
        let (status, head, _) = ask(&proxy, method, line);
        assert!(status == "200" && head.contains("content-length: 200000\r\n"), "{head}");
        assert!(head.contains("accept-ranges: bytes\r\n"), "{head}");
    }
}

/// Each case, and a change within the second in which the file was written.
#[test]
fn a_file_is_sent_again_only_if_its_contents_have_changed() {
    let (folder, proxy) = with_web(&[], |web| fs::write(web.join("file"), "one").unwrap());
    let tag = || {
        let head = ask(&proxy, "HEAD", "X: y").1;
        // The case of its letters counts, and is gone in `head`.
        assert!(head.contains("\r\netag: \""), "{head}");
        let answer = get(&mut proxy.connect(), "/file");
        answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned()
    };
    let old = tag();
    for method in ["GET", "HEAD"] {
        let (status, head, body) = ask(&proxy, method, &format!("If-None-Match: {old}"));
        assert_eq!((status.as_str(), body.as_str()), ("304", ""));
        assert!(head.contains("etag: ") && !head.contains("content-length: "), "{head}");
    }
    fs::write(folder.path().join("web/file"), "two").unwrap();
    assert_ne!(tag(), old);
    assert_eq!(ask(&proxy, "GET", &format!("If-None-Match: {old}")).2, "two");
    let part = ask(&proxy, "GET", &format!("Range: bytes=0-0\r\nIf-Range: {old}"));
    assert_eq!((part.0.as_str(), part.2.as_str()), ("200", "two"));
    let part = ask(&proxy, "GET", &format!("Range: bytes=0-0\r\nIf-Range: {}", tag()));
    assert_eq!((part.0.as_str(), part.2.as_str()), ("206", "t"));
}

#[test]
fn no_part_of_a_private_key_is_served() {
    let (_folder, proxy) = with_web(&[], |web| {
        openssl(web, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out file");
    });
    let (status, _, _) = ask(&proxy, "GET", "Range: bytes=40-80");
    assert_eq!(status, "403");
}

#[test]
fn a_large_file_arrives_whole() {
    let data: String = (0..3_000_000).map(|i| char::from(b'a' + (i % 23) as u8)).collect();
    let (_folder, proxy) = with_web(&[], |web| fs::write(web.join("large.txt"), &data).unwrap());
    assert!(body(&get(&mut tls::accept_all(proxy.connect()), "/large.txt")) == data);
}

#[test]
fn folders_are_listed_unless_file_only() {
    let fill = |web: &Path| {
        fs::create_dir(web.join("sub")).unwrap();
        fs::write(web.join("sub/<b>.txt"), "").unwrap();
    };
    let (_folder, proxy) = with_web(&[], fill);
    assert!(get(&mut proxy.connect(), "/sub").contains("location: /sub/\r\n"));
    let listing = get(&mut proxy.connect(), "/sub/");
    assert!(body(&listing).contains("<a href=\"./%3Cb%3E.txt\">&lt;b&gt;.txt</a>"), "{listing}");
    let (_folder, mut proxy) = with_web(&["--file-only"], fill);
    assert_eq!(status(&get(&mut proxy.connect(), "/sub/")), "404");
    assert_eq!(status(&get(&mut proxy.connect(), "/sub/%3Cb%3E.txt")), "200");
    proxy.line("  - Web server (no directory listings). Web root: ");
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let (_folder, proxy) = with_web(&[], |web| {
        let above = web.parent().unwrap();
        fs::write(above.join("outside.txt"), "outside").unwrap();
        fs::write(web.join("inside.txt"), "inside").unwrap();
        symlink(above.join("outside.txt"), web.join("absolute.txt")).unwrap();
        symlink("../outside.txt", web.join("relative.txt")).unwrap();
        symlink(above, web.join("above")).unwrap();
        symlink("inside.txt", web.join("link.txt")).unwrap();
    });
    for path in [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e%2foutside.txt",
        "/a/../../outside.txt",
        "//../outside.txt",
        "/.%00./outside.txt",
        "/..%5coutside.txt",
        "/absolute.txt",
        "/relative.txt",
        "/above/outside.txt",
        "/above/",
        "/inside.txt/",
        "/nothing",
    ] {
        let answer = get(&mut proxy.connect(), path);
        assert_eq!(status(&answer), "404", "{path}: {answer}");
    }
    assert_eq!(body(&get(&mut proxy.connect(), "/link.txt")), "inside");
}

#[test]
fn a_private_key_is_never_served() {
    let (_folder, mut proxy) = with_web(&[], |web| {
        let above = web.parent().unwrap();
        openssl(web, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkcs8.pem");
        openssl(web, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec8.pem");
        openssl(web, "rsa -in pkcs8.pem -traditional -out pkcs1.pem");
        openssl(web, "ec -in ec8.pem -out sec1.pem");
        openssl(
            web,
            "rsa -in pkcs8.pem -traditional -aes128 -passout pass:x -out old-encrypted.pem",
        );
        openssl(web, "pkcs8 -topk8 -in pkcs8.pem -passout pass:x -out encrypted.pem");
        openssl(web, "pkcs8 -topk8 -nocrypt -in pkcs8.pem -outform DER -out pkcs8.der");
        openssl(web, "pkcs8 -topk8 -nocrypt -in ec8.pem -outform DER -out ec8.der");
        openssl(web, "genpkey -algorithm ED25519 -outform DER -out ed25519.der");
        openssl(web, "rsa -in pkcs8.pem -traditional -outform DER -out pkcs1.der");
        openssl(web, "ec -in ec8.pem -outform DER -out sec1.der");
        openssl(web, "pkcs8 -topk8 -in pkcs8.pem -passout pass:x -outform DER -out encrypted.der");
        openssl(
            web,
            "pkcs12 -export -inkey ../key.pem -in ../cert.pem -passout pass:x -out store.p12",
        );
        join(web, &["../cert.pem", "../key.pem"], "photo.jpg");
        let page = format!(
            "<html>{}{}",
            "x".repeat(300_000),
            fs::read_to_string(web.join("sec1.pem")).unwrap()
        );
        fs::write(web.join("page.html"), page).unwrap();
        fs::hard_link(above.join("self.pem"), web.join("hard-link.txt")).unwrap();
        fs::create_dir(web.join("folder")).unwrap();
        fs::copy(web.join("sec1.der"), web.join("folder/index.html")).unwrap();
        fs::copy(above.join("cert.pem"), web.join("cert.pem")).unwrap();
        openssl(web, "x509 -in cert.pem -outform DER -out cert.der");
        openssl(web, "pkey -in pkcs8.pem -pubout -out public.pem");
    });
    let secret = [
        "pkcs8.pem",
        "ec8.pem",
        "pkcs1.pem",
        "sec1.pem",
        "old-encrypted.pem",
        "encrypted.pem",
        "pkcs8.der",
        "ec8.der",
        "ed25519.der",
        "pkcs1.der",
        "sec1.der",
        "encrypted.der",
        "store.p12",
        "photo.jpg",
        "page.html",
        "hard-link.txt",
        "folder/",
    ];
    for name in secret {
        let answer = get(&mut proxy.connect(), &format!("/{name}"));
        assert_eq!(status(&answer), "403", "{name}: {answer}");
        assert!(answer.contains("a private key is never served"), "{answer}");
        proxy.line(&format!("/{name} not served: it holds a private key"));
    }
    for name in ["cert.pem", "cert.der", "public.pem"] {
        assert_eq!(status(&get(&mut proxy.connect(), &format!("/{name}"))), "200", "{name}");
    }
}

#[test]
fn the_proxys_own_key_is_known_by_its_file() {
    let folder = folder_with_self_pem();
    let web = folder.path().join("web");
    fs::create_dir(&web).unwrap();
    fs::write(web.join("self.pem"), "whatever it holds now").unwrap();
    symlink("self.pem", web.join("link")).unwrap();
    fs::hard_link(web.join("self.pem"), web.join("hard-link")).unwrap();
    let mut proxy =
        Proxy::start(folder.path(), &["--web", "web", "--cert", "web/self.pem"], echo());
    for name in ["self.pem", "link", "hard-link"] {
        assert_eq!(status(&get(&mut proxy.connect(), &format!("/{name}"))), "403", "{name}");
        proxy.line(&format!("/{name} not served: it holds a private key (the key of this proxy)"));
    }
}

#[test]
fn users_tokens_and_a_password_are_never_served() {
    let options =
        ["--auth-plugin", "BasicHTTPAuth", "--auth-source-file", "web/users"].map(str::to_owned);
    let tokens = ["--web", "web", "--target-config", "web/tokens", "127.0.0.1:0"];
    let password = ["--key-password-file", "web/password"].map(str::to_owned);
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web");
    fs::create_dir(&web).unwrap();
    fs::write(web.join("users"), "anna:secret\n").unwrap();
    fs::write(web.join("tokens"), "secret: h:1\n").unwrap();
    fs::write(web.join("password"), "secret\n").unwrap();
    symlink("users", web.join("link")).unwrap();
    fs::hard_link(web.join("tokens"), web.join("page.html")).unwrap();
    let arguments = options.into_iter().chain(password).chain(tokens.map(str::to_owned));
    let mut proxy = Proxy::run(folder.path(), arguments);
    for (name, line) in [
        ("users", "/users not served: it holds who may come in (--auth-source-file)"),
        ("link", "/link not served: it holds who may come in (--auth-source-file)"),
        ("password", "/password not served: it holds the password of the private key"),
        ("tokens", "/tokens not served: it holds the tokens (--token-source)"),
        ("page.html", "/page.html not served: it holds the tokens (--token-source)"),
    ] {
        let answer = get(&mut proxy.connect(), &format!("/{name}"));
        assert!(status(&answer) == "403" && !answer.contains("secret"), "{name}: {answer}");
        proxy.line(line);
    }
}

#[test]
fn a_folder_of_tokens_and_the_options_are_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web");
    fs::create_dir_all(web.join("tokens")).unwrap();
    fs::write(web.join("tokens/secret"), "h:1\n").unwrap();
    fs::write(
        web.join("proxy.toml"),
        "token-plugin = 'TokenFileName'\ntoken-source = 'web/tokens'\nweb = 'web'\n",
    )
    .unwrap();
    let mut proxy = Proxy::run(folder.path(), ["--config", "web/proxy.toml", "127.0.0.1:0"]);
    for (path, line) in [
        ("/tokens/", "/tokens/ not served: it holds the tokens (--token-source)"),
        ("/tokens/secret", "not served: it holds the tokens (--token-source)"),
        ("/proxy.toml", "/proxy.toml not served: it holds the options of this proxy (--config)"),
    ] {
        let answer = get(&mut proxy.connect(), path);
        assert!(status(&answer) == "403" && !answer.contains("secret"), "{path}: {answer}");
        proxy.line(line);
    }
    assert_eq!(status(&get(&mut proxy.connect(), "/")), "200");
}

/// Each way to ask wrongly for a WebSocket, with the answer and the line in the log.
#[test]
fn a_refused_upgrade_is_told_in_words() {
    const WHOLE: [&str; 4] = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let (_folder, mut proxy) = with_web(&[], |_| {});
    let nginx = "a reverse proxy on the way may have removed it; nginx passes it on with proxy_http_version 1.1; \
                 proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    for (first, without, with, status, header, reason) in [
        ("GET / HTTP/1.1", "Upgrade", "", 426, "upgrade: websocket", format!("the header Upgrade: websocket is missing; {nginx}")),
        // What nginx sends if it is told nothing.
        ("GET / HTTP/1.0", "Upgrade", "", 426, "sec-websocket-version: 13", format!("the header Upgrade: websocket is missing; {nginx}")),
        ("GET / HTTP/1.1", "Connection", "", 400, "connection: close", format!("the header Connection: Upgrade is missing; {nginx}")),
        ("POST / HTTP/1.1", "", "", 405, "allow: GET", "the method is POST, and a WebSocket begins with GET".to_owned()),
        ("GET / HTTP/1.0", "", "", 400, "", "the request is HTTP/1.0, and a WebSocket begins with HTTP/1.1".to_owned()),
        ("GET / HTTP/1.1", "Sec-WebSocket-Version", "", 426, "sec-websocket-version: 13", "the header Sec-WebSocket-Version is missing".to_owned()),
        ("GET / HTTP/1.1", "Sec-WebSocket-Version", "Sec-WebSocket-Version: 8", 426, "sec-websocket-version: 13", "Sec-WebSocket-Version is 8, and only version 13 is spoken here".to_owned()),
        ("GET / HTTP/1.1", "Sec-WebSocket-Key", "", 400, "", "the header Sec-WebSocket-Key is missing".to_owned()),
        ("GET / HTTP/1.1", "Sec-WebSocket-Key", "Sec-WebSocket-Key: x", 400, "", "Sec-WebSocket-Key is not the base64 of 16 bytes".to_owned()),
        ("GET / HTTP/1.1", "", "Sec-WebSocket-Protocol: base64, chat", 400, "", "Invalid protocol selected: of the subprotocols only 'binary' is spoken here, and the client offers base64, chat".to_owned()),
    ] {
        let mut lines = vec![first, "Host: proxy"];
        lines.extend(WHOLE.iter().filter(|line| !line.starts_with(&format!("{without}:"))));
        lines.extend(Some(with).filter(|line| !line.is_empty()));
        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        let answer = common::request(&mut stream, &(lines.join("\r\n") + "\r\n\r\n"));
        assert!(answer[9..].starts_with(&status.to_string()), "{answer}");
        assert!(answer.to_lowercase().contains(&header.to_lowercase()), "{answer}");
        assert!(body(&answer).contains("WebSocket upgrade refused: "), "{answer}");
        let line = proxy.line(&format!("client {client}: WebSocket upgrade refused: {reason}"));
        assert!(line.ends_with(&format!(" (answered {status})")), "{line}");
    }
}
