//! A process that we talk through: its input and output are ours, and what it says on its error output is kept.

use std::{
    io,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll},
    time::Duration,
};

use process_wrap::tokio::ChildWrapper;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    process::{ChildStdin, ChildStdout},
    task::JoinHandle,
    time::timeout,
};

use super::{GRACE, Invocation, Session};

/// How much is kept of what it says: more than any of ours has to say.
const WORDS_LIMIT: u64 = 64 * 1024;

/// A process, with all that it started, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Piped {
    child: Box<dyn ChildWrapper>,
    session: Session,
    words: JoinHandle<String>,
}

/// The way through a process: what is written comes to its input, what is read is its output.
#[derive(Debug)]
pub(crate) struct Through {
    input: ChildStdin,
    output: ChildStdout,
}

impl Piped {
    pub(crate) fn spawn(invocation: Invocation) -> io::Result<(Self, Through)> {
        let mut command = invocation.command();
        command.command_mut().stdin(Stdio::piped());
        let mut child = command.spawn()?;
        let session = Session::led_by(child.id());
        let streams = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let (Some(input), Some(output), Some(errors)) = streams else {
            return Err(io::Error::other("the process has no pipes"));
        };
        let words = tokio::spawn(async move {
            let mut said = Vec::new();
            // What cannot be read was not said.
            let _ = errors.take(WORDS_LIMIT).read_to_end(&mut said).await;
            String::from_utf8_lossy(&said).into_owned()
        });
        Ok((Self { child, session, words }, Through { input, output }))
    }

    /// Waits so long for it to end by itself, then kills it, and gives all that it said.
    pub(crate) async fn last_words(mut self, limit: Duration) -> String {
        let ended = timeout(limit, self.child.wait()).await;
        self.session.kill();
        if ended.is_err() {
            let _ = timeout(GRACE, self.child.wait()).await;
        }
        let words = timeout(GRACE, &mut self.words).await.ok().and_then(Result::ok);
        words.unwrap_or_default()
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        self.session.kill();
        self.words.abort();
    }
}

impl AsyncRead for Through {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(context, buffer)
    }
}

impl AsyncWrite for Through {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}
