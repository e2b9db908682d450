//! The port that a wrapped program really listens on, and how a session gets in while the program still starts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Wrap, WrapError};
use crate::settings::{Endpoint, Target};

/// How long a program may take from its start until it listens.
const STARTING: Duration = Duration::from_secs(10);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Where sessions get to a wrapped program.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) wrap: Wrap,
    pub(crate) port: u16,
    life: watch::Receiver<Life>,
}

/// What is known of a program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life {
    /// It was started then, and may have gone on in the background since.
    Started(Instant),
    /// It ended, and will be started again.
    Again,
    /// It ended without success, and that is all.
    Over,
}

impl Door {
    /// Takes a port for the program that is free now. The sender tells how the program fares.
    pub(super) fn choose(wrap: Wrap) -> Result<(Self, watch::Sender<Life>), WrapError> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| Ok(listener.local_addr()?.port()))
            .map_err(WrapError::Port)?;
        let (send, life) = watch::channel(Life::Started(Instant::now()));
        Ok((Self { wrap, port, life }, send))
    }

    pub(crate) fn target(&self) -> Target {
        Target::Tcp(Endpoint::new(Ipv4Addr::LOCALHOST.to_string(), self.port))
    }

    /// Connects. While the program starts, its refusal may just mean that it does not listen yet: then another try
    /// follows, until it should listen.
    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let begin = Instant::now();
        loop {
            let error = match self.try_both().await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            let since = match *self.life.borrow() {
                Life::Started(since) => since,
                Life::Again => begin,
                Life::Over => return Err(error),
            };
            if since.elapsed() > STARTING || begin.elapsed() > STARTING {
                return Err(error);
            }
            sleep(PAUSE).await;
        }
    }

    /// Tries the loopback address of IPv4 and, for programs that listen on IPv6 only, that of IPv6.
    async fn try_both(&self) -> io::Result<TcpStream> {
        let [four, six] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .map(|address| TcpStream::connect((address, self.port)));
        match four.await {
            Ok(stream) => Ok(stream),
            Err(error) => six.await.map_err(|_| error),
        }
    }
}
