//! A server of ours and a client that writes raw bytes, in one thread: almost all of the measured time is that of the
//! server and the sockets.

pub mod scene;
pub mod session;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use websocket_peer::{
    PeerOptions, RateLimits, ReadyState, ServerEvent, ServerOptions, WebSocketPeer, WebSocketServer,
};

/// The upgrade request of a client that offers no protocols.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Starts a server without limits.
pub fn server() -> WebSocketServer {
    let unlimited = RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0);
    let options = ServerOptions::default()
        .connection(PeerOptions::for_server().max_message_size(2 << 20))
        .rate_limits(unlimited)
        .max_peers(256)
        .max_buffered_bytes(4 << 30)
        .max_pending_handshakes_per_address(256);
    WebSocketServer::bind("127.0.0.1:0", options).expect("a free port")
}

/// Connects a raw client and completes its handshake.
pub fn client(server: &mut WebSocketServer) -> TcpStream {
    let mut stream = connect(server.local_addr().expect("a listening server"));
    while !matches!(server.next_event(), Some(ServerEvent::Opened(_))) {
        server.wait(Duration::from_secs(1));
    }
    read_response(&mut stream);
    stream
}

/// Connects a raw client, and sends its request.
fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a live socket");
    stream.write_all(REQUEST.as_bytes()).expect("a live socket");
    stream
}

/// Reads the response to [`REQUEST`].
fn read_response(stream: &mut TcpStream) {
    let mut response = [0; 129];
    stream.read_exact(&mut response).expect("a response");
    assert!(response.ends_with(b"\r\n\r\n"), "the response has another length");
}

/// Connects a [`WebSocketPeer`].
pub fn peer(server: &mut WebSocketServer) -> WebSocketPeer {
    let mut peer = WebSocketPeer::new();
    peer.connect(&format!("ws://{}", server.local_addr().expect("a listening server"))).expect("a valid URL");
    while peer.poll() != ReadyState::Open {
        server.poll();
    }
    while !matches!(server.next_event(), Some(ServerEvent::Opened(_))) {
        server.wait(Duration::from_secs(1));
    }
    peer
}

/// Encodes `count` masked binary frames of `len` bytes.
pub fn frames(count: usize, len: usize) -> Vec<u8> {
    frames_of(count, &vec![7; len])
}

/// Encodes `count` masked binary frames with this payload.
fn frames_of(count: usize, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![0x82];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | len as u8),
        len @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame.repeat(count)
}

/// Polls until `count` packets have been answered.
pub fn echo(server: &mut WebSocketServer, count: usize) {
    let mut answered = 0;
    while answered < count {
        server.wait(Duration::from_secs(1));
        while let Some(event) = server.next_event() {
            if let ServerEvent::Packet(from, packet) = event {
                server.send_packet(from, &packet).expect("room");
                answered += 1;
            }
        }
    }
}
