//! Sessions as files (`--record`), in websockify's format, which noVNC's player reads.
//!
//! A recording sits between the relay and the target. A task of its own writes it; a disk that is slower than the
//! session slows the session down, so that nothing is left out. One that cannot be written to ends the recording, and
//! not the session.

mod line;
mod stream;

pub(crate) use stream::Recorded;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::event::{ClientEvent, Event, cause};
use crate::listen::Peer;
use crate::log::Log;
use line::{BEGIN, END};

/// How much may wait to be written.
const WAITING: usize = 64 * 1024;

/// How long the last of a recording may take after its session.
const FINISH: Duration = Duration::from_secs(5);

/// Makes a recording of each session.
#[derive(Debug)]
pub(crate) struct Recorder {
    path: PathBuf,
    next: AtomicU64,
}

impl Recorder {
    /// Recordings are FILE.1, FILE.2 and so on.
    pub(crate) fn new(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, next: AtomicU64::new(1) }
    }

    /// To which the numbers are added.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins one. `None` if that fails, which is told, as is all that befalls it later.
    pub(crate) async fn begin(&self, log: &Arc<Log>, peer: Peer) -> Option<Recording> {
        match self.create().await {
            Ok((file, path)) => {
                log.tell(&Event::Client(peer, ClientEvent::Recording(path.clone())));
                let (pipe, end) = duplex(WAITING);
                let (rest, last) = oneshot::channel();
                let log = Arc::clone(log);
                let writer = tokio::spawn(async move {
                    if let Err(error) = write(end, last, file).await {
                        let event = ClientEvent::RecordingLost(path, cause(&error));
                        log.tell(&Event::Client(peer, event));
                    }
                });
                Some(Recording { pipe, rest, writer })
            }
            Err((path, error)) => {
                let event = ClientEvent::RecordingLost(path, cause(&error));
                log.tell(&Event::Client(peer, event));
                None
            }
        }
    }

    /// The next file that is not there yet: that of an earlier run stays. Only we may read it, for what was typed is in
    /// it.
    async fn create(&self) -> Result<(File, PathBuf), (PathBuf, io::Error)> {
        loop {
            let mut path = self.path.clone().into_os_string();
            path.push(format!(".{}", self.next.fetch_add(1, Ordering::Relaxed)));
            let path = PathBuf::from(path);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err((path, error)),
            }
        }
    }
}

/// The recording of one session, under way.
pub(crate) struct Recording {
    pipe: DuplexStream,
    rest: oneshot::Sender<Vec<u8>>,
    writer: JoinHandle<()>,
}

/// The end of a recording, when its stream is gone.
pub(crate) struct Finish(JoinHandle<()>);

impl Finish {
    /// Waits until all is written, but not for ever.
    pub(crate) async fn wait(self) {
        let _ = timeout(FINISH, self.0).await;
    }
}

/// Writes what comes out of the pipe, and the rest behind it. The pipe ends with this, which tells its other end.
async fn write(
    mut pipe: DuplexStream,
    rest: oneshot::Receiver<Vec<u8>>,
    mut file: File,
) -> io::Result<()> {
    file.write_all(BEGIN).await?;
    let mut buffer = Vec::with_capacity(WAITING);
    while pipe.read_buf(&mut buffer).await? > 0 {
        file.write_all(&buffer).await?;
        // Or a full disk shows at the next write only.
        file.flush().await?;
        buffer.clear();
    }
    file.write_all(&rest.await.unwrap_or_default()).await?;
    file.write_all(END).await?;
    file.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_ends_the_pipe() {
        let file = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
        let (mut pipe, end) = duplex(16);
        let writer = tokio::spawn(write(end, oneshot::channel().1, file));
        while pipe.write_all(b"session").await.is_ok() {}
        assert_eq!(writer.await.unwrap().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
