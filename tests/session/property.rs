//! Random sessions: every peer that connects disconnects once, and all ends agree on who is connected, whichever way
//! peers connect, leave and are rejected.

use std::{collections::BTreeMap, time::Duration};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::multiplayer::{PeerId, SessionOptions};

use crate::{
    random::Random,
    simulator::Observed,
    world::{SERVER, World, id},
};

/// What the programs at all ends have observed. A client's number is used again after its connection has ended.
struct Observer {
    ends: BTreeMap<PeerId, Observed>,
}

impl Observer {
    fn new() -> Self {
        Self { ends: [(SERVER, Observed::by_server())].into() }
    }

    /// Reads all events.
    fn observe(&mut self, world: &mut World) {
        let ends: Vec<PeerId> = world.clients.keys().copied().chain([SERVER]).collect();
        for end in ends {
            let observed = self.ends.entry(end).or_default();
            world.events(end).iter().for_each(|event| observed.apply(event));
            assert_eq!(*observed.peers(), world.at(end).peers().collect(), "at {end}");
        }
    }

    fn leave(&mut self, end: PeerId) {
        self.ends.entry(end).or_default().leave();
    }
}

/// Does one random thing.
fn act(world: &mut World, random: &mut Random, observer: &mut Observer) {
    let client = id(2 + random.below(5) as i32);
    let is_known = world.clients.contains_key(&client);
    match random.below(10) {
        0 | 1 if !world.network.is_connected(client) => {
            // The previous client with this number is over, and all its events have been read.
            observer.observe(world);
            observer.ends.remove(&client);
            world.join(client);
        }
        2 if is_known => world.cut(client),
        3 if is_known && random.one_in(3) => {
            world.at(client).leave();
            observer.leave(client);
        }
        // All of these may be impossible now.
        4 => drop(world.server.disconnect_peer(client)),
        5 => drop(world.server.complete_auth(client)),
        6 if is_known => drop(world.at(client).complete_auth(SERVER)),
        7 => drop(world.server.send_auth(client, &[1])),
        8 if is_known => {
            let to = id(1 + random.below(6) as i32);
            drop(world.at(client).send_bytes(to, &[1]));
        }
        9 if random.one_in(10) => world.pass(Duration::from_millis(random.below(4000) as u64)),
        _ => {}
    }
}

fn run(seed: u64, options: SessionOptions) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut observer = Observer::new();
    let mut world = World::with(options);
    world.seed(seed);
    for _ in 0..600 {
        act(&mut world, &mut random, &mut observer);
        for _ in 0..random.below(4) {
            world.step();
        }
        observer.observe(&mut world);
    }
    world.pass(Duration::from_secs(10));
    world.pass(Duration::from_secs(10));
    observer.observe(&mut world);
    world.assert_peers_agree();

    world.server.leave();
    observer.leave(SERVER);
    world.pass(Duration::from_secs(10));
    observer.observe(&mut world);
    for (end, observed) in &observer.ends {
        assert!(observed.peers().is_empty() && !observed.is_authenticating(), "at {end}");
    }
    assert!(world.server.is_closed());
    assert_eq!(world.server.next_deadline(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_peer_that_connects_disconnects_once() {
    for seed in 0..60 {
        run(seed, SessionOptions::default());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_peer_that_is_authenticated_disconnects_once() {
    for seed in 100..160 {
        run(seed, SessionOptions::default().authenticate(true));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_peer_that_connects_without_relay_disconnects_once() {
    for seed in 200..230 {
        run(seed, SessionOptions::default().relay(false));
    }
}
