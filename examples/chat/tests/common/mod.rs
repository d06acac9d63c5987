//! Helpers: a server in this thread, and its clients.

// Each test target uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod program;
#[cfg(unix)]
pub mod screen;

use std::time::{Duration, Instant};

use chat::{ChatClient, ChatEvent, ChatServer, Mode, SUB_PROTOCOL};
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer, multiplayer::PeerId};

pub const MODES: [Mode; 2] = [Mode::Plain, Mode::Multiplayer];

/// The time after which a test that waits fails. Long, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Calls `step` until it returns a value. Panics with `what` if that takes too long.
#[track_caller]
pub fn eventually<T>(what: &str, mut step: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = step() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
    }
}

/// A server that this thread drives while it waits for something else.
pub struct Chat {
    pub server: ChatServer,
    pub mode: Mode,
    pub url: String,
    /// What the server reported.
    pub log: Vec<String>,
}

impl Chat {
    pub fn start(mode: Mode) -> Self {
        let server = ChatServer::bind("127.0.0.1:0", mode).expect("a free port");
        let url = format!("ws://{}/test/", server.local_addr().expect("a bound server"));
        Self { server, mode, url, log: Vec::new() }
    }

    /// Connects a client, and waits until it is a member and has its name.
    #[track_caller]
    pub fn join(&mut self, name: Option<&str>) -> ChatClient {
        let mut client = ChatClient::connect(&self.url, self.mode, name).expect("valid arguments");
        loop {
            match self.next(&mut client) {
                ChatEvent::Connected if name.is_none() => break,
                ChatEvent::NameAccepted { .. } => break,
                ChatEvent::Connected | ChatEvent::Present { .. } => {}
                event => panic!("{event:?}"),
            }
        }
        client
    }

    /// Returns the next event of a client.
    #[track_caller]
    pub fn next(&mut self, client: &mut ChatClient) -> ChatEvent {
        eventually("the client reports something", || {
            self.frame();
            client.wait(Duration::from_millis(1));
            client.next_event()
        })
    }

    /// Returns the next event of a client that fits.
    #[track_caller]
    pub fn next_that(&mut self, client: &mut ChatClient, fits: impl Fn(&ChatEvent) -> bool) -> ChatEvent {
        loop {
            let event = self.next(client);
            if fits(&event) {
                return event;
            }
        }
    }

    /// Connects a peer that is no client of the library, with this sub-protocol, as an engine would.
    #[track_caller]
    pub fn raw(&mut self) -> WebSocketPeer {
        let mut peer = WebSocketPeer::with_options(PeerOptions::default().protocols([SUB_PROTOCOL]));
        peer.connect(&self.url).expect("a valid URL");
        eventually("the peer opens", || {
            self.frame();
            (peer.poll() != ReadyState::Connecting).then_some(())
        });
        peer
    }

    /// Returns the next packet of a peer.
    #[track_caller]
    pub fn receive(&mut self, peer: &mut WebSocketPeer) -> Packet {
        eventually("a packet arrives", || {
            self.frame();
            peer.wait(Duration::from_millis(1));
            peer.recv()
        })
    }

    /// Lets the server do what there is to do.
    pub fn frame(&mut self) {
        let lines = self.server.frame(Duration::from_millis(1));
        self.log.extend(lines);
    }

    /// Returns the id of a named client.
    #[track_caller]
    pub fn id_of(&self, client: &ChatClient) -> PeerId {
        let name = client.name().expect("a named client");
        self.server.room().find(name).expect("a member")
    }
}
