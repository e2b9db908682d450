//! The TCP server behind the proxies, on a thread of its own: it sends without end, takes and verifies, or echoes.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

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
    /// How often the server was restarted.
    restarts: AtomicU64,
    restart: Notify,
    away: AtomicBool,
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

    /// Chooses what becomes of the connections from now on.
    pub fn choose(&self, role: Role) {
        self.role.store(role as u8, Ordering::SeqCst);
    }

    pub fn role(&self) -> Role {
        match self.role.load(Ordering::SeqCst) {
            0 => Role::Source,
            1 => Role::Sink,
            _ => Role::Echo,
        }
    }

    /// Ends all connections, listens to nobody for a moment, and then goes on.
    pub fn restart(&self) {
        // In this order: who sees the new count sees that it is away, too, until it is back.
        self.away.store(true, Ordering::SeqCst);
        self.restarts.fetch_add(1, Ordering::SeqCst);
        self.restart.notify_one();
    }

    /// Whether it listens to nobody now.
    pub fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }

    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::SeqCst)
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

/// How long a restart takes.
const AWAY: Duration = Duration::from_millis(100);

async fn serve(listener: std::net::TcpListener, pattern: &Arc<Pattern>, books: &Arc<Books>) {
    let address = listener.local_addr();
    let mut listener = TcpListener::from_std(listener).expect("within the runtime");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    if let Ok(local) = stream.local_addr() {
                        *books.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((local, peer));
                    }
                    connections.spawn(one(stream, Arc::clone(pattern), Arc::clone(books)));
                }
                // Out of descriptors: the measurement that wants so many fails, not the others.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            () = books.restart.notified() => {
                connections.shutdown().await;
                drop(listener);
                tokio::time::sleep(AWAY).await;
                listener = again(*address.as_ref().expect("it is bound")).await;
                books.away.store(false, Ordering::SeqCst);
            }
        }
    }
}

/// Listens at the same address, as soon as that can be had.
async fn again(address: SocketAddr) -> TcpListener {
    loop {
        // tokio lets the address be used again at once.
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(AWAY).await,
        }
    }
}

async fn one(stream: TcpStream, pattern: Arc<Pattern>, books: Arc<Books>) {
    // The other side ends connections as it likes.
    let _ = match books.role() {
        Role::Source => source(stream, &pattern, &books).await,
        Role::Sink => sink(stream, &pattern, &books).await,
        Role::Echo => echo(stream).await,
    };
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
