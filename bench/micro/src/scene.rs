//! A session over sockets, and two clients that write and read raw bytes: the work of a Godot session's server for each
//! packet that it relays.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use websocket_peer::{
    PeerOptions, RateLimits, ServerOptions,
    multiplayer::{Event, MultiplayerOptions, PeerId, SceneMultiplayer, SessionOptions},
};

use crate::{connect, frames_of, read_response};

/// The lengths of the frames with a client's id and with the announcement of another client, from a server.
const ID_FRAME: usize = 2 + 4;
const ADD_PEER_FRAME: usize = 2 + 6;

/// A server, and two clients.
#[derive(Debug)]
pub struct RelayServer {
    server: SceneMultiplayer,
    sender: TcpStream,
    receiver: TcpStream,
    receiver_id: PeerId,
}

impl RelayServer {
    /// Starts a server without limits, and connects the clients.
    pub fn start() -> Self {
        let mut server = SceneMultiplayer::bind("127.0.0.1:0", options()).expect("a free port");
        let (mut sender, _) = join(&mut server);
        let (mut receiver, receiver_id) = join(&mut server);
        // Announcements may be delayed by a quarter of a second.
        poll_for(&mut server, Duration::from_secs(1));
        for client in [&mut sender, &mut receiver] {
            client.read_exact(&mut [0; ID_FRAME + ADD_PEER_FRAME]).expect("an id and an announcement");
        }
        Self { server, sender, receiver, receiver_id }
    }

    /// Encodes `count` frames of the sender with packets for the receiver, which contain `len` bytes each. Returns them
    /// with the number of bytes that the receiver gets.
    pub fn frames(&self, count: usize, len: usize) -> (Vec<u8>, usize) {
        let header = [&[7, 3], &self.receiver_id.get().to_le_bytes()[..], &[3]].concat();
        let packet = [header, vec![7; len]].concat();
        let frames = frames_of(count, &packet);
        let received = frames.len() - 4 * count;
        (frames, received)
    }

    /// Relays `count` frames.
    pub fn relay(&mut self, frames: &[u8], count: usize, received: &mut [u8]) {
        let done = self.server.session().stats().relayed + count as u64;
        self.sender.write_all(frames).expect("room in the socket");
        while self.server.session().stats().relayed < done {
            self.server.wait(Duration::from_secs(1));
            while self.server.next_event().is_some() {}
        }
        self.receiver.read_exact(received).expect("as much as was sent");
    }
}

/// Connects a client. Returns it with its id.
fn join(server: &mut SceneMultiplayer) -> (TcpStream, PeerId) {
    let mut client = connect(server.local_addr().expect("a listening server"));
    let id = loop {
        server.wait(Duration::from_secs(1));
        if let Some(Event::PeerConnected(id)) = server.next_event() {
            break id;
        }
    };
    while server.next_event().is_some() {}
    read_response(&mut client);
    (client, id)
}

fn poll_for(server: &mut SceneMultiplayer, time: Duration) {
    let end = std::time::Instant::now() + time;
    while std::time::Instant::now() < end {
        server.wait(time / 10);
        while server.next_event().is_some() {}
    }
}

fn options() -> MultiplayerOptions {
    let unlimited = RateLimits::default()
        .max_packets_per_second(0)
        .max_bytes_per_second(0)
        .max_control_frames_per_second(0)
        .max_fragments(0);
    let server = ServerOptions::default()
        .connection(PeerOptions::for_server().heartbeat_interval(Duration::ZERO))
        .rate_limits(unlimited);
    let session = SessionOptions::default().max_relayed_bytes_per_second(0);
    MultiplayerOptions::default().server(server).session(session)
}
