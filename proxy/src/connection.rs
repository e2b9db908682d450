//! One client, from its first byte to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::auth::Shown;
use crate::event::{ClientEvent, Event, cause};
use crate::http::{self, Site};
use crate::limits::{Limits, Places};
use crate::listen::{ClientStream, Peer};
use crate::log::Log;
use crate::proxy_protocol::{self, NoHeader, TrustedSource};
use crate::record::{Recorded, Recorder};
use crate::relay::{self, Ending, Relay};
use crate::served::{ServedCertificates, Tls};
use crate::settings::{ClientCertificates, PlainClients, Target};
use crate::sniff::{self, Opening};
use crate::target::{Destination, Reached, TargetLoss, Verified};
use crate::tls::{
    self, Greeting, ShownCertificate, TlsServer, Unserved, Witness, first_request_byte,
    read_client_hello,
};
use crate::traffic::Traffic;
use crate::websocket::{Close, CloseCode};

/// What all connections of a proxy share.
pub(crate) struct Shared {
    pub(crate) log: Arc<Log>,
    pub(crate) site: Arc<Site>,
    pub(crate) served: ServedCertificates,
    /// Whose PROXY headers are believed.
    pub(crate) proxy_protocol: Vec<TrustedSource>,
    pub(crate) plain: PlainClients,
    pub(crate) limits: Limits,
    /// Of each address.
    pub(crate) places: Arc<Places>,
    pub(crate) destination: Arc<Destination>,
    /// How often clients are pinged.
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) traffic: Traffic,
    /// Records sessions, if that is wanted.
    pub(crate) recorder: Option<Recorder>,
    /// Told when a WebSocket session is over.
    pub(crate) session_over: Notify,
}

/// A client.
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) peer: Peer,
    /// Becomes true when the proxy ends.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Connection {
    fn tell(&self, event: ClientEvent) {
        self.shared.log.tell(&Event::Client(self.peer, event));
    }

    /// Serves the client. Whatever goes wrong concerns this client only, and is logged.
    pub(crate) async fn serve(mut self, mut stream: ClientStream) {
        if self.shared.proxy_protocol.iter().any(|source| source.has(self.peer)) {
            match proxy_protocol::read(&mut stream).await {
                Ok(client) => self.peer = client.map_or(self.peer, Peer::Tcp),
                Err(NoHeader::Nothing) => return self.tell(ClientEvent::Empty),
                Err(problem) => {
                    self.tell(ClientEvent::NoProxyHeader(problem));
                    return crate::linger::close(stream).await;
                }
            }
        }
        let _place = match self.shared.places.take(self.peer) {
            Ok(place) => place,
            Err(crowded) => return self.tell(ClientEvent::Crowded(crowded)),
        };
        match sniff::opening(&stream, self.shared.limits.first_byte).await {
            Ok(Opening::Tls) => self.serve_tls(stream).await,
            Ok(Opening::Plain) if self.shared.plain == PlainClients::Refused => {
                self.tell(ClientEvent::PlainRefused);
                crate::linger::close(stream).await;
            }
            Ok(Opening::Plain) => {
                self.serve_http(stream, Shown::Plain, ClientEvent::PlainSession).await;
            }
            Ok(Opening::Nothing) | Err(_) => self.tell(ClientEvent::Empty),
        }
    }

    async fn serve_tls(&self, stream: ClientStream) {
        let offer = self.shared.served.current().await;
        let mut stream = Witness::new(stream);
        let any = match offer.any() {
            Ok(server) => server,
            Err(tls) => {
                // Read first, so that the client sees the same end however its ClientHello is cut: no reset, no alert.
                let hello = Box::pin(read_client_hello(&mut stream));
                let _ = timeout(self.shared.limits.handshake, hello).await;
                self.tell_not_served(tls);
                return crate::linger::close(stream.into_inner()).await;
            }
        };
        let greeting = match Box::pin(tls::greet(stream, self.shared.limits.handshake)).await {
            Ok(greeting) => greeting,
            Err(unserved) => return self.unserved(*unserved, any.asked()).await,
        };
        match offer.of(greeting.server_name()) {
            Tls::Ready(server) => self.serve_https(server, greeting).await,
            tls => {
                self.tell_not_served(tls);
                crate::linger::close(greeting.into_stream()).await;
            }
        }
    }

    fn tell_not_served(&self, tls: &Tls) {
        match tls {
            Tls::Ready(_) => {}
            Tls::Missing(path) => self.tell(ClientEvent::TlsWithoutFile(path.clone())),
            Tls::Broken(error) => {
                self.tell(ClientEvent::TlsWithBrokenFile(error.reason(), error.openssl_words()))
            }
        }
    }

    async fn unserved(&self, unserved: Unserved, asked: ClientCertificates) {
        self.tell(ClientEvent::Handshake(unserved.end, unserved.hello, asked));
        if let Some(stream) = unserved.stream {
            crate::linger::close(stream).await;
        }
    }

    async fn serve_https(&self, server: &TlsServer, greeting: Box<Greeting>) {
        match Box::pin(server.accept(greeting)).await {
            Err(unserved) => self.unserved(*unserved, server.asked()).await,
            Ok((mut stream, chain)) => {
                match (chain.first(), server.asked()) {
                    (Some(leaf), _) => {
                        self.tell(ClientEvent::Certificate(ShownCertificate::of(leaf)))
                    }
                    (None, ClientCertificates::NotAsked) => {}
                    (None, _) => self.tell(ClientEvent::NoCertificate),
                }
                let shown =
                    chain.into_iter().next().map_or(Shown::NoCertificate, Shown::Certificate);
                match timeout(self.shared.limits.request, first_request_byte(&mut stream)).await {
                    Ok(Ok(())) => {
                        self.serve_http(stream, shown, ClientEvent::SecureSession).await;
                    }
                    Ok(Err(event)) => self.tell(event),
                    Err(_) => self.tell(ClientEvent::RequestTimeout),
                }
            }
        }
    }

    async fn serve_http<S>(&self, stream: S, shown: Shown, session: ClientEvent)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // What is done once is boxed, here and below, so that an idle session does not hold the room for it.
        let serving = Box::pin(http::serve(&self.shared.site, stream, self.peer, &shown));
        if let Some(upgraded) = serving.await {
            drop(shown);
            self.tell(session);
            let _open = self.shared.log.metrics.session();
            self.session(upgraded.stream, upgraded.early, upgraded.target).await;
            self.shared.session_over.notify_one();
        }
    }

    async fn session(
        &self,
        client: impl AsyncRead + AsyncWrite + Unpin,
        early: Bytes,
        target: Target,
    ) {
        let verified = self.shared.destination.verified(&target);
        let Reached { stream, tls } = match Box::pin(self.shared.destination.connect(&target)).await
        {
            Ok(reached) => reached,
            Err(error) => {
                let peer = self.peer;
                self.shared.log.tell(&Event::TargetFailed {
                    target,
                    error,
                    verified,
                    client: peer,
                });
                let reason = "Failed to connect to downstream server";
                let close = Close { code: CloseCode::InternalError, reason };
                return Box::pin(relay::refuse(client, close)).await;
            }
        };
        if verified == Verified::No {
            self.tell(ClientEvent::TargetNotVerified(target.clone()));
        }
        let recording = match &self.shared.recorder {
            Some(recorder) => Box::pin(recorder.begin(&self.shared.log, self.peer)).await,
            None => None,
        };
        let (stream, recorded) = Recorded::new(stream, recording);
        let mut stop = self.stop.clone();
        let stop = async move {
            // The sender lives as long as the proxy; its end is an end, too.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let mut relay = Relay::new(client, stream)
            .with_heartbeat(self.shared.heartbeat)
            .with_silence(self.shared.limits.silence)
            .with_traffic(self.shared.traffic);
        let ending = relay.run(early, stop).await;
        match (&ending, tls) {
            (Ending::ClientSilent, _) => self.tell(ClientEvent::Silent),
            (Ending::Idle(limit), _) => self.tell(ClientEvent::Idle(*limit)),
            (Ending::Violation(violation), _) => self.tell(ClientEvent::Violation(*violation)),
            (Ending::TargetLost(error), None) => self.tell(ClientEvent::TargetLost(cause(error))),
            (Ending::TargetLost(error), Some(asked)) => self.shared.log.tell(&Event::TargetLost {
                target,
                loss: TargetLoss::of(error, asked),
                verified,
                client: self.peer,
            }),
            (
                Ending::ClientClosed(_)
                | Ending::ClientGone
                | Ending::TargetClosed
                | Ending::Stopped,
                _,
            ) => {}
        }
        Box::pin(relay.farewell(&ending)).await;
        let (up, down) = relay.moved();
        drop(relay);
        if let Some(recorded) = recorded {
            recorded.wait().await;
        }
        self.tell(ClientEvent::SessionOver { up, down });
    }
}
