//! What reads the bytes of strangers, each with what must hold whatever they are. For the fuzz targets (`proxy/fuzz`),
//! and tested here with bytes of chance.
#![allow(clippy::missing_panics_doc)]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::auth::Shown;
use crate::cli::Options;
use crate::http::{self, Site};
use crate::identity::IdentityFiles;
use crate::limits::Limits;
use crate::listen::Peer;
use crate::log::{Log, LogFormat, LogSink, Manner, Refusals, Verbosity};
use crate::settings::{Endpoint, Target};
use crate::target::{Destination, Listed};
use crate::websocket::{Decoder, Signal, Violation};
use crate::{proxy_protocol, token};

/// The first byte says how the others are cut.
fn cut(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    Some((usize::from(*first).max(1), rest))
}

#[derive(Debug, Default, PartialEq)]
struct Decoded {
    payload: Vec<u8>,
    signals: Vec<(u8, Vec<u8>)>,
    violation: Option<Violation>,
}

fn decoded(bytes: &[u8], piece: usize) -> Decoded {
    let mut decoder = Decoder::new();
    let mut all = Decoded::default();
    for piece in bytes.chunks(piece) {
        let mut piece = piece.to_vec();
        let result = decoder.decode(&mut piece, |signal| match signal {
            Signal::Ping(payload) => all.signals.push((9, payload.to_vec())),
            Signal::Close(payload) => all.signals.push((8, payload.to_vec())),
        });
        match result {
            Ok(payload) => all.payload.extend_from_slice(&piece[payload]),
            Err(violation) => {
                all.violation = Some(violation);
                return all;
            }
        }
    }
    all
}

/// Frames mean the same however they are cut. Payload in front of a violation is lost or not by where the cuts are.
pub fn frames(bytes: &[u8]) {
    let Some((piece, bytes)) = cut(bytes) else { return };
    let (whole, parts) = (decoded(bytes, bytes.len().max(1)), decoded(bytes, piece));
    assert_eq!((&whole.signals, whole.violation), (&parts.signals, parts.violation));
    match whole.violation {
        None => assert_eq!(whole.payload, parts.payload),
        Some(_) => assert!(parts.payload.len() <= bytes.len()),
    }
    assert!(whole.signals.iter().all(|(_, payload)| payload.len() <= 125));
}

/// A PROXY header ends at the same byte and names the same client however it comes.
pub fn proxy_header(bytes: &[u8]) {
    let Some((piece, bytes)) = cut(bytes) else { return };
    let whole = proxy_protocol::taken_from(bytes, bytes.len());
    assert_eq!(whole, proxy_protocol::taken_from(bytes, piece));
}

/// A target that a token file names is shown so that it is read again.
pub fn token_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for target in token::targets_in(&text) {
        let line = format!("t: {target}");
        // A path may have blanks at its ends, which a line has not.
        if line.lines().count() == 1 && line.trim() == line {
            assert_eq!(token::targets_in(&line), [target]);
        }
    }
}

/// A file of options is read, or an error with words.
pub fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Err(error) = Options::read_config(text)
    {
        assert!(!error.to_string().is_empty());
    }
}

/// A certificate's file, and a key's file behind the first zero byte, are loaded, or told what is wrong with them.
pub fn identity(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let mut files = Vec::new();
    for part in parts.by_ref() {
        let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
        if file.write_all(part).is_err() {
            return;
        }
        files.push(file);
    }
    let path = |index: usize| files.get(index).map(|file| file.path().to_owned());
    let Some(cert) = path(0) else { return };
    match (IdentityFiles { cert, key: path(1), password: None }).load() {
        Ok(identity) => assert!(!identity.certified.cert.is_empty()),
        Err(error) => {
            assert!(!error.reason().is_empty() && !error.openssl_words().is_empty());
            drop(error.mend());
        }
    }
}

/// What comes where a request should come is answered like HTTP or not at all, and a WebSocket only for who asked for
/// one; what follows its request is handed on to the last byte.
pub fn request(bytes: &[u8]) {
    let Some((piece, bytes)) = cut(bytes) else { return };
    // The clock stands still when there is something to do, so that no time limit is reached by chance.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let (answers, early) = runtime.block_on(exchange(bytes, piece));
    assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."), "{:?}", answers.escape_ascii());
    let granted = answers.windows(13).any(|bytes| bytes == b"HTTP/1.1 101 ");
    assert_eq!(granted, early.is_some());
    if let Some(early) = early {
        let lower = bytes.to_ascii_lowercase();
        let asks = |words: &[u8]| lower.windows(words.len()).any(|bytes| bytes == words);
        assert!(asks(b"sec-websocket-key") && asks(b"websocket"));
        assert!(bytes.ends_with(&early), "bytes behind the request are lost");
        let head = &bytes[..bytes.len() - early.len()];
        assert!(head.ends_with(b"\n"), "the head ends with an empty line");
    }
}

/// Sends the bytes and ends; what is answered, and what came behind the request of a session, if there is one.
async fn exchange(bytes: &[u8], piece: usize) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let site = site();
    let peer = Peer::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    let serve = async {
        let mut upgraded = http::serve(&site, server, peer, &Shown::Plain).await?;
        let mut early = upgraded.early.to_vec();
        // What hyper had not read.
        let _ = upgraded.stream.read_to_end(&mut early).await;
        Some(early)
    };
    let mut answers = Vec::new();
    let speak = async {
        for piece in bytes.chunks(piece) {
            if client.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = client.shutdown().await;
        let _ = client.read_to_end(&mut answers).await;
    };
    let (early, ()) = tokio::join!(serve, speak);
    (answers, early)
}

fn site() -> Arc<Site> {
    let manner = Manner {
        verbosity: Verbosity::Normal,
        format: LogFormat::Text,
        refusals: Refusals::Counted,
    };
    let log =
        Log::open(&LogSink::callback(|_| {}), manner, None).expect("a callback opens nothing");
    let limits = Limits::default();
    Arc::new(Site {
        gate: None,
        web: None,
        log: Arc::new(log),
        destination: Arc::new(Destination {
            listed: Listed::One(Target::Tcp(Endpoint::new("127.0.0.1", 1))),
            tls: None,
            limit: limits.target,
        }),
        limits,
    })
}

/// The seeds in a folder of `proxy/fuzz/seeds`: a file for each.
#[cfg(test)]
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| unescaped(file)).collect()
}

/// Seeds are text, with `\\xNN`, `\\r` and `\\n` for what is none, and may have line ends anywhere.
pub fn unescaped(file: &Path) -> Vec<u8> {
    let text = std::fs::read_to_string(file).expect("a seed");
    let mut bytes = Vec::new();
    let mut rest = text.replace('\n', "");
    while let Some(first) = rest.chars().next() {
        let (byte, length) = match rest.get(..2) {
            Some("\\x") => (u8::from_str_radix(&rest[2..4], 16).expect("two digits"), 4),
            Some("\\r") => (b'\r', 2),
            Some("\\n") => (b'\n', 2),
            Some("\\\\") => (b'\\', 2),
            _ => (u8::try_from(first).expect("a character of ASCII"), first.len_utf8()),
        };
        bytes.push(byte);
        rest.drain(..length);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Target = fn(&[u8]);

    const TARGETS: [(&str, Target); 6] = [
        ("frames", frames),
        ("proxy_header", proxy_header),
        ("token_file", token_file),
        ("config", config),
        ("identity", identity),
        ("request", request),
    ];

    #[test]
    fn all_seeds_hold() {
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            assert!(!seeds.is_empty(), "{name} has no seed");
            seeds.iter().for_each(|seed| target(seed));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A seed with some bytes changed, taken out or put in.
        #[test]
        fn what_holds_for_a_seed_holds_for_what_is_like_it(
            target in 0..TARGETS.len(),
            seed in any::<prop::sample::Index>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<Option<u8>>(), any::<bool>()), 0..8),
        ) {
            let (name, target) = TARGETS[target];
            let seeds = seeds(name);
            let mut bytes = seed.get(&seeds).clone();
            for (place, byte, replace) in edits {
                if bytes.is_empty() { break }
                let at = place.index(bytes.len());
                match (byte, replace) {
                    (None, _) => { bytes.remove(at); }
                    (Some(byte), true) => bytes[at] = byte,
                    (Some(byte), false) => bytes.insert(at, byte),
                }
            }
            target(&bytes);
        }

        #[test]
        fn it_holds_for_bytes_of_chance(
            target in 0..TARGETS.len(),
            bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            TARGETS[target].1(&bytes);
        }
    }
}
