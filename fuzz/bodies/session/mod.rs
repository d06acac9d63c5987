//! A session: a server, some clients of ours, and strangers among them that send what they like, on a network that delivers in
//! any order, but on each link in that of sending. Whatever they do,
//!
//! - each end is told of whoever comes and goes exactly once, and of nothing from anybody who is not there;
//! - what comes from one of ours is what that has said, to this end, in this order, and once; nothing of it is missing where
//!   both have stayed;
//! - nobody is taken for another: what the server relays has the true sender's id on it;
//! - what the server spawns is seen by those who are to see it, and by nobody else, with the properties that it has;
//! - what is made of a packet is no more than the packet and the number of peers allow;
//! - a call that fails leaves no trace;
//! - when everything has arrived, all agree on who is there; and in the end everybody is gone.
//!
//! An input is a byte of settings and then one act after the other: see `act`.

mod act;
mod end;
mod finish;
mod hearing;
mod ledger;
mod link;
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
        // The last act may be cut off.
        if act::next(&mut world, &mut input).is_err() {
            break;
        }
        world.post();
        world.observe();
    }
    world.finish();
}

/// The same for all ends. Each bit is a departure from the default.
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
