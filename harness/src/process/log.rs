//! What a process printed: read all the time, kept within bounds, and waited for without polling.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::watch,
    time::{Instant, timeout_at},
};

/// How many of the first and of the last lines are kept; those between are only counted.
const FIRST: usize = 500;
const LAST: usize = 1500;

/// How many bytes of a line are kept.
const LINE_BYTES: usize = 4096;

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that a process printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 0. A gap means that lines between were not kept.
    pub number: u64,
    /// Where it was printed.
    pub stream: Stream,
    /// Its text, without the line's end.
    pub text: String,
}

/// A place in a log: between the lines printed so far and those to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// What was waited for did not appear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSaid {
    /// The deadline came first.
    #[error("the line did not come in time; {} others did", .0.len())]
    Deadline(Vec<Line>),
    /// The subject has ended, or closed its output.
    #[error("the line did not come before the log's end; {} others did", .0.len())]
    Ended(Vec<Line>),
}

/// The log of a running subject, or of one that has ended. Clones are the same log.
#[derive(Clone, Debug)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    /// Changes with every line and at the end.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct Kept {
    first: Vec<Line>,
    last: VecDeque<Line>,
    count: u64,
    open_streams: usize,
}

impl Log {
    /// An empty log, to which so many streams will be [`read`](Self::read).
    pub(crate) fn of_streams(open_streams: usize) -> Self {
        let kept = Kept { first: Vec::new(), last: VecDeque::new(), count: 0, open_streams };
        Self(Arc::new(Shared { kept: Mutex::new(kept), news: watch::Sender::new(()) }))
    }

    /// The place before the first line.
    pub fn start(&self) -> Mark {
        Mark(0)
    }

    /// The place after the last line so far.
    pub fn mark(&self) -> Mark {
        Mark(self.kept().count)
    }

    /// How many lines were printed, kept or not.
    pub fn count(&self) -> u64 {
        self.kept().count
    }

    /// The lines after the mark, as far as they were kept.
    pub fn since(&self, mark: Mark) -> Vec<Line> {
        let kept = self.kept();
        kept.first.iter().chain(&kept.last).filter(|line| line.number >= mark.0).cloned().collect()
    }

    /// All lines, as far as they were kept.
    pub fn lines(&self) -> Vec<Line> {
        self.since(self.start())
    }

    /// Waits until the lines after the mark fulfil the condition, and returns them.
    ///
    /// # Errors
    /// They did not until the deadline, or until the log's end; the error has the lines there were.
    pub async fn wait_for(
        &self,
        mark: Mark,
        deadline: Instant,
        mut condition: impl FnMut(&[Line]) -> bool,
    ) -> Result<Vec<Line>, NotSaid> {
        let mut news = self.0.news.subscribe();
        loop {
            news.borrow_and_update();
            // In this order: a line that came between the two must not be overlooked at the end.
            let ended = self.has_ended();
            let lines = self.since(mark);
            if condition(&lines) {
                return Ok(lines);
            }
            if ended {
                return Err(NotSaid::Ended(lines));
            }
            if timeout_at(deadline, news.changed()).await.is_err() {
                return Err(NotSaid::Deadline(lines));
            }
        }
    }

    /// Waits until nothing more can come, or the deadline.
    pub(crate) async fn wait_for_end(&self, deadline: Instant) {
        let end = self.until(|kept| kept.open_streams == 0);
        let _ = timeout_at(deadline, end).await;
    }

    /// Waits until more lines were printed than this.
    pub(crate) async fn longer_than(&self, lines: u64) {
        self.until(|kept| kept.count > lines).await;
    }

    async fn until(&self, condition: impl Fn(&Kept) -> bool) {
        let mut news = self.0.news.subscribe();
        while !condition(&self.kept()) {
            // The sender lives in the log itself, so this cannot fail.
            let _ = news.changed().await;
        }
    }

    /// Reads a stream to its end.
    pub(crate) async fn read(self, mut from: impl AsyncRead + Unpin, stream: Stream) {
        let mut buffer = [0; 8192];
        let mut line = PartialLine::default();
        // An error ends a pipe as its end does.
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            for part in buffer[..length].split_inclusive(|&byte| byte == b'\n') {
                line.push(part);
                if part.ends_with(b"\n") {
                    self.append(stream, line.take());
                }
            }
        }
        if !line.bytes.is_empty() {
            self.append(stream, line.take());
        }
        self.kept().open_streams -= 1;
        self.0.news.send_replace(());
    }

    fn append(&self, stream: Stream, text: String) {
        let mut kept = self.kept();
        let line = Line { number: kept.count, stream, text };
        kept.count += 1;
        if kept.first.len() < FIRST {
            kept.first.push(line);
        } else {
            if kept.last.len() == LAST {
                kept.last.pop_front();
            }
            kept.last.push_back(line);
        }
        drop(kept);
        self.0.news.send_replace(());
    }

    fn has_ended(&self) -> bool {
        self.kept().open_streams == 0
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line whose end has not come yet.
#[derive(Default)]
struct PartialLine {
    bytes: Vec<u8>,
    cut: usize,
}

impl PartialLine {
    fn push(&mut self, part: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.bytes.len());
        let (kept, cut) = part.split_at(room.min(part.len()));
        self.bytes.extend_from_slice(kept);
        self.cut += cut.len();
    }

    fn take(&mut self) -> String {
        let Self { bytes, cut } = std::mem::take(self);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\r', '\n']);
        if cut > 0 { format!("{text}... ({cut} more bytes)") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_and_last_lines_of_an_endless_log_are_kept_and_all_are_counted() {
        let text: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
        let log = Log::of_streams(1);
        log.clone().read(text.as_bytes(), Stream::Stdout).await;

        let lines = log.lines();
        assert_eq!(log.count(), 10_000);
        assert_eq!(lines.len(), FIRST + LAST);
        assert_eq!((lines[0].text.as_str(), lines[FIRST - 1].number), ("line 0", 499));
        assert_eq!(
            (lines[FIRST].number, lines.last().unwrap().text.as_str()),
            (8_500, "line 9999")
        );
    }

    #[tokio::test]
    async fn a_line_without_end_takes_bounded_memory() {
        let log = Log::of_streams(1);
        log.clone().read(vec![b'x'; 100_000].as_slice(), Stream::Stderr).await;

        let lines = log.lines();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].text.ends_with("x... (95904 more bytes)"), "{}", lines[0].text);
    }

    #[tokio::test]
    async fn waiting_wakes_at_the_line_and_at_the_end() {
        let (mut printer, stream) = tokio::io::duplex(64);
        let log = Log::of_streams(1);
        tokio::spawn(log.clone().read(stream, Stream::Stdout));
        let deadline = Instant::now() + std::time::Duration::from_secs(20);
        let says =
            |text: &'static str| move |lines: &[Line]| lines.iter().any(|line| line.text == text);

        let mark = log.mark();
        let waiting = tokio::spawn({
            let log = log.clone();
            async move { log.wait_for(mark, deadline, says("two")).await }
        });
        tokio::io::AsyncWriteExt::write_all(&mut printer, b"one\ntwo\r\nthr").await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap().len(), 2);

        let mark = log.mark();
        drop(printer);
        let Err(NotSaid::Ended(lines)) = log.wait_for(mark, deadline, says("three")).await else {
            panic!("the log has ended")
        };
        assert_eq!(lines[0].text, "thr");
    }
}
