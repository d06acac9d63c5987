//! The server: a [`Room`] on a socket. It runs natively; in a page [`ChatServer::bind`] returns `Error::Unsupported`.

mod plain;
mod transport;

use std::{
    fmt,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    task::Waker,
    time::{Duration, Instant},
};

use websocket_peer::{
    Admission, Error, PeerOptions, RateLimits, Request, ServerOptions, WebSocketServer, multiplayer::PeerId,
};

use self::transport::{Received, Transport};
use crate::{
    mode::{Mode, SUB_PROTOCOL},
    protocol::Message,
    room::{Output, Recipients, Room},
};

/// The largest message that is accepted, in bytes: four times a line of characters of four bytes, so that a person who
/// pasted too much is answered, not disconnected.
const MAX_MESSAGE: usize = 8 * 1024;

/// The bytes that may wait for a member that reads slowly.
const MAX_UNSENT: usize = 256 * 1024;

/// A chat server. Call [`frame`](Self::frame) in a loop.
pub struct ChatServer {
    room: Room,
    transport: Transport,
    started: Instant,
}

impl ChatServer {
    /// Listens on an address. Port 0 takes a free port, which [`local_addr`](Self::local_addr) returns.
    ///
    /// # Errors
    /// The errors of `WebSocketServer::bind`.
    pub fn bind(address: impl ToSocketAddrs, mode: Mode) -> Result<Self, Error> {
        Ok(Self::on(WebSocketServer::bind(address, options())?, mode))
    }

    /// Takes over an open listener.
    ///
    /// # Errors
    /// The errors of `WebSocketServer::from_listener`.
    pub fn from_listener(listener: TcpListener, mode: Mode) -> Result<Self, Error> {
        Ok(Self::on(WebSocketServer::from_listener(listener, options())?, mode))
    }

    fn on(mut server: WebSocketServer, mode: Mode) -> Self {
        server.on_request(admit);
        Self { room: Room::new(), transport: Transport::new(server, mode), started: Instant::now() }
    }

    /// Returns the address that it listens on.
    ///
    /// # Errors
    /// The errors of `WebSocketServer::local_addr`.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.transport.local_addr()
    }

    /// Returns a handle with which another thread ends a [`frame`](Self::frame) that sleeps.
    pub fn waker(&mut self) -> Waker {
        self.transport.waker()
    }

    /// Sleeps until there is something to do, at most for `at_most`, and does it. Returns what happened, as lines for a
    /// log, which are safe to show.
    pub fn frame(&mut self, at_most: Duration) -> Vec<String> {
        self.transport.wait(at_most);
        let mut log = Vec::new();
        while let Some(received) = self.transport.next() {
            let now = self.started.elapsed();
            let outputs = match received {
                Received::Joined(id) => self.room.joined(id, now),
                Received::Packet(from, packet) => self.room.received(from, &packet, now),
                Received::Left(id, info) => {
                    log.push(format!("[{id}] left: {info}"));
                    self.room.left(id)
                }
            };
            self.carry_out(outputs, &mut log);
        }
        log
    }

    /// Sends a line of the server to all members.
    pub fn say(&mut self, line: &str) {
        let outputs = self.room.say(line);
        self.carry_out(outputs, &mut Vec::new());
    }

    /// Removes a member, and closes its connection with a reason. Returns lines for a log; none if there is no such
    /// member.
    pub fn kick(&mut self, id: PeerId, reason: &str) -> Vec<String> {
        let mut log = Vec::new();
        let outputs = self.room.kick(id, reason);
        self.carry_out(outputs, &mut log);
        log
    }

    /// Returns the members.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Stops listening, and closes all connections with code 1001. Continue to call [`frame`](Self::frame) until
    /// [`is_shut_down`](Self::is_shut_down): that takes at most 3 s.
    pub fn shutdown(&mut self) {
        self.transport.shutdown();
    }

    /// Returns `true` after a [shutdown](Self::shutdown), when no connection is left.
    pub fn is_shut_down(&self) -> bool {
        self.transport.is_shut_down()
    }

    fn carry_out(&mut self, outputs: Vec<Output>, log: &mut Vec<String>) {
        for output in outputs {
            match output {
                Output::Send(recipients, message) => {
                    if !matches!(recipients, Recipients::One(_)) {
                        log.extend(self.log_line(&message));
                    }
                    self.transport.send(recipients, &message.to_string());
                }
                Output::Kick(id, reason) => {
                    log.push(format!("[{id}] was removed: {reason}"));
                    self.transport.kick(id, &reason);
                }
            }
        }
    }

    /// Returns the line of a log for a message to several members.
    fn log_line(&self, message: &Message) -> Option<String> {
        match message {
            Message::Connected(_) | Message::Named(..) => Some(message.to_string()),
            Message::Says(id, text) => Some(match self.room.name(*id) {
                Some(name) => format!("[{id}] {name}: {text}"),
                None => format!("[{id}] {text}"),
            }),
            _ => None,
        }
    }
}

impl fmt::Debug for ChatServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatServer")
            .field("local_addr", &self.local_addr().ok())
            .field("members", &self.room.members().len())
            .finish_non_exhaustive()
    }
}

/// Returns the settings of a server for people who type.
fn options() -> ServerOptions {
    let connection = PeerOptions::for_server()
        .protocols([SUB_PROTOCOL])
        .max_message_size(MAX_MESSAGE)
        .inbound_buffer_size(8 * MAX_MESSAGE)
        .outbound_buffer_size(MAX_UNSENT);
    // The room removes members that send faster than people type, with a reason. These limits end what is faster by far.
    let rates = RateLimits::default()
        .max_packets_per_second(1000)
        .max_bytes_per_second(128 * 1024)
        .max_control_frames_per_second(10)
        .max_fragments(16);
    ServerOptions::default()
        .connection(connection)
        .rate_limits(rates)
        .max_peers(256)
        .max_peers_per_address(128)
        .max_buffered_bytes(64 << 20)
}

/// Answers health checks. Other plain requests are rejected, and upgrade requests are decided by the options.
fn admit(request: &Request) -> Admission {
    match (request.path(), request.is_upgrade()) {
        ("/health", false) => Admission::respond(200, "ok\n"),
        _ => Admission::accept(),
    }
}
