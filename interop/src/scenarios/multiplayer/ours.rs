//! Our end of a session, and waiting for its events.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use websocket_peer::multiplayer::{Call, Event, MultiplayerOptions, PeerId, SceneMultiplayer};

use crate::certificates;
use crate::waiting::{PATIENCE, until};

/// A multiplayer peer, and its events that no scenario has taken.
pub struct Ours {
    peer: SceneMultiplayer,
    events: VecDeque<Event>,
    /// `true` if packets from Godot may be rejected.
    lenient: bool,
}

impl Ours {
    /// Starts a server at a free port.
    pub fn host(mut options: MultiplayerOptions, secure: bool) -> Self {
        if secure {
            options.server.connection = options.server.connection.tls(certificates::server());
        }
        Self::new(SceneMultiplayer::bind((Ipv4Addr::LOCALHOST, 0), options).expect("a free port"))
    }

    /// Starts a client of the server at this URL.
    pub fn join(url: &str, mut options: MultiplayerOptions) -> Self {
        options.client = options.client.tls(certificates::client());
        Self::new(SceneMultiplayer::connect(url, options).expect("a URL"))
    }

    fn new(peer: SceneMultiplayer) -> Self {
        Self { peer, events: VecDeque::new(), lenient: false }
    }

    /// Returns the URL of the server, for an engine.
    pub fn url(&self, secure: bool) -> String {
        let scheme = if secure { "wss" } else { "ws" };
        format!("{scheme}://{}", self.peer.local_addr().expect("a server that listens"))
    }

    /// Allows rejected packets and different checksums from now on.
    pub fn be_lenient(&mut self) {
        self.lenient = true;
    }

    /// Returns the peer.
    pub fn peer(&mut self) -> &mut SceneMultiplayer {
        &mut self.peer
    }

    #[track_caller]
    pub fn id(&mut self) -> PeerId {
        self.peer.session().id().expect("a session that has begun")
    }

    /// Returns the other peers.
    pub fn peers(&mut self) -> Vec<PeerId> {
        self.peer.session().peers().collect()
    }

    #[track_caller]
    pub fn poll(&mut self) {
        self.peer.poll();
        while let Some(event) = self.peer.next_event() {
            let unexpected = matches!(event, Event::PacketRejected { .. } | Event::ChecksumMismatch { .. });
            assert!(self.lenient || !unexpected, "{event:?}");
            self.events.push_back(event);
        }
    }

    /// Waits for the next event for which `pick` returns a value. Other events stay.
    #[track_caller]
    pub fn event<T>(&mut self, what: &str, pick: impl FnMut(&Event) -> Option<T>) -> T {
        self.wait(what, || {}, pick)
    }

    /// As [`event`](Self::event), and polls another of our ends.
    #[track_caller]
    pub fn event_while<T>(
        &mut self,
        what: &str,
        other: &mut Self,
        pick: impl FnMut(&Event) -> Option<T>,
    ) -> T {
        self.wait(what, || other.poll(), pick)
    }

    #[track_caller]
    pub fn wait<T>(
        &mut self,
        what: &str,
        mut meanwhile: impl FnMut(),
        mut pick: impl FnMut(&Event) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            meanwhile();
            self.poll();
            let found = self.events.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)));
            if let Some((at, picked)) = found {
                self.events.remove(at);
                return picked;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}; events: {:#?}", self.events);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for exactly this event.
    #[track_caller]
    pub fn expect(&mut self, expected: &Event) {
        self.event(&format!("{expected:?}"), |event| (event == expected).then_some(()));
    }

    /// Waits for the next call.
    #[track_caller]
    pub fn call(&mut self) -> Call {
        self.event("a call", |event| match event {
            Event::Call(call) => Some(call.clone()),
            _ => None,
        })
    }

    /// Waits for the next bytes, and returns them with their sender.
    #[track_caller]
    pub fn bytes(&mut self) -> (PeerId, Vec<u8>) {
        self.event("bytes", |event| match event {
            Event::Packet { from, data } => Some((*from, data.to_vec())),
            _ => None,
        })
    }

    /// Waits until the server has assigned an id and admitted us.
    #[track_caller]
    pub fn joined(&mut self) -> PeerId {
        let id = self.event("an id", |event| match event {
            Event::Connected { id } => Some(*id),
            _ => None,
        });
        assert_eq!(self.peer_connected(), PeerId::SERVER);
        assert_eq!((self.id(), id == PeerId::SERVER), (id, false));
        id
    }

    /// Waits until another peer is admitted.
    #[track_caller]
    pub fn peer_connected(&mut self) -> PeerId {
        self.event("a peer", |event| match event {
            Event::PeerConnected(id) => Some(*id),
            _ => None,
        })
    }

    /// Returns the events that were not taken.
    pub fn events_left(&mut self) -> Vec<Event> {
        self.poll();
        self.events.drain(..).collect()
    }

    /// Waits until the peer is closed.
    #[track_caller]
    pub fn closed(&mut self) {
        until("our end closes", || {
            self.poll();
            self.peer.is_closed()
        });
    }
}
