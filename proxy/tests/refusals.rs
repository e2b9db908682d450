//! Clients that refuse our certificate, or break off otherwise: the line in the log, and that nobody else suffers.
#![allow(missing_docs)]

mod common;

use std::io::Write;
use std::net::{Shutdown, SocketAddr};

use common::openssl::folder_with_self_pem;
use common::tls::{self, Client, TLS12, TLS13, up_to_certificate};
use common::websocket::WebSocket;
use common::{Proxy, echo, rest};
use rustls::CertificateError;

/// A good client is served.
#[track_caller]
fn serves(proxy: &Proxy) {
    let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
    socket.echo(b"still served");
    socket.close();
}

/// The line about a client begins with `start`.
#[track_caller]
fn says(proxy: &mut Proxy, client: SocketAddr, start: &str) {
    let line = proxy.line(&format!("client {client}: "));
    let text = line.split_once(&format!("client {client}: ")).unwrap().1;
    assert!(text.starts_with(start), "{line}");
}

#[test]
fn alerts_during_the_handshake() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for version in [&TLS12, &TLS13] {
        for (verdict, start) in [
            (
                CertificateError::UnknownIssuer,
                "refused our certificate: TLS alert 48 unknown_ca during the handshake (OpenSSL: tlsv1 alert unknown ca): ",
            ),
            (
                CertificateError::NotValidForName,
                "refused our certificate: TLS alert 42 bad_certificate during the handshake (OpenSSL: sslv3 alert bad \
                 certificate): ",
            ),
            (
                CertificateError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: vec![],
                    supported_algorithms: vec![],
                },
                "refused our certificate: TLS alert 51 decrypt_error during the handshake (OpenSSL: tlsv1 alert decrypt \
                 error): ",
            ),
            (
                CertificateError::Expired,
                "refused our certificate: TLS alert 45 certificate_expired during the handshake (OpenSSL: sslv3 alert \
                 certificate expired): ",
            ),
            (
                CertificateError::Revoked,
                "refused our certificate: TLS alert 44 certificate_revoked during the handshake (OpenSSL: sslv3 alert \
                 certificate revoked): ",
            ),
        ] {
            let stream = proxy.connect();
            let client = stream.local_addr().unwrap();
            Client::only(version).refusing(verdict).handshake(stream).expect_err("it refuses");
            says(&mut proxy, client, start);
            assert!(proxy.line(&client.to_string()).ends_with("; it asked for localhost"));
            serves(&proxy);
        }
    }
}

#[test]
fn every_alert_is_told_by_name() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for (number, start) in [
        (
            46,
            "refused our certificate: TLS alert 46 certificate_unknown during the handshake (OpenSSL: sslv3 alert \
              certificate unknown): ",
        ),
        (
            43,
            "refused our certificate: TLS alert 43 unsupported_certificate during the handshake (OpenSSL: sslv3 alert \
              unsupported certificate): ",
        ),
        (
            80,
            "sent TLS alert 80 internal_error during the handshake (OpenSSL: tlsv1 alert internal error): ",
        ),
        (
            40,
            "sent TLS alert 40 handshake_failure during the handshake (OpenSSL: sslv3 alert handshake failure): ",
        ),
        (200, "sent TLS alert 200 unassigned during the handshake (OpenSSL: unknown alert type): "),
    ] {
        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        up_to_certificate(&mut stream, &TLS12);
        stream.write_all(&[21, 3, 3, 0, 2, 2, number]).unwrap();
        says(&mut proxy, client, start);
        serves(&proxy);
    }
}

/// The reset comes right behind the alert, and sometimes before the proxy has looked.
#[test]
fn an_alert_with_a_reset_behind_it_is_logged_by_the_alert() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for _ in 0..50 {
        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        up_to_certificate(&mut stream, &TLS12);
        stream.write_all(&[21, 3, 3, 0, 2, 2, 46]).unwrap();
        tls::reset(stream);
        says(
            &mut proxy,
            client,
            "refused our certificate: TLS alert 46 certificate_unknown during the handshake",
        );
    }
    for _ in 0..50 {
        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        let (mut connection, _) = Client::only(&TLS12).connection();
        let mut bytes = tls::client_hello(&mut connection);
        bytes.extend([21, 3, 3, 0, 2, 2, 46]);
        // The alert is there before our certificate is sent, and the reset before we can write it.
        stream.write_all(&bytes).unwrap();
        tls::reset(stream);
        says(
            &mut proxy,
            client,
            "refused our certificate: TLS alert 46 certificate_unknown during the handshake",
        );
    }
    serves(&proxy);
}

#[test]
fn alerts_after_the_handshake() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for (version, number, start) in [
        (
            &TLS13,
            42,
            "refused our certificate: TLS alert 42 bad_certificate after the handshake (OpenSSL: sslv3 alert bad \
                      certificate): ",
        ),
        (
            &TLS13,
            48,
            "refused our certificate: TLS alert 48 unknown_ca after the handshake (OpenSSL: tlsv1 alert unknown \
                      ca): ",
        ),
        (&TLS13, 90, "sent TLS alert 90 user_canceled after the handshake"),
        (
            &TLS13,
            80,
            "sent TLS alert 80 internal_error after the handshake (OpenSSL: tlsv1 alert internal error): ",
        ),
    ] {
        let stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        let tls::Stream { conn, mut sock } = Client::only(version).handshake(stream).unwrap();
        sock.write_all(&tls::sealed_alert(conn, number)).unwrap();
        tls::reset(sock);
        says(&mut proxy, client, start);
        serves(&proxy);
    }
}

#[test]
fn silence_during_the_handshake() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for version in [&TLS12, &TLS13] {
        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        up_to_certificate(&mut stream, version);
        stream.shutdown(Shutdown::Write).unwrap();
        says(
            &mut proxy,
            client,
            "closed the connection during the TLS handshake, without an alert, after our certificate was sent (OpenSSL: \
             EOF occurred in violation of protocol): ",
        );

        let mut stream = proxy.connect();
        let client = stream.local_addr().unwrap();
        up_to_certificate(&mut stream, version);
        tls::reset(stream);
        says(
            &mut proxy,
            client,
            "reset the connection during the TLS handshake, without an alert, after our certificate was sent (OpenSSL: \
             Connection reset by peer): ",
        );
    }

    let mut stream = proxy.connect();
    let client = stream.local_addr().unwrap();
    stream.write_all(&[22, 3, 1, 0, 200, 1]).unwrap();
    drop(stream);
    says(
        &mut proxy,
        client,
        "closed the connection during the TLS handshake, before its ClientHello was complete",
    );
    serves(&proxy);
}

#[test]
fn silence_after_the_handshake() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for version in [&TLS12, &TLS13] {
        let start = "the connection after the TLS handshake without sending a request: ";

        let stream = Client::only(version).handshake(proxy.connect()).unwrap();
        let client = stream.sock.local_addr().unwrap();
        stream.sock.shutdown(Shutdown::Write).unwrap();
        says(&mut proxy, client, &format!("closed {start}some clients"));

        let mut stream = Client::only(version).handshake(proxy.connect()).unwrap();
        let client = stream.sock.local_addr().unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        says(&mut proxy, client, &format!("closed {start}it said close_notify; "));

        let stream = Client::only(version).handshake(proxy.connect()).unwrap();
        let client = stream.sock.local_addr().unwrap();
        tls::reset(stream.sock);
        says(&mut proxy, client, &format!("reset {start}"));
        serves(&proxy);
    }
}

#[test]
fn what_we_refuse() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());

    // TLS 1.1 only: the version in the ClientHello is 3.2, and there are no extensions.
    let mut stream = proxy.connect();
    let client = stream.local_addr().unwrap();
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x13, 0xc0, 0x09, 1, 0]);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    stream.write_all(&record).unwrap();
    assert_eq!(rest(&mut stream), [21, 3, 3, 0, 2, 2, 70]);
    says(
        &mut proxy,
        client,
        "TLS handshake failed, we sent alert 70 protocol_version (OpenSSL: unsupported protocol): ",
    );

    // RSA ciphers only, and the certificate has an EC key.
    let output = std::process::Command::new("openssl")
        .args([
            "s_client",
            "-tls1_2",
            "-cipher",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "-connect",
            &proxy.address.to_string(),
        ])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("handshake failure"));
    proxy.line(
        "TLS handshake failed, we sent alert 40 handshake_failure (OpenSSL: no shared cipher): ",
    );

    // An SSL 2.0 ClientHello is recognised as TLS, and refused.
    let mut stream = proxy.connect();
    let client = stream.local_addr().unwrap();
    stream.write_all(&[0x80, 0x2e, 1, 3, 1, 0, 21, 0, 0, 0, 16]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    rest(&mut stream);
    says(&mut proxy, client, "TLS handshake failed, we sent alert ");
    serves(&proxy);
}

/// OpenSSL itself, refusing as the page on encrypted connections describes it.
#[test]
fn openssl_says_unknown_ca() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    for version in ["-tls1_2", "-tls1_3"] {
        let output = std::process::Command::new("openssl")
            .args([
                "s_client",
                version,
                "-verify_return_error",
                "-connect",
                &proxy.address.to_string(),
            ])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success());
    }
    proxy.lines_with(
        "TLS alert 48 unknown_ca during the handshake (OpenSSL: tlsv1 alert unknown ca)",
        2,
    );
}
