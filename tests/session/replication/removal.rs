//! Despawning of nodes when a peer leaves, or a spawner is unregistered.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::multiplayer::{Event, PeerId};

use super::{Setup, a_coin, describe};
use crate::world::{A, B, SERVER};

#[wasm_bindgen_test(unsupported = test)]
fn nodes_of_a_peer_are_despawned_before_it_disconnects() {
    let mut setup = Setup::of(&[A, B]);
    setup.set_authority_of(|setup| &setup.spawner, A);
    for name in ["first", "second"] {
        setup.spawn(A, a_coin(name));
    }
    for id in [SERVER, B] {
        assert_eq!(setup.events_at(id).len(), 2);
    }
    setup.world.cut(A);
    for id in [SERVER, B] {
        let events = setup.events_at(id);
        let [
            Event::Despawned { from: A, .. },
            Event::Despawned { from: A, .. },
            Event::PeerDisconnected(A, _),
        ] = events[..]
        else {
            panic!("{events:?}")
        };
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nodes_of_the_server_are_despawned_before_it_disconnects() {
    let mut setup = Setup::of(&[A]);
    setup.spawn(SERVER, a_coin("coin"));
    setup.events_at(A);
    setup.world.cut(A);
    let events = setup.events_at(A);
    assert!(matches!(
        events[..],
        [Event::Despawned { .. }, Event::PeerDisconnected(..), Event::Disconnected { .. }]
    ));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_leaves_gets_no_despawn_events() {
    let mut setup = Setup::of(&[A]);
    setup.spawn(SERVER, a_coin("coin"));
    setup.events_at(A);
    setup.at(A).leave();
    assert_eq!(setup.world.events(A), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn unregistering_a_spawner_despawns_its_nodes() {
    let mut setup = Setup::of(&[A, B]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    setup.world.settle();
    setup.world.forget_events();
    // Unregistered at a peer that sees the nodes: they are despawned only there.
    let spawner = setup.spawner[&A];
    setup.at(A).unregister_node(spawner);
    let events = setup.world.events(A);
    assert!(matches!(events[..], [Event::Despawned { spawner: of, .. }] if of == spawner));
    assert_eq!(setup.events_at(B), []);
    // Unregistered at the peer that has spawned the nodes: they are despawned at all peers.
    let spawner = setup.spawner[&SERVER];
    setup.at(SERVER).unregister_node(spawner);
    assert_eq!(describe(&setup.events_at(B)), ["despawned"]);
    assert!(setup.at(SERVER).set_property(coin, "health", 1).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawned_node_can_be_unregistered() {
    let mut setup = Setup::of(&[A]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    let seen = setup.spawned(A).node;
    setup.at(A).unregister_node(seen);
    assert_eq!(setup.at(A).spawned_name(seen), None);
    assert_eq!(setup.events_at(A), []);
    setup.at(SERVER).unregister_node(coin);
    assert_eq!(setup.at(SERVER).spawned_name(coin), None);
    // At the client the node was unregistered already.
    assert_eq!(setup.rejections(A).len(), 1);
    setup.spawn(SERVER, a_coin("coin"));
    assert_eq!(setup.spawned(A).name, "coin");
}

#[wasm_bindgen_test(unsupported = test)]
fn giving_up_the_authority_of_a_spawner_despawns_its_nodes() {
    let mut setup = Setup::of(&[A, B]);
    setup.spawn(SERVER, a_coin("coin"));
    setup.world.settle();
    setup.world.forget_events();
    let spawner = setup.spawner[&SERVER];
    setup.at(SERVER).set_authority(spawner, A).unwrap();
    for id in [A, B] {
        assert_eq!(describe(&setup.events_at(id)), ["despawned"]);
    }
    setup.set_authority_of(|setup| &setup.spawner, A);
    setup.spawn(A, a_coin("coin"));
    let from = |spawned: super::Spawned| -> PeerId { spawned.from };
    for id in [SERVER, B] {
        assert_eq!(from(setup.spawned(id)), A);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn giving_up_the_authority_of_a_synchronizer_stops_its_updates() {
    let mut setup = Setup::of(&[A]);
    let door = setup.door[&SERVER];
    setup.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    for _ in 0..3 {
        setup.frame(SERVER);
    }
    assert_eq!(describe(&setup.events_at(A)), ["now angle 0.5"]);
    setup.set_authority_of(|setup| &setup.door, A);
    setup.frame(SERVER);
    assert_eq!(setup.events_at(A), []);
    let door = setup.door[&A];
    setup.at(A).set_property(door, "angle", 0.75).unwrap();
    for _ in 0..3 {
        setup.frame(A);
    }
    assert_eq!(describe(&setup.events_at(SERVER)), ["now angle 0.75"]);
    // And back: the paths are still confirmed.
    setup.set_authority_of(|setup| &setup.door, SERVER);
    for _ in 0..2 {
        setup.frame(SERVER);
        setup.frame(A);
    }
    assert_eq!(describe(&setup.events_at(A)), ["now angle 0.5"]);
    assert_eq!(setup.events_at(SERVER), []);
}
