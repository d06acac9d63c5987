//! Random actions of all ends. Each end has one `Disconnected` for each `Connected`, packets only between them, and each
//! client receives exactly the packets whose targets it was in.

use std::collections::{BTreeMap, BTreeSet};

use testkit::random::Random;
use websocket_peer::{
    CloseCode, PeerOptions, ServerOptions,
    multiplayer::{ConnectionStatus, PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
};

use crate::common::eventually;

const SEEDS: u64 = 20;
const ACTIONS: usize = 150;
const CLIENTS: usize = 5;

/// A client, and what its program has observed.
struct Client {
    peer: WebSocketMultiplayerPeer,
    /// Since it has read `Connected`.
    id: Option<PeerId>,
    is_over: bool,
    /// The number of packets that it has received.
    received: usize,
}

struct World {
    random: Random,
    host: WebSocketMultiplayerPeer,
    /// The clients, as far as the server's program has read events.
    connected: BTreeSet<PeerId>,
    gone: BTreeSet<PeerId>,
    clients: Vec<Client>,
    /// The packets that each client must receive, while it stays.
    sent: BTreeMap<PeerId, Vec<u8>>,
    /// The number of packets of each client, and of those that have arrived.
    counts: BTreeMap<PeerId, (u8, u8)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let options = ServerOptions::default().max_connections_per_address_per_second(0);
        Self {
            random: Random::new(seed),
            host: WebSocketMultiplayerPeer::bind("127.0.0.1:0", options).unwrap(),
            connected: BTreeSet::new(),
            gone: BTreeSet::new(),
            clients: Vec::new(),
            sent: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn act(&mut self, number: u8) {
        let client = self.random.below(CLIENTS);
        let id = self.clients.get(client).and_then(|client| client.id);
        match self.random.below(12) {
            0 | 1 if self.clients.len() < CLIENTS => {
                let url = format!("ws://{}", self.host.local_addr().unwrap());
                let peer = WebSocketMultiplayerPeer::connect(&url, PeerOptions::default()).unwrap();
                self.clients.push(Client { peer, id: None, is_over: false, received: 0 });
            }
            2 if client < self.clients.len() => drop(self.clients.remove(client)),
            3 if client < self.clients.len() => self.clients[client].peer.close(),
            4 => {
                if let Some(id) = id {
                    let code = CloseCode::application::<4000>();
                    let is_known = self.connected.contains(&id);
                    assert_eq!(self.host.disconnect_peer_with(id, code, "out").is_ok(), is_known);
                    // It misses what is sent to it from now on.
                    self.sent.remove(&id);
                }
            }
            5..=7 => {
                let target = match (self.random.below(3), id) {
                    (0, Some(id)) if self.connected.contains(&id) => Target::Peer(id),
                    (1, Some(id)) => Target::AllExcept(id),
                    _ => Target::All,
                };
                self.host.send(target, &[number]).unwrap();
                for id in self.connected.iter().filter(|id| match target {
                    Target::Peer(one) => **id == one,
                    Target::AllExcept(except) => **id != except,
                    _ => true,
                }) {
                    self.sent.entry(*id).and_modify(|sent| sent.push(number));
                }
            }
            8 | 9 => {
                if let Some((client, id)) = self.clients.get_mut(client).zip(id) {
                    if client.peer.status() == ConnectionStatus::Connected {
                        let (sent, _) = self.counts.entry(id).or_default();
                        client.peer.send(Target::All, &[*sent]).unwrap();
                        *sent += 1;
                    }
                }
            }
            _ => self.step(),
        }
    }

    /// Polls all ends, and checks their events.
    fn step(&mut self) {
        self.host.poll();
        while let Some(event) = self.host.next_event() {
            match event {
                PeerEvent::Connected(id) => {
                    assert!(!self.gone.contains(&id) && self.connected.insert(id), "{id} again");
                    self.sent.insert(id, Vec::new());
                }
                PeerEvent::Packet(id, packet) => {
                    assert!(self.connected.contains(&id), "{packet:?} of {id}");
                    let (_, arrived) = self.counts.entry(id).or_default();
                    assert_eq!(packet.as_bytes(), [*arrived]);
                    *arrived += 1;
                }
                PeerEvent::Disconnected(id, _) => {
                    assert!(self.connected.remove(&id) && self.gone.insert(id), "{id} is gone twice");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(self.host.peers().eq(self.connected.iter().copied()));
        for client in &mut self.clients {
            client.peer.poll();
            while let Some(event) = client.peer.next_event() {
                assert!(!client.is_over, "{event:?} after the end");
                match event {
                    PeerEvent::Connected(PeerId::SERVER) => {
                        assert_eq!(client.id, None);
                        client.id = client.peer.id();
                        assert!(client.id.is_some());
                    }
                    PeerEvent::Packet(PeerId::SERVER, packet) => {
                        let id = client.id.expect("packets follow the id");
                        if let Some(sent) = self.sent.get(&id) {
                            assert_eq!(packet.as_bytes(), [sent[client.received]], "to {id}");
                        }
                        client.received += 1;
                    }
                    PeerEvent::Disconnected(PeerId::SERVER, _) => {
                        assert!(client.id.is_some());
                        client.is_over = true;
                    }
                    PeerEvent::ConnectionFailed(_) => {
                        assert_eq!(client.id, None);
                        client.is_over = true;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Everything arrives at the clients that stay. Returns the number of clients and of their packets.
    fn finish(mut self) -> (usize, usize) {
        eventually("all packets", || {
            self.step();
            let has_all = |client: &Client| {
                let is_open = client.peer.status() == ConnectionStatus::Connected;
                let sent = client.id.and_then(|id| self.sent.get(&id)).filter(|_| is_open);
                sent.is_none_or(|sent| sent.len() == client.received)
            };
            self.clients.iter().all(has_all).then_some(())
        });
        self.clients.clear();
        eventually("all are gone", || {
            self.step();
            let stats = self.host.server_stats()?;
            (self.connected.is_empty() && stats.peers == 0 && stats.pending == 0).then_some(())
        });
        (self.gone.len(), self.counts.values().map(|(_, arrived)| usize::from(*arrived)).sum())
    }
}

#[test]
fn every_peer_that_connects_disconnects_once_and_gets_the_packets_for_it() {
    let mut total = (0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for number in 0..ACTIONS {
            world.act(number as u8);
            for _ in 0..world.random.below(10) {
                world.step();
            }
        }
        let (clients, packets) = world.finish();
        total = (total.0 + clients, total.1 + packets);
    }
    assert!(total.0 > SEEDS as usize && total.1 > SEEDS as usize, "{total:?}");
}
