//! Random rooms: peers join, move, leave, flood and are disconnected while all ends call, send, relay and spawn. A model knows
//! who is where, and each packet knows the room that it was sent in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    multiplayer::{
        Event, Method, Methods, NodeKey, PacketError, Parameter, PeerId, Properties, Property, Session,
        SessionOptions, Spawn, Spawner, Target,
    },
    variant::Variant,
};

use super::rooms::{MOVE_TIMEOUT, Rooms};
use crate::{
    random::Random,
    simulator::{Direction, Message, Observed, Side},
    world::{A, SERVER, events, id},
};

const ROOMS: usize = 4;
/// Room 3 has neither of these.
const ROOMS_WITH_NODES: usize = 3;

/// The nodes of one end.
struct Nodes {
    game: NodeKey,
    /// The spawner of the servers.
    spawner: NodeKey,
    /// The spawner of client `A`.
    own: NodeKey,
    spawned: Vec<NodeKey>,
}

impl Nodes {
    fn register(session: &mut Session) -> Self {
        let methods =
            Methods::new().with(Method::new("play").any_peer().parameter(Parameter::of::<i64>("room")));
        let properties = Properties::new().with(Property::of::<i64>("room"));
        let properties = properties.with(Property::of::<i64>("count").on_change());
        let spawner = Spawner::new().scene(properties);
        let game = session.register_node_with("Game", methods).unwrap();
        let own = session.register_spawner("Own", spawner.clone()).unwrap();
        session.set_authority(own, A).unwrap();
        Self {
            game,
            spawner: session.register_spawner("Spawner", spawner).unwrap(),
            own,
            spawned: Vec::new(),
        }
    }
}

/// One end: what its program has seen, and its nodes.
struct End {
    observed: Observed,
    nodes: Option<Nodes>,
}

struct Simulation {
    rooms: Rooms,
    random: Random,
    servers: Vec<End>,
    clients: BTreeMap<PeerId, End>,
    /// The room that each client is in, as far as it has received.
    believed: BTreeMap<PeerId, usize>,
    /// The rooms to which each client has been moved, and has not received that.
    moves: BTreeMap<PeerId, VecDeque<usize>>,
    /// The rooms of the clients that the server has not disconnected, and that have not left.
    model: BTreeMap<PeerId, usize>,
    last_id: i32,
    counts: BTreeMap<&'static str, usize>,
}

impl Simulation {
    fn new(seed: u64, options: &SessionOptions) -> Self {
        let mut rooms = Rooms::with(ROOMS, options);
        let end = |(room, session)| End {
            observed: Observed::by_server(),
            nodes: (room < ROOMS_WITH_NODES).then(|| Nodes::register(session)),
        };
        let servers = rooms.rooms.iter_mut().enumerate().map(end).collect();
        rooms.seed(seed);
        Self {
            rooms,
            random: Random::new(seed),
            servers,
            clients: BTreeMap::new(),
            believed: BTreeMap::new(),
            moves: BTreeMap::new(),
            model: BTreeMap::new(),
            last_id: 1,
            counts: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// A client that the model has in a room.
    fn any_client(&mut self) -> Option<PeerId> {
        let all: Vec<PeerId> = self.model.keys().copied().collect();
        (!all.is_empty()).then(|| *self.random.pick(&all))
    }

    fn act(&mut self) {
        let room = self.random.below(ROOMS);
        let client = self.any_client();
        match (self.random.below(20), client) {
            (0 | 1, _) if self.model.len() < 8 => self.join(room),
            (2..=4, Some(client)) => self.move_peer(client, room),
            (5, Some(client)) if self.random.one_in(3) => self.end(client),
            (6 | 7, _) => self.act_of_server(room),
            (8..=11, Some(client)) => self.act_of_client(client),
            (12, Some(client)) if self.random.one_in(4) => self.flood(client),
            _ => (0..self.random.below(6)).for_each(|_| self.step()),
        }
        self.rooms.flush();
        self.read_all();
    }

    fn join(&mut self, room: usize) {
        self.last_id += 1;
        let client = id(self.last_id);
        self.rooms.join(client, room);
        let nodes = Nodes::register(self.rooms.client(client));
        self.clients.insert(client, End { observed: Observed::default(), nodes: Some(nodes) });
        self.believed.insert(client, room);
        self.moves.insert(client, VecDeque::new());
        self.model.insert(client, room);
        self.count("joins");
    }

    fn move_peer(&mut self, client: PeerId, to: usize) {
        let from = self.model[&client];
        // Not while it arrives.
        let is_member = self.rooms.rooms[from].peers().any(|peer| peer == client);
        assert_eq!(self.rooms.start_move(client, to).is_ok(), is_member);
        if is_member {
            self.moves.get_mut(&client).unwrap().push_back(to);
            self.model.insert(client, to);
            self.count("moves");
        }
    }

    /// Ends the connection of a client: it leaves, is disconnected or is lost.
    fn end(&mut self, client: PeerId) {
        let room = self.model.remove(&client).unwrap();
        match self.random.below(3) {
            0 if self.clients[&client].observed.id().is_some() => {
                self.rooms.client(client).leave();
                self.clients.get_mut(&client).unwrap().observed.leave();
            }
            1 => self.rooms.rooms[room].disconnect_peer(client).unwrap(),
            _ => self.rooms.network.cut(client),
        }
        self.count("ends");
    }

    fn act_of_server(&mut self, room: usize) {
        let peers: Vec<PeerId> = self.rooms.rooms[room].peers().collect();
        let to = match self.random.below(2) {
            0 if !peers.is_empty() => Target::Peer(*self.random.pick(&peers)),
            _ => Target::All,
        };
        let Some(nodes) = &mut self.servers[room].nodes else {
            self.rooms.rooms[room].send_bytes(to, &[room as u8]).unwrap();
            return;
        };
        let tag = room as i64;
        let session = &mut self.rooms.rooms[room];
        match self.random.below(5) {
            0 => session.send_bytes(to, &[room as u8]).unwrap(),
            1 => {
                let spawn = Spawn::scene(0).with("room", tag).with("count", 0);
                nodes.spawned.push(session.spawn(nodes.spawner, spawn).unwrap());
            }
            2 if !nodes.spawned.is_empty() => {
                let at = self.random.below(nodes.spawned.len());
                session.despawn(nodes.spawned.swap_remove(at)).unwrap();
            }
            3 => {
                for node in &nodes.spawned {
                    session.set_property(*node, "count", self.random.below(9) as i64).unwrap();
                }
                session.replicate();
            }
            _ => session.call_method(nodes.game, to, "play", vec![tag.into()]).unwrap(),
        }
    }

    fn act_of_client(&mut self, client: PeerId) {
        let end = self.clients.get_mut(&client).unwrap();
        if end.observed.id().is_none() || end.observed.is_over() {
            return;
        }
        let room = self.believed[&client];
        let session = self.rooms.clients.get_mut(&client).unwrap();
        let peers: Vec<PeerId> = session.peers().collect();
        let to = match self.random.below(2) {
            0 if !peers.is_empty() => Target::Peer(*self.random.pick(&peers)),
            _ => Target::All,
        };
        let nodes = end.nodes.as_mut().unwrap();
        let tag = Variant::from(room as i64);
        match self.random.below(5) {
            0 => session.send_bytes(to, &[room as u8]).unwrap(),
            1 if client == A && room < ROOMS_WITH_NODES => {
                let spawn = Spawn::scene(0).with("room", tag).with("count", 0);
                nodes.spawned.push(session.spawn(nodes.own, spawn).unwrap());
            }
            2 if !nodes.spawned.is_empty() => {
                let at = self.random.below(nodes.spawned.len());
                session.despawn(nodes.spawned.swap_remove(at)).unwrap();
            }
            3 if client == A => {
                for node in &nodes.spawned {
                    session.set_property(*node, "room", room as i64).unwrap();
                    session.set_property(*node, "count", self.random.below(9) as i64).unwrap();
                }
                session.replicate();
            }
            _ if room < ROOMS_WITH_NODES => session.call_method(nodes.game, to, "play", vec![tag]).unwrap(),
            _ => {}
        }
    }

    /// A client does a hundred things at once.
    fn flood(&mut self, client: PeerId) {
        (0..100).for_each(|_| self.act_of_client(client));
        self.count("floods");
    }

    /// Delivers one message.
    fn step(&mut self) {
        self.rooms.flush();
        let directions = self.rooms.network.in_transit();
        if directions.is_empty() {
            return;
        }
        let direction = *self.random.pick(&directions);
        self.note_move(direction);
        self.rooms.deliver(direction);
        if direction.to == Side::Server && self.rooms.network.has_ended(direction) {
            self.model.remove(&direction.client);
        }
        self.rooms.flush();
        self.read_all();
    }

    /// A client is in its next room when it receives the last packet of the old one, which it confirms.
    fn note_move(&mut self, Direction { client, to }: Direction) {
        let next = self.rooms.network.next(Direction { client, to });
        if let (Side::Client, Some(Message::Packet(packet))) = (to, next) {
            // An announcement with a number that no node has.
            if let [1, .., 0x40..=0x7f, b'.', 0] = packet.as_bytes() {
                let moves = self.moves.get_mut(&client).unwrap();
                self.believed.insert(client, moves.pop_front().unwrap());
            }
        }
    }

    fn settle(&mut self) {
        self.rooms.flush();
        while !self.rooms.network.in_transit().is_empty() {
            self.step();
        }
    }

    /// Lets all programs read their events, and checks these.
    fn read_all(&mut self) {
        for room in 0..ROOMS {
            for event in events(&mut self.rooms.rooms[room]) {
                self.servers[room].observed.apply(&event);
                assert_is_of_room(&event, room);
                match event {
                    Event::PacketRejected { error: PacketError::UnknownPeer, .. } => {
                        self.count("unknown peers")
                    }
                    Event::PacketRejected { .. } => panic!("{event:?} in room {room}"),
                    Event::ArrivalFailed { peer, .. } => {
                        assert!(!self.model.contains_key(&peer));
                        self.count("failed arrivals");
                    }
                    Event::Call(_) | Event::Packet { .. } => self.count("packets to servers"),
                    Event::Spawned(_) => self.count("spawned at servers"),
                    _ => {}
                }
            }
        }
        for (client, end) in &mut self.clients {
            let session = self.rooms.clients.get_mut(client).unwrap();
            let mut received = 0;
            for event in events(session) {
                // A client that comes back to a room soon may receive what another client has sent to it before: that
                // one has not read that it was gone.
                assert!(
                    !matches!(event, Event::PacketRejected { from: SERVER, .. }),
                    "{event:?} at {client}"
                );
                end.observed.apply(&event);
                assert_is_of_room(&event, self.believed[client]);
                received += usize::from(matches!(event, Event::Call(_) | Event::Packet { .. }));
            }
            *self.counts.entry("packets to clients").or_default() += received;
        }
    }

    /// Each client knows the members of its room, and the room's nodes; each room has the members of the model.
    fn check(&mut self) {
        for room in 0..ROOMS {
            let members = |(peer, of): (&PeerId, &usize)| (*of == room).then_some(*peer);
            let expected: BTreeSet<PeerId> = self.model.iter().filter_map(members).collect();
            assert_eq!(*self.servers[room].observed.peers(), expected, "room {room}");
            assert_eq!(self.rooms.rooms[room].peers().collect::<BTreeSet<_>>(), expected);
            for client in &expected {
                let mut others = expected.clone();
                others.remove(client);
                others.insert(SERVER);
                let end = &self.clients[client];
                assert_eq!((end.observed.peers().clone(), self.believed[client]), (others, room), "{client}");
                let of_server = end.observed.replicas.values().filter(|replica| replica.from == SERVER);
                let spawned = self.servers[room].nodes.as_ref().map_or(0, |nodes| nodes.spawned.len());
                assert_eq!(of_server.count(), spawned, "nodes at {client}");
            }
        }
    }
}

/// What an event brings was sent in this room.
#[track_caller]
fn assert_is_of_room(event: &Event, room: usize) {
    let tags: Vec<Variant> = match event {
        Event::Packet { data, .. } => vec![i64::from(data.as_bytes()[0]).into()],
        Event::Call(call) => call.arguments.clone(),
        // Nodes of a client are spawned at new members of later rooms, too. Their values are of the time of the SYNC.
        Event::Spawned(spawned) if spawned.from == SERVER => {
            spawned.state.get("room").cloned().into_iter().collect()
        }
        Event::Synchronized { from: SERVER, state, .. } => state.get("room").cloned().into_iter().collect(),
        _ => return,
    };
    tags.into_iter().for_each(|tag| assert_eq!(tag, Variant::from(room as i64), "{event:?} in room {room}"));
}

#[wasm_bindgen_test(unsupported = test)]
fn random_moves_agree_with_a_model() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..60 {
        let mut simulation = Simulation::new(seed, &SessionOptions::default());
        for step in 0..400 {
            simulation.act();
            if step % 50 == 49 {
                simulation.settle();
                simulation.check();
            }
        }
        simulation.settle();
        simulation.rooms.advance(MOVE_TIMEOUT * 2);
        simulation.settle();
        simulation.check();
        for room in 0..ROOMS {
            simulation.rooms.rooms[room].leave();
        }
        simulation.rooms.settle();
        assert!(simulation.rooms.rooms.iter().all(Session::is_closed));
        assert!(simulation.rooms.network.is_empty());
        // No session leaves a path behind.
        simulation.rooms.rooms.clear();
        assert_eq!(format!("{:?}", simulation.rooms.path_ids), "PathIds { paths: 0, .. }");
        simulation.counts.iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    for what in [
        "joins",
        "moves",
        "ends",
        "floods",
        "failed arrivals",
        "packets to servers",
        "packets to clients",
        "spawned at servers",
    ] {
        assert!(counts.get(what).is_some_and(|count| *count > 10), "few {what}: {counts:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_debug_text_of_a_transfer_has_no_path() {
    let mut rooms = Rooms::of(&[&[A], &[]]);
    rooms.rooms[0].register_node_with("Secret", Methods::new()).unwrap();
    let path_ids = rooms.path_ids.clone();
    let transfer = rooms.rooms[0].release_peer(A).unwrap();
    assert_eq!(
        format!("{transfer:?} {path_ids:?}"),
        "PeerTransfer { moves: 1, .. } PathIds { paths: 1, .. }"
    );
}
