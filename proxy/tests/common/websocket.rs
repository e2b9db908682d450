//! A WebSocket client that sends what it is told, right or wrong.

use std::io::{Read, Write};

pub const BINARY: u8 = 0x82;
pub const TEXT: u8 = 0x81;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, reserved bits and opcode.
    pub first: u8,
    pub payload: Vec<u8>,
}

pub struct WebSocket<S> {
    pub stream: S,
    pub head: String,
}

impl<S: Read + Write> WebSocket<S> {
    /// Does the opening handshake; the answer must be 101.
    #[track_caller]
    pub fn open(stream: S) -> Self {
        let socket = Self::ask(stream, "/", "Sec-WebSocket-Protocol: binary\r\n");
        assert!(socket.head.starts_with("HTTP/1.1 101 "), "{}", socket.head);
        assert!(
            socket.head.to_lowercase().contains("sec-websocket-protocol: binary\r\n"),
            "{}",
            socket.head
        );
        socket
    }

    /// Asks for an upgrade with further header lines.
    pub fn ask(mut stream: S, path: &str, further: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{further}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a whole head");
            head.push(byte[0]);
        }
        Self { stream, head: String::from_utf8(head).unwrap() }
    }

    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&frame(first, payload)).unwrap();
    }

    /// The next frame.
    #[track_caller]
    pub fn receive(&mut self) -> Frame {
        let [first, length] = self.exactly();
        let length = match length {
            126 => u64::from(u16::from_be_bytes(self.exactly())),
            127 => u64::from_be_bytes(self.exactly()),
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).expect("a whole payload");
        Frame { first, payload }
    }

    #[track_caller]
    fn exactly<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("a whole header");
        bytes
    }

    /// The payload of data frames until there are `length` bytes; other frames are given to `other`.
    #[track_caller]
    pub fn receive_data(&mut self, length: usize, mut other: impl FnMut(Frame)) -> Vec<u8> {
        let mut data = Vec::with_capacity(length);
        while data.len() < length {
            let frame = self.receive();
            if frame.first == BINARY { data.extend(frame.payload) } else { other(frame) }
        }
        data
    }

    /// Receives a Close frame: code and reason.
    #[track_caller]
    pub fn receive_close(&mut self) -> (u16, String) {
        let frame = self.receive();
        assert_eq!(frame.first, CLOSE, "{frame:?}");
        let (code, reason) = frame.payload.split_at(2);
        (u16::from_be_bytes([code[0], code[1]]), String::from_utf8(reason.to_vec()).unwrap())
    }

    /// Closes with 1000, and sees the same and the end come back.
    #[track_caller]
    pub fn close(mut self) {
        self.send(CLOSE, &1000u16.to_be_bytes());
        assert_eq!(self.receive_close(), (1000, String::new()));
        assert_eq!(super::rest(&mut self.stream), Vec::<u8>::new());
    }

    /// Sends `data` in one frame and sees it come back from an echo.
    #[track_caller]
    pub fn echo(&mut self, data: &[u8]) {
        self.send(BINARY, data);
        assert!(
            self.receive_data(data.len(), |frame| panic!("{frame:?}")) == data,
            "other bytes came back"
        );
    }
}

/// A masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x9f, 0x03, 0xe1, 0x5b];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | short as u8),
        medium @ 126..65536 => {
            bytes.push(0x80 | 126);
            bytes.extend((medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}
