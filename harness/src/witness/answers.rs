//! The HTTP/1.1 answers among the bytes that a server sent (RFC 9112).

use httparse::{EMPTY_HEADER, Header, Request, Response, Status, parse_chunk_size};

use crate::observation::Answer;

const HEADERS: usize = 128;

/// Every final answer, in order. What is no HTTP/1.1, and what follows an upgrade, is left out.
pub(super) fn answers(asked: &[u8], said: &[u8]) -> Vec<Answer> {
    let mut asked_with_head = heads_only(asked).into_iter();
    let mut answers = Vec::new();
    let mut rest = said;
    loop {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut response = Response::new(&mut headers);
        let Ok(Status::Complete(head)) = response.parse(rest) else { return answers };
        let (Some(status), Some(after)) = (response.code, rest.get(head..)) else { return answers };
        if is_interim(status) {
            rest = after;
            continue;
        }
        let without_body =
            asked_with_head.next() == Some(Asked::HeadOnly) || matches!(status, 101 | 204 | 304);
        let extent = match extent(response.headers) {
            _ if without_body => Extent::Nothing,
            Extent::Unsaid => Extent::Everything,
            said => said,
        };
        let (body, after) = take(extent, after);
        answers.push(Answer::new(status, value(response.headers, "content-type"), &body));
        if status == 101 {
            return answers;
        }
        rest = after;
    }
}

/// An answer that announces another (RFC 9110 section 15.2); 101 is the last of its protocol instead.
fn is_interim(status: u16) -> bool {
    (100..200).contains(&status) && status != 101
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// HEAD, whose answer has no body whatever its headers say (RFC 9110 section 9.3.2).
    HeadOnly,
    Everything,
}

fn heads_only(asked: &[u8]) -> Vec<Asked> {
    let mut requests = Vec::new();
    let mut rest = asked;
    loop {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut request = Request::new(&mut headers);
        let Ok(Status::Complete(head)) = request.parse(rest) else { return requests };
        let Some(after) = rest.get(head..) else { return requests };
        let head_only = request.method == Some("HEAD");
        requests.push(if head_only { Asked::HeadOnly } else { Asked::Everything });
        rest = take(extent(request.headers), after).1;
    }
}

/// How far a body goes (RFC 9112 section 6.3).
#[derive(Clone, Copy)]
enum Extent {
    Nothing,
    /// So many bytes.
    Length(usize),
    Chunked,
    /// No header says: none for a request, to the connection's end for an answer.
    Unsaid,
    Everything,
}

fn extent(headers: &[Header<'_>]) -> Extent {
    let chunked = value(headers, "transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    if chunked {
        return Extent::Chunked;
    }
    value(headers, "content-length")
        .and_then(|value| value.trim().parse().ok())
        .map_or(Extent::Unsaid, Extent::Length)
}

/// The body, as far as it is there, and what comes after it.
fn take(extent: Extent, bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    match extent {
        Extent::Nothing | Extent::Unsaid => (Vec::new(), bytes),
        Extent::Everything => (bytes.to_vec(), &[]),
        Extent::Length(length) => {
            let (body, rest) = bytes.split_at(length.min(bytes.len()));
            (body.to_vec(), rest)
        }
        Extent::Chunked => chunks(bytes),
    }
}

fn chunks(mut bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    while let Ok(Status::Complete((head, length))) = parse_chunk_size(bytes) {
        let after = bytes.get(head..).unwrap_or_default();
        if length == 0 {
            return (body, after_trailers(after));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(after.len());
        let (chunk, rest) = after.split_at(length);
        body.extend_from_slice(chunk);
        bytes = rest.strip_prefix(b"\r\n").unwrap_or_default();
    }
    (body, &[])
}

fn after_trailers(bytes: &[u8]) -> &[u8] {
    let mut headers = [EMPTY_HEADER; HEADERS];
    match httparse::parse_headers(bytes, &mut headers) {
        Ok(Status::Complete((length, _))) => bytes.get(length..).unwrap_or_default(),
        _ => &[],
    }
}

fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(header.value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statuses(asked: &str, said: &str) -> Vec<u16> {
        answers(asked.as_bytes(), said.as_bytes()).into_iter().map(|answer| answer.status).collect()
    }

    #[test]
    fn each_answer_ends_where_it_says() {
        let said = "HTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 304 Not Modified\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\n\r\n\
            HTTP/1.0 404 Not Found\r\n\r\nHTTP/1.1 500 no answer but a body\r\n\r\n";
        assert_eq!(statuses("", said), [200, 304, 200, 404]);
        let first = answers(b"", said.as_bytes()).remove(0);
        assert_eq!(first, Answer::new(200, Some("text/html"), b""));
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let asked = "HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        let said = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n";
        assert_eq!(statuses(asked, said), [200, 404]);
    }

    #[test]
    fn after_an_upgrade_there_is_no_http() {
        let said = "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        assert_eq!(statuses("", said), [101]);
    }

    #[test]
    fn a_key_is_found_across_chunks() {
        let said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            15\r\n-----BEGIN PRIVATE KE\r\n6\r\nY-----\r\n0\r\n\r\n";
        assert!(answers(b"", said)[0].holds_private_key);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            asked in proptest::collection::vec(any::<u8>(), 0..100),
            body in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            answers(&asked, &[head, &body[..]].concat());
            answers(&body, &asked);
        }
    }
}
