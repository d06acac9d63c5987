//! The multiplayer session: any number of them over a network that is no more than queues, and a clock that is no more than a
//! number. The same on every platform.

#[path = "session/admission.rs"]
mod admission;
#[path = "session/authentication.rs"]
mod authentication;
#[path = "session/calls.rs"]
mod calls;
#[path = "session/conversions.rs"]
mod conversions;
#[path = "session/departures.rs"]
mod departures;
#[path = "session/engine/mod.rs"]
mod engine;
#[path = "session/farewells.rs"]
mod farewells;
#[path = "session/garbage.rs"]
mod garbage;
#[path = "session/network.rs"]
mod network;
#[path = "session/paths.rs"]
mod paths;
#[path = "session/property.rs"]
mod property;
#[path = "session/random.rs"]
mod random;
#[path = "session/reading.rs"]
mod reading;
#[path = "session/refusals.rs"]
mod refusals;
#[path = "session/rejections.rs"]
mod rejections;
#[path = "session/relay.rs"]
mod relay;
#[path = "session/replication/mod.rs"]
mod replication;
#[path = "session/world.rs"]
mod world;

use websocket_peer::multiplayer::{Event, Output, Session};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A session can be kept wherever a game keeps its things, on every platform.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Session>();
    is_send_and_sync::<Event>();
    is_send_and_sync::<Output>();
};
