//! The multiplayer session: simulations without sockets and with a clock that is a number, on every platform.

#[path = "session/admission.rs"]
mod admission;
#[path = "session/authentication.rs"]
mod authentication;
#[path = "session/calls.rs"]
mod calls;
#[path = "session/close_codes.rs"]
mod close_codes;
#[path = "session/conversions.rs"]
mod conversions;
#[path = "session/disconnects.rs"]
mod disconnects;
#[path = "session/draining.rs"]
mod draining;
#[path = "session/engine/mod.rs"]
mod engine;
#[path = "session/former_receivers.rs"]
mod former_receivers;
#[path = "session/garbage.rs"]
mod garbage;
#[path = "session/moving/mod.rs"]
mod moving;
#[path = "session/paths.rs"]
mod paths;
#[path = "session/property.rs"]
mod property;
#[path = "../testkit/src/random.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[path = "session/reading.rs"]
mod reading;
#[path = "session/rejected_packets.rs"]
mod rejected_packets;
#[path = "session/rejection_limit.rs"]
mod rejection_limit;
#[path = "session/relay.rs"]
mod relay;
#[path = "session/relay_decisions.rs"]
mod relay_decisions;
#[path = "session/replication/mod.rs"]
mod replication;
#[path = "session/simulator/mod.rs"]
mod simulator;
#[path = "session/world.rs"]
mod world;

use websocket_peer::multiplayer::{Event, Output, PathIds, PeerTransfer, Session};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A session can be moved and shared between threads, on every platform.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Session>();
    is_send_and_sync::<Event>();
    is_send_and_sync::<Output>();
    is_send_and_sync::<PathIds>();
    is_send_and_sync::<PeerTransfer>();
};
