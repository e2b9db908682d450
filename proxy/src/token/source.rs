//! The file or folder with the tokens.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use http::Request;

use super::list::{BadLine, List};
use super::{NoTarget, TokenPlugin, Tokens, token};
use crate::event::cause;
use crate::settings::Target;
use crate::text_file;

/// A token source that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the token source {} cannot be read: {}", path.display(), cause(error))]
pub struct TokenSourceError {
    path: PathBuf,
    error: io::Error,
}

/// Looks tokens up.
#[derive(Debug)]
pub(crate) struct TokenTargets {
    tokens: Tokens,
    /// What was read once, for the plugin that reads once.
    read: Option<Arc<List>>,
}

impl TokenTargets {
    /// Sees whether the source can be read, and reads it if it is read once.
    ///
    /// Returned beside is the first line that cannot be read.
    pub(crate) fn open(tokens: &Tokens) -> Result<(Self, Option<BadLine>), TokenSourceError> {
        let failed = |error| TokenSourceError { path: tokens.source.clone(), error };
        let (read, bad) = match tokens.plugin {
            TokenPlugin::ReadOnlyTokenFile => {
                let list = lists(&tokens.source)?;
                let bad = list.bad.clone();
                (Some(Arc::new(list)), bad)
            }
            TokenPlugin::TokenFile => (None, lists(&tokens.source)?.bad),
            TokenPlugin::TokenFileName | TokenPlugin::UnixDomainSocketDirectory => {
                fs::read_dir(&tokens.source).map_err(failed)?;
                (None, None)
            }
        };
        Ok((Self { tokens: tokens.clone(), read }, bad))
    }

    /// How and where it looks.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The target of a request.
    pub(crate) async fn of<B>(&self, request: &Request<B>) -> Result<Target, NoTarget> {
        let token = token(request, self.tokens.from).ok_or(NoTarget::NoToken(self.tokens.from))?;
        let (plugin, source) = (self.tokens.plugin, self.tokens.source.clone());
        let read = self.read.clone();
        // A file system may be slow, and others are served meanwhile.
        let found = tokio::task::spawn_blocking(move || find(plugin, &source, read, &token)).await;
        found.unwrap_or_else(|error| Err(NoTarget::Source(self.failed(io::Error::other(error)))))
    }

    fn failed(&self, error: io::Error) -> TokenSourceError {
        TokenSourceError { path: self.tokens.source.clone(), error }
    }
}

fn find(
    plugin: TokenPlugin,
    source: &Path,
    read: Option<Arc<List>>,
    token: &str,
) -> Result<Target, NoTarget> {
    let not_found = |bad| NoTarget::NotFound { source: source.to_owned(), bad };
    match plugin {
        TokenPlugin::ReadOnlyTokenFile | TokenPlugin::TokenFile => {
            let list = match read {
                Some(list) => list,
                None => Arc::new(lists(source).map_err(NoTarget::Source)?),
            };
            list.find(token).cloned().ok_or_else(|| not_found(list.bad.clone()))
        }
        TokenPlugin::TokenFileName => {
            let file = entry(source, token).ok_or_else(|| not_found(None))?;
            // The file is called as the token is, which is for no log: the folder is told.
            let of_source =
                |error| NoTarget::Source(TokenSourceError { path: source.to_owned(), error });
            let text = match read_text(&file) {
                Ok(text) => text,
                Err(error) if is_absent(&error.error) => return Err(not_found(None)),
                Err(error) => return Err(of_source(error.error)),
            };
            super::target(text.trim()).map_err(|why| {
                of_source(io::Error::other(format!("a token's file should hold HOST:PORT: {why}")))
            })
        }
        TokenPlugin::UnixDomainSocketDirectory => {
            let socket = entry(source, token).ok_or_else(|| not_found(None))?;
            let is_socket = fs::metadata(&socket).is_ok_and(|it| it.file_type().is_socket());
            if is_socket { Ok(Target::Unix(socket)) } else { Err(not_found(None)) }
        }
    }
}

/// What is in the folder under that name; a token that is more than a name is none.
fn entry(folder: &Path, token: &str) -> Option<PathBuf> {
    let mut parts = Path::new(token).components();
    let is_name = matches!(parts.next(), Some(Component::Normal(name)) if name == token)
        && parts.next().is_none()
        && !token.contains('\0');
    is_name.then(|| folder.join(token))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidFilename
    )
}

/// A file's lines, or those of each file of a folder, in the order of their names.
fn lists(source: &Path) -> Result<List, TokenSourceError> {
    let failed = |error| TokenSourceError { path: source.to_owned(), error };
    let mut list = List::default();
    if !fs::metadata(source).map_err(failed)?.is_dir() {
        list.add(source, &read_text(source)?);
        return Ok(list);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(source).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    for file in files {
        list.add(&file, &read_text(&file)?);
    }
    Ok(list)
}

fn read_text(path: &Path) -> Result<String, TokenSourceError> {
    text_file::read(path).map_err(|error| TokenSourceError { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenFrom;

    fn open(plugin: TokenPlugin, source: &Path) -> TokenTargets {
        let from = TokenFrom::Query;
        TokenTargets::open(&Tokens { plugin, source: source.to_owned(), from }).unwrap().0
    }

    async fn target(targets: &TokenTargets, token: &str) -> Result<String, String> {
        let request = Request::get(format!("/?token={token}")).body(()).unwrap();
        let target = targets.of(&request).await;
        target.map(|target| target.to_string()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_file_is_read_once_or_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        fs::write(&file, "a: h:1\n").unwrap();
        let once = open(TokenPlugin::ReadOnlyTokenFile, &file);
        let always = open(TokenPlugin::TokenFile, &file);
        fs::write(&file, "a: h:2\n").unwrap();
        assert_eq!(target(&once, "a").await.unwrap(), "h:1");
        assert_eq!(target(&always, "a").await.unwrap(), "h:2");
        fs::remove_file(&file).unwrap();
        assert_eq!(target(&once, "a").await.unwrap(), "h:1");
        let error = target(&always, "a").await.unwrap_err();
        assert!(error.ends_with("tokens cannot be read: No such file or directory"), "{error}");
    }

    #[tokio::test]
    async fn the_files_of_a_folder_are_read_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("y"), "b: h:3\na: h:2\n").unwrap();
        fs::write(folder.path().join("x"), "a: h:1\n").unwrap();
        fs::create_dir(folder.path().join("z")).unwrap();
        let targets = open(TokenPlugin::TokenFile, folder.path());
        assert_eq!(target(&targets, "a").await.unwrap(), "h:2");
        assert_eq!(target(&targets, "b").await.unwrap(), "h:3");
    }

    #[tokio::test]
    async fn a_token_that_is_a_file_s_name_stays_in_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("tokens");
        fs::create_dir(&folder).unwrap();
        fs::write(outside.path().join("other"), "h:9\n").unwrap();
        fs::write(folder.join("one"), "h:1\n").unwrap();
        fs::write(folder.join("bad"), "nowhere\n").unwrap();
        let targets = open(TokenPlugin::TokenFileName, &folder);
        assert_eq!(target(&targets, "one").await.unwrap(), "h:1");
        for outside in ["..%2Fother", "..", ".", "%2Fetc%2Fpasswd", "one%2F", "o%00ne", "none"] {
            let error = target(&targets, outside).await.unwrap_err();
            assert!(error.starts_with("Token not found in "), "{outside}: {error}");
        }
        let error = target(&targets, "bad").await.unwrap_err();
        assert!(
            error.contains("/tokens cannot be read: a token's file should hold HOST:PORT"),
            "{error}"
        );
        assert!(!error.contains("bad"), "{error}");
    }

    #[tokio::test]
    async fn a_token_that_is_a_socket_s_name_is_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("desk")).unwrap();
        fs::write(folder.path().join("file"), "h:1").unwrap();
        let targets = open(TokenPlugin::UnixDomainSocketDirectory, folder.path());
        let found = target(&targets, "desk").await.unwrap();
        assert!(found.starts_with("unix_socket:/") && found.ends_with("/desk"), "{found}");
        assert!(target(&targets, "file").await.is_err());
    }

    #[test]
    fn a_source_that_is_not_there_ends_the_start() {
        for plugin in TokenPlugin::ALL {
            let source = PathBuf::from("/nonexistent/tokens");
            let opened = TokenTargets::open(&Tokens { plugin, source, from: TokenFrom::Query });
            let error = opened.unwrap_err().to_string();
            assert_eq!(
                error,
                "the token source /nonexistent/tokens cannot be read: No such file or directory"
            );
        }
    }
}
