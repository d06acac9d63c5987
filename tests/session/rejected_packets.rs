//! Packets that a peer or a server may not send are rejected with an event and have no other effect.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Event, MalformedPacket, PacketError, PeerId, ReplicationError, Session, SessionOptions},
};

use crate::world::{A, B, C, SERVER, World, events, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// Returns the error of a server with the clients A and B for a packet of the scripted client C.
#[track_caller]
fn from_client(options: &SessionOptions, packet: &[u8]) -> PacketError {
    let mut world = World::with(options.clone());
    for client in [A, B] {
        world.join(client);
    }
    world.join_scripted(C);
    world.settle();
    world.forget_events();
    world.received(C);
    let before = world.server.peers().collect::<Vec<_>>();

    world.inject(C, packet);
    world.settle();
    for client in [A, B] {
        assert_eq!(world.events(client), [], "{packet:02x?} has an effect");
    }
    assert_eq!(world.received(C), Vec::<Vec<u8>>::new());
    assert_eq!(world.server.peers().collect::<Vec<_>>(), before);
    match &world.rejections(SERVER)[..] {
        [(C, error)] => error.clone(),
        other => panic!("{packet:02x?}: {other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_that_only_the_server_may_send_are_rejected() {
    let options = SessionOptions::default();
    let cases: [(&[u8], PacketError); 13] = [
        // A peer connects or disconnects.
        (&[7, 1, 9, 0, 0, 0], PacketError::NotServer),
        (&[7, 2, 2, 0, 0, 0], PacketError::NotServer),
        // Relayed system packets: to one peer, to all, to all but one, and a relay in a relay.
        (&[7, 3, 2, 0, 0, 0, 7, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 0, 0, 0, 0, 7, 1, 9, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 0xfe, 0xff, 0xff, 0xff, 7, 0], PacketError::RelayedSystem),
        (&[7, 3, 2, 0, 0, 0, 7, 3, 3, 0, 0, 0, 3, 1], PacketError::RelayedSystem),
        // Bit 3 has no meaning, so this is a system packet as well.
        (&[7, 3, 2, 0, 0, 0, 0x0f, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[0xff, 3, 2, 0, 0, 0, 0xff], PacketError::RelayedSystem),
        // Relayed to the server, and to unknown peers.
        (&[7, 3, 1, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 99, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 0, 0, 0, 0x80, 3, 1], PacketError::UnknownPeer),
        // Unexpected authentication.
        (&[7, 0, 1], PacketError::NotAuthenticating),
        (&[5, 1, 0, 0, 0], ReplicationError::UnknownId { id: 1 }.into()),
    ];
    for (packet, expected) in cases {
        assert_eq!(from_client(&options, packet), expected, "{packet:02x?}");
    }
    let without = options.relay(false);
    assert_eq!(from_client(&without, &[7, 3, 2, 0, 0, 0, 3, 1]), PacketError::RelayOff);
    assert_eq!(from_client(&without, &[7, 3, 0, 0, 0, 0, 3, 1]), PacketError::RelayOff);
}

#[wasm_bindgen_test(unsupported = test)]
fn malformed_packets_are_rejected() {
    let options = SessionOptions::default();
    let cases: [(&[u8], MalformedPacket); 8] = [
        (&[], MalformedPacket::Empty),
        (&[3], MalformedPacket::TooShort),
        (&[0, 1], MalformedPacket::TooShort),
        (&[1, 2, 3], MalformedPacket::TooShort),
        (&[2, 1, 0, 0, 0, 0, 0], MalformedPacket::TooLong),
        (&[7, 1, 2], MalformedPacket::TooShort),
        (&[7, 3, 2, 0, 0, 0], MalformedPacket::TooShort),
        (&[7, 4, 0, 0, 0, 0], MalformedPacket::UnknownSystemCommand { command: 4 }),
    ];
    for (packet, why) in cases {
        assert_eq!(from_client(&options, packet), PacketError::Malformed(why), "{packet:02x?}");
    }
}

/// A client with the id 9, and the peers A and B besides the server.
fn client() -> Session {
    let mut client = Session::client(SessionOptions::default());
    client.connected(id(9), NOW);
    for packet in [[7, 1, 2, 0, 0, 0], [7, 1, 3, 0, 0, 0]] {
        client.receive(SERVER, Packet::binary(packet), NOW);
    }
    events(&mut client);
    client
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_rejects_contradictions_of_its_server() {
    let taken = |number| PacketError::PeerIdTaken(id(number));
    let cases: [(&[u8], PacketError); 13] = [
        // A new peer with an id in use (of the server, its own, of A) or an invalid id.
        (&[7, 1, 1, 0, 0, 0], taken(1)),
        (&[7, 1, 9, 0, 0, 0], taken(9)),
        (&[7, 1, 2, 0, 0, 0], taken(2)),
        (&[7, 1, 0, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 1, 0xff, 0xff, 0xff, 0xff], PacketError::UnknownPeer),
        // Disconnects of a peer that is not connected, of itself and of the server.
        (&[7, 2, 99, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 2, 9, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 2, 1, 0, 0, 0], PacketError::UnknownPeer),
        // Relayed from a peer that is not connected, from the server, from all.
        (&[7, 3, 99, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 1, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 0, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        // System packets, relayed from A.
        (&[7, 3, 2, 0, 0, 0, 7, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 2, 0, 0, 0, 7, 3, 3, 0, 0, 0, 3, 1], PacketError::RelayedSystem),
    ];
    for (packet, expected) in cases {
        let mut client = client();
        client.receive(SERVER, Packet::binary(packet), NOW);
        assert_eq!(rejections(&mut client), [(SERVER, expected)], "{packet:02x?}");
        assert_eq!((outputs(&mut client), client.peers().len()), (vec![], 3));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_error_in_a_relayed_packet_names_its_sender() {
    let mut client = client();
    for (sender, packet, what) in [
        (A, &[7, 3, 2, 0, 0, 0, 3][..], PacketError::Malformed(MalformedPacket::TooShort)),
        (B, &[7, 3, 3, 0, 0, 0, 5, 1, 0, 0, 0], ReplicationError::UnknownId { id: 1 }.into()),
        // From itself, which has announced no numbers to itself.
        (id(9), &[7, 3, 9, 0, 0, 0, 0x80, 1, 0], PacketError::UnknownNode { id: 1 }),
    ] {
        client.receive(SERVER, Packet::binary(packet), NOW);
        assert_eq!(rejections(&mut client), [(sender, what)]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn at_most_64_rejected_packets_wait_to_be_read() {
    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(0));
    server.peer_joined(A, NOW);
    events(&mut server);
    let flood = |server: &mut Session, count| {
        for _ in 0..count {
            server.receive(A, Packet::binary([]), NOW);
        }
    };
    flood(&mut server, 1000);
    assert_eq!(server.stats().rejected_packets, 1000);
    // Other events are still queued.
    server.receive(A, Packet::binary([3, 1]), NOW);
    let seen = events(&mut server);
    assert_eq!(seen.len(), 65);
    assert_eq!(seen[64], Event::Packet { from: A, data: Packet::binary([1]) });
    // Reading them makes room.
    flood(&mut server, 65);
    assert_eq!(events(&mut server).len(), 64);
    assert_eq!(server.stats().rejected_packets, 1065);
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_of_unknown_peers_are_rejected() {
    let mut server = Session::server(SessionOptions::default());
    server.receive(A, Packet::binary([3, 1]), NOW);
    assert_eq!(rejections(&mut server), [(A, PacketError::UnknownPeer)]);
    let mut client = client();
    // Only the server is connected to a client.
    for peer in [A, id(9), id(77)] {
        client.receive(peer, Packet::binary([3, 1]), NOW);
        assert_eq!(rejections(&mut client), [(peer, PacketError::UnknownPeer)]);
        client.peer_left(peer, CloseCause::ConnectionLost.into());
        assert_eq!(events(&mut client), []);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_packet_error_has_a_text() {
    let peer: PeerId = A;
    for what in [
        PacketError::Malformed(MalformedPacket::Empty),
        PacketError::NotAuthenticated,
        PacketError::NotAuthenticating,
        PacketError::UnknownPeer,
        PacketError::NotServer,
        PacketError::PeerIdTaken(peer),
        PacketError::TooManyPeers,
        PacketError::RelayOff,
        PacketError::RelayedSystem,
        PacketError::UnknownPath,
        PacketError::UnknownNode { id: 7 },
        PacketError::PathIdTaken { id: 7 },
        PacketError::TooManyPaths,
        PacketError::UnknownMethod { id: 7 },
        PacketError::NotAllowed { method: "play".into() },
        PacketError::Replication(ReplicationError::NotAuthority),
    ] {
        let text = what.to_string();
        assert!(text.len() > 10 && !text.ends_with('.'), "{text}");
    }
}
