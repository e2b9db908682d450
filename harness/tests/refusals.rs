//! A refusal goes on the wire as the client's profile says, seen from the other end.

use std::{io, sync::Arc};

use rstest::rstest;
use rustls::{AlertDescription, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};
use wssure_harness::{
    Fault,
    certificate::{Kind, Lab, Minted, Specification},
    client::{self, Client, Destination, Payload, Route, Simulated},
    observation::{Ending, Moment, Observation, Party, Step, TlsVersion},
};

/// How a handshake ended for the server.
#[derive(Debug, PartialEq)]
enum ServerSaw {
    Alert(AlertDescription, Moment),
    /// The end of the connection, and when.
    Closed(Moment),
    /// The end, announced with a close_notify.
    Notified(Moment),
    Reset(Moment),
}

fn mint(kind: Kind) -> (Lab, Minted) {
    let lab = Lab::new().unwrap();
    let minted =
        lab.mint(&Specification::new(kind, "proxy.example.test".parse().unwrap())).unwrap();
    (lab, minted)
}

fn server(minted: &Minted, version: TlsVersion) -> Arc<ServerConfig> {
    server_with(minted, version, rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES)
}

fn server_with(
    minted: &Minted,
    version: TlsVersion,
    suites: &[SupportedCipherSuite],
) -> Arc<ServerConfig> {
    let version: &'static SupportedProtocolVersion = match version {
        TlsVersion::Tls12 => &rustls::version::TLS12,
        TlsVersion::Tls13 => &rustls::version::TLS13,
    };
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites = suites.to_vec();
    let key = minted.key().unwrap().der().clone_key();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(minted.chain().to_vec(), key)
        .unwrap();
    Arc::new(config)
}

/// One connection: what the client reports, and what the server saw.
async fn meet(client: &mut dyn Client, config: Arc<ServerConfig>) -> (Observation, ServerSaw) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Destination {
        route: Route::To(listener.local_addr().unwrap()),
        ..format!("wss://proxy.example.test:{}/", listener.local_addr().unwrap().port())
            .parse()
            .unwrap()
    };
    let serving = async {
        let (tcp, _) = listener.accept().await.unwrap();
        serve(tcp, config).await
    };
    let (observation, saw) = tokio::join!(client.open(&to, &Payload::Nothing), serving);
    (observation.unwrap(), saw)
}

async fn serve(tcp: TcpStream, config: Arc<ServerConfig>) -> ServerSaw {
    match tokio_rustls::TlsAcceptor::from(config).accept(tcp).await {
        Err(error) => read_as(&error, Moment::DuringHandshake),
        Ok(mut tls) => match tls.read(&mut [0; 64]).await {
            Ok(0) => ServerSaw::Notified(Moment::AfterHandshake),
            Ok(length) => panic!("a refused certificate was sent {length} bytes"),
            Err(error) => read_as(&error, Moment::AfterHandshake),
        },
    }
}

fn read_as(error: &io::Error, moment: Moment) -> ServerSaw {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::AlertReceived(alert)), _) => ServerSaw::Alert(*alert, moment),
        (_, io::ErrorKind::UnexpectedEof) => ServerSaw::Closed(moment),
        (_, io::ErrorKind::ConnectionReset) => ServerSaw::Reset(moment),
        _ => panic!("the server saw {error:?}"),
    }
}

use AlertDescription::{
    BadCertificate, CertificateExpired, CertificateUnknown, InternalError, UnknownCA,
};
use Moment::{AfterHandshake, DuringHandshake};
use ServerSaw::{Alert, Closed, Notified, Reset};
use TlsVersion::{Tls12, Tls13};

/// As with OpenSSL, which sends each message in a record of its own, where rustls puts them all into one.
#[tokio::test]
async fn webkitgtk_leaves_records_behind_the_certificate_unread() {
    let (lab, minted) = mint(Kind::SelfSigned);
    let mut client = Simulated::named("webkitgtk").unwrap().trusting([lab.authority()]);
    let mut config = ServerConfig::clone(&server(&minted, Tls13));
    // So small that the server's Finished does not fit into the record in which its signature ends.
    config.max_fragment_size = Some(32);
    let (observation, saw) = meet(&mut client, Arc::new(config)).await;
    assert_eq!(saw, Reset(DuringHandshake));
    assert_eq!(observation.refusal().unwrap().ending, Ending::Reset);
}

#[rstest]
#[case("chromium", Kind::SelfSigned, Tls13, Alert(CertificateUnknown, DuringHandshake))]
#[case("chromium", Kind::SelfSigned, Tls12, Alert(CertificateUnknown, DuringHandshake))]
#[case("firefox", Kind::SelfSigned, Tls13, Alert(BadCertificate, DuringHandshake))]
#[case("firefox", Kind::SelfSigned, Tls12, Alert(BadCertificate, AfterHandshake))]
#[case("firefox", Kind::UnknownIssuer, Tls13, Alert(UnknownCA, DuringHandshake))]
#[case("firefox", Kind::UnknownIssuer, Tls12, Alert(UnknownCA, AfterHandshake))]
#[case("firefox", Kind::Expired, Tls13, Alert(CertificateExpired, DuringHandshake))]
#[case("webkitgtk", Kind::SelfSigned, Tls13, Closed(DuringHandshake))]
#[case("webkitgtk", Kind::SelfSigned, Tls12, Closed(DuringHandshake))]
#[case("safari-5", Kind::SelfSigned, Tls12, Closed(DuringHandshake))]
#[case("chrome-19", Kind::SelfSigned, Tls12, Closed(AfterHandshake))]
#[case("firefox-12", Kind::SelfSigned, Tls12, Alert(UnknownCA, DuringHandshake))]
#[case("openssl", Kind::SelfSigned, Tls13, Alert(UnknownCA, DuringHandshake))]
#[case("curl", Kind::SelfSigned, Tls12, Alert(UnknownCA, DuringHandshake))]
#[case("curl", Kind::WrongName, Tls12, Notified(AfterHandshake))]
#[case("curl", Kind::WrongName, Tls13, Notified(AfterHandshake))]
#[case("gnutls", Kind::KeyAgreementOnly, Tls12, Alert(InternalError, DuringHandshake))]
#[case("gnutls", Kind::KeyAgreementOnly, Tls13, Alert(InternalError, DuringHandshake))]
#[case("node", Kind::SelfSigned, Tls12, Closed(AfterHandshake))]
#[case("node", Kind::SelfSigned, Tls13, Closed(DuringHandshake))]
#[tokio::test]
async fn the_server_sees_what_the_profile_says(
    #[case] name: &str,
    #[case] kind: Kind,
    #[case] version: TlsVersion,
    #[case] expected: ServerSaw,
) {
    let (lab, minted) = mint(kind);
    let mut client =
        Simulated::new(client::find(name).unwrap()).trusting([lab.authority()]).tls_up_to(version);
    let (observation, saw) = meet(&mut client, server(&minted, version)).await;
    assert_eq!(saw, expected);

    let refusal = observation.refusal().expect("it is refused");
    assert_eq!((refusal.by, refusal.step), (Party::Client, Step::Tls));
    assert!(minted.plants().contains(&refusal.fault), "{}", refusal.fault);
    let alert = refusal.alert.map(|seen| (AlertDescription::from(seen.alert.0), seen.moment));
    match saw {
        Alert(sent, moment) => assert_eq!(alert, Some((sent, moment))),
        Closed(_) | Notified(_) => assert_eq!((alert, refusal.ending), (None, Ending::Closed)),
        Reset(_) => assert_eq!((alert, refusal.ending), (None, Ending::Reset)),
    }
    assert_eq!(observation.tls.unwrap().version, Some(version));
}

/// A late alert is sealed by us, so every kind of record protection is tried.
#[rstest]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)]
#[tokio::test]
async fn a_late_alert_is_sealed_for_every_cipher(#[case] suite: SupportedCipherSuite) {
    let (_, minted) = mint(Kind::SelfSigned);
    let mut client = Simulated::new(client::find("firefox").unwrap());
    let (_, saw) = meet(&mut client, server_with(&minted, Tls12, &[suite])).await;
    assert_eq!(saw, Alert(BadCertificate, AfterHandshake));
}

/// So is an alert that rustls does not send during a handshake.
#[rstest]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256)]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384)]
#[case(rustls::crypto::aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256)]
#[tokio::test]
async fn an_alert_of_our_own_is_sealed_for_every_cipher(#[case] suite: SupportedCipherSuite) {
    let (lab, minted) = mint(Kind::KeyAgreementOnly);
    let mut client = Simulated::named("gnutls").unwrap().trusting([lab.authority()]);
    let (_, saw) = meet(&mut client, server_with(&minted, Tls13, &[suite])).await;
    assert_eq!(saw, Alert(InternalError, DuringHandshake));
}

/// A client that judges late under TLS 1.3 too: no browser does, so the profile is made here.
#[tokio::test]
async fn a_late_alert_is_sealed_under_tls_13() {
    let source = include_str!("../clients/firefox.toml")
        .replace(r#""1.3" = "during-handshake""#, r#""1.3" = "after-handshake""#);
    let source = wssure_harness::data::Source::new("late.toml", source);
    let profile = client::Profile::read(&source).unwrap();
    let (_, minted) = mint(Kind::SelfSigned);
    let mut client = Simulated::new(Arc::new(profile));
    let (_, saw) = meet(&mut client, server(&minted, Tls13)).await;
    // The server reads Finished and alert at once, so it cannot tell the moment; that it can read the
    // alert at all shows that it came under the keys that follow Finished.
    assert!(matches!(saw, Alert(BadCertificate, _)), "{saw:?}");
}

#[tokio::test]
async fn the_page_learns_nothing_but_a_close_code() {
    for (name, code) in [("chromium", 1006), ("firefox", 1015), ("webkitgtk", 1006)] {
        let (_, minted) = mint(Kind::SelfSigned);
        let mut client = Simulated::new(client::find(name).unwrap());
        let (observation, _) = meet(&mut client, server(&minted, Tls13)).await;
        let page = observation.page.unwrap();
        use wssure_harness::observation::PageEvent::{Close, Error};
        assert_eq!(page.events, [Error, Close]);
        let close = page.close.unwrap();
        assert_eq!((close.code, close.reason.as_str(), close.clean), (code, "", false), "{name}");
    }
}

/// Measured: Chromium tries it twice, and minds the version of the record that it takes the answer for.
#[tokio::test]
async fn a_server_that_speaks_plain_text_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async {
        let mut all = Vec::new();
        for _ in 0..2 {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut tcp, b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
            let mut seen = Vec::new();
            tcp.read_to_end(&mut seen).await.ok();
            all.push(seen);
        }
        all
    };
    let to: Destination = format!("wss://{address}/").parse().unwrap();
    let mut client = Simulated::new(client::find("chromium").unwrap());
    let (observation, all) = tokio::join!(client.open(&to, &Payload::Nothing), serving);
    let observation = observation.unwrap();
    assert_eq!(observation.fault(), Some(Fault::NotTls));
    assert_eq!(observation.refusal().unwrap().code.as_deref(), Some("ERR_SSL_PROTOCOL_ERROR"));
    for seen in all {
        let hello = 5 + usize::from(u16::from_be_bytes([seen[3], seen[4]]));
        assert_eq!(seen[0], 22);
        assert_eq!(seen[hello..], [21, 3, 3, 0, 2, 2, 70], "behind the ClientHello");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to: Destination = format!("wss://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let mut client =
        Simulated::new(client::find("chromium").unwrap()).within(std::time::Duration::from_secs(1));
    let observation = client.open(&to, &Payload::Nothing).await.unwrap();
    assert_eq!(observation.fault(), Some(Fault::TimedOut));
    assert_eq!(observation.refusal().unwrap().step, Step::Tls);
}

/// The upgrade is answered before the target is tried, so a client that says nothing would not notice.
#[tokio::test]
async fn a_target_that_cannot_be_reached_is_no_connection() {
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = nobody.local_addr().unwrap();
    let settings = wssure_proxy::Settings::new(
        wssure_proxy::Endpoint::new("127.0.0.1", 0),
        wssure_proxy::Target::Tcp(wssure_proxy::Endpoint::new("127.0.0.1", target.port())),
    );
    let proxy = wssure_proxy::Proxy::bind(settings).await.unwrap();
    let to: Destination = format!("ws://{}/", proxy.local_addr()).parse().unwrap();
    let serving = tokio::spawn(proxy.serve(std::future::pending()));
    for payload in [Payload::Nothing, Payload::MustReturn(b"hello".to_vec())] {
        let mut client = Simulated::named("chromium").unwrap();
        let seen = client.open(&to, &payload).await.unwrap();
        let refusal = seen.assert_refused_with(Fault::TargetUnreachable);
        assert_eq!((refusal.by, refusal.step), (Party::Server, Step::WebSocket));
        let close = seen.page.as_ref().unwrap().close.as_ref().unwrap();
        assert_eq!((close.code, close.clean), (1011, true));
    }
    serving.abort();
}

#[tokio::test]
async fn a_socket_that_never_answers_is_given_up_after_its_upgrade() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to: Destination = format!("ws://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let serving = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let socket = tokio_tungstenite::accept_async(tcp).await.unwrap();
        std::future::pending::<()>().await;
        drop(socket);
    });
    let mut client =
        Simulated::new(client::find("chromium").unwrap()).within(std::time::Duration::from_secs(3));
    let seen = client.open(&to, &Payload::MustReturn(b"hello".to_vec())).await.unwrap();
    assert_eq!(seen.assert_refused_with(Fault::TimedOut).step, Step::WebSocket);
    serving.abort();
}
