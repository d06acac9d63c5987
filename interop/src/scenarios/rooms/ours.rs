//! Our server of rooms, and waiting for its events.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use websocket_peer::multiplayer::{
    Call, Event, NodeKey, PeerId, Placement, RoomEvent, RoomKey, RoomOptions, RoomServer, RoomServerOptions,
    Target,
};

use crate::engine::Engine;
use crate::scenarios::multiplayer::calls::{PATH, methods};
use crate::scenarios::multiplayer::godot;
use crate::scenarios::multiplayer::pair::patient;
use crate::waiting::eventually;

/// A server of rooms, and its events that no scenario has taken. Clients join the room ABCD at `/room/ABCD`.
pub struct OurRooms {
    server: RoomServer,
    events: VecDeque<RoomEvent>,
    /// `true` if packets may be rejected.
    lenient: bool,
}

/// A room, and its node at [`PATH`].
#[derive(Clone, Copy)]
pub struct OurRoom {
    pub key: RoomKey,
    pub game: NodeKey,
    name: &'static str,
}

impl OurRooms {
    /// Starts a server at a free port.
    pub fn host() -> Self {
        let options = RoomServerOptions::default();
        let mut server = RoomServer::bind((Ipv4Addr::LOCALHOST, 0), options).expect("a free port");
        server.on_request(|request| match request.path().strip_prefix("/room/") {
            Some(code) => Placement::room(code.to_uppercase()),
            None => Placement::reject(404),
        });
        Self { server, events: VecDeque::new(), lenient: false }
    }

    /// Opens a room with a node.
    #[track_caller]
    pub fn open(&mut self, name: &'static str) -> OurRoom {
        self.open_with_capacity(name, 0)
    }

    #[track_caller]
    pub fn open_with_capacity(&mut self, name: &'static str, capacity: usize) -> OurRoom {
        let options = RoomOptions::default().session(patient().session).capacity(capacity);
        let key = self.server.open(name, options).expect("a free name");
        let game = self.server.session(key).expect("a room").register_node_with(PATH, methods());
        OurRoom { key, game: game.expect("a path"), name }
    }

    /// Allows rejected packets from now on.
    pub fn be_lenient(&mut self) {
        self.lenient = true;
    }

    pub fn server(&mut self) -> &mut RoomServer {
        &mut self.server
    }

    /// Returns the URL of a room.
    pub fn url(&self, name: &str) -> String {
        format!("ws://{}/room/{name}", self.server.local_addr().expect("a server that listens"))
    }

    /// Returns the members of a room.
    pub fn members(&self, room: OurRoom) -> Vec<PeerId> {
        self.server.room(room.key).expect("an open room").peers().collect()
    }

    #[track_caller]
    pub fn poll(&mut self) {
        self.server.poll();
        while let Some(event) = self.server.next_event() {
            let unexpected = matches!(
                event,
                RoomEvent::Session(_, Event::PacketRejected { .. } | Event::ChecksumMismatch { .. })
            );
            assert!(self.lenient || !unexpected, "{event:?}");
            self.events.push_back(event);
        }
    }

    /// Waits for the next event for which `pick` returns a value. Other events stay.
    #[track_caller]
    pub fn event<T>(&mut self, what: &str, mut pick: impl FnMut(&RoomEvent) -> Option<T>) -> T {
        eventually(&format!("{what}; events: {:?}", self.events), || {
            self.poll();
            let (at, picked) =
                self.events.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)))?;
            self.events.remove(at);
            Some(picked)
        })
    }

    /// Waits for exactly this event.
    #[track_caller]
    pub fn expect(&mut self, expected: &RoomEvent) {
        self.event(&format!("{expected:?}"), |event| (event == expected).then_some(()));
    }

    /// Waits for the next call in a room.
    #[track_caller]
    pub fn call(&mut self, room: OurRoom) -> Call {
        self.event("a call", |event| match event {
            RoomEvent::Session(of, Event::Call(call)) if *of == room.key => Some(call.clone()),
            _ => None,
        })
    }

    /// Waits for the next bytes in a room, and returns them with their sender.
    #[track_caller]
    pub fn bytes(&mut self, room: OurRoom) -> (PeerId, Vec<u8>) {
        self.event("bytes", |event| match event {
            RoomEvent::Session(of, Event::Packet { from, data }) if *of == room.key => {
                Some((*from, data.to_vec()))
            }
            _ => None,
        })
    }

    /// Calls `by_anyone` in a room with a number.
    #[track_caller]
    pub fn announce(&mut self, room: OurRoom, to: impl Into<Target>, number: i64) {
        let mut session = self.server.session(room.key).expect("an open room");
        session.call_method(room.game, to, "by_anyone", vec![number.into()]).expect("a call");
    }

    /// Returns the events that were not taken.
    pub fn events_left(&mut self) -> Vec<RoomEvent> {
        self.poll();
        self.events.drain(..).collect()
    }

    /// Makes an engine join a room, and asserts that all members report it.
    #[track_caller]
    pub fn enter(&mut self, room: OurRoom, engine: &mut Engine, others: &mut [&mut Engine]) -> PeerId {
        let before = self.members(room);
        godot::join(engine, &self.url(room.name));
        let id = self.event("a peer", |event| match event {
            RoomEvent::Session(of, Event::PeerConnected(id)) if *of == room.key => Some(*id),
            _ => None,
        });
        engine.event_while("connected_to_server", || self.poll());
        for other in [&[PeerId::SERVER][..], &before].concat() {
            self.reports(engine, "peer_connected", other);
        }
        for other in others {
            self.reports(other, "peer_connected", id);
        }
        assert_eq!(godot::ids(engine).0, id);
        id
    }

    /// Waits until an engine reports this peer as connected or disconnected.
    #[track_caller]
    pub fn reports(&mut self, engine: &mut Engine, what: &str, id: PeerId) {
        assert_eq!(godot::id(&engine.event_while(what, || self.poll())), id, "{what}");
    }

    /// Waits until an engine is called with this number.
    #[track_caller]
    pub fn engine_is_called(&mut self, engine: &mut Engine, from: PeerId, number: i64) {
        let called = godot::called(engine, || self.poll());
        assert_eq!((called.from, called.arguments), (from, vec![number.into()]));
    }

    /// Asserts that nothing is on its way to these engines or to the server.
    #[track_caller]
    pub fn assert_quiet(&mut self, engines: &mut [&mut Engine]) {
        for engine in engines {
            for _ in 0..3 {
                self.poll();
                assert_eq!(engine.events_left(), []);
            }
        }
        assert_eq!(self.events_left(), []);
    }
}
