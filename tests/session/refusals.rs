//! What a peer, or a server, may not do has no effect but an event that says so.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{Event, MalformedPacket, PacketError, PeerId, ReplicationError, Session, SessionOptions},
};

use crate::world::{A, B, C, SERVER, World, events, id, outputs, refusals};

const NOW: Duration = Duration::ZERO;

/// What a server with the clients A and B refuses when a stranger, C, sends this.
#[track_caller]
fn from_client(options: &SessionOptions, packet: &[u8]) -> PacketError {
    let mut world = World::with(options.clone());
    for client in [A, B] {
        world.join(client);
    }
    world.let_in(C);
    world.settle();
    world.forget_events();
    world.received(C);
    let before = world.server.peers().collect::<Vec<_>>();

    world.inject(C, packet);
    world.settle();
    for client in [A, B] {
        assert_eq!(world.events(client), [], "{packet:02x?} was noticed");
    }
    assert_eq!(world.received(C), Vec::<Vec<u8>>::new());
    assert_eq!(world.server.peers().collect::<Vec<_>>(), before);
    match &world.refusals(SERVER)[..] {
        [(C, what)] => what.clone(),
        other => panic!("{packet:02x?}: {other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_cannot_do_what_is_the_servers() {
    let options = SessionOptions::default();
    let cases: [(&[u8], PacketError); 13] = [
        // Who comes and who goes.
        (&[7, 1, 9, 0, 0, 0], PacketError::NotServer),
        (&[7, 2, 2, 0, 0, 0], PacketError::NotServer),
        // The same, and others, in somebody's name: to one, to all, to all but one, and a relay in a relay.
        (&[7, 3, 2, 0, 0, 0, 7, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 0, 0, 0, 0, 7, 1, 9, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 0xfe, 0xff, 0xff, 0xff, 7, 0], PacketError::RelayedSystem),
        (&[7, 3, 2, 0, 0, 0, 7, 3, 3, 0, 0, 0, 3, 1], PacketError::RelayedSystem),
        // Bit 3 means nothing, so this is a system packet, too.
        (&[7, 3, 2, 0, 0, 0, 0x0f, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[0xff, 3, 2, 0, 0, 0, 0xff], PacketError::RelayedSystem),
        // To the server, which needs no relay; to nobody.
        (&[7, 3, 1, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 99, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 0, 0, 0, 0x80, 3, 1], PacketError::UnknownPeer),
        // About an authentication that nobody asked for.
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
fn what_cannot_be_read_is_dropped() {
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
    for packet in [&[9, 0, 0, 0][..], &[7, 1, 2, 0, 0, 0], &[7, 1, 3, 0, 0, 0]] {
        client.receive(SERVER, Packet::binary(packet), NOW);
    }
    events(&mut client);
    client
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_does_not_believe_its_server_everything() {
    let taken = |number| PacketError::PeerIdTaken(id(number));
    let cases: [(&[u8], PacketError); 13] = [
        // Somebody new, with an id that is somebody's: the server's, its own, A's; or nobody's.
        (&[7, 1, 1, 0, 0, 0], taken(1)),
        (&[7, 1, 9, 0, 0, 0], taken(9)),
        (&[7, 1, 2, 0, 0, 0], taken(2)),
        (&[7, 1, 0, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 1, 0xff, 0xff, 0xff, 0xff], PacketError::UnknownPeer),
        // Somebody gone, who was not there, or who says so itself.
        (&[7, 2, 99, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 2, 9, 0, 0, 0], PacketError::UnknownPeer),
        (&[7, 2, 1, 0, 0, 0], PacketError::UnknownPeer),
        // In the name of one who is not there, of the server, of all.
        (&[7, 3, 99, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 1, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        (&[7, 3, 0, 0, 0, 0, 3, 1], PacketError::UnknownPeer),
        // In A's name, something about the session itself.
        (&[7, 3, 2, 0, 0, 0, 7, 2, 3, 0, 0, 0], PacketError::RelayedSystem),
        (&[7, 3, 2, 0, 0, 0, 7, 3, 3, 0, 0, 0, 3, 1], PacketError::RelayedSystem),
    ];
    for (packet, expected) in cases {
        let mut client = client();
        client.receive(SERVER, Packet::binary(packet), NOW);
        assert_eq!(refusals(&mut client), [(SERVER, expected)], "{packet:02x?}");
        assert_eq!((outputs(&mut client), client.peers().len()), (vec![], 3));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_wrong_with_a_relayed_packet_is_its_senders_fault() {
    let mut client = client();
    for (sender, packet, what) in [
        (A, &[7, 3, 2, 0, 0, 0, 3][..], PacketError::Malformed(MalformedPacket::TooShort)),
        (B, &[7, 3, 3, 0, 0, 0, 5, 1, 0, 0, 0], ReplicationError::UnknownId { id: 1 }.into()),
        // What it has sent to itself: it has no numbers of its own.
        (id(9), &[7, 3, 9, 0, 0, 0, 0x80, 1, 0], PacketError::UnknownNode { id: 1 }),
    ] {
        client.receive(SERVER, Packet::binary(packet), NOW);
        assert_eq!(refusals(&mut client), [(sender, what)]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn refusals_that_wait_are_64_at_most() {
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
    // What is no refusal still has its place.
    server.receive(A, Packet::binary([3, 1]), NOW);
    let told = events(&mut server);
    assert_eq!(told.len(), 65);
    assert_eq!(told[64], Event::Packet { from: A, data: Packet::binary([1]) });
    // When they have been read, there is room.
    flood(&mut server, 65);
    assert_eq!(events(&mut server).len(), 64);
    assert_eq!(server.stats().rejected_packets, 1065);
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_of_those_who_are_not_there_are_refused() {
    let mut server = Session::server(SessionOptions::default());
    server.receive(A, Packet::binary([3, 1]), NOW);
    assert_eq!(refusals(&mut server), [(A, PacketError::UnknownPeer)]);
    let mut client = client();
    // Only the server is connected to a client.
    for peer in [A, id(9), id(77)] {
        client.receive(peer, Packet::binary([3, 1]), NOW);
        assert_eq!(refusals(&mut client), [(peer, PacketError::UnknownPeer)]);
        client.peer_left(peer, CloseCause::ConnectionLost.into());
        assert_eq!(events(&mut client), []);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_refusal_says_what_is_wrong() {
    let peer: PeerId = A;
    for what in [
        PacketError::Malformed(MalformedPacket::Empty),
        PacketError::InvalidId,
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
