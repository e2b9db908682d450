//! ClientHellos that are cut, long, old, or none: each connection ends by itself, in bounded time, with a line.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use common::openssl::folder_with_self_pem;
use common::tls::{self, Client};
use common::websocket::WebSocket;
use common::{Proxy, connect, echo};

fn hello() -> Vec<u8> {
    tls::client_hello(&mut Client::default().connection().0)
}

/// Sends bytes and the end, and reads whatever comes until the proxy ends the connection, too.
fn send(proxy: SocketAddr, bytes: &[u8]) -> (SocketAddr, Vec<u8>) {
    let mut stream = connect(proxy);
    // The proxy may have refused the beginning before it is all written.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    (stream.local_addr().unwrap(), answer)
}

fn serves(proxy: &Proxy) {
    let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
    socket.echo(b"served");
    socket.close();
}

#[test]
fn a_hello_that_ends_after_any_byte_is_told() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let hello = hello();
    for cut in 1..hello.len() {
        let (client, answer) = send(proxy.address, &hello[..cut]);
        assert_eq!(answer, [], "cut at {cut}");
        let line = proxy.line(&format!("client {client}: "));
        assert!(
            line.contains("closed the connection during the TLS handshake, before its ClientHello was complete"),
            "cut at {cut}: {line}"
        );
        proxy.lines.clear();
    }
    serves(&proxy);
}

/// A ClientHello may be spread over records as small as one byte (RFC 8446 section 5.1).
#[test]
fn a_hello_in_many_records_is_served() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    for size in [1, 7, 100, 1000] {
        let (mut connection, _) = Client::default().connection();
        let hello = tls::client_hello(&mut connection);
        let records = hello[5..].chunks(size).flat_map(|part| {
            let length = u16::try_from(part.len()).unwrap().to_be_bytes();
            [&[22, 3, 1], &length[..], part].concat()
        });
        let mut stream = proxy.connect();
        stream.write_all(&records.collect::<Vec<u8>>()).unwrap();
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream)
                .unwrap_or_else(|error| panic!("records of {size}: {error}"));
        }
    }
}

/// Bytes that begin like TLS and are none.
#[test]
fn garbage_behind_the_first_byte_is_refused_in_words() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let body = |kind: u8, body: &[u8]| {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 3, 1], &length[..], body].concat()
    };
    let mut endless = vec![1, 0xff, 0xff, 0xff];
    endless.resize(16_000, 0);
    let endless: Vec<u8> = (0..8).flat_map(|_| body(22, &endless)).collect();
    for (name, bytes) in [
        ("text", b"\x16GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("another message first", body(22, &[2, 0, 0, 4, 3, 3, 0, 0])),
        ("an empty hello", body(22, &[1, 0, 0, 0])),
        (
            "a hello of zeros",
            body(22, &[1, 0, 0, 40].into_iter().chain([0; 40]).collect::<Vec<_>>()),
        ),
        ("a record longer than TLS allows", [&[22, 3, 1, 0xff, 0xff][..], &[0; 0xffff]].concat()),
        ("a hello of 16 MiB", endless),
        ("SSL 2.0", [&[0x80, 0x2e, 1, 0, 2, 0, 21, 0, 0, 0, 16][..], &[0; 37]].concat()),
    ] {
        let (client, _) = send(proxy.address, &bytes);
        let line = proxy.line(&format!("client {client}: "));
        assert!(line.contains("TLS handshake failed, we sent alert "), "{name}: {line}");
    }
    serves(&proxy);
}

/// A client that sends a byte now and then has no more time than one that sends nothing.
#[test]
fn dribbling_does_not_buy_time() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let stream = proxy.connect();
    let client = stream.local_addr().unwrap();
    let mut writer: TcpStream = stream.try_clone().unwrap();
    let hello = hello();
    let dribble = std::thread::spawn(move || {
        let pause = std::time::Duration::from_millis(200);
        for byte in hello {
            if writer.write_all(&[byte]).is_err() {
                break;
            }
            std::thread::sleep(pause);
        }
    });
    proxy.line(&format!(
        "client {client}: TLS handshake not done in time: the ClientHello is not complete"
    ));
    drop(stream);
    drop(proxy);
    dribble.join().unwrap();
}
