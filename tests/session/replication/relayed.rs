//! Nodes of a client, which the others see by way of the server.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Error, multiplayer::Target, variant::Vector2};

use super::{Stage, a_coin, heard};
use crate::world::{A, B, C, SERVER};

#[wasm_bindgen_test(unsupported = test)]
fn a_client_spawns_and_moves_at_all_others() {
    let mut stage = Stage::of(&[A, B]);
    stage.hand_over(|stage| &stage.spawner, A);
    let coin = stage.spawn(A, a_coin("coin"));
    stage.at(A).set_property(coin, "position", Vector2::new(5.0, 5.0)).unwrap();
    stage.at(A).set_property(coin, "health", 4).unwrap();
    stage.frame(A);
    let expected = [
        "spawned coin of 0: position Vector2(1, 2), health 3, color Color(1, 0, 0, 1)",
        "now position Vector2(5, 5)",
        "changed health 4",
    ];
    for id in [SERVER, B] {
        assert_eq!(heard(&stage.told(id)), expected);
    }
    // It tells who comes later, too, as soon as it hears of them.
    stage.world.join(C);
    stage.furnish(C);
    stage.hand_over(|stage| &stage.spawner, A);
    assert_eq!(stage.told(B).len(), 1);
    let expected = "spawned coin of 0: position Vector2(5, 5), health 4, color Color(1, 0, 0, 1)";
    assert_eq!(heard(&stage.told(C))[4..], [expected]);
    stage.at(A).hide(coin, B).unwrap();
    assert_eq!(heard(&stage.told(B)), ["despawned"]);
    stage.at(A).despawn(coin).unwrap();
    stage.world.settle();
    assert_eq!(heard(&stage.told(SERVER)).len(), 2);
    for (id, expected) in [(B, &[][..]), (C, &["despawned"])] {
        assert_eq!(heard(&stage.told(id)), expected);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_players_synchronizer_is_in_its_own_hands() {
    let mut stage = Stage::of(&[A, B]);
    stage.hand_over(|stage| &stage.door, A);
    let door = stage.door[&A];
    stage.at(A).set_property(door, "angle", 0.25).unwrap();
    stage.at(A).set_property(door, "open", true).unwrap();
    for _ in 0..3 {
        stage.frame(A);
    }
    for id in [SERVER, B] {
        assert_eq!(heard(&stage.told(id)), ["changed open true", "now angle 0.25"]);
    }
    assert_eq!(stage.at(A).hide(door, A), Err(Error::UnknownPeer.into()));
    stage.at(A).hide(door, Target::AllExcept(SERVER)).unwrap();
    stage.frame(A);
    assert_eq!((heard(&stage.told(SERVER)).len(), stage.told(B)), (1, vec![]));
}
