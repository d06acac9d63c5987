//! A simulated session: a server, its clients, the network between them, and a clock that is a number. The tests of the
//! session and the fuzz target `session` share it.

// Each of the two uses a part of this; and only outside of the library `Output` is non-exhaustive.
#![allow(dead_code, unreachable_patterns, unused_imports)]

mod network;
mod observed;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use websocket_peer::{
    CloseInfo, Packet,
    multiplayer::{Output, PeerId, Session},
};

pub use self::{
    network::{Direction, Message, Network, Side},
    observed::{Observed, Values},
};

/// An end of the simulation that runs a session.
pub trait Endpoint {
    fn session(&self) -> &Session;
    fn session_mut(&mut self) -> &mut Session;
}

impl Endpoint for Session {
    fn session(&self) -> &Session {
        self
    }

    fn session_mut(&mut self) -> &mut Session {
        self
    }
}

pub enum Client<E> {
    /// One that runs a session.
    Ours(E),
    /// One that sends arbitrary packets, with the packets that it has received.
    Scripted(Vec<Packet>),
}

pub struct Simulator<E> {
    pub server: E,
    pub clients: BTreeMap<PeerId, Client<E>>,
    pub network: Network,
    pub now: Duration,
}

impl<E: Endpoint> Simulator<E> {
    pub fn new(server: E) -> Self {
        Self { server, clients: BTreeMap::new(), network: Network::default(), now: Duration::ZERO }
    }

    /// Connects a client with this id. The server learns of it at once.
    pub fn connect(&mut self, id: PeerId, client: Client<E>) {
        self.network.connect(id);
        self.clients.insert(id, client);
        self.server.session_mut().peer_joined(id, self.now);
    }

    /// The clients that run a session, by id.
    pub fn ours(&self) -> impl Iterator<Item = (PeerId, &E)> {
        self.clients.iter().filter_map(|(id, client)| match client {
            Client::Ours(end) => Some((*id, end)),
            Client::Scripted(_) => None,
        })
    }

    pub fn ours_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut E)> {
        self.clients.iter_mut().filter_map(|(id, client)| match client {
            Client::Ours(end) => Some((*id, end)),
            Client::Scripted(_) => None,
        })
    }

    /// Sends a packet from a scripted client. Returns `false` if its connection has ended.
    pub fn inject(&mut self, from: PeerId, packet: &[u8]) -> bool {
        let direction = Direction::to_server(from);
        let is_open = self.network.is_open(direction);
        if is_open {
            self.network.send(direction, Packet::binary(packet));
        }
        is_open
    }

    /// Sends all outputs of the server's session, and returns them.
    pub fn flush_server(&mut self) -> Vec<Output> {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.server.session_mut().next_output()).collect();
        for output in &outputs {
            match output {
                Output::Send { to, packet, .. } => self.send_to_clients(to.as_slice(), packet),
                Output::SendAll { to, packets, .. } => {
                    packets.iter().for_each(|packet| self.send_to_clients(to.as_slice(), packet));
                }
                Output::Disconnect { peer, .. } => self.network.close(Direction::to_client(*peer)),
                other => panic!("unexpected output {other:?}"),
            }
        }
        outputs
    }

    fn send_to_clients(&mut self, clients: &[PeerId], packet: &Packet) {
        for client in clients {
            self.network.send(Direction::to_client(*client), packet.clone());
        }
    }

    /// Sends all outputs of a client's session, and returns them.
    pub fn flush_client(&mut self, id: PeerId) -> Vec<Output> {
        let Some(Client::Ours(end)) = self.clients.get_mut(&id) else { return Vec::new() };
        let outputs: Vec<Output> = std::iter::from_fn(|| end.session_mut().next_output()).collect();
        for output in &outputs {
            match output {
                Output::Send { to, packet, .. } => {
                    assert_eq!(to.as_slice(), [PeerId::SERVER], "a client is connected to its server only");
                    self.network.send(Direction::to_server(id), packet.clone());
                }
                Output::Disconnect { peer, .. } => {
                    assert_eq!(*peer, PeerId::SERVER);
                    self.network.close(Direction::to_server(id));
                }
                other => panic!("unexpected output of a client {other:?}"),
            }
        }
        outputs
    }

    /// Delivers the next message of this direction to its receiver.
    pub fn deliver(&mut self, direction: Direction) {
        let Some(message) = self.network.receive(direction) else { return };
        let (session, from) = match direction.to {
            Side::Server => (self.server.session_mut(), direction.client),
            Side::Client => match self.clients.get_mut(&direction.client) {
                Some(Client::Ours(end)) => (end.session_mut(), PeerId::SERVER),
                Some(Client::Scripted(received)) => {
                    if let Message::Packet(packet) = message {
                        received.push(packet);
                    }
                    return;
                }
                None => return,
            },
        };
        match message {
            Message::Id => session.connected(direction.client, self.now),
            Message::Packet(packet) => session.receive(from, packet, self.now),
            Message::End(cause) => session.peer_left(from, CloseInfo::from(cause)),
        }
    }

    /// Lets time pass at all ends. Delivers nothing.
    pub fn advance(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        self.server.session_mut().advance(now);
        self.ours_mut().for_each(|(_, end)| end.session_mut().advance(now));
    }

    /// Checks that each client knows the peers that the server has admitted, and no others.
    #[track_caller]
    pub fn assert_peers_agree(&self) {
        let server = self.server.session();
        let admitted: BTreeSet<PeerId> = server.peers().collect();
        for (id, end) in self.ours() {
            let mut expected = admitted.clone();
            if expected.remove(&id) {
                expected.insert(PeerId::SERVER);
            } else {
                expected.clear();
            }
            if !server.options().relay {
                expected.retain(|peer| *peer == PeerId::SERVER);
            }
            assert_eq!(end.session().peers().collect::<BTreeSet<_>>(), expected, "at {id}");
        }
    }
}
