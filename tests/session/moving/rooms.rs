//! Several sessions of one server, its clients, and the network between them.

use std::{collections::BTreeMap, time::Duration};

use websocket_peer::{
    CloseInfo, Error,
    multiplayer::{Event, Output, PathIds, PeerId, Session, SessionOptions},
};

use crate::{
    random::Random,
    simulator::{Direction, Message, Network, Side},
    world::{SERVER, events},
};

/// The time that a peer has to confirm a move.
pub const MOVE_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Rooms {
    pub rooms: Vec<Session>,
    pub path_ids: PathIds,
    pub clients: BTreeMap<PeerId, Session>,
    /// The room to which each connected client's packets go.
    pub room_of: BTreeMap<PeerId, usize>,
    pub network: Network,
    pub now: Duration,
    random: Random,
    /// The close code and reason that the server sent to each client.
    pub closes: BTreeMap<PeerId, (u16, String)>,
}

impl Rooms {
    pub fn new(rooms: usize) -> Self {
        Self::with(rooms, &SessionOptions::default())
    }

    pub fn with(rooms: usize, options: &SessionOptions) -> Self {
        let path_ids = PathIds::new();
        Self {
            rooms: (0..rooms).map(|_| Session::server_in(options.clone(), &path_ids)).collect(),
            path_ids,
            clients: BTreeMap::new(),
            room_of: BTreeMap::new(),
            network: Network::default(),
            now: Duration::ZERO,
            random: Random::new(7),
            closes: BTreeMap::new(),
        }
    }

    pub fn seed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Connects a client to a room. Nothing has arrived yet.
    pub fn join(&mut self, client: PeerId, room: usize) {
        self.network.connect(client);
        self.room_of.insert(client, room);
        let options = self.rooms[room].options().clone();
        self.clients.insert(client, Session::client(options));
        self.rooms[room].peer_joined(client, self.now);
        self.flush();
    }

    /// Rooms that have admitted these clients. All events have been read.
    pub fn of(members: &[&[PeerId]]) -> Self {
        let mut rooms = Self::new(members.len());
        for (room, members) in members.iter().enumerate() {
            members.iter().for_each(|client| rooms.join(*client, room));
        }
        rooms.settle();
        rooms.forget_events();
        rooms
    }

    /// Moves a peer, as a server does. Nothing has arrived yet.
    pub fn start_move(&mut self, peer: PeerId, to: usize) -> Result<(), Error> {
        let from = self.room_of[&peer];
        let transfer = self.rooms[from].release_peer(peer)?;
        self.flush();
        self.rooms[to].adopt_peer(peer, transfer, MOVE_TIMEOUT, self.now);
        self.room_of.insert(peer, to);
        self.flush();
        Ok(())
    }

    /// Moves a peer, and delivers all messages.
    pub fn move_peer(&mut self, peer: PeerId, to: usize) {
        self.start_move(peer, to).unwrap();
        self.settle();
    }

    pub fn client(&mut self, id: PeerId) -> &mut Session {
        self.clients.get_mut(&id).unwrap()
    }

    pub fn flush(&mut self) {
        for room in 0..self.rooms.len() {
            while let Some(output) = self.rooms[room].next_output() {
                self.send_of_room(room, output);
            }
        }
        for (id, client) in &mut self.clients {
            while let Some(output) = client.next_output() {
                match output {
                    Output::Send { packet, .. } => self.network.send(Direction::to_server(*id), packet),
                    Output::Disconnect { .. } => self.network.close(Direction::to_server(*id)),
                    other => panic!("unexpected output of a client {other:?}"),
                }
            }
        }
    }

    fn send_of_room(&mut self, room: usize, output: Output) {
        let (to, packets) = match output {
            Output::Send { to, packet, .. } => (to, vec![packet]),
            Output::SendAll { to, packets, .. } => (to, packets),
            Output::Disconnect { peer, code, reason, .. } => {
                assert_eq!(self.room_of.get(&peer), Some(&room), "a room closes another room's connection");
                self.closes.insert(peer, (code.get(), reason.into_owned()));
                return self.network.close(Direction::to_client(peer));
            }
            other => panic!("unexpected output {other:?}"),
        };
        for peer in to.as_slice() {
            assert_eq!(self.room_of.get(peer), Some(&room), "a room sends to a peer of another room");
            for packet in &packets {
                self.network.send(Direction::to_client(*peer), packet.clone());
            }
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

    pub fn settle(&mut self) {
        while self.step() {}
    }

    pub fn deliver(&mut self, direction: Direction) {
        let Some(message) = self.network.receive(direction) else { return };
        let client = direction.client;
        let (session, from) = match direction.to {
            Side::Server => match self.room_of.get(&client) {
                Some(room) => (&mut self.rooms[*room], client),
                None => return,
            },
            Side::Client => (self.clients.get_mut(&client).unwrap(), SERVER),
        };
        match message {
            Message::Id => session.connected(client, self.now),
            Message::Packet(packet) => session.receive(from, packet, self.now),
            Message::End(cause) => session.peer_left(from, CloseInfo::from(cause)),
        }
    }

    /// Lets time pass at all ends. Delivers nothing.
    pub fn advance(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        self.rooms.iter_mut().chain(self.clients.values_mut()).for_each(|session| session.advance(now));
    }

    pub fn forget_events(&mut self) {
        self.rooms.iter_mut().chain(self.clients.values_mut()).for_each(|session| drop(events(session)));
    }

    pub fn room_events(&mut self, room: usize) -> Vec<Event> {
        events(&mut self.rooms[room])
    }

    pub fn client_events(&mut self, client: PeerId) -> Vec<Event> {
        events(self.client(client))
    }

    /// The number of rejected packets at all ends.
    pub fn rejected(&self) -> u64 {
        let all = self.rooms.iter().chain(self.clients.values());
        all.map(|session| session.stats().rejected_packets).sum()
    }

    /// The number of packets about former rooms.
    pub fn outdated(&self) -> u64 {
        self.rooms.iter().map(|room| room.stats().outdated_packets).sum()
    }
}
