//! Nodes of a client, which the server relays to the others.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Error, multiplayer::Target, variant::Vector2};

use super::{Setup, a_coin, describe};
use crate::world::{A, B, C, SERVER};

#[wasm_bindgen_test(unsupported = test)]
fn a_client_can_spawn_and_update_nodes_at_all_others() {
    let mut setup = Setup::of(&[A, B]);
    setup.set_authority_of(|setup| &setup.spawner, A);
    let coin = setup.spawn(A, a_coin("coin"));
    setup.at(A).set_property(coin, "position", Vector2::new(5.0, 5.0)).unwrap();
    setup.at(A).set_property(coin, "health", 4).unwrap();
    setup.frame(A);
    let expected = [
        "spawned coin of 0: position Vector2(1, 2), health 3, color Color(1, 0, 0, 1)",
        "now position Vector2(5, 5)",
        "changed health 4",
    ];
    for id in [SERVER, B] {
        assert_eq!(describe(&setup.events_at(id)), expected);
    }
    // A later peer gets them as well, as soon as the client knows of it.
    setup.world.join(C);
    setup.register_nodes(C);
    setup.set_authority_of(|setup| &setup.spawner, A);
    assert_eq!(setup.events_at(B).len(), 1);
    let expected = "spawned coin of 0: position Vector2(5, 5), health 4, color Color(1, 0, 0, 1)";
    assert_eq!(describe(&setup.events_at(C))[4..], [expected]);
    setup.at(A).hide(coin, B).unwrap();
    assert_eq!(describe(&setup.events_at(B)), ["despawned"]);
    setup.at(A).despawn(coin).unwrap();
    setup.world.settle();
    assert_eq!(describe(&setup.events_at(SERVER)).len(), 2);
    for (id, expected) in [(B, &[][..]), (C, &["despawned"])] {
        assert_eq!(describe(&setup.events_at(id)), expected);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_can_be_the_authority_of_a_synchronizer() {
    let mut setup = Setup::of(&[A, B]);
    setup.set_authority_of(|setup| &setup.door, A);
    let door = setup.door[&A];
    setup.at(A).set_property(door, "angle", 0.25).unwrap();
    setup.at(A).set_property(door, "open", true).unwrap();
    for _ in 0..3 {
        setup.frame(A);
    }
    for id in [SERVER, B] {
        assert_eq!(describe(&setup.events_at(id)), ["changed open true", "now angle 0.25"]);
    }
    assert_eq!(setup.at(A).hide(door, A), Err(Error::UnknownPeer.into()));
    setup.at(A).hide(door, Target::AllExcept(SERVER)).unwrap();
    setup.frame(A);
    assert_eq!((describe(&setup.events_at(SERVER)).len(), setup.events_at(B)), (1, vec![]));
}
