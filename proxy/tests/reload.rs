//! A renewed certificate is served from the next connection on, however its files are replaced; a broken one leaves
//! the old one in use.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::openssl::{certify, join, openssl, text};
use common::tls::{self, Client, TLS12, TLS13};
use common::websocket::WebSocket;
use common::{Proxy, echo, rest};
use rustix::process::Signal;
use rustls::HandshakeKind;
use rustls::client::Resumption;

/// Makes `NAME.pem` with a certificate and its key, `NAME-cert.pem` and `NAME-key.pem`.
fn make(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}-key.pem"),
    );
    let (key, cert) = (format!("{name}-key.pem"), format!("{name}-cert.pem"));
    certify(folder, &key, &cert, &["-subj", &format!("/CN={name}")]);
    join(folder, &[&cert, &key], &format!("{name}.pem"));
}

/// Two certificates, `old` and `new`; the old one is also in `self.pem`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "old");
    make(folder.path(), "new");
    copy(folder.path(), "old.pem", "self.pem");
    folder
}

fn copy(folder: &Path, from: &str, to: &str) {
    fs::write(folder.join(to), fs::read(folder.join(from)).unwrap()).unwrap();
}

/// A new connection is shown the certificate in `NAME-cert.pem`.
#[track_caller]
fn shows(proxy: &Proxy, folder: &Path, name: &str) {
    let (mut connection, judge) = Client::default().connection();
    let mut stream = proxy.connect();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).expect("the handshake succeeds");
    }
    let expected = tls::identity(folder, &format!("{name}-cert.pem"), &format!("{name}-key.pem"));
    assert_eq!(judge.chain.lock().unwrap()[0], expected.cert[0], "not {name}");
}

#[test]
fn each_way_to_replace_a_file_is_seen() {
    type Way = (&'static str, fn(&Path));
    let ways: [Way; 3] = [
        ("written in place", |folder| copy(folder, "new.pem", "self.pem")),
        ("renamed", |folder| {
            copy(folder, "new.pem", "next.pem");
            fs::rename(folder.join("next.pem"), folder.join("self.pem")).unwrap();
        }),
        ("removed and made", |folder| {
            fs::remove_file(folder.join("self.pem")).unwrap();
            copy(folder, "new.pem", "self.pem");
        }),
    ];
    for (way, replace) in ways {
        let folder = folder();
        let folder = folder.path();
        let mut proxy = Proxy::start(folder, &[], echo());
        shows(&proxy, folder, "old");
        replace(folder);
        shows(&proxy, folder, "new");
        let line =
            proxy.line("certificate reloaded: self.pem (CN=new; localhost, 127.0.0.1; until 20");
        assert!(line.starts_with("certificate reloaded: "), "{way}: {line}");
        shows(&proxy, folder, "new");
        assert_eq!(proxy.lines.iter().filter(|line| line.contains("reloaded")).count(), 1, "{way}");
    }
}

/// certbot keeps `live/NAME/fullchain.pem` as a link into `archive`; Kubernetes swaps a link `..data` to a folder.
#[test]
fn swapped_links_are_seen() {
    for mounted in [false, true] {
        let folder = folder();
        let folder = folder.path();
        for name in ["old", "new"] {
            fs::create_dir(folder.join(format!("..{name}"))).unwrap();
            for part in ["cert", "key"] {
                copy(folder, &format!("{name}-{part}.pem"), &format!("..{name}/{part}.pem"));
            }
        }
        let swap = |to: &str, link: &str| {
            symlink(to, folder.join("next")).unwrap();
            fs::rename(folder.join("next"), folder.join(link)).unwrap();
        };
        let point = |name: &str| {
            if mounted {
                swap(&format!("..{name}"), "..data");
            } else {
                swap(&format!("..{name}/cert.pem"), "live-cert.pem");
                swap(&format!("..{name}/key.pem"), "live-key.pem");
            }
        };
        if mounted {
            symlink("..data/cert.pem", folder.join("live-cert.pem")).unwrap();
            symlink("..data/key.pem", folder.join("live-key.pem")).unwrap();
        }
        point("old");
        let mut proxy =
            Proxy::start(folder, &["--cert", "live-cert.pem", "--key", "live-key.pem"], echo());
        shows(&proxy, folder, "old");
        point("new");
        shows(&proxy, folder, "new");
        proxy.line("certificate reloaded: live-cert.pem (CN=new; ");
    }
}

#[test]
fn a_broken_pair_leaves_the_old_one_and_is_told_once() {
    let folder = folder();
    let folder = folder.path();
    copy(folder, "old-cert.pem", "cert.pem");
    copy(folder, "old-key.pem", "key.pem");
    let mut proxy = Proxy::start(folder, &["--cert", "cert.pem", "--key", "key.pem"], echo());
    let stays = "certificate not reloaded, the old one stays: ";

    let whole = text(folder, "new-cert.pem");
    fs::write(folder.join("cert.pem"), &whole[..whole.len() / 2]).unwrap();
    shows(&proxy, folder, "old");
    shows(&proxy, folder, "old");
    proxy.line(&format!(
        "{stays}cert.pem, block 1 (CERTIFICATE, line 1) is damaged: its END line is missing"
    ));

    fs::write(folder.join("cert.pem"), whole).unwrap();
    shows(&proxy, folder, "old");
    shows(&proxy, folder, "old");
    proxy.line(&format!("{stays}certificate and private key do not belong together: cert.pem"));

    copy(folder, "new-key.pem", "key.pem");
    shows(&proxy, folder, "new");
    proxy.line("certificate reloaded: cert.pem (CN=new; ");

    fs::remove_file(folder.join("cert.pem")).unwrap();
    shows(&proxy, folder, "new");
    shows(&proxy, folder, "new");
    assert!(proxy.line("cert.pem does not exist (OpenSSL: ").starts_with(stays));

    copy(folder, "new-cert.pem", "cert.pem");
    shows(&proxy, folder, "new");
    proxy.line("certificate unchanged: cert.pem (CN=new; ");
    assert_eq!(proxy.lines.iter().filter(|line| line.contains(stays)).count(), 3);
}

#[test]
fn a_file_that_was_missing_or_broken_at_the_start_is_served_once_it_is_there() {
    for (at_start, trouble) in [
        (None, "  - No SSL/TLS support (no cert file)"),
        (Some("hello"), "  - No SSL/TLS support: self.pem is not a PEM file"),
    ] {
        let folder = folder();
        let folder = folder.path();
        match at_start {
            None => fs::remove_file(folder.join("self.pem")).unwrap(),
            Some(text) => fs::write(folder.join("self.pem"), text).unwrap(),
        }
        let mut proxy = Proxy::start(folder, &[], echo());
        proxy.line(trouble);
        assert!(Client::default().handshake(proxy.connect()).is_err());
        fs::write(folder.join("self.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
        assert!(Client::default().handshake(proxy.connect()).is_err());
        proxy.line("certificate not loaded, still no SSL/TLS support: self.pem, block 1");
        copy(folder, "new.pem", "self.pem");
        shows(&proxy, folder, "new");
        proxy.line("certificate loaded, SSL/TLS is served from now on: self.pem (CN=new; ");
        WebSocket::open(tls::accept_all(proxy.connect())).echo(b"hello");
    }
}

#[test]
fn open_sessions_go_on() {
    let folder = folder();
    let folder = folder.path();
    let proxy = Proxy::start(folder, &[], echo());
    let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
    socket.echo(b"before");
    copy(folder, "new.pem", "self.pem");
    shows(&proxy, folder, "new");
    socket.echo(b"after");
    socket.close();
}

#[test]
fn sessions_are_resumed_with_one_certificate_and_not_across_a_change() {
    for version in [&TLS12, &TLS13] {
        let folder = folder();
        let folder = folder.path();
        let proxy = Proxy::start(folder, &[], echo());
        let sessions = Resumption::in_memory_sessions(8);
        let (config, _) = Client { sessions, ..Client::only(version) }.config();
        let kind = || tls::kind_of_handshake(&config, proxy.connect());
        assert_eq!((kind(), kind()), (HandshakeKind::Full, HandshakeKind::Resumed));
        copy(folder, "new.pem", "self.pem");
        assert_eq!((kind(), kind()), (HandshakeKind::Full, HandshakeKind::Resumed));
    }
}

#[test]
fn sighup_loads_at_once_and_always_answers() {
    let folder = folder();
    let folder = folder.path();
    let mut proxy = Proxy::start(folder, &[], echo());
    proxy.signal(Signal::HUP);
    proxy.line("certificate unchanged: self.pem (CN=old; ");
    copy(folder, "new.pem", "self.pem");
    proxy.signal(Signal::HUP);
    proxy.line("certificate reloaded: self.pem (CN=new; ");
    fs::write(folder.join("self.pem"), "").unwrap();
    for count in 1..=2 {
        proxy.signal(Signal::HUP);
        proxy.lines_with("certificate not reloaded, the old one stays: self.pem is empty", count);
    }
    shows(&proxy, folder, "new");
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.wait().code(), Some(0));
}

/// While connections pour in, each is served by the one or the other certificate, whole.
#[test]
fn many_connections_at_the_moment_of_change_are_all_served() {
    let folder = folder();
    let folder = folder.path();
    let mut proxy = Proxy::start(folder, &[], echo());
    let address = proxy.address;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                for _ in 0..12 {
                    tls::accept_all(common::connect(address));
                }
            })
        })
        .collect();
    for name in ["new", "old", "new"] {
        copy(folder, &format!("{name}.pem"), "next.pem");
        fs::rename(folder.join("next.pem"), folder.join("self.pem")).unwrap();
    }
    clients.into_iter().for_each(|client| client.join().unwrap());
    shows(&proxy, folder, "new");
    WebSocket::open(tls::accept_all(proxy.connect())).echo(b"hello");
    let mut plain = proxy.connect();
    assert!(common::get(&mut plain, "/").starts_with("HTTP/1.1 405 "));
    assert_eq!(rest(&mut plain), []);
    proxy.line("certificate reloaded: self.pem");
}

#[test]
fn a_certificate_that_expires_while_it_is_served_is_told_once() {
    let folder = folder();
    let folder = folder.path();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
    parameters.not_after = soon.into();
    let certificate = parameters.self_signed(&key).unwrap();
    fs::write(folder.join("self.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
    let mut proxy = Proxy::start(folder, &[], echo());
    proxy.line("  - Warning: the certificate expires in 0 days");
    let end = std::time::Instant::now() + common::DEADLINE;
    while std::time::SystemTime::now() < soon + std::time::Duration::from_secs(1) {
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    }
    for _ in 0..3 {
        tls::accept_all(proxy.connect());
    }
    let line = proxy.line("Warning: the certificate expired at 20");
    assert!(line.starts_with("Warning: "), "{line}");
    proxy.signal(Signal::HUP);
    proxy.line("certificate unchanged");
    assert_eq!(proxy.lines.iter().filter(|line| line.contains("expired at")).count(), 1);
}
