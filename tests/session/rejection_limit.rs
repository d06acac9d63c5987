//! A server disconnects peers that send too many packets that it rejects.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Limit, Packet,
    multiplayer::{AuthFailure, DisconnectReason, Event, Output, PeerId, Session, SessionOptions},
};

use crate::world::{A, B, SERVER, events, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// A server with the peers A and B that allows each 10 rejected packets per second.
fn server() -> Session {
    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(10));
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

/// Reads all events, and counts the peers.
fn peers(session: &mut Session) -> usize {
    events(session);
    session.peers().len()
}

/// A peer sends empty packets, which are always rejected.
fn flood(server: &mut Session, from: PeerId, count: usize, now: Duration) {
    for _ in 0..count {
        server.receive(from, Packet::binary([]), now);
    }
}

#[track_caller]
fn assert_is_rejected(info: &CloseInfo) {
    assert_eq!(
        (info.cause.clone(), info.code),
        (CloseCause::LimitExceeded(Limit::RejectedPacketRate), Some(1008))
    );
}

/// The peer has been disconnected, by the one output that waits.
#[track_caller]
fn assert_disconnected(server: &mut Session, expected: PeerId) {
    let Some(Output::Disconnect { peer, code, reason, .. }) = server.next_output() else {
        panic!("it is not disconnected")
    };
    assert_eq!((peer, code.get()), (expected, 1008));
    assert_eq!(reason, "sent too many packets that were rejected");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_over_the_limit_of_rejected_packets_is_disconnected_with_1008() {
    let mut server = server();
    flood(&mut server, A, 20, NOW);
    assert_eq!(rejections(&mut server).len(), 20);
    assert_eq!(server.next_output(), None);
    flood(&mut server, A, 1, NOW);
    assert_disconnected(&mut server, A);
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 2, 2, 0, 0, 0])]);
    let seen = events(&mut server);
    let [Event::PacketRejected { .. }, Event::PeerDisconnected(A, DisconnectReason::Closed(info))] =
        &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_is_rejected(info);
    assert_eq!(server.peers().collect::<Vec<_>>(), [B]);

    // The session reads nothing more from it, and reports its end once.
    flood(&mut server, A, 100, NOW);
    for packet in [&[3, 1][..], &[7, 3, 0, 0, 0, 0, 3, 1], &[2, 1, 1, 0, 0, 0]] {
        server.receive(A, Packet::binary(packet), NOW);
    }
    assert_eq!((outputs(&mut server), server.next_deadline()), (vec![], None));
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!((events(&mut server), server.stats().rejected_packets), (vec![], 21));
    // The limit is separate for each peer, and new for the next peer with this id.
    server.peer_joined(A, NOW);
    for peer in [A, B] {
        flood(&mut server, peer, 20, NOW);
    }
    events(&mut server);
    assert_eq!(server.peers().collect::<Vec<_>>(), [A, B]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_within_the_limit_of_rejected_packets_stays() {
    let mut server = server();
    for tenth in 0..1000 {
        flood(&mut server, A, 1, Duration::from_millis(tenth * 100));
    }
    assert_eq!((server.peers().len(), server.stats().rejected_packets), (2, 1000));
    flood(&mut server, A, 20, Duration::from_secs(100));
    assert_eq!(server.peers().len(), 2);
    flood(&mut server, A, 1, Duration::from_secs(100));
    assert_eq!(peers(&mut server), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_limit_of_rejected_packets_holds_from_the_first_packet() {
    let options = SessionOptions::default().authenticate(true).max_rejected_packets_per_second(10);
    let mut server = Session::server(options);
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
        flood(&mut server, peer, 20, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server.send_auth(A, b"token?").unwrap();
    outputs(&mut server);
    flood(&mut server, A, 1, NOW);
    assert_disconnected(&mut server, A);
    let seen = events(&mut server);
    let [Event::PacketRejected { .. }, Event::AuthFailed { peer: A, reason: AuthFailure::Closed(info) }] =
        &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_is_rejected(info);
    assert!(server.complete_auth(A).is_err());
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!((events(&mut server), outputs(&mut server)), (vec![], vec![]));

    // Packets before the admission still count after it.
    server.complete_auth(B).unwrap();
    server.receive(B, Packet::binary([7, 0]), NOW);
    events(&mut server);
    assert_eq!(server.peers().collect::<Vec<_>>(), [B]);
    outputs(&mut server);
    flood(&mut server, B, 1, NOW);
    assert_disconnected(&mut server, B);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_packet_with_several_errors_counts_once() {
    let mut server = server();
    let entry = [1, 0, 0, 0, 2, 0, 0, 0, 2, 7];
    let sync = [&[6, 1, 0][..], &entry.repeat(3)].concat();
    for _ in 0..20 {
        server.receive(A, Packet::binary(&sync[..]), NOW);
    }
    assert_eq!((peers(&mut server), server.stats().rejected_packets), (2, 60));
    server.receive(A, Packet::binary(&sync[..]), NOW);
    assert_eq!((peers(&mut server), server.stats().rejected_packets), (1, 63));
}

#[wasm_bindgen_test(unsupported = test)]
fn by_default_100_packets_per_second_may_be_rejected_and_0_is_no_limit() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    flood(&mut server, A, 200, NOW);
    assert_eq!(peers(&mut server), 1);
    flood(&mut server, A, 1, NOW);
    assert_eq!(peers(&mut server), 0);

    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(0));
    server.peer_joined(A, NOW);
    flood(&mut server, A, 10_000, NOW);
    assert_eq!(peers(&mut server), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn disconnects_over_the_limit_of_rejected_packets_are_sent_together() {
    let mut server = server();
    let many = (10..110).map(|number| PeerId::new(number).unwrap());
    for peer in many.clone() {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    for peer in many.clone() {
        flood(&mut server, peer, 21, NOW);
    }
    for peer in many {
        assert_disconnected(&mut server, peer);
    }
    let Some(Output::SendAll { packets, .. }) = server.next_output() else { panic!("no list of packets") };
    assert_eq!((packets.len(), server.next_output()), (100, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_has_no_limit_of_rejected_packets_for_its_server() {
    let mut client = Session::client(SessionOptions::default().max_rejected_packets_per_second(1));
    client.connected(id(9), NOW);
    client.receive(SERVER, Packet::binary([7, 1, 2, 0, 0, 0]), NOW);
    flood(&mut client, SERVER, 1000, NOW);
    for _ in 0..1000 {
        client.receive(SERVER, Packet::binary([7, 3, 2, 0, 0, 0, 3]), NOW);
    }
    assert_eq!((peers(&mut client), client.stats().rejected_packets), (2, 2000));
    assert_eq!(client.next_output(), None);
}
