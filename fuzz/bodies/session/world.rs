//! The simulated session, with the checks that hold after each step.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
    time::Duration,
};

use super::{
    history::History,
    participant::Participant,
    simulator::{Client, Direction, Message, Side, Simulator},
};
use crate::{
    close::{CloseCause, CloseInfo},
    multiplayer::{
        ConnectionStatus, Output, PeerId, Session, SessionOptions,
        wire::{Command, System},
    },
    packet::Packet,
};

/// The largest number of clients at a time.
pub(super) const CLIENTS: usize = 4;

/// More steps than any input can cause.
const ENDLESS: usize = 1_000_000;

pub(super) struct World {
    pub(super) options: SessionOptions,
    pub(super) simulator: Simulator<Participant>,
    /// The last client at each place.
    pub(super) places: [Option<PeerId>; CLIENTS],
    /// Clients of an untrusted server, which the input scripts. They are not in the network: packets arrive at once.
    pub(super) isolated: BTreeMap<PeerId, Participant>,
    pub(super) history: History,
    /// The number of actions so far.
    pub(super) actions: usize,
    /// The last id that was given to a client. None is given twice.
    pub(super) last_id: PeerId,
}

/// A kind of client.
pub(super) enum Kind {
    Ours,
    Scripted,
    Isolated,
}

/// What a session has sent in one step.
#[derive(Default)]
struct Sent {
    outputs: usize,
    bytes: usize,
}

impl World {
    pub(super) fn new(options: SessionOptions) -> Self {
        let server = Participant::new(Session::server(options.clone()), PeerId::SERVER);
        Self {
            options,
            simulator: Simulator::new(server),
            places: Default::default(),
            isolated: BTreeMap::new(),
            history: History::default(),
            actions: 0,
            last_id: PeerId::SERVER,
        }
    }

    /// Connects a client at this place, unless the last one there is still connected.
    pub(super) fn connect(&mut self, place: usize, kind: Kind) {
        let last = self.places[place];
        if last.is_some_and(|id| self.simulator.network.is_connected(id)) {
            return;
        }
        let Some(id) = PeerId::new(self.last_id.get() + 1) else { return };
        if let Some(last) = last {
            self.simulator.clients.remove(&last);
            self.isolated.remove(&last);
        }
        self.last_id = id;
        self.places[place] = Some(id);
        match kind {
            Kind::Ours => {
                let client = self.client(id, self.options.clone());
                self.simulator.connect(id, Client::Ours(client));
            }
            Kind::Scripted => {
                self.history.scripted.insert(id, Vec::new());
                self.simulator.connect(id, Client::Scripted(Vec::new()));
            }
            Kind::Isolated => {
                let client = self.client(id, self.options.clone().max_peers(2));
                self.isolated.insert(id, client);
            }
        }
    }

    fn client(&self, id: PeerId, options: SessionOptions) -> Participant {
        Participant::new(Session::client(options), id)
    }

    /// The server, at index 0, or one of our clients.
    pub(super) fn participant(&mut self, index: usize) -> Option<&mut Participant> {
        let Some(place) = index.checked_sub(1) else { return Some(&mut self.simulator.server) };
        let id = (*self.places.get(place)?)?;
        match self.simulator.clients.get_mut(&id) {
            Some(Client::Ours(participant)) => Some(participant),
            Some(Client::Scripted(_)) => None,
            None => self.isolated.get_mut(&id),
        }
    }

    /// Returns `true` if the client at this index is not in the network.
    pub(super) fn is_isolated(&self, index: usize) -> bool {
        let id = index.checked_sub(1).and_then(|place| *self.places.get(place)?);
        id.is_some_and(|id| self.isolated.contains_key(&id))
    }

    /// Sends an arbitrary packet: from a scripted client to the server, or from an untrusted server to its client.
    pub(super) fn inject(&mut self, place: usize, packet: Vec<u8>) {
        let Some(id) = self.places[place] else { return };
        if let Some(client) = self.isolated.get_mut(&id) {
            let (len, known) = (packet.len(), client.known());
            receive_isolated(&mut client.session, packet, self.simulator.now);
            let sent = flush_isolated(client);
            sent.assert_bounded(client.observe(None), len, known);
        } else if matches!(self.simulator.clients.get(&id), Some(Client::Scripted(_)))
            && self.simulator.inject(id, &packet)
        {
            self.history.scripted.entry(id).or_default().push(packet);
        }
    }

    /// Sends the outputs of all sessions.
    pub(super) fn flush(&mut self) {
        self.flush_server(None);
        let ours: Vec<PeerId> = self.simulator.ours().map(|(id, _)| id).collect();
        for id in ours {
            self.flush_client(id);
        }
        for client in self.isolated.values_mut() {
            flush_isolated(client);
        }
    }

    /// Sends the server's outputs. `handled` is the client whose packet it has just received.
    fn flush_server(&mut self, handled: Option<PeerId>) -> Sent {
        let outputs = self.simulator.flush_server();
        for output in &outputs {
            let (to, packets) = match output {
                Output::Send { to, packet, .. } => (to.as_slice(), slice::from_ref(packet)),
                Output::SendAll { to, packets, .. } => (to.as_slice(), &packets[..]),
                Output::Disconnect { .. } => continue,
            };
            assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "duplicates in {to:?}");
            assert!(!to.is_empty() && !packets.is_empty(), "{packets:?} to {to:?}");
            packets.iter().for_each(|packet| assert_authentic(packet, handled));
        }
        Sent::of(&outputs)
    }

    fn flush_client(&mut self, id: PeerId) -> Sent {
        let outputs = self.simulator.flush_client(id);
        for output in &outputs {
            if let Output::Send { packet, .. } = output {
                assert!(Command::decode(packet).is_ok(), "{packet:?}");
            }
        }
        Sent::of(&outputs)
    }

    /// Lets all programs read their events.
    pub(super) fn observe(&mut self) {
        self.simulator.server.observe(Some(&self.history));
        for (_, client) in self.simulator.ours_mut() {
            client.observe(Some(&self.history));
        }
        for client in self.isolated.values_mut() {
            client.observe(None);
        }
    }

    /// Delivers the next message of this direction.
    pub(super) fn deliver(&mut self, direction: Direction) {
        let (len, is_packet) = match self.simulator.network.next(direction) {
            Some(Message::Packet(packet)) => (packet.len(), true),
            Some(Message::Id | Message::End(_)) => (0, false),
            None => return,
        };
        match direction.to {
            Side::Server => {
                let known = self.simulator.server.known();
                self.simulator.deliver(direction);
                let sent = self.flush_server(is_packet.then_some(direction.client));
                sent.assert_bounded(self.simulator.server.observe(Some(&self.history)), len, known);
            }
            Side::Client => {
                let known = self.our_client(direction.client).map(Participant::known);
                self.simulator.deliver(direction);
                let sent = self.flush_client(direction.client);
                if let (Some(known), Some(Client::Ours(client))) =
                    (known, self.simulator.clients.get_mut(&direction.client))
                {
                    sent.assert_bounded(client.observe(Some(&self.history)), len, known);
                }
            }
        }
    }

    fn our_client(&self, id: PeerId) -> Option<&Participant> {
        match self.simulator.clients.get(&id) {
            Some(Client::Ours(client)) => Some(client),
            _ => None,
        }
    }

    /// Delivers all messages.
    pub(super) fn settle(&mut self) {
        self.flush();
        for _ in 0..ENDLESS {
            let directions = self.simulator.network.in_transit();
            if directions.is_empty() {
                return;
            }
            directions.into_iter().for_each(|direction| self.deliver(direction));
        }
        panic!("the sessions never stop sending");
    }

    /// Lets time pass at all ends.
    pub(super) fn pass(&mut self, time: Duration) {
        self.simulator.advance(time);
        let now = self.simulator.now;
        self.isolated.values_mut().for_each(|client| client.session.advance(now));
        for index in 0..=CLIENTS {
            if let Some(participant) = self.participant(index) {
                let next = participant.session.next_deadline();
                assert!(next.is_none_or(|next| next > now), "the deadline {next:?} remains at {now:?}");
            }
        }
    }
}

/// Delivers a packet to an isolated client. The first one assigns its id, or ends the connection.
fn receive_isolated(client: &mut Session, packet: Vec<u8>, now: Duration) {
    let is_connecting = client.status() == ConnectionStatus::Connecting;
    let id = packet[..].try_into().map(i32::from_le_bytes).ok().and_then(PeerId::new);
    match id.filter(|id| *id != PeerId::SERVER) {
        _ if !is_connecting => client.receive(PeerId::SERVER, Packet::binary(packet), now),
        Some(id) => client.connected(id, now),
        None => client.peer_left(PeerId::SERVER, CloseInfo::from(CloseCause::Local)),
    }
}

/// Handles the outputs of an isolated client: packets are dropped, and it is disconnected when it asks for that.
fn flush_isolated(client: &mut Participant) -> Sent {
    let mut outputs = Vec::new();
    while let Some(output) = client.session.next_output() {
        match output {
            Output::Send { .. } => {}
            Output::SendAll { .. } => panic!("a client sends no list of peers"),
            Output::Disconnect { .. } => {
                client.session.peer_left(PeerId::SERVER, CloseInfo::from(CloseCause::Local));
            }
        }
        outputs.push(output);
    }
    Sent::of(&outputs)
}

/// Checks that a packet of the server's can be decoded, and that a relayed one carries the id of its sender.
fn assert_authentic(packet: &Packet, handled: Option<PeerId>) {
    match Command::decode(packet) {
        Ok(Command::System(System::Relay { peer, inner })) => {
            assert_eq!(Some(peer), handled.map(PeerId::get), "the relayed packet has another sender");
            let is_system = inner.first().is_none_or(|first| first & 7 == 7);
            assert!(!is_system, "a system packet is relayed");
        }
        Ok(_) => {}
        Err(error) => panic!("{packet:?}: {error}"),
    }
}

impl Sent {
    fn of(outputs: &[Output]) -> Self {
        let bytes = |output: &Output| match output {
            Output::Send { packet, .. } => packet.len(),
            Output::SendAll { packets, .. } => packets.iter().map(|packet| packet.len()).sum(),
            Output::Disconnect { .. } => 0,
        };
        Self { outputs: outputs.len(), bytes: outputs.iter().map(bytes).sum() }
    }

    /// Checks what a packet of `len` bytes has caused at an end that knows this many peers and nodes. A packet takes at
    /// least eight bytes for each event about a node.
    fn assert_bounded(&self, events: usize, len: usize, known: usize) {
        let max = 2 * known + 4;
        let is_bounded = self.outputs <= max && events <= max + len / 8;
        assert!(is_bounded, "{} outputs, {events} events", self.outputs);
        assert!(self.bytes <= (len + 64) * max, "{} bytes for {len}", self.bytes);
    }
}
