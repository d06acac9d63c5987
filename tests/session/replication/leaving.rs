//! What becomes of nodes when a peer goes, or a spawner.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::multiplayer::{Event, PeerId};

use super::{Stage, a_coin, heard};
use crate::world::{A, B, SERVER};

#[wasm_bindgen_test(unsupported = test)]
fn the_nodes_of_a_peer_go_with_it_and_before_it() {
    let mut stage = Stage::of(&[A, B]);
    stage.hand_over(|stage| &stage.spawner, A);
    for name in ["first", "second"] {
        stage.spawn(A, a_coin(name));
    }
    for id in [SERVER, B] {
        assert_eq!(stage.told(id).len(), 2);
    }
    stage.world.cut(A);
    for id in [SERVER, B] {
        let told = stage.told(id);
        let [
            Event::Despawned { from: A, .. },
            Event::Despawned { from: A, .. },
            Event::PeerDisconnected(A, _),
        ] = told[..]
        else {
            panic!("{told:?}")
        };
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_nodes_of_a_server_go_with_it() {
    let mut stage = Stage::of(&[A]);
    stage.spawn(SERVER, a_coin("coin"));
    stage.told(A);
    stage.world.cut(A);
    let told = stage.told(A);
    assert!(matches!(
        told[..],
        [Event::Despawned { .. }, Event::PeerDisconnected(..), Event::Disconnected { .. }]
    ));
}

#[wasm_bindgen_test(unsupported = test)]
fn who_leaves_is_told_of_no_nodes() {
    let mut stage = Stage::of(&[A]);
    stage.spawn(SERVER, a_coin("coin"));
    stage.told(A);
    stage.at(A).leave();
    assert_eq!(stage.world.events(A), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn nodes_go_with_their_spawner() {
    let mut stage = Stage::of(&[A, B]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    stage.world.settle();
    stage.world.forget_events();
    // At one who sees them: then only there.
    let spawner = stage.spawner[&A];
    stage.at(A).unregister_node(spawner);
    let told = stage.world.events(A);
    assert!(matches!(told[..], [Event::Despawned { spawner: of, .. }] if of == spawner));
    assert_eq!(stage.told(B), []);
    // At the one who has spawned them: then everywhere.
    let spawner = stage.spawner[&SERVER];
    stage.at(SERVER).unregister_node(spawner);
    assert_eq!(heard(&stage.told(B)), ["despawned"]);
    assert!(stage.at(SERVER).set_property(coin, "health", 1).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawned_node_can_be_removed_like_any() {
    let mut stage = Stage::of(&[A]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    let seen = stage.spawned(A).node;
    stage.at(A).unregister_node(seen);
    assert_eq!(stage.at(A).spawned_name(seen), None);
    assert_eq!(stage.told(A), []);
    stage.at(SERVER).unregister_node(coin);
    assert_eq!(stage.at(SERVER).spawned_name(coin), None);
    // There it was gone already.
    assert_eq!(stage.rejections(A).len(), 1);
    stage.spawn(SERVER, a_coin("coin"));
    assert_eq!(stage.spawned(A).name, "coin");
}

#[wasm_bindgen_test(unsupported = test)]
fn who_gives_a_spawner_away_despawns_what_it_had_spawned() {
    let mut stage = Stage::of(&[A, B]);
    stage.spawn(SERVER, a_coin("coin"));
    stage.world.settle();
    stage.world.forget_events();
    let spawner = stage.spawner[&SERVER];
    stage.at(SERVER).set_authority(spawner, A).unwrap();
    for id in [A, B] {
        assert_eq!(heard(&stage.told(id)), ["despawned"]);
    }
    stage.hand_over(|stage| &stage.spawner, A);
    stage.spawn(A, a_coin("coin"));
    let from = |spawned: super::Spawned| -> PeerId { spawned.from };
    for id in [SERVER, B] {
        assert_eq!(from(stage.spawned(id)), A);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn who_gives_a_synchronizer_away_says_no_more_of_it() {
    let mut stage = Stage::of(&[A]);
    let door = stage.door[&SERVER];
    stage.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    for _ in 0..3 {
        stage.frame(SERVER);
    }
    assert_eq!(heard(&stage.told(A)), ["now angle 0.5"]);
    stage.hand_over(|stage| &stage.door, A);
    stage.frame(SERVER);
    assert_eq!(stage.told(A), []);
    let door = stage.door[&A];
    stage.at(A).set_property(door, "angle", 0.75).unwrap();
    for _ in 0..3 {
        stage.frame(A);
    }
    assert_eq!(heard(&stage.told(SERVER)), ["now angle 0.75"]);
    // And back: those who know the path still do.
    stage.hand_over(|stage| &stage.door, SERVER);
    for _ in 0..2 {
        stage.frame(SERVER);
        stage.frame(A);
    }
    assert_eq!(heard(&stage.told(A)), ["now angle 0.5"]);
    assert_eq!(stage.told(SERVER), []);
}
