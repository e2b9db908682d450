//! Connecting to the target of a session.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::settings::Target;

/// How long name resolution and connecting may take together. Browsers give up on a silent session by themselves
/// much later.
const CONNECT_DEADLINE: Duration = Duration::from_secs(20);

/// A connected target.
pub(crate) trait TargetStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl TargetStream for TcpStream {}
impl TargetStream for UnixStream {}

/// Connects. A name with several addresses is tried address by address.
pub(crate) async fn connect(target: &Target) -> io::Result<Box<dyn TargetStream>> {
    let connect = async {
        match target {
            Target::Tcp(endpoint) => {
                let host = endpoint.host.as_deref().unwrap_or("localhost");
                let stream = TcpStream::connect((host, endpoint.port)).await?;
                crate::listen::tune(&stream)?;
                Ok(Box::new(stream) as Box<dyn TargetStream>)
            }
            Target::Unix(path) => {
                Ok(Box::new(UnixStream::connect(path).await?) as Box<dyn TargetStream>)
            }
        }
    };
    timeout(CONNECT_DEADLINE, connect)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "timed out")))
}
