//! The cases through a real handshake: each served to a real client that trusts what the case trusts.

use std::{fmt, net::IpAddr, sync::Arc};

use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

use super::{
    ActualResult, Case, Outcome, ValidationKind,
    server::{Server, ServerError},
    suite::PeerKind,
};
use crate::{
    Alert, InProcessError,
    certificate::{Lab, MintError},
    client::{
        Actor, Clock, Destination, OnWarning, Payload, Route, Scheme, Trouble,
        profile::Tells,
        real::{Entrance, Proof},
    },
    host::Host,
    observation::{Observation, TlsVersion},
};

/// How often a client may break at a case before it is said to.
const TRIED: usize = 3;

/// What goes through the WebSocket and must come back.
const PAYLOAD: &[u8] = b"limbo";

/// A real client before the cases.
#[derive(Debug)]
pub struct Handshakes {
    actor: Actor,
    entrance: Entrance,
}

/// Why there are no handshakes.
#[derive(Debug, thiserror::Error)]
pub enum HandshakesError {
    /// The certificates of the proof cannot be made.
    #[error(transparent)]
    Certificate(#[from] MintError),
    /// The proof cannot be served.
    #[error(transparent)]
    Proof(#[from] InProcessError),
}

/// What a client did with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It connected.
    Connected,
    /// It refused.
    Refused {
        /// Its own error code, where it tells one.
        code: Option<String>,
        /// The alert that it sent, if it did.
        alert: Option<Alert>,
    },
    /// It did nothing in time.
    Hang,
}

/// Why a case is not served.
#[derive(Debug, thiserror::Error)]
enum NotServed {
    #[error("a server judges a client in it")]
    ClientCase,
    #[error("it needs revocation lists, and no client here fetches any")]
    RevocationLists,
    #[error("it has no key to serve it with")]
    NoKey,
    #[error("its key cannot sign a handshake here: {0}")]
    Key(String),
    #[error("it has no name to connect to")]
    NoPeer,
    #[error("it has several names, and a client connects to one")]
    SeveralPeers,
    #[error("its name is of the kind {0}")]
    PeerKind(PeerKind),
    #[error("{0}")]
    Host(#[from] crate::host::NotAHost),
    #[error(transparent)]
    Proof(#[from] HandshakesError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("the client broke: {0}")]
    Trouble(#[from] Trouble),
}

impl Handshakes {
    /// That client before cases of no certain time.
    ///
    /// # Errors
    /// There is nothing at which it could prove that it judges at all.
    pub async fn start(actor: Actor) -> Result<Self, HandshakesError> {
        let entrance = entrance(Clock::System, &Lab::new()?).await?;
        Ok(Self { actor, entrance })
    }

    /// Serves a case to the client, in a session of its own.
    pub async fn play(&self, case: &Case) -> Outcome {
        let (actual_result, context) = match self.try_play(case).await {
            Ok(seen @ Seen::Connected) => (ActualResult::Success, seen.to_string()),
            Ok(seen @ Seen::Refused { .. }) => (ActualResult::Failure, seen.to_string()),
            Ok(seen @ Seen::Hang) => (ActualResult::Hang, seen.to_string()),
            Err(why) => (ActualResult::Skipped, why.to_string()),
        };
        Outcome { id: case.id.clone(), actual_result, context: Some(context) }
    }

    async fn try_play(&self, case: &Case) -> Result<Seen, NotServed> {
        let host = host(case)?;
        let identity = identity(case)?;
        let at_that_time;
        let entrance = match case.time {
            None => &self.entrance,
            Some(time) => {
                let lab = Lab::at(time).map_err(HandshakesError::from)?;
                at_that_time = entrance(Clock::Fixed(time), &lab).await?;
                &at_that_time
            }
        };
        let server = Server::start(identity).await?;
        let to = |scheme| Destination {
            scheme,
            host: host.clone(),
            port: server.address().port(),
            path: "/".to_owned(),
            route: Route::To(server.address()),
        };
        let mut last = Trouble::Broke("it was not tried".to_owned());
        for _ in 0..TRIED {
            match self.connect(entrance, case, &to(Scheme::Wss), &to(Scheme::Https)).await {
                Ok(seen) => return Ok(seen),
                Err(trouble @ Trouble::Cannot(_)) => return Err(trouble.into()),
                Err(trouble) => last = trouble,
            }
        }
        Err(last.into())
    }

    async fn connect(
        &self,
        entrance: &Entrance,
        case: &Case,
        socket: &Destination,
        page: &Destination,
    ) -> Result<Seen, Trouble> {
        let mut client = self.actor.enter(entrance).await?;
        let seen = async {
            for root in &case.trusted {
                client.import(root.clone()).await?;
            }
            let payload = Payload::MustReturn(PAYLOAD.to_vec());
            let mut seen = Seen::from(&client.open(socket, &payload).await?);
            let tells_on_pages = self.actor.profile().refusal.tells == Tells::PagesOnly;
            if let (Seen::Refused { code, .. }, true) = (&mut seen, tells_on_pages) {
                let browsed = client.browse(page, OnWarning::Leave).await?;
                *code = browsed.refusal().and_then(|refusal| refusal.code.clone());
            }
            Ok(seen)
        }
        .await;
        client.dismiss().await;
        seen
    }
}

impl From<&Observation> for Seen {
    fn from(seen: &Observation) -> Self {
        match seen.refusal() {
            None => Self::Connected,
            Some(refusal) if refusal.fault == crate::Fault::TimedOut => Self::Hang,
            Some(refusal) => Self::Refused {
                code: refusal.code.clone(),
                alert: refusal.alert.map(|seen| seen.alert),
            },
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Hang => f.write_str("did not end in time"),
            Self::Refused { code, alert } => {
                write!(f, "refused: {}", code.as_deref().unwrap_or("no code"))?;
                match alert {
                    Some(alert) => write!(f, ", alert {} {alert}", alert.0),
                    None => f.write_str(", no alert"),
                }
            }
        }
    }
}

/// At that time, and with a proof of that time.
async fn entrance(clock: Clock, lab: &Lab) -> Result<Entrance, HandshakesError> {
    let proof = Some(Arc::new(Proof::start(lab).await?));
    Ok(Entrance { authority: lab.authority(), tls: TlsVersion::Tls13, clock, proof })
}

/// The host under which the case's server must be asked for.
fn host(case: &Case) -> Result<Host, NotServed> {
    if case.validation_kind == ValidationKind::Client {
        return Err(NotServed::ClientCase);
    }
    if case.has_crls {
        return Err(NotServed::RevocationLists);
    }
    let peer = match case.peers.as_slice() {
        [peer] => peer,
        [] => return Err(NotServed::NoPeer),
        _ => return Err(NotServed::SeveralPeers),
    };
    match peer.kind {
        PeerKind::Email => Err(NotServed::PeerKind(peer.kind)),
        PeerKind::Name => Ok(peer.value.parse()?),
        PeerKind::Address => match peer.value.parse::<IpAddr>() {
            Ok(address) => Ok(address.into()),
            Err(_) => Ok(peer.value.parse()?),
        },
    }
}

/// What the case's server shows, and signs with.
fn identity(case: &Case) -> Result<CertifiedKey, NotServed> {
    let key = case.key.as_ref().ok_or(NotServed::NoKey)?;
    let unusable = |why: String| NotServed::Key(why);
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|error| unusable(error.to_string()))?;
    let provider: CryptoProvider = rustls::crypto::aws_lc_rs::default_provider();
    let key =
        provider.key_provider.load_private_key(key).map_err(|error| unusable(error.to_string()))?;
    Ok(CertifiedKey::new(case.sent.clone(), key))
}
