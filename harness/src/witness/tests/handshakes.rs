//! TLS handshakes of rustls, in every cipher suite that is read.

use std::{io::Write as _, sync::Arc};

use rstest::rstest;
use rustls::{CipherSuite, ClientConnection, ContentType, HandshakeKind};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{HOST, LogFile, Secrets, Server, client_config, mint, only, soon};
use crate::{
    Alert,
    certificate::Kind,
    client::{Client, Destination, OnWarning, Route, Simulated},
    inspect::describe,
    observation::{AlertSeen, Answer, Ending, Moment, Offered, OfferedVersion, Party, TlsVersion},
    tls_record::{Cipher, RecordKey},
    witness::{ClientFinished, Mark, Unread, UnreadReason, Witness},
};

use CipherSuite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS13_AES_128_GCM_SHA256,
    TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
};

fn iana(suite: CipherSuite) -> String {
    format!("{suite:?}").replace("TLS13_", "TLS_")
}

fn version(suite: CipherSuite) -> TlsVersion {
    if iana(suite).contains("_WITH_") { TlsVersion::Tls12 } else { TlsVersion::Tls13 }
}

async fn connect(
    witness: &Witness,
    config: rustls::ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(witness.address()).await?;
    let name = ServerName::try_from(HOST).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

#[rstest]
#[tokio::test]
async fn a_session_is_read_from_its_offer_to_its_end(
    #[values(
        TLS13_AES_128_GCM_SHA256,
        TLS13_AES_256_GCM_SHA384,
        TLS13_CHACHA20_POLY1305_SHA256,
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    )]
    suite: CipherSuite,
) {
    let (lab, minted) = mint(Kind::Good);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness = server.witness(log.secrets()).await;
    let mut tls = connect(&witness, client_config(suite, &[&lab], &log)).await.unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    tls.read_to_end(&mut Vec::new()).await.unwrap();
    tls.shutdown().await.unwrap();
    drop(tls);

    let witnessed = only(&witness).await;
    assert_eq!(
        witnessed.offered,
        Some(Offered {
            tls: vec![match version(suite) {
                TlsVersion::Tls12 => OfferedVersion::Tls12,
                TlsVersion::Tls13 => OfferedVersion::Tls13,
            }],
            protocols: vec!["h2".to_owned(), "http/1.1".to_owned()],
            server_name: Some(HOST.to_owned()),
        })
    );
    let handshake = witnessed.handshake.clone().unwrap();
    assert_eq!(handshake.version, Some(version(suite)));
    assert_eq!(handshake.cipher_suite, Some(iana(suite)));
    assert_eq!(handshake.protocol.as_deref(), Some("http/1.1"));
    assert_eq!(witnessed.chain, minted.chain());
    let described: Vec<_> = minted.chain().iter().filter_map(describe).collect();
    assert_eq!(handshake.chain, described);
    assert_eq!(witnessed.finished, ClientFinished::Sent);
    assert_eq!(witnessed.answers, [Answer::new(404, Some("text/html"), b"no")]);
    assert_eq!(witnessed.alerts, []);
    assert_eq!(witnessed.close_notify_by, [Party::Server, Party::Client]);
    assert_eq!(witnessed.ended_by(Party::Server), Some(Ending::Closed));
    assert_eq!(witnessed.ended_by(Party::Client), Some(Ending::Closed));
    assert_eq!(witnessed.ends[0].by, Party::Server);
    assert_eq!(witnessed.unread, []);
}

#[rstest]
#[case(TLS13_AES_256_GCM_SHA384)]
#[case(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)]
#[tokio::test]
async fn a_refusal_during_the_handshake_is_told_with_its_number(#[case] suite: CipherSuite) {
    let (_lab, minted) = mint(Kind::UnknownIssuer);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness = server.witness(log.secrets()).await;
    connect(&witness, client_config(suite, &[], &log)).await.unwrap_err();

    let witnessed = only(&witness).await;
    let alert =
        AlertSeen { alert: Alert(48), sent_by: Party::Client, moment: Moment::DuringHandshake };
    assert_eq!(witnessed.alerts, [alert]);
    assert_eq!(witnessed.finished, ClientFinished::NotSent);
    assert_eq!(witnessed.chain, minted.chain());
    assert_eq!(witnessed.unread, []);
}

#[rstest]
#[case(TLS13_CHACHA20_POLY1305_SHA256)]
#[case(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)]
#[case(TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)]
#[tokio::test]
async fn a_refusal_after_the_handshake_is_told_as_such(#[case] suite: CipherSuite) {
    let (lab, minted) = mint(Kind::Good);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness = server.witness(log.secrets()).await;
    let tls = connect(&witness, client_config(suite, &[&lab], &log)).await.unwrap();
    let (mut tcp, tls) = tls.into_inner();
    tcp.write_all(&late_alert(tls, Alert(46))).await.unwrap();
    drop(tcp);

    let witnessed = only(&witness).await;
    let alert =
        AlertSeen { alert: Alert(46), sent_by: Party::Client, moment: Moment::AfterHandshake };
    assert_eq!(witnessed.alerts, [alert]);
    assert_eq!(witnessed.finished, ClientFinished::Sent);
    assert_eq!(witnessed.unread, []);
}

fn late_alert(tls: ClientConnection, alert: Alert) -> Vec<u8> {
    use rustls::ConnectionTrafficSecrets::{Aes128Gcm, Aes256Gcm, Chacha20Poly1305};
    let version = match tls.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    let (sequence, secrets) = tls.dangerous_extract_secrets().unwrap().tx;
    let (cipher, key, iv) = match secrets {
        Aes128Gcm { key, iv } => (Cipher::Aes128Gcm, key, iv),
        Aes256Gcm { key, iv } => (Cipher::Aes256Gcm, key, iv),
        Chacha20Poly1305 { key, iv } => (Cipher::Chacha20Poly1305, key, iv),
        _ => unreachable!("rustls has these three"),
    };
    let key = RecordKey::new(version, cipher, key.as_ref(), iv.as_ref()).unwrap();
    key.seal(sequence, ContentType::Alert, &[2, alert.0]).unwrap()
}

/// A server that wants another key share asks for a second ClientHello (RFC 8446 section 4.1.4).
#[tokio::test]
async fn a_second_hello_is_followed_and_the_first_is_told() {
    let (lab, minted) = mint(Kind::Good);
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups.retain(|group| group.name() == rustls::NamedGroup::secp384r1);
    let (log, server) = (LogFile::new(), Server::tls_with(&minted, provider).await);
    let witness = server.witness(log.secrets()).await;
    let config = client_config(TLS13_AES_128_GCM_SHA256, &[&lab], &log);
    let tls = connect(&witness, config).await.unwrap();
    assert_eq!(tls.get_ref().1.handshake_kind(), Some(HandshakeKind::FullWithHelloRetryRequest));
    drop(tls);
    let witnessed = only(&witness).await;
    assert_eq!(witnessed.offered.unwrap().server_name.as_deref(), Some(HOST));
    assert_eq!(witnessed.chain, minted.chain());
    assert_eq!(witnessed.finished, ClientFinished::Sent);
    assert_eq!(witnessed.unread, []);
}

#[tokio::test]
async fn keys_that_change_are_followed() {
    let (lab, minted) = mint(Kind::Good);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness = server.witness(log.secrets()).await;
    let config = client_config(TLS13_AES_128_GCM_SHA256, &[&lab], &log);
    let mut tls = connect(&witness, config).await.unwrap();
    tls.get_mut().1.refresh_traffic_keys().unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    tls.read_to_end(&mut Vec::new()).await.unwrap();
    drop(tls);
    let witnessed = only(&witness).await;
    assert_eq!(witnessed.answers.len(), 1);
    assert_eq!(witnessed.unread, []);
}

/// Chromium writes its secrets after the fact.
#[tokio::test]
async fn secrets_that_come_late_are_waited_for() {
    let (_lab, minted) = mint(Kind::UnknownIssuer);
    let (log, elsewhere) = (LogFile::new(), LogFile::new());
    let server = Server::tls(&minted).await;
    let witness = server.witness(log.secrets()).await;
    let config = client_config(TLS13_AES_128_GCM_SHA256, &[], &elsewhere);
    connect(&witness, config).await.unwrap_err();
    let written = std::fs::read(elsewhere.path()).unwrap();

    witness.ended_since(Mark::default(), soon()).await;
    let before = witness.since(Mark::default(), tokio::time::Instant::now()).await;
    assert_eq!(before[0].alerts, []);
    assert_eq!(
        before[0].unread.iter().map(|unread| unread.sent_by).collect::<Vec<_>>(),
        [Party::Client, Party::Server]
    );
    let (middle, end) = written.split_at(written.len() - 1);
    let mut file = std::fs::File::create(log.path()).unwrap();
    file.write_all(middle).unwrap();
    let (witnessed, ()) = tokio::join!(witness.since(Mark::default(), soon()), async {
        tokio::task::yield_now().await;
        file.write_all(end).unwrap();
    });
    assert_eq!(witnessed[0].alerts.len(), 1);
    assert_eq!(witnessed[0].unread, []);
}

#[rstest]
#[case(TLS13_AES_128_GCM_SHA256, ClientFinished::Unread)]
#[case(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ClientFinished::Sent)]
#[tokio::test]
async fn without_secrets_it_says_that_it_cannot_tell(
    #[case] suite: CipherSuite,
    #[case] finished: ClientFinished,
) {
    let (lab, minted) = mint(Kind::Good);
    let (log, server) = (LogFile::new(), Server::tls(&minted).await);
    let witness = server.witness(Secrets::kept()).await;
    drop(connect(&witness, client_config(suite, &[&lab], &log)).await.unwrap());
    let witnessed = only(&witness).await;
    assert_eq!(witnessed.finished, finished);
    let unread = |sent_by| Unread { sent_by, reason: UnreadReason::NoSecrets };
    assert_eq!(witnessed.unread, [unread(Party::Client), unread(Party::Server)]);
}

/// What a simulated client says that it offers is what is on the wire.
#[rstest]
#[tokio::test]
async fn simulated_clients_offer_what_they_say(
    #[values("chromium", "firefox", "webkitgtk", "safari-5", "firefox-12")] name: &str,
    #[values(TlsVersion::Tls12, TlsVersion::Tls13)] highest: TlsVersion,
    #[values("proxy.example.test", "PROXY.example.test.", "127.0.0.1")] host: &str,
) {
    let (lab, minted) = mint(Kind::Good);
    let server = Server::tls(&minted).await;
    let witness = server.witness(Secrets::kept()).await;
    let to: Destination = format!("https://{host}/").parse().unwrap();
    let to = Destination { route: Route::To(witness.address()), ..to };
    let mut client = Simulated::named(name).unwrap().trusting([lab.authority()]).tls_up_to(highest);
    let observed = client.browse(&to, OnWarning::Leave).await.unwrap();
    let witnessed = only(&witness).await;
    assert!(observed.offered.is_some());
    assert_eq!(observed.offered, witnessed.offered);
}
