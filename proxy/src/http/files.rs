//! The web folder (`--web`): its files and folders, nothing outside it, and no private keys.

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::conditions::Version;
use super::file_answer::{PART, WebFile};
use super::media_type::media_type;
use super::secret::{OwnFile, ProtectedFiles, Scanner};
use super::{Body, page};
use crate::event::{ClientEvent, Event};
use crate::listen::Peer;
use crate::log::Log;
use crate::settings::DirectoryListing;

/// What stands for a folder.
const INDEX: [&str; 2] = ["index.html", "index.htm"];

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
    File(WebFile),
    Listing(Vec<String>),
    /// A folder that was asked for without the slash at its end.
    Folder,
    /// A private key, and how it was recognised.
    Key(&'static str),
    /// What the proxy itself works with.
    Own(OwnFile),
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
            Ok(Found::File(file)) => file.answer(request.method(), request.headers()),
            Ok(Found::Listing(names)) => listing(path, &names),
            Ok(Found::Folder) => moved(path, request.uri().query()),
            Ok(Found::Own(file)) => {
                let event = ClientEvent::OwnFileNotServed { path: path.to_owned(), file };
                log.tell(&Event::Client(peer, event));
                page::error(
                    StatusCode::FORBIDDEN,
                    "This file is the proxy's own, and never served.",
                )
            }
            Ok(Found::Key(secret)) => {
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
                let about = self.folder.metadata(place)?;
                if let Some(own) = self.protected.find(about.dev(), about.ino()) {
                    return Ok(Found::Own(own));
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
        match self.protected.find(about.dev(), about.ino()) {
            Some(OwnFile::Key) => return Ok(Found::Key("the key of this proxy")),
            Some(own) => return Ok(Found::Own(own)),
            None => {}
        }
        let modified = about.modified().ok().map(cap_std::time::SystemTime::into_std);
        let mut file = file.into_std();
        let mut scanner = Scanner::default();
        let mut contents = digest::Context::new(&digest::SHA256);
        let mut part = vec![0; PART];
        let mut length = 0;
        loop {
            match file.read(&mut part)? {
                0 => break,
                count => {
                    length += count as u64;
                    contents.update(&part[..count]);
                    if let Some(secret) = scanner.feed(&part[..count]) {
                        return Ok(Found::Key(secret));
                    }
                }
            }
        }
        file.rewind()?;
        let version = Version::new(&contents.finish(), modified);
        Ok(Found::File(WebFile { file, media_type: media_type(name), length, version }))
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
