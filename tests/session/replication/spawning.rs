//! Spawning and despawning.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error,
    multiplayer::{Event, Scene, SessionError, Spawn, SpawnKind, Spawner},
    variant::{Dictionary, Variant, Vector2},
};

use super::{RED, Stage, a_coin, heard, said};
use crate::world::{A, B, SERVER, outputs};

#[wasm_bindgen_test(unsupported = test)]
fn a_node_appears_at_everybody_and_goes() {
    let mut stage = Stage::of(&[A, B]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    for id in [A, B] {
        let spawned = stage.spawned(id);
        assert_eq!((spawned.from, spawned.spawner), (SERVER, stage.spawner[&id]));
        assert_eq!((&*spawned.name, &spawned.kind), ("coin", &SpawnKind::Scene(0)));
        let expected = [
            ("position", "Vector2(1, 2)".to_owned()),
            ("health", "3".to_owned()),
            ("color", "Color(1, 0, 0, 1)".to_owned()),
        ];
        assert_eq!(said(&spawned.state), expected);
        assert_eq!(stage.at(id).spawned_name(spawned.node), Some("coin"));
    }
    stage.at(SERVER).despawn(coin).unwrap();
    for id in [A, B] {
        let told = stage.told(id);
        let [Event::Despawned { from: SERVER, spawner, node }] = told[..] else { panic!("{told:?}") };
        assert_eq!(spawner, stage.spawner[&id]);
        assert_eq!(stage.at(id).spawned_name(node), None);
    }
    assert_eq!(stage.told(SERVER), []);
    assert_eq!(stage.at(SERVER).despawn(coin), Err(SessionError::UnknownNode));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_node_can_be_made_of_a_value() {
    let mut stage = Stage::of(&[A]);
    let what: Dictionary = [("kind", Variant::from("big"))].into_iter().collect();
    let spawn =
        Spawn::custom(what.clone()).with("position", Vector2::default()).with("health", 9).with("color", RED);
    stage.spawn(SERVER, spawn);
    let mut spawned = stage.spawned(A);
    assert_eq!(spawned.kind, SpawnKind::Custom(what.into()));
    assert_eq!(spawned.name, "Node1");
    assert_eq!(spawned.state.take::<i64>("health"), Some(9));
    assert_eq!(spawned.state.take::<i64>("health"), None);
    assert_eq!(spawned.state.take::<i64>("position"), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_scene_needs_no_synchronizer() {
    let mut stage = Stage::of(&[A]);
    let wall = stage.spawn(SERVER, Spawn::scene(1));
    assert_eq!(heard(&stage.told(A)), ["spawned Node1 of 1: "]);
    let error = stage.at(SERVER).set_property(wall, "position", 1);
    assert!(matches!(error, Err(SessionError::InvalidArguments { .. })), "{error:?}");
    stage.at(SERVER).despawn(wall).unwrap();
    assert_eq!(heard(&stage.told(A)), ["despawned"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn who_comes_later_sees_what_is_there_as_it_is_now() {
    let mut stage = Stage::of(&[A]);
    let first = stage.spawn(SERVER, a_coin("first"));
    let gone = stage.spawn(SERVER, a_coin("gone"));
    stage.spawn(SERVER, a_coin("second"));
    stage.at(SERVER).despawn(gone).unwrap();
    stage.at(SERVER).set_property(first, "health", 1).unwrap();
    stage.at(SERVER).set_property(first, "hidden", 5).unwrap();
    stage.frame(SERVER);
    stage.join(B);
    let told = stage.told(B);
    assert!(matches!(
        told[..3],
        [Event::Connected { .. }, Event::PeerConnected(SERVER), Event::PeerConnected(A)]
    ));
    let expected = [
        "spawned first of 0: position Vector2(1, 2), health 1, color Color(1, 0, 0, 1)",
        "changed hidden 5",
        "spawned second of 0: position Vector2(1, 2), health 3, color Color(1, 0, 0, 1)",
    ];
    assert_eq!(heard(&told[3..]), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_alone_can_spawn() {
    let mut stage = Stage::of(&[]);
    let coin = stage.spawn(SERVER, a_coin("coin"));
    stage.at(SERVER).replicate();
    assert_eq!(outputs(stage.at(SERVER)), []);
    stage.at(SERVER).despawn(coin).unwrap();
    assert_eq!(outputs(stage.at(SERVER)), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_unique_and_can_be_used_again() {
    let mut stage = Stage::of(&[A]);
    let spawner = stage.spawner[&SERVER];
    let server = stage.at(SERVER);
    let coin = server.spawn(spawner, a_coin("Node2")).unwrap();
    assert!(server.spawn(spawner, a_coin("Node2")).is_err());
    // What was refused has left nothing behind, and what has no name gets one that is free.
    let wall = server.spawn(spawner, Spawn::scene(1)).unwrap();
    assert_eq!(server.spawned_name(wall), Some("Node4"));
    server.despawn(coin).unwrap();
    server.spawn(spawner, a_coin("Node2")).unwrap();
    let other = server.register_spawner("Main/Other", Spawner::new().scene(Scene::new([]))).unwrap();
    server.spawn(other, Spawn::scene(0).named("Node2")).unwrap();
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_be_spawned_says_why_and_nobody_hears_of_it() {
    let mut stage = Stage::of(&[A]);
    let (spawner, door) = (stage.spawner[&SERVER], stage.door[&SERVER]);
    let server = stage.at(SERVER);
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
    // Nor has any of it used up a number.
    let coin = server.spawn(spawner, Spawn::scene(1)).unwrap();
    assert_eq!(server.spawned_name(coin), Some("Node1"));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_the_authority_spawns() {
    let mut stage = Stage::of(&[A]);
    let spawner = stage.spawner[&A];
    assert_eq!(stage.at(A).spawn(spawner, a_coin("coin")), Err(SessionError::NotAuthority));
    stage.spawn(SERVER, a_coin("coin"));
    let coin = stage.spawned(A).node;
    assert_eq!(stage.at(A).despawn(coin), Err(SessionError::NotAuthority));
    assert_eq!(stage.at(A).set_property(coin, "health", 1), Err(SessionError::NotAuthority));
    assert_eq!(stage.at(A).hide(coin, SERVER), Err(SessionError::NotAuthority));
}
