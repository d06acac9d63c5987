//! Spawning and despawning.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error,
    multiplayer::{Event, Scene, SessionError, Spawn, SpawnKind, Spawner},
    variant::{Dictionary, Variant, Vector2},
};

use super::{RED, Setup, a_coin, describe, values_of};
use crate::world::{A, B, SERVER, outputs};

#[wasm_bindgen_test(unsupported = test)]
fn a_spawned_node_appears_at_all_peers_and_is_despawned() {
    let mut setup = Setup::of(&[A, B]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    for id in [A, B] {
        let spawned = setup.spawned(id);
        assert_eq!((spawned.from, spawned.spawner), (SERVER, setup.spawner[&id]));
        assert_eq!((&*spawned.name, &spawned.kind), ("coin", &SpawnKind::Scene(0)));
        let expected = [
            ("position", "Vector2(1, 2)".to_owned()),
            ("health", "3".to_owned()),
            ("color", "Color(1, 0, 0, 1)".to_owned()),
        ];
        assert_eq!(values_of(&spawned.state), expected);
        assert_eq!(setup.at(id).spawned_name(spawned.node), Some("coin"));
    }
    setup.at(SERVER).despawn(coin).unwrap();
    for id in [A, B] {
        let events = setup.events_at(id);
        let [Event::Despawned { from: SERVER, spawner, node }] = events[..] else { panic!("{events:?}") };
        assert_eq!(spawner, setup.spawner[&id]);
        assert_eq!(setup.at(id).spawned_name(node), None);
    }
    assert_eq!(setup.events_at(SERVER), []);
    assert_eq!(setup.at(SERVER).despawn(coin), Err(SessionError::UnknownNode));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_node_can_be_spawned_from_a_value() {
    let mut setup = Setup::of(&[A]);
    let value: Dictionary = [("kind", Variant::from("big"))].into_iter().collect();
    let spawn = Spawn::custom(value.clone())
        .with("position", Vector2::default())
        .with("health", 9)
        .with("color", RED);
    setup.spawn(SERVER, spawn);
    let mut spawned = setup.spawned(A);
    assert_eq!(spawned.kind, SpawnKind::Custom(value.into()));
    assert_eq!(spawned.name, "Node1");
    assert_eq!(spawned.state.take::<i64>("health"), Some(9));
    assert_eq!(spawned.state.take::<i64>("health"), None);
    assert_eq!(spawned.state.take::<i64>("position"), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_scene_needs_no_synchronizer() {
    let mut setup = Setup::of(&[A]);
    let wall = setup.spawn(SERVER, Spawn::scene(1));
    assert_eq!(describe(&setup.events_at(A)), ["spawned Node1 of 1: "]);
    let error = setup.at(SERVER).set_property(wall, "position", 1);
    assert!(matches!(error, Err(SessionError::InvalidArguments { .. })), "{error:?}");
    setup.at(SERVER).despawn(wall).unwrap();
    assert_eq!(describe(&setup.events_at(A)), ["despawned"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_later_peer_gets_existing_nodes_in_their_current_state() {
    let mut setup = Setup::of(&[A]);
    let first = setup.spawn(SERVER, a_coin("first"));
    let gone = setup.spawn(SERVER, a_coin("gone"));
    setup.spawn(SERVER, a_coin("second"));
    setup.at(SERVER).despawn(gone).unwrap();
    setup.at(SERVER).set_property(first, "health", 1).unwrap();
    setup.at(SERVER).set_property(first, "hidden", 5).unwrap();
    setup.frame(SERVER);
    setup.join(B);
    let events = setup.events_at(B);
    assert!(matches!(
        events[..3],
        [Event::Connected { .. }, Event::PeerConnected(SERVER), Event::PeerConnected(A)]
    ));
    let expected = [
        "spawned first of 0: position Vector2(1, 2), health 1, color Color(1, 0, 0, 1)",
        "changed hidden 5",
        "spawned second of 0: position Vector2(1, 2), health 3, color Color(1, 0, 0, 1)",
    ];
    assert_eq!(describe(&events[3..]), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_alone_can_spawn() {
    let mut setup = Setup::of(&[]);
    let coin = setup.spawn(SERVER, a_coin("coin"));
    setup.at(SERVER).replicate();
    assert_eq!(outputs(setup.at(SERVER)), []);
    setup.at(SERVER).despawn(coin).unwrap();
    assert_eq!(outputs(setup.at(SERVER)), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_unique_and_can_be_used_again() {
    let mut setup = Setup::of(&[A]);
    let spawner = setup.spawner[&SERVER];
    let server = setup.at(SERVER);
    let coin = server.spawn(spawner, a_coin("Node2")).unwrap();
    assert!(server.spawn(spawner, a_coin("Node2")).is_err());
    // The rejected spawn did not change anything. A node without a name gets an unused one.
    let wall = server.spawn(spawner, Spawn::scene(1)).unwrap();
    assert_eq!(server.spawned_name(wall), Some("Node4"));
    server.despawn(coin).unwrap();
    server.spawn(spawner, a_coin("Node2")).unwrap();
    let other = server.register_spawner("Main/Other", Spawner::new().scene(Scene::new([]))).unwrap();
    server.spawn(other, Spawn::scene(0).named("Node2")).unwrap();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_invalid_spawn_is_an_error_and_sends_nothing() {
    let mut setup = Setup::of(&[A]);
    let (spawner, door) = (setup.spawner[&SERVER], setup.door[&SERVER]);
    let server = setup.at(SERVER);
    let names = ["", "a/b", "a.b", "a:b", "@a", "a%", "a\"", "a\0"];
    let named = names.map(|name| a_coin("x").named(name));
    let long = a_coin("x").named("a".repeat(256));
    for spawn in [
        Spawn::scene(2),
        Spawn::custom(1),
        a_coin("x").with("nothing", 1),
        a_coin("x").with("health", "much"),
        Spawn::scene(0).with("position", Vector2::default()).with("health", 3),
        long,
    ]
    .into_iter()
    .chain(named)
    {
        let result = server.spawn(spawner, spawn.clone());
        assert!(matches!(result, Err(SessionError::InvalidArguments { .. })), "{spawn:?}: {result:?}");
    }
    assert!(matches!(server.spawn(door, Spawn::scene(0)), Err(SessionError::InvalidNode { .. })));
    let large = Spawn::custom([("a", vec![0_u8; 65_500])].into_iter().collect::<Dictionary>());
    let large = large.with("position", Vector2::default()).with("health", 3).with("color", RED);
    assert!(matches!(server.spawn(spawner, large), Err(SessionError::Peer(Error::PacketTooBig { .. }))));
    assert_eq!(outputs(server), []);
    // No id was used up.
    let coin = server.spawn(spawner, Spawn::scene(1)).unwrap();
    assert_eq!(server.spawned_name(coin), Some("Node1"));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_authority_spawns() {
    let mut setup = Setup::of(&[A]);
    let spawner = setup.spawner[&A];
    assert_eq!(setup.at(A).spawn(spawner, a_coin("coin")), Err(SessionError::NotAuthority));
    setup.spawn(SERVER, a_coin("coin"));
    let coin = setup.spawned(A).node;
    assert_eq!(setup.at(A).despawn(coin), Err(SessionError::NotAuthority));
    assert_eq!(setup.at(A).set_property(coin, "health", 1), Err(SessionError::NotAuthority));
    assert_eq!(setup.at(A).hide(coin, SERVER), Err(SessionError::NotAuthority));
}
