//! WebSocket sessions: frames of every size and kind, ends from every side, and the memory they take.
#![allow(missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;

use common::openssl::folder_with_self_pem;
use common::tls;
use common::websocket::{BINARY, CLOSE, PING, PONG, TEXT, WebSocket, frame};
use common::{Proxy, closed_port, echo, rest, target};

const SIZES: [usize; 8] = [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20];

fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// Sends and receives at the same time: an echo sends back before it has everything.
fn echoes(socket: &mut WebSocket<TcpStream>, sent: &[u8], data: &[u8]) -> Vec<Vec<u8>> {
    let mut writer = socket.stream.try_clone().unwrap();
    let mut pongs = vec![];
    std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(sent).unwrap());
        let back = socket.receive_data(data.len(), |frame| {
            assert_eq!(frame.first, PONG);
            pongs.push(frame.payload);
        });
        assert!(back == data, "other bytes came back");
    });
    pongs
}

#[test]
fn frames_of_every_size() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::open(proxy.connect());
    for size in SIZES {
        let data = pattern(size);
        echoes(&mut socket, &frame(BINARY, &data), &data);
    }
    socket.close();
}

#[test]
fn a_large_frame_takes_no_memory() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::open(proxy.connect());
    socket.echo(b"warm");
    let before = proxy.memory();
    let data = pattern(64 << 20);
    echoes(&mut socket, &frame(BINARY, &data), &data);
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 8 << 10, "a frame of 64 MiB made the proxy grow by {grown} KiB");
}

#[test]
fn fragments_with_pings_between_them() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::open(proxy.connect());
    let data = pattern(300_000);
    let mut sent = vec![];
    for (number, part) in data.chunks(70_000).enumerate() {
        let opcode = if number == 0 { 2 } else { 0 };
        let fin = if number == data.len().div_ceil(70_000) - 1 { 0x80 } else { 0 };
        sent.extend(frame(fin | opcode, part));
        sent.extend(frame(PING, format!("ping {number}").as_bytes()));
        sent.extend(frame(PONG, b"nobody asked"));
    }
    sent.extend(frame(BINARY, b"!"));
    let pongs = echoes(&mut socket, &sent, &[&data[..], b"!"].concat());
    let expected: Vec<_> = (0..5).map(|number| format!("ping {number}").into_bytes()).collect();
    assert_eq!(pongs, expected);
    socket.close();
}

#[test]
fn a_frame_may_come_byte_by_byte_and_with_the_request() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::open(proxy.connect());
    for byte in frame(BINARY, &pattern(200)) {
        socket.stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(socket.receive_data(200, |_| ()), pattern(200));

    let mut stream = tls::accept_all(proxy.connect());
    let mut request = b"GET / HTTP/1.1\r\nHost: p\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: \
                        13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    request.extend(frame(BINARY, b"early"));
    request.extend(frame(CLOSE, &[3, 232]));
    stream.write_all(&request).unwrap();
    let answer = rest(&mut stream);
    assert!(
        answer.ends_with(b"\r\n\r\n\x88\x02\x03\xe8")
            || answer.ends_with(b"\x82\x05early\x88\x02\x03\xe8")
    );
}

#[test]
fn many_pings_are_all_answered() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::open(proxy.connect());
    let mut writer = socket.stream.try_clone().unwrap();
    std::thread::spawn(move || {
        let pings: Vec<u8> =
            (0..20_000u32).flat_map(|number| frame(PING, &number.to_be_bytes())).collect();
        writer.write_all(&pings).unwrap();
    });
    for number in 0..20_000u32 {
        let pong = socket.receive();
        assert_eq!((pong.first, pong.payload), (PONG, number.to_be_bytes().to_vec()));
    }
    socket.close();
}

#[test]
fn breaking_the_protocol_is_answered_with_websockifys_codes() {
    let folder = folder_with_self_pem();
    let mut proxy = Proxy::start(folder.path(), &[], echo());
    let cases: [(Vec<u8>, u16, &str); 7] = [
        (frame(TEXT, b"hello"), 1003, "Unsupported: Text frames are not supported"),
        (vec![0x82, 1, b'x'], 1002, "Protocol error: Frame not masked"),
        (frame(0xc2, b"x"), 1002, "Protocol error: Reserved bits set"),
        (frame(0x83, b"x"), 1002, "Protocol error: Unknown opcode"),
        (frame(0x80, b"x"), 1002, "Protocol error: Unexpected continuation frame"),
        (frame(0x09, b"x"), 1002, "Protocol error: Fragmented control frame"),
        (frame(PING, &[0; 126]), 1002, "Protocol error: Control frame too long"),
    ];
    for (bytes, code, reason) in cases {
        let mut socket = WebSocket::open(proxy.connect());
        socket.stream.write_all(&bytes).unwrap();
        assert_eq!(socket.receive_close(), (code, reason.to_owned()));
        assert_eq!(rest(&mut socket.stream), []);
        proxy.line(&format!("broke the WebSocket protocol: {reason}"));
    }
}

#[test]
fn a_close_is_answered_with_the_same() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    for payload in [&b""[..], b"\x03\xe8", b"\x03\xe8bye", b"\x0b\xb8why"] {
        let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
        socket.send(CLOSE, payload);
        let answer = socket.receive();
        assert_eq!((answer.first, &answer.payload[..]), (CLOSE, payload));
        assert_eq!(rest(&mut socket.stream), []);
    }
}

#[test]
fn a_target_that_cannot_be_reached_is_1011_after_101() {
    let folder = folder_with_self_pem();
    let target = closed_port();
    let mut proxy = Proxy::start(folder.path(), &[], target);
    let mut socket = WebSocket::open(proxy.connect());
    assert_eq!(socket.receive_close(), (1011, "Failed to connect to downstream server".to_owned()));
    let client = socket.stream.local_addr().unwrap();
    proxy.line(&format!(
        "target {target}: Failed to connect to {target}: Connection refused (for client {client})"
    ));
    socket.send(CLOSE, &[3, 243]);
    assert_eq!(rest(&mut socket.stream), []);
}

#[test]
fn the_end_of_the_target_comes_after_all_that_it_sent() {
    const SIZE: usize = 8 << 20;
    let folder = folder_with_self_pem();
    let target = target(|mut stream| stream.write_all(&pattern(SIZE)).unwrap());
    let proxy = Proxy::start(folder.path(), &[], target);
    for _ in 0..2 {
        let mut socket = WebSocket::open(tls::accept_all(proxy.connect()));
        assert!(socket.receive_data(SIZE, |frame| panic!("{frame:?}")) == pattern(SIZE));
        assert_eq!(socket.receive_close(), (1000, "Target closed".to_owned()));
        socket.send(CLOSE, &[3, 232]);
        assert_eq!(rest(&mut socket.stream), []);
    }
}

#[test]
fn what_the_client_sent_before_its_close_reaches_the_target() {
    let (send, received) = channel();
    let folder = folder_with_self_pem();
    let target = target(move |mut stream| send.send(rest(&mut stream)).unwrap());
    let proxy = Proxy::start(folder.path(), &[], target);
    let data = pattern(3 << 20);

    let mut socket = WebSocket::open(proxy.connect());
    socket.send(BINARY, &data);
    socket.close();
    assert!(received.recv().unwrap() == data, "after a Close frame");

    let mut socket = WebSocket::open(proxy.connect());
    socket.send(BINARY, &data);
    socket.stream.shutdown(Shutdown::Write).unwrap();
    assert!(received.recv().unwrap() == data, "after the end of the connection");
}

#[test]
fn a_target_that_breaks_the_connection_is_1011() {
    let folder = folder_with_self_pem();
    let target = target(|mut stream| {
        let _ = stream.read(&mut [0; 16]);
        tls::reset(stream);
    });
    let mut proxy = Proxy::start(folder.path(), &[], target);
    let mut socket = WebSocket::open(proxy.connect());
    socket.send(BINARY, b"go");
    assert_eq!(socket.receive_close(), (1011, "Connection to downstream server lost".to_owned()));
    proxy.line("the target broke the connection: Connection reset by peer");
}

#[test]
fn a_slow_side_slows_the_other() {
    let folder = folder_with_self_pem();
    // Sends as fast as it can, for ever.
    let fast = target(|mut stream| while stream.write_all(&[7; 65536]).is_ok() {});
    let proxy = Proxy::start(folder.path(), &[], fast);
    let idle: Vec<_> = (0..4).map(|_| WebSocket::open(proxy.connect())).collect();
    let mut reader = WebSocket::open(proxy.connect());
    let before = proxy.memory();
    // Nobody reads from the idle ones while 256 MiB pass here.
    reader.receive_data(256 << 20, |frame| panic!("{frame:?}"));
    let grown = proxy.memory().saturating_sub(before);
    assert!(grown < 8 << 10, "the proxy hoards {grown} KiB for clients that do not read");
    drop(idle);
}

#[test]
fn any_path_will_do_and_only_binary_is_selected() {
    let folder = folder_with_self_pem();
    let proxy = Proxy::start(folder.path(), &[], echo());
    let mut socket = WebSocket::ask(proxy.connect(), "/some/path?token=1", "");
    assert!(socket.head.starts_with("HTTP/1.1 101 "));
    assert!(!socket.head.to_lowercase().contains("sec-websocket-protocol"));
    socket.echo(b"hello");
    let refused = WebSocket::ask(proxy.connect(), "/", "Sec-WebSocket-Protocol: base64\r\n");
    assert!(refused.head.starts_with("HTTP/1.1 400 "), "{}", refused.head);
}
