//! Reads the words of a dialogue: the table of them is the parent module's.

use std::ops::Range;

use super::{
    Act, Agreement, Amount, Awaited, ClientAct, Cut, EndAct, Frame, Hello, HelloSize, Leaving,
    Left, LeftHow, OperatorAct, Renewal, Request, Resumption, ServerName, Turn,
    frame::{self, Finish, Flaws, LengthForm, Masking, Opcode},
    token::{Kind, Token, tokens},
};
use crate::{
    Alert,
    client::Scheme,
    data::{DataError, Source},
    observation::TlsVersion,
};

/// How long an end waits to be left, in seconds, unless a line says it.
const PATIENCE: u64 = 5;
/// The longest that a line may wait, in seconds: a suite is to be played often.
const MOST_PATIENCE: u64 = 30;
/// The most bytes that a line may hold or send.
const MOST_BYTES: u64 = 256 << 20;

/// Reads the lines of a multi-line literal string at that place.
pub(super) fn read(source: &Source, span: Range<usize>) -> Result<Vec<Turn>, DataError> {
    let literal = source.text().get(span.clone()).unwrap_or_default();
    let Some(text) = literal.strip_prefix("'''").and_then(|rest| rest.strip_suffix("'''")) else {
        return Err(source
            .error(span, "a dialogue is a literal string of several lines")
            .hint("dialogue = ''' ... '''"));
    };
    let mut start = span.start + 3;
    let mut turns = Vec::new();
    for line in text.split_inclusive('\n') {
        let tokens = tokens(source, line.trim_end_matches(['\n', '\r']), start)?;
        if !tokens.is_empty() {
            let mut words =
                Words { source, tokens: &tokens, at: 0, end: start + line.trim_end().len() };
            let act = words.act()?;
            words.nothing_more()?;
            turns.push(Turn { text: line.trim().to_owned(), act });
        }
        start += line.len();
    }
    if turns.is_empty() {
        return Err(source.error(span, "nobody says anything in this dialogue"));
    }
    if !turns.iter().any(|turn| turn.act.waits()) {
        return Err(source
            .error(span, "this dialogue waits for nothing, so that nothing in it can go wrong")
            .hint("client receives ..., target is closed, ..."));
    }
    Ok(turns)
}

impl Act {
    /// Whether something must come of it.
    pub(super) fn waits(&self) -> bool {
        match self {
            Self::Client(_, ClientAct::End(act)) | Self::Target(_, act) => {
                !matches!(act, EndAct::Sends(..) | EndAct::Leaves(_))
            }
            Self::Client(_, act) => !matches!(
                act,
                ClientAct::SendsFrame(..)
                    | ClientAct::SendsHello(..)
                    | ClientAct::Upgrades(_)
                    | ClientAct::Connects
            ),
            Self::Operator(_) => false,
        }
    }
}

/// The words of a line that were not read yet.
struct Words<'a> {
    source: &'a Source,
    tokens: &'a [Token],
    at: usize,
    /// The end of the line in the file.
    end: usize,
}

impl Words<'_> {
    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    fn peek(&self) -> Option<&str> {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The next word, if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        self.at += usize::from(is_next);
        is_next
    }

    fn error<T>(&self, message: &str) -> Result<T, DataError> {
        Err(self.source.error(self.span(), message))
    }

    /// The next word, which must be one of these.
    fn one_of(&mut self, what: &str, right: &[&'static str]) -> Result<&'static str, DataError> {
        let word = self.peek().unwrap_or_default().to_owned();
        match right.iter().find(|right| **right == word) {
            Some(right) => {
                self.at += 1;
                Ok(right)
            }
            None if word.is_empty() => {
                let error = self.source.error(self.span(), format!("here should be {what}"));
                Err(error.hint(format!("one of: {}", right.join(", "))))
            }
            None => Err(self
                .source
                .error(self.span(), format!("`{word}` is not {what}"))
                .did_you_mean(&word, right.iter().copied())),
        }
    }

    fn exactly(&mut self, words: &[&'static str]) -> Result<(), DataError> {
        words.iter().try_for_each(|word| self.one_of(&format!("`{word}`"), &[word]).map(|_| ()))
    }

    fn number(&mut self, what: &str) -> Result<u64, DataError> {
        match self.peek().and_then(|word| word.parse().ok()) {
            Some(number) => {
                self.at += 1;
                Ok(number)
            }
            None => self.error(&format!("here should be {what}, a number")),
        }
    }

    /// A number from 1 to the most.
    fn count(&mut self, what: &str, most: u64) -> Result<usize, DataError> {
        let at = self.span();
        let number = self.number(what)?;
        match usize::try_from(number) {
            Ok(count) if (1..=most).contains(&number) => Ok(count),
            _ => Err(self.source.error(at, format!("{what} is from 1 to {most}"))),
        }
    }

    fn word(&mut self, what: &str) -> Result<String, DataError> {
        match self.peek().map(str::to_owned) {
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
            None => self.error(&format!("here should be {what}")),
        }
    }

    fn bytes_of_text(&mut self) -> Option<Vec<u8>> {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Text(bytes)) => {
                self.at += 1;
                Some(bytes.clone())
            }
            _ => None,
        }
    }

    fn text(&mut self, what: &str) -> Result<String, DataError> {
        let at = self.span();
        match self.bytes_of_text().map(String::from_utf8) {
            Some(Ok(text)) => Ok(text),
            Some(Err(_)) => Err(self.source.error(at, format!("{what} is not UTF-8"))),
            None => self.error(&format!("here should be {what}, in quotes")),
        }
    }

    fn nothing_more(&self) -> Result<(), DataError> {
        match self.tokens.get(self.at) {
            None => Ok(()),
            Some(token) => Err(self.source.error(token.span.clone(), "the line should end here")),
        }
    }

    /// DATA, if some stands here.
    fn data(&mut self) -> Result<Option<Vec<u8>>, DataError> {
        if let Some(bytes) = self.bytes_of_text() {
            if !self.takes("x") {
                return Ok(Some(bytes));
            }
            let most = MOST_BYTES / bytes.len().max(1) as u64;
            return Ok(Some(bytes.repeat(self.count("how often", most)?)));
        }
        if self.peek().is_some_and(|word| word.parse::<u64>().is_ok()) {
            let count = self.count("how many bytes", MOST_BYTES)?;
            self.exactly(&["bytes"])?;
            return Ok(Some(super::play::pattern(count)));
        }
        Ok(None)
    }

    fn some_data(&mut self) -> Result<Vec<u8>, DataError> {
        match self.data()? {
            Some(data) => Ok(data),
            None => self.error("here should be what: \"text\", \"text\" x 1000, or 1000 bytes"),
        }
    }

    fn act(&mut self) -> Result<Act, DataError> {
        let role = self.one_of("who does something", &["client", "target", "operator"])?;
        if role == "operator" {
            return self.operator().map(Act::Operator);
        }
        let number = match self.peek().is_some_and(|word| word.parse::<u64>().is_ok()) {
            true => self.count("the number of an end", 64)?,
            false => 1,
        };
        match role {
            "client" => Ok(Act::Client(number, self.client()?)),
            _ => Ok(Act::Target(number, self.target()?)),
        }
    }

    fn operator(&mut self) -> Result<OperatorAct, DataError> {
        if self.one_of("what an operator does", &["renews", "waits"])? == "waits" {
            self.exactly(&["until"])?;
            let name = self.word("the name of a certificate of the case")?;
            self.exactly(&["has", "expired"])?;
            return Ok(OperatorAct::WaitsForExpiry(name));
        }
        let name = self.word("the name of a certificate of the case")?;
        let renewal = match self.one_of("how", &["in", "by", "half", "key"])? {
            "in" => {
                self.exactly(&["place"])?;
                Renewal::InPlace
            }
            "half" => Renewal::HalfWritten,
            "key" => {
                self.exactly(&["alone"])?;
                Renewal::KeyAlone
            }
            _ => match self.one_of("how", &["rename", "symlink", "folder", "nothing"])? {
                "rename" => Renewal::ByRename,
                "symlink" => Renewal::BySymlink,
                "folder" => Renewal::ByFolder,
                _ => Renewal::Removed,
            },
        };
        Ok(OperatorAct::Renews(name, renewal))
    }

    fn client(&mut self) -> Result<ClientAct, DataError> {
        const VERBS: &[&str] = &[
            "connects",
            "handshakes",
            "opens",
            "upgrades",
            "sends",
            "receives",
            "is",
            "agreed",
            "fills",
            "drains",
            "closes",
            "drops",
            "resets",
            "ends",
        ];
        Ok(match self.one_of("what a client does", VERBS)? {
            "connects" => ClientAct::Connects,
            "handshakes" => ClientAct::Handshakes(self.handshake(Takes::HELLO)?.hello),
            "opens" => {
                let (scheme, takes) = match self.one_of("a scheme", &["ws", "wss"])? {
                    "ws" => (Scheme::Ws, Takes::REQUEST),
                    _ => (Scheme::Wss, Takes::HELLO_AND_REQUEST),
                };
                let options = self.handshake(takes)?;
                ClientAct::Opens(scheme, options.hello, options.request)
            }
            "upgrades" => ClientAct::Upgrades(self.options(Takes::REQUEST)?.request),
            "sends" => self.client_sends()?,
            "receives" => self.client_receives()?,
            "is" => match self.peek() {
                Some("refused") => {
                    self.at += 1;
                    ClientAct::IsRefused(self.handshake(Takes::HELLO)?.hello)
                }
                Some("shown") => {
                    self.at += 1;
                    ClientAct::IsShown(self.word("the name of a certificate of the case")?)
                }
                _ => ClientAct::End(self.is_left(&["refused", "shown"])?),
            },
            "agreed" => ClientAct::Agreed(self.agreement()?),
            verb => ClientAct::End(self.either(verb)?),
        })
    }

    fn client_sends(&mut self) -> Result<ClientAct, DataError> {
        const FRAMES: &[&str] =
            &["text", "binary", "continuation", "ping", "pong", "close", "opcode", "a", "half"];
        if let Some(data) = self.data()? {
            let cut = self.options(Takes::CUT)?.hello.cut;
            return Ok(ClientAct::End(EndAct::Sends(data, cut)));
        }
        let opcode = match self.one_of("a frame or what stands in quotes", FRAMES)? {
            "text" => Opcode::Text,
            "binary" => Opcode::Binary,
            "continuation" => Opcode::Continuation,
            "ping" => Opcode::Ping,
            "pong" => Opcode::Pong,
            "close" => Opcode::Close,
            "opcode" => Opcode::Other(self.count("an opcode", 15)? as u8),
            "a" => {
                self.exactly(&["client-hello"])?;
                return Ok(ClientAct::SendsHello(self.options(Takes::HELLO)?.hello, Amount::Whole));
            }
            _ => {
                self.exactly(&["a", "client-hello"])?;
                return Ok(ClientAct::SendsHello(self.options(Takes::HELLO)?.hello, Amount::Half));
            }
        };
        let payload = match opcode {
            Opcode::Close => {
                let (code, reason) = self.close()?;
                frame::close_payload(code, reason.unwrap_or_default().as_bytes())
            }
            _ => self.data()?.unwrap_or_default(),
        };
        let options = self.options(Takes::FRAME)?;
        let frame = Frame { opcode, payload, flaws: options.flaws };
        Ok(ClientAct::SendsFrame(frame, options.hello.cut))
    }

    /// A close frame's code and reason, if they stand here.
    fn close(&mut self) -> Result<(Option<u16>, Option<String>), DataError> {
        if self.peek().is_none_or(|word| word.parse::<u64>().is_err()) {
            return Ok((None, None));
        }
        let code = self.count("a close code", 65_535)? as u16;
        let reason = match self.bytes_of_text().map(String::from_utf8) {
            None => None,
            Some(Ok(reason)) => Some(reason),
            Some(Err(_)) => return self.error("a reason is UTF-8 (RFC 6455 section 5.5.1)"),
        };
        Ok((Some(code), reason))
    }

    fn client_receives(&mut self) -> Result<ClientAct, DataError> {
        if let Some(data) = self.data()? {
            return Ok(ClientAct::End(EndAct::Receives(data)));
        }
        let what = ["text", "binary", "pong", "close", "status", "alert", "a"];
        Ok(match self.one_of("what a client receives", &what)? {
            "text" => ClientAct::ReceivesFrames(Awaited::Data(Opcode::Text, self.some_data()?)),
            "binary" => ClientAct::ReceivesFrames(Awaited::Data(Opcode::Binary, self.some_data()?)),
            "pong" => ClientAct::ReceivesFrames(Awaited::Pong(self.data()?.unwrap_or_default())),
            "close" => {
                let (code, reason) = self.close()?;
                ClientAct::ReceivesFrames(Awaited::Close { code, reason })
            }
            "status" => {
                let status = self.count("an HTTP status", 599)? as u16;
                ClientAct::ReceivesStatus(status, self.options(Takes::HEADER)?.request.headers)
            }
            "a" => {
                self.exactly(&["server-hello"])?;
                ClientAct::ReceivesServerHello
            }
            _ => {
                let at = self.span();
                let name = self.word("the name of a TLS alert")?;
                let alert = Alert::try_from(name).map_err(|error| self.source.error(at, error))?;
                ClientAct::ReceivesAlert(alert)
            }
        })
    }

    fn target(&mut self) -> Result<EndAct, DataError> {
        const VERBS: &[&str] = &[
            "accepts", "sends", "receives", "is", "fills", "drains", "closes", "drops", "resets",
            "ends",
        ];
        Ok(match self.one_of("what a target does", VERBS)? {
            "accepts" => EndAct::Accepts,
            "sends" => {
                let data = self.some_data()?;
                EndAct::Sends(data, self.options(Takes::CUT)?.hello.cut)
            }
            "receives" => EndAct::Receives(self.some_data()?),
            "is" => self.is_left(&[])?,
            verb => self.either(verb)?,
        })
    }

    /// What either end does by that verb.
    fn either(&mut self, verb: &str) -> Result<EndAct, DataError> {
        Ok(match verb {
            "fills" => {
                self.exactly(&["below"])?;
                let mebibytes = self.count("how much", MOST_BYTES >> 20)?;
                self.exactly(&["MiB"])?;
                EndAct::Fills((mebibytes as u64) << 20)
            }
            "drains" => EndAct::Drains,
            "closes" => EndAct::Leaves(Leaving::Closes),
            "drops" => EndAct::Leaves(Leaving::Drops),
            "resets" => EndAct::Leaves(Leaving::Resets),
            _ => EndAct::Leaves(Leaving::Ends),
        })
    }

    /// What stands behind `is`, but for the words that have a meaning of their own there.
    fn is_left(&mut self, others: &[&'static str]) -> Result<EndAct, DataError> {
        let right = [&["closed", "cut", "reset", "left"], others].concat();
        let how = match self.one_of("how an end is left", &right)? {
            "closed" => Some(LeftHow::Closed),
            "cut" => {
                self.exactly(&["off"])?;
                Some(LeftHow::CutOff)
            }
            "reset" => Some(LeftHow::Reset),
            _ => None,
        };
        let mut within = PATIENCE;
        if self.takes("within") {
            within = self.count("how many seconds", MOST_PATIENCE)? as u64;
            self.exactly(&["s"])?;
        }
        Ok(EndAct::IsLeft(Left { how, within }))
    }

    fn agreement(&mut self) -> Result<Agreement, DataError> {
        Ok(match self.one_of("what is agreed on", &["tls", "alpn", "resumption", "no"])? {
            "tls" => Agreement::Tls(self.version()?),
            "alpn" => {
                let name = self.word("a protocol, or `none`")?;
                Agreement::Alpn((name != "none").then_some(name))
            }
            "resumption" => Agreement::Resumption(Resumption::Resumed),
            _ => {
                self.exactly(&["resumption"])?;
                Agreement::Resumption(Resumption::Full)
            }
        })
    }

    fn version(&mut self) -> Result<TlsVersion, DataError> {
        Ok(match self.one_of("a version of TLS", &["1.2", "1.3"])? {
            "1.2" => TlsVersion::Tls12,
            _ => TlsVersion::Tls13,
        })
    }

    /// OPTIONS, if `with` stands here.
    fn options(&mut self, takes: Takes) -> Result<Options, DataError> {
        let mut options = Options::default();
        if !self.takes("with") {
            return Ok(options);
        }
        loop {
            self.option(takes, &mut options)?;
            match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(Kind::Comma) => self.at += 1,
                _ => return Ok(options),
            }
        }
    }

    /// The options of a handshake that is to be finished.
    fn handshake(&mut self, takes: Takes) -> Result<Options, DataError> {
        let at = self.span();
        let options = self.options(takes)?;
        match options.hello.name {
            ServerName::Address(_) => Err(self
                .source
                .error(at, "no handshake is finished that asks for an address by name (RFC 6066 section 3)")
                .hint("client sends a client-hello with sni ..., and what is received then")),
            _ => Ok(options),
        }
    }

    fn option(&mut self, takes: Takes, options: &mut Options) -> Result<(), DataError> {
        let Options { hello, request, flaws } = options;
        match self.one_of("an option that has a meaning here", takes.0)? {
            "tls" => hello.tls = Some(self.version()?),
            "sni" => {
                let name = self.word("a name")?;
                hello.name = match name.parse() {
                    Ok(address) => ServerName::Address(address),
                    Err(_) => ServerName::Other(name),
                };
            }
            "no" => {
                self.exactly(&["sni"])?;
                hello.name = ServerName::None;
            }
            "alpn" => {
                hello.alpn.push(self.word("a protocol")?);
                while let Some(name) = self.peek().map(str::to_owned) {
                    self.at += 1;
                    hello.alpn.push(name);
                }
            }
            "certificate" => {
                hello.certificate = Some(self.word("the name of a certificate of the case")?);
            }
            "resuming" => hello.resuming = Some(self.count("the number of a client", 64)?),
            "records" => {
                self.exactly(&["of"])?;
                // RFC 8446 section 5.1, and what the header and an early tag take of it.
                hello.record = Some(self.count("how many bytes", 16_384)?);
            }
            "long" => {
                self.exactly(&["hello"])?;
                hello.size = HelloSize::LongerThanARecord;
            }
            "pieces" => {
                self.exactly(&["of"])?;
                hello.cut = Cut::Pieces(self.count("how many bytes", MOST_BYTES)?);
            }
            "cuts" => {
                self.exactly(&["at", "each", "byte"])?;
                hello.cut = Cut::AtEachByte;
            }
            "path" => request.path = Some(self.text("a path")?),
            "header" => request.headers.push(self.text("a header")?),
            "without" => request.without.push(self.text("the name of a header")?),
            "unmasked" => flaws.masking = Masking::Unmasked,
            "unfinished" => flaws.finish = Finish::More,
            "rsv1" => flaws.reserved |= 4,
            "rsv2" => flaws.reserved |= 2,
            "rsv3" => flaws.reserved |= 1,
            "length" => {
                flaws.length = match self.one_of("how many bits", &["16", "64"])? {
                    "16" => LengthForm::Bits16,
                    _ => LengthForm::Bits64,
                }
            }
            // The only word that is left.
            _ => flaws.announced = Some(self.number("a length")?),
        }
        Ok(())
    }
}

/// The options that have a meaning at some place.
#[derive(Clone, Copy)]
struct Takes(&'static [&'static str]);

impl Takes {
    const HELLO: Self =
        Self(&["tls", "sni", "no", "alpn", "certificate", "resuming", "records", "long", "pieces"]);
    const REQUEST: Self = Self(&["path", "header", "without", "pieces"]);
    const HELLO_AND_REQUEST: Self = Self(&[
        "tls",
        "sni",
        "no",
        "alpn",
        "certificate",
        "resuming",
        "records",
        "long",
        "pieces",
        "path",
        "header",
        "without",
    ]);
    const FRAME: Self = Self(&[
        "unmasked",
        "unfinished",
        "rsv1",
        "rsv2",
        "rsv3",
        "length",
        "announcing",
        "pieces",
        "cuts",
    ]);
    const HEADER: Self = Self(&["header"]);
    const CUT: Self = Self(&["pieces", "cuts"]);
}

#[derive(Default)]
struct Options {
    hello: Hello,
    request: Request,
    flaws: Flaws,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_lines(lines: &str) -> Result<Vec<Turn>, String> {
        let text = format!("'''{lines}'''");
        let source = Source::new("a.toml", text.clone());
        read(&source, 0..text.len()).map_err(|error| error.to_string())
    }

    fn act(line: &str) -> Act {
        let mut turns = read_lines(&format!("{line}\nclient is closed")).unwrap();
        turns.remove(0).act
    }

    #[test]
    fn a_line_is_what_it_says() {
        assert_eq!(
            act(r#"client 2 sends text "h\x69" x 2 with unmasked, rsv2, pieces of 3"#),
            Act::Client(
                2,
                ClientAct::SendsFrame(
                    Frame {
                        opcode: Opcode::Text,
                        payload: b"hihi".to_vec(),
                        flaws: Flaws {
                            reserved: 2,
                            masking: Masking::Unmasked,
                            ..Flaws::default()
                        },
                    },
                    Cut::Pieces(3),
                ),
            )
        );
        assert_eq!(
            act("target is reset within 12 s"),
            Act::Target(1, EndAct::IsLeft(Left { how: Some(LeftHow::Reset), within: 12 }))
        );
        assert_eq!(
            act("operator renews newer by symlink  # as certbot does"),
            Act::Operator(OperatorAct::Renews("newer".to_owned(), Renewal::BySymlink))
        );
        assert_eq!(
            act("operator waits until newer has expired"),
            Act::Operator(OperatorAct::WaitsForExpiry("newer".to_owned()))
        );
        assert_eq!(
            act("client 3 receives a server-hello"),
            Act::Client(3, ClientAct::ReceivesServerHello)
        );
        let Act::Client(1, ClientAct::SendsHello(hello, Amount::Whole)) =
            act("client sends a client-hello with sni ::1")
        else {
            panic!("a ClientHello")
        };
        assert_eq!(hello.name, ServerName::Address("::1".parse().unwrap()));
        let Act::Client(1, ClientAct::Handshakes(hello)) =
            act("client handshakes with tls 1.2, no sni, alpn h2 http/1.1, certificate mine")
        else {
            panic!("a handshake")
        };
        assert_eq!(hello.tls, Some(TlsVersion::Tls12));
        assert_eq!(hello.name, ServerName::None);
        assert_eq!(hello.alpn, ["h2", "http/1.1"]);
        assert_eq!(hello.certificate.as_deref(), Some("mine"));
    }

    #[test]
    fn a_word_without_a_meaning_is_told_with_its_place() {
        let error = read_lines("\nclient opens ws\nclient recieves close 1000\n").unwrap_err();
        assert!(error.starts_with("a.toml:3:8: `recieves` is not what a client does"), "{error}");
        assert!(error.ends_with("hint: did you mean `receives`?"), "{error}");
        let error = read_lines("client opens ws with unmasked").unwrap_err();
        assert!(error.contains("`unmasked` is not an option that has a meaning here"), "{error}");
        let error = read_lines("client receives close 1000 soon").unwrap_err();
        assert!(error.starts_with("a.toml:1:31: the line should end here"), "{error}");
        let error = read_lines("client sends \"a").unwrap_err();
        assert!(error.contains("the string has no end"), "{error}");
        let error = read_lines(r#"client sends "\q""#).unwrap_err();
        assert!(error.contains("this is no escape"), "{error}");
        let error = read_lines("client handshakes with sni 127.0.0.1").unwrap_err();
        assert!(error.contains("hint: client sends a client-hello with sni"), "{error}");
        let error = read_lines("operator waits until main is old").unwrap_err();
        assert!(error.contains("`is` is not `has`"), "{error}");
        let error = read_lines("client is closed within 4000 s").unwrap_err();
        assert!(error.contains("how many seconds is from 1 to 30"), "{error}");
    }

    #[test]
    fn a_dialogue_that_waits_for_nothing_asserts_nothing() {
        let error = read_lines("client connects\nclient sends \"x\"").unwrap_err();
        assert!(error.contains("waits for nothing"), "{error}");
        assert!(read_lines("# nobody").unwrap_err().contains("nobody says anything"));
    }

    proptest! {
        #[test]
        fn nothing_that_stands_in_a_dialogue_breaks_its_reader(line in r#"(client|target|operator) [ -~é"\\\n]{0,60}"#) {
            let _ = read_lines(&line.replace("'''", ""));
        }
    }
}
