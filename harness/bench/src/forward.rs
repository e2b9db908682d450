//! The limit of the stack: a forwarder of tokio and rustls that passes the bytes on as they are.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Bytes that are passed on at a time.
const BUFFER: usize = 64 * 1024;

/// Where from and where to.
#[derive(Debug, clap::Args)]
pub struct Forward {
    /// Certificate and key, for TLS
    #[arg(long)]
    cert: Option<PathBuf>,
    listen: SocketAddr,
    target: SocketAddr,
}

/// Forwards until the program is ended.
pub fn run(forward: &Forward) -> io::Result<()> {
    let acceptor = forward.cert.as_deref().map(acceptor).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(forward.listen).await?;
        println!("forwarding");
        loop {
            let (stream, _) = listener.accept().await?;
            let (acceptor, target) = (acceptor.clone(), forward.target);
            tokio::spawn(async move {
                // Whoever connected sees the end of it.
                let _ = serve(stream, acceptor, target).await;
            });
        }
    })
}

pub fn acceptor(file: &Path) -> io::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(file).map_err(io::Error::other)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    target: SocketAddr,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => pass(acceptor.accept(stream).await?, target).await,
        None => pass(stream, target).await,
    }
}

async fn pass(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    target: SocketAddr,
) -> io::Result<()> {
    let mut target = TcpStream::connect(target).await?;
    target.set_nodelay(true)?;
    copy_bidirectional_with_sizes(&mut client, &mut target, BUFFER, BUFFER).await?;
    Ok(())
}
