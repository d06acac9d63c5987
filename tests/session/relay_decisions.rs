//! The decision of a server's program about packets between clients.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Packet,
    multiplayer::{
        Event, Method, Methods, Parameter, PeerId, RelayDecision, RelayedKind, RelayedPacket, Session,
        SessionOptions, Target,
    },
    variant::Variant,
};

use crate::world::{A, B, C, SERVER, events, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// A server with these clients, which have no sessions.
fn server_of(clients: &[PeerId], options: SessionOptions) -> Session {
    let mut server = Session::server(options);
    for client in clients {
        server.peer_joined(*client, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

/// A packet for this target with these bytes of `send_bytes`.
fn relay(target: i32, bytes: &[u8]) -> Packet {
    Packet::binary([&[7, 3], &target.to_le_bytes()[..], &[3], bytes].concat())
}

/// Passes a packet to the server, and returns what the hook got.
fn receive(
    server: &mut Session,
    from: PeerId,
    packet: Packet,
    decision: RelayDecision,
) -> Vec<(PeerId, Target, Vec<u8>)> {
    let mut seen = Vec::new();
    server.receive_with(from, packet, NOW, &mut |packet: &RelayedPacket<'_>| {
        seen.push((packet.from, packet.to, packet.data.to_vec()));
        decision
    });
    seen
}

#[wasm_bindgen_test(unsupported = test)]
fn the_hook_gets_each_packet_for_other_clients_once_with_its_sender_and_target() {
    let mut server = server_of(&[A, B, C], SessionOptions::default());
    for (number, target, receivers) in [
        (3, Target::Peer(B), &[3][..]),
        (2, Target::Peer(A), &[2]),
        (0, Target::All, &[3, 4]),
        (-3, Target::AllExcept(B), &[4]),
        (-1, Target::AllExcept(SERVER), &[3, 4]),
        (-99, Target::AllExcept(id(99)), &[3, 4]),
    ] {
        let seen = receive(&mut server, A, relay(number, b"hello"), RelayDecision::Pass);
        assert_eq!(seen, [(A, target, b"\x03hello".to_vec())]);
        let expected = (receivers.to_vec(), b"\x07\x03\x02\0\0\0\x03hello".to_vec());
        assert_eq!(outputs(&mut server), [expected]);
    }
    let stats = server.stats();
    assert_eq!((stats.relayed, stats.dropped_relays, stats.rejected_packets), (6, 0, 0));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_hook_gets_no_other_packets() {
    let not_relayed: [(&[u8], bool); 9] = [
        // For the server alone, directly.
        (&[3, 1], false),
        // Rejected: for the server through itself, for an unknown peer, an invalid target, system packets, no packet.
        (&[7, 3, 1, 0, 0, 0, 3, 1], true),
        (&[7, 3, 99, 0, 0, 0, 3, 1], true),
        (&[7, 3, 0, 0, 0, 0x80, 3, 1], true),
        (&[7, 3, 3, 0, 0, 0, 7, 2, 4, 0, 0, 0], true),
        (&[7, 3, 0, 0, 0, 0, 0x0f, 1, 4, 0, 0, 0], true),
        (&[7, 3, 3, 0, 0, 0], true),
        (&[7, 2, 3, 0, 0, 0], true),
        (&[], true),
    ];
    for (packet, is_rejected) in not_relayed {
        let mut server = server_of(&[A, B, C], SessionOptions::default());
        let seen = receive(&mut server, A, Packet::binary(packet), RelayDecision::Drop);
        assert_eq!((seen, outputs(&mut server)), (vec![], vec![]), "{packet:?}");
        let stats = server.stats();
        assert_eq!((stats.dropped_relays, stats.rejected_packets), (0, u64::from(is_rejected)), "{packet:?}");
    }
    // From a peer that is not admitted.
    let mut server = server_of(&[A], SessionOptions::default());
    assert_eq!(receive(&mut server, C, relay(2, &[1]), RelayDecision::Pass), []);
    // Without relay, and without other clients.
    let mut server = server_of(&[A, B], SessionOptions::default().relay(false));
    assert_eq!(receive(&mut server, A, relay(3, &[1]), RelayDecision::Pass), []);
    let mut server = server_of(&[A], SessionOptions::default());
    assert_eq!(receive(&mut server, A, relay(0, &[1]), RelayDecision::Drop), []);
    assert_eq!(events(&mut server), [Event::Packet { from: A, data: Packet::binary([1]) }]);
    assert_eq!((server.stats().relayed, server.stats().dropped_relays), (0, 0));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_is_still_authenticating_has_nothing_relayed() {
    let mut server = server_of(&[A, B], SessionOptions::default().authenticate(true));
    server.complete_auth(B).unwrap();
    server.receive(B, Packet::binary([7, 0]), NOW);
    events(&mut server);
    outputs(&mut server);
    assert_eq!(receive(&mut server, A, relay(3, &[1]), RelayDecision::Pass), []);
    assert_eq!(outputs(&mut server), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_dropped_packet_reaches_no_client_and_is_not_a_rejected_one() {
    // One rejected packet a second would be too many.
    let options = SessionOptions::default().max_rejected_packets_per_second(1);
    let mut server = server_of(&[A, B, C], options);
    for count in 1..=1000 {
        let target = [3, -1, -4][count as usize % 3];
        assert_eq!(receive(&mut server, A, relay(target, &[1]), RelayDecision::Drop).len(), 1);
        assert_eq!(outputs(&mut server), []);
        assert_eq!(server.stats().dropped_relays, count);
    }
    assert_eq!((server.stats().relayed, server.stats().rejected_packets), (0, 0));
    assert_eq!(server.peers().len(), 3);
    // The decision is about one packet.
    receive(&mut server, A, relay(3, &[2]), RelayDecision::Pass);
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 3, 2, 0, 0, 0, 3, 2])]);
    server.receive(A, relay(3, &[3]), NOW);
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 3, 2, 0, 0, 0, 3, 3])]);
    assert_eq!((server.stats().relayed, server.stats().dropped_relays), (2, 1000));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_server_handles_its_part_of_a_dropped_packet() {
    for (target, is_for_server) in [(0, true), (-3, true), (-1, false), (3, false)] {
        let mut server = server_of(&[A, B, C], SessionOptions::default());
        receive(&mut server, A, relay(target, &[5]), RelayDecision::Drop);
        let expected = is_for_server.then(|| Event::Packet { from: A, data: Packet::binary([5]) });
        assert_eq!(events(&mut server), Vec::from_iter(expected), "{target}");
        assert_eq!((outputs(&mut server), server.stats().dropped_relays), (vec![], 1));
    }
    // A malformed part is a rejected packet, whatever the decision is.
    for decision in [RelayDecision::Drop, RelayDecision::Pass] {
        let mut server = server_of(&[A, B], SessionOptions::default());
        receive(&mut server, A, Packet::binary([7, 3, 0, 0, 0, 0, 0]), decision);
        assert_eq!(rejections(&mut server).len(), 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_hook_has_the_kind_of_a_packet_and_the_bytes_of_send_bytes() {
    let cases: [(&[u8], RelayedKind); 8] = [
        (&[3, 1, 2], RelayedKind::Bytes),
        (&[0x8b, 1, 2], RelayedKind::Bytes),
        (&[0x80, 1, 2], RelayedKind::Call),
        (&[1, 2], RelayedKind::Path),
        (&[2, 1, 1, 0, 0, 0], RelayedKind::Path),
        (&[4, 1], RelayedKind::Spawn),
        (&[5, 1, 0, 0, 0], RelayedKind::Despawn),
        (&[0x16, 1], RelayedKind::Sync),
    ];
    for (inner, kind) in cases {
        let bytes = (kind == RelayedKind::Bytes).then(|| vec![1, 2]);
        let mut server = server_of(&[A, B], SessionOptions::default());
        let packet = Packet::binary([&[7, 3, 3, 0, 0, 0], inner].concat());
        let mut seen = Vec::new();
        server.receive_with(A, packet, NOW, &mut |packet| {
            seen.push((packet.kind(), packet.bytes().map(<[u8]>::to_vec)));
            RelayDecision::Pass
        });
        assert_eq!(seen, [(kind, bytes)], "{inner:?}");
        assert_eq!(outputs(&mut server).len(), 1, "malformed packets are the receiver's matter");
    }
}

/// A server and two clients with sessions, without a network: packets arrive at once.
struct Pair {
    server: Session,
    clients: [(PeerId, Session); 2],
}

impl Pair {
    fn new() -> Self {
        let mut server = Session::server(SessionOptions::default());
        let clients = [A, B].map(|id| {
            let mut client = Session::client(SessionOptions::default());
            server.peer_joined(id, NOW);
            client.connected(id, NOW);
            (id, client)
        });
        let mut pair = Self { server, clients };
        pair.settle(&mut |_| RelayDecision::Pass);
        pair
    }

    /// Delivers all packets. Returns the events of the clients.
    fn settle(&mut self, relay: &mut dyn FnMut(&RelayedPacket<'_>) -> RelayDecision) -> [Vec<Event>; 2] {
        let mut seen = [Vec::new(), Vec::new()];
        loop {
            let mut is_idle = true;
            for (to, packet) in outputs(&mut self.server) {
                is_idle = false;
                for (id, client) in &mut self.clients {
                    if to.contains(&id.get()) {
                        client.receive(SERVER, Packet::binary(packet.clone()), NOW);
                    }
                }
            }
            for (index, (id, client)) in self.clients.iter_mut().enumerate() {
                seen[index].extend(events(client));
                for (_, packet) in outputs(client) {
                    is_idle = false;
                    self.server.receive_with(*id, Packet::binary(packet), NOW, relay);
                    events(&mut self.server);
                }
            }
            if is_idle {
                return seen;
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn calls_continue_by_path_if_the_hook_drops_the_announcements_of_paths() {
    let methods =
        || Methods::new().with(Method::new("say").any_peer().parameter(Parameter::of::<String>("text")));
    let mut pair = Pair::new();
    let node = pair.clients[0].1.register_node_with("Chat", methods()).unwrap();
    pair.clients[1].1.register_node_with("Chat", methods()).unwrap();
    let (mut paths, mut calls) = (0, 0);
    for text in ["one", "two"] {
        pair.clients[0].1.call_method(node, B, "say", vec![Variant::from(text)]).unwrap();
        let [_, at_b] = pair.settle(&mut |packet| match packet.kind() {
            RelayedKind::Path => {
                paths += 1;
                RelayDecision::Drop
            }
            kind => {
                assert_eq!((packet.from, packet.to, kind), (A, B.into(), RelayedKind::Call));
                calls += 1;
                RelayDecision::Pass
            }
        });
        let [Event::Call(call)] = &at_b[..] else { panic!("{at_b:?}") };
        assert_eq!((call.from, &call.arguments[..]), (A, &[Variant::from(text)][..]));
    }
    // The announcement was sent once, and never confirmed.
    assert_eq!((paths, calls), (1, 2));
    assert_eq!(pair.server.stats().dropped_relays, 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_never_calls_the_hook() {
    let mut client = Session::client(SessionOptions::default());
    client.connected(B, NOW);
    let mut relay = |_: &RelayedPacket<'_>| -> RelayDecision { panic!("a client relays nothing") };
    for packet in [&[7, 1, 2, 0, 0, 0][..], &[7, 3, 2, 0, 0, 0, 3, 9]] {
        client.receive_with(SERVER, Packet::binary(packet), NOW, &mut relay);
    }
    assert_eq!(events(&mut client).last(), Some(&Event::Packet { from: A, data: Packet::binary([9]) }));
}

/// Panics cannot be caught in a page.
#[test]
fn a_panic_of_the_hook_leaves_the_session_usable() {
    let mut server = server_of(&[A, B], SessionOptions::default());
    for target in [3, 0] {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            server.receive_with(A, relay(target, &[1]), NOW, &mut |_| panic!("planted"));
        }));
        assert!(panicked.is_err());
        assert_eq!((outputs(&mut server), events(&mut server)), (vec![], vec![]));
    }
    let stats = server.stats();
    assert_eq!((stats.relayed, stats.dropped_relays, stats.rejected_packets), (0, 0, 0));
    receive(&mut server, A, relay(0, &[2]), RelayDecision::Pass);
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 3, 2, 0, 0, 0, 3, 2])]);
    assert_eq!(events(&mut server), [Event::Packet { from: A, data: Packet::binary([2]) }]);
}
