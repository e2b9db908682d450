//! The witness between clients and servers whose every word is known.

mod arbitrary;
mod endings;
mod handshakes;
mod programs;

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use rustls::{CipherSuite, ClientConfig, RootCertStore, ServerConfig, crypto::CryptoProvider};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;

use super::{Secrets, Witness, Witnessed};
use crate::certificate::{Kind, Lab, Minted, Specification};

const HOST: &str = "proxy.example.test";
const PAGE: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 2\r\n\r\nno";

/// More than any of these takes: a test that runs into it fails.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn mint(kind: Kind) -> (Lab, Minted) {
    let lab = Lab::new().unwrap();
    let minted = lab.mint(&Specification::new(kind, HOST.parse().unwrap())).unwrap();
    (lab, minted)
}

/// A key log as a client writes it, in a folder of its own.
struct LogFile {
    folder: TempDir,
}

impl LogFile {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys.log")
    }

    fn secrets(&self) -> Secrets {
        Secrets::written_to(self.path())
    }
}

/// Writes as `SSLKEYLOGFILE` says, but where the test says.
#[derive(Debug)]
struct LogTo(PathBuf);

impl rustls::KeyLog for LogTo {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        let mut file = OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}

fn provider(suite: CipherSuite) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|known| known.suite() == suite);
    Arc::new(provider)
}

/// A client that offers this one suite, and trusts what it is given.
fn client_config(suite: CipherSuite, roots: &[&Lab], log: &LogFile) -> ClientConfig {
    let mut trusted = RootCertStore::empty();
    roots.iter().for_each(|lab| trusted.add(lab.authority()).unwrap());
    // rustls wants some root, and this is nobody's.
    trusted.add(Lab::new().unwrap().authority()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider(suite))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.key_log = Arc::new(LogTo(log.path()));
    config.enable_secret_extraction = true;
    config
}

/// A server that answers every request with [`PAGE`], over TLS or without.
struct Server {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Server {
    async fn tls(minted: &Minted) -> Self {
        Self::tls_with(minted, rustls::crypto::aws_lc_rs::default_provider()).await
    }

    async fn tls_with(minted: &Minted, provider: CryptoProvider) -> Self {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(minted.chain().to_vec(), minted.key().unwrap().der())
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::start(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn plain() -> Self {
        Self::start(None).await
    }

    async fn start(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                // How a refused connection ends is for the witness to say.
                open.spawn(async move {
                    match acceptor {
                        Some(acceptor) => match acceptor.accept(tcp).await {
                            Ok(tls) => answer(tls).await.ok(),
                            Err(_) => None,
                        },
                        None => answer(tcp).await.ok(),
                    }
                });
            }
        });
        Self { address, _serving: serving }
    }

    async fn witness(&self, secrets: Secrets) -> Witness {
        Witness::start(self.address, secrets).await.unwrap()
    }
}

async fn answer<S>(mut stream: S) -> io::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(PAGE).await?;
    stream.shutdown().await
}

/// The one connection that there was.
async fn only(witness: &Witness) -> Witnessed {
    let mark = super::Mark::default();
    let mut all = witness.since(mark, soon()).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}
