//! `--ssl-target`: TLS between the proxy and its target, and who refused whom when there is none.
#![allow(missing_docs)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use common::openssl::{certify, issue, make_authority, openssl};
use common::tls::{TLS12, TLS13, identity};
use common::websocket::WebSocket;
use common::{Proxy, closed_port, command, echo, target};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

type Stream = StreamOwned<ServerConnection, TcpStream>;

const SERVER: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth";
const TRUSTING: &[&str] = &["--ssl-target", "--ssl-target-cafile", "ca.pem"];

/// What a TLS target wants of its clients.
#[derive(Clone, Copy, PartialEq)]
enum Wants {
    Nothing,
    Certificate,
}

/// A TLS target that runs `serve` after each handshake.
fn tls_target(
    folder: &Path,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
    wants: Wants,
    serve: impl Fn(Stream) + Clone + Send + 'static,
) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let identity = identity(folder, &format!("{name}.pem"), &format!("{name}-key.pem"));
    let mut roots = RootCertStore::empty();
    roots.add(identity.cert[0].clone()).unwrap();
    let builder = match wants {
        Wants::Nothing => builder.with_no_client_auth(),
        Wants::Certificate => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap(),
        ),
    };
    let identity = Arc::unwrap_or_clone(identity);
    let config = Arc::new(builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity))));
    target(move |stream| {
        stream.set_read_timeout(Some(common::DEADLINE)).unwrap();
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                // Let the alert arrive.
                let _ = stream.sock.shutdown(Shutdown::Write);
                common::tls::drain(&mut stream.sock);
                return;
            }
        }
        serve(stream);
    })
}

/// Sends everything back, and tells how the proxy ended.
fn tls_echo(folder: &Path, name: &str) -> (SocketAddr, Receiver<Result<(), ErrorKind>>) {
    let (send, ends) = channel();
    let send = Mutex::new(send);
    let send = Arc::new(send);
    let address = tls_target(folder, name, &[&TLS13, &TLS12], Wants::Nothing, move |mut stream| {
        let mut buffer = [0; 16 * 1024];
        let end = loop {
            match stream.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(count) => stream.write_all(&buffer[..count]).unwrap(),
                Err(error) => break Err(error.kind()),
            }
        };
        stream.conn.send_close_notify();
        let _ = stream.flush();
        let _ = send.lock().unwrap().send(end);
    });
    (address, ends)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_authority(folder.path());
    folder
}

/// The session ends as websockify ends one whose target cannot be reached; returns the line about it.
#[track_caller]
fn fails(proxy: &mut Proxy, to: &str) -> String {
    let mut socket = WebSocket::open(proxy.connect());
    let expected = (1011, "Failed to connect to downstream server".to_owned());
    assert_eq!(socket.receive_close(), expected);
    let line = proxy.line(&format!("target {to}: Failed to connect to {to}: "));
    assert!(line.contains(" (for client 127.0.0.1:"), "{line}");
    line
}

#[test]
fn a_session_goes_over_tls_and_ends_properly() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", SERVER, "");
    let (address, ends) = tls_echo(folder, "server");
    let mut proxy = Proxy::start(folder, TRUSTING, address);
    proxy.line(
        "  - SSL/TLS to the target: its certificate must be for 127.0.0.1 and issued by the authorities of ca.pem \
         (CN=Authority)",
    );
    let data: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let mut socket = WebSocket::open(proxy.connect());
    socket.echo(b"hello");
    let mut sender = socket.stream.try_clone().unwrap();
    let frame = common::websocket::frame(common::websocket::BINARY, &data);
    let sending = std::thread::spawn(move || sender.write_all(&frame).unwrap());
    assert_eq!(socket.receive_data(data.len(), |_| ()), data);
    sending.join().unwrap();
    socket.close();
    assert_eq!(ends.recv_timeout(common::DEADLINE), Ok(Ok(())), "with close_notify");
}

#[test]
fn the_name_is_asked_for_and_an_address_is_not() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", "subjectAltName=DNS:localhost,DNS:other.test,IP:127.0.0.1", "");
    let (send, names) = channel();
    let send = Arc::new(Mutex::new(send));
    let address = tls_target(folder, "server", &[&TLS13], Wants::Nothing, move |stream| {
        let name = stream.conn.server_name().map(str::to_owned);
        send.lock().unwrap().send(name).unwrap();
    });
    let port = address.port();
    for (host, options, expected) in [
        ("127.0.0.1", vec![], None),
        ("localhost", vec![], Some("localhost")),
        ("127.0.0.1", vec!["--ssl-target-name", "other.test"], Some("other.test")),
    ] {
        let arguments = TRUSTING.iter().copied().chain(options).map(str::to_owned);
        let places = ["127.0.0.1:0".to_owned(), format!("{host}:{port}")];
        let proxy = Proxy::run(folder, arguments.chain(places));
        let _socket = WebSocket::open(proxy.connect());
        assert_eq!(names.recv_timeout(common::DEADLINE).unwrap().as_deref(), expected);
    }
}

/// A certificate of the target, what makes it, and the words about it.
type Refused = (&'static str, fn(&Path), &'static str, &'static str);

const REFUSED: &[Refused] = &[
    (
        "self-signed",
        |folder| {
            openssl(
                folder,
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out server-key.pem",
            );
            certify(folder, "server-key.pem", "server.pem", &[]);
        },
        "(OpenSSL: certificate verify failed: self-signed certificate) (subject CN=localhost, issuer CN=localhost): ",
        "it is self-signed and not one of the authorities of ca.pem (CN=Authority); if it is the right one, give it with \
         --ssl-target-cafile",
    ),
    (
        "unknown issuer",
        |folder| {
            issue(folder, "server", SERVER, "");
            openssl(folder, "req -new -x509 -key ca-key.pem -out ca.pem -subj /CN=Another");
        },
        "(OpenSSL: certificate verify failed: unable to get local issuer certificate) (subject CN=server, issuer \
         CN=Authority): ",
        "its issuer is not one of the authorities of ca.pem (CN=Another)",
    ),
    (
        "expired",
        |folder| issue(folder, "server", SERVER, "-days -1"),
        "(OpenSSL: certificate verify failed: certificate has expired) ",
        "it expired at 20",
    ),
    (
        "wrong address",
        |folder| issue(folder, "server", "subjectAltName=DNS:a.test,IP:192.0.2.1", ""),
        "(OpenSSL: certificate verify failed: IP address mismatch, certificate is not valid for '127.0.0.1'.) ",
        "it is for a.test, 192.0.2.1, and 127.0.0.1 was expected; give the right one with --ssl-target-name",
    ),
    (
        "no names",
        |folder| issue(folder, "server", "basicConstraints=CA:FALSE", ""),
        "IP address mismatch, certificate is not valid for '127.0.0.1'.) ",
        "it has no subjectAltName, and 127.0.0.1 was expected; re-issue it with -addext subjectAltName=IP:127.0.0.1",
    ),
    (
        "wrong purpose",
        |folder| {
            issue(folder, "server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=clientAuth", "")
        },
        "(OpenSSL: certificate verify failed: unsuitable certificate purpose) ",
        "its extendedKeyUsage does not allow server authentication",
    ),
    (
        "version 1",
        |folder| issue(folder, "server", "", ""),
        "(OpenSSL would accept it) ",
        "re-issue it as version 3",
    ),
    (
        "authority",
        |folder| {
            issue(
                folder,
                "server",
                "basicConstraints=critical,CA:TRUE\nsubjectAltName=IP:127.0.0.1",
                "",
            )
        },
        "(OpenSSL would accept it) ",
        "it is that of an authority (CA:TRUE)",
    ),
];

#[test]
fn a_bad_certificate_is_refused_in_words_and_accepted_only_with_insecure() {
    for (name, make, words, reason) in REFUSED {
        let folder = folder();
        let folder = folder.path();
        make(folder);
        let (address, _ends) = tls_echo(folder, "server");
        let mut proxy = Proxy::start(folder, TRUSTING, address);
        let line = fails(&mut proxy, &address.to_string());
        assert!(line.contains(": we refused the target's certificate ("), "{name}: {line}");
        assert!(line.contains(words) && line.contains(reason), "{name}: {line}");

        let mut proxy = Proxy::start(folder, &["--ssl-target", "--ssl-target-insecure"], address);
        proxy.line("  - Warning: --ssl-target-insecure accepts any certificate of the target");
        WebSocket::open(proxy.connect()).echo(b"all the same");
        proxy.line(&format!(
            ": session with {address}, which did not show who it is (--ssl-target-insecure)"
        ));
    }
    let folder = folder();
    let nobody = closed_port();
    let options = ["--ssl-target", "--ssl-target-insecure"];
    let line = fails(&mut Proxy::start(folder.path(), &options, nobody), &nobody.to_string());
    assert!(
        line.contains(" (its certificate is not verified: --ssl-target-insecure) (for client "),
        "{line}"
    );
}

/// The pin of a certificate, by openssl.
fn pin(folder: &Path, certificate: &str) -> String {
    let script = "openssl x509 -in $0 -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | \
                  base64";
    let output = std::process::Command::new("sh")
        .args(["-c", script, certificate])
        .current_dir(folder)
        .output()
        .unwrap();
    format!("sha256//{}", String::from_utf8(output.stdout).unwrap().trim())
}

/// Self-signed, for another name, expired: the key is what counts, unless authorities are named as well.
#[test]
fn a_target_is_known_by_its_key() {
    for (name, make, _, _) in REFUSED {
        let folder = folder();
        let folder = folder.path();
        make(folder);
        let (address, _ends) = tls_echo(folder, "server");
        let key = pin(folder, "server.pem");
        let other = pin(folder, "ca.pem");
        let pinned = ["--ssl-target", "--ssl-target-pin", &other, "--ssl-target-pin", &key];
        let mut proxy = Proxy::start(folder, &pinned, address);
        proxy.line(&format!(
            "  - SSL/TLS to the target: its key must be {other} or {key}, whoever issued"
        ));
        WebSocket::open(proxy.connect()).echo(b"hello");
        assert!(
            !proxy.lines.iter().any(|line| line.contains("insecure")),
            "{name}: {:?}",
            proxy.lines
        );

        let options = ["--ssl-target", "--ssl-target-pin", &other];
        let line = fails(&mut Proxy::start(folder, &options, address), &address.to_string());
        assert!(line.contains(": we refused the target's key ("), "{name}: {line}");
        assert!(line.contains(&format!("it is {key}, which no --ssl-target-pin names")), "{line}");

        let both = [TRUSTING, &["--ssl-target-pin", &key]].concat();
        let line = fails(&mut Proxy::start(folder, &both, address), &address.to_string());
        assert!(line.contains(": we refused the target's certificate ("), "{name}: {line}");
    }
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", SERVER, "");
    let (address, _ends) = tls_echo(folder, "server");
    let both = |pin: &str| {
        let options = [TRUSTING, &["--ssl-target-pin", pin]].concat();
        Proxy::start(folder, &options, address)
    };
    let key = pin(folder, "server.pem");
    let mut proxy = both(&key);
    proxy.line(&format!("issued by the authorities of ca.pem (CN=Authority), and its key {key}"));
    WebSocket::open(proxy.connect()).echo(b"hello");
    let line = fails(&mut both(&pin(folder, "ca.pem")), &address.to_string());
    assert!(line.contains(": we refused the target's key (subject CN=server"), "{line}");
}

#[test]
fn a_wrong_name_is_told_with_the_names_there_are() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", "subjectAltName=DNS:a.test", "");
    let (address, _ends) = tls_echo(folder, "server");
    let to = format!("localhost:{}", address.port());
    let arguments = TRUSTING.iter().copied().chain(["127.0.0.1:0", &to]);
    let line = fails(&mut Proxy::run(folder, arguments), &to);
    assert!(
        line.contains("certificate verify failed: Hostname mismatch, certificate is not valid for 'localhost'.)"),
        "{line}"
    );
    assert!(line.contains("it is for a.test, and localhost was expected"), "{line}");
}

/// The one-line command makes an authority's certificate without subjectAltName; given itself, it is trusted.
#[test]
fn a_certificate_that_is_given_itself_is_trusted() {
    let folder = folder();
    let folder = folder.path();
    openssl(
        folder,
        "req -new -x509 -days 9 -nodes -newkey rsa:2048 -subj /CN=localhost -out server.pem -keyout server-key.pem",
    );
    let (address, _ends) = tls_echo(folder, "server");
    let to = format!("localhost:{}", address.port());
    let options = ["--ssl-target", "--ssl-target-cafile", "server.pem"];
    let proxy = Proxy::run(folder, options.iter().copied().chain(["127.0.0.1:0", &to]));
    WebSocket::open(proxy.connect()).echo(b"hello");
    let mut proxy = Proxy::start(folder, &options, address);
    let line = fails(&mut proxy, &address.to_string());
    assert!(line.contains("it has no subjectAltName, and 127.0.0.1 was expected"), "{line}");
}

#[test]
fn a_target_without_tls_is_told_by_its_first_bytes() {
    let folder = folder();
    for (bytes, words) in [
        (
            &b"RFB 003.008\n"[..],
            "its first bytes are \"RFB 003.008\", which is a VNC server that begins in the clear",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "its first bytes are \"HTTP/1.1 400 Bad\", which is plain HTTP",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "its first bytes are \"SSH-2.0-OpenSSH_\"; leave out --ssl-target",
        ),
    ] {
        let address = target(move |mut stream| {
            stream.write_all(bytes).unwrap();
            common::tls::drain(&mut stream);
        });
        let mut proxy = Proxy::start(folder.path(), TRUSTING, address);
        let line = fails(&mut proxy, &address.to_string());
        assert!(
            line.contains("the target does not speak TLS (OpenSSL: wrong version number): "),
            "{line}"
        );
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn a_target_that_leaves_or_sends_an_alert_is_told() {
    let folder = folder();
    type Case = (fn(TcpStream), &'static str);
    let cases: [Case; 4] = [
        (
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
            },
            "the target closed the connection during the TLS handshake, without an alert (OpenSSL: EOF occurred in \
             violation of protocol)",
        ),
        (
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
                common::tls::reset(stream);
            },
            "the target reset the connection during the TLS handshake (OpenSSL: Connection reset by peer)",
        ),
        (
            |mut stream| {
                stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
                common::tls::drain(&mut stream);
            },
            "the target refused us: TLS alert 40 handshake_failure during the handshake (OpenSSL: sslv3 alert handshake \
             failure): it found no acceptable set of parameters",
        ),
        (
            |mut stream| {
                stream.write_all(&[22, 3, 3, 0, 4, 14, 0, 0, 0]).unwrap();
                common::tls::drain(&mut stream);
            },
            "the TLS handshake with the target failed (OpenSSL: unexpected message): ",
        ),
    ];
    for (serve, words) in cases {
        // The whole ClientHello is read, so that a close is no reset.
        let address = target(serve);
        let mut proxy = Proxy::start(folder.path(), TRUSTING, address);
        let line = fails(&mut proxy, &address.to_string());
        assert!(line.contains(words), "{line}");
    }
    let nobody = closed_port();
    let mut proxy = Proxy::start(folder.path(), TRUSTING, nobody);
    let line = fails(&mut proxy, &nobody.to_string());
    assert!(line.contains(": Connection refused (for client "), "{line}");
}

#[test]
fn a_target_that_wants_a_client_certificate_is_told() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", SERVER, "");
    let wants = "it wants a client certificate, which this proxy does not have";
    let address = tls_target(folder, "server", &[&TLS12], Wants::Certificate, drop);
    let mut proxy = Proxy::start(folder, TRUSTING, address);
    let line = fails(&mut proxy, &address.to_string());
    assert!(line.contains("the target refused us: TLS alert ") && line.contains(wants), "{line}");

    // In TLS 1.3 our side of the handshake is done before the target misses it.
    let address = tls_target(folder, "server", &[&TLS13], Wants::Certificate, drop);
    let mut proxy = Proxy::start(folder, TRUSTING, address);
    for early in [&b""[..], b"a word of the client"] {
        let mut socket = WebSocket::open(proxy.connect());
        if !early.is_empty() {
            socket.send(common::websocket::BINARY, early);
        }
        assert_eq!(socket.receive_close().0, 1011);
    }
    let lines = proxy.lines_with(
        &format!(
            "target {address}: the target ended the session: TLS alert 116 certificate_required after the handshake \
             (OpenSSL: tlsv13 alert certificate required): {wants}"
        ),
        2,
    );
    assert!(lines[1].contains(" (for client 127.0.0.1:"), "{lines:?}");
}

#[test]
fn the_end_of_the_target_is_proper_or_a_truncation() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", SERVER, "");
    let proper = tls_target(folder, "server", &[&TLS13], Wants::Nothing, |mut stream| {
        stream.write_all(b"the last word").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        common::tls::drain(&mut stream.sock);
    });
    let truncated = tls_target(folder, "server", &[&TLS13], Wants::Nothing, |mut stream| {
        stream.write_all(b"the last word").unwrap();
        stream.sock.shutdown(Shutdown::Write).unwrap();
        common::tls::drain(&mut stream.sock);
    });
    for (address, code) in [(proper, 1000), (truncated, 1011)] {
        let mut proxy = Proxy::start(folder, TRUSTING, address);
        let mut socket = WebSocket::open(proxy.connect());
        assert_eq!(socket.receive().payload, b"the last word");
        assert_eq!(socket.receive_close().0, code);
        if code == 1011 {
            proxy.line(&format!(
                "target {address}: the target ended the connection without close_notify (OpenSSL: EOF occurred in \
                 violation of protocol)"
            ));
        }
    }
}

/// A target that does not read holds its client up, and the proxy holds no more than its buffers.
#[test]
fn a_slow_tls_target_slows_its_client() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "server", SERVER, "");
    let (send, go_on) = channel::<()>();
    let go_on = Arc::new(Mutex::new(go_on));
    let address = tls_target(folder, "server", &[&TLS13], Wants::Nothing, move |mut stream| {
        let _ = go_on.lock().unwrap().recv();
        common::tls::drain(&mut stream);
    });
    let proxy = Proxy::start(folder, TRUSTING, address);
    let mut socket = WebSocket::open(proxy.connect());
    let before = proxy.memory();
    socket.stream.set_write_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let frame = common::websocket::frame(common::websocket::BINARY, &vec![7; 64 << 20]);
    let error = socket.stream.write_all(&frame).expect_err("nobody reads 64 MiB");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 4 << 10, "{grown} KiB");
    drop(send);
}

#[test]
fn what_cannot_work_ends_the_start_or_is_warned_about() {
    let folder = folder();
    for (arguments, code, words) in [
        (vec!["--ssl-target-cafile", "ca.pem"], 2, "--ssl-target"),
        (
            vec!["--ssl-target", "--ssl-target-insecure", "--ssl-target-cafile", "ca.pem"],
            2,
            "cannot be used with",
        ),
        (
            vec!["--ssl-target", "--ssl-target-cafile", "no.pem"],
            1,
            "no authorities for the target's certificate (--ssl-target-cafile): no.pem does not exist (OpenSSL: No such file",
        ),
        (
            vec!["--ssl-target", "--ssl-target-insecure", "--ssl-target-name", "no name"],
            1,
            "\"no name\" cannot be the name of a certificate: give one with --ssl-target-name",
        ),
    ] {
        let output = command()
            .current_dir(folder.path())
            .args(arguments)
            .args(["127.0.0.1:0", &echo().to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut proxy = Proxy::run(folder.path(), [&own, &own]);
    proxy.line(&format!("  - Warning: the target {own} is this proxy itself: no session can work"));
}
