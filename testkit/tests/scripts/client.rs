//! A client: raw bytes, or frames by tungstenite.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use testkit::Server;
use tungstenite::{Message, WebSocket};

pub type Client = WebSocket<TcpStream>;

/// The longest time that a test waits. Generous: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn server() -> Server {
    Server::start().unwrap()
}

pub fn tcp(server: &Server) -> TcpStream {
    let tcp = TcpStream::connect(server.addr()).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp
}

/// Opens `path`.
pub fn open(server: &Server, path: &str) -> Client {
    let (client, _) = tungstenite::client(server.url(path), tcp(server)).unwrap();
    client
}

/// Sends an upgrade request, and does not read the answer.
pub fn request(server: &Server, path: &str) -> TcpStream {
    let mut tcp = tcp(server);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Protocol: first, second\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).unwrap();
    tcp
}

/// Reads the head of the answer, including `\r\n\r\n`.
pub fn head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads `len` bytes.
pub fn bytes(tcp: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    tcp.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads until the end of the stream.
pub fn rest(tcp: &mut TcpStream) -> (Vec<u8>, End) {
    rest_within(tcp, PATIENCE)
}

/// Reads until nothing arrives for a quarter of a second.
pub fn silence(tcp: &mut TcpStream) -> Vec<u8> {
    let (bytes, end) = rest_within(tcp, Duration::from_millis(250));
    assert_eq!(end, End::Silence);
    bytes
}

fn rest_within(tcp: &mut TcpStream, time: Duration) -> (Vec<u8>, End) {
    tcp.set_read_timeout(Some(time)).unwrap();
    let mut bytes = Vec::new();
    let end = match tcp.read_to_end(&mut bytes) {
        Ok(_) => End::Eof,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => End::Silence,
        Err(error) => panic!("{error}"),
    };
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    (bytes, end)
}

#[derive(Debug, PartialEq)]
pub enum End {
    Eof,
    Reset,
    Silence,
}

pub fn texts(client: &mut Client, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| {
            loop {
                match client.read().unwrap() {
                    Message::Text(text) => return text.to_string(),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("{other:?} instead of a text"),
                }
            }
        })
        .collect()
}

/// Reads until the close frame, and returns its code and reason.
pub fn close(client: &mut Client) -> Option<(u16, String)> {
    loop {
        if let Message::Close(frame) = client.read().unwrap() {
            return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
        }
    }
}
