//! A session: a server, clients, and scripted clients that send arbitrary packets, on a network that delivers each
//! direction of a connection in order and interleaves them in any way. It checks that
//!
//! - each end gets one event when a peer connects and one when it disconnects, and no event from a peer that is not
//!   connected;
//! - a message from one of our ends is what that end has sent, to this receiver, in order and once; and none is missing
//!   where both ends have stayed;
//! - no peer can pose as another: a relayed packet carries the id of its true sender;
//! - exactly the peers that may see a node of the server see it, with the properties that it has there;
//! - the outputs and events that a packet causes are bounded by its size and the number of peers;
//! - a call that fails has no effect;
//! - when everything has arrived, all ends agree on who is connected; and in the end no peer is left.
//!
//! An input is a byte of options and then one action after another: see [`actions`].

mod actions;
mod finish;
mod history;
mod participant;
#[path = "../../../tests/session/simulator/mod.rs"]
mod simulator;
mod source;
mod world;

use std::time::Duration;

use arbitrary::{Result, Unstructured};

use self::world::World;
use crate::multiplayer::SessionOptions;

pub(super) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(options) = options(&mut input) else { return };
    let mut world = World::new(options);
    while !input.is_empty() {
        // The last action may be incomplete.
        if actions::next(&mut world, &mut input).is_err() {
            break;
        }
        world.flush();
        world.observe();
    }
    world.finish();
}

/// The options of all ends. Each bit changes one default.
fn options(input: &mut Unstructured<'_>) -> Result<SessionOptions> {
    let bits: u8 = input.arbitrary()?;
    let is_set = |bit: u8| bits >> bit & 1 == 1;
    let default = SessionOptions::default();
    Ok(default
        .clone()
        .relay(!is_set(0))
        .authenticate(is_set(1))
        .drain_timeout(if is_set(2) { Duration::ZERO } else { default.drain_timeout })
        .allow_objects(is_set(3))
        .max_paths_per_peer(if is_set(4) { 1 } else { default.max_paths_per_peer })
        .max_packet_size(if is_set(5) { 64 } else { default.max_packet_size })
        .max_rejected_packets_per_second(if is_set(7) { 1 } else { default.max_rejected_packets_per_second })
        .auth_timeout(if is_set(6) { Duration::ZERO } else { default.auth_timeout }))
}
