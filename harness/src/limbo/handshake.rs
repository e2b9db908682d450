//! The cases through a real handshake: each served to a real client that trusts what the case trusts.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{
    identity::identity,
    server::Server,
    suite::Case,
    verdict::{Judged, NotJudged, Verdict},
};
use crate::{
    Fault, InProcessError,
    certificate::{Lab, MintError},
    client::{
        Actor, Client, Clock, Destination, OnWarning, PATIENCE, Payload, Route, Scheme, Trouble,
        profile::Tells,
        real::{Entrance, Proof},
    },
    host::Host,
    observation::{Observation, TlsVersion},
};

/// How often a client may break at a case before it is said to.
const TRIED: usize = 3;
/// How long a client may take to start, with the proof.
const START_LIMIT: Duration = Duration::from_secs(180);
/// How long it may then take over a connection. A page waits for ten seconds; some clients never tell it.
const LIMIT: Duration = Duration::from_secs(20);
/// What goes through the WebSocket and must come back.
const PAYLOAD: &[u8] = b"limbo";

/// A real client before the cases.
#[derive(Debug)]
pub struct Handshakes {
    actor: Actor,
    now: Entrance,
}

/// What came of a meeting.
struct Met {
    verdict: Verdict,
    /// Why the page that would tell the code of a refusal did not come, where it did not.
    no_code: Option<Trouble>,
}

/// Why there are no handshakes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakesError {
    /// The certificates of the proof cannot be made.
    #[error(transparent)]
    Certificate(#[from] MintError),
    /// The proof cannot be served.
    #[error(transparent)]
    Proof(#[from] InProcessError),
}

impl From<HandshakesError> for NotJudged {
    fn from(error: HandshakesError) -> Self {
        Self::Broke(error.to_string())
    }
}

impl Handshakes {
    /// A client before the cases.
    ///
    /// # Errors
    /// There is nothing at which it could prove that it judges at all.
    pub async fn start(actor: Actor) -> Result<Self, HandshakesError> {
        let now = entrance(Clock::System, Lab::new()?).await?;
        Ok(Self { actor, now })
    }

    /// Serves a case to the client, in a session of its own: limbo's roots have one name and many keys, and in
    /// one session they would be taken for each other.
    pub async fn judge(&self, case: &Case) -> Judged {
        let (verdict, note) = match self.try_judge(case).await {
            Ok(Met { verdict, no_code }) => {
                let why =
                    |trouble| format!("the page that would tell the code does not come: {trouble}");
                (Ok(verdict), no_code.map(why))
            }
            Err(why) => (Err(why), None),
        };
        Judged { id: case.id.clone(), expected: case.expected, verdict, note }
    }

    async fn try_judge(&self, case: &Case) -> Result<Met, NotJudged> {
        let host = case.host()?;
        let server = Server::start(identity(case)?).await;
        let server = server.map_err(|error| NotJudged::Broke(error.to_string()))?;
        let then;
        let entrance = match case.time {
            None => &self.now,
            Some(time) => {
                let lab = Lab::at(time).map_err(HandshakesError::from)?;
                then = entrance(Clock::Fixed(time), lab).await?;
                &then
            }
        };
        let mut last = Err(Trouble::Broke("it was not tried".to_owned()));
        for tried in 1..=TRIED {
            match (self.meet(entrance, case, &host, &server).await, &last) {
                // A refusal without its code is more than nothing.
                (Err(Trouble::Broke(_)), Ok(_)) => {}
                (met, _) => last = met,
            }
            match &last {
                // A page that hangs does so again, and costs a minute.
                Ok(met) if met.no_code.is_none() || tried > 1 => break,
                Err(Trouble::Cannot(_)) => break,
                Ok(_) | Err(Trouble::Broke(_)) => {}
            }
        }
        Ok(last?)
    }

    /// Lets a new session meet the server.
    async fn meet(
        &self,
        entrance: &Entrance,
        case: &Case,
        host: &Host,
        server: &Server,
    ) -> Result<Met, Trouble> {
        let mut client = self.actor.enter(entrance).await?;
        let met = async {
            for root in &case.trusted {
                client.import(root.clone()).await?;
            }
            let late = |_| Trouble::Broke("the client does not start".to_owned());
            timeout(START_LIMIT, client.be_ready()).await.map_err(late)??;
            self.connect(client.as_mut(), host, server).await
        };
        let met = met.await;
        client.dismiss().await;
        met
    }

    async fn connect(
        &self,
        client: &mut dyn Client,
        host: &Host,
        server: &Server,
    ) -> Result<Met, Trouble> {
        let to = |scheme| Destination {
            scheme,
            host: host.clone(),
            port: server.address().port(),
            path: "/".to_owned(),
            route: Route::To(server.address()),
        };
        let payload = Payload::MustReturn(PAYLOAD.to_vec());
        let Ok(opened) = timeout(LIMIT, client.open(&to(Scheme::Wss), &payload)).await else {
            return Ok(Met { verdict: Verdict::Hang, no_code: None });
        };
        let mut verdict = verdict(&opened?)?;
        if let Verdict::Refused { code: code @ None, .. } = &mut verdict
            && self.actor.profile().refusal.tells == Tells::PagesOnly
        {
            let page = to(Scheme::Https);
            let browsed = timeout(LIMIT, client.browse(&page, OnWarning::Leave)).await;
            let late = |_| Trouble::Broke(format!("it hangs for {} s", LIMIT.as_secs()));
            match browsed.map_err(late).flatten() {
                Ok(page) => *code = page.refusal().and_then(|refusal| refusal.code.clone()),
                Err(trouble) => return Ok(Met { verdict, no_code: Some(trouble) }),
            }
        }
        Ok(Met { verdict, no_code: None })
    }
}

/// At that time, and with a proof of that time.
async fn entrance(clock: Clock, lab: Lab) -> Result<Entrance, HandshakesError> {
    let proof = Some(Arc::new(Proof::start(&lab).await?));
    Ok(Entrance {
        authority: lab.authority(),
        tls: TlsVersion::Tls13,
        clock,
        patience: PATIENCE,
        proof,
    })
}

fn verdict(seen: &Observation) -> Result<Verdict, Trouble> {
    let Some(refusal) = seen.refusal() else { return Ok(Verdict::Connected) };
    if refusal.fault == Fault::TimedOut {
        return Ok(Verdict::Hang);
    }
    if seen.connections == 0 {
        return Err(Trouble::Broke(format!("it did not come to the server: {}", refusal.detail)));
    }
    Ok(Verdict::Refused { code: refusal.code.clone(), alert: refusal.alert.map(|seen| seen.alert) })
}
