//! `--verify-client`: who is served, who is refused with which alert, and what is said about it.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use common::openssl::{certify, folder_with_self_pem, issue, join, make_authority, openssl};
use common::tls::{self, Client, Stream, TLS12, TLS13, identity};
use common::websocket::WebSocket;
use common::{Proxy, closed_port, command, echo};
use rustls::client::Resumption;
use rustls::{AlertDescription, SupportedProtocolVersion};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
const REQUIRED: &[&str] = &["--verify-client", "--cafile", "ca.pem", "--ssl-only", "--verbose"];
const CLIENT: &str = "extendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE";

fn folder() -> tempfile::TempDir {
    let folder = folder_with_self_pem();
    make_authority(folder.path());
    folder
}

/// The alert that ends a handshake, or the first read behind it: in TLS 1.3 the client is done before its
/// certificate is judged.
fn alert(client: Client, stream: TcpStream) -> u8 {
    let received = |error: std::io::Error| match error
        .get_ref()
        .and_then(|error| error.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::AlertReceived(alert)) => u8::from(*alert),
        _ => panic!("{error}"),
    };
    match client.handshake(stream) {
        Err(error) => received(error),
        Ok(mut stream) => received(stream.read(&mut [0]).expect_err("it is refused")),
    }
}

fn served(stream: Stream) {
    let mut socket = WebSocket::open(stream);
    socket.echo(b"hello");
    socket.close();
}

#[test]
fn nobody_is_asked_without_the_option() {
    let folder = folder();
    let proxy = Proxy::start(folder.path(), &["--cafile", "ca.pem"], echo());
    let output = std::process::Command::new("openssl")
        .args(["s_client", "-connect", &proxy.address.to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("No client certificate CA names sent"), "{stdout}");
    assert!(!stdout.contains("Requested Signature Algorithms"), "{stdout}");
    let mut proxy = proxy;
    proxy.line("  - Warning: --cafile has no effect without --verify-client");
}

#[test]
fn a_good_certificate_is_required_whatever_name_is_asked_for() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "alice", CLIENT, "");
    let mut proxy = Proxy::start(folder, REQUIRED, echo());
    proxy.line(
        "  - Client certificates: required, issued by the authorities of ca.pem (CN=Authority)",
    );
    for version in VERSIONS {
        for name in ["localhost", "other.example.test", "127.0.0.1"] {
            let alice = identity(folder, "alice.pem", "alice-key.pem");
            let client = Client { name, identity: Some(alice), ..Client::only(version) };
            served(client.handshake(proxy.connect()).unwrap());
            let missing = Client { name, ..Client::only(version) };
            let expected = if version.version == TLS12.version { 40 } else { 116 };
            assert_eq!(alert(missing, proxy.connect()), expected, "{name}");
        }
    }
    proxy.lines_with(
        "showed a certificate that we accept: subject CN=alice, issuer CN=Authority",
        6,
    );
    for alert in ["40 handshake_failure", "116 certificate_required"] {
        let line = format!(
            "TLS handshake failed, we sent alert {alert} (OpenSSL: peer did not return a certificate): the client showed \
             no certificate, and --verify-client requires one; give it one that was issued by the authorities of ca.pem \
             (CN=Authority)"
        );
        assert!(proxy.lines_with(&line, 3)[0].contains(" client 127.0.0.1:"));
    }
}

#[test]
fn an_optional_certificate_may_be_missing_and_not_bad() {
    let folder = folder();
    let folder = folder.path();
    certify(folder, "key.pem", "stranger.pem", &[]);
    let options = ["--verify-client=optional", "--cafile", "ca.pem", "--verbose"];
    let mut proxy = Proxy::start(folder, &options, echo());
    proxy.line(
        "  - Client certificates: asked for and not required, issued by the authorities of ca.pem",
    );
    proxy.line("  - Warning: --verify-client says nothing about ws:// and http://");
    for version in VERSIONS {
        served(Client::only(version).handshake(proxy.connect()).unwrap());
        let stranger = identity(folder, "stranger.pem", "key.pem");
        let client = Client { identity: Some(stranger), ..Client::only(version) };
        assert_eq!(alert(client, proxy.connect()), u8::from(AlertDescription::UnknownCA));
    }
    proxy.lines_with("showed no certificate, which is not required", 2);
}

/// A client certificate, what makes it, and what becomes of it.
struct Shown {
    name: &'static str,
    make: fn(&Path),
    alert: Option<(u8, &'static str, &'static str)>,
}

const SHOWN: &[Shown] = &[
    Shown {
        name: "no-eku",
        make: |folder| issue(folder, "no-eku", "basicConstraints=critical,CA:FALSE", ""),
        alert: None,
    },
    Shown {
        name: "both-ekus",
        make: |folder| issue(folder, "both-ekus", "extendedKeyUsage=serverAuth,clientAuth", ""),
        alert: None,
    },
    Shown {
        name: "itself-in-the-file",
        make: |folder| {
            openssl(
                folder,
                "req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=itself -days 9 -keyout \
                 itself-in-the-file-key.pem -out itself-in-the-file.pem",
            );
            join(folder, &["ca.pem", "itself-in-the-file.pem"], "both.pem");
            std::fs::rename(folder.join("both.pem"), folder.join("ca.pem")).unwrap();
        },
        alert: None,
    },
    Shown {
        name: "server-only",
        make: |folder| issue(folder, "server-only", "extendedKeyUsage=serverAuth", ""),
        alert: Some((
            43,
            "unsupported_certificate (OpenSSL: certificate verify failed: unsuitable certificate purpose)",
            "its extendedKeyUsage does not allow client authentication",
        )),
    },
    Shown {
        name: "expired",
        make: |folder| issue(folder, "expired", CLIENT, "-days -1"),
        alert: Some((
            45,
            "certificate_expired (OpenSSL: certificate verify failed: certificate has expired)",
            "it expired at 20",
        )),
    },
    Shown {
        name: "version-1",
        make: |folder| issue(folder, "version-1", "", ""),
        alert: Some((
            46,
            "certificate_unknown (OpenSSL would accept it)",
            "it is of X.509 version 1, without extensions; re-issue it as version 3",
        )),
    },
    Shown {
        name: "self-signed",
        make: |folder| {
            openssl(
                folder,
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out self-signed-key.pem",
            );
            certify(folder, "self-signed-key.pem", "self-signed.pem", &[]);
        },
        alert: Some((
            48,
            "unknown_ca (OpenSSL: certificate verify failed: self-signed certificate)",
            "it is self-signed and not one of the authorities of ca.pem",
        )),
    },
    Shown {
        name: "stranger",
        make: |folder| {
            let ours = [("ca.pem", "ours.pem"), ("ca-key.pem", "ours-key.pem")];
            for (from, to) in ours {
                std::fs::rename(folder.join(from), folder.join(to)).unwrap();
            }
            make_authority(folder);
            openssl(folder, "req -new -x509 -key ca-key.pem -out ca.pem -subj /CN=Stranger");
            issue(folder, "stranger", CLIENT, "");
            for (to, from) in ours {
                std::fs::rename(folder.join(from), folder.join(to)).unwrap();
            }
        },
        alert: Some((
            48,
            "unknown_ca (OpenSSL: certificate verify failed: unable to get local issuer certificate)",
            "its issuer is not one of the authorities of ca.pem (CN=Authority)",
        )),
    },
];

#[test]
fn each_bad_certificate_has_its_alert_and_its_words() {
    for Shown { name, make, alert: refused } in SHOWN {
        let folder = folder();
        let folder = folder.path();
        make(folder);
        let mut proxy = Proxy::start(folder, REQUIRED, echo());
        for version in VERSIONS {
            let client = Client {
                identity: Some(identity(
                    folder,
                    &format!("{name}.pem"),
                    &format!("{name}-key.pem"),
                )),
                ..Client::only(version)
            };
            match refused {
                None => served(client.handshake(proxy.connect()).expect(name)),
                Some((number, _, _)) => {
                    assert_eq!(alert(client, proxy.connect()), *number, "{name}")
                }
            }
        }
        if let Some((number, words, reason)) = refused {
            let lines = proxy.lines_with(&format!("we sent alert {number} {words}"), 2);
            assert!(
                lines[1].contains("): we refused the client's certificate (subject CN="),
                "{lines:?}"
            );
            assert!(lines[1].contains(reason), "{lines:?}");
        }
    }
}

#[test]
fn a_certificate_of_the_future_is_not_yet_valid() {
    let folder = folder();
    let folder = folder.path();
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["alice".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2090, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2091, 1, 1);
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&authority).unwrap();
    std::fs::write(folder.join("alice.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("alice-key.pem"), authority.serialize_pem()).unwrap();
    let options = ["--verify-client", "--cafile", "alice.pem"];
    let mut proxy = Proxy::start(folder, &options, echo());
    for version in VERSIONS {
        let alice = identity(folder, "alice.pem", "alice-key.pem");
        let client = Client { identity: Some(alice), ..Client::only(version) };
        assert_eq!(alert(client, proxy.connect()), 45);
    }
    let line = "we sent alert 45 certificate_expired (OpenSSL: certificate verify failed: certificate is not yet valid)";
    assert!(
        proxy.lines_with(line, 2)[0].contains("it is not valid before 2090-01-01 00:00:00 UTC")
    );
}

/// An intermediate certificate that the client sends along is used; one that it does not send is missed.
#[test]
fn a_chain_of_the_client_is_followed() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "between", "basicConstraints=critical,CA:TRUE", "");
    std::fs::rename(folder.join("ca.pem"), folder.join("root.pem")).unwrap();
    std::fs::copy(folder.join("between.pem"), folder.join("ca.pem")).unwrap();
    std::fs::rename(folder.join("between-key.pem"), folder.join("ca-key.pem")).unwrap();
    issue(folder, "alice", CLIENT, "");
    join(folder, &["alice.pem", "between.pem"], "chain.pem");
    let options = ["--verify-client", "--cafile", "root.pem"];
    let proxy = Proxy::start(folder, &options, echo());
    for version in VERSIONS {
        let with = |certificates| Client {
            identity: Some(identity(folder, certificates, "alice-key.pem")),
            ..Client::only(version)
        };
        served(with("chain.pem").handshake(proxy.connect()).unwrap());
        assert_eq!(alert(with("alice.pem"), proxy.connect()), 48);
    }
}

/// A session that could be resumed would let a client in after its certificate has expired.
#[test]
fn no_session_is_resumed() {
    let folder = folder();
    let folder = folder.path();
    issue(folder, "alice", CLIENT, "");
    let alice = identity(folder, "alice.pem", "alice-key.pem");
    let mut proxy = Proxy::start(folder, REQUIRED, echo());
    for version in VERSIONS {
        let sessions = Resumption::in_memory_sessions(8);
        let identity = Some(alice.clone());
        let (config, _) = Client { identity, sessions, ..Client::only(version) }.config();
        for _ in 0..3 {
            let kind = tls::kind_of_handshake(&config, proxy.connect());
            assert_eq!(kind, rustls::HandshakeKind::Full);
        }
    }
    proxy.lines_with("showed a certificate that we accept", 6);
}

#[test]
fn a_client_that_leaves_when_it_is_asked_is_told_apart() {
    let folder = folder();
    let mut proxy = Proxy::start(folder.path(), REQUIRED, echo());
    let mut stream = proxy.connect();
    tls::up_to_certificate(&mut stream, &TLS13);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let line = proxy.line(
        "closed the connection during the TLS handshake, without an alert, after our certificate",
    );
    assert!(
        line.contains("this proxy asked it for a certificate of its own (--verify-client)"),
        "{line}"
    );
}

#[test]
fn the_systems_authorities_are_the_default() {
    let folder = folder();
    let output = command()
        .current_dir(folder.path())
        .env("SSL_CERT_FILE", "nowhere.pem")
        .env("SSL_CERT_DIR", "nowhere")
        .args(["--verify-client", "127.0.0.1:0", &closed_port().to_string()])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("(--cafile): the system has no certificate authorities"), "{stderr}");
    if !Path::new("/etc/ssl/certs/ca-certificates.crt").exists() {
        eprintln!("skipped: this system has no /etc/ssl/certs/ca-certificates.crt");
        return;
    }
    let mut proxy = Proxy::start(folder.path(), &["--verify-client"], echo());
    proxy.line("  - Client certificates: required, issued by the system's ");
    assert_eq!(alert(Client::only(&TLS13), proxy.connect()), 116);
    proxy.line("(OpenSSL: peer did not return a certificate)");
}

/// Files that cannot be authorities end the start.
#[test]
fn a_broken_cafile_ends_the_start() {
    type Case = (&'static str, fn(&Path), &'static [&'static str]);
    let cases: [Case; 7] = [
        (
            "missing",
            |_| {},
            &[
                "authorities.pem does not exist (OpenSSL: No such file or directory); give the path of a PEM file",
            ],
        ),
        (
            "empty",
            |file| std::fs::write(file, "").unwrap(),
            &["authorities.pem is empty", "write the certificates of the authorities to it"],
        ),
        (
            "no PEM",
            |file| std::fs::write(file, "hello").unwrap(),
            &[
                "is not a PEM file: no line begins",
                "give a PEM file with the certificates of the authorities",
            ],
        ),
        (
            "folder",
            |file| std::fs::create_dir(file).unwrap(),
            &["is a folder, not a file", "can stand in one"],
        ),
        (
            "DER",
            |file| {
                openssl(file.parent().unwrap(), "x509 -in ca.pem -outform DER -out authorities.pem")
            },
            &[
                "it looks like a certificate in DER form",
                "openssl x509 -inform DER -in authorities.pem",
            ],
        ),
        (
            "key",
            |file| {
                std::fs::copy(file.with_file_name("ca-key.pem"), file).unwrap();
            },
            &["has no certificate, only a private key", "give the authority's certificate"],
        ),
        (
            "damaged",
            |file| {
                let text = std::fs::read_to_string(file.with_file_name("ca.pem")).unwrap();
                std::fs::write(file, text.replacen("MII", "M*I", 1)).unwrap();
            },
            &["authorities.pem, block 1 (CERTIFICATE, line 1) is damaged: line 2 has '*'"],
        ),
    ];
    for (name, make, words) in cases {
        let folder = folder();
        make(&folder.path().join("authorities.pem"));
        let output = command()
            .current_dir(folder.path())
            .args(["--verify-client", "--cafile", "authorities.pem", "127.0.0.1:0"])
            .arg(closed_port().to_string())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
        assert!(
            stderr
                .starts_with("no authorities for client certificates (--cafile): authorities.pem"),
            "{stderr}"
        );
        for word in words {
            assert!(stderr.contains(word), "{name}: {stderr}");
        }
    }
}

#[test]
fn data_of_a_refused_client_goes_nowhere() {
    let folder = folder();
    let reached = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = reached.clone();
    let target = common::target(move |_| seen.store(true, std::sync::atomic::Ordering::SeqCst));
    let mut proxy = Proxy::start(folder.path(), REQUIRED, target);
    let mut stream =
        Client::only(&TLS13).handshake(proxy.connect()).expect("done before it is judged");
    let _ = stream.write_all(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    tls::drain(&mut stream);
    proxy.line("we sent alert 116 certificate_required");
    assert!(!reached.load(std::sync::atomic::Ordering::SeqCst));
}
