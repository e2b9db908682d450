//! How a dialogue's client greets in TLS. It takes any certificate: what a certificate is worth is for other clients to
//! judge.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName as Asked, UnixTime};

use super::{Hello, HelloSize, ServerName};
use crate::{certificate::Minted, client::asked, host::Host, observation::TlsVersion};

/// Names of protocols that nobody knows, so many and so long that the ClientHello is longer than a record: the
/// extension that carries them has room for 65535 bytes (RFC 7301 section 3.1).
const LONG_NAMES: usize = 80;
const LONG_NAME: usize = 250;

/// What a client greets with.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    pub config: Arc<ClientConfig>,
    pub name: Asked<'static>,
    /// The address that goes in the place of that name, which is as long: rustls sends none.
    address: Option<String>,
}

impl Greeting {
    /// From what a line says, the case's host, and the certificate that the client has, if any.
    ///
    /// `before` is the greeting whose session is to be resumed.
    pub(super) fn new(
        hello: &Hello,
        host: &Host,
        own: Option<&Minted>,
        before: Option<&Self>,
    ) -> Result<Self, String> {
        let mut config = match before {
            // A session is resumed by the client that has it: with the same trust and the same certificate.
            Some(before) => ClientConfig::clone(&before.config),
            None => fresh(hello, own).map_err(|error| error.to_string())?,
        };
        config.alpn_protocols = hello.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        if hello.size == HelloSize::LongerThanARecord {
            config
                .alpn_protocols
                .extend((0..LONG_NAMES).map(|number| format!("{number:0LONG_NAME$}").into_bytes()));
        }
        config.enable_sni = hello.name != ServerName::None;
        // Its five bytes of header are part of what rustls counts.
        config.max_fragment_size = hello.record.map(|length| length + 5);
        let (name, address) = match &hello.name {
            ServerName::Host | ServerName::None => (host.to_string(), None),
            ServerName::Other(name) => (name.clone(), None),
            ServerName::Address(address) => {
                let address = address.to_string();
                ("a".repeat(address.len()), Some(address))
            }
        };
        let name = Asked::try_from(name.clone())
            .map_err(|error| format!("{name} cannot be asked for in TLS: {error}"))?;
        Ok(Self { config: Arc::new(config), name, address })
    }

    /// The ClientHello alone, as records.
    pub(super) fn hello(&self) -> Result<Vec<u8>, String> {
        let mut connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut bytes).map_err(|error| error.to_string())?;
        }
        if let Some(address) = &self.address {
            put(address, &self.name.to_str(), &mut bytes)?;
        }
        Ok(bytes)
    }
}

/// Puts an address in the place of a name of the same length.
fn put(address: &str, name: &str, hello: &mut [u8]) -> Result<(), String> {
    // RFC 6066 section 3: the name's type (0), its length, the name.
    let entry =
        |name: &str| [&[0], &(name.len() as u16).to_be_bytes()[..], name.as_bytes()].concat();
    let (from, to) = (entry(name), entry(address));
    let at = hello.windows(from.len()).position(|bytes| bytes == from);
    let at = at.ok_or("the ClientHello asks for no name, or in several records")?;
    hello[at..at + to.len()].copy_from_slice(&to);
    Ok(())
}

fn fresh(hello: &Hello, own: Option<&Minted>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = match hello.tls {
        Some(TlsVersion::Tls12) => &[&TLS12][..],
        Some(TlsVersion::Tls13) => &[&TLS13],
        None => rustls::DEFAULT_VERSIONS,
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)));
    Ok(match own.and_then(|own| own.key().map(|key| (own, key))) {
        Some((own, key)) => builder.with_client_cert_resolver(asked::showing(own, key)?),
        None => builder.with_no_client_auth(),
    })
}

/// Believes whatever it is shown; only the handshake itself must be sound.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &Asked<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
