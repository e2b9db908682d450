//! Tokens in files and folders.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::list::{BadLine, List};
use super::refusal::{NoTarget, TokenSourceError};
use super::source::{ListRead, TokenSource};
use super::target_text::target;
use crate::settings::Target;
use crate::text_file;

/// Tokens and their targets in the file system.
#[derive(Clone, Debug)]
pub(super) enum Files {
    Read(PathBuf, Arc<List>),
    List(PathBuf),
    FilePerToken(PathBuf),
    SocketPerToken(PathBuf),
}

impl Files {
    /// Sees whether they can be read, and reads what is read once.
    ///
    /// Returned beside is the first line that cannot be read.
    ///
    /// # Panics
    /// If the source is no file and no folder.
    pub(super) fn open(source: &TokenSource) -> Result<(Self, Option<BadLine>), TokenSourceError> {
        let seen =
            |folder: &Path| fs::read_dir(folder).map(drop).map_err(|error| failed(folder, error));
        Ok(match source {
            TokenSource::List { path, read } => {
                let list = lists(path)?;
                let bad = list.bad.clone();
                match read {
                    ListRead::Once => (Self::Read(path.clone(), Arc::new(list)), bad),
                    ListRead::EachTime => (Self::List(path.clone()), bad),
                }
            }
            TokenSource::FilePerToken(folder) => {
                seen(folder)?;
                (Self::FilePerToken(folder.clone()), None)
            }
            TokenSource::SocketPerToken(folder) => {
                seen(folder)?;
                (Self::SocketPerToken(folder.clone()), None)
            }
            TokenSource::Api(_) | TokenSource::Jwt(_) | TokenSource::Redis(_) => {
                unreachable!("these are no lists of tokens in files")
            }
        })
    }

    /// The target of a token.
    pub(super) async fn find(&self, token: String) -> Result<Target, NoTarget> {
        let files = self.clone();
        // A file system may be slow, and others are served meanwhile.
        let found = tokio::task::spawn_blocking(move || files.find_now(&token)).await;
        found.unwrap_or_else(|error| {
            Err(NoTarget::Source(failed(self.path(), io::Error::other(error))))
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Read(path, _)
            | Self::List(path)
            | Self::FilePerToken(path)
            | Self::SocketPerToken(path) => path,
        }
    }

    fn find_now(&self, token: &str) -> Result<Target, NoTarget> {
        let not_found = |bad| NoTarget::NotFound { source: self.path().display().to_string(), bad };
        let listed =
            |list: &List| list.find(token).cloned().ok_or_else(|| not_found(list.bad.clone()));
        match self {
            Self::Read(_, list) => listed(list),
            Self::List(path) => listed(&lists(path).map_err(NoTarget::Source)?),
            Self::FilePerToken(folder) => {
                let file = entry(folder, token).ok_or_else(|| not_found(None))?;
                // The file is called as the token is, which is for no log: the folder is told.
                let of_folder = |error| NoTarget::Source(failed(folder, error));
                let text = match text_file::read(&file) {
                    Ok(text) => text,
                    Err(error) if is_absent(&error) => return Err(not_found(None)),
                    Err(error) => return Err(of_folder(error)),
                };
                target(text.trim()).map_err(|why| {
                    let why = format!("a token's file should hold HOST:PORT: {why}");
                    of_folder(io::Error::other(why))
                })
            }
            Self::SocketPerToken(folder) => {
                let socket = entry(folder, token).ok_or_else(|| not_found(None))?;
                let is_socket = fs::metadata(&socket).is_ok_and(|it| it.file_type().is_socket());
                if is_socket { Ok(Target::Unix(socket)) } else { Err(not_found(None)) }
            }
        }
    }
}

fn failed(path: &Path, error: io::Error) -> TokenSourceError {
    TokenSourceError::File { path: path.to_owned(), error }
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
    let failed = |error| failed(source, error);
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
    text_file::read(path).map_err(|error| failed(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenPlugin;

    fn open(plugin: TokenPlugin, source: &Path) -> Files {
        Files::open(&TokenSource::parse(plugin, source.as_os_str()).unwrap()).unwrap().0
    }

    async fn target(files: &Files, token: &str) -> Result<String, String> {
        let target = files.find(token.to_owned()).await;
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
        for outside in ["../other", "..", ".", "/etc/passwd", "one/", "o\0ne", "none"] {
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
        for plugin in &TokenPlugin::ALL[..4] {
            let source = TokenSource::parse(*plugin, "/nonexistent/tokens".as_ref()).unwrap();
            let error = Files::open(&source).unwrap_err().to_string();
            assert_eq!(
                error,
                "the token source /nonexistent/tokens cannot be read: No such file or directory"
            );
        }
    }
}
