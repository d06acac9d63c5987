//! A server of rooms and its clients. All are polled while a test waits for any of them, and the order of the rooms'
//! events is checked: `Opened`, those of the session, and one `Closed`; its key is new.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
};

use websocket_peer::{
    CloseInfo, Request, ServerOptions,
    multiplayer::{
        DisconnectReason, Event, MultiplayerOptions, Node, PeerId, Placement, RoomEvent, RoomKey,
        RoomOptions, RoomServer, RoomServerOptions, SceneMultiplayer, Target,
    },
};

use crate::common::eventually;

websocket_peer::rpc! {
    /// The calls in every room.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Chat {
        Say { text: String } = "say" [any_peer];
        Rule { number: i64 } = "rule" [authority];
    }
}

/// The path of the node in every room.
pub const PATH: &str = "Chat";

/// One client, and its events that the test has not looked at.
pub struct Client {
    pub peer: SceneMultiplayer,
    pub chat: Node<Chat>,
    pub events: VecDeque<Event>,
    /// `true` if it is polled.
    pub is_polled: bool,
}

/// The server, its events that the test has not looked at, and the clients in the order in which they joined.
pub struct TestRooms {
    pub server: RoomServer,
    pub events: VecDeque<RoomEvent>,
    pub clients: Vec<Client>,
    /// The node of each open room.
    pub chats: BTreeMap<RoomKey, Node<Chat>>,
    newest: Option<RoomKey>,
    closed: BTreeSet<RoomKey>,
    polls: u64,
}

impl TestRooms {
    /// A server without rooms. A request joins the room that its path names.
    pub fn new() -> Self {
        Self::with(RoomServerOptions::default().server(local()))
    }

    pub fn with(options: RoomServerOptions) -> Self {
        let server = RoomServer::bind("127.0.0.1:0", options).expect("the options are valid");
        Self {
            server,
            events: VecDeque::new(),
            clients: Vec::new(),
            chats: BTreeMap::new(),
            newest: None,
            closed: BTreeSet::new(),
            polls: 0,
        }
    }

    pub fn with_hook(
        options: RoomServerOptions,
        hook: impl FnMut(&Request) -> Placement + Send + Sync + 'static,
    ) -> Self {
        let mut rooms = Self::with(options);
        rooms.server.on_request(hook);
        rooms
    }

    pub fn address(&self) -> SocketAddr {
        self.server.local_addr().expect("it listens")
    }

    pub fn url(&self, path: &str) -> String {
        format!("ws://{}/{path}", self.address())
    }

    /// Makes a client leave its room, and reads that it has left. It is not polled any more.
    #[track_caller]
    pub fn leave(&mut self, client: usize) {
        let id = self.id(client);
        let room = self.server.room_of(id).expect("a room");
        self.clients[client].peer.close();
        let reason = self.departure(room, id);
        assert!(matches!(reason, DisconnectReason::Closed(_)), "{reason:?}");
        self.until("the client's session ends", |rooms| rooms.clients[client].peer.is_closed());
        self.clients[client].is_polled = false;
        self.clients[client].events.clear();
    }

    /// Opens a room, and reads its `Opened`.
    #[track_caller]
    pub fn open(&mut self, name: &str) -> RoomKey {
        self.open_with(name, RoomOptions::default())
    }

    #[track_caller]
    pub fn open_with(&mut self, name: &str, options: RoomOptions) -> RoomKey {
        let room = self.server.open(name, options).expect("the name is free");
        self.expect(RoomEvent::Opened(room));
        room
    }

    /// Starts to join a client.
    pub fn connect(&mut self, path: &str) -> usize {
        self.connect_with(path, MultiplayerOptions::default())
    }

    pub fn connect_with(&mut self, path: &str, options: MultiplayerOptions) -> usize {
        let mut peer = SceneMultiplayer::connect(&self.url(path), options).expect("a valid URL");
        let chat = peer.session().register_node::<Chat>(PATH).expect("the path is free");
        self.clients.push(Client { peer, chat, events: VecDeque::new(), is_polled: true });
        self.clients.len() - 1
    }

    /// Joins a client, and waits until all members of the room know it. Takes the events about that.
    #[track_caller]
    pub fn join(&mut self, path: &str) -> usize {
        let client = self.connect(path);
        self.settle_join(client);
        client
    }

    /// Joins a client, and waits until it is a member. Takes no event.
    #[track_caller]
    pub fn join_any(&mut self, path: &str) -> usize {
        let client = self.connect(path);
        self.until("the client is a member", |rooms| {
            rooms.clients[client].peer.id().is_some_and(|id| rooms.server.room_of(id).is_some())
        });
        client
    }

    #[track_caller]
    pub fn settle_join(&mut self, client: usize) {
        self.until("the client is admitted", |rooms| {
            rooms.clients[client].peer.id().is_some_and(|id| rooms.server.room_of(id).is_some())
        });
        let id = self.id(client);
        let room = self.server.room_of(id).expect("a room");
        self.expect(RoomEvent::Session(room, Event::PeerConnected(id)));
        self.settle_members(room);
    }

    /// Waits until the clients in a room know all its members, and takes the events about connections so far.
    #[track_caller]
    pub fn settle_members(&mut self, room: RoomKey) {
        self.until("all members know each other", |rooms| {
            let Some(info) = rooms.server.room(room) else { return false };
            let peers: Vec<PeerId> = info.peers().collect();
            rooms.clients.iter_mut().filter(|client| client.is_polled).all(|client| {
                let Some(own) = client.peer.id().filter(|id| peers.contains(id)) else { return true };
                let mut expected: Vec<PeerId> =
                    peers.iter().copied().filter(|id| *id != own).chain([PeerId::SERVER]).collect();
                expected.sort();
                client.peer.peers().collect::<Vec<_>>() == expected
            })
        });
        for client in &mut self.clients {
            client.events.retain(|event| !matches!(event, Event::Connected { .. } | Event::PeerConnected(_)));
        }
    }

    #[track_caller]
    pub fn id(&self, client: usize) -> PeerId {
        self.clients[client].peer.id().expect("it has an id")
    }

    /// Polls all once, and reads all events.
    #[track_caller]
    pub fn step(&mut self) {
        self.polls += 1;
        self.server.poll();
        self.read();
        for client in self.clients.iter_mut().filter(|client| client.is_polled) {
            client.peer.poll();
            client.events.extend(std::iter::from_fn(|| client.peer.next_event()));
        }
    }

    /// The number of polls so far.
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// Reads all events of the server.
    #[track_caller]
    pub fn read(&mut self) {
        while let Some(event) = self.server.next_event() {
            self.check(&event);
            self.events.push_back(event);
        }
    }

    /// Checks an event, and registers the node of a new room.
    #[track_caller]
    fn check(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Opened(room) => {
                assert!(self.newest < Some(*room), "{room} was used before");
                self.newest = Some(*room);
                // It may be closed already, and the event waits behind this one.
                if let Ok(mut session) = self.server.session(*room) {
                    let chat = session.register_node::<Chat>(PATH).expect("the path is free");
                    drop(session);
                    self.chats.insert(*room, chat);
                }
            }
            RoomEvent::Session(room, _) | RoomEvent::Empty(room) => {
                assert!(self.is_open(*room), "{room} is not open: {event:?}");
            }
            RoomEvent::Closed(room, _) => {
                assert!(self.is_open(*room), "{room} is not open: {event:?}");
                self.closed.insert(*room);
                self.chats.remove(room);
                assert!(self.server.session(*room).is_err(), "{room} is closed");
            }
            other => panic!("an unknown event: {other:?}"),
        }
    }

    /// Returns `true` if `Opened` was read, and `Closed` was not.
    fn is_open(&self, room: RoomKey) -> bool {
        Some(room) <= self.newest && !self.closed.contains(&room)
    }

    /// Polls until this returns a value.
    #[track_caller]
    pub fn eventually<T>(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        eventually(what, || {
            self.step();
            done(self)
        })
    }

    /// Polls until the condition is true.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        self.eventually(what, |rooms| done(rooms).then_some(()));
    }

    /// Returns the next event of the server.
    #[track_caller]
    pub fn event(&mut self) -> RoomEvent {
        self.eventually("an event of the server", |rooms| rooms.events.pop_front())
    }

    /// Waits for the next event of the server, which is this one.
    #[track_caller]
    pub fn expect(&mut self, expected: RoomEvent) {
        assert_eq!(self.event(), expected);
    }

    /// Waits for the next event of the server, which is the departure of a peer, and returns its reason.
    #[track_caller]
    pub fn departure(&mut self, room: RoomKey, peer: PeerId) -> DisconnectReason {
        match self.event() {
            RoomEvent::Session(of, Event::PeerDisconnected(id, reason)) if (of, id) == (room, peer) => reason,
            other => panic!("not the departure of {peer} from {room}: {other:?}"),
        }
    }

    /// Returns the next event of a client.
    #[track_caller]
    pub fn client_event(&mut self, client: usize) -> Event {
        self.eventually("an event of a client", |rooms| rooms.clients[client].events.pop_front())
    }

    /// Waits for the next event of a client, which is this one.
    #[track_caller]
    pub fn client_expects(&mut self, client: usize, expected: Event) {
        assert_eq!(self.client_event(client), expected);
    }

    /// Waits until a client's session ends, and returns how. Other events are dropped.
    #[track_caller]
    pub fn client_end(&mut self, client: usize) -> CloseInfo {
        self.eventually("the end of a client's session", |rooms| {
            match rooms.clients[client].events.pop_front()? {
                Event::Disconnected { info } | Event::ConnectionFailed { info } => Some(info),
                _ => None,
            }
        })
    }

    /// Makes a client call `say`.
    #[track_caller]
    pub fn say(&mut self, client: usize, to: impl Into<Target>, text: &str) {
        let Client { peer, chat, .. } = &mut self.clients[client];
        peer.session().call(*chat, to, said(text)).expect("the call is valid");
    }

    /// Makes a room call `say`.
    #[track_caller]
    pub fn announce(&mut self, room: RoomKey, to: impl Into<Target>, text: &str) {
        let chat = self.chats[&room];
        self.server.session(room).expect("an open room").call(chat, to, said(text)).expect("a call");
    }

    /// Waits for the next event of a client, which is a call of `say`.
    #[track_caller]
    pub fn client_call(&mut self, client: usize) -> (PeerId, String) {
        match self.client_event(client) {
            Event::Call(call) => {
                let from = call.from;
                match self.clients[client].chat.read(call).map(|call| call.expect("a checked call")) {
                    Some(Chat::Say { text }) => (from, text),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("not a call: {other:?}"),
        }
    }

    /// Waits for the next event of the server, which is a call of `say` in a room.
    #[track_caller]
    pub fn call_in(&mut self, room: RoomKey) -> (PeerId, String) {
        match self.event() {
            RoomEvent::Session(of, Event::Call(call)) if of == room => {
                let from = call.from;
                match self.chats[&room].read(call).map(|call| call.expect("a checked call")) {
                    Some(Chat::Say { text }) => (from, text),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("not a call in {room}: {other:?}"),
        }
    }

    /// Asserts that everything sent so far is received, and that no event is left at the server or at a client.
    #[track_caller]
    pub fn assert_quiet(&mut self) {
        let members: Vec<(usize, RoomKey)> = (0..self.clients.len())
            .filter(|client| self.clients[*client].is_polled)
            .filter_map(|client| Some((client, self.server.room_of(self.clients[client].peer.id()?)?)))
            .collect();
        assert_eq!(self.events, []);
        for (client, room) in members {
            let id = self.id(client);
            self.say(client, PeerId::SERVER, "quiet?");
            assert_eq!(self.call_in(room), (id, "quiet?".to_owned()));
            self.announce(room, id, "quiet!");
            assert_eq!(self.client_call(client), (PeerId::SERVER, "quiet!".to_owned()));
        }
        for client in &self.clients {
            assert_eq!(client.events, []);
        }
        assert_eq!(self.events, []);
    }
}

/// Options of a server whose clients all have the test's address.
pub fn local() -> ServerOptions {
    ServerOptions::default()
        .max_connections_per_address_per_second(0)
        .max_pending_handshakes_per_address(ServerOptions::default().max_pending_handshakes)
}

pub fn said(text: &str) -> Chat {
    Chat::Say { text: text.to_owned() }
}
