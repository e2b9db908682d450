//! Plays a dialogue, turn by turn.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::HandshakeKind;
use rustls_pki_types::UnixTime;
use sha1::{Digest, Sha1};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use x509_parser::parse_x509_certificate;

use super::{
    Act, Agreement, Amount, Awaited, ClientAct, Cut, Dialogue, EndAct, Hello, Left, OperatorAct,
    PlayedTarget, Renewal, Request, Resumption,
    end::{End, Framing, Instead, Over, PATIENCE, Transport, behind, over, shown, take},
    frame::{self, Opcode},
    hello::Greeting,
    pieces::Pieces,
};
use crate::{certificate::Minted, client::Scheme, host::Host, observation::TlsVersion};

/// The key of RFC 6455's own example (section 1.3): the answer to it is then known, and checked.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What is hashed behind it.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest that is waited for a certificate to expire: a suite is to be played often.
const LONGEST_EXPIRY: Duration = Duration::from_secs(30);

/// Where a dialogue is played.
pub(crate) struct Stand<'a> {
    /// The subject's address.
    pub subject: SocketAddr,
    /// The host that clients ask for.
    pub host: &'a Host,
    /// The target, where the dialogue plays it.
    pub target: Option<&'a mut PlayedTarget>,
    /// The certificates of the case by name.
    pub certificate: &'a (dyn Fn(&str) -> Option<Minted> + Send + Sync),
    /// Replaces the certificate that is served.
    pub renew: &'a (dyn Fn(&str, Renewal) -> Result<(), String> + Send + Sync),
}

impl Stand<'_> {
    fn certificate(&self, name: &str) -> Result<Minted, String> {
        (self.certificate)(name).ok_or_else(|| format!("the case has no certificate {name}"))
    }
}

/// A turn that waits, and what came: its own text, if it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    /// The turn as it stands in the case.
    pub turn: String,
    /// The same, or what came instead.
    pub observed: String,
}

/// Plays it; the last turn in the answer is the unmet one, if there is one. With it comes how many connections were
/// made to the subject.
///
/// # Errors
/// The harness itself cannot play it, for this reason.
pub(crate) async fn play(dialogue: &Dialogue, stand: Stand<'_>) -> Result<(Vec<Met>, u64), String> {
    let mut stage =
        Stage { stand, clients: BTreeMap::new(), targets: BTreeMap::new(), connections: 0 };
    if let Some(target) = &stage.stand.target {
        target.begin();
    }
    let met = stage.turns(dialogue).await;
    if let Some(target) = &mut stage.stand.target {
        target.end();
    }
    met.map(|met| (met, stage.connections))
}

/// Bytes from one place on of a stream in which no stretch looks like another, and every byte occurs.
pub(super) fn pattern_from(start: u64, length: usize) -> Vec<u8> {
    (start..).take(length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// The first bytes of that stream.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    pattern_from(0, length)
}

struct Client {
    end: End,
    greeting: Option<Greeting>,
}

struct Stage<'a> {
    stand: Stand<'a>,
    clients: BTreeMap<usize, Client>,
    targets: BTreeMap<usize, End>,
    connections: u64,
}

/// What a turn came to.
enum Turned {
    Done,
    Instead(Instead),
}

impl From<Result<(), Instead>> for Turned {
    fn from(result: Result<(), Instead>) -> Self {
        result.map_or_else(Self::Instead, |()| Self::Done)
    }
}

fn other(what: impl Into<String>) -> Turned {
    Turned::Instead(Instead::Other(what.into()))
}

impl Stage<'_> {
    async fn turns(&mut self, dialogue: &Dialogue) -> Result<Vec<Met>, String> {
        let mut met = Vec::new();
        for turn in &dialogue.turns {
            let turned = match &turn.act {
                Act::Client(number, act) => self.client(*number, act).await?,
                Act::Target(number, act) => self.target(*number, act).await?,
                Act::Operator(OperatorAct::Renews(name, renewal)) => {
                    (self.stand.renew)(name, *renewal)?;
                    Turned::Done
                }
                Act::Operator(OperatorAct::WaitsForExpiry(name)) => {
                    self.wait_for_expiry(name).await?;
                    Turned::Done
                }
            };
            match turned {
                Turned::Done if turn.act.waits() => {
                    met.push(Met { turn: turn.text.clone(), observed: turn.text.clone() });
                }
                Turned::Done => {}
                Turned::Instead(instead) => {
                    met.push(Met { turn: turn.text.clone(), observed: instead.to_string() });
                    break;
                }
            }
        }
        Ok(met)
    }

    async fn client(&mut self, number: usize, act: &ClientAct) -> Result<Turned, String> {
        let end = match act {
            ClientAct::Connects => {
                let end = End::new(Transport::Tcp(self.connect(None).await?), Framing::Bytes);
                self.clients.insert(number, Client { end, greeting: None });
                return Ok(Turned::Done);
            }
            ClientAct::Handshakes(hello) => return self.handshake(number, hello).await,
            ClientAct::IsRefused(hello) => {
                return Ok(match self.handshake(number, hello).await? {
                    Turned::Done => other("the handshake succeeded"),
                    Turned::Instead(Instead::Over(_)) => Turned::Done,
                    instead => instead,
                });
            }
            ClientAct::SendsHello(hello, amount) => {
                return self.hello(number, hello, *amount).await;
            }
            ClientAct::Opens(scheme, hello, request) => {
                return self.open(number, *scheme, hello, request).await;
            }
            act => (self.clients.get_mut(&number), act),
        };
        let (Some(client), act) = end else {
            return Err(format!("client {number} has not connected before it does something"));
        };
        let end = &mut client.end;
        Ok(match act {
            ClientAct::Upgrades(request) => {
                let bytes = upgrade(self.stand.host, self.stand.subject.port(), request);
                end.send(&bytes, Cut::Whole).await.into()
            }
            ClientAct::SendsFrame(frame, cut) => {
                let bytes = frame::bytes(frame.opcode, &frame.payload, frame.flaws);
                end.send(&bytes, *cut).await.into()
            }
            ClientAct::ReceivesFrames(awaited) => frames(end, awaited).await.into(),
            ClientAct::ReceivesStatus(status, headers) => {
                answer(end, *status, headers).await.into()
            }
            ClientAct::ReceivesAlert(alert) => match end.receive_alert().await {
                Ok(received) if received == *alert => Turned::Done,
                Ok(received) => other(format!("alert {received}")),
                Err(instead) => Turned::Instead(instead),
            },
            ClientAct::ReceivesServerHello => end.receive_server_hello().await.into(),
            ClientAct::IsShown(name) => {
                let minted = self.stand.certificate(name)?;
                let shown = end.tls().and_then(|tls| tls.get_ref().1.peer_certificates());
                match shown.and_then(|chain| chain.first()) {
                    Some(leaf) if leaf == minted.certificate() => Turned::Done,
                    Some(_) => other("another certificate"),
                    None => other("no certificate"),
                }
            }
            ClientAct::Agreed(agreement) => agreed(end, agreement),
            ClientAct::End(EndAct::Drains) => {
                let Some(target) = self.targets.get_mut(&number) else {
                    return Err(format!("target {number} has filled nothing in"));
                };
                end.drain(target).await.into()
            }
            ClientAct::End(act) => either(end, act).await,
            ClientAct::Connects
            | ClientAct::Handshakes(_)
            | ClientAct::IsRefused(_)
            | ClientAct::SendsHello(..)
            | ClientAct::Opens(..) => Turned::Done,
        })
    }

    async fn target(&mut self, number: usize, act: &EndAct) -> Result<Turned, String> {
        while self.targets.len() < number {
            let Some(target) = &mut self.stand.target else {
                return Err(
                    "the case's target is not the dialogue's: take the usual one".to_owned()
                );
            };
            match timeout(PATIENCE, target.next()).await {
                Ok(Some(tcp)) => {
                    let next = self.targets.len() + 1;
                    let transport = Transport::Tcp(Pieces::new(tcp, None));
                    self.targets.insert(next, End::new(transport, Framing::Bytes));
                }
                _ => return Ok(other(format!("no connection in {} s", PATIENCE.as_secs()))),
            }
        }
        let Some(end) = self.targets.get_mut(&number) else { return Ok(Turned::Done) };
        Ok(match act {
            EndAct::Accepts => Turned::Done,
            EndAct::Drains => {
                let Some(client) = self.clients.get_mut(&number) else {
                    return Err(format!("client {number} has filled nothing in"));
                };
                end.drain(&mut client.end).await.into()
            }
            act => either(end, act).await,
        })
    }

    async fn connect(&mut self, size: Option<usize>) -> Result<Pieces, String> {
        self.connections += 1;
        let subject = self.stand.subject;
        let connected = timeout(PATIENCE, TcpStream::connect(subject)).await;
        let tcp = connected
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| format!("the subject at {subject} cannot be connected to: {error}"))?;
        Ok(Pieces::new(tcp, size))
    }

    fn greeting(&self, hello: &Hello) -> Result<Greeting, String> {
        let own = match &hello.certificate {
            None => None,
            Some(name) => Some(self.stand.certificate(name)?),
        };
        let before = match hello.resuming {
            None => None,
            Some(number) => {
                let before = self.clients.get(&number).and_then(|one| one.greeting.as_ref());
                Some(before.ok_or_else(|| format!("client {number} has no session to resume"))?)
            }
        };
        Greeting::new(hello, self.stand.host, own.as_ref(), before)
    }

    /// Waits until that certificate has expired, for everybody: notAfter is its last second (RFC 5280 section 4.1.2.5).
    async fn wait_for_expiry(&self, name: &str) -> Result<(), String> {
        let minted = self.stand.certificate(name)?;
        let (_, read) = parse_x509_certificate(minted.certificate())
            .map_err(|error| format!("{name} cannot be read, so it never expires: {error}"))?;
        let last = u64::try_from(read.validity().not_after.timestamp()).unwrap_or_default();
        let left = Duration::from_secs((last + 1).saturating_sub(UnixTime::now().as_secs()));
        if left > LONGEST_EXPIRY {
            return Err(format!("{name} expires in {} s only: give it `seconds`", left.as_secs()));
        }
        sleep(left).await;
        Ok(())
    }

    async fn handshake(&mut self, number: usize, hello: &Hello) -> Result<Turned, String> {
        let greeting = self.greeting(hello)?;
        let size = match hello.cut {
            Cut::Pieces(size) => Some(size),
            Cut::Whole | Cut::AtEachByte => None,
        };
        let tcp = self.connect(size).await?;
        let connector = TlsConnector::from(Arc::clone(&greeting.config));
        let handshake = connector.connect(greeting.name.clone(), tcp).into_fallible();
        let (end, turned) = match timeout(PATIENCE, handshake).await {
            Err(_) => return Ok(Turned::Instead(Instead::Silence)),
            Ok(Ok(mut tls)) => {
                tls.get_mut().0.be_whole();
                (End::new(Transport::Tls(Box::new(tls)), Framing::Bytes), Turned::Done)
            }
            Ok(Err((error, tcp))) => {
                // Before TLS stands, TCP's end is an end like any other.
                let over = match over(&error) {
                    Over::CutOff => Over::Closed,
                    over => over,
                };
                (End::refused(tcp, over.clone()), Turned::Instead(Instead::Over(over)))
            }
        };
        self.clients.insert(number, Client { end, greeting: Some(greeting) });
        Ok(turned)
    }

    async fn hello(
        &mut self,
        number: usize,
        hello: &Hello,
        amount: Amount,
    ) -> Result<Turned, String> {
        let bytes = self.greeting(hello)?.hello()?;
        let bytes = match amount {
            Amount::Whole => &bytes[..],
            Amount::Half => &bytes[..bytes.len() / 2],
        };
        let mut end = End::new(Transport::Tcp(self.connect(None).await?), Framing::Bytes);
        let sent = end.send(bytes, hello.cut).await;
        self.clients.insert(number, Client { end, greeting: None });
        Ok(sent.into())
    }

    async fn open(
        &mut self,
        number: usize,
        scheme: Scheme,
        hello: &Hello,
        request: &Request,
    ) -> Result<Turned, String> {
        if scheme.is_secure() {
            if let Turned::Instead(instead) = self.handshake(number, hello).await? {
                return Ok(Turned::Instead(instead));
            }
        } else {
            let end = End::new(Transport::Tcp(self.connect(None).await?), Framing::Bytes);
            self.clients.insert(number, Client { end, greeting: None });
        }
        let bytes = upgrade(self.stand.host, self.stand.subject.port(), request);
        let Some(client) = self.clients.get_mut(&number) else { return Ok(Turned::Done) };
        if let Err(instead) = client.end.send(&bytes, hello.cut).await {
            return Ok(Turned::Instead(instead));
        }
        Ok(answer(&mut client.end, 101, &[]).await.into())
    }
}

/// A request for an upgrade (RFC 6455 section 4.1).
fn upgrade(host: &Host, port: u16, request: &Request) -> Vec<u8> {
    let usual = [
        format!("Host: {host}:{port}"),
        "Upgrade: websocket".to_owned(),
        "Connection: Upgrade".to_owned(),
        format!("Sec-WebSocket-Key: {KEY}"),
        "Sec-WebSocket-Version: 13".to_owned(),
    ];
    fn name(header: &str) -> &str {
        header.split(':').next().unwrap_or_default()
    }
    let is = |header: &str, other: &str| name(header).eq_ignore_ascii_case(other);
    let stays = |header: &&String| {
        !request.without.iter().any(|without| is(header, without))
            && !request.headers.iter().any(|own| is(header, name(own)))
    };
    let path = request.path.as_deref().unwrap_or("/");
    let headers: Vec<&str> =
        usual.iter().filter(stays).chain(&request.headers).map(String::as_str).collect();
    format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n")).into_bytes()
}

/// Waits for an answer with that status and those headers; the body of one that is no upgrade goes with it.
async fn answer(end: &mut End, status: u16, wanted: &[String]) -> Result<(), Instead> {
    let head = end.receive_head().await?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(_)) = answer.parse(&head) else {
        return Err(Instead::Other(format!("no HTTP: {}", shown(&head))));
    };
    let value = |name: &str| {
        let found = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let code = answer.code.unwrap_or_default();
    if code != status {
        return Err(Instead::Other(format!("status {code}")));
    }
    for header in wanted {
        let (name, right) = header.split_once(':').unwrap_or((header, ""));
        let found = value(name).unwrap_or_else(|| "none".to_owned());
        if found != right.trim() {
            return Err(Instead::Other(format!("status {code} with {name}: {found}")));
        }
    }
    if code == 101 {
        let right = BASE64_STANDARD.encode(Sha1::digest(format!("{KEY}{GUID}")));
        let accept = value("Sec-WebSocket-Accept").unwrap_or_else(|| "none".to_owned());
        if accept != right {
            return Err(Instead::Other(format!("status 101 with Sec-WebSocket-Accept: {accept}")));
        }
        end.be_upgraded();
        return Ok(());
    }
    let length = value("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    end.skip(length).await
}

/// Waits for frames.
async fn frames(end: &mut End, awaited: &Awaited) -> Result<(), Instead> {
    match awaited {
        Awaited::Data(opcode, wanted) => {
            let deadline = Instant::now() + PATIENCE;
            while end.data.len() < wanted.len() && wanted.starts_with(&end.data) {
                let frame = match timeout_at(deadline, end.receive_frame()).await {
                    Ok(Ok(frame)) => frame,
                    Ok(Err(instead)) => return Err(behind(&end.data, wanted.len(), instead)),
                    Err(_) => {
                        return Err(behind(&end.data, wanted.len(), Instead::Silence));
                    }
                };
                if frame.opcode != *opcode && frame.opcode != Opcode::Continuation {
                    return Err(behind(&end.data, wanted.len(), Instead::Other(told(&frame))));
                }
                end.data.extend(frame.payload);
            }
            take(&mut end.data, wanted)
        }
        Awaited::Pong(wanted) => {
            let frame = end.receive_frame().await?;
            match frame.opcode == Opcode::Pong && frame.payload == *wanted {
                true => Ok(()),
                false => Err(Instead::Other(told(&frame))),
            }
        }
        Awaited::Close { code, reason } => {
            let frame = end.receive_frame().await?;
            let (came_code, came_reason) = closing(&frame.payload);
            let is_right = frame.opcode == Opcode::Close
                && came_code == *code
                && reason.as_ref().is_none_or(|reason| *reason == came_reason);
            match is_right {
                true => Ok(()),
                false => Err(Instead::Other(told(&frame))),
            }
        }
    }
}

/// The code and the reason in a close frame.
fn closing(payload: &[u8]) -> (Option<u16>, String) {
    match payload {
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            (Some(code), String::from_utf8_lossy(reason).into_owned())
        }
        _ => (None, String::new()),
    }
}

/// A frame for a line of a report, as a dialogue would have it.
fn told(frame: &frame::Received) -> String {
    match frame.opcode {
        Opcode::Close => match closing(&frame.payload) {
            (None, _) => "close".to_owned(),
            (Some(code), reason) if reason.is_empty() => format!("close {code}"),
            (Some(code), reason) => format!("close {code} \"{}\"", reason.escape_debug()),
        },
        opcode => format!("{} {}", opcode.name(), shown(&frame.payload)),
    }
}

fn agreed(end: &End, agreement: &Agreement) -> Turned {
    let Some(tls) = end.tls().map(|tls| tls.get_ref().1) else { return other("no TLS") };
    match agreement {
        Agreement::Tls(wanted) => {
            // rustls speaks these two and no other.
            let agreed = match tls.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
                _ => TlsVersion::Tls13,
            };
            match agreed == *wanted {
                true => Turned::Done,
                false => other(format!("TLS {agreed}")),
            }
        }
        Agreement::Alpn(wanted) => {
            let chosen = tls.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
            match chosen == *wanted {
                true => Turned::Done,
                false => other(format!("alpn {}", chosen.as_deref().unwrap_or("none"))),
            }
        }
        Agreement::Resumption(wanted) => {
            let was = match tls.handshake_kind() {
                Some(HandshakeKind::Resumed) => Resumption::Resumed,
                _ => Resumption::Full,
            };
            match (was == *wanted, was) {
                (true, _) => Turned::Done,
                (false, Resumption::Resumed) => other("the session was resumed"),
                (false, Resumption::Full) => other("a full handshake"),
            }
        }
    }
}

/// What both ends can do by themselves.
async fn either(end: &mut End, act: &EndAct) -> Turned {
    match act {
        EndAct::Accepts | EndAct::Drains => Turned::Done,
        EndAct::Sends(bytes, cut) => end.send(bytes, *cut).await.into(),
        EndAct::Receives(bytes) => end.receive(bytes).await.into(),
        EndAct::Fills(below) => end.fill(*below).await.into(),
        EndAct::Leaves(leaving) => {
            end.leave(*leaving).await;
            Turned::Done
        }
        EndAct::IsLeft(Left { how, within }) => {
            end.be_left(how.map(Into::into), Duration::from_secs(*within)).await.into()
        }
    }
}
