//! The server, its clients, the network between them, and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    end::End,
    ledger::Ledger,
    link::{Letter, Link, Side},
};
use crate::{
    close::{CloseCause, CloseInfo},
    multiplayer::{
        Output, PeerId, Recipients, Session, SessionOptions,
        wire::{Command, System},
    },
    packet::Packet,
};

/// How many clients there can be at a time.
pub(super) const CLIENTS: usize = 4;

/// More steps than any input can bring about.
const ENDLESS: usize = 1_000_000;

pub(super) struct World {
    pub(super) options: SessionOptions,
    pub(super) now: Duration,
    pub(super) server: End,
    pub(super) clients: [Option<Client>; CLIENTS],
    /// By the client's id. Nobody has the id of another who was there before.
    pub(super) links: BTreeMap<PeerId, Link>,
    pub(super) ledger: Ledger,
    /// How many acts have been done.
    pub(super) acts: usize,
    pub(super) last_id: PeerId,
}

pub(super) struct Client {
    pub(super) id: PeerId,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Ours(End),
    /// It sends what it likes, and keeps what it receives.
    Stranger(Vec<Packet>),
    /// One of ours whose server is a stranger. It is in no network: it receives what that says at once.
    Captive(End),
}

/// What a session has put out at once.
#[derive(Default)]
struct Put {
    outputs: usize,
    bytes: usize,
}

impl World {
    pub(super) fn new(options: SessionOptions) -> Self {
        Self {
            now: Duration::ZERO,
            server: End::new(Session::server(options.clone()), PeerId::SERVER),
            clients: Default::default(),
            links: BTreeMap::new(),
            ledger: Ledger::default(),
            acts: 0,
            last_id: PeerId::SERVER,
            options,
        }
    }

    /// A client comes to this place, if nobody is there.
    pub(super) fn connect(
        &mut self,
        place: usize,
        kind: impl FnOnce(PeerId, &SessionOptions, Duration) -> Kind,
    ) {
        let place = &mut self.clients[place];
        if place.as_ref().is_some_and(|client| self.links.contains_key(&client.id)) {
            return;
        }
        let Some(id) = PeerId::new(self.last_id.get() + 1) else { return };
        self.last_id = id;
        let kind = kind(id, &self.options, self.now);
        if let Kind::Stranger(_) = kind {
            self.ledger.strangers.insert(id, Vec::new());
        }
        if !matches!(kind, Kind::Captive(_)) {
            self.links.insert(id, Link::default());
            self.server.session.peer_joined(id, self.now);
        }
        *place = Some(Client { id, kind });
    }

    /// One of ours: the server, or the client at a place.
    pub(super) fn end(&mut self, index: usize) -> Option<&mut End> {
        let Some(place) = index.checked_sub(1) else { return Some(&mut self.server) };
        match &mut self.clients.get_mut(place)?.as_mut()?.kind {
            Kind::Ours(end) | Kind::Captive(end) => Some(end),
            Kind::Stranger(_) => None,
        }
    }

    /// Whether the end at this index is in the network.
    pub(super) fn is_captive(&self, index: usize) -> bool {
        let client = index.checked_sub(1).and_then(|place| self.clients.get(place)?.as_ref());
        client.is_some_and(|client| matches!(client.kind, Kind::Captive(_)))
    }

    /// A stranger sends a packet: one at a place to the server, or a captive's server to that.
    pub(super) fn inject(&mut self, place: usize, packet: Vec<u8>) {
        let Some(client) = &mut self.clients[place] else { return };
        match &mut client.kind {
            Kind::Ours(_) => {}
            Kind::Stranger(_) => {
                if let Some(link) = self.links.get_mut(&client.id).filter(|link| link.is_open(Side::Client)) {
                    self.ledger.strangers.entry(client.id).or_default().push(packet.clone());
                    link.send(Side::Client, Packet::binary(packet));
                }
            }
            Kind::Captive(end) => {
                let (len, known) = (packet.len(), known(end));
                end.session.receive(PeerId::SERVER, Packet::binary(packet), self.now);
                let put = put_out_by_captive(end);
                is_moderate(&put, end.observe(None), len, known);
            }
        }
    }

    /// All that was put out is on its way.
    pub(super) fn post(&mut self) {
        self.post_of_server(None);
        for client in self.clients.iter_mut().flatten() {
            match &mut client.kind {
                Kind::Ours(end) => drop(put_out_by_client(end, self.links.get_mut(&client.id))),
                Kind::Captive(end) => drop(put_out_by_captive(end)),
                Kind::Stranger(_) => {}
            }
        }
    }

    /// What the server puts out; `handled` has sent what it has just received.
    fn post_of_server(&mut self, handled: Option<PeerId>) -> Put {
        let mut put = Put::default();
        while let Some(output) = self.server.session.next_output() {
            put.outputs += 1;
            match output {
                Output::Send { to, packet, .. } => self.send_down(&to, &[packet], handled, &mut put),
                Output::SendAll { to, packets } => self.send_down(&to, &packets, handled, &mut put),
                Output::Disconnect { peer, .. } => {
                    let Some(link) = self.links.get_mut(&peer) else { panic!("{peer} is not connected") };
                    link.close(Side::Server);
                }
            }
        }
        put
    }

    fn send_down(&mut self, to: &Recipients, packets: &[Packet], handled: Option<PeerId>, put: &mut Put) {
        let to = to.as_slice();
        assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "twice to one of {to:?}");
        assert!(!to.is_empty() && !packets.is_empty(), "{packets:?} to {to:?}");
        for packet in packets {
            put.bytes += packet.len();
            for peer in to {
                let Some(link) = self.links.get_mut(peer) else { panic!("{peer} is not connected") };
                if link.is_fresh(Side::Server) {
                    assert_eq!(**packet, peer.get().to_le_bytes(), "the first packet is not its id");
                } else {
                    is_fair(packet, handled);
                }
                link.send(Side::Server, packet.clone());
            }
        }
    }

    /// Everybody reads.
    pub(super) fn observe(&mut self) {
        self.server.observe(Some(&self.ledger));
        for client in self.clients.iter_mut().flatten() {
            match &mut client.kind {
                Kind::Ours(end) => drop(end.observe(Some(&self.ledger))),
                Kind::Captive(end) => drop(end.observe(None)),
                Kind::Stranger(_) => {}
            }
        }
    }

    /// The ways on which something is to arrive.
    pub(super) fn ways(&self) -> Vec<(PeerId, Side)> {
        let sides = [Side::Server, Side::Client];
        let ways =
            self.links.iter().flat_map(|(id, link)| sides.map(|side| (*id, side, link.has_letter(side))));
        ways.filter(|(.., has_letter)| *has_letter).map(|(id, side, _)| (id, side)).collect()
    }

    /// One thing arrives at this side of a client's link.
    pub(super) fn deliver(&mut self, client: PeerId, side: Side) {
        let Some(link) = self.links.get_mut(&client) else { return };
        let Some(letter) = link.arrive(side) else { return };
        match side {
            Side::Server => self.deliver_to_server(client, letter),
            Side::Client => self.deliver_to_client(client, letter),
        }
        if self.links.get(&client).is_some_and(Link::is_over) {
            self.links.remove(&client);
        }
    }

    fn deliver_to_server(&mut self, client: PeerId, letter: Letter) {
        let known = known(&self.server);
        match letter {
            Letter::Packet(packet) => {
                let len = packet.len();
                self.server.session.receive(client, packet, self.now);
                let put = self.post_of_server(Some(client));
                is_moderate(&put, self.server.observe(Some(&self.ledger)), len, known);
            }
            Letter::End(cause) => {
                self.server.session.peer_left(client, CloseInfo::from(cause));
                let put = self.post_of_server(None);
                is_moderate(&put, self.server.observe(Some(&self.ledger)), 0, known);
            }
        }
    }

    fn deliver_to_client(&mut self, id: PeerId, letter: Letter) {
        let Some(client) = self.clients.iter_mut().flatten().find(|client| client.id == id) else { return };
        match (&mut client.kind, letter) {
            (Kind::Ours(end), letter) => {
                let known = known(end);
                let len = match letter {
                    Letter::Packet(packet) => {
                        let len = packet.len();
                        end.session.receive(PeerId::SERVER, packet, self.now);
                        len
                    }
                    Letter::End(cause) => {
                        end.session.peer_left(PeerId::SERVER, CloseInfo::from(cause));
                        0
                    }
                };
                let put = put_out_by_client(end, self.links.get_mut(&id));
                is_moderate(&put, end.observe(Some(&self.ledger)), len, known);
            }
            (Kind::Stranger(received), Letter::Packet(packet)) => received.push(packet),
            (Kind::Stranger(_), Letter::End(_)) | (Kind::Captive(_), _) => {}
        }
    }

    /// Everything arrives.
    pub(super) fn settle(&mut self) {
        self.post();
        for _ in 0..ENDLESS {
            let ways = self.ways();
            if ways.is_empty() {
                return;
            }
            for (client, side) in ways {
                self.deliver(client, side);
            }
        }
        panic!("it never ends");
    }

    /// So much time passes for all.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        for index in 0..=CLIENTS {
            let now = self.now;
            if let Some(end) = self.end(index) {
                end.session.advance(now);
                let next = end.session.next_deadline();
                assert!(next.is_none_or(|next| next > now), "at {now:?} {next:?} is still to come");
            }
        }
    }
}

/// How many peers and nodes this end knows.
fn known(end: &End) -> usize {
    end.session.peers().len() + end.nodes.len() + end.sources.len() + end.hearing.replicas.len()
}

fn put_out_by_client(end: &mut End, mut link: Option<&mut Link>) -> Put {
    let mut put = Put::default();
    while let Some(output) = end.session.next_output() {
        put.outputs += 1;
        let Some(link) = &mut link else { panic!("{} is not connected: {output:?}", end.id) };
        match output {
            Output::Send { to, packet, .. } => {
                put.bytes += packet.len();
                assert_eq!(to.as_slice(), [PeerId::SERVER]);
                assert!(Command::decode(&packet).is_ok(), "{packet:?}");
                link.send(Side::Client, packet);
            }
            Output::SendAll { .. } => panic!("a client has no list of peers to send"),
            Output::Disconnect { peer, .. } => {
                assert_eq!(peer, PeerId::SERVER);
                link.close(Side::Client);
            }
        }
    }
    put
}

/// What is put out by a captive nobody reads; but it is disconnected when it wants to be.
fn put_out_by_captive(end: &mut End) -> Put {
    let mut put = Put::default();
    while let Some(output) = end.session.next_output() {
        put.outputs += 1;
        match output {
            Output::Send { packet, .. } => put.bytes += packet.len(),
            Output::SendAll { .. } => panic!("a client has no list of peers to send"),
            Output::Disconnect { .. } => {
                end.session.peer_left(PeerId::SERVER, CloseInfo::from(CloseCause::Local));
            }
        }
    }
    put
}

/// What the server sends can be read, and has the sender's own id on it where it is a relay.
fn is_fair(packet: &Packet, handled: Option<PeerId>) {
    match Command::decode(packet) {
        Ok(Command::System(System::Relay { peer, inner })) => {
            assert_eq!(Some(peer), handled.map(PeerId::get), "a relay is not from whom it says");
            assert!(
                inner.first().is_some_and(|first| first & 7 != 7),
                "the relay is about the session itself"
            );
        }
        Ok(_) => {}
        Err(why) => panic!("{packet:?}: {why}"),
    }
}

/// What comes of a packet of this length is no more than that, for each of the peers and nodes that are known. It can tell of
/// a node in eight bytes.
fn is_moderate(put: &Put, events: usize, len: usize, known: usize) {
    let most = 2 * known + 4;
    assert!(put.outputs <= most && events <= most + len / 8, "{} outputs, {events} events", put.outputs);
    assert!(put.bytes <= (len + 64) * most, "{} bytes for {len}", put.bytes);
}
