//! One connection passed through: every byte as it comes, and every end as it was, FIN as FIN and RST
//! as RST.

use std::{
    io::{self, Read},
    net::SocketAddr,
    pin::pin,
};

use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

use super::connection::Connection;
use crate::observation::{Ending, Party};

const BUFFER: usize = 16 << 10;
/// How many reads a side's last words may take after the other is gone: what it has sent already is in
/// the socket's buffer, and that is no more than this.
const LAST_READS: usize = 1024;

/// Passes a connection on until both sides have ended it.
pub(super) async fn relay(mut client: TcpStream, to: SocketAddr, connection: &Connection) {
    // A small record must not wait for more: the one who gets it may be about to leave.
    client.set_nodelay(true).ok();
    let Ok(mut server) = TcpStream::connect(to).await else {
        connection.ended(Party::Server, Ending::NotConnected);
        return reset(client, Party::Client, connection);
    };
    server.set_nodelay(true).ok();
    match pass(&mut client, &mut server, connection).await {
        Outcome::Closed => {}
        Outcome::Gone(Party::Client) => reset(server, Party::Server, connection),
        Outcome::Gone(Party::Server) => reset(client, Party::Client, connection),
    }
}

/// How a connection ended.
enum Outcome {
    /// Both sides closed it.
    Closed,
    /// That side takes nothing more.
    Gone(Party),
}

async fn pass(client: &mut TcpStream, server: &mut TcpStream, connection: &Connection) -> Outcome {
    let (from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let mut up = pin!(pump(Party::Client, &from_client, &mut to_server, connection));
    let mut down = pin!(pump(Party::Server, &from_server, &mut to_client, connection));
    let (first, sender) = tokio::select! {
        stop = &mut up => (stop, Party::Client),
        stop = &mut down => (stop, Party::Server),
    };
    let (rest, rest_sender, still_heard) = match sender {
        Party::Client => (down, Party::Server, &from_client),
        Party::Server => (up, Party::Client, &from_server),
    };
    match first {
        Stop::Reset => Outcome::Gone(sender),
        Stop::Closed => match rest.await {
            Stop::Closed => Outcome::Closed,
            Stop::Reset => Outcome::Gone(rest_sender),
            Stop::Unheard => Outcome::Gone(sender),
        },
        // Who does not hear may have said something before, such as an alert: it is passed on first.
        // Meanwhile the other one's words are taken from it, for it may listen only once they are out.
        Stop::Unheard => {
            let swallow = async {
                let mut buffer = vec![0; BUFFER];
                while let Ok(Some(bytes)) = next(still_heard, &mut buffer).await {
                    connection.heard(sender, bytes);
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                _ = rest => {}
                () = swallow => {}
            }
            Outcome::Gone(rest_sender)
        }
    }
}

/// Why bytes do not flow in one direction any more.
enum Stop {
    /// The sender closed it, and that has been passed on.
    Closed,
    /// The sender reset the connection.
    Reset,
    /// The receiver takes nothing more.
    Unheard,
}

async fn pump(
    sender: Party,
    from: &ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    connection: &Connection,
) -> Stop {
    let mut buffer = vec![0; BUFFER];
    loop {
        match next(from, &mut buffer).await {
            Ok(Some(bytes)) => {
                connection.heard(sender, bytes);
                if let Err(error) = to.write_all(bytes).await {
                    connection.ended(sender.other(), how_the_receiver_ended(&error));
                    return Stop::Unheard;
                }
            }
            Ok(None) => {
                connection.ended(sender, Ending::Closed);
                // That fails where the receiver is gone already, which the other direction finds out.
                to.shutdown().await.ok();
                return Stop::Closed;
            }
            Err(_) => {
                connection.ended(sender, Ending::Reset);
                return Stop::Reset;
            }
        }
    }
}

/// The next bytes, as they come; [`None`] after a FIN.
async fn next<'b>(from: &ReadHalf<'_>, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
    loop {
        from.readable().await?;
        match from.try_read(buffer) {
            Ok(0) => return Ok(None),
            Ok(length) => return Ok(buffer.get(..length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Linux says `EPIPE` where the receiver's FIN came before its RST, as it does from a program that
/// closes while it is still sent to, and `ECONNRESET` where only the RST came.
fn how_the_receiver_ended(error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ending::Closed,
        _ => Ending::Reset,
    }
}

/// Hears what that side has sent already, for the record, and resets it.
fn reset(stream: TcpStream, side: Party, connection: &Connection) {
    stream.set_zero_linger().ok();
    let Ok(mut stream) = stream.into_std() else { return };
    let mut buffer = vec![0; BUFFER];
    for _ in 0..LAST_READS {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => connection.heard(side, &buffer[..length]),
            _ => return,
        }
    }
}
