//! What stands behind the proxy in a run: a server that sends back what it gets, in one manner or another, or nobody.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    server::{ResolvesServerCert, WebPkiClientVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};
use rustls_pki_types::CertificateDer;
use tokio::net::TcpSocket;
use tokio_rustls::TlsAcceptor;

use crate::{
    certificate::Minted,
    dialogue::PlayedTarget,
    echo::{Echo, Opening},
};

/// How VNC servers greet (RFC 6143 section 7.1.1).
pub(super) const BANNER: &[u8] = b"RFB 003.008\n";

/// The targets that the cases of a run share. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Targets {
    echo: Echo,
    pub nobody: SocketAddr,
    /// Bound and never listening, so that nobody else can take the port in between.
    _reserved: TcpSocket,
}

impl Targets {
    pub(super) async fn start() -> io::Result<Self> {
        let reserved = TcpSocket::new_v4()?;
        reserved.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let nobody = reserved.local_addr()?;
        Ok(Self { echo: Echo::start().await?, nobody, _reserved: reserved })
    }

    pub(super) fn echo(&self) -> SocketAddr {
        self.echo.address()
    }
}

/// The target of one case.
#[derive(Debug)]
pub(super) enum Behind {
    /// One of the run's.
    Shared(SocketAddr),
    /// A dialogue plays it.
    Played(PlayedTarget),
    /// One of its own.
    Own(Echo),
}

/// Whom a target with TLS lets in.
pub(super) enum Admits {
    Everybody,
    /// Who shows a certificate from that authority.
    HoldersFrom(CertificateDer<'static>),
}

impl Behind {
    /// A VNC server, as far as its greeting.
    pub(super) async fn vnc() -> io::Result<Self> {
        Echo::behind(Opening::Greeting(BANNER)).await.map(Self::Own)
    }

    /// An echo over TLS with that certificate.
    pub(super) async fn tls(certificate: &Minted, admits: Admits) -> io::Result<Self> {
        let config = server(certificate, admits).map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Echo::behind(Opening::Tls(acceptor)).await.map(Self::Own)
    }

    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Shared(address) => *address,
            Self::Played(played) => played.address(),
            Self::Own(echo) => echo.address(),
        }
    }

    /// The target, where a dialogue plays it.
    pub(super) fn played(&mut self) -> Option<&mut PlayedTarget> {
        match self {
            Self::Played(played) => Some(played),
            Self::Shared(_) | Self::Own(_) => None,
        }
    }
}

/// How a server of ours speaks TLS with that certificate.
pub(super) fn server(certificate: &Minted, admits: Admits) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match admits {
        Admits::Everybody => builder.with_no_client_auth(),
        Admits::HoldersFrom(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority)?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                    .build()
                    .map_err(|error| rustls::Error::General(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    // rustls's own check of the pair would refuse some of the certificates that are to be refused by the proxy.
    let resolver: Arc<dyn ResolvesServerCert> =
        Arc::new(SingleCertAndKey::from(identity(certificate, &provider)?));
    Ok(builder.with_cert_resolver(resolver))
}

fn identity(
    certificate: &Minted,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, rustls::Error> {
    let Some(key) = certificate.key() else {
        return Err(rustls::Error::General("the target's certificate has no key".to_owned()));
    };
    let key = provider.key_provider.load_private_key(key.der())?;
    Ok(CertifiedKey::new(certificate.chain().to_vec(), key))
}
