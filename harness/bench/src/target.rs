//! The TCP server behind the proxies, on a thread of its own: it sends without end, takes and verifies, or echoes.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::pattern::{LONGEST, Pattern, Verifier};

/// What is done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// The pattern is sent until the other side ends.
    Source,
    /// What comes has to be the pattern.
    Sink,
    /// What comes is sent back.
    Echo,
}

/// Counts what passed.
#[derive(Debug, Default)]
pub struct Books {
    role: AtomicU8,
    /// Bytes that a source got rid of.
    sent: AtomicU64,
    /// Bytes that a sink took, all of them right.
    taken: AtomicU64,
    wrong: Mutex<Option<String>>,
    /// The last connection: ours, and its other end.
    last: Mutex<Option<(SocketAddr, SocketAddr)>>,
}

impl Books {
    /// Chooses what becomes of the connections from now on, and begins the counts anew.
    pub fn begin(&self, role: Role) {
        self.role.store(role as u8, Ordering::SeqCst);
        self.sent.store(0, Ordering::SeqCst);
        self.taken.store(0, Ordering::SeqCst);
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn role(&self) -> Role {
        match self.role.load(Ordering::SeqCst) {
            0 => Role::Source,
            1 => Role::Sink,
            _ => Role::Echo,
        }
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// # Errors
    /// Something came that was not sent.
    pub fn taken(&self) -> io::Result<u64> {
        match &*self.wrong.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(wrong) => Err(io::Error::other(format!("at the target, {wrong}"))),
            None => Ok(self.taken.load(Ordering::SeqCst)),
        }
    }

    pub fn count_sent(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::SeqCst);
    }

    pub fn count_taken(&self, verifier: &Verifier<'_>) {
        self.taken.store(verifier.verified(), Ordering::SeqCst);
    }

    pub fn complain(&self, wrong: &io::Error) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = Some(wrong.to_string());
    }

    /// The addresses of the last connection: the target's, and the proxy's.
    pub fn last(&self) -> Option<(SocketAddr, SocketAddr)> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server.
pub struct Target {
    pub address: SocketAddr,
    pub books: Arc<Books>,
}

impl Target {
    /// Starts it; it ends with the program.
    pub fn start(pattern: Arc<Pattern>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        // Nobody waits for a place while thousands of connections are opened.
        socket2::SockRef::from(&listener).listen(4096)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let books = Arc::<Books>::default();
        let shared = Arc::clone(&books);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("target".into()).spawn(move || {
            runtime.block_on(serve(listener, &pattern, &shared));
        })?;
        Ok(Self { address, books })
    }
}

async fn serve(listener: std::net::TcpListener, pattern: &Arc<Pattern>, books: &Arc<Books>) {
    let listener = TcpListener::from_std(listener).expect("within the runtime");
    loop {
        // Out of descriptors: the measurement that wants so many fails, not the others.
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        if let Ok(local) = stream.local_addr() {
            *books.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((local, peer));
        }
        let (pattern, books) = (Arc::clone(pattern), Arc::clone(books));
        tokio::spawn(async move {
            // The other side ends connections as it likes.
            let _ = match books.role() {
                Role::Source => source(stream, &pattern, &books).await,
                Role::Sink => sink(stream, &pattern, &books).await,
                Role::Echo => echo(stream).await,
            };
        });
    }
}

async fn source(mut stream: TcpStream, pattern: &Pattern, books: &Books) -> io::Result<()> {
    let mut position = 0;
    loop {
        let count = stream.write(pattern.at(position, LONGEST)).await?;
        position += count as u64;
        books.count_sent(count);
    }
}

async fn sink(mut stream: TcpStream, pattern: &Pattern, books: &Books) -> io::Result<()> {
    let mut verifier = Verifier::new(pattern);
    let mut buffer = vec![0; LONGEST];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        if let Err(wrong) = verifier.take(&buffer[..count]) {
            books.complain(&wrong);
            return Err(wrong);
        }
        books.count_taken(&verifier);
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        // No memory is held while nothing comes, for thousands of these.
        stream.readable().await?;
        let count = match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        stream.write_all(&buffer[..count]).await?;
    }
}
