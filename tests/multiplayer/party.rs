//! A server and its clients, all polled together, whatever a test waits for.

use std::collections::VecDeque;

use websocket_peer::{
    PeerOptions, ServerOptions,
    multiplayer::{Event, MultiplayerOptions, MultiplayerPeer, Node, PeerId, SessionOptions},
};

use crate::common::eventually;

websocket_peer::rpc! {
    /// What all of them can say.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Room {
        Say { text: String } = "say" [any_peer];
        Shout { text: String } = "shout" [any_peer, call_local];
        Rule { number: i64 } = "rule" [authority];
    }
}

/// One of them, and what it was told that no test has looked at.
pub struct Member {
    pub peer: MultiplayerPeer,
    pub room: Node<Room>,
    pub told: VecDeque<Event>,
    /// Whether it reads its events.
    pub reads: bool,
}

/// The server first, then the clients in the order in which they came.
pub struct Party {
    pub members: Vec<Member>,
    pub options: MultiplayerOptions,
}

pub const HOST: usize = 0;

impl Member {
    pub fn new(mut peer: MultiplayerPeer) -> Self {
        let room = peer.session().register_node::<Room>("Room").expect("the first of this path");
        Self { peer, room, told: VecDeque::new(), reads: true }
    }

    pub fn id(&mut self) -> PeerId {
        self.peer.id().expect("it has one by now")
    }

    /// One poll, and every event that there is.
    pub fn step(&mut self) {
        self.peer.poll();
        if self.reads {
            self.told.extend(std::iter::from_fn(|| self.peer.next_event()));
        }
    }

    pub fn say(&mut self, to: impl Into<websocket_peer::multiplayer::Target>, text: &str) {
        let call = Room::Say { text: text.to_owned() };
        self.peer.session().call(self.room, to, call).expect("it can be said");
    }
}

impl Party {
    /// A server alone.
    pub fn hosted(options: MultiplayerOptions) -> Self {
        let host = MultiplayerPeer::bind("127.0.0.1:0", options.clone()).expect("a free port");
        Self { members: vec![Member::new(host)], options }
    }

    /// A server, and so many clients, all admitted; nobody has an event left.
    pub fn of(clients: usize) -> Self {
        Self::with(clients, MultiplayerOptions::default())
    }

    pub fn with(clients: usize, options: MultiplayerOptions) -> Self {
        let mut party = Self::hosted(options);
        for _ in 0..clients {
            party.join();
        }
        party.until("all know each other", |party| {
            party.members.iter_mut().all(|member| member.peer.peers().len() == clients)
        });
        party.members.iter_mut().for_each(|member| member.told.clear());
        party
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.members[HOST].peer.local_addr().expect("it listens"))
    }

    /// A client begins to join.
    pub fn join(&mut self) -> usize {
        self.join_with(self.options.clone())
    }

    pub fn join_with(&mut self, options: MultiplayerOptions) -> usize {
        let client = MultiplayerPeer::connect(&self.url(), options).expect("a good URL");
        self.members.push(Member::new(client));
        self.members.len() - 1
    }

    pub fn id(&mut self, member: usize) -> PeerId {
        self.members[member].id()
    }

    pub fn step(&mut self) {
        self.members.iter_mut().for_each(Member::step);
    }

    /// Polls until this is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        eventually(what, || {
            self.step();
            done(self).then_some(())
        });
    }

    /// The next event of a member.
    #[track_caller]
    pub fn event(&mut self, member: usize) -> Event {
        eventually("an event", || {
            self.step();
            self.members[member].told.pop_front()
        })
    }

    /// The next event of a member, which is a call.
    #[track_caller]
    pub fn call(&mut self, member: usize) -> (PeerId, Room) {
        match self.event(member) {
            Event::Call(call) => {
                let from = call.from;
                let call = self.members[member].room.read(call).expect("it is of this node");
                (from, call.expect("it was checked"))
            }
            other => panic!("no call, but {other:?}"),
        }
    }
}

/// These for the session, and defaults for all else.
pub fn session(options: SessionOptions) -> MultiplayerOptions {
    MultiplayerOptions::default().session(options)
}

/// These for what the server accepts, and defaults for all else.
pub fn accepted(options: PeerOptions) -> MultiplayerOptions {
    MultiplayerOptions::default().server(ServerOptions::default().connection(options))
}

pub fn said(text: &str) -> Room {
    Room::Say { text: text.to_owned() }
}
