//! The answer with a file, or a part of it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

use super::conditions::{Version, Wanted};
use super::secret::Scanner;
use super::{Body, page};

/// Bytes read at a time.
pub(super) const PART: usize = 64 * 1024;

/// A file that may be sent.
pub(super) struct WebFile {
    /// At its beginning.
    pub(super) file: File,
    pub(super) media_type: &'static str,
    pub(super) length: u64,
    pub(super) version: Version,
}

impl WebFile {
    /// Answers GET and HEAD.
    pub(super) fn answer(self, method: &Method, headers: &HeaderMap) -> Response<Body> {
        let Self { file, media_type, length, version } = self;
        let (status, part, range) = match version.wanted(method, headers, length) {
            Wanted::Whole => (StatusCode::OK, Some(0..length), None),
            Wanted::Part(part) => {
                let last = part.end.saturating_sub(1);
                let range = format!("bytes {}-{last}/{length}", part.start);
                (StatusCode::PARTIAL_CONTENT, Some(part), Some(range))
            }
            Wanted::NoSuchPart => {
                (StatusCode::RANGE_NOT_SATISFIABLE, None, Some(format!("bytes */{length}")))
            }
            Wanted::Unchanged => (StatusCode::NOT_MODIFIED, None, None),
        };
        let mut response = match part {
            Some(part) => Response::new(FileBody::new(file, part).boxed_unsync()),
            None => Response::new(page::empty()),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.extend(version.headers());
        if let Some(range) = range.and_then(|range| HeaderValue::from_str(&range).ok()) {
            headers.insert(header::CONTENT_RANGE, range);
        }
        response
    }
}

/// A file that is being sent. It is scanned again from its beginning, whichever part is sent: it may have changed since
/// it was judged.
struct FileBody {
    file: tokio::fs::File,
    /// Bytes before the part that is sent.
    before: u64,
    /// Bytes still to send.
    left: u64,
    scanner: Scanner,
}

impl FileBody {
    fn new(file: File, part: Range<u64>) -> Self {
        let left = part.end.saturating_sub(part.start);
        let file = tokio::fs::File::from_std(file);
        Self { file, before: part.start, left, scanner: Scanner::default() }
    }
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        loop {
            let most = if this.before > 0 { this.before } else { this.left };
            let mut part = vec![0; PART.min(usize::try_from(most).unwrap_or(PART))];
            let mut buffer = ReadBuf::new(&mut part);
            ready!(Pin::new(&mut this.file).poll_read(cx, &mut buffer))?;
            let count = buffer.filled().len();
            if count == 0 {
                return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
            }
            part.truncate(count);
            if this.scanner.feed(&part).is_some() {
                return Poll::Ready(Some(Err(io::ErrorKind::PermissionDenied.into())));
            }
            if this.before > 0 {
                this.before -= count as u64;
                continue;
            }
            this.left -= count as u64;
            return Poll::Ready(Some(Ok(Frame::data(part.into()))));
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
