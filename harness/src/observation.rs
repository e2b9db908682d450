//! What really happened when a client opened one URL: the same for simulated and for real clients.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Alert, Fault, client::Echo};

/// Everything that one attempt of one client showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Observation {
    /// Connected, or refused by whom, at which step, and in which words.
    pub outcome: Outcome,
    /// What the page's script saw; only for `ws` and `wss`.
    pub page: Option<Page>,
    /// The HTTP answer, if there was one.
    pub answer: Option<Answer>,
    /// What came back of a WebSocket's payload; only where one was sent.
    pub echo: Option<Echo>,
    /// What became of the wish to accept an exception; only where there was one.
    pub exception: Option<ExceptionOutcome>,
    /// What the client offered in its ClientHello; of its last connection, if there were several.
    pub offered: Option<Offered>,
    /// Every TLS alert on the wire but close_notify, over all connections, in their order.
    pub alerts: Vec<AlertSeen>,
    /// What TLS showed, as far as it went.
    pub tls: Option<Handshake>,
    /// Every fault that the client found in the certificates, reported or not.
    pub found: Vec<Finding>,
    /// How many TCP connections the client made.
    pub connections: u32,
    /// How long each step took.
    pub timing: Timing,
    /// How much of it could be seen.
    #[serde(default, skip_serializing_if = "Sight::is_whole")]
    pub sight: Sight,
}

/// How much of an attempt could be seen. What could not is no difference from anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// All of it.
    #[default]
    Whole,
    /// All but the client's own error code, which plain WebDriver has no command for.
    NoCode,
    /// Neither that nor what was encrypted (RFC 8446 section 4.3 onwards): no certificate, no alert and no answer,
    /// for the client gives its secrets to nobody. Why it refused is then known from the proxy's log alone.
    Outside,
}

impl Sight {
    const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

impl Observation {
    /// The refusal, unless it connected.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.outcome {
            Outcome::Connected => None,
            Outcome::Refused(refusal) => Some(refusal),
        }
    }

    /// Whether it connected.
    pub fn is_connected(&self) -> bool {
        self.refusal().is_none()
    }

    /// Asserts, in a test, that it connected.
    ///
    /// # Panics
    /// If it was refused, saying how.
    #[track_caller]
    pub fn assert_connected(&self) {
        if let Some(refusal) = self.refusal() {
            panic!("expected a connection, and it was refused: {refusal}");
        }
    }

    /// Asserts, in a test, that it was refused with this fault, and gives the refusal for more.
    ///
    /// # Panics
    /// If it connected, or was refused for another reason, saying which.
    #[track_caller]
    pub fn assert_refused_with(&self, fault: Fault) -> &Refusal {
        match self.refusal() {
            Some(refusal) if refusal.fault == fault => refusal,
            Some(refusal) => panic!("expected a refusal with {fault}, and it was: {refusal}"),
            None => panic!("expected a refusal with {fault}, and it connected"),
        }
    }

    /// The fault that the client reported, if it was refused.
    pub fn fault(&self) -> Option<Fault> {
        self.refusal().map(|refusal| refusal.fault)
    }
}

/// How the attempt ended.
///
/// *Connected* is exact: TLS done, and for a WebSocket the upgrade answered with 101 and the payload
/// back byte for byte; for a page, an HTTP answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It works.
    Connected,
    /// It does not.
    Refused(Refusal),
}

/// A refusal, with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// Who ended it.
    pub by: Party,
    /// At which step.
    pub step: Step,
    /// Which fault the client named.
    pub fault: Fault,
    /// The client's own error code, such as `ERR_CERT_AUTHORITY_INVALID`, where it has one.
    pub code: Option<String>,
    /// The TLS alert on the wire; none where the connection just ended.
    pub alert: Option<AlertSeen>,
    /// How the connection ended.
    pub ending: Ending,
    /// What exactly was wrong, for a person.
    pub detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by the {} at {}", self.fault, self.by, self.step)?;
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        if let Some(seen) = self.alert {
            write!(f, ", alert {} {} from the {}", seen.alert.0, seen.alert, seen.sent_by)?;
            write!(f, " {}", seen.moment)?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The browser or tool.
    Client,
    /// The proxy.
    Server,
}

impl Party {
    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How far a connection had come.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Finding the address and connecting to it.
    Tcp,
    /// The TLS handshake, or the client's verdict on it.
    Tls,
    /// The request and its answer.
    Http,
    /// After the upgrade.
    WebSocket,
}

/// A TLS alert, who sent it and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AlertSeen {
    /// Which.
    pub alert: Alert,
    /// From whom.
    pub sent_by: Party,
    /// When.
    pub moment: Moment,
}

/// When an alert came, as the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before the client had sent its Finished.
    DuringHandshake,
    /// After it: the server takes the connection for good, and reads the alert where it expects a request.
    AfterHandshake,
}

/// How TCP ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// There was no connection.
    NotConnected,
    /// The end that refused closed it (FIN).
    Closed,
    /// The end that refused reset it (RST).
    Reset,
    /// Time ran out.
    Abandoned,
}

/// What a page's script sees of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Page {
    /// The events, in their order.
    pub events: Vec<PageEvent>,
    /// The close event's code (RFC 6455 section 7.4), and whether it was clean.
    pub close: Option<Close>,
}

/// An event of the WebSocket interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PageEvent {
    /// The upgrade was answered with 101.
    Open,
    /// A message came; several in a row are one here.
    Message,
    /// It failed; the event says nothing more.
    Error,
    /// It ended.
    Close,
}

impl PageEvent {
    /// Its name in the interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Message => "message",
            Self::Error => "error",
            Self::Close => "close",
        }
    }
}

/// What the close event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Close {
    /// `code`
    pub code: u16,
    /// `reason`
    pub reason: String,
    /// `wasClean`
    pub clean: bool,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The media type, without parameters.
    pub media_type: Option<String>,
    /// Whether the body holds a private key, which no answer ever should.
    pub holds_private_key: bool,
}

impl Answer {
    /// The answer that a WebSocket client needs to have had.
    pub(crate) const fn switching_protocols() -> Self {
        Self { status: 101, media_type: None, holds_private_key: false }
    }

    /// An answer with that status, `Content-Type` and body.
    pub fn new(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        Self {
            status,
            media_type: content_type.map(|value| {
                value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
            }),
            holds_private_key: String::from_utf8_lossy(body).contains("PRIVATE KEY-----"),
        }
    }
}

/// What became of the wish to accept an exception for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExceptionOutcome {
    /// The warning offered it, and the page then opened.
    Accepted,
    /// The page opened without a warning.
    NotNeeded,
    /// The warning, if any, has no way on.
    NotOffered,
}

/// What a client offers in its ClientHello, in the order in which it does.
///
/// Values that mean nothing and keep servers tolerant (GREASE, RFC 8701) are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Offered {
    /// The versions of TLS. A client that has no list of them (RFC 8446 section 4.2.1) names its highest
    /// only, and leaves open which others it would take.
    pub tls: Vec<OfferedVersion>,
    /// The application protocols (ALPN, RFC 7301).
    pub protocols: Vec<String>,
    /// The host that it asks for (SNI, RFC 6066 section 3); none where it connects to an address.
    pub server_name: Option<String>,
}

/// A version of TLS that a client may offer, which is more than our proxy would agree on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum OfferedVersion {
    /// RFC 2246; no longer to be used (RFC 8996), but WebKitGTK and curl still offer it.
    #[serde(rename = "1.0")]
    Tls10,
    /// RFC 4346; the same.
    #[serde(rename = "1.1")]
    Tls11,
    /// RFC 5246
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446
    #[serde(rename = "1.3")]
    Tls13,
}

/// What a TLS handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Handshake {
    /// The version that was agreed on.
    pub version: Option<TlsVersion>,
    /// The cipher suite's IANA name.
    pub cipher_suite: Option<String>,
    /// The application protocol that the server chose (ALPN).
    pub protocol: Option<String>,
    /// The certificates as the server sent them.
    pub chain: Vec<Certificate>,
}

/// A version of TLS.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum TlsVersion {
    /// RFC 5246
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446
    #[serde(rename = "1.3")]
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        })
    }
}

/// A certificate, in the words that a person compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Certificate {
    /// Whose.
    pub subject: String,
    /// From whom.
    pub issuer: String,
    /// The subjectAltNames.
    pub names: Vec<String>,
    /// First second of validity, as text.
    pub not_before: String,
    /// Last second of validity, as text.
    pub not_after: String,
    /// SHA-256 over the whole certificate, in hexadecimal.
    pub sha256: String,
}

/// One fault that was found in the certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Which.
    pub fault: Fault,
    /// Where it sits; [`None`] where only its consequence was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What exactly, with the values that were compared.
    pub detail: String,
}

/// Where in a chain a fault sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// In which certificate.
    pub certificate: Position,
    /// In which of its fields.
    pub field: Field,
}

/// Which certificate of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The server's own, which it sends first.
    Server,
    /// The one that was sent so many places behind it, from 1.
    Sent(usize),
    /// One that the client trusts by itself.
    Trusted,
}

/// A field of a certificate, by its name in RFC 5280.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The whole of it, or its encoding.
    #[serde(rename = "encoding")]
    Encoding,
    /// version
    Version,
    /// serialNumber
    SerialNumber,
    /// signature and signatureAlgorithm
    SignatureAlgorithm,
    /// signatureValue
    SignatureValue,
    /// issuer
    Issuer,
    /// validity
    Validity,
    /// subject
    Subject,
    /// The common name in the subject
    CommonName,
    /// subjectPublicKeyInfo
    SubjectPublicKey,
    /// extensions, or one that has no name here
    Extensions,
    /// subjectAltName
    SubjectAltName,
    /// The addresses in subjectAltName
    #[serde(rename = "iPAddress")]
    IpAddress,
    /// A name in subjectAltName or in a name constraint that is no host, address, mailbox or directory name
    OtherName,
    /// basicConstraints
    BasicConstraints,
    /// keyUsage
    KeyUsage,
    /// extKeyUsage
    ExtendedKeyUsage,
    /// nameConstraints
    NameConstraints,
    /// authorityKeyIdentifier
    AuthorityKeyIdentifier,
    /// subjectKeyIdentifier
    SubjectKeyIdentifier,
    /// authorityInfoAccess
    AuthorityInfoAccess,
    /// TLS feature (RFC 7633)
    TlsFeature,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.certificate {
            Position::Server => f.write_str("the server's certificate")?,
            Position::Sent(number) => write!(f, "certificate {} of those sent", number + 1)?,
            Position::Trusted => f.write_str("the trusted certificate")?,
        }
        write!(f, ", {}", self.field)
    }
}

/// How long each step took, from the start of the attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Timing {
    /// TCP, in milliseconds.
    pub tcp_ms: f64,
    /// The TLS handshake, in milliseconds.
    pub tls_ms: f64,
    /// All of it, in milliseconds.
    pub total_ms: f64,
}

impl Timing {
    /// Milliseconds, as they are written here.
    pub fn milliseconds(duration: Duration) -> f64 {
        (duration.as_secs_f64() * 1e6).round() / 1e3
    }
}

macro_rules! display_as_kebab {
    ($($type:ty { $($variant:ident $name:literal),* $(,)? })*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),* })
            }
        }
    )*};
}

display_as_kebab! {
    Party { Client "client", Server "server" }
    Step { Tcp "TCP", Tls "TLS", Http "HTTP", WebSocket "WebSocket" }
    Moment { DuringHandshake "during the handshake", AfterHandshake "after the handshake" }
    Ending { NotConnected "not connected", Closed "closed", Reset "reset", Abandoned "abandoned" }
    OfferedVersion { Tls10 "1.0", Tls11 "1.1", Tls12 "1.2", Tls13 "1.3" }
    Field {
        Encoding "encoding", Version "version", SerialNumber "serialNumber",
        SignatureAlgorithm "signatureAlgorithm", SignatureValue "signatureValue", Issuer "issuer",
        Validity "validity", Subject "subject", CommonName "commonName", SubjectPublicKey "subjectPublicKeyInfo",
        Extensions "extensions", SubjectAltName "subjectAltName",
        IpAddress "iPAddress", OtherName "otherName",
        BasicConstraints "basicConstraints", KeyUsage "keyUsage", ExtendedKeyUsage "extKeyUsage",
        NameConstraints "nameConstraints", AuthorityKeyIdentifier "authorityKeyIdentifier",
        SubjectKeyIdentifier "subjectKeyIdentifier", AuthorityInfoAccess "authorityInfoAccess", TlsFeature "tlsFeature",
    }
    ExceptionOutcome { Accepted "accepted", NotNeeded "not-needed", NotOffered "not-offered" }
}
