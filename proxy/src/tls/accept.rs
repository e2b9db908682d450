//! The handshake: which configuration a client gets, and what became of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{Accepted, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::StartHandshake;

use super::client_certificates::{ClientCheck, WatchedClient};
use super::hello::{Alpn, HelloFailure, read_client_hello};
use super::names::{DnsNames, NameFit};
use super::{
    Alert, Ciphers, ClientHelloFacts, HandshakeEnd, SilentEnd, SilentMoment, TlsStream, Witness,
};
use crate::event::ClientEvent;
use crate::listen::ClientStream;
use crate::settings::{ClientCertificates, TlsVersion, TlsVersions};

/// TLS with one certificate.
#[derive(Debug)]
pub(crate) struct TlsServer {
    /// Selects `http/1.1`: for clients that offer it.
    http1: Arc<ServerConfig>,
    /// Selects nothing: rustls refuses a client whose offer has nothing in common with ours, and one that offers
    /// only `h2`, or another protocol on a WebSocket port, should be served all the same.
    no_alpn: Arc<ServerConfig>,
    /// What is sent: the leaf first.
    chain: Vec<CertificateDer<'static>>,
    /// Those of the leaf.
    names: DnsNames,
    setup: TlsSetup,
}

/// What TLS servers have in common, whatever their certificate.
#[derive(Clone, Debug)]
pub(crate) struct TlsSetup {
    /// What clients have to show, if anything.
    pub(crate) clients: Option<ClientCheck>,
    pub(crate) versions: TlsVersions,
    /// Of TLS 1.2, if not all.
    pub(crate) ciphers: Option<Ciphers>,
}

const HTTP1: &[u8] = b"http/1.1";

impl TlsServer {
    /// Serves `identity` to every client, whatever name it asks for, after the check of its own certificate.
    ///
    /// rustls's own check of the pair is not used: it refuses certificates (X.509 v1, for one) that it can serve.
    pub(crate) fn new(identity: CertifiedKey, setup: &TlsSetup) -> Result<Self, rustls::Error> {
        let chain = identity.cert.clone();
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(identity));
        let mut config = config(resolver, setup, None)?;
        config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
        let no_alpn = Arc::new(config.clone());
        config.alpn_protocols = vec![HTTP1.to_vec()];
        let names = DnsNames::of(chain.first().map_or(&[], |leaf| leaf.as_ref()));
        Ok(Self { http1: Arc::new(config), no_alpn, chain, names, setup: setup.clone() })
    }

    /// The configuration for one client.
    fn config_for(
        &self,
        hello: &ClientHelloFacts,
        watched: Option<&Arc<WatchedClient>>,
    ) -> Result<Arc<ServerConfig>, rustls::Error> {
        let common = match hello.alpn {
            Alpn::Http1 => &self.http1,
            Alpn::Other => &self.no_alpn,
        };
        let Some(watched) = watched else {
            return Ok(Arc::clone(common));
        };
        let verifier = Arc::clone(watched) as Arc<dyn ClientCertVerifier>;
        let mut config = config(Arc::clone(&common.cert_resolver), &self.setup, Some(verifier))?;
        config.alpn_protocols.clone_from(&common.alpn_protocols);
        // A resumed session shows no certificate again: each client has to, in each connection.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// Whether a client would notice no difference. The key is that of the first certificate.
    pub(crate) fn serves_the_same_as(&self, other: &Self) -> bool {
        self.chain == other.chain
    }

    /// Whether clients are asked for a certificate.
    pub(crate) fn asked(&self) -> ClientCertificates {
        self.setup.clients.as_ref().map_or(ClientCertificates::NotAsked, |check| check.asked)
    }

    /// How the certificate has a name that a client asks for.
    pub(crate) fn fits(&self, name: &str) -> Option<NameFit> {
        self.names.fit(name)
    }

    /// Does the rest of the handshake. Returns the stream, and the certificates that the client showed, its own first.
    pub(crate) async fn accept(
        &self,
        greeting: Box<Greeting>,
    ) -> Result<Handshaken, Box<Unserved>> {
        let Greeting { accepted, hello, stream, deadline } = *greeting;
        let watched = self.setup.clients.as_ref().map(ClientCheck::watch);
        let config = match self.config_for(&hello, watched.as_ref()) {
            Ok(config) => config,
            Err(error) => {
                let end = HandshakeEnd::WeRefused { alert: None, error };
                return Err(Unserved::boxed(end, hello, Some(stream)));
            }
        };
        let handshake = StartHandshake::from_parts(accepted, stream).into_stream(config);
        match timeout_at(deadline, handshake.into_fallible()).await {
            Ok(Ok(stream)) => {
                Ok((Box::new(stream), watched.map(|watched| watched.chain()).unwrap_or_default()))
            }
            Ok(Err((error, stream))) => {
                let end = explain(error, &stream, watched.as_deref());
                Err(Unserved::boxed(end, hello, Some(stream)))
            }
            Err(_) => Err(Unserved::boxed(
                HandshakeEnd::Timeout(SilentMoment::AfterCertificate),
                hello,
                None,
            )),
        }
    }
}

/// A client that has sent its ClientHello.
pub(crate) struct Greeting {
    accepted: Accepted,
    hello: ClientHelloFacts,
    stream: Witness,
    /// For the rest of the handshake.
    deadline: Instant,
}

impl Greeting {
    /// The name that it asks for; none for an address.
    pub(crate) fn server_name(&self) -> Option<&str> {
        self.hello.server_name.as_deref()
    }

    pub(crate) fn into_stream(self) -> ClientStream {
        self.stream.into_inner()
    }
}

/// Reads a client's ClientHello. The whole handshake has to be done within `limit` from now on.
pub(crate) async fn greet(
    mut stream: Witness,
    limit: Duration,
) -> Result<Box<Greeting>, Box<Unserved>> {
    let deadline = Instant::now() + limit;
    let end = match timeout_at(deadline, read_client_hello(&mut stream)).await {
        Ok(Ok((accepted, hello))) => {
            return Ok(Box::new(Greeting { accepted, hello, stream, deadline }));
        }
        Ok(Err(failure)) => refuse_hello(&mut stream, failure).await,
        Err(_) => HandshakeEnd::Timeout(SilentMoment::BeforeCertificate),
    };
    Err(Unserved::boxed(end, ClientHelloFacts::default(), Some(stream)))
}

/// A client after its handshake. Boxed, as it is handed on often before it comes to rest.
pub(crate) type Handshaken = (Box<TlsStream>, Vec<CertificateDer<'static>>);

/// What all configurations have in common.
fn config(
    resolver: Arc<dyn ResolvesServerCert>,
    setup: &TlsSetup,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, rustls::Error> {
    let TlsVersions { oldest, newest } = setup.versions;
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if let Some(ciphers) = &setup.ciphers {
        provider.cipher_suites = ciphers.suites();
    }
    let spoken: Vec<_> = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)]
        .into_iter()
        .filter(|(version, _)| (oldest..=newest).contains(version))
        .map(|(_, protocol)| protocol)
        .collect();
    let builder =
        ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&spoken)?;
    let builder = match verifier {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(verifier),
    };
    let mut config = builder.with_cert_resolver(resolver);
    // Who gives a list gives an order, too.
    config.ignore_client_order = setup.ciphers.is_some();
    Ok(config)
}

/// A client whose handshake failed.
#[derive(Debug)]
pub(crate) struct Unserved {
    pub(crate) end: HandshakeEnd,
    pub(crate) hello: ClientHelloFacts,
    /// To be closed after the failure is logged.
    pub(crate) stream: Option<ClientStream>,
}

impl Unserved {
    fn boxed(end: HandshakeEnd, hello: ClientHelloFacts, stream: Option<Witness>) -> Box<Self> {
        Box::new(Self { end, hello, stream: stream.map(Witness::into_inner) })
    }
}

async fn refuse_hello(stream: &mut Witness, failure: HelloFailure) -> HandshakeEnd {
    match failure {
        HelloFailure::Silent(end) => HandshakeEnd::Silent(end, SilentMoment::BeforeCertificate),
        HelloFailure::Failed(error) => HandshakeEnd::Failed(error),
        HelloFailure::Bad { error, alert } => {
            // A client that is gone does not get the alert; the reason stays the same.
            let _ = stream.write_all(&alert).await;
            explain(io::Error::new(io::ErrorKind::InvalidData, error), stream, None)
        }
    }
}

/// The rustls error in an I/O error.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn explain(error: io::Error, stream: &Witness, client: Option<&WatchedClient>) -> HandshakeEnd {
    let record = &stream.record;
    let about_client = client.zip(tls_error(&error));
    if let Some(mut refusal) = about_client.and_then(|(client, error)| client.refusal(error)) {
        refusal.alert = record.sent_alert.unwrap_or(refusal.alert);
        return HandshakeEnd::ClientCertificate(Box::new(refusal));
    }
    match tls_error(&error) {
        Some(rustls::Error::AlertReceived(alert)) => HandshakeEnd::Alert(Alert::from(*alert)),
        Some(refusal) => {
            HandshakeEnd::WeRefused { alert: record.sent_alert, error: refusal.clone() }
        }
        None => {
            let moment = match record.written {
                0 => SilentMoment::BeforeCertificate,
                _ => SilentMoment::AfterCertificate,
            };
            if record.reset {
                HandshakeEnd::Silent(SilentEnd::Reset, moment)
            } else if stream.received_close_notify() {
                HandshakeEnd::Silent(SilentEnd::CloseNotify, moment)
            } else if record.ended || error.kind() == io::ErrorKind::UnexpectedEof {
                HandshakeEnd::Silent(SilentEnd::Closed, moment)
            } else {
                HandshakeEnd::Failed(error)
            }
        }
    }
}

/// Waits for the first byte of a request, which stays in the stream. In TLS 1.2 most clients, and in TLS 1.3 some
/// (Firefox, when it has to ask its database), judge the certificate after the handshake; that shows here.
pub(crate) async fn first_request_byte(stream: &mut TlsStream) -> Result<(), ClientEvent> {
    let result = stream.fill_buf().await.map(<[u8]>::is_empty);
    let reset = stream.get_ref().0.record.reset;
    let event = match result {
        Ok(false) => {
            stream.get_mut().0.accepted();
            return Ok(());
        }
        Ok(true) => ClientEvent::LateSilence(SilentEnd::CloseNotify),
        Err(error) => match tls_error(&error) {
            Some(rustls::Error::AlertReceived(alert)) => {
                ClientEvent::LateAlert(Alert::from(*alert))
            }
            Some(_) => ClientEvent::BadRequest(error.to_string()),
            None if reset => ClientEvent::LateSilence(SilentEnd::Reset),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                ClientEvent::LateSilence(SilentEnd::Closed)
            }
            None => ClientEvent::BadRequest(crate::event::cause(&error)),
        },
    };
    Err(event)
}
