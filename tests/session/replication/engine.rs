//! Packets recorded from Godot 4.6.3, as a server with the same spawner and the same door.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Packet,
    multiplayer::{Session, SessionOptions, Spawn},
    variant::{Dictionary, Vector2},
};

use super::{RED, a_coin, describe, door, spawner};
use crate::world::{A, SERVER, events, id, outputs};

const NOW: Duration = Duration::ZERO;

const DOOR_PATH: &str = "01643431643863643938663030623230346539383030393938656366383432376500010000004d61696e2f446f6f722f53796e6300";
const SPAWNER_PATH: &str =
    "01643431643863643938663030623230346539383030393938656366383432376500020000004d61696e2f537061776e657200";
const SPAWN: &str = "0400020000000100000002000000050000000200000003000000636f696e00050000000000803f000000400203140000000000803f00000000000000000000803f";
const SYNC: &str = "060200020000000c000000050000000000803f0000004003000000080000000300000000000000";
const MOVED: &str = "060500020000000c00000005000000000040400000804003000000080000000300000000000000";
const HURT: &str = "1602000000010000000000000003000000422c01";
const CUSTOM: &str = "04ff020000000400000002000000050000000500000006000000436f696e00200000001b0000000100000004000000060000006865616c7468000002000000090000000500000000000000000000000209140000000000803f00000000000000000000803f";
const BOTH: &str = "060b00020000000c00000005000000000040400000804003000000080000000300000000000000050000000c00000005000000000000000000000006000000080000000300000000000000";
const CHANGED: &str = "160500000003000000000000000400000002090207";
const DESPAWN: &str = "0501000000";
const DOOR: &str = "0606000100008008000000030000000000003f";
const OPENED: &str = "160100008001000000000000000100000081";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_of_an_engine_are_understood() {
    let mut client = Session::client(SessionOptions::default());
    client.register_synchronizer("Main/Door/Sync", door()).unwrap();
    client.register_spawner("Main/Spawner", spawner()).unwrap();
    client.connected(id(2), NOW);
    for path in [DOOR_PATH, SPAWNER_PATH] {
        client.receive(SERVER, Packet::binary(bytes(path)), NOW);
    }
    // Each path id is confirmed.
    assert_eq!(outputs(&mut client), [1, 2].map(|number| (vec![1], vec![2, 1, number, 0, 0, 0])));
    events(&mut client);
    let cases: [(&str, &[&str]); 10] = [
        (SPAWN, &["spawned coin of 0: position Vector2(1, 2), health 3, color Color(1, 0, 0, 1)"]),
        (SYNC, &["now position Vector2(1, 2)", "now rotation 0.0"]),
        (MOVED, &["now position Vector2(3, 4)", "now rotation 0.0"]),
        (HURT, &["changed health 300"]),
        (DOOR, &["now angle 0.5"]),
        (
            CUSTOM,
            &[
                "spawned Coin of {\n\"health\": 9\n}: position Vector2(0, 0), health 9, color Color(1, 0, 0, 1)",
            ],
        ),
        (
            BOTH,
            &[
                "now position Vector2(3, 4)",
                "now rotation 0.0",
                "now position Vector2(0, 0)",
                "now rotation 0.0",
            ],
        ),
        (CHANGED, &["changed health 9, hidden 7"]),
        (DESPAWN, &["despawned"]),
        (OPENED, &["changed open true"]),
    ];
    for (packet, expected) in cases {
        client.receive(SERVER, Packet::binary(bytes(packet)), NOW);
        assert_eq!(describe(&events(&mut client)), expected, "{packet}");
    }
    assert_eq!(client.stats().rejected_packets, 0);
}

/// Checks the packets that are sent to the only client.
#[track_caller]
fn assert_sent(server: &mut Session, expected: &[&str]) {
    let sent: Vec<String> = outputs(server)
        .into_iter()
        .map(|(_, packet)| packet.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    assert_eq!(sent, expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn sent_packets_equal_those_of_an_engine() {
    let mut server = Session::server(SessionOptions::default());
    let door = server.register_synchronizer("Main/Door/Sync", door()).unwrap();
    let spawner = server.register_spawner("Main/Spawner", spawner()).unwrap();
    server.peer_joined(A, NOW);
    assert_sent(&mut server, &[]);
    server.replicate();
    assert_sent(&mut server, &[DOOR_PATH]);
    let coin = server.spawn(spawner, a_coin("coin").with("rotation", 0.0)).unwrap();
    assert_sent(&mut server, &[SPAWNER_PATH, SPAWN]);
    server.replicate();
    assert_sent(&mut server, &[SYNC]);
    for _ in [3, 4] {
        server.replicate();
    }
    outputs(&mut server);
    server.set_property(coin, "position", Vector2::new(3.0, 4.0)).unwrap();
    server.replicate();
    assert_sent(&mut server, &[MOVED]);
    server.set_property(coin, "health", 300).unwrap();
    server.replicate();
    let time = |packet: &str, time: &str| packet.replacen("0500", time, 1);
    assert_sent(&mut server, &[&time(MOVED, "0600"), HURT]);
    let value: Dictionary = [("health", 9)].into_iter().collect();
    let other = Spawn::custom(value)
        .named("Coin")
        .with("position", Vector2::default())
        .with("health", 9)
        .with("color", RED)
        .with("rotation", 0.0);
    let other = server.spawn(spawner, other).unwrap();
    assert_sent(&mut server, &[CUSTOM]);
    // An engine also sends the values of the spawn again in the next frame.
    server.set_property(other, "hidden", 7).unwrap();
    server.set_property(other, "health", 8).unwrap();
    server.set_property(other, "health", 9).unwrap();
    for _ in 7..11 {
        server.replicate();
    }
    let sent = outputs(&mut server);
    assert_eq!((&sent[1].1, sent.len()), (&bytes(CHANGED), 5));
    server.replicate();
    assert_sent(&mut server, &[BOTH]);
    server.despawn(coin).unwrap();
    server.despawn(other).unwrap();
    assert_sent(&mut server, &[DESPAWN, "0504000000"]);

    // The client confirms the path of the door.
    server.receive(A, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    server.replicate();
    server.set_property(door, "angle", 0.5).unwrap();
    server.set_property(door, "open", true).unwrap();
    server.replicate();
    assert_sent(&mut server, &[&DOOR.replacen("0600", "0d00", 1), OPENED]);
}
