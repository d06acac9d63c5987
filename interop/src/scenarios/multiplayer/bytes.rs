//! Raw bytes in both directions.

use super::Behaviour;
use super::godot;
use super::pair::Pair;
use crate::engine::Engine;
use crate::hex;
use websocket_peer::multiplayer::Target;

pub const BEHAVIOURS: &[(&str, Behaviour)] =
    &[("bytes_of_all_sizes_come_and_go", bytes_of_all_sizes_come_and_go)];

/// Engines accept packets of 65,535 bytes. One byte is the command, and six are the relay's when a client sends to all.
const LARGEST: usize = 65_535 - 1;
const LARGEST_TO_ALL: usize = LARGEST - 6;

fn bytes_of_all_sizes_come_and_go(pair: &mut Pair, engine: &mut Engine) {
    let (own, godot) = (pair.id(), pair.godot);
    for (size, to_all) in
        [(1, false), (2, true), (300, false), (16_384, true), (LARGEST, false), (LARGEST_TO_ALL, true)]
    {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        let to = if to_all { Target::All } else { godot.into() };
        pair.peer().session().send_bytes(to, &bytes).expect("a peer");
        let came = engine.event_while("peer_packet", || pair.poll());
        assert_eq!(godot::id(&came), own);
        assert!(came["hex"] == hex::encode(&bytes), "{size} bytes from us to Godot");

        godot::send_bytes(engine, if to_all { 0 } else { own.get() }, &bytes);
        let (from, came) = pair.bytes();
        assert_eq!(from, godot);
        assert!(came == bytes, "{size} bytes from Godot to us");
    }
}
