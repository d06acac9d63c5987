//! A server, its clients, and the network between them.

use std::{collections::BTreeMap, time::Duration};

use websocket_peer::{
    CloseInfo, Packet,
    multiplayer::{
        DisconnectReason, Event, Methods, NodeKey, Output, PacketError, PeerId, Session, SessionOptions,
    },
};

use crate::{
    network::{Letter, Network, Way},
    random::Random,
};

pub const A: PeerId = id(2);
pub const B: PeerId = id(3);
pub const C: PeerId = id(4);
pub const SERVER: PeerId = PeerId::SERVER;

/// The peer of this number.
pub const fn id(number: i32) -> PeerId {
    match PeerId::new(number) {
        Some(id) => id,
        None => panic!("ids are positive"),
    }
}

/// A client: one of ours, or a stranger that sends what it likes.
pub enum Client {
    Ours(Box<Session>),
    Stranger(Vec<Packet>),
}

pub struct World {
    pub server: Session,
    pub clients: BTreeMap<PeerId, Client>,
    pub network: Network,
    pub now: Duration,
    pub options: SessionOptions,
    random: Random,
}

impl World {
    /// A server alone, with the options of all.
    pub fn with(options: SessionOptions) -> Self {
        Self {
            server: Session::server(options.clone()),
            clients: BTreeMap::new(),
            network: Network::default(),
            now: Duration::ZERO,
            options,
            random: Random::new(4),
        }
    }

    pub fn seed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// A server with these clients, which have all been admitted; and nobody has an event left.
    pub fn of(clients: &[PeerId]) -> Self {
        let mut world = Self::with(SessionOptions::default());
        for client in clients {
            world.join(*client);
        }
        world.settle();
        world.forget_events();
        world
    }

    /// A client connects. Nothing has arrived yet.
    pub fn join(&mut self, client: PeerId) {
        self.join_with(client, self.options.clone());
    }

    pub fn join_with(&mut self, client: PeerId, options: SessionOptions) {
        let mut session = Session::client(options);
        session.peer_joined(SERVER, self.now);
        self.connect(client, Client::Ours(Box::new(session)));
    }

    /// A stranger connects.
    pub fn let_in(&mut self, client: PeerId) {
        self.connect(client, Client::Stranger(Vec::new()));
    }

    fn connect(&mut self, id: PeerId, client: Client) {
        self.network.connect(id);
        self.clients.insert(id, client);
        self.server.peer_joined(id, self.now);
        self.post();
    }

    /// One of our sessions.
    pub fn at(&mut self, id: PeerId) -> &mut Session {
        if id == SERVER {
            return &mut self.server;
        }
        match self.clients.get_mut(&id) {
            Some(Client::Ours(session)) => session,
            _ => panic!("{id} is no session of ours"),
        }
    }

    /// What a stranger sends.
    pub fn inject(&mut self, from: PeerId, packet: &[u8]) {
        self.network.send(Way::Up(from), Packet::binary(packet));
    }

    /// What a stranger has received.
    pub fn received(&mut self, by: PeerId) -> Vec<Vec<u8>> {
        match self.clients.get_mut(&by) {
            Some(Client::Stranger(packets)) => packets.drain(..).map(Packet::into_vec).collect(),
            _ => panic!("{by} is no stranger"),
        }
    }

    /// The connection to a client breaks.
    pub fn cut(&mut self, client: PeerId) {
        self.network.cut(client);
    }

    /// All that was put out is on its way.
    pub fn post(&mut self) {
        while let Some(output) = self.server.next_output() {
            match output {
                Output::Send { to, packet, .. } => self.network.send_down(&to, &packet),
                Output::SendAll { to, packets, .. } => {
                    packets.iter().for_each(|packet| self.network.send_down(&to, packet));
                }
                Output::Disconnect { peer, .. } => self.network.close(Way::Down(peer)),
                other => panic!("{other:?}"),
            }
        }
        for (id, client) in &mut self.clients {
            let Client::Ours(session) = client else { continue };
            while let Some(output) = session.next_output() {
                match output {
                    Output::Send { to, packet, .. } => {
                        assert_eq!(to.as_slice(), [SERVER], "a client has no other connection");
                        self.network.send(Way::Up(*id), packet);
                    }
                    Output::Disconnect { peer, .. } => {
                        assert_eq!(peer, SERVER);
                        self.network.close(Way::Up(*id));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// One thing arrives somewhere; false if nothing is on its way.
    pub fn step(&mut self) -> bool {
        self.post();
        let Some((way, letter)) = self.network.arrive(&mut self.random) else { return false };
        match (way, letter) {
            (Way::Up(client), Letter::Packet(packet)) => self.server.receive(client, packet, self.now),
            (Way::Up(client), Letter::End(cause)) => self.server.peer_left(client, CloseInfo::from(cause)),
            (Way::Down(client), letter) => match (self.clients.get_mut(&client), letter) {
                (Some(Client::Ours(session)), Letter::Packet(packet)) => {
                    session.receive(SERVER, packet, self.now);
                }
                (Some(Client::Ours(session)), Letter::End(cause)) => {
                    session.peer_left(SERVER, CloseInfo::from(cause));
                }
                (Some(Client::Stranger(packets)), Letter::Packet(packet)) => packets.push(packet),
                (Some(Client::Stranger(_)) | None, _) => {}
            },
        }
        true
    }

    /// Everything arrives.
    pub fn settle(&mut self) {
        while self.step() {}
    }

    /// Everything arrives; then so much time passes, and what comes of that arrives.
    pub fn pass(&mut self, time: Duration) {
        self.settle();
        self.now += time;
        self.server.advance(self.now);
        for client in self.clients.values_mut() {
            if let Client::Ours(session) = client {
                session.advance(self.now);
            }
        }
        self.settle();
    }

    /// Declares the same node at all of ours.
    pub fn declare(&mut self, path: &str, methods: &Methods) -> BTreeMap<PeerId, NodeKey> {
        let ours: Vec<PeerId> = self
            .clients
            .iter()
            .filter(|(_, client)| matches!(client, Client::Ours(_)))
            .map(|(id, _)| *id)
            .chain([SERVER])
            .collect();
        ours.into_iter()
            .map(|id| (id, self.at(id).register_node_with(path, methods.clone()).unwrap()))
            .collect()
    }

    /// What has happened at an end.
    pub fn events(&mut self, id: PeerId) -> Vec<Event> {
        events(self.at(id))
    }

    /// What was refused at an end; nothing else has happened there.
    #[track_caller]
    pub fn refusals(&mut self, id: PeerId) -> Vec<(PeerId, PacketError)> {
        refusals(self.at(id))
    }

    pub fn forget_events(&mut self) {
        events(&mut self.server);
        for client in self.clients.values_mut() {
            if let Client::Ours(session) = client {
                events(session);
            }
        }
    }
}

/// All events that wait.
pub fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.next_event()).collect()
}

/// All events that wait, which are refusals.
#[track_caller]
pub fn refusals(session: &mut Session) -> Vec<(PeerId, PacketError)> {
    let refusal = |event| match event {
        Event::PacketRejected { from, error } => (from, error),
        other => panic!("{other:?} is no refusal"),
    };
    events(session).into_iter().map(refusal).collect()
}

/// All that waits to be sent, as bytes, each with who gets it.
pub fn outputs(session: &mut Session) -> Vec<(Vec<i32>, Vec<u8>)> {
    let sent = |output| {
        let (to, packets) = match output {
            Output::Send { to, packet, .. } => (to, vec![packet]),
            Output::SendAll { to, packets, .. } => (to, packets),
            other => panic!("{other:?} is no packet"),
        };
        let to: Vec<i32> = to.as_slice().iter().map(|peer| peer.get()).collect();
        packets.into_iter().map(move |packet| (to.clone(), packet.into_vec()))
    };
    std::iter::from_fn(|| session.next_output()).flat_map(sent).collect()
}

/// The event of a peer that is gone because of the program at this end.
pub fn gone(peer: PeerId, why: DisconnectReason) -> Event {
    Event::PeerDisconnected(peer, why)
}
