//! The web folder (`--web`): its files and folders, nothing outside it, and no private keys.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use tokio::io::{AsyncRead, ReadBuf};

use super::secret::{ProtectedFiles, Scanner};
use super::{Body, page};
use crate::event::{ClientEvent, Event};
use crate::listen::Peer;
use crate::log::Log;
use crate::settings::DirectoryListing;

/// What stands for a folder.
const INDEX: [&str; 2] = ["index.html", "index.htm"];

/// Bytes read at a time.
const PART: usize = 64 * 1024;

/// What cannot stand in a path of a URL, or would be read as something else.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A folder whose files are served.
#[derive(Clone)]
pub(crate) struct WebFolder {
    /// The folder as an open handle: paths are resolved below it, and neither `..` nor a link leads out of it.
    folder: Arc<Dir>,
    listing: DirectoryListing,
    protected: ProtectedFiles,
}

/// What was found at a path.
enum Found {
    File {
        file: File,
        name: PathBuf,
        length: u64,
        modified: Option<SystemTime>,
    },
    Listing(Vec<String>),
    /// A folder that was asked for without the slash at its end.
    Folder,
    Secret(&'static str),
}

impl WebFolder {
    /// Opens the folder.
    pub(crate) fn open(
        path: &Path,
        listing: DirectoryListing,
        protected: ProtectedFiles,
    ) -> io::Result<Self> {
        let folder = Arc::new(Dir::open_ambient_dir(path, ambient_authority())?);
        Ok(Self { folder, listing, protected })
    }

    /// Answers GET and HEAD.
    pub(super) async fn answer<B>(
        &self,
        request: &Request<B>,
        log: &Log,
        peer: Peer,
    ) -> Response<Body> {
        let path = request.uri().path();
        let Some(place) = place(path) else { return not_found() };
        let slash = if path.ends_with('/') { Slash::There } else { Slash::Missing };
        let this = self.clone();
        let found = tokio::task::spawn_blocking(move || this.find(&place, slash)).await;
        match found.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())) {
            Ok(Found::File { file, name, length, modified }) => {
                send(request.headers(), file, &name, length, modified)
            }
            Ok(Found::Listing(names)) => listing(path, &names),
            Ok(Found::Folder) => moved(path, request.uri().query()),
            Ok(Found::Secret(secret)) => {
                log.tell(&Event::Client(
                    peer,
                    ClientEvent::KeyNotServed { path: path.to_owned(), secret },
                ));
                page::error(
                    StatusCode::FORBIDDEN,
                    "This file holds a private key, and a private key is never served. Who runs this proxy should move \
                     it out of the web folder.",
                )
            }
            Err(_) => not_found(),
        }
    }

    fn find(&self, place: &Path, slash: Slash) -> io::Result<Found> {
        match self.open_file(place)? {
            Some(file) if slash == Slash::Missing => self.judge(file, place),
            Some(_) => Err(io::ErrorKind::NotFound.into()),
            None if slash == Slash::Missing => Ok(Found::Folder),
            None => {
                for index in INDEX {
                    let index = place.join(index);
                    if let Ok(Some(file)) = self.open_file(&index) {
                        return self.judge(file, &index);
                    }
                }
                match self.listing {
                    DirectoryListing::Shown => Ok(Found::Listing(self.names(place)?)),
                    DirectoryListing::Hidden => Err(io::ErrorKind::NotFound.into()),
                }
            }
        }
    }

    /// Opens a regular file; `None` if it is a folder.
    fn open_file(&self, place: &Path) -> io::Result<Option<cap_std::fs::File>> {
        // Opening a FIFO would otherwise wait for somebody to write to it.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = self
            .folder
            .open_with(place, OpenOptions::new().read(true).custom_flags(nonblocking))?;
        match file.metadata()? {
            kind if kind.is_file() => Ok(Some(file)),
            kind if kind.is_dir() => Ok(None),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn judge(&self, file: cap_std::fs::File, name: &Path) -> io::Result<Found> {
        let about = file.metadata()?;
        if self.protected.contain(about.dev(), about.ino()) {
            return Ok(Found::Secret("the key of this proxy"));
        }
        let modified = about.modified().ok().map(cap_std::time::SystemTime::into_std);
        let mut file = file.into_std();
        let mut scanner = Scanner::default();
        let mut part = vec![0; PART];
        let mut length = 0;
        loop {
            match file.read(&mut part)? {
                0 => break,
                count => {
                    length += count as u64;
                    if let Some(secret) = scanner.feed(&part[..count]) {
                        return Ok(Found::Secret(secret));
                    }
                }
            }
        }
        file.rewind()?;
        Ok(Found::File { file, name: name.to_owned(), length, modified })
    }

    fn names(&self, place: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.folder.read_dir(place)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let folder = self
                .folder
                .metadata(place.join(entry.file_name()))
                .is_ok_and(|about| about.is_dir());
            names.push(if folder { name + "/" } else { name });
        }
        names.sort_by_key(|name| name.to_lowercase());
        Ok(names)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    There,
    Missing,
}

/// The place below the folder that a URL's path means. `..` means none: browsers resolve it themselves.
fn place(path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut place = PathBuf::from(".");
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." || part.contains(['\\', '\0']) {
            return None;
        }
        place.push(part);
    }
    Some(place)
}

fn not_found() -> Response<Body> {
    page::error(StatusCode::NOT_FOUND, "There is no such file.")
}

fn moved(path: &str, query: Option<&str>) -> Response<Body> {
    // One slash at the beginning: two would name another host.
    let mut location = format!("/{}/", path.trim_start_matches('/'));
    if let Some(query) = query {
        location = location + "?" + query;
    }
    match HeaderValue::from_str(&location) {
        Ok(location) => {
            let mut response = page::error(StatusCode::MOVED_PERMANENTLY, "This is a folder.");
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Err(_) => not_found(),
    }
}

fn listing(path: &str, names: &[String]) -> Response<Body> {
    let title = format!("Directory listing for {}", percent_decode_str(path).decode_utf8_lossy());
    let mut body = format!("<h1>{}</h1>\n<ul>\n", page::escape(&title));
    for name in names {
        // "./" before it: a name may look like a scheme.
        let link = utf8_percent_encode(name, PATH).to_string();
        body +=
            &format!("<li><a href=\"./{}\">{}</a></li>\n", page::escape(&link), page::escape(name));
    }
    page::html(StatusCode::OK, &title, &(body + "</ul>\n"))
}

fn send(
    headers: &http::HeaderMap,
    file: File,
    name: &Path,
    length: u64,
    modified: Option<SystemTime>,
) -> Response<Body> {
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())
        .map(httpdate::HttpDate::from);
    let modified = modified.map(httpdate::HttpDate::from);
    let mut response = if since.is_some() && modified.is_some() && modified <= since {
        let mut response = Response::new(page::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let file = tokio::fs::File::from_std(file);
        Response::new(FileBody { file, left: length, scanner: Scanner::default() }.boxed_unsync())
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(modified) = modified.and_then(|time| HeaderValue::from_str(&time.to_string()).ok())
    {
        headers.insert(header::LAST_MODIFIED, modified);
    }
    response
}

/// A file that is being sent. It is scanned again: it may have changed since it was judged.
struct FileBody {
    file: tokio::fs::File,
    left: u64,
    scanner: Scanner,
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
        let mut part = vec![0; PART.min(usize::try_from(this.left).unwrap_or(PART))];
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
        this.left -= count as u64;
        Poll::Ready(Some(Ok(Frame::data(part.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The media type of a file, by the end of its name.
fn media_type(name: &Path) -> &'static str {
    let end =
        name.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "log" | "md" => "text/plain; charset=utf-8",
        "xml" => "text/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "oga" | "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        // Starts the import of a certificate on iOS and in browsers.
        "crt" | "cer" | "pem" | "der" => "application/x-x509-ca-cert",
        "mobileconfig" => "application/x-apple-aspen-config",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_folder() {
        assert_eq!(place("/a/b%20c"), Some(PathBuf::from("./a/b c")));
        assert_eq!(place("//a/./b/"), Some(PathBuf::from("./a/b")));
        for path in ["/..", "/a/../b", "/%2e%2e/x", "/..%2fx", "/a%5c..%5cb", "/a%00b", "/%ff"] {
            assert_eq!(place(path), None, "{path}");
        }
    }

    #[test]
    fn a_redirect_stays_on_this_host() {
        assert_eq!(moved("//evil.example", None).headers()["location"], "/evil.example/");
        assert_eq!(moved("/a%20b", Some("q")).headers()["location"], "/a%20b/?q");
    }
}
