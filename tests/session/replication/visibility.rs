//! Visibility of nodes.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error,
    multiplayer::{Event, NodeKey, PeerId, SessionError, Target},
};

use super::{Setup, a_coin, describe};
use crate::world::{A, B, C, SERVER, id};

/// Returns the clients at which the coin was spawned (`true`) or despawned since the last call.
fn changes(setup: &mut Setup, clients: &[PeerId]) -> Vec<(PeerId, bool)> {
    setup.world.settle();
    let change = |id: PeerId, setup: &mut Setup| match setup.world.events(id)[..] {
        [] => None,
        [Event::Spawned(_)] => Some((id, true)),
        [Event::Despawned { .. }] => Some((id, false)),
        ref other => panic!("{other:?}"),
    };
    clients.iter().filter_map(|id| change(*id, setup)).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_spawned_node_appears_and_disappears_with_its_visibility() {
    let mut setup = Setup::of(&[A, B, C]);
    let all = [A, B, C];
    let coin = setup.spawn(SERVER, a_coin("coin").hidden());
    assert_eq!(changes(&mut setup, &all), []);
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
        let server = setup.at(SERVER);
        let result = if visible { server.show(coin, target) } else { server.hide(coin, target) };
        assert_eq!(result, Ok(()));
        assert_eq!(changes(&mut setup, &all), expected, "{visible} {target:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_gets_no_updates_of_a_hidden_node() {
    let mut setup = Setup::of(&[A, B]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    setup.at(SERVER).hide(coin, B).unwrap();
    setup.at(SERVER).set_property(coin, "health", 1).unwrap();
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A))[1..], ["now position Vector2(1, 2)", "changed health 1"]);
    assert_eq!(describe(&setup.events_at(B))[1..], ["despawned"]);
    // When it is shown again, it has the current values.
    setup.at(SERVER).show(coin, B).unwrap();
    let expected = "spawned coin of 0: position Vector2(1, 2), health 1, color Color(1, 0, 0, 1)";
    assert_eq!(describe(&setup.events_at(B)), [expected]);
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(B)), ["now position Vector2(1, 2)"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_new_peer_sees_public_nodes() {
    let mut setup = Setup::of(&[A, B]);
    let names = |setup: &mut Setup, id| -> Vec<String> {
        let events = setup.events_at(id);
        let name = |event| match event {
            Event::Spawned(spawned) => Some(spawned.name),
            _ => None,
        };
        events.into_iter().filter_map(name).collect()
    };
    let mut spawn = |name, visible: &dyn Fn(&mut Setup, NodeKey)| {
        let coin = setup.spawn(SERVER, a_coin(name));
        visible(&mut setup, coin);
    };
    spawn("public", &|_, _| {});
    spawn("hidden", &|setup, coin| setup.at(SERVER).hide(coin, Target::All).unwrap());
    spawn("but_a", &|setup, coin| setup.at(SERVER).hide(coin, A).unwrap());
    spawn("for_a", &|setup, coin| {
        setup.at(SERVER).hide(coin, Target::All).unwrap();
        setup.at(SERVER).show(coin, A).unwrap();
    });
    setup.world.settle();
    setup.world.forget_events();
    setup.join(C);
    assert_eq!(names(&mut setup, C), ["public", "but_a"]);
    // A later peer with the same id does not inherit the visibility.
    setup.world.cut(A);
    setup.world.settle();
    setup.world.clients.remove(&A);
    setup.join(A);
    assert_eq!(names(&mut setup, A), ["public", "but_a"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_registered_synchronizer_can_be_hidden() {
    let mut setup = Setup::of(&[A, B]);
    let door = setup.door[&SERVER];
    setup.at(SERVER).set_property(door, "angle", 0.5).unwrap();
    setup.at(SERVER).hide(door, B).unwrap();
    for _ in 0..3 {
        setup.frame(SERVER);
    }
    assert_eq!(describe(&setup.events_at(A)), ["now angle 0.5"]);
    assert_eq!(setup.events_at(B), []);
    setup.at(SERVER).set_property(door, "open", true).unwrap();
    setup.at(SERVER).hide(door, A).unwrap();
    setup.at(SERVER).show(door, B).unwrap();
    for _ in 0..3 {
        setup.frame(SERVER);
    }
    assert_eq!(setup.events_at(A), []);
    assert_eq!(describe(&setup.events_at(B)), ["changed open true", "now angle 0.5"]);
    // The peer has confirmed the path already.
    setup.at(SERVER).show(door, A).unwrap();
    setup.frame(SERVER);
    assert_eq!(describe(&setup.events_at(A)), ["changed open true"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn visibility_can_be_set_for_admitted_peers_only() {
    let mut setup = Setup::of(&[A]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    for peer in [id(99), SERVER] {
        assert_eq!(setup.at(SERVER).show(coin, peer), Err(Error::UnknownPeer.into()));
        assert_eq!(setup.at(SERVER).hide(coin, peer), Err(Error::UnknownPeer.into()));
    }
    let spawner = setup.spawner[&SERVER];
    assert!(matches!(setup.at(SERVER).hide(spawner, A), Err(SessionError::InvalidNode { .. })));
}
