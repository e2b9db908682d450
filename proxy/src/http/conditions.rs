//! What a request for a file asks for: all of it, a part (RFC 9110 section 14), or only what has changed (section 13).

use std::ops::Range;
use std::time::SystemTime;

use aws_lc_rs::digest::Digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use http_range_header::parse_range_header;
use httpdate::HttpDate;

/// What tells one state of a file from another.
pub(super) struct Version {
    /// A strong one: by the contents.
    etag: String,
    modified: Option<HttpDate>,
}

/// What is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    /// These bytes, which there are.
    Part(Range<u64>),
    /// A part that there is not.
    NoSuchPart,
    /// Nothing: the client has it.
    Unchanged,
}

impl Version {
    /// By the digest of the contents.
    pub(super) fn new(contents: &Digest, modified: Option<SystemTime>) -> Self {
        // As much as nobody meets twice.
        let contents = contents.as_ref().iter().copied().take(16).collect::<Vec<u8>>();
        Self {
            etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(contents)),
            modified: modified.map(HttpDate::from),
        }
    }

    /// The headers that tell it.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let modified = self.modified.map(|time| (header::LAST_MODIFIED, time.to_string()));
        let etag = Some((header::ETAG, self.etag.clone()));
        let headers = [etag, modified].into_iter().flatten();
        headers.filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
    }

    /// What a request wants of a file of this version and length. In the order of RFC 9110 section 13.2.2.
    pub(super) fn wanted(&self, method: &Method, headers: &HeaderMap, length: u64) -> Wanted {
        let unchanged = match headers.get(header::IF_NONE_MATCH) {
            Some(_) => headers
                .get_all(header::IF_NONE_MATCH)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == self.etag),
            None => match (date(headers, header::IF_MODIFIED_SINCE), self.modified) {
                (Some(since), Some(modified)) => modified <= since,
                _ => false,
            },
        };
        if unchanged {
            return Wanted::Unchanged;
        }
        match headers.get(header::RANGE).and_then(|range| range.to_str().ok()) {
            Some(range) if method == Method::GET && self.is_that_of(headers) => part(range, length),
            _ => Wanted::Whole,
        }
    }

    /// Whether it is the version that the client has a part of (`If-Range`).
    fn is_that_of(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::IF_RANGE) {
            None => true,
            Some(tag) if tag.as_bytes().ends_with(b"\"") => tag == self.etag.as_str(),
            // One that changes twice in a second is taken for the same; browsers send the tag.
            Some(_) => self.modified.is_some() && date(headers, header::IF_RANGE) == self.modified,
        }
    }
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<HttpDate> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// A range of bytes, if it is one: what is not understood, and several at once, are answered with the whole
/// (section 14.2).
fn part(range: &str, length: u64) -> Wanted {
    let Ok(parsed) = parse_range_header(range) else { return Wanted::Whole };
    if parsed.len() != 1 {
        return Wanted::Whole;
    }
    match parsed.validate(length).as_deref() {
        Ok([range]) => Wanted::Part(*range.start()..range.end().saturating_add(1)),
        Ok(_) => Wanted::Whole,
        Err(_) => Wanted::NoSuchPart,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    /// What a request with these headers wants of ten bytes; `ETAG` stands for the tag of them.
    fn wanted(lines: &[(HeaderName, &str)]) -> Wanted {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(86_400_500);
        let version = Version::new(&digest(&SHA256, b"contents"), Some(modified));
        let lines = lines.iter().map(|(name, value)| {
            (name.clone(), value.replace("ETAG", &version.etag).parse().unwrap())
        });
        version.wanted(&Method::GET, &lines.collect(), 10)
    }

    const AT: &str = "Fri, 02 Jan 1970 00:00:00 GMT";
    const BEFORE: &str = "Thu, 01 Jan 1970 23:59:59 GMT";

    /// The examples of section 14.1.2, and their edges.
    #[test]
    fn a_part_is_what_there_is_of_it() {
        for (range, expected) in [
            ("bytes=0-4", Wanted::Part(0..5)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=9-99999999999", Wanted::Part(9..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::NoSuchPart),
            ("bytes=10-11", Wanted::NoSuchPart),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=18446744073709551616-", Wanted::NoSuchPart),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("lines=0-4", Wanted::Whole),
        ] {
            assert_eq!(wanted(&[(header::RANGE, range)]), expected, "{range}");
        }
        assert_eq!(part("bytes=-1", 0), Wanted::Whole);
        assert_eq!(part("bytes=0-", 0), Wanted::NoSuchPart);
    }

    #[test]
    fn what_the_client_has_is_not_sent() {
        for (header, value, expected) in [
            (header::IF_NONE_MATCH, "ETAG", Wanted::Unchanged),
            (header::IF_NONE_MATCH, "\"x\", W/ETAG", Wanted::Unchanged),
            (header::IF_NONE_MATCH, "*", Wanted::Unchanged),
            (header::IF_NONE_MATCH, "\"x\"", Wanted::Whole),
            (header::IF_MODIFIED_SINCE, AT, Wanted::Unchanged),
            (header::IF_MODIFIED_SINCE, BEFORE, Wanted::Whole),
            (header::IF_MODIFIED_SINCE, "yesterday", Wanted::Whole),
        ] {
            assert_eq!(wanted(&[(header.clone(), value)]), expected, "{header}: {value}");
        }
        let both = [(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, AT)];
        assert_eq!(wanted(&both), Wanted::Whole);
    }

    #[test]
    fn a_part_of_another_version_is_the_whole() {
        for (of, expected) in [
            ("ETAG", Wanted::Part(2..4)),
            (AT, Wanted::Part(2..4)),
            ("W/ETAG", Wanted::Whole),
            ("\"x\"", Wanted::Whole),
            (BEFORE, Wanted::Whole),
        ] {
            let lines = [(header::RANGE, "bytes=2-3"), (header::IF_RANGE, of)];
            assert_eq!(wanted(&lines), expected, "{of}");
        }
    }
}
