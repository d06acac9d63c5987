//! Whoever comes goes once, and all agree on who is there: at random, with every way to come, to go and to be refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::multiplayer::{Event, PeerId, SessionOptions};

use crate::{
    random::Random,
    world::{Client, SERVER, World, id},
};

/// What an end has been told so far.
#[derive(Default)]
struct Told {
    present: BTreeSet<PeerId>,
    authenticating: BTreeSet<PeerId>,
    is_over: bool,
}

impl Told {
    /// The program leaves: it is told nothing more of others.
    fn leave(&mut self) {
        self.present.clear();
        self.authenticating.clear();
    }

    fn hear(&mut self, own: PeerId, event: &Event) {
        assert!(!self.is_over, "{event:?} after the end");
        match event {
            Event::PeerConnected(peer) => {
                self.authenticating.remove(peer);
                assert!(self.present.insert(*peer), "{peer} came twice");
            }
            Event::PeerDisconnected(peer, _) => assert!(self.present.remove(peer), "{peer} was not there"),
            Event::Authenticating(peer) => {
                assert!(!self.present.contains(peer) && self.authenticating.insert(*peer));
            }
            Event::AuthFailed { peer, .. } => assert!(self.authenticating.remove(peer)),
            Event::Auth { from, .. } => assert!(self.authenticating.contains(from)),
            Event::Packet { from, .. } => {
                assert!(self.present.contains(from) || *from == own, "{from} is not there");
            }
            Event::Disconnected { .. } | Event::ConnectionFailed { .. } => {
                assert!(self.present.is_empty() && self.authenticating.is_empty());
                self.is_over = true;
            }
            _ => {}
        }
    }
}

/// All that the ends have been told. A client's number is used again when its connection is over.
struct Observer {
    told: BTreeMap<PeerId, Told>,
}

impl Observer {
    fn look(&mut self, world: &mut World) {
        let ends: Vec<PeerId> = world.clients.keys().copied().chain([SERVER]).collect();
        for end in ends {
            let told = self.told.entry(end).or_default();
            for event in world.events(end) {
                told.hear(end, &event);
            }
            let peers: BTreeSet<PeerId> = world.at(end).peers().collect();
            assert_eq!(told.present, peers, "at {end}");
        }
    }
}

/// One thing that somebody does.
fn act(world: &mut World, random: &mut Random, observer: &mut Observer) {
    let client = id(2 + random.below(5) as i32);
    let is_there = world.clients.contains_key(&client);
    let may_come = world.network.is_over(client);
    match random.below(10) {
        0 | 1 if may_come => {
            // What the last one of this number was told is over, too.
            observer.look(world);
            observer.told.remove(&client);
            world.join(client);
        }
        2 if is_there => world.cut(client),
        3 if is_there && random.one_in(3) => {
            world.at(client).leave();
            observer.told.entry(client).or_default().leave();
        }
        // All of these may be impossible just now.
        4 => drop(world.server.disconnect_peer(client)),
        5 => drop(world.server.complete_auth(client)),
        6 if is_there => drop(world.at(client).complete_auth(SERVER)),
        7 => drop(world.server.send_auth(client, &[1])),
        8 if is_there => {
            let to = id(1 + random.below(6) as i32);
            drop(world.at(client).send_bytes(to, &[1]));
        }
        9 if random.one_in(10) => world.pass(Duration::from_millis(random.below(4000) as u64)),
        _ => {}
    }
}

fn run(seed: u64, options: SessionOptions) {
    let mut random = Random::new(seed);
    let mut observer = Observer { told: BTreeMap::new() };
    let mut world = World::with(options);
    world.seed(seed);
    for _ in 0..600 {
        act(&mut world, &mut random, &mut observer);
        for _ in 0..random.below(4) {
            world.step();
        }
        observer.look(&mut world);
    }
    // When everything has arrived, all who are there know each other.
    world.pass(Duration::from_secs(10));
    world.pass(Duration::from_secs(10));
    observer.look(&mut world);
    let present: BTreeSet<PeerId> = world.server.peers().collect();
    for (id, client) in &world.clients {
        let Client::Ours(session) = client else { panic!("a stranger") };
        let mut expected = present.clone();
        if expected.remove(id) {
            expected.insert(SERVER);
        } else {
            expected.clear();
        }
        if !world.options.relay {
            expected.retain(|peer| *peer == SERVER);
        }
        assert_eq!(session.peers().collect::<BTreeSet<_>>(), expected, "at {id}, seed {seed}");
    }
    // And when the server goes, everybody is gone.
    world.server.leave();
    observer.told.entry(SERVER).or_default().leave();
    world.pass(Duration::from_secs(10));
    observer.look(&mut world);
    for (end, told) in &observer.told {
        assert!(told.present.is_empty() && told.authenticating.is_empty(), "at {end}, seed {seed}");
    }
    assert!(world.server.is_closed());
    assert_eq!(world.server.next_deadline(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn whoever_comes_goes_once() {
    for seed in 0..60 {
        run(seed, SessionOptions::default());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn whoever_is_admitted_goes_once() {
    for seed in 100..160 {
        run(seed, SessionOptions::default().authenticate(true));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn whoever_comes_goes_once_without_relay() {
    for seed in 200..230 {
        run(seed, SessionOptions::default().relay(false));
    }
}
