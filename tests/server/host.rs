//! A server under test. It is polled while a test waits, and all its events are checked: a peer's events are `Opened`,
//! its packets, and one `Closed`, and its key is new.

// Each test target uses a part of this.
#![allow(dead_code)]

use std::{
    collections::{BTreeSet, VecDeque},
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use socket2::SockRef;

use websocket_peer::{
    Admission, CloseInfo, Packet, PeerKey, PeerOptions, RateLimits, Request, ServerEvent, ServerOptions,
    WebSocketServer,
};

use crate::common::{
    eventually,
    raw::{ANSWER, End, Frame, KERNEL, REQUEST, Raw, connect},
};

/// The kernel is full if it took nothing for this time. A receiver may delay an acknowledgement by 40 ms, and a sender
/// fills the rest of a small window after 200 ms (RFC 9293, section 3.8.6.1).
const CALM: Duration = Duration::from_millis(400);

/// A server, and its events that no test has taken.
pub struct Host {
    pub server: WebSocketServer,
    pub events: VecDeque<ServerEvent>,
    addr: SocketAddr,
    open: BTreeSet<PeerKey>,
    newest: Option<PeerKey>,
}

/// A response that rejects a request. The connection ended after it, without a reset, which could destroy it.
#[derive(Debug)]
pub struct Rejection {
    pub status: u16,
    pub head: String,
}

/// No limits, for tests of something else.
pub fn unlimited() -> RateLimits {
    RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0)
        .max_message_time(Duration::ZERO)
}

/// The defaults, with these options for every peer. There are so few peers that large messages fit into memory.
pub fn with_peer(options: PeerOptions) -> ServerOptions {
    ServerOptions::default().connection(options).max_peers(256)
}

/// A valid request for this target, with these additional lines.
pub fn request(target: &str, lines: &[&str]) -> String {
    let (_, fields) = REQUEST.split_once("\r\n").expect("a request has lines");
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("GET {target} HTTP/1.1\r\n{lines}{fields}")
}

impl Host {
    /// Starts a server on a free port. The send buffers of its connections are small: see [`KERNEL`].
    pub fn start(options: ServerOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Accepted streams inherit the size.
        SockRef::from(&listener).set_send_buffer_size(KERNEL).expect("a size for the send buffer");
        Self::of(WebSocketServer::from_listener(listener, options).expect("the options are valid"))
    }

    /// Starts a server with a hook for `on_request`.
    pub fn with_hook(
        options: ServerOptions,
        hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static,
    ) -> Self {
        let mut host = Self::start(options);
        host.server.on_request(hook);
        host
    }

    pub fn of(server: WebSocketServer) -> Self {
        let addr = server.local_addr().expect("it listens");
        Self { server, events: VecDeque::new(), addr, open: BTreeSet::new(), newest: None }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn url(&self, target: &str) -> String {
        format!("ws://{}{target}", self.addr)
    }

    /// Polls once, and reads all events.
    pub fn step(&mut self) {
        self.server.poll();
        self.read_events();
    }

    /// Reads all events.
    pub fn read_events(&mut self) {
        while let Some(event) = self.server.next_event() {
            self.check(&event);
            self.events.push_back(event);
        }
    }

    /// Checks an event. For tests that call `next_event` themselves.
    #[track_caller]
    pub fn check(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Opened(key) => {
                assert!(self.newest < Some(*key), "{key} was used before");
                assert!(self.open.insert(*key));
                self.newest = Some(*key);
            }
            ServerEvent::Packet(key, _) => assert!(self.open.contains(key), "{key} is not open: {event:?}"),
            ServerEvent::Closed(key, _) => assert!(self.open.remove(key), "{key} is not open: {event:?}"),
            other => panic!("an unknown event: {other:?}"),
        }
        assert!(self.server.peer(event_key(event)).is_some(), "{event:?} is of an unknown peer");
    }

    /// Polls until this returns a value.
    #[track_caller]
    pub fn until<T>(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        eventually(what, || {
            self.step();
            done(self)
        })
    }

    /// Polls until this returns `true`.
    #[track_caller]
    pub fn until_so(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        self.until(what, |host| done(host).then_some(()));
    }

    /// Polls for this time.
    pub fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.until_so("time passes", |_| Instant::now() >= end);
    }

    /// Takes the first event for which `like` returns a value. Polls until there is one.
    #[track_caller]
    pub fn event<T>(&mut self, what: &str, like: impl Fn(&ServerEvent) -> Option<T>) -> T {
        self.until(what, |host| {
            let (index, found) =
                host.events.iter().enumerate().find_map(|(index, event)| Some((index, like(event)?)))?;
            host.events.remove(index);
            Some(found)
        })
    }

    #[track_caller]
    pub fn opened(&mut self) -> PeerKey {
        self.event("a peer opens", |event| match event {
            ServerEvent::Opened(key) => Some(*key),
            _ => None,
        })
    }

    #[track_caller]
    pub fn packet(&mut self, from: PeerKey) -> Packet {
        self.event("a packet arrives", |event| match event {
            ServerEvent::Packet(key, packet) if *key == from => Some(packet.clone()),
            ServerEvent::Closed(key, info) if *key == from => panic!("{key} closed instead: {info}"),
            _ => None,
        })
    }

    #[track_caller]
    pub fn closed(&mut self, peer: PeerKey) -> CloseInfo {
        self.event("a peer closes", |event| match event {
            ServerEvent::Closed(key, info) if *key == peer => Some(info.clone()),
            _ => None,
        })
    }

    /// Connects a client that sends nothing.
    pub fn connect(&self) -> Raw {
        Raw::new(connect(self.addr))
    }

    /// Lets a client send bytes, and polls while the kernel takes no more.
    #[track_caller]
    pub fn send(&mut self, raw: &mut Raw, bytes: impl AsRef<[u8]>) {
        raw.send_while(bytes, || self.step());
    }

    /// Connects a client and sends these bytes.
    pub fn connect_and_send(&self, bytes: impl AsRef<[u8]>) -> Raw {
        let mut raw = self.connect();
        raw.send(bytes);
        raw
    }

    /// Opens a connection of a raw client.
    #[track_caller]
    pub fn open_client(&mut self) -> (PeerKey, Raw) {
        self.open_client_with(REQUEST)
    }

    /// Opens a connection of a raw client with this request.
    #[track_caller]
    pub fn open_client_with(&mut self, request: &str) -> (PeerKey, Raw) {
        let mut raw = self.connect_and_send(request);
        let head = self.until("the answer to the request", |_| raw.head());
        assert!(head.starts_with(ANSWER.trim_end()), "{head}");
        (self.opened(), raw)
    }

    /// Returns the response that rejects a request, after the end of the connection.
    #[track_caller]
    pub fn rejection(&mut self, raw: &mut Raw) -> Rejection {
        assert_eq!(self.end(raw), End::Eof, "a reset would destroy the response");
        let answer = String::from_utf8(raw.rest().to_vec()).expect("a response is text");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {answer:?}"));
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        assert!(head.contains("\r\nConnection: close"), "{answer}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{answer}");
        Rejection { status: status.unwrap_or_else(|| panic!("no status: {answer}")), head: head.to_owned() }
    }

    /// Returns the status of the response that rejects a request.
    #[track_caller]
    pub fn status_for(&mut self, bytes: impl AsRef<[u8]>) -> u16 {
        let mut raw = self.connect_and_send(bytes);
        self.rejection(&mut raw).status
    }

    /// Returns the next frame that a client receives.
    #[track_caller]
    pub fn frame(&mut self, raw: &mut Raw) -> Frame {
        self.until("a frame from the server", |_| raw.frame())
    }

    /// Returns how the server ends TCP.
    #[track_caller]
    pub fn end(&mut self, raw: &mut Raw) -> End {
        self.until("the end of TCP", |_| raw.end())
    }

    /// Polls until there are no connections, handshakes or memory in use.
    #[track_caller]
    pub fn until_empty(&mut self) {
        self.until_so("all connections are gone", |host| {
            let stats = host.server.stats();
            (stats.peers, stats.pending, stats.memory) == (0, 0, 0)
        });
        assert_eq!(self.server.peer_count(), 0);
        assert!(self.open.is_empty(), "without a `Closed`: {:?}", self.open);
    }

    /// Sends packets until the kernel and the peer's send queue are full. The client does not read.
    #[track_caller]
    pub fn fill_queue(&mut self, peer: PeerKey, packet: &Packet) {
        let (mut quiet, mut since) = (0, Instant::now());
        self.until_so("the queue is full", |host| {
            while host.server.send_packet(peer, packet).is_ok() {
                (quiet, since) = (0, Instant::now());
            }
            quiet += 1;
            quiet > 20 && since.elapsed() > CALM
        });
    }

    /// Sends packets until the kernel takes no more, and some wait in the send queue, which must have room for them.
    #[track_caller]
    pub fn fill_kernel(&mut self, peer: PeerKey, packet: &Packet) {
        let (mut quiet, mut since) = (0, Instant::now());
        self.until_so("the kernel is full", |host| {
            if host.buffered(peer) == 0 {
                (quiet, since) = (0, Instant::now());
                host.server.send_packet(peer, packet).expect("there is room");
            }
            quiet += 1;
            quiet > 20 && since.elapsed() > CALM
        });
    }

    /// Returns the number of bytes that wait for a peer.
    #[track_caller]
    pub fn buffered(&self, peer: PeerKey) -> usize {
        self.server.peer(peer).expect("a known peer").buffered()
    }
}

fn event_key(event: &ServerEvent) -> PeerKey {
    match event {
        ServerEvent::Opened(key) | ServerEvent::Packet(key, _) | ServerEvent::Closed(key, _) => *key,
        other => panic!("an unknown event: {other:?}"),
    }
}
