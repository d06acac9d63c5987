//! Registering spawners and synchronizers.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::multiplayer::{
    Properties, Property, Scene, Session, SessionError, SessionOptions, Spawn, Spawner,
};

use super::{coin, door, spawner};

#[wasm_bindgen_test(unsupported = test)]
fn invalid_spawners_and_synchronizers_are_rejected() {
    let mut server = Session::server(SessionOptions::default());
    let many = |count: usize| {
        (0..count).fold(Properties::new(), |all, name| all.with(Property::any(name.to_string()).on_change()))
    };
    let twice = || Properties::new().with(Property::any("a")).with(Property::any("a").never());
    let scenes = |count| (0..count).fold(Spawner::new(), |all, _| all.scene(Scene::new([])));
    for properties in [many(65), twice()] {
        let result = server.register_synchronizer("Sync", properties.clone());
        assert!(matches!(result, Err(SessionError::InvalidNode { .. })), "{result:?}");
        let result = server.register_spawner("Spawner", Spawner::new().scene(properties));
        assert!(matches!(result, Err(SessionError::InvalidNode { .. })), "{result:?}");
    }
    let same_name = Scene::new([coin().clone(), coin()].iter().flat_map(|_| [door()]));
    for spawner in [scenes(256), Spawner::new().scene(same_name)] {
        let result = server.register_spawner("Spawner", spawner);
        assert!(matches!(result, Err(SessionError::InvalidNode { .. })), "{result:?}");
    }
    // An invalid path, and one that is in use.
    assert!(matches!(server.register_spawner("a//b", spawner()), Err(SessionError::InvalidNode { .. })));
    server.register_spawner("Node", scenes(255)).unwrap();
    assert!(matches!(server.register_synchronizer("Node", door()), Err(SessionError::InvalidNode { .. })));
    server.register_synchronizer("Sync", many(64)).unwrap();
}

#[wasm_bindgen_test(unsupported = test)]
fn scenes_of_a_spawn_function_are_checked() {
    let mut server = Session::server(SessionOptions::default());
    let broken = |_: &_| Some(Scene::new([door(), door()]));
    let spawner = server.register_spawner("Spawner", Spawner::new().custom(broken)).unwrap();
    let result = server.spawn(spawner, Spawn::custom(1));
    assert!(matches!(result, Err(SessionError::InvalidArguments { .. })), "{result:?}");
}
