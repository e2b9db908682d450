//! TLS clients: one that accepts every certificate, ones that refuse, and ones that break off.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error,
    SignatureScheme, StreamOwned, SupportedProtocolVersion,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

pub use rustls::version::{TLS12, TLS13};

pub type Stream<S = TcpStream> = StreamOwned<ClientConnection, S>;

/// A verifier that gives one verdict, and remembers the chain.
#[derive(Debug, Default)]
pub struct Judge {
    verdict: Option<CertificateError>,
    pub chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(leaf).chain(chain).map(|der| der.clone().into_owned());
        *self.chain.lock().unwrap() = all.collect();
        match &self.verdict {
            None => Ok(ServerCertVerified::assertion()),
            Some(error) => Err(error.clone().into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// What a client is like.
pub struct Client {
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub alpn: Vec<&'static str>,
    pub verdict: Option<CertificateError>,
    /// Shown to servers that ask for a certificate.
    pub identity: Option<Arc<CertifiedKey>>,
    /// The name it asks for; none for an address.
    pub name: &'static str,
    /// Where sessions to resume are kept.
    pub sessions: Resumption,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            versions: vec![&TLS13, &TLS12],
            alpn: vec![],
            verdict: None,
            identity: None,
            name: "localhost",
            sessions: Resumption::disabled(),
        }
    }
}

/// Shows a certificate whatever authorities the server names.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Certificates and key out of PEM files, however odd the certificate.
pub fn identity(folder: &std::path::Path, certificates: &str, key: &str) -> Arc<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(folder.join(certificates)).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(key)).unwrap();
    let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    Arc::new(CertifiedKey::new(chain.map(Result::unwrap).collect(), signer))
}

impl Client {
    pub fn only(version: &'static SupportedProtocolVersion) -> Self {
        Self { versions: vec![version], ..Self::default() }
    }

    pub fn refusing(self, verdict: CertificateError) -> Self {
        Self { verdict: Some(verdict), ..self }
    }

    /// A connection that has sent nothing yet.
    pub fn connection(self) -> (ClientConnection, Arc<Judge>) {
        let name = ServerName::try_from(self.name).unwrap();
        let (config, judge) = self.config();
        (ClientConnection::new(config, name).unwrap(), judge)
    }

    /// For several connections: sessions are resumed only under one configuration.
    pub fn config(self) -> (Arc<ClientConfig>, Arc<Judge>) {
        let judge = Arc::new(Judge { verdict: self.verdict, ..Judge::default() });
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&judge) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        if let Some(identity) = self.identity {
            config.client_auth_cert_resolver = Arc::new(Shows(identity));
        }
        config.resumption = self.sessions;
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.enable_secret_extraction = true;
        (Arc::new(config), judge)
    }

    /// Does the handshake on a stream.
    pub fn handshake<S: Read + Write>(self, stream: S) -> std::io::Result<Stream<S>> {
        handshake(self.connection().0, stream)
    }
}

/// Does the handshake on a stream.
pub fn handshake<S: Read + Write>(
    mut connection: ClientConnection,
    mut stream: S,
) -> std::io::Result<Stream<S>> {
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    while connection.wants_write() {
        connection.write_tls(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// How the server let a client in that comes with sessions it may resume; what the server gives is kept.
pub fn kind_of_handshake(config: &Arc<ClientConfig>, stream: TcpStream) -> rustls::HandshakeKind {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut stream = handshake(connection, stream).unwrap();
    let kind = stream.conn.handshake_kind().expect("it is done");
    // Tickets come behind the handshake, at the latest with an answer.
    super::get(&mut stream, "/");
    kind
}

/// A client that accepts every certificate, after its handshake.
#[track_caller]
pub fn accept_all<S: Read + Write>(stream: S) -> Stream<S> {
    Client::default().handshake(stream).expect("the handshake succeeds")
}

/// The bytes of a ClientHello.
pub fn client_hello(connection: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Sends a ClientHello and waits until the server's certificate has come.
pub fn up_to_certificate(stream: &mut TcpStream, version: &'static SupportedProtocolVersion) {
    let (mut connection, judge) =
        Client::only(version).refusing(CertificateError::UnknownIssuer).connection();
    stream.write_all(&client_hello(&mut connection)).unwrap();
    while judge.chain.lock().unwrap().is_empty() {
        connection.read_tls(stream).unwrap();
        let _ = connection.process_new_packets();
    }
}

/// A TLS 1.3 record with an alert, as the client would send it next.
pub fn sealed_alert(connection: ClientConnection, number: u8) -> Vec<u8> {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let (sequence, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
    let rustls::ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else {
        panic!("another cipher suite")
    };
    let mut nonce: [u8; 12] = iv.as_ref().try_into().unwrap();
    for (byte, part) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
        *byte ^= part;
    }
    // Level fatal, number, content type (RFC 8446 section 5.2).
    let mut record = vec![2, number, 21];
    let header = [23, 3, 3, 0, 3 + 16];
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).unwrap());
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(header),
        &mut record,
    )
    .unwrap();
    [&header[..], &record].concat()
}

/// Ends a connection with RST.
pub fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

/// Reads until the end, whatever end.
pub fn drain(stream: &mut impl Read) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}
