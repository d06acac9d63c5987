//! Our end, and waiting for its events.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};

use websocket_peer::multiplayer::{PeerEvent, PeerId, WebSocketMultiplayerPeer};
use websocket_peer::{CloseInfo, Packet, PeerOptions, ServerOptions, WebSocketPeer};

use super::godot;
use crate::certificates;
use crate::engine::Engine;
use crate::waiting::{eventually, until};

/// Our role.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Client,
    Server,
}

/// A peer, and its events that no scenario has taken.
pub struct Ours {
    peer: WebSocketMultiplayerPeer,
    events: VecDeque<PeerEvent>,
}

/// Our end and an engine, which are connected.
pub struct Pair {
    pub ours: Ours,
    pub part: Part,
    /// Godot's id.
    pub godot: PeerId,
}

impl Ours {
    /// Starts a server at a free port.
    pub fn host(secure: bool) -> Self {
        let mut options = ServerOptions::default();
        if secure {
            options.connection = options.connection.tls(certificates::server());
        }
        Self::host_with(options)
    }

    pub fn host_with(options: ServerOptions) -> Self {
        Self::new(WebSocketMultiplayerPeer::bind((Ipv4Addr::LOCALHOST, 0), options).expect("a free port"))
    }

    /// Starts a client of the server at this URL.
    pub fn join(url: &str) -> Self {
        Self::join_with(url, PeerOptions::default())
    }

    pub fn join_with(url: &str, options: PeerOptions) -> Self {
        let options = options.tls(certificates::client());
        Self::new(WebSocketMultiplayerPeer::connect(url, options).expect("a URL"))
    }

    fn new(peer: WebSocketMultiplayerPeer) -> Self {
        Self { peer, events: VecDeque::new() }
    }

    /// Returns the URL of the server, for an engine.
    pub fn url(&self, secure: bool) -> String {
        let scheme = if secure { "wss" } else { "ws" };
        format!("{scheme}://{}", self.peer.local_addr().expect("a server that listens"))
    }

    /// Returns the peer.
    pub fn peer(&mut self) -> &mut WebSocketMultiplayerPeer {
        &mut self.peer
    }

    #[track_caller]
    pub fn id(&self) -> PeerId {
        self.peer.id().expect("a connected peer")
    }

    pub fn peers(&self) -> Vec<PeerId> {
        self.peer.peers().collect()
    }

    pub fn poll(&mut self) {
        self.peer.poll();
        self.events.extend(std::iter::from_fn(|| self.peer.next_event()));
    }

    /// Waits for the next event, whichever it is.
    #[track_caller]
    pub fn event(&mut self) -> PeerEvent {
        self.event_while(|| {})
    }

    /// As [`event`](Self::event), and calls `meanwhile` until then.
    #[track_caller]
    pub fn event_while(&mut self, mut meanwhile: impl FnMut()) -> PeerEvent {
        eventually("an event of our end", || {
            meanwhile();
            self.poll();
            self.events.pop_front()
        })
    }

    /// Waits for the next event, which is that a peer is connected.
    #[track_caller]
    pub fn connected(&mut self) -> PeerId {
        match self.event() {
            PeerEvent::Connected(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the next event, which is a packet.
    #[track_caller]
    pub fn packet(&mut self) -> (PeerId, Packet) {
        match self.event() {
            PeerEvent::Packet(from, packet) => (from, packet),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the next event, which is that a peer is gone.
    #[track_caller]
    pub fn disconnected(&mut self) -> (PeerId, CloseInfo) {
        match self.event() {
            PeerEvent::Disconnected(id, info) => (id, info),
            other => panic!("{other:?}"),
        }
    }

    /// Drops our end, and with it its connections.
    pub fn vanish(&mut self) {
        let unconnected = WebSocketMultiplayerPeer::from_client(WebSocketPeer::new());
        drop(std::mem::replace(&mut self.peer, unconnected));
    }

    /// Waits until the peer is closed.
    #[track_caller]
    pub fn closed(&mut self) {
        until("our end closes", || {
            self.poll();
            self.peer.is_closed()
        });
    }

    /// Returns the events that were not taken.
    pub fn events_left(&mut self) -> Vec<PeerEvent> {
        self.poll();
        self.events.drain(..).collect()
    }
}

impl Pair {
    /// Connects both ends until each has the other's id.
    #[track_caller]
    pub fn meet(part: Part, secure: bool, engine: &mut Engine) -> Self {
        let mut ours = match part {
            Part::Client => Ours::join(&godot::host(engine, godot::NAME, secure)),
            Part::Server => {
                let ours = Ours::host(secure);
                godot::join(engine, godot::NAME, &ours.url(secure));
                ours
            }
        };
        let godot = ours.connected();
        assert_eq!(godot == PeerId::SERVER, part == Part::Client);
        let id = godot::connected(engine, godot::NAME, || ours.poll());
        assert_eq!((id, godot), (ours.id(), godot::id(engine, godot::NAME)));
        assert_eq!(ours.peers(), [godot]);
        Self { ours, part, godot }
    }
}

impl Deref for Pair {
    type Target = Ours;

    fn deref(&self) -> &Ours {
        &self.ours
    }
}

impl DerefMut for Pair {
    fn deref_mut(&mut self) -> &mut Ours {
        &mut self.ours
    }
}
