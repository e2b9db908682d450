//! Who may come in, side by side with websockify.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::openssl::{folder_with_self_pem, issue, make_authority};
use common::programs::Program::{self, Ours, Websockify};
use common::programs::Running;
use common::tls::{Client, identity};
use common::websocket::WebSocket;
use common::{Proxy, command, request, target};
use rstest::rstest;

/// A folder with the pages `web/index.html` and `web/sub/page.txt`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("web/sub")).unwrap();
    fs::write(folder.path().join("web/index.html"), "index").unwrap();
    fs::write(folder.path().join("web/sub/page.txt"), "page").unwrap();
    folder
}

/// A target that greets, so that a session shows itself in its first frame.
fn greeting() -> String {
    target(|mut stream| stream.write_all(b"hello").unwrap()).to_string()
}

fn start(program: Program, folder: &Path, options: &[&str]) -> Option<Running> {
    program.start(folder, options, &[&greeting()])
}

fn basic(text: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(text))
}

/// The status of the answer to a request for an upgrade with a further header line.
#[track_caller]
fn upgrade(running: &Running, line: &str) -> String {
    let answer = running.upgrade_with("/", &format!("Host: desk.example\r\n{line}"));
    answer.0.split(' ').nth(1).unwrap_or("closed").to_owned()
}

/// Status and head of the answer to a plain request.
fn ask(running: &Running, method: &str, path: &str, line: &str) -> (String, String) {
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\n{line}\r\n"
    );
    let answer = request(&mut common::connect(running.address), &text);
    (answer.split(' ').nth(1).unwrap().to_owned(), answer.to_lowercase())
}

#[rstest]
fn a_user_with_a_password_is_let_in(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    let options =
        ["--auth-plugin", "BasicHTTPAuth", "--auth-source", "anna:one:two", "--web", "web"];
    let Some(running) = start(program, folder.path(), &options) else { return };
    assert_eq!(upgrade(&running, &basic("anna:one:two")), "101");
    for wrong in ["anna:one", "Anna:one:two", "anna:one:two ", ":", "bert:one:two"] {
        assert_eq!(upgrade(&running, &basic(wrong)), "401", "{wrong}");
    }
    assert_eq!(upgrade(&running, ""), "401");
    // Pages are free without --web-auth.
    assert_eq!(ask(&running, "GET", "/", "").0, "200");
}

#[rstest]
fn pages_are_asked_for_with_web_auth(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    let plugin = "websockify.auth_plugins.BasicHTTPAuth";
    let options = ["--auth-plugin", plugin, "--auth-source", "a:b", "--web", "web", "--web-auth"];
    let Some(running) = start(program, folder.path(), &options) else { return };
    for path in ["/", "/sub/", "/sub/page.txt", "/nothing"] {
        let (status, head) = ask(&running, "GET", path, "");
        assert_eq!(status, "401", "{path}");
        assert!(head.contains("www-authenticate: basic realm=\"websockify\""), "{head}");
        assert_eq!(ask(&running, "HEAD", path, &basic("a:c")).0, "401", "{path}");
        let right = if path == "/nothing" { "404" } else { "200" };
        assert_eq!(ask(&running, "GET", path, &basic("a:b")).0, right, "{path}");
    }
    assert_eq!(upgrade(&running, &basic("a:b")), "101");
    assert_eq!(upgrade(&running, ""), "401");
}

#[rstest]
fn pages_of_the_expected_origins_are_let_in(#[values(Ours, Websockify)] program: Program) {
    let folder = folder();
    let origins = "http://a.example https://b.example:8443";
    let options = ["--auth-plugin", "ExpectOrigin", "--auth-source", origins];
    let Some(running) = start(program, folder.path(), &options) else { return };
    for (origin, status) in [
        ("http://a.example", "101"),
        ("https://b.example:8443", "101"),
        ("https://a.example", "403"),
        ("https://b.example", "403"),
        ("http://a.example.evil.example", "403"),
        ("http://evil.example/http://a.example", "403"),
        ("null", "403"),
        ("", "403"),
    ] {
        assert_eq!(upgrade(&running, &format!("Origin: {origin}\r\n")), status, "{origin}");
    }
    assert_eq!(upgrade(&running, ""), "403");
}

#[rstest]
fn names_in_client_certificates_are_let_in(#[values(Ours, Websockify)] program: Program) {
    let folder = folder_with_self_pem();
    let folder = folder.path();
    make_authority(folder);
    for name in ["alice", "mallory"] {
        issue(folder, name, "extendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE", "");
    }
    let options = [
        "--auth-plugin",
        "ClientCertCNAuth",
        "--auth-source",
        "bob alice",
        "--verify-client",
        "--cafile",
        "ca.pem",
    ];
    let Some(running) = start(program, folder, &options) else { return };
    for (name, status) in [("alice", "101"), ("mallory", "403")] {
        let identity = Some(identity(folder, &format!("{name}.pem"), &format!("{name}-key.pem")));
        let stream = common::connect(running.address);
        let stream = Client { identity, ..Client::default() }.handshake(stream).unwrap();
        let socket = WebSocket::ask(stream, "/", "SSL_CLIENT_S_DN_CN: alice\r\n");
        assert_eq!(socket.head.split(' ').nth(1), Some(status), "{name}: {}", socket.head);
    }
    assert_eq!(upgrade(&running, ""), "403");
    assert_eq!(upgrade(&running, "SSL_CLIENT_S_DN_CN: alice\r\n"), "403");
}

/// websockify wants the scheme in this case, reads Latin-1 only, compares origins by their letters, looks a token up
/// before it asks who comes, and closes without an answer where base64 is cut.
#[test]
fn where_ours_is_better() {
    let folder = folder();
    let folder = folder.path();
    let options = ["--auth-plugin", "BasicHTTPAuth", "--auth-source", "jürgen:päss€"];
    let running = start(Ours, folder, &options).unwrap();
    assert_eq!(upgrade(&running, &basic("jürgen:päss€")), "101");
    assert_eq!(upgrade(&running, &basic("jürgen:päss€").replace("Basic", "basic")), "101");
    for bad in ["Basic anVyZ", "Basic !", "Basic eA==", "Bearer x", "x"] {
        assert_eq!(upgrade(&running, &format!("Authorization: {bad}\r\n")), "401", "{bad}");
    }
    let options = ["--auth-plugin", "ExpectOrigin", "--auth-source", "HTTP://A.example:80"];
    let running = start(Ours, folder, &options).unwrap();
    assert_eq!(upgrade(&running, "Origin: http://a.example\r\n"), "101");
    fs::write(folder.join("tokens"), "t: h:1\n").unwrap();
    let options =
        ["--auth-plugin", "BasicHTTPAuth", "--auth-source", "a:b", "--target-config", "tokens"];
    let running = Ours.start(folder, &options, &[]).unwrap();
    assert_eq!(running.upgrade("/?token=none", "h").0, "HTTP/1.1 401 Unauthorized");
}

#[test]
fn a_file_of_users_is_read_anew_for_each_request() {
    let folder = folder();
    let users = folder.path().join("users");
    fs::write(&users, "# desks\nanna:one\nbert:two\n").unwrap();
    let options = ["--auth-plugin", "BasicHTTPAuth", "--auth-source-file", "users"];
    let running = start(Ours, folder.path(), &options).unwrap();
    for user in ["anna:one", "bert:two"] {
        assert_eq!(upgrade(&running, &basic(user)), "101", "{user}");
    }
    fs::write(&users, "anna:three\n").unwrap();
    assert_eq!(upgrade(&running, &basic("anna:one")), "401");
    assert_eq!(upgrade(&running, &basic("bert:two")), "401");
    assert_eq!(upgrade(&running, &basic("anna:three")), "101");
    fs::remove_file(&users).unwrap();
    assert_eq!(upgrade(&running, &basic("anna:three")), "503");
}

#[test]
fn refusals_are_told_without_secrets() {
    let folder = folder();
    let target = greeting();
    let options = |plugin: &'static str, source: &'static str| {
        ["--auth-plugin", plugin, "--auth-source", source, "--web", "web", "--web-auth"]
    };
    let start = |options: &[&str]| Proxy::start(folder.path(), options, target.parse().unwrap());
    let mut proxy = start(&options("BasicHTTPAuth", "anna:secret"));
    proxy.line("  - Authentication: BasicHTTPAuth, for WebSockets and pages (users: 1)");
    WebSocket::ask(proxy.connect(), "/?secret", &basic("secret-user:secret-password"));
    proxy.line("WebSocket upgrade refused: wrong user or password (answered 401)");
    WebSocket::ask(proxy.connect(), "/", "Authorization: Bearer secret\r\n");
    proxy.line("upgrade refused: the Authorization header is not that of a user and a password");
    WebSocket::ask(proxy.connect(), "/", "");
    proxy.line("upgrade refused: no user and password (Authorization header); a browser sends");
    common::get(&mut proxy.connect(), "/page?secret");
    proxy.line("/page?... refused: no user and password");
    assert!(!proxy.lines.iter().any(|line| line.contains("secret")), "{:?}", proxy.lines);

    let mut proxy = start(&options("ExpectOrigin", "https://a.example http://b.example:81"));
    proxy.line("  - Warning: browsers send no origin when they open a page");
    WebSocket::ask(proxy.connect(), "/", "Origin: https://x.example\r\n");
    let line = proxy.line("WebSocket upgrade refused: Invalid Origin Header");
    let words = "Expected one of https://a.example http://b.example:81, got 'https://x.example' (answered 403)";
    assert!(line.ends_with(words), "{line}");
    WebSocket::ask(proxy.connect(), "/", "Origin: http://proxy\r\n");
    proxy.line("got 'http://proxy'; that is a page of this very port: add it to --auth-source");
}

#[test]
fn passwords_in_the_clear_are_warned_of() {
    let folder = folder_with_self_pem();
    let warned = |listen: &str, further: &[&str]| {
        let mut arguments = vec!["--auth-plugin", "BasicHTTPAuth", "--auth-source", "a:b"];
        arguments.extend(further);
        let target = greeting();
        let proxy = Proxy::run(folder.path(), arguments.into_iter().chain([listen, &target]));
        proxy.lines.iter().any(|line| line.contains("passwords that come over ws:// and http://"))
    };
    assert!(warned("0.0.0.0:0", &[]));
    assert!(!warned("0.0.0.0:0", &["--ssl-only"]));
    assert!(!warned("127.0.0.1:0", &[]));
}

#[test]
fn a_file_of_users_that_all_can_read_is_warned_of() {
    let folder = folder();
    let users = folder.path().join("users");
    fs::write(&users, "a:b\n").unwrap();
    let warned = |mode| {
        fs::set_permissions(&users, fs::Permissions::from_mode(mode)).unwrap();
        let options = ["--auth-plugin", "BasicHTTPAuth", "--auth-source-file", "users"];
        let proxy = Proxy::start(folder.path(), &options, greeting().parse().unwrap());
        proxy.lines.iter().any(|line| line.contains("users holds a secret that other users"))
    };
    assert!(warned(0o644));
    assert!(!warned(0o640));
}

#[test]
fn the_environment_may_say_who_is_let_in() {
    let output = |options: &[&str], source: Option<&str>| {
        let mut command = command();
        command.env_remove("WSSURE_AUTH_SOURCE").args(options).args(["127.0.0.1:0", "h:1"]);
        if let Some(source) = source {
            command.env("WSSURE_AUTH_SOURCE", source);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, words) = output(&["--auth-plugin", "BasicHTTPAuth"], Some("secret"));
    assert_eq!(code, Some(2));
    assert!(words.contains("it should be USER:PASSWORD") && !words.contains("secret"), "{words}");
    let (code, words) = output(&["--auth-plugin", "ExpectOrigin"], None);
    assert_eq!(code, Some(2));
    assert!(words.contains("whom ExpectOrigin lets in is not told: give --auth-source"), "{words}");
    let (code, words) = output(&["--auth-plugin", "ClientCertCNAuth"], Some("alice"));
    assert_eq!(code, Some(2));
    assert!(words.contains("give --verify-client"), "{words}");
    let file = ["--auth-plugin", "BasicHTTPAuth", "--auth-source-file", "/nothing"];
    let (code, words) = output(&file, None);
    assert_eq!(code, Some(1));
    assert!(words.contains("source /nothing cannot be read: No such file or directory"), "{words}");
}
