//! A server and its clients. All are polled while a test waits for any of them.

use std::collections::VecDeque;

use websocket_peer::{
    PeerOptions, ServerOptions,
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionOptions},
};

use crate::common::eventually;

websocket_peer::rpc! {
    /// The calls of all peers.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Room {
        Say { text: String } = "say" [any_peer];
        Shout { text: String } = "shout" [any_peer, call_local];
        Rule { number: i64 } = "rule" [authority];
    }
}

/// One peer, and its events that the test has not looked at.
pub struct TestPeer {
    pub peer: SceneMultiplayer,
    pub room: Node<Room>,
    pub events: VecDeque<Event>,
    /// `true` if it reads its events.
    pub reads: bool,
}

/// The server first, then the clients in the order in which they joined.
pub struct TestSession {
    pub members: Vec<TestPeer>,
    pub options: MultiplayerOptions,
}

pub const HOST: usize = 0;

impl TestPeer {
    pub fn new(mut peer: SceneMultiplayer) -> Self {
        let room = peer.session().register_node::<Room>("Room").expect("the path is free");
        Self { peer, room, events: VecDeque::new(), reads: true }
    }

    pub fn id(&mut self) -> PeerId {
        self.peer.id().expect("it has an id")
    }

    /// Polls once, and reads all events.
    pub fn step(&mut self) {
        self.peer.poll();
        if self.reads {
            self.events.extend(std::iter::from_fn(|| self.peer.next_event()));
        }
    }

    pub fn say(&mut self, to: impl Into<websocket_peer::multiplayer::Target>, text: &str) {
        let call = Room::Say { text: text.to_owned() };
        self.peer.session().call(self.room, to, call).expect("the call is valid");
    }
}

impl TestSession {
    /// A server alone.
    pub fn hosted(options: MultiplayerOptions) -> Self {
        let host = SceneMultiplayer::bind("127.0.0.1:0", options.clone()).expect("a free port");
        Self { members: vec![TestPeer::new(host)], options }
    }

    /// A server and this many clients, all admitted. All events so far are read.
    pub fn of(clients: usize) -> Self {
        Self::with(clients, MultiplayerOptions::default())
    }

    pub fn with(clients: usize, options: MultiplayerOptions) -> Self {
        let mut test_session = Self::hosted(options);
        for _ in 0..clients {
            test_session.join();
        }
        test_session.until("all know each other", |test_session| {
            test_session.members.iter_mut().all(|member| member.peer.peers().len() == clients)
        });
        test_session.members.iter_mut().for_each(|member| member.events.clear());
        test_session
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.members[HOST].peer.local_addr().expect("it listens"))
    }

    /// Starts to join a client.
    pub fn join(&mut self) -> usize {
        self.join_with(self.options.clone())
    }

    pub fn join_with(&mut self, options: MultiplayerOptions) -> usize {
        let client = SceneMultiplayer::connect(&self.url(), options).expect("a valid URL");
        self.members.push(TestPeer::new(client));
        self.members.len() - 1
    }

    pub fn id(&mut self, member: usize) -> PeerId {
        self.members[member].id()
    }

    pub fn step(&mut self) {
        self.members.iter_mut().for_each(TestPeer::step);
    }

    /// Polls until the condition is true.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        eventually(what, || {
            self.step();
            done(self).then_some(())
        });
    }

    /// The next event of a peer.
    #[track_caller]
    pub fn event(&mut self, member: usize) -> Event {
        eventually("an event", || {
            self.step();
            self.members[member].events.pop_front()
        })
    }

    /// The next event of a peer, which is a call.
    #[track_caller]
    pub fn call(&mut self, member: usize) -> (PeerId, Room) {
        match self.event(member) {
            Event::Call(call) => {
                let from = call.from;
                let call = self.members[member].room.read(call).expect("a call of this node");
                (from, call.expect("a checked call"))
            }
            other => panic!("not a call: {other:?}"),
        }
    }
}

/// These options for the session, and defaults otherwise.
pub fn session(options: SessionOptions) -> MultiplayerOptions {
    MultiplayerOptions::default().session(options)
}

/// These options for accepted connections, and defaults otherwise.
pub fn accepted(options: PeerOptions) -> MultiplayerOptions {
    MultiplayerOptions::default().server(ServerOptions::default().connection(options))
}

pub fn said(text: &str) -> Room {
    Room::Say { text: text.to_owned() }
}
