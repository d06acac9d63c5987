//! `WebSocketMultiplayerPeer`: a server, and clients with ids.

mod joining;
mod leaving;
mod random_actions;
mod slow_readers;
mod targets;
mod waiting;

use std::collections::VecDeque;

use websocket_peer::{
    PeerOptions, ServerOptions,
    multiplayer::{PeerEvent, PeerId, WebSocketMultiplayerPeer},
};

use crate::common::eventually;

pub const HOST: usize = 0;

/// One peer, and its events that the test has not looked at.
pub struct Member {
    pub peer: WebSocketMultiplayerPeer,
    pub events: VecDeque<PeerEvent>,
}

/// The server first, then the clients. All are polled while a test waits for any of them.
pub struct Group {
    pub members: Vec<Member>,
}

impl Member {
    pub fn new(peer: WebSocketMultiplayerPeer) -> Self {
        Self { peer, events: VecDeque::new() }
    }

    /// Polls once, and reads all events.
    pub fn step(&mut self) {
        self.peer.poll();
        self.events.extend(std::iter::from_fn(|| self.peer.next_event()));
    }
}

impl Group {
    /// A server alone.
    pub fn hosted(options: ServerOptions) -> Self {
        let host = WebSocketMultiplayerPeer::bind("127.0.0.1:0", options).expect("a free port");
        Self { members: vec![Member::new(host)] }
    }

    /// A server and this many connected clients. All events so far are read.
    pub fn of(clients: usize) -> Self {
        Self::with(clients, ServerOptions::default())
    }

    pub fn with(clients: usize, options: ServerOptions) -> Self {
        let mut group = Self::hosted(options);
        for _ in 0..clients {
            group.join();
        }
        group.until("all are connected", |group| {
            let are_connected = group.members[1..].iter().all(|member| member.peer.peers().len() == 1);
            are_connected && group.members[HOST].peer.peers().len() == clients
        });
        group.members.iter_mut().for_each(|member| member.events.clear());
        group
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.members[HOST].peer.local_addr().expect("it listens"))
    }

    /// Starts to connect a client.
    pub fn join(&mut self) -> usize {
        self.join_with(PeerOptions::default())
    }

    pub fn join_with(&mut self, options: PeerOptions) -> usize {
        let client = WebSocketMultiplayerPeer::connect(&self.url(), options).expect("a valid URL");
        self.members.push(Member::new(client));
        self.members.len() - 1
    }

    pub fn host(&mut self) -> &mut WebSocketMultiplayerPeer {
        &mut self.members[HOST].peer
    }

    pub fn id(&self, member: usize) -> PeerId {
        self.members[member].peer.id().expect("it has an id")
    }

    pub fn step(&mut self) {
        self.members.iter_mut().for_each(Member::step);
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
    pub fn event(&mut self, member: usize) -> PeerEvent {
        eventually("an event", || {
            self.step();
            self.members[member].events.pop_front()
        })
    }

    /// The next event of a peer, which is a packet.
    #[track_caller]
    pub fn packet(&mut self, member: usize) -> (PeerId, Vec<u8>) {
        match self.event(member) {
            PeerEvent::Packet(from, packet) => (from, packet.into_vec()),
            other => panic!("not a packet: {other:?}"),
        }
    }
}
