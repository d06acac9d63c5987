//! The simulated session of these tests: messages arrive in a random order that a seed decides.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    time::Duration,
};

use websocket_peer::{
    Packet,
    multiplayer::{
        DisconnectReason, Event, Methods, NodeKey, Output, PacketError, PeerId, Session, SessionOptions,
    },
};

use crate::{random::Random, simulator::Simulator};

pub use crate::simulator::Client;

pub const A: PeerId = id(2);
pub const B: PeerId = id(3);
pub const C: PeerId = id(4);
pub const SERVER: PeerId = PeerId::SERVER;

/// The peer with this number.
pub const fn id(number: i32) -> PeerId {
    match PeerId::new(number) {
        Some(id) => id,
        None => panic!("ids are positive"),
    }
}

pub struct World {
    simulator: Simulator<Session>,
    /// The options of the server, and of clients by default.
    pub options: SessionOptions,
    random: Random,
}

impl Deref for World {
    type Target = Simulator<Session>;

    fn deref(&self) -> &Self::Target {
        &self.simulator
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.simulator
    }
}

impl World {
    /// A server without clients.
    pub fn with(options: SessionOptions) -> Self {
        let simulator = Simulator::new(Session::server(options.clone()));
        Self { simulator, options, random: Random::new(4) }
    }

    pub fn seed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// A server that has admitted these clients. All events have been read.
    pub fn of(clients: &[PeerId]) -> Self {
        let mut world = Self::with(SessionOptions::default());
        for client in clients {
            world.join(*client);
        }
        world.settle();
        world.forget_events();
        world
    }

    /// Connects a client. Nothing has arrived yet.
    pub fn join(&mut self, client: PeerId) {
        self.join_with(client, self.options.clone());
    }

    pub fn join_with(&mut self, client: PeerId, options: SessionOptions) {
        self.connect(client, Client::Ours(Session::client(options)));
        self.flush();
    }

    /// Connects a client that sends what the test injects.
    pub fn join_scripted(&mut self, client: PeerId) {
        self.connect(client, Client::Scripted(Vec::new()));
        self.flush();
    }

    /// The session of the server or of a client.
    pub fn at(&mut self, id: PeerId) -> &mut Session {
        if id == SERVER {
            return &mut self.server;
        }
        match self.clients.get_mut(&id) {
            Some(Client::Ours(session)) => session,
            _ => panic!("{id} has no session"),
        }
    }

    /// Takes the packets that a scripted client has received.
    pub fn received(&mut self, by: PeerId) -> Vec<Vec<u8>> {
        match self.clients.get_mut(&by) {
            Some(Client::Scripted(packets)) => packets.drain(..).map(Packet::into_vec).collect(),
            _ => panic!("{by} is not scripted"),
        }
    }

    /// Breaks the connection to a client.
    pub fn cut(&mut self, client: PeerId) {
        self.network.cut(client);
    }

    /// Sends all outputs.
    pub fn flush(&mut self) {
        self.flush_server();
        let clients: Vec<PeerId> = self.clients.keys().copied().collect();
        for client in clients {
            self.flush_client(client);
        }
    }

    /// Delivers one message. Returns `false` if none is in transit.
    pub fn step(&mut self) -> bool {
        self.flush();
        let directions = self.network.in_transit();
        if directions.is_empty() {
            return false;
        }
        let direction = *self.random.pick(&directions);
        self.deliver(direction);
        true
    }

    /// Delivers all messages.
    pub fn settle(&mut self) {
        while self.step() {}
    }

    /// Delivers all messages, lets time pass, and delivers all messages that follow.
    pub fn pass(&mut self, time: Duration) {
        self.settle();
        self.advance(time);
        self.settle();
    }

    /// Declares the same node at all ends.
    pub fn declare(&mut self, path: &str, methods: &Methods) -> BTreeMap<PeerId, NodeKey> {
        let ends: Vec<PeerId> = self.ours().map(|(id, _)| id).chain([SERVER]).collect();
        let declare = |id| (id, self.at(id).register_node_with(path, methods.clone()).unwrap());
        ends.into_iter().map(declare).collect()
    }

    /// Takes the events at an end.
    pub fn events(&mut self, id: PeerId) -> Vec<Event> {
        events(self.at(id))
    }

    /// Takes the events at an end, which must all be rejected packets.
    #[track_caller]
    pub fn rejections(&mut self, id: PeerId) -> Vec<(PeerId, PacketError)> {
        rejections(self.at(id))
    }

    pub fn forget_events(&mut self) {
        events(&mut self.server);
        self.ours_mut().for_each(|(_, session)| drop(events(session)));
    }
}

/// Takes all events.
pub fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.next_event()).collect()
}

/// Takes all events, which must all be rejected packets.
#[track_caller]
pub fn rejections(session: &mut Session) -> Vec<(PeerId, PacketError)> {
    let rejection = |event| match event {
        Event::PacketRejected { from, error } => (from, error),
        other => panic!("{other:?} is not a rejected packet"),
    };
    events(session).into_iter().map(rejection).collect()
}

/// Takes all outputs, which must all be packets: the receivers and the bytes of each.
pub fn outputs(session: &mut Session) -> Vec<(Vec<i32>, Vec<u8>)> {
    let sent = |output| {
        let (to, packets) = match output {
            Output::Send { to, packet, .. } => (to, vec![packet]),
            Output::SendAll { to, packets, .. } => (to, packets),
            other => panic!("{other:?} is not a packet"),
        };
        let to: Vec<i32> = to.as_slice().iter().map(|peer| peer.get()).collect();
        packets.into_iter().map(move |packet| (to.clone(), packet.into_vec()))
    };
    std::iter::from_fn(|| session.next_output()).flat_map(sent).collect()
}

/// The event that a peer has disconnected.
pub fn gone(peer: PeerId, why: DisconnectReason) -> Event {
    Event::PeerDisconnected(peer, why)
}
