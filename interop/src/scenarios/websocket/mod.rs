//! WebSocketPeer and WebSocketServer with Godot's WebSocketPeer as client and as server.

mod closing;
mod ours;
mod packets;
mod values;

use crate::engine::Engine;
use crate::runner::Scenario;
use ours::{Ours, Part, open};

/// A scenario of two connected ends, in either role.
type Behaviour = fn(&mut Ours, &mut Engine);

/// Each scenario in each of our roles, plain and over TLS.
pub fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (part, name) in
        [(Part::Client, "our_client"), (Part::Server, "our_server"), (Part::Accepted, "our_accepted_peer")]
    {
        for (secure, scheme) in [(false, "ws"), (true, "wss")] {
            let behaviours: &[(&str, Behaviour)] = &[
                ("packets_of_all_sizes_come_back", packets::packets_of_all_sizes_come_back),
                ("many_packets_keep_their_order", packets::many_packets_keep_their_order),
                ("godot_pings_and_is_answered", packets::godot_pings_and_is_answered),
                ("godot_answers_our_heartbeat", packets::godot_answers_our_heartbeat),
                ("values_of_every_type_reach_godot", values::values_of_every_type_reach_godot),
                ("values_of_every_type_come_from_godot", values::values_of_every_type_come_from_godot),
                ("we_close_with_code_and_reason", closing::we_close_with_code_and_reason),
                ("godot_closes_with_code_and_reason", closing::godot_closes_with_code_and_reason),
                ("godot_closes_without_a_code", closing::godot_closes_without_a_code),
                ("the_last_packet_of_godot_is_read", closing::the_last_packet_of_godot_is_read),
                ("godot_is_lost", closing::godot_is_lost),
                ("we_vanish", closing::we_vanish),
            ];
            for &(behaviour, play) in behaviours {
                let path = format!("websocket::{name}::{scheme}::{behaviour}");
                scenarios.push(Scenario::new(&path, move |[engine]| {
                    play(&mut open(part, secure, engine), engine);
                }));
            }
        }
    }
    scenarios
}
