//! A recording read: replayed in its order, and opened with the client's secrets where it is sealed.

use rustls::{ContentType, HandshakeType, ProtocolVersion};
use rustls_pki_types::CertificateDer;
use tls_parser::TlsCipherSuite;

use super::{
    ClientFinished, UnreadReason,
    key_log::{KeyLog, Label, RANDOM},
    messages::{self, ClientHello, ServerHello},
    recording::Recording,
    records::Piece,
    side::{Epoch, Loss, Protection, Sealing, Side},
    traffic_keys::Suite,
};
use crate::{
    Alert,
    observation::{AlertSeen, Handshake, Moment, Offered, Party, TlsVersion},
};

const CLOSE_NOTIFY: u8 = 0;

/// What a connection showed.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub offered: Option<Offered>,
    pub handshake: Handshake,
    pub chain: Vec<CertificateDer<'static>>,
    pub alerts: Vec<AlertSeen>,
    pub close_notify_by: Vec<Party>,
    pub finished: ClientFinished,
    pub client: Side,
    pub server: Side,
}

/// Reads a recording as far as it can be read.
pub(super) fn read(recording: &Recording, log: &KeyLog) -> Reading {
    let mut reader = Reader { log, client_random: None, agreed: None, reading: Reading::default() };
    for chunk in &recording.chunks {
        reader.side(chunk.sent_by).records.push(&chunk.bytes);
        while let Some(piece) = reader.side(chunk.sent_by).records.next() {
            reader.piece(chunk.sent_by, piece);
        }
    }
    reader.reading
}

impl Reading {
    pub(super) fn side(&self, party: Party) -> &Side {
        match party {
            Party::Client => &self.client,
            Party::Server => &self.server,
        }
    }

    /// Whether the client may yet write secrets that would show more.
    ///
    /// A client that breaks the handshake off never has the secrets of what would come after it.
    pub(super) fn lacks_secrets(&self) -> bool {
        [&self.client, &self.server].into_iter().filter_map(|side| side.unread.as_ref()).any(
            |loss| {
                loss.reason == UnreadReason::NoSecrets
                    && (loss.epoch == Epoch::Handshake || self.finished != ClientFinished::NotSent)
            },
        )
    }
}

struct Reader<'l> {
    log: &'l KeyLog,
    client_random: Option<[u8; RANDOM]>,
    agreed: Option<Agreed>,
    reading: Reading,
}

/// What a ServerHello settles.
struct Agreed {
    version: ProtocolVersion,
    cipher_suite: u16,
    server_random: [u8; RANDOM],
}

impl Agreed {
    fn suite(&self) -> Result<Suite, UnreadReason> {
        let known = TlsCipherSuite::from_id(self.cipher_suite);
        let name = || known.map_or_else(|| format!("0x{:04x}", self.cipher_suite), suite_name);
        known.and_then(Suite::of).ok_or_else(|| UnreadReason::CipherSuite(name()))
    }
}

fn suite_name(suite: &TlsCipherSuite) -> String {
    suite.name.to_owned()
}

impl Reader<'_> {
    fn side(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Client => &mut self.reading.client,
            Party::Server => &mut self.reading.server,
        }
    }

    fn is_tls13(&self) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.version == ProtocolVersion::TLSv1_3)
    }

    fn piece(&mut self, party: Party, piece: Piece) {
        match piece {
            Piece::Plain(bytes) => self.side(party).spoken.extend(bytes),
            Piece::Damaged => self.lose(party, UnreadReason::Damaged),
            Piece::Record { content_type, fragment } => self.record(party, content_type, fragment),
        }
    }

    fn record(&mut self, party: Party, outer: ContentType, fragment: Vec<u8>) {
        // Under TLS 1.3 every sealed record says outside that it is application data, and only those.
        let in_the_clear = self.is_tls13() && outer != ContentType::ApplicationData;
        let opened = match &mut self.side(party).protection {
            // Early data (RFC 8446 section 4.2.10), under a secret that we do not ask for.
            Protection::Clear if outer == ContentType::ApplicationData => {
                return self.lose(party, UnreadReason::Damaged);
            }
            Protection::Clear => return self.content(party, outer, fragment),
            _ if in_the_clear => return self.content(party, outer, fragment),
            Protection::Sealed(sealing) => sealing
                .open(outer, &fragment)
                .map_err(|_| Loss { epoch: Epoch::Handshake, reason: UnreadReason::Damaged }),
            Protection::Lost(loss) => Err(loss.clone()),
        };
        match opened {
            Ok(opened) => self.content(party, opened.content_type, opened.content),
            Err(loss) => {
                let side = self.side(party);
                side.unread.get_or_insert(loss.clone());
                side.protection = Protection::Lost(loss);
                self.unopened(party, outer);
            }
        }
    }

    /// What a sealed record shows all the same.
    fn unopened(&mut self, party: Party, outer: ContentType) {
        if party == Party::Client && self.reading.finished == ClientFinished::NotSent {
            match (self.is_tls13(), outer) {
                (true, _) => self.reading.finished = ClientFinished::Unread,
                // Under TLS 1.2 the type is not sealed, and the first such message is the Finished.
                (false, ContentType::Handshake) => self.reading.finished = ClientFinished::Sent,
                (false, _) => {}
            }
        }
    }

    fn content(&mut self, party: Party, content_type: ContentType, content: Vec<u8>) {
        match content_type {
            ContentType::Alert => self.alert(party, &content),
            ContentType::ApplicationData => self.side(party).spoken.extend(content),
            // TLS 1.3 has it for the sake of old equipment only (RFC 8446 appendix D.4), and may have it
            // between a HelloRetryRequest and the ServerHello, when nothing is settled yet.
            ContentType::ChangeCipherSpec if self.agreed.is_some() && !self.is_tls13() => {
                self.protect_tls12(party);
            }
            ContentType::Handshake => {
                self.side(party).messages.push(&content);
                while let Some((kind, body)) = self.side(party).messages.next() {
                    self.message(party, kind, &body);
                }
            }
            _ => {}
        }
    }

    fn alert(&mut self, party: Party, content: &[u8]) {
        match *content {
            [_, CLOSE_NOTIFY] => self.reading.close_notify_by.push(party),
            [_level, number] => {
                // Under TLS 1.2 the server's Finished is the last message, and what it sends in the clear is before it
                // (RFC 5246 section 7.3).
                let before_its_finished = party == Party::Server
                    && !self.is_tls13()
                    && matches!(self.reading.server.protection, Protection::Clear);
                let moment = match self.reading.finished {
                    _ if before_its_finished => Moment::DuringHandshake,
                    ClientFinished::Sent => Moment::AfterHandshake,
                    ClientFinished::NotSent | ClientFinished::Unread => Moment::DuringHandshake,
                };
                self.reading.alerts.push(AlertSeen {
                    alert: Alert(number),
                    sent_by: party,
                    moment,
                });
            }
            _ => self.lose(party, UnreadReason::Damaged),
        }
    }

    fn message(&mut self, party: Party, kind: HandshakeType, body: &[u8]) {
        match (party, kind) {
            (Party::Client, HandshakeType::ClientHello) => match ClientHello::read(body) {
                Some(hello) => {
                    self.client_random = Some(hello.random);
                    self.reading.offered.get_or_insert(hello.offered);
                }
                None => self.lose(party, UnreadReason::Damaged),
            },
            (Party::Server, HandshakeType::ServerHello) => match ServerHello::read(body) {
                Some(hello) if hello.is_retry() => {}
                Some(hello) => self.agree(hello),
                None => self.lose(party, UnreadReason::Damaged),
            },
            (Party::Server, HandshakeType::EncryptedExtensions) => {
                self.reading.handshake.protocol = messages::encrypted_protocol(body);
            }
            (Party::Server, HandshakeType::Certificate) => self.certificates(body),
            (_, HandshakeType::Finished) => {
                if party == Party::Client {
                    self.reading.finished = ClientFinished::Sent;
                }
                if self.is_tls13() {
                    self.protect_tls13(party, Epoch::Application);
                }
            }
            (_, HandshakeType::KeyUpdate) if self.is_tls13() => self.renew(party),
            _ => {}
        }
    }

    fn agree(&mut self, hello: ServerHello) {
        let handshake = &mut self.reading.handshake;
        handshake.version = match hello.version {
            ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
            ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
            _ => None,
        };
        handshake.cipher_suite = TlsCipherSuite::from_id(hello.cipher_suite).map(suite_name);
        handshake.protocol = hello.protocol;
        self.agreed = Some(Agreed {
            version: hello.version,
            cipher_suite: hello.cipher_suite,
            server_random: hello.random,
        });
        if self.is_tls13() {
            self.protect_tls13(Party::Client, Epoch::Handshake);
            self.protect_tls13(Party::Server, Epoch::Handshake);
        }
    }

    fn certificates(&mut self, body: &[u8]) {
        let Some(version) = self.agreed.as_ref().map(|agreed| agreed.version) else { return };
        match messages::certificates(version, body) {
            Some(chain) => self.reading.chain = chain,
            None => self.lose(Party::Server, UnreadReason::Damaged),
        }
    }

    fn protect_tls13(&mut self, party: Party, epoch: Epoch) {
        let label = match (party, epoch) {
            (Party::Client, Epoch::Handshake) => Label::ClientHandshake,
            (Party::Server, Epoch::Handshake) => Label::ServerHandshake,
            (Party::Client, Epoch::Application) => Label::ClientApplication,
            (Party::Server, Epoch::Application) => Label::ServerApplication,
        };
        let sealing = self.suite_and_secret(label).and_then(|(suite, secret, _)| {
            Sealing::tls13(suite, secret).map_err(|_| UnreadReason::Damaged)
        });
        self.side(party).protection = protection(epoch, sealing);
    }

    /// A side's ChangeCipherSpec: what it sends from here on is sealed (RFC 5246 section 7.1).
    fn protect_tls12(&mut self, party: Party) {
        let sealing = self.suite_and_secret(Label::Master).and_then(|(suite, master, agreed)| {
            let random = self.client_random.as_ref().ok_or(UnreadReason::Damaged)?;
            let pair = suite
                .tls12(master, random, &agreed.server_random)
                .map_err(|_| UnreadReason::Damaged)?;
            Ok(Sealing::tls12(match party {
                Party::Client => pair.client,
                Party::Server => pair.server,
            }))
        });
        self.side(party).protection = protection(Epoch::Handshake, sealing);
    }

    fn suite_and_secret(&self, label: Label) -> Result<(Suite, &[u8], &Agreed), UnreadReason> {
        let agreed = self.agreed.as_ref().ok_or(UnreadReason::Damaged)?;
        let random = self.client_random.as_ref().ok_or(UnreadReason::Damaged)?;
        let suite = agreed.suite()?;
        let secret = self.log.secret(label, random).ok_or(UnreadReason::NoSecrets)?;
        Ok((suite, secret, agreed))
    }

    fn renew(&mut self, party: Party) {
        let side = self.side(party);
        if let Protection::Sealed(sealing) = &side.protection {
            let renewed = sealing.renewed().map_err(|_| UnreadReason::Damaged);
            side.protection = protection(Epoch::Application, renewed);
        }
    }

    /// From here on this side is not understood.
    fn lose(&mut self, party: Party, reason: UnreadReason) {
        let loss = Loss { epoch: Epoch::Handshake, reason };
        self.side(party).unread.get_or_insert(loss);
    }
}

fn protection(epoch: Epoch, sealing: Result<Sealing, UnreadReason>) -> Protection {
    match sealing {
        Ok(sealing) => Protection::Sealed(Box::new(sealing)),
        Err(reason) => Protection::Lost(Loss { epoch, reason }),
    }
}
