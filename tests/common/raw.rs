//! Connections of a peer to the test itself, as raw bytes on the wire.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use socket2::{Domain, SockRef, Socket, Type};
use tungstenite::handshake::derive_accept_key;
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

use super::{PATIENCE, eventually, network, opened, until};

pub use testkit::frame::{BINARY, CLOSE, Frame, PING, PONG, TEXT, client_frame, close_payload, server_frame};

/// The upgrade request of Godot's client, with the example key of RFC 6455.
pub const REQUEST: &str = "GET /chat?x=1 HTTP/1.1\r\nHost: h.example:99\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A server's response to it.
pub const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The size of the kernel's buffers of connections that a test may leave unread. By default they grow, on Linux to tens
/// of megabytes. With this size a sender is blocked long before a packet queue is full, and stays blocked.
pub const KERNEL: usize = 16 * 1024;

/// One end of a TCP connection.
pub struct Raw {
    tcp: TcpStream,
    received: Vec<u8>,
    end: Option<End>,
}

/// How the other end ended TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Eof,
    Reset,
}

impl Raw {
    pub fn new(tcp: TcpStream) -> Self {
        // An empty read also serves as a pause. Writes block, with a limit.
        tcp.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout for reads");
        tcp.set_write_timeout(Some(PATIENCE)).expect("a timeout for writes");
        tcp.set_nodelay(true).expect("no delay");
        Self { tcp, received: Vec::new(), end: None }
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.tcp.write_all(bytes.as_ref()).expect("the peer's end is there");
    }

    /// Sends bytes, and calls `poll` while the kernel's buffers are full.
    #[track_caller]
    pub fn send_while(&mut self, bytes: impl AsRef<[u8]>, mut poll: impl FnMut()) {
        let mut rest = bytes.as_ref();
        until("the other end takes the bytes", || {
            rest = &rest[self.offer(rest)..];
            poll();
            rest.is_empty()
        });
    }

    /// Sends as many bytes as the kernel takes at once, and returns their number.
    pub fn offer(&mut self, bytes: &[u8]) -> usize {
        self.tcp.set_nonblocking(true).expect("a non-blocking stream");
        let mut sent = 0;
        while sent < bytes.len() {
            match self.tcp.write(&bytes[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("the peer's end is gone: {error}"),
            }
        }
        self.tcp.set_nonblocking(false).expect("a blocking stream");
        sent
    }

    /// Ends this direction of TCP.
    pub fn finish(&self) {
        self.tcp.shutdown(Shutdown::Write).expect("the connection is there");
    }

    /// Ends TCP with a reset.
    pub fn reset(self) {
        SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).expect("linger");
    }

    /// Reads the bytes that have arrived, and returns their number.
    pub fn look(&mut self) -> usize {
        let mut buffer = vec![0; 256 * 1024];
        match self.tcp.read(&mut buffer) {
            Ok(0) => self.end = Some(End::Eof),
            Ok(read) => {
                self.received.extend_from_slice(&buffer[..read]);
                return read;
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                ErrorKind::ConnectionReset => self.end = Some(End::Reset),
                _ => panic!("{error}"),
            },
        }
        0
    }

    /// Takes the next HTTP head, with its empty line.
    pub fn head(&mut self) -> Option<String> {
        self.look();
        let end = self.received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        Some(String::from_utf8(self.received.drain(..end).collect()).expect("a head is text"))
    }

    /// Takes the next frame.
    pub fn frame(&mut self) -> Option<Frame> {
        self.take_frame().or_else(|| {
            self.look();
            self.take_frame()
        })
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let (frame, length) = Frame::parse(&self.received)?;
        self.received.drain(..length);
        Some(frame)
    }

    /// Returns how the other end ended TCP, once it has.
    pub fn end(&mut self) -> Option<End> {
        self.look();
        self.end
    }

    /// Drops the bytes that have arrived and were not taken as a head or frame.
    pub fn forget(&mut self) {
        self.received.clear();
    }

    /// Returns the bytes that have arrived and were not taken as a head or frame.
    pub fn rest(&self) -> &[u8] {
        &self.received
    }
}

/// Binds a listener to a free port of the loopback interface. The buffers of the streams that it accepts have the size
/// [`KERNEL`].
pub fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let socket = SockRef::from(&listener);
    socket.set_send_buffer_size(KERNEL).expect("a size for the send buffer");
    socket.set_recv_buffer_size(KERNEL).expect("a size for the receive buffer");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// Connects to a server that this end may leave blocked. The receive buffer has the size [`KERNEL`]. It is set before
/// connecting, because the TCP window depends on it.
pub fn connect(addr: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(KERNEL).expect("a size for the receive buffer");
    socket.connect(&addr.into()).expect("the server listens");
    socket.into()
}

/// Returns both ends of a new TCP connection through the test target's network: first the one that connected.
pub fn tcp_pair() -> (TcpStream, TcpStream) {
    let (listener, port) = listener();
    let addr = network::route((Ipv4Addr::LOCALHOST, port).into());
    let connected = connect(addr);
    let (accepted, _) = listener.accept().expect("a connection");
    (connected, accepted)
}

/// Returns a raw client, and the peer that accepted it and waits for the request.
pub fn accepting(options: PeerOptions) -> (WebSocketPeer, Raw) {
    let (connected, accepted) = tcp_pair();
    let mut peer = WebSocketPeer::with_options(options);
    peer.accept(accepted).expect("the options are right");
    (peer, Raw::new(connected))
}

/// Returns a raw client, and the open peer that accepted it.
pub fn accepted(options: PeerOptions) -> (WebSocketPeer, Raw) {
    let (mut peer, mut raw) = accepting(options);
    raw.send(REQUEST);
    opened(&mut peer);
    eventually("the answer to the request", || raw.head());
    (peer, raw)
}

/// Returns a raw server that has not read the request yet, and the peer that connects to it.
pub fn connecting(options: PeerOptions) -> (WebSocketPeer, Raw) {
    let (listener, port) = listener();
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(&format!("ws://127.0.0.1:{port}/")).expect("the address and the options are right");
    let accepted = admit(&listener, &mut peer);
    (peer, Raw::new(accepted))
}

/// Accepts a peer's connection, and polls the peer meanwhile.
#[track_caller]
pub fn admit(listener: &TcpListener, peer: &mut WebSocketPeer) -> TcpStream {
    accept_while(listener, || {
        peer.poll();
    })
}

/// Accepts the next connection.
#[track_caller]
pub fn accept_next(listener: &TcpListener) -> TcpStream {
    accept_while(listener, || {})
}

#[track_caller]
fn accept_while(listener: &TcpListener, mut poll: impl FnMut()) -> TcpStream {
    listener.set_nonblocking(true).expect("a non-blocking listener");
    let accepted = eventually("a client connects", || {
        poll();
        match listener.accept() {
            Ok((accepted, _)) => Some(accepted),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    });
    // On some systems streams inherit the listener's mode.
    accepted.set_nonblocking(false).expect("a blocking stream");
    accepted
}

/// Receives the peer's request, and returns it with the key that answers it.
#[track_caller]
pub fn request(peer: &mut WebSocketPeer, raw: &mut Raw) -> (String, String) {
    let head = eventually("the request", || {
        peer.poll();
        raw.head()
    });
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = derive_accept_key(key.as_bytes());
    (head, accept)
}

/// Returns a raw server, and the open peer that connected to it.
pub fn connected(options: PeerOptions) -> (WebSocketPeer, Raw) {
    let (mut peer, mut raw) = connecting(options);
    let (_, accept) = request(&mut peer, &mut raw);
    raw.send(ANSWER.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept));
    opened(&mut peer);
    (peer, raw)
}

/// Receives the next frame from the peer.
#[track_caller]
pub fn frame_from(peer: &mut WebSocketPeer, raw: &mut Raw) -> Frame {
    eventually("a frame from the peer", || {
        peer.poll();
        raw.frame()
    })
}

/// Waits until the peer ends TCP, and returns how.
#[track_caller]
pub fn end_from(peer: &mut WebSocketPeer, raw: &mut Raw) -> End {
    eventually("the end of TCP", || {
        peer.poll();
        raw.end()
    })
}

/// Polls until the peer has nothing more to do.
#[track_caller]
pub fn settle(peer: &mut WebSocketPeer) {
    let mut quiet = 0;
    until("the peer settles", || {
        let before = (peer.state(), peer.stats(), peer.buffered());
        quiet = if (peer.poll(), peer.stats(), peer.buffered()) == before { quiet + 1 } else { 0 };
        quiet > 50 || peer.state() == ReadyState::Closed
    });
}
