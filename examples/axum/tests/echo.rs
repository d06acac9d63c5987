//! The program of the documentation, by clients that connect to axum.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, Packet, PeerOptions, ReadyState, WebSocketPeer};

const PATIENCE: Duration = Duration::from_secs(30);

/// The running program, and where it listens. It is killed when this is dropped.
struct App {
    program: Child,
    address: String,
}

impl App {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_axum-upgrade"));
        let mut program =
            command.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(program.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let address =
            line.trim().strip_prefix("Listening on http://").expect("the line has the address").to_owned();
        // The program stops when the pipe of its output is full, so the test reads it.
        thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { program, address }
    }

    fn connected(&self, options: PeerOptions) -> WebSocketPeer {
        let mut peer = WebSocketPeer::with_options(options);
        peer.connect(&format!("ws://{}/game?room=1", self.address)).expect("a good URL");
        until("the peer opens", || peer.poll() != ReadyState::Connecting);
        assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
        peer
    }

    /// A connection on which these bytes were sent.
    fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut tcp = TcpStream::connect(&self.address).expect("it listens");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        tcp.write_all(bytes).expect("it reads");
        tcp
    }

    /// The body of the answer to a request, which must have this content type.
    fn body(&self, path: &str, content_type: &str) -> String {
        let mut tcp =
            self.sent(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes());
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).expect("an answer in time");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("content-type: {content_type}\r\n")), "{head}");
        body.to_owned()
    }

    /// The status of the answer to a request with these lines more.
    fn status(&self, path: &str, lines: &str) -> String {
        let tcp = self.sent(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n").as_bytes());
        let mut line = String::new();
        BufReader::new(tcp).read_line(&mut line).expect("an answer in time");
        line.split(' ').nth(1).expect("a status").to_owned()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn receive(peer: &mut WebSocketPeer) -> Packet {
    until("a packet comes", || peer.poll() == ReadyState::Closed || peer.available() > 0);
    peer.recv().expect("a packet before the end")
}

#[test]
fn a_client_is_upgraded_by_axum_and_served_by_the_server() {
    let app = App::start();
    let mut one = app.connected(PeerOptions::default().protocols(["other", "echo.v1"]));
    let mut two = app.connected(PeerOptions::default());
    assert_eq!((one.protocol(), two.protocol()), (Some("echo.v1"), None));
    let large = Packet::binary((0..60_000).map(|index| (index % 251) as u8).collect::<Vec<_>>());
    for packet in [Packet::text("hello"), large, Packet::text("")] {
        one.send_packet(&packet).expect("an open peer");
        two.send_packet(&packet).expect("an open peer");
        assert!(receive(&mut one) == packet && receive(&mut two) == packet);
    }
    one.close();
    until("it closes", || one.poll() == ReadyState::Closed);
    let info = one.close_info().expect("it is closed");
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Local));
}

/// The fields that request a WebSocket.
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

#[test]
fn frames_that_come_with_the_request_are_not_lost() {
    let app = App::start();
    let request = format!("GET /game HTTP/1.1\r\nHost: h\r\n{UPGRADE}\r\n");
    // A masked text frame with the mask 0, and a part of another.
    let mut tcp = app.sent(&[request.as_bytes(), b"\x81\x82\0\0\0\0hi\x81\x82\0\0"].concat());
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.ends_with(b"\x81\x02hi") {
        let read = tcp.read(&mut buffer).expect("an answer in time");
        assert!(read > 0, "{}", answer.escape_ascii());
        answer.extend_from_slice(&buffer[..read]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", answer.escape_ascii());
    tcp.write_all(b"\0\0yo").expect("it reads");
    tcp.read_exact(&mut buffer[..4]).expect("the second frame");
    assert_eq!(&buffer[..4], b"\x81\x02yo");
}

#[test]
fn pages_are_served_and_other_requests_refused() {
    let app = App::start();
    assert_eq!(app.status("/", ""), "200");
    assert_eq!(app.status("/game", ""), "426");
    assert_eq!(app.status("/game", UPGRADE), "101");
    for (origin, status) in [("http://h", "101"), ("https://evil.example", "403"), ("null", "403")] {
        assert_eq!(app.status("/game", &format!("{UPGRADE}Origin: {origin}\r\n")), status, "{origin}");
    }
}

#[test]
fn the_page_and_the_api_have_the_port_of_the_game() {
    let app = App::start();
    let page = app.body("/", "text/html; charset=utf-8");
    assert!(page.contains("/game") && page.contains("/api/players"), "{page}");
    let players = || app.body("/api/players", "application/json");
    assert_eq!(players(), r#"{"players":0}"#);
    let one = app.connected(PeerOptions::default());
    let _two = app.connected(PeerOptions::default());
    until("both are counted", || players() == r#"{"players":2}"#);
    drop(one);
    until("one has left", || players() == r#"{"players":1}"#);
}
