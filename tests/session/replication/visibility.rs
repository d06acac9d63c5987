//! Who sees what.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error,
    multiplayer::{Event, NodeKey, PeerId, SessionError, Target},
};

use super::{Stage, a_coin, heard};
use crate::world::{A, B, C, SERVER, id};

/// At whom the coin has come or gone since the last time.
fn news(stage: &mut Stage, clients: &[PeerId]) -> Vec<(PeerId, bool)> {
    stage.world.settle();
    let change = |id: PeerId, stage: &mut Stage| match stage.world.events(id)[..] {
        [] => None,
        [Event::Spawned(_)] => Some((id, true)),
        [Event::Despawned { .. }] => Some((id, false)),
        ref other => panic!("{other:?}"),
    };
    clients.iter().filter_map(|id| change(*id, stage)).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawned_node_comes_and_goes_with_its_visibility() {
    let mut stage = Stage::of(&[A, B, C]);
    let all = [A, B, C];
    let coin = stage.spawn(SERVER, a_coin("coin").hidden());
    assert_eq!(news(&mut stage, &all), []);
    let steps = [
        (true, Target::Peer(B), &[(B, true)][..]),
        (true, Target::Peer(B), &[]),
        (true, Target::All, &[(A, true), (C, true)]),
        (false, Target::Peer(A), &[(A, false)]),
        (false, Target::AllExcept(B), &[(C, false)]),
        (false, Target::Peer(C), &[]),
        (true, Target::AllExcept(A), &[(C, true)]),
        (false, Target::All, &[(B, false), (C, false)]),
        (true, Target::Peer(A), &[(A, true)]),
        (true, Target::All, &[(B, true), (C, true)]),
    ];
    for (visible, target, expected) in steps {
        let server = stage.at(SERVER);
        let result = if visible { server.show(coin, target) } else { server.hide(coin, target) };
        assert_eq!(result, Ok(()));
        assert_eq!(news(&mut stage, &all), expected, "{visible} {target:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn who_does_not_see_it_is_told_nothing_of_it() {
    let mut stage = Stage::of(&[A, B]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    stage.at(SERVER).hide(coin, B).unwrap();
    stage.at(SERVER).set_property(coin, "health", 1).unwrap();
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A))[1..], ["now position Vector2(1, 2)", "changed health 1"]);
    assert_eq!(heard(&stage.told(B))[1..], ["despawned"]);
    // When it comes back, it is as it is by then.
    stage.at(SERVER).show(coin, B).unwrap();
    let expected = "spawned coin of 0: position Vector2(1, 2), health 1, color Color(1, 0, 0, 1)";
    assert_eq!(heard(&stage.told(B)), [expected]);
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(B)), ["now position Vector2(1, 2)"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_newcomer_sees_what_is_public() {
    let mut stage = Stage::of(&[A, B]);
    let names = |stage: &mut Stage, id| -> Vec<String> {
        let told = stage.told(id);
        let name = |event| match event {
            Event::Spawned(spawned) => Some(spawned.name),
            _ => None,
        };
        told.into_iter().filter_map(name).collect()
    };
    let mut spawn = |name, visible: &dyn Fn(&mut Stage, NodeKey)| {
        let coin = stage.spawn(SERVER, a_coin(name));
        visible(&mut stage, coin);
    };
    spawn("public", &|_, _| {});
    spawn("hidden", &|stage, coin| stage.at(SERVER).hide(coin, Target::All).unwrap());
    spawn("but_a", &|stage, coin| stage.at(SERVER).hide(coin, A).unwrap());
    spawn("for_a", &|stage, coin| {
        stage.at(SERVER).hide(coin, Target::All).unwrap();
        stage.at(SERVER).show(coin, A).unwrap();
    });
    stage.world.settle();
    stage.world.forget_events();
    stage.join(C);
    assert_eq!(names(&mut stage, C), ["public", "but_a"]);
    // What was said of a peer is not said of the next one with its id.
    stage.world.cut(A);
    stage.world.settle();
    stage.world.clients.remove(&A);
    stage.join(A);
    assert_eq!(names(&mut stage, A), ["public", "but_a"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_synchronizer_at_a_path_can_be_hidden() {
    let mut stage = Stage::of(&[A, B]);
    let door = stage.door[&SERVER];
    stage.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    stage.at(SERVER).hide(door, B).unwrap();
    for _ in 0..3 {
        stage.frame(SERVER);
    }
    assert_eq!(heard(&stage.told(A)), ["now angle 0.5"]);
    assert_eq!(stage.told(B), []);
    stage.at(SERVER).set_property(door, "open", true).unwrap();
    stage.at(SERVER).hide(door, A).unwrap();
    stage.at(SERVER).show(door, B).unwrap();
    for _ in 0..3 {
        stage.frame(SERVER);
    }
    assert_eq!(stage.told(A), []);
    assert_eq!(heard(&stage.told(B)), ["changed open true", "now angle 0.5"]);
    // Its path is known already.
    stage.at(SERVER).show(door, A).unwrap();
    stage.frame(SERVER);
    assert_eq!(heard(&stage.told(A)), ["changed open true"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_peers_that_are_there_can_be_shown_something() {
    let mut stage = Stage::of(&[A]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    for peer in [id(99), SERVER] {
        assert_eq!(stage.at(SERVER).show(coin, peer), Err(Error::UnknownPeer.into()));
        assert_eq!(stage.at(SERVER).hide(coin, peer), Err(Error::UnknownPeer.into()));
    }
    let spawner = stage.spawner[&SERVER];
    assert!(matches!(stage.at(SERVER).hide(spawner, A), Err(SessionError::InvalidNode { .. })));
}
