//! How TCP ends is passed on and told, and what was said before is not lost.

use std::net::SocketAddr;

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Secrets, Server, Witness, only, soon};
use crate::{
    Alert,
    observation::{AlertSeen, Ending, Moment, Party},
    witness::{ClientFinished, End, Mark},
};

/// A witness, and both ends of a connection through it.
async fn connected() -> (Witness, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let witness = Witness::start(listener.local_addr().unwrap(), Secrets::kept()).await.unwrap();
    let client = TcpStream::connect(witness.address()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    (witness, client, server)
}

async fn reads(stream: &mut TcpStream) -> Result<Vec<u8>, std::io::ErrorKind> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.map_err(|error| error.kind())?;
    Ok(bytes)
}

#[rstest]
#[tokio::test]
async fn a_fin_is_passed_on_as_one(#[values(Party::Client, Party::Server)] by: Party) {
    let (witness, client, server) = connected().await;
    let (mut leaving, mut staying) = match by {
        Party::Client => (client, server),
        Party::Server => (server, client),
    };
    leaving.write_all(b"bye").await.unwrap();
    leaving.shutdown().await.unwrap();
    assert_eq!(reads(&mut staying).await.as_deref(), Ok(&b"bye"[..]));

    // The other direction goes on.
    staying.write_all(b"so long").await.unwrap();
    staying.shutdown().await.unwrap();
    assert_eq!(reads(&mut leaving).await.as_deref(), Ok(&b"so long"[..]));
    let ends = [by, by.other()].map(|by| End { by, how: Ending::Closed });
    assert_eq!(only(&witness).await.ends, ends);
}

#[rstest]
#[tokio::test]
async fn a_reset_is_passed_on_as_one(#[values(Party::Client, Party::Server)] by: Party) {
    let (witness, client, server) = connected().await;
    let (mut leaving, mut staying) = match by {
        Party::Client => (client, server),
        Party::Server => (server, client),
    };
    leaving.write_all(b"bye").await.unwrap();
    let mut heard = [0; 3];
    staying.read_exact(&mut heard).await.unwrap();
    leaving.set_zero_linger().unwrap();
    drop(leaving);
    assert_eq!(reads(&mut staying).await, Err(std::io::ErrorKind::ConnectionReset));
    assert_eq!(only(&witness).await.ends, [End { by, how: Ending::Reset }]);
}

/// A client that closes while it has not read everything resets the connection (RFC 1122 section
/// 4.2.2.13); its alert comes before that.
#[tokio::test]
async fn an_alert_arrives_though_its_sender_is_gone() {
    let (witness, mut client, mut server) = connected().await;
    server.write_all(&[0; 1024]).await.unwrap();
    client.readable().await.unwrap();
    client.write_all(&[21, 3, 3, 0, 2, 2, 48]).await.unwrap();
    drop(client);

    let mut heard = [0; 7];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, [21, 3, 3, 0, 2, 2, 48]);
    assert_eq!(reads(&mut server).await, Err(std::io::ErrorKind::ConnectionReset));
    let witnessed = only(&witness).await;
    let alert =
        AlertSeen { alert: Alert(48), sent_by: Party::Client, moment: Moment::DuringHandshake };
    assert_eq!(witnessed.alerts, [alert]);
    assert_eq!(witnessed.ends, [End { by: Party::Client, how: Ending::Reset }]);
}

#[tokio::test]
async fn a_client_that_closes_while_the_server_speaks_has_closed() {
    let (witness, client, mut server) = connected().await;
    drop(client);
    assert_eq!(reads(&mut server).await.as_deref(), Ok(&b""[..]));
    // Nobody is there to take it: that is told to the server, sooner or later.
    while server.write_all(&[0; 1024]).await.is_ok() {}
    assert_eq!(only(&witness).await.ends, [End { by: Party::Client, how: Ending::Closed }]);
}

/// An address where nobody listens any more.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn where_there_is_no_server_the_client_is_reset() {
    let witness = Witness::start(nobody().await, Secrets::kept()).await.unwrap();
    let mut client = TcpStream::connect(witness.address()).await.unwrap();
    assert_eq!(reads(&mut client).await, Err(std::io::ErrorKind::ConnectionReset));
    let ends = only(&witness).await.ends;
    assert_eq!(ends, [End { by: Party::Server, how: Ending::NotConnected }]);
}

#[tokio::test]
async fn every_connection_is_counted_and_those_before_a_mark_are_forgotten() {
    let server = Server::plain().await;
    let witness = server.witness(Secrets::kept()).await;
    for _ in 0..3 {
        drop(TcpStream::connect(witness.address()).await.unwrap());
    }
    assert_eq!(witness.since(Mark::default(), soon()).await.len(), 3);
    let mark = witness.mark();
    assert_eq!(witness.since(mark, soon()).await, []);
    drop(TcpStream::connect(witness.address()).await.unwrap());
    assert_eq!(witness.since(mark, soon()).await.len(), 1);
    assert_eq!(witness.since(Mark::default(), soon()).await.len(), 1);
}

#[tokio::test]
async fn what_is_still_open_is_told_as_it_is_at_the_deadline() {
    let (witness, mut client, mut server) = connected().await;
    client.write_all(b"GET").await.unwrap();
    server.read_exact(&mut [0; 3]).await.unwrap();
    let witnessed = witness.since(Mark::default(), tokio::time::Instant::now()).await;
    assert_eq!(witnessed.len(), 1);
    assert_eq!(witnessed[0].ends, []);
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let (witness, mut client, _server) = connected().await;
    let address = witness.address();
    drop(witness);
    reads(&mut client).await.ok();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn without_tls_the_answers_are_read_as_they_are() {
    let server = Server::plain().await;
    let witness = server.witness(Secrets::kept()).await;
    let mut client = TcpStream::connect(witness.address()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(reads(&mut client).await.as_deref(), Ok(super::PAGE));
    drop(client);
    let witnessed = only(&witness).await;
    assert_eq!((witnessed.offered, witnessed.handshake), (None, None));
    assert_eq!(witnessed.finished, ClientFinished::NotSent);
    assert_eq!(witnessed.answers.len(), 1);
    assert_eq!(witnessed.answers[0].status, 404);
    assert_eq!(witnessed.answers[0].media_type.as_deref(), Some("text/html"));
    assert_eq!(witnessed.unread, []);
}
