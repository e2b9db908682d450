//! One connection of a simulated client: TCP, then TLS with the client's judgement in it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use rustls::{ClientConfig, ClientConnection, Error as TlsError, client::ResolvesClientCert};
use rustls_pki_types::{CertificateDer, IpAddr, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{
    Destination, Route,
    asked::AskedFor,
    failure::{Failure, alerted, broken, complaint, refusal, violation},
    profile::Asked,
    real::Pipe,
    sealed_alert::HandshakeSecret,
    tls::{HandshakeFailure, TlsStream},
    verifier::Verifier,
};
use crate::{
    Fault,
    host::Host,
    inspect::describe,
    observation::{AlertSeen, Ending, Finding, Handshake, Moment, Offered, Step, Timing},
};

/// A connection over which HTTP is spoken.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
    /// Through a program of the command line.
    Piped(Pipe),
}

impl Stream {
    /// The application protocol that the server chose by ALPN.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        match self {
            // A tool does not tell us, and is made to offer nothing but HTTP/1.1.
            Self::Plain(_) | Self::Piped(_) => None,
            Self::Tls(tls) => tls.protocol(),
        }
    }
}

/// What an attempt has shown so far; it outlives a connection that is cut short by a deadline.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub step: Option<Step>,
    pub offered: Option<Offered>,
    pub alerts: Vec<AlertSeen>,
    pub tls: Option<Handshake>,
    /// The server's own certificate, which an exception would be for.
    pub leaf: Option<CertificateDer<'static>>,
    pub found: Vec<Finding>,
    pub connections: u32,
    pub timing: Timing,
}

impl Progress {
    /// Counts what a connection before this one showed.
    pub(super) fn follows(&mut self, before: Self) {
        self.connections += before.connections;
        self.alerts.splice(0..0, before.alerts);
    }
}

/// Connects TCP.
pub(super) async fn tcp(to: &Destination, progress: &mut Progress) -> Result<TcpStream, Failure> {
    let start = Instant::now();
    progress.step = Some(Step::Tcp);
    let failed =
        |fault, detail: String| Failure::of_server(Step::Tcp, fault, Ending::NotConnected, detail);
    let addresses = match (to.route, &to.host) {
        (Route::To(address) | Route::ToNobody(address), _) => vec![address],
        (Route::ByName, Host::Address(address)) => vec![(*address, to.port).into()],
        (Route::ByName, Host::Name(name)) => tokio::net::lookup_host((name.as_str(), to.port))
            .await
            .map_err(|error| failed(Fault::NameNotResolved, format!("{name}: {error}")))?
            .collect(),
    };
    let mut last = failed(Fault::NameNotResolved, format!("{} has no address", to.host));
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                progress.connections += 1;
                progress.timing.tcp_ms = Timing::milliseconds(start.elapsed());
                // A refusal is small and must not wait for more to send.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(error) => {
                let fault = match error.kind() {
                    io::ErrorKind::ConnectionReset => Fault::ConnectionReset,
                    io::ErrorKind::TimedOut => Fault::TimedOut,
                    _ => Fault::ConnectionRefused,
                };
                last = failed(fault, format!("{address}: {error}"));
            }
        }
    }
    Err(last)
}

/// Does the TLS handshake as the client does, its verdict included.
pub(super) async fn tls(
    tcp: TcpStream,
    to: &Destination,
    mut config: ClientConfig,
    verifier: &Verifier,
    progress: &mut Progress,
) -> Result<Stream, Failure> {
    let start = Instant::now();
    progress.step = Some(Step::Tls);
    let secret = Arc::new(HandshakeSecret::default());
    config.key_log = Arc::clone(&secret) as Arc<dyn rustls::KeyLog>;
    let asked = Arc::new(AskedFor::default());
    let stops = to.scheme.is_websocket()
        && verifier.profile.refusal.asked == Asked::Closes
        && !config.client_auth_cert_resolver.has_certs();
    if stops {
        config.client_auth_cert_resolver = Arc::clone(&asked) as Arc<dyn ResolvesClientCert>;
    }
    let connection = ClientConnection::new(Arc::new(config), server_name(&to.host)?)
        .map_err(|error| violation(Step::Tls, &error))?;
    let mut stream =
        TlsStream::new(tcp, connection, secret).knowing_tls(verifier.profile.refusal.first_record);
    if stops {
        stream = stream.ending_when(asked);
    }
    progress.offered = stream.offered().cloned();
    let result = stream.handshake().await;
    let seen = verifier.seen();
    progress.timing.tls_ms = Timing::milliseconds(start.elapsed());
    let mut summary = stream.summary();
    let version = summary.version;
    summary.chain = seen.chain.iter().filter_map(describe).collect();
    progress.tls = Some(summary);
    progress.leaf = seen.chain.into_iter().next();
    progress.found = seen.found;

    let refused = seen.refused.map(|judgement| judgement.under(version));
    let ending =
        refused.as_ref().map_or(Ending::Closed, |judgement| stream.ending(judgement.leaves));
    match (result, refused) {
        (Ok(()), None) => Ok(Stream::Tls(Box::new(stream))),
        (Ok(()), Some(judgement)) => {
            let left = stream.refuse_late(judgement.alert, judgement.leaves).await;
            Err(refusal(judgement, Moment::AfterHandshake, ending, left))
        }
        (Err(HandshakeFailure::Tls(TlsError::AlertReceived(alert))), _) => {
            Err(alerted(Step::Tls, Moment::DuringHandshake, alert, version))
        }
        (Err(HandshakeFailure::Tls(_)), Some(judgement))
            if version.is_none_or(|version| {
                verifier.profile.moment(judgement.moment, version) == Moment::DuringHandshake
            }) =>
        {
            let left = stream.refuse(judgement.alert, ending).await;
            Err(refusal(judgement, Moment::DuringHandshake, ending, left))
        }
        (Err(HandshakeFailure::AskedForCertificate), _) => {
            // The server may be quicker in leaving; the client has gone all the same.
            stream.refuse(None, Ending::Closed).await.ok();
            Err(broken(HandshakeFailure::AskedForCertificate))
        }
        (Err(failure @ (HandshakeFailure::Closed | HandshakeFailure::NotTls)), _)
            if version.is_none() =>
        {
            let failure = broken(failure);
            let words = verifier.profile.reports(failure.fault, to.scheme);
            let alert = words.and_then(|rule| rule.alert);
            if let Some(alert) = alert {
                stream.complain(alert).await;
            }
            Err(complaint(failure, alert))
        }
        (Err(failure), _) => Err(broken(failure)),
    }
}

/// A name goes into SNI, an address does not (RFC 6066 section 3).
fn server_name(host: &Host) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Address(address) => Ok(ServerName::IpAddress(IpAddr::from(*address))),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| {
            let detail = format!("{name} cannot be asked for in TLS: {error}");
            Failure::of_server(Step::Tls, Fault::NameNotResolved, Ending::NotConnected, detail)
        }),
    }
}

macro_rules! delegate {
    ($self:ident, $method:ident($($argument:ident),*)) => {
        match $self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Self::Tls(stream) => Pin::new(&mut **stream).$method($($argument),*),
            Self::Piped(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, poll_read(context, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_shutdown(context))
    }
}
